import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quadnet.experiment import Experiment
from quadnet.metrics import Metrics
from quadnet.report.words import accuracy as accuracy_words
from quadnet.report.words.language import Language

ENGLISH = Language.load("en")


def metrics(**facts: Any) -> Metrics:
    values: dict[str, Any] = {
        "loss_first": 2.7,
        "loss_last": 0.2,
        "loss_fresh": 0.3,
        "accuracy": 0.94,
        "accuracy_note_formula": 1.0,
        "accuracy_fresh": 0.90,
        "accuracy_fresh_error": 0.001,
        "bayes_accuracy": 0.95,
        "bayes_accuracy_sample": 0.95,
        "bayes_accuracy_fresh": 0.95,
        "largest_share": 0.25,
        "samples": 800,
        "fresh_points": 100_000,
        "confusion_matrix": np.full((4, 4), 50),
    }
    return Metrics(**(values | facts))


def test_what_the_best_rule_can_expect_stands_beside_the_accuracies() -> None:
    assert accuracy_words.achievement(metrics(), ENGLISH) == (
        "The trained network is right on 94.0\u202f% of its 800 training points and on 90.0\u202f% of 100\u202f000 "
        "fresh ones, where no classifier can expect more than 95.0\u202f%."
    )
    assert accuracy_words.achievement(metrics(bayes_accuracy=1.0), ENGLISH).endswith(
        " ones; the best rule is never wrong."
    )


LUCKY = "the draw is a lucky one"
FITTED = "the network has fitted"
AS_GOOD = "about as good as the Bayes rule"
CHANCE = "may have it by chance"
BELOW = "stays below the best"


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"accuracy": 0.97, "bayes_accuracy_sample": 0.96, "accuracy_fresh": 0.94}, {LUCKY, FITTED, BELOW}),
        ({"accuracy": 0.96, "bayes_accuracy_sample": 0.96, "accuracy_fresh": 0.94}, {LUCKY, BELOW}),
        ({"accuracy": 0.955, "bayes_accuracy_sample": 0.96, "accuracy_fresh": 0.9499}, {LUCKY, AS_GOOD}),
        ({"accuracy": 0.955, "bayes_accuracy_sample": 0.957, "accuracy_fresh": 0.9499}, {CHANCE, AS_GOOD}),
        ({"accuracy": 0.96, "bayes_accuracy_sample": 0.957, "accuracy_fresh": 0.9499}, {FITTED, AS_GOOD}),
        ({"accuracy": 0.97, "bayes_accuracy_sample": 0.94, "accuracy_fresh": 0.94}, {FITTED, BELOW}),
        ({"accuracy": 0.94, "accuracy_fresh": 0.9499}, {AS_GOOD}),
        ({"accuracy": 0.94, "accuracy_fresh": 0.9471}, {AS_GOOD}),
        ({"accuracy": 0.94, "accuracy_fresh": 0.9469}, {BELOW}),
        ({"accuracy": 1.0, "accuracy_fresh": 1.0, "accuracy_fresh_error": 0.0, "bayes_accuracy": 1.0}, {AS_GOOD}),
        ({"accuracy": 0.25, "accuracy_fresh": 0.25}, {BELOW}),
        (
            {"accuracy": 1.0, "accuracy_fresh": 1.0, "bayes_accuracy": 0.9999, "bayes_accuracy_sample": 1.0},
            {AS_GOOD},
        ),  # less than a point
    ],
)
def test_a_training_accuracy_is_called_luck_fit_ability_or_lack_by_the_figures(
    facts: dict[str, float], expected: set[str]
) -> None:
    text = accuracy_words.luck(metrics(**facts), ENGLISH)
    assert {part for part in (LUCKY, FITTED, CHANCE, AS_GOOD, BELOW) if part in text} == expected
    assert ENGLISH.percent(facts["accuracy_fresh"]) in text


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.3, 1), st.floats(0.3, 1), st.floats(0, 0.1))
def test_whatever_the_figures_luck_names_the_best_possible(
    accuracy: float, fresh: float, bayes: float, sample: float, error: float
) -> None:
    text = accuracy_words.luck(
        metrics(
            accuracy=accuracy,
            accuracy_fresh=fresh,
            bayes_accuracy=bayes,
            bayes_accuracy_sample=sample,
            accuracy_fresh_error=error,
        ),
        ENGLISH,
    )
    assert ENGLISH.percent(bayes) in text
    assert text.endswith(".")
    assert "%(" not in text
    assert (LUCKY in text) <= (sample - bayes > math.sqrt(bayes * (1 - bayes) / 800) and accuracy > bayes)


def test_the_loss_on_fresh_points_stands_beside_the_one_in_training() -> None:
    text = accuracy_words.loss_gap(metrics(loss_last=0.17468, loss_fresh=0.29612), ENGLISH)
    assert (
        text
        == "The loss tells more than the accuracy: 0.1747 before the last step of training, 0.2961 on fresh points "
        "after it."
    )
    alike = accuracy_words.loss_gap(metrics(loss_last=18.678, loss_fresh=18.673), ENGLISH)
    assert alike == "The loss is 18.68 before the last step of training and 18.67 on fresh points after it."


def test_the_fresh_points_are_told_with_the_error_of_the_accuracy_if_it_has_one(small_run: Experiment) -> None:
    def told(error: float, **data: Any) -> str:
        config = small_run.config.model_copy(update={"data": small_run.config.data.model_copy(update=data)})
        return accuracy_words.fresh(
            replace(small_run, config=config, metrics=metrics(accuracy_fresh_error=error)), ENGLISH
        )

    draws = "The 100\u202f000 fresh points are new draws of the same mixture that the training never saw"
    error = "; the network’s accuracy on them has a standard error of 0.068 percentage points."
    assert told(0.00068394) == draws + error
    assert told(0.0) == f"{draws}."
    assert "test nothing new" in told(0.001, spread=0.0)
