import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quadnet import network
from quadnet.config import parse
from quadnet.dataset import fresh, quadrants
from quadnet.experiment import Experiment
from quadnet.metrics import accuracy, confusion_matrix, measure, per_class
from quadnet.network import outputs
from quadnet.training import train

PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60)
SMALL = {
    "data": {"samples_per_class": [10, 40, 25, 5]},
    "network": {"initial_scale": 1.0},
    "training": {"epochs": 200, "learning_rate": 2.0},
    "evaluation": {"points": 2000},
}


# The default run


def test_the_default_run_has_the_known_figures(default_run: Experiment) -> None:
    metrics = default_run.metrics
    assert metrics.loss_first == pytest.approx(2.775489028568, abs=1e-9)
    assert metrics.loss_last == pytest.approx(0.174681230461, abs=1e-9)
    assert metrics.accuracy == 0.97125
    assert metrics.accuracy_note_formula == 1.0
    assert metrics.bayes_accuracy == pytest.approx(0.955017, abs=1e-6)
    assert metrics.bayes_accuracy_sample == 0.96625
    assert metrics.accuracy_fresh == pytest.approx(0.952, abs=0.003)
    assert (metrics.samples, metrics.fresh_points, metrics.largest_share) == (800, 100_000, 0.25)


def test_the_loss_first_and_last_are_the_historys(default_run: Experiment) -> None:
    loss = default_run.history.loss
    assert (default_run.metrics.loss_first, default_run.metrics.loss_last) == (loss[0], loss[9999])
    assert loss[9998] != pytest.approx(loss[9999], abs=1e-9)  # an epoch off by one would be noticed


def test_on_fresh_points_the_default_run_does_worse_than_in_training_and_than_the_bayes_rule(
    default_run: Experiment,
) -> None:
    metrics = default_run.metrics
    assert metrics.accuracy_fresh < metrics.bayes_accuracy_fresh < metrics.accuracy
    assert metrics.loss_fresh > 1.5 * metrics.loss_last
    assert abs(metrics.bayes_accuracy_fresh - metrics.bayes_accuracy) < 5 * math.sqrt(0.25 / 100_000)


def test_the_confusion_matrix_of_the_default_run_has_its_classes_and_its_accuracy(default_run: Experiment) -> None:
    matrix = default_run.metrics.confusion_matrix
    assert matrix.sum(axis=1).tolist() == [200, 200, 200, 200]
    assert np.trace(matrix) / 800 == default_run.metrics.accuracy
    assert not (matrix == matrix.T).all()
    named = outputs(default_run.history.final, default_run.dataset.points).argmax(axis=1)
    assert matrix[0, 1] == ((default_run.dataset.labels == 0) & (named == 1)).sum()


# Small runs


def test_the_notes_formula_is_1_even_for_random_labels() -> None:
    config = parse({"training": {"epochs": 100}, "evaluation": {"points": 2000}})
    dataset = quadrants(config)
    labels = np.random.RandomState(5).permutation(dataset.labels)
    metrics = measure(config, dataclasses.replace(dataset, labels=labels), train(config, dataset))
    assert metrics.accuracy_note_formula == 1
    assert metrics.accuracy < 0.4
    assert metrics.bayes_accuracy_sample < 0.4


def test_the_fresh_figures_are_those_of_the_fresh_points() -> None:
    config = parse(SMALL)
    dataset, new = quadrants(config), fresh(config)
    history = train(config, dataset)
    metrics = measure(config, dataset, history)
    rows = outputs(history.final, new.points)
    share = float((rows.argmax(axis=1) == new.labels).mean())
    assert metrics.accuracy_fresh == share
    assert metrics.accuracy_fresh_error == pytest.approx(math.sqrt(share * (1 - share) / 2000))
    assert metrics.bayes_accuracy_fresh == (new.mixture.bayes_rule(new.points) == new.labels).mean()
    losses = -np.log(np.where(new.one_hot == 1, rows, 1 - rows)).sum(axis=1)
    assert metrics.loss_fresh == pytest.approx(losses.mean(), rel=1e-9)


def test_of_uneven_classes_the_largest_share_is_told() -> None:
    config = parse(SMALL)
    dataset = quadrants(config)
    metrics = measure(config, dataset, train(config, dataset))
    assert (metrics.samples, metrics.fresh_points, metrics.largest_share) == (80, 2000, 0.5)
    assert metrics.confusion_matrix.sum(axis=1).tolist() == [10, 40, 25, 5]
    assert metrics.bayes_accuracy == dataset.mixture.bayes_accuracy()


# Counting


@settings(deadline=None, max_examples=100)
@given(pairs=PAIRS)
def test_the_confusion_matrix_counts_as_naive_loops_do(pairs: list[tuple[int, int]]) -> None:
    predicted, labels = np.array(pairs).T
    matrix = confusion_matrix(predicted, labels)
    for label in range(4):
        for named in range(4):
            assert matrix[label, named] == sum(pair == (named, label) for pair in pairs)


def test_rows_of_the_confusion_matrix_are_labels_and_columns_predictions() -> None:
    assert confusion_matrix(np.array([3, 3]), np.array([1, 1]))[1, 3] == 2


@settings(deadline=None, max_examples=50)
@given(pairs=PAIRS)
def test_accuracy_is_the_share_of_equal_entries(pairs: list[tuple[int, int]]) -> None:
    predicted, labels = np.array(pairs).T
    assert accuracy(predicted, labels) == sum(a == b for a, b in pairs) / len(pairs)
    assert accuracy(predicted, predicted) == 1


@settings(deadline=None, max_examples=50)
@given(pairs=PAIRS)
def test_recall_and_shares_of_predictions_are_those_of_naive_loops(pairs: list[tuple[int, int]]) -> None:
    pairs = [*pairs, *((c, c) for c in range(4))]  # every class has a point
    recall, shares = per_class(confusion_matrix(*np.array(pairs).T))
    for c in range(4):
        assert recall[c] == sum(pair == (c, c) for pair in pairs) / sum(label == c for _, label in pairs)
        assert shares[c] == sum(named == c for named, _ in pairs) / len(pairs)


def test_recall_and_shares_worked_out_by_hand() -> None:
    matrix = np.array([[3, 1, 0, 0], [0, 2, 0, 0], [2, 2, 4, 0], [1, 0, 0, 1]])
    recall, shares = per_class(matrix)
    assert recall.tolist() == [0.75, 1.0, 0.5, 0.5]
    assert shares.tolist() == [0.375, 0.3125, 0.25, 0.0625]


def test_a_network_is_evaluated_in_parts_to_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    config = parse({"training": {"epochs": 30}, "evaluation": {"points": 1000}, "network": {"initial_scale": 1.0}})
    dataset = quadrants(config)
    history = train(config, dataset)
    whole, regions = measure(config, dataset, history), outputs(history.final, dataset.points)
    monkeypatch.setattr(network, "_ROOM", 28)  # seven points at a time
    parts = measure(config, dataset, history)
    assert repr(parts) == repr(whole)
    assert np.array_equal(outputs(history.final, dataset.points), regions)
    monkeypatch.setattr(network, "forward", None)
    with pytest.raises(TypeError):
        outputs(history.final, dataset.points)
