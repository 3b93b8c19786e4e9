"""The formulas of `network` for the training loop in NumPy: the same operations in the same order, without new arrays.

A layer's units are worked at once, since NumPy takes longer to begin an operation than to do it on few numbers. Below
the units of each layer but the last stands a row of ones, so that W_l over b_l is one matrix, as in θ:

Z_l = Σ_i (A_{l-1} over 1)_i (W_l over b_l)_i,   ∂L/∂(W_l over b_l) = (A_{l-1} over 1) Δ_lᵀ / n

Samples of padding go through the network like others; only where samples are summed is their share set to zero.
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from quadnet.arithmetic import BITS_PER_NAT, NATS_PER_BIT, padded, sigmoid2_into, total, total_folded, total_log
from quadnet.arrays import FloatArray

LIMIT = 2**20  # samples times parameters; beyond, the arrays are too large for a cache
TOGETHER = 32  # epochs whose losses are computed at once


@dataclass(frozen=True)
class _Layer:
    """Views of one layer's numbers, made once: so many of them would take their time in every epoch.

    Attributes:
        below: A_{l-1} over 1, shape (i, 1, samples).
        weights: W_l over b_l in bits, shape (i, j, 1).
        terms: Their products, shape (i, j, samples).
        logits: Z_l in bits.
        room: What the sigmoid needs.
        units: A_l, the last part of it.
        inputs: A_{l-1}, shape (i, 1, samples).
        delta: Δ_l, which is also what the samples add to the biases' gradient.
        products: A_{l-1} Δ_lᵀ before samples are summed, shape (i, j, samples).
        wide: Δ_l, shape (j, 1, samples).
        turned: W_lᵀ, shape (j, i, 1).
        back: Their products, shape (j, i, samples).
        slope: 1 − A_l.
    """

    below: FloatArray
    weights: FloatArray
    terms: FloatArray
    logits: FloatArray
    room: tuple[FloatArray, ...]
    units: FloatArray
    inputs: FloatArray
    delta: FloatArray
    products: FloatArray
    wide: FloatArray
    turned: FloatArray
    back: FloatArray
    slope: FloatArray


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
        shapes = [(rows + 1, columns) for rows, columns in itertools.pairwise(widths)]
        first = list(itertools.accumulate((rows for rows, _ in shapes), initial=0))  # row of each layer in `_units`
        start = list(itertools.accumulate((rows * columns for rows, columns in shapes), initial=0))  # and in θ
        self._units = np.ones((first[-1] + widths[-1], size))
        self._units[: widths[0]] = 0
        self._units[: widths[0], : self._samples] = points.T
        self._slopes = np.empty_like(self._units)
        self._one_hot = np.zeros((widths[-1], size))
        self._one_hot[:, : self._samples] = one_hot.T
        self._theta, self._bits = np.empty(start[-1]), np.empty(start[-1])
        self._products = np.empty((start[-1], size))
        self._padding = self._products[:, self._samples :]
        self._halves = [np.empty((start[-1], size // parts)) for parts in (2, 4, 8)]
        self._linear, self._factors = np.empty((TOGETHER, size)), np.empty((TOGETHER, size))
        # These serve one layer after the other, so that they stay in the cache.
        terms = np.empty((max(rows * columns for rows, columns in shapes), size))
        room = np.empty((3, max(widths), size))
        self._layers = []
        for k, (rows, columns) in enumerate(shapes):
            below = self._units[first[k] : first[k + 1], None]
            above = slice(first[k + 1], first[k + 1] + columns)
            weights = slice(start[k], start[k + 1])
            products = self._products[weights]
            self._layers.append(
                _Layer(
                    below=below,
                    weights=self._bits[weights].reshape(rows, columns, 1),
                    terms=terms[: rows * columns].reshape(rows, columns, size),
                    logits=np.empty((columns, size)),
                    room=(*room[:, :columns], self._units[above]),
                    units=self._units[above],
                    inputs=below[:-1],
                    delta=products[-columns:],
                    products=products[:-columns].reshape(rows - 1, columns, size),
                    wide=products[-columns:, None],
                    turned=self._theta[weights].reshape(rows, columns, 1)[:-1].swapaxes(0, 1),
                    back=terms[: (rows - 1) * columns].reshape(columns, rows - 1, size),
                    slope=self._slopes[above],
                )
            )
        self._steps_back = list(itertools.pairwise(self._layers))[::-1]

    def forward(self, theta: FloatArray) -> None:
        """`network.forward`."""
        self._theta[:] = theta
        np.multiply(theta, BITS_PER_NAT, out=self._bits)
        bounded = bool(np.maximum.reduce(np.abs(self._bits)) * self._reach <= 1000)
        for layer in self._layers:
            np.multiply(layer.below, layer.weights, out=layer.terms)
            np.add.reduce(layer.terms, axis=0, out=layer.logits)
            sigmoid2_into(layer.logits, layer.room, bounded=bounded)
        np.subtract(1, self._units, out=self._slopes)

    def keep_loss(self, row: int) -> None:
        """`network.cross_entropy` up to its sums over samples, which `losses` takes for many epochs at once.

        Args:
            row: Where to keep it, below TOGETHER.
        """
        last = self._layers[-1]
        linear, nearest, *_ = last.room
        np.multiply(self._one_hot, last.logits, out=nearest)
        np.maximum(last.logits, 0, out=linear)
        linear -= nearest
        np.maximum(last.units, last.slope, out=nearest)
        np.add.reduce(linear, axis=0, out=self._linear[row])
        np.multiply.reduce(nearest, axis=0, out=self._factors[row])

    def losses(self, rows: int) -> FloatArray:
        """The losses of the first rows kept."""
        linear, factors = self._linear[:rows, : self._samples], self._factors[:rows, : self._samples]
        loss: FloatArray = (total(linear) * NATS_PER_BIT - total_log(factors)) / self._samples
        return loss

    def gradient(self) -> FloatArray:
        """`network.gradients` where `forward` went last, in one row."""
        last = self._layers[-1]
        np.subtract(last.units, self._one_hot, out=last.delta)
        for lower, layer in self._steps_back:
            np.multiply(layer.wide, layer.turned, out=layer.back)
            np.add.reduce(layer.back, axis=0, out=lower.delta)
            np.multiply(lower.delta, lower.units, out=lower.delta)
            np.multiply(lower.delta, lower.slope, out=lower.delta)
        for layer in self._layers:
            np.multiply(layer.inputs, layer.delta, out=layer.products)
        self._padding.fill(0)
        gradient: FloatArray = total_folded(self._products, self._halves) / self._samples
        return gradient


@contextmanager
def quick() -> Iterator[None]:
    """How NumPy works the arrays here best: no warnings, and no copies of short rows into a buffer of its own."""
    with np.errstate(over="ignore", invalid="ignore"):  # takes the buffer's size back, too
        np.setbufsize(16)
        yield


def fits(widths: tuple[int, ...], samples: int) -> bool:
    """Whether a workspace for so many samples is faster than the formulas."""
    parameters = sum((rows + 1) * columns for rows, columns in itertools.pairwise(widths))
    return parameters * padded(samples) <= LIMIT
