"""The network at the start, middle and end of each phase: how the loss bends there, and the ranks of its layers.

The eigenvalues of the loss's second derivatives tell in how many directions of parameter space the loss bends down, not
at all, or up. A layer's singular values tell along how many directions of its units it works: a network that tells two
groups apart needs one, whatever its number of units.
"""

from dataclasses import dataclass

import numpy as np

from quadnet.arrays import FloatArray
from quadnet.curvature import affordable, hessian
from quadnet.dataset import Dataset
from quadnet.evidence import Snapshot, snapshot
from quadnet.history import History
from quadnet.network import Parameters, forward
from quadnet.phases import Phases
from quadnet.spectrum import Signs, effective_rank, eigenvalues, signs, singular_values, variances

_WIDEST = 64  # units of a layer whose singular values are computed


@dataclass(frozen=True)
class Look:
    """The network at one epoch.

    Attributes:
        snapshot: What it says of the points.
        eigenvalues: Of the loss's second derivatives by all parameters, ascending, shape (p,); None if that is too
            costly for the network, or if at any of the run's looks a parameter is not finite.
        weights: Singular values of each layer's weights, descending; empty for layers wider than 64 units; no layer
            if a parameter is not finite.
        activations: Standard deviations of each layer's activations over the points, along their principal axes,
            descending; else as `weights`.
    """

    snapshot: Snapshot
    eigenvalues: FloatArray | None
    weights: tuple[FloatArray, ...]
    activations: tuple[FloatArray, ...]

    @property
    def least(self) -> float | None:
        """The least eigenvalue."""
        return None if self.eigenvalues is None else float(self.eigenvalues[0])

    @property
    def signs(self) -> Signs | None:
        """How many eigenvalues are negative, zero, positive."""
        return None if self.eigenvalues is None else signs(self.eigenvalues)

    @property
    def weight_ranks(self) -> tuple[float | None, ...]:
        """The effective rank of each layer's weights."""
        return tuple(_rank(values) for values in self.weights)

    @property
    def activation_ranks(self) -> tuple[float | None, ...]:
        """The effective rank of each layer's activations."""
        return tuple(_rank(values) for values in self.activations)


@dataclass(frozen=True)
class Anatomy:
    """A phase's start, middle and end."""

    start: Look
    middle: Look
    end: Look

    @property
    def looks(self) -> tuple[Look, Look, Look]:
        """The three in order."""
        return self.start, self.middle, self.end


def dissect(dataset: Dataset, history: History, phases: Phases) -> tuple[Anatomy, ...]:
    """The anatomy of every phase; neighbours share a border."""
    moments = [tuple(history.nearest(t) for t in (phase.start, phase.middle, phase.end)) for phase in phases.phases]
    epochs = sorted({epoch for three in moments for epoch in three})
    spectra: list[FloatArray | None] = [None] * len(epochs)
    parameters = [history.at(epoch) for epoch in epochs]
    finite = [bool(np.isfinite(each.vector).all()) for each in parameters]
    if epochs and all(finite) and affordable(history.widths, len(dataset.points)):
        spectra = list(eigenvalues(np.stack([hessian(p, dataset.points, dataset.one_hot) for p in parameters])))
    looks = {
        epoch: Look(snapshot(dataset, history, epoch), spectrum, *_singular(each, dataset) if usable else ((), ()))
        for epoch, each, spectrum, usable in zip(epochs, parameters, spectra, finite, strict=True)
    }
    return tuple(Anatomy(looks[a], looks[b], looks[c]) for a, b, c in moments)


def _singular(parameters: Parameters, dataset: Dataset) -> tuple[tuple[FloatArray, ...], tuple[FloatArray, ...]]:
    weights = tuple(
        singular_values(matrix) if max(matrix.shape) <= _WIDEST else np.empty(0) for matrix in parameters.weights
    )
    activations, _ = forward(parameters, dataset.points)
    spreads = (np.sqrt(variances(a)) if a.shape[1] <= _WIDEST else np.empty(0) for a in activations[1:])
    return weights, tuple(spreads)


def _rank(values: FloatArray) -> float | None:
    """The effective rank, each direction weighing by the square of its singular value."""
    return float(effective_rank(values * values)) if values.size and values[0] > 0 else None
