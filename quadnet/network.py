"""The network's formulas, as a lecture writes them: samples in rows, layers numbered from 1.

A_0 = X,   Z_l = A_{l-1} W_l + b_l,   A_l = σ(Z_l),   σ(z) = 1 / (1 + e^{-z})
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from quadnet.arrays import FloatArray
from quadnet.config import Network


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
    stream = np.random.RandomState(network.seed)
    weights, biases = [], []
    for rows, columns in zip(network.widths, network.widths[1:], strict=False):
        weights.append(stream.randn(rows, columns) * network.initial_scale)
        biases.append(stream.randn(columns) * network.initial_scale)
    return Parameters(tuple(weights), tuple(biases))


def sigmoid(z: FloatArray) -> FloatArray:
    """σ(z) = 1 / (1 + e^{-z}), elementwise."""
    # e^{-z} may become infinite for very negative z; 1 / (1 + ∞) = 0 is then the right value.
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-z))


def forward(parameters: Parameters, points: FloatArray) -> tuple[list[FloatArray], FloatArray]:
    """Runs the points through the network.

    Args:
        parameters: The network.
        points: Shape (n, 2).

    Returns:
        The activations A_0 … A_m, each of shape (n, units), and the logits Z_m of the output layer, shape (n, 4).
    """
    activations = [points]
    logits = points
    for weights, biases in parameters.layers():
        logits = activations[-1] @ weights + biases
        activations.append(sigmoid(logits))
    return activations, logits


def outputs(parameters: Parameters, points: FloatArray) -> FloatArray:
    """The output layer's activations, shape (n, 4), each between 0 and 1."""
    return forward(parameters, points)[0][-1]


def cross_entropy(logits: FloatArray, one_hot: FloatArray) -> float:
    """Binary cross-entropy, summed over the outputs and averaged over the samples, in nats.

    -Y ln σ(Z) - (1-Y) ln(1-σ(Z)) = ln(1 + e^Z) - Y Z, here in the form max(Z, 0) + ln(1 + e^{-|Z|}) - Y Z, which cannot
    overflow.

    Args:
        logits: Z of the output layer, shape (n, 4).
        one_hot: Y, shape (n, 4).
    """
    terms = np.maximum(logits, 0) + np.log1p(np.exp(-np.abs(logits))) - one_hot * logits
    return float(terms.sum() / len(logits))


def gradients(parameters: Parameters, activations: list[FloatArray], one_hot: FloatArray) -> Parameters:
    """The derivative of the loss by every parameter, by back-propagation.

    Δ_m = (A_m - Y) / n,   Δ_l = (Δ_{l+1} W_{l+1}ᵀ) ∘ A_l ∘ (1 - A_l)
    ∂L/∂W_l = A_{l-1}ᵀ Δ_l,   ∂L/∂b_l = column sums of Δ_l

    Args:
        parameters: The network.
        activations: A_0 … A_m as `forward` returns them.
        one_hot: Y, shape (n, 4).
    """
    weights: list[FloatArray] = []
    biases: list[FloatArray] = []
    delta = (activations[-1] - one_hot) / len(one_hot)
    for layer in reversed(range(len(parameters.weights))):
        below = activations[layer]
        weights.insert(0, below.T @ delta)
        biases.insert(0, delta.sum(axis=0))
        delta = (delta @ parameters.weights[layer].T) * below * (1 - below)
    return Parameters(tuple(weights), tuple(biases))
