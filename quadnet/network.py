"""The network's formulas, as a lecture writes them: samples in rows, layers numbered from 1.

A_0 = X,   Z_l = A_{l-1} W_l + b_l,   A_l = σ(Z_l),   σ(z) = 1 / (1 + e^{-z})

Logits are kept in bits, Z / ln 2, by taking weights and biases in bits: the powers of e are then powers of 2.
Every sum has one stated order, so that its bits are the same on every machine (see `arithmetic`): a sum over units
follows the units and ends with the bias; sums over samples are `arithmetic.total`. In memory the values of one unit
lie side by side; inside the functions, `.T` turns to that form and back.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from quadnet.arithmetic import BITS_PER_NAT, NATS_PER_BIT, sigmoid2, total, total_log, total_products
from quadnet.arrays import FloatArray
from quadnet.config import Network
from quadnet.random import Stream

_ROOM = 2**18  # activations of a layer held at a time where no more than the outputs are wanted


@dataclass(frozen=True)
class Parameters:
    """Weights and biases of every layer.

    Attributes:
        weights: W_1, W_2, …; W_l has shape (units of layer l-1, units of layer l).
        biases: b_1, b_2, …; b_l has shape (units of layer l,).
    """

    weights: tuple[FloatArray, ...]
    biases: tuple[FloatArray, ...]

    @property
    def vector(self) -> FloatArray:
        """All parameters in one row, in the order W_1, b_1, W_2, b_2, …"""
        return np.concatenate([part.ravel() for layer in self.layers() for part in layer])

    def layers(self) -> Iterator[tuple[FloatArray, FloatArray]]:
        """The pairs (W_l, b_l), first layer first."""
        return zip(self.weights, self.biases, strict=True)

    @classmethod
    def from_vector(cls, vector: FloatArray, widths: tuple[int, ...]) -> "Parameters":
        """The parameters behind one row of `vector`'s order, as views.

        Args:
            vector: Shape (number of parameters,).
            widths: Units of every layer, inputs and outputs included.
        """
        weights, biases, start = [], [], 0
        for rows, columns in itertools.pairwise(widths):
            middle, end = start + rows * columns, start + (rows + 1) * columns
            weights.append(vector[start:middle].reshape(rows, columns))
            biases.append(vector[middle:end])
            start = end
        return cls(tuple(weights), tuple(biases))


def initial(network: Network) -> Parameters:
    """The seeded start: normal numbers times the initial scale, drawn as W_1, b_1, W_2, b_2, …"""
    stream = Stream(network.seed)
    weights, biases = [], []
    for rows, columns in zip(network.widths, network.widths[1:], strict=False):
        weights.append(stream.normals(rows, columns) * network.initial_scale)
        biases.append(stream.normals(columns) * network.initial_scale)
    return Parameters(tuple(weights), tuple(biases))


def forward(parameters: Parameters, points: FloatArray) -> tuple[list[FloatArray], FloatArray]:
    """Runs the points through the network.

    Args:
        parameters: The network.
        points: Shape (n, 2).

    Returns:
        The activations A_0 … A_m, each of shape (n, units), and the logits of the output layer in bits, Z_m / ln 2, of
        shape (n, 4).
    """
    activations = [points]
    logits = points
    for weights, biases in parameters.layers():
        logits = _combined(activations[-1], weights * BITS_PER_NAT, biases * BITS_PER_NAT)
        activations.append(sigmoid2(logits.T).T)
    return activations, logits


def outputs(parameters: Parameters, points: FloatArray) -> FloatArray:
    """The output layer's activations, shape (n, 4), each between 0 and 1."""
    return np.concatenate([forward(parameters, points[some])[0][-1] for some in blocks(parameters, len(points))])


def blocks(parameters: Parameters, samples: int) -> Iterator[slice]:
    """So many samples in parts, each small enough for the memory; each sample's numbers are the same in any part."""
    step = max(1, _ROOM // max(map(len, parameters.biases)))
    return (slice(start, start + step) for start in range(0, samples, step))


def cross_entropy(outputs: FloatArray, logits: FloatArray, one_hot: FloatArray) -> float:
    """Binary cross-entropy, summed over the outputs and averaged over the samples, in nats.

    -Y ln A - (1-Y) ln(1-A) = ln(1 + e^Z) - Y Z with A = σ(Z), here in the form max(Z, 0) - Y Z - ln max(A, 1-A), which
    cannot overflow; the logarithms are taken of products of the maxima, each between ½ and 1.

    Args:
        outputs: A of the output layer, shape (n, 4).
        logits: Those of the output layer in bits, Z / ln 2, shape (n, 4).
        one_hot: Y, shape (n, 4).
    """
    return mean_entropy(*entropies(outputs, logits, one_hot))


def entropies(outputs: FloatArray, logits: FloatArray, one_hot: FloatArray) -> tuple[FloatArray, FloatArray]:
    """What each sample adds to `cross_entropy`: terms in bits, and factors whose logarithms are taken off.

    Returns:
        Both of shape (n,).
    """
    linear = np.maximum(logits, 0) - one_hot * logits
    nearest = np.maximum(outputs, 1 - outputs)
    terms, factors = linear[:, 0], nearest[:, 0]
    for k in range(1, logits.shape[1]):
        terms, factors = terms + linear[:, k], factors * nearest[:, k]
    return terms, factors


def mean_entropy(terms: FloatArray, factors: FloatArray) -> float:
    """The cross-entropy of samples whose terms and factors are known, in nats."""
    return float((total(terms) * NATS_PER_BIT - total_log(factors)) / len(terms))


def gradients(parameters: Parameters, activations: list[FloatArray], one_hot: FloatArray) -> Parameters:
    """The derivative of the loss by every parameter, by back-propagation.

    Δ_m = A_m - Y,   Δ_l = (Δ_{l+1} W_{l+1}ᵀ) ∘ A_l ∘ (1 - A_l)
    ∂L/∂W_l = A_{l-1}ᵀ Δ_l / n,   ∂L/∂b_l = column sums of Δ_l / n

    Args:
        parameters: The network.
        activations: A_0 … A_m as `forward` returns them.
        one_hot: Y, shape (n, 4).
    """
    delta = activations[-1] - one_hot
    pairs: list[tuple[FloatArray, FloatArray]] = []
    for layer in reversed(range(len(parameters.weights))):
        below = activations[layer]
        pairs.insert(0, (below.T, delta.T))
        if layer:
            delta = _combined(delta, parameters.weights[layer].T) * below * (1 - below)
    return Parameters.from_vector(total_products(pairs) / len(one_hot), tuple(a.shape[1] for a in activations))


def _combined(values: FloatArray, weights: FloatArray, biases: FloatArray | None = None) -> FloatArray:
    """The sums Σ_i values_si weights_ij + b_j, one unit i after the other, shape (n, columns).

    Args:
        values: Shape (n, units).
        weights: Shape (units, columns).
        biases: b, shape (columns,).
    """
    products = (row * column for row, column in zip(weights[:, :, None], values.T, strict=True))
    sums: FloatArray = next(products)
    for product in products:
        sums += product
    if biases is not None:
        sums += biases[:, None]
    return sums.T
