"""Accuracies, each beside the best that is possible, and the teaching note's formula, which is always 1."""

import math
from dataclasses import dataclass

import numpy as np

from quadnet import dataset as datasets
from quadnet.arrays import FloatArray, IntArray
from quadnet.config import CLASSES, Config
from quadnet.dataset import Dataset
from quadnet.history import History
from quadnet.network import blocks, entropies, forward, mean_entropy


@dataclass(frozen=True)
class Metrics:
    """The figures of a finished run.

    Attributes:
        loss_first: Loss of epoch 0.
        loss_last: Loss of the last epoch, before its update.
        loss_fresh: Loss of the trained network on the fresh points.
        accuracy: Share of training points classified as labelled.
        accuracy_note_formula: The note's formula, which compares the prediction with itself.
        accuracy_fresh: Share of fresh points classified as labelled.
        accuracy_fresh_error: Standard error of `accuracy_fresh`, from the number of fresh points.
        bayes_accuracy: Probability that the Bayes rule is right on a new point: no classifier has a higher one.
        bayes_accuracy_sample: The Bayes rule on the training points.
        bayes_accuracy_fresh: The Bayes rule on the fresh points.
        largest_share: Share of the most frequent class: what always naming one class would get.
        samples: Training points.
        fresh_points: Fresh points.
        confusion_matrix: Training points by label (row) and prediction (column), shape (4, 4).
    """

    loss_first: float
    loss_last: float
    loss_fresh: float
    accuracy: float
    accuracy_note_formula: float
    accuracy_fresh: float
    accuracy_fresh_error: float
    bayes_accuracy: float
    bayes_accuracy_sample: float
    bayes_accuracy_fresh: float
    largest_share: float
    samples: int
    fresh_points: int
    confusion_matrix: IntArray


def accuracy(predicted: IntArray, labels: IntArray) -> float:
    """Share of equal entries.

    Args:
        predicted: Shape (n,).
        labels: Shape (n,).
    """
    return int(np.count_nonzero(predicted == labels)) / len(labels)


def confusion_matrix(predicted: IntArray, labels: IntArray) -> IntArray:
    """Counts by label (row) and prediction (column), shape (4, 4).

    Args:
        predicted: Shape (n,), values 0 to 3.
        labels: Shape (n,), values 0 to 3.
    """
    return np.bincount(labels * CLASSES + predicted, minlength=CLASSES**2).reshape(CLASSES, CLASSES)


def measure(config: Config, dataset: Dataset, history: History) -> Metrics:
    """Evaluates the trained network and the Bayes rule on the training points and on fresh ones."""
    fresh = datasets.fresh(config)
    predicted, _ = _predict(history, dataset)
    fresh_predicted, loss_fresh = _predict(history, fresh)
    accuracy_fresh = accuracy(fresh_predicted, fresh.labels)
    rule = dataset.mixture.bayes_rule
    return Metrics(
        loss_first=float(history.loss[0]),
        loss_last=float(history.loss[-1]),
        loss_fresh=loss_fresh,
        accuracy=accuracy(predicted, dataset.labels),
        accuracy_note_formula=accuracy(predicted, predicted),
        accuracy_fresh=accuracy_fresh,
        accuracy_fresh_error=math.sqrt(accuracy_fresh * (1 - accuracy_fresh) / len(fresh.labels)),
        bayes_accuracy=dataset.mixture.bayes_accuracy(),
        bayes_accuracy_sample=accuracy(rule(dataset.points), dataset.labels),
        bayes_accuracy_fresh=accuracy(rule(fresh.points), fresh.labels),
        largest_share=float(dataset.mixture.shares.max()),
        samples=len(dataset.labels),
        fresh_points=len(fresh.labels),
        confusion_matrix=confusion_matrix(predicted, dataset.labels),
    )


def _predict(history: History, dataset: Dataset) -> tuple[IntArray, float]:
    predicted, terms, factors = [], [], []
    for some in blocks(history.final, len(dataset.labels)):
        activations, logits = forward(history.final, dataset.points[some])
        term, factor = entropies(activations[-1], logits, datasets.one_hot(dataset.labels[some]))
        predicted.append(activations[-1].argmax(axis=1))
        terms.append(term)
        factors.append(factor)
    return np.concatenate(predicted), mean_entropy(np.concatenate(terms), np.concatenate(factors))


def per_class(matrix: IntArray) -> tuple[FloatArray, FloatArray]:
    """Recall of each class and share of all predictions that name it, both of shape (4,), from a confusion matrix."""
    recall = np.diag(matrix) / matrix.sum(axis=1)
    return recall, matrix.sum(axis=0) / matrix.sum()
