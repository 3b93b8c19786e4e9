"""What the network did in each phase: mean outputs, which classes it tells apart, what it predicts, how it is made."""

import math
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

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
BY_CHANCE = 0.1  # a mean recall within this of that of one answer for all says nothing of the points
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
        confusion: Points by label (row) and prediction (column), shape (4, 4).
        gradient_norm: Euclidean length of the loss's gradient.
    """

    epoch: int
    means: FloatArray
    partition: Partition
    recall: FloatArray
    shares: FloatArray
    accuracy: float
    confusion: IntArray
    gradient_norm: float

    @property
    def mean_recall(self) -> float:
        """The mean of the classes' recalls; that of one answer for all points is 1/4."""
        return math.fsum(self.recall.tolist()) / CLASSES

    @property
    def informed(self) -> bool:
        """Whether the classes are named clearly better than by one answer for all."""
        return self.mean_recall > 1 / CLASSES + BY_CHANCE

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


def observe(dataset: Dataset, history: History, phases: Phases, *, tracked: bool = True) -> Evidence:
    """Looks at the network at the moments that the phases single out.

    Args:
        dataset: The points.
        history: The training.
        phases: Its phases.
        tracked: Whether to look all along as well.
    """
    moments = [0, *map(moment, phases.phases)]
    track = {history.nearest(t) for phase in phases.phases if tracked for t in _epochs(phase)}
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
        confusion=matrix,
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


SplitKind = Literal["left_right", "top_bottom", "diagonal", "one_from_rest", "several"]


@dataclass(frozen=True)
class Split:
    """A group of classes that has come apart.

    Attributes:
        kind: How the parts lie to each other: `one_from_rest` is one class against two or three, `several` more than
            two parts; two parts of one size are named by the line between their centres.
        parts: The groups it came apart into.
    """

    kind: SplitKind
    parts: Partition


def separation(before: Partition, after: Partition, centres: FloatArray) -> tuple[Split, ...]:
    """What came apart between two partitions; groups that were joined anew are left out.

    Args:
        before: Groups of classes.
        after: Groups of classes later.
        centres: Where the classes lie, shape (4, 2).
    """
    splits = []
    for group in before:
        parts = tuple(part for part in after if set(part) <= set(group))
        if len(parts) > 1 and {c for part in parts for c in part} == set(group):
            splits.append(Split(_kind(parts, centres), parts))
    return tuple(splits)


def _kind(parts: Partition, centres: FloatArray) -> SplitKind:
    if len(parts) > 2:
        return "several"
    first, second = parts
    if len(first) != len(second):
        return "one_from_rest"
    # Both parts have as many classes, so the sums of their centres lie as their means do.
    right, up = (abs(math.fsum(centres[first, axis]) - math.fsum(centres[second, axis])) for axis in (0, 1))
    if right > 2 * up:
        return "left_right"
    return "top_bottom" if up > 2 * right else "diagonal"
