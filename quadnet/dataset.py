"""The training data: four noisy quadrants, drawn in the teaching note's order from a seeded stream."""

from dataclasses import dataclass

import numpy as np

from quadnet.arrays import FloatArray, IntArray
from quadnet.config import CLASSES, Config
from quadnet.mixture import Mixture
from quadnet.random import Stream


@dataclass(frozen=True)
class Dataset:
    """Labelled points and the mixture they come from.

    Attributes:
        points: Shape (n, 2).
        labels: Shape (n,), values 0 to 3.
        mixture: What the points are draws of.
    """

    points: FloatArray
    labels: IntArray
    mixture: Mixture

    @property
    def one_hot(self) -> FloatArray:
        """The labels as rows with a single 1, shape (n, 4)."""
        return one_hot(self.labels)


def quadrants(config: Config) -> Dataset:
    """The points of the experiment, shuffled.

    For each class the stream gives the first coordinates, then the second ones, then one number a sample that the note
    multiplies by zero; after the last class, the permutation of the rows.
    """
    data = config.data
    stream = Stream(data.seed)
    clouds = []
    for count, centre in zip(data.counts, data.centres, strict=True):
        first, second, _ = stream.normals(3, count)
        clouds.append(np.column_stack([first * data.spread + centre[0], second * data.spread + centre[1]]))
    labels = np.repeat(np.arange(CLASSES, dtype=np.int64), data.counts)
    order = stream.permutation(len(labels))
    return Dataset(np.concatenate(clouds)[order], labels[order], Mixture.of(data))


def fresh(config: Config) -> Dataset:
    """Independent new points of the same mixture, from a stream that the training data cannot share."""
    data, evaluation = config.data, config.evaluation
    mixture = Mixture.of(data)
    stream = Stream([data.seed, evaluation.seed])
    labels = np.searchsorted(np.cumsum(mixture.shares)[:-1], stream.uniforms(evaluation.points), side="right")
    points = mixture.centres[labels] + data.spread * stream.normals(evaluation.points, 2)
    return Dataset(points, labels.astype(np.int64), mixture)


def one_hot(labels: IntArray) -> FloatArray:
    """Rows with a single 1 at the label, shape (n, 4).

    Args:
        labels: Shape (n,), values 0 to 3.
    """
    return np.eye(CLASSES)[labels]
