"""What the network did in each phase: mean outputs, which classes it tells apart, what it predicts."""

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from quadnet.arithmetic import total
from quadnet.arrays import FloatArray, IntArray
from quadnet.config import CLASSES
from quadnet.dataset import Dataset
from quadnet.history import History
from quadnet.metrics import confusion_matrix, per_class
from quadnet.mixture import Partition
from quadnet.network import forward, gradients
from quadnet.phases import Phase, Phases

MERGED = 0.15  # two classes are told apart once their mean outputs differ by this on some unit
NAMED = 0.05  # a class counts as predicted once this share of the points is given to it
_TRACK_POINTS = 19  # even steps a phase, for the curves over time


@dataclass(frozen=True)
class Snapshot:
    """The network at one epoch, seen on the training points.

    Attributes:
        epoch: Updates done; a kept epoch of the history.
        means: Mean output vector of each class's points, shape (4, 4), a row a class.
        partition: The classes in groups whose mean outputs are alike.
        recall: Share of each class's points that are predicted as labelled, shape (4,).
        shares: Share of all points that each class is predicted for, shape (4,).
        accuracy: Share of points predicted as labelled.
        gradient_norm: Euclidean length of the loss's gradient.
    """

    epoch: int
    means: FloatArray
    partition: Partition
    recall: FloatArray
    shares: FloatArray
    accuracy: float
    gradient_norm: float

    @property
    def predicted(self) -> tuple[int, ...]:
        """The classes that at least 5 % of the points are given to."""
        return tuple(int(c) for c in np.flatnonzero(self.shares >= NAMED))


@dataclass(frozen=True)
class Evidence:
    """The snapshots a report stands on.

    Attributes:
        start: Before the first update.
        phases: One snapshot a phase: a closed plateau's middle, any other phase's end.
        track: Snapshots all along, closest together where phases are short.
    """

    start: Snapshot
    phases: tuple[Snapshot, ...]
    track: tuple[Snapshot, ...]


def observe(dataset: Dataset, history: History, phases: Phases) -> Evidence:
    """Looks at the network at the moments that the phases single out."""
    moments = [0, *map(moment, phases.phases)]
    track = {history.nearest(t) for phase in phases.phases for t in _epochs(phase)}
    wanted = sorted(track | {history.nearest(t) for t in moments})
    seen = {epoch: snapshot(dataset, history, epoch) for epoch in wanted}
    start, *others = (seen[history.nearest(t)] for t in moments)
    return Evidence(start, tuple(others), tuple(seen[epoch] for epoch in sorted(track)))


def _epochs(phase: Phase) -> set[int]:
    """Epochs all along a phase, evenly and, since much happens at a phase's start, geometrically."""
    length = phase.end - phase.start
    epochs = {phase.start + k * length // _TRACK_POINTS for k in range(_TRACK_POINTS + 1)}
    t = 0
    while t <= length:
        epochs.add(phase.start + t)
        t += t // 2 + 1
    return epochs


def moment(phase: Phase) -> int:
    """The epoch that stands for a phase: a closed plateau's middle, any other phase's end."""
    return phase.middle if phase.kind == "plateau" and not phase.open else phase.end


def snapshot(dataset: Dataset, history: History, epoch: int) -> Snapshot:
    """The network after `epoch` updates.

    Raises:
        KeyError: The history did not keep that epoch.
    """
    parameters = history.at(epoch)
    activations, _ = forward(parameters, dataset.points)
    predicted: IntArray = activations[-1].argmax(axis=1)
    matrix = confusion_matrix(predicted, dataset.labels)
    recall, shares = per_class(matrix)
    means = np.stack([_mean(activations[-1][dataset.labels == c]) for c in range(CLASSES)])
    gradient = gradients(parameters, activations, dataset.one_hot).vector
    return Snapshot(
        epoch=epoch,
        means=means,
        partition=partition(means),
        recall=recall,
        shares=shares,
        accuracy=float(np.trace(matrix) / matrix.sum()),
        gradient_norm=math.sqrt(float(total(gradient * gradient))),
    )


def _mean(rows: FloatArray) -> FloatArray:
    """The mean row."""
    mean: FloatArray = total(rows.T) / len(rows)
    return mean


def partition(means: FloatArray) -> Partition:
    """Groups of classes that the network does not tell apart: each is alike with another of its group.

    Args:
        means: Mean output vector of each class, shape (4, 4), a row a class.
    """
    group = list(range(CLASSES))
    for a, b in combinations(range(CLASSES), 2):
        if np.abs(means[a] - means[b]).max() < MERGED:
            old, new = max(group[a], group[b]), min(group[a], group[b])
            group = [new if g == old else g for g in group]
    return tuple(tuple(c for c in range(CLASSES) if group[c] == g) for g in sorted(set(group)))
