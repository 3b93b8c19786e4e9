"""The formulas of `network` for the training loop in NumPy: the same operations in the same order, without new arrays.

A layer's units are worked at once, since NumPy takes longer to begin an operation than to do it on few numbers. Below
the units of each layer stands a row of ones, so that W_l over b_l is one matrix, as in θ:

Z_l = Σ_i (A_{l-1} over 1)_i (W_l over b_l)_i,   ∂L/∂(W_l over b_l) = (A_{l-1} over 1) Δ_lᵀ / n
"""

import itertools

import numpy as np

from quadnet.arithmetic import folded_three_times, padded, sigmoid_into, total_folded, total_of_folded
from quadnet.arrays import FloatArray

LIMIT = 2**17  # samples times parameters; beyond, products no longer fit the cache


class Workspace:
    """Arrays for one network and one data set, and the steps of an epoch on them."""

    def __init__(self, widths: tuple[int, ...], points: FloatArray, one_hot: FloatArray) -> None:
        """Makes the room.

        Args:
            widths: Units of every layer.
            points: Shape (n, 2).
            one_hot: Y, shape (n, 4).
        """
        self._samples, size = len(points), padded(len(points))
        self._reach = max(1.0, float(np.abs(points).max())) * (max(widths) + 1)
        self._units = [np.ones((width + 1, size)) for width in widths]
        self._units[0][:-1] = 0
        self._units[0][:-1, : self._samples] = points.T
        self._one_hot = np.zeros((widths[-1], size))
        self._one_hot[:, : self._samples] = one_hot.T
        shapes = list(itertools.pairwise(widths))
        ends = list(itertools.accumulate(((rows + 1) * columns for rows, columns in shapes), initial=0))
        self._layers = [
            (slice(start, end), rows + 1, columns)
            for start, end, (rows, columns) in zip(ends, ends[1:], shapes, strict=False)
        ]
        self._products = np.empty((ends[-1], size))
        self._halves = [np.empty((ends[-1], size // parts)) for parts in (2, 4, 8)]
        self._rooms = [tuple(np.empty((columns, size)) for _ in range(3)) for _, columns in shapes]
        self._logits = [np.empty((columns, size)) for _, columns in shapes]
        self._deltas = [np.empty((columns, size)) for _, columns in shapes]
        self._spare = [np.empty((columns, size)) for _, columns in shapes]

    def forward(self, theta: FloatArray) -> None:
        """`network.forward`."""
        bounded = bool(np.maximum.reduce(np.abs(theta)) * self._reach <= 600)
        for layer, (part, rows, columns) in enumerate(self._layers):
            products = self._products[part].reshape(rows, columns, -1)
            weights = theta[part].reshape(rows, columns, 1)
            np.multiply(self._units[layer][:, None], weights, out=products)
            z = np.add.reduce(products, axis=0, out=self._logits[layer])
            above = self._units[layer + 1][:-1]
            sigmoid_into(z, (*self._rooms[layer], above), bounded=bounded)
            if not bounded:
                above[:, self._samples :] = 0

    def loss_terms(self) -> tuple[FloatArray, FloatArray]:
        """`network.cross_entropy` up to its logarithms, which `losses` takes for many epochs at once."""
        a, z = self._units[-1][:-1], self._logits[-1]
        linear, nearest, _ = self._rooms[-1]
        np.multiply(self._one_hot, z, out=nearest)
        np.maximum(z, 0, out=linear)
        linear -= nearest
        np.subtract(1, a, out=nearest)
        np.maximum(a, nearest, out=nearest)
        terms, factors = np.add.reduce(linear, axis=0), np.multiply.reduce(nearest, axis=0)
        terms[self._samples :] = 0
        factors[self._samples :] = 1
        return folded_three_times(terms, factors)

    def losses(self, epochs: list[tuple[FloatArray, FloatArray]]) -> FloatArray:
        """The losses of some epochs from their `loss_terms`."""
        terms, factors = (np.stack(rows) for rows in zip(*epochs, strict=True))
        return total_of_folded(terms, factors) / self._samples

    def gradient(self, theta: FloatArray) -> FloatArray:
        """`network.gradients`, in one row."""
        delta = np.subtract(self._units[-1][:-1], self._one_hot, out=self._deltas[-1])
        delta[:, self._samples :] = 0
        for layer in reversed(range(len(self._layers))):
            part, rows, columns = self._layers[layer]
            below = self._units[layer]
            products = self._products[part].reshape(rows, columns, -1)
            if layer:
                back = products[:-1].reshape(columns, rows - 1, -1)
                np.multiply(delta[:, None], theta[part].reshape(rows, columns)[:-1].T[:, :, None], out=back)
                lower = np.add.reduce(back, axis=0, out=self._deltas[layer - 1])
                lower *= below[:-1]
                lower *= np.subtract(1, below[:-1], out=self._spare[layer - 1])
                lower[:, self._samples :] = 0
            np.multiply(below[:, None], delta, out=products)
            if layer:
                delta = lower
        gradient: FloatArray = total_folded(self._products, self._halves) / self._samples
        return gradient


def fits(widths: tuple[int, ...], samples: int) -> bool:
    """Whether a workspace for so many samples stays in the cache."""
    parameters = sum((rows + 1) * columns for rows, columns in itertools.pairwise(widths))
    return parameters * padded(samples) <= LIMIT
