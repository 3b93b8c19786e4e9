"""Exercises: every answer is computed anew here, from what the page gives and by other means."""

import math
import re
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from quadnet.config import Config, parse
from quadnet.dataset import quadrants
from quadnet.lesson import Lesson, prepare
from quadnet.report.handout.exercises import exercises
from quadnet.report.handout.exercises.exercise import Answer, Exercise
from quadnet.report.words.language import Language
from quadnet.training import train

ENGLISH = Language.load("en")
KEYS = [
    "parameters",
    "blind-start",
    "prior-level",
    "phase-speeds",
    "which-part",
    "back-propagation",
    "accuracy",
    "bayes-rule",
    "inertia",
]
UNEQUAL: dict[str, Any] = {"data": {"samples_per_class": [200, 200, 50, 50]}}
CONFIGURATIONS: list[dict[str, Any]] = [
    {},
    UNEQUAL,
    {"data": {"seed": 7}, "network": {"seed": 3}},
    {"network": {"initial_scale": 1.0}},
    {"network": {"hidden": [2]}},
    {"training": {"optimizer": "heavy_ball", "momentum": 0.9}},
    {"training": {"epochs": 1}},
    {"training": {"epochs": 30}},
    {"data": {"spread": 0.0}},
    {"network": {"hidden": []}},
]


@cache
def lesson(number: int) -> Lesson:
    return prepare(parse(CONFIGURATIONS[number]))


@cache
def asked(number: int) -> dict[str, Exercise]:
    return {exercise.key: exercise for exercise in exercises(lesson(number), ENGLISH)}


def values(exercise: Exercise) -> list[float]:
    return [answer.value for answer in exercise.answers if isinstance(answer.value, float)]


def text(exercise: Exercise) -> str:
    return " ".join(exercise.question)


def number(string: str) -> float:
    return float(string.replace("−", "-").replace("\u202f", ""))


def given(exercise: Exercise, name: str) -> float:
    """A number that the question gives as `name = …`."""
    (found,) = re.findall(rf"(?<![\w₀-₉]){re.escape(name)} = (−?\d+(?:\.\d+)?)", text(exercise))
    return number(found)


def sigma(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def test_the_default_run_has_nine_exercises_easiest_first() -> None:
    assert list(asked(0)) == KEYS
    assert sum(exercise.points for exercise in asked(0).values()) == 40


@pytest.mark.parametrize("k", range(len(CONFIGURATIONS)))
def test_every_exercise_is_whole(k: int) -> None:
    found = asked(k)
    assert [key for key in KEYS if key in found] == list(found)
    assert len(found) >= 5
    for exercise in found.values():
        assert exercise.question
        assert exercise.solution
        assert exercise.marking
        assert exercise.mistakes
        assert exercise.answers
        assert exercise.space >= 2
        assert len({len(row) for row in exercise.given}) <= 1
        assert len({answer.label for answer in exercise.answers}) == len(exercise.answers)
        for part in exercise.parts:
            assert part.startswith("(")


@pytest.mark.parametrize("k", range(len(CONFIGURATIONS)))
def test_a_number_as_it_is_printed_is_a_right_answer(k: int) -> None:
    """A student who writes down the instructor's number must get the points."""
    for exercise in asked(k).values():
        for answer in exercise.answers:
            if isinstance(answer.value, str):
                assert answer.tolerance is None
                continue
            assert answer.tolerance is not None
            assert math.isfinite(answer.value)
            printed = number(answer.text.replace("\u202f%", ""))
            assert abs(printed - answer.value) <= max(answer.tolerance, 1e-12), (exercise.key, answer)


@pytest.mark.parametrize("k", range(len(CONFIGURATIONS)))
def test_the_marking_gives_all_points(k: int) -> None:
    for exercise in asked(k).values():
        given = [re.match(r"(\d+) points?: ", line) for line in exercise.marking]
        assert sum(int(match[1]) for match in given if match) == exercise.points
        parts = {part[:3] for part in exercise.parts}
        assert {part for line in exercise.marking for part in re.findall(r"\([a-f]\)", line)} == parts


@pytest.mark.parametrize("k", range(len(CONFIGURATIONS)))
def test_parameters_are_counted_in_the_history(k: int) -> None:
    (count,) = values(asked(k)["parameters"])
    assert count == lesson(k).history.parameters.shape[1]


def test_a_blind_start_costs_four_times_ln_2() -> None:
    (loss,) = values(asked(0)["blind-start"])
    labels = np.eye(4)
    assert loss == pytest.approx(-(labels * np.log(0.5) + (1 - labels) * np.log(0.5)).sum(axis=1).mean(), abs=1e-12)
    assert loss == pytest.approx(4 * given(asked(0)["blind-start"], "ln 2"), abs=0.001)


@pytest.mark.parametrize("k", [0, 1, 6])
def test_the_level_is_the_least_loss_of_outputs_that_are_the_same_for_all_points(k: int) -> None:
    labels = quadrants(lesson(k).config).one_hot
    grid = np.arange(0.0005, 1, 0.0005)
    costs = -(labels.mean(axis=0)[:, None] * np.log(grid) + (1 - labels.mean(axis=0))[:, None] * np.log(1 - grid))
    exercise = asked(k)["prior-level"]
    shares = {a.label: a for a in exercise.answers if "p" in a.label.split()[1]}
    for answer, best in zip(shares.values(), grid[costs.argmin(axis=1)], strict=False):
        assert answer.value == pytest.approx(best, abs=0.0006)
    assert len(shares) == (4 if k == 1 else 1)
    (level,) = [a.value for a in exercise.answers if a.label == "(b) loss"]
    assert level == pytest.approx(costs.min(axis=1).sum(), abs=1e-5)


@pytest.mark.parametrize("k", [0, 1, 2])
def test_the_phase_at_the_level_is_the_one_whose_loss_is_nearest(k: int) -> None:
    answers = {a.label: a.value for a in asked(k)["prior-level"].answers}
    phases = lesson(k).phases.phases
    middles = [abs(lesson(k).history.loss[phase.middle] - answers["(b) loss"]) for phase in phases]
    assert answers["(c) number of the phase"] == np.argmin(middles) + 1


def test_without_the_plateau_nobody_asks_for_its_number() -> None:
    assert len(asked(6)["prior-level"].parts) == 2
    assert asked(6)["prior-level"].points == 4


@pytest.mark.parametrize("k", [0, 1, 2, 4])
def test_the_speeds_follow_from_the_given_table(k: int) -> None:
    exercise = asked(k)["phase-speeds"]
    rows = [[number(cell) for cell in row] for row in exercise.given[1:]]
    speeds = [(row[3] - row[4]) / (row[2] - row[1]) for row in rows][:-1]
    fastest, slowest = int(np.argmax(speeds)), int(np.argmin(speeds))
    epochs = lesson(k).config.training.epochs
    assert values(exercise) == pytest.approx(
        [
            fastest + 1,
            slowest + 1,
            speeds[fastest] / speeds[slowest],
            100 * (rows[slowest][2] - rows[slowest][1]) / epochs,
        ]
    )
    ordered = sorted(speeds)  # nobody who computes rightly can find another phase, however the losses were rounded
    assert ordered[1] - ordered[0] > 0
    assert abs(speeds[fastest] - ordered[-2]) > 1e-4 / max(1, rows[fastest][2] - rows[fastest][1])


@pytest.mark.parametrize("k", [0, 1, 2])
def test_the_groups_follow_from_the_given_table(k: int) -> None:
    exercise = asked(k)["which-part"]
    rows = [[round(100 * number(cell)) for cell in row[1:]] for row in exercise.given[1:]]
    (answer,) = exercise.answers
    groups = [set(map(int, re.findall(r"\d", group))) for group in re.findall(r"{[^}]*}", answer.text)]
    assert sorted(c for group in groups for c in group) == [0, 1, 2, 3]
    for a in range(4):
        (own,) = [group for group in groups if a in group]
        alike = {b for b in range(4) if max(abs(p - q) for p, q in zip(rows[a], rows[b], strict=True)) < 15}
        assert alike <= own
        assert len(own) == 1 or len(alike) > 1


@pytest.mark.parametrize("k", range(len(CONFIGURATIONS)))
def test_the_step_of_back_propagation_follows_from_the_given_numbers(k: int) -> None:
    exercise = asked(k)["back-propagation"]
    ((first, second),) = re.findall(r"x = \(([^;]*); ([^)]*)\)", text(exercise))
    x1, x2 = number(first), number(second)
    w1, w2, b, v, c = (given(exercise, name) for name in ("w₁", "w₂", "b", "v", "c"))
    y, rate = given(exercise, "y"), given(exercise, "α")

    def forward(w1: float, v: float) -> tuple[float, float, float]:
        h = sigma(w1 * x1 + w2 * x2 + b)
        o = sigma(v * h + c)
        return h, o, -y * math.log(o) - (1 - y) * math.log(1 - o)

    step = 1e-6
    slope_v = (forward(w1, v + step)[2] - forward(w1, v - step)[2]) / (2 * step)
    slope_w = (forward(w1 + step, v)[2] - forward(w1 - step, v)[2]) / (2 * step)
    expected = [*forward(w1, v), slope_v, slope_w, v - rate * slope_v, w1 - rate * slope_w]
    assert values(exercise) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("k", range(len(CONFIGURATIONS)))
def test_rounding_on_the_way_to_four_decimals_keeps_an_answer_right(k: int) -> None:
    exercise = asked(k)["back-propagation"]
    drill = lesson(k).drill
    (x1, x2), (w1, w2) = drill.hidden.inputs, drill.hidden.weights
    h = round(sigma(round(w1 * x1 + w2 * x2 + drill.hidden.bias, 4)), 4)
    o = round(sigma(round(drill.weight * h + drill.bias, 4)), 4)
    loss = round(-math.log(o if drill.target else 1 - o), 4)
    slope_v = round(round(o - drill.target, 4) * h, 4)
    slope_w = round(round((o - drill.target) * drill.weight * h * (1 - h), 4) * x1, 4)
    by_hand = [h, o, loss, slope_v, slope_w, drill.weight - drill.rate * slope_v, w1 - drill.rate * slope_w]
    for answer, worked in zip(exercise.answers, by_hand, strict=True):
        assert isinstance(answer.value, float)
        assert answer.tolerance is not None
        assert abs(worked - answer.value) <= answer.tolerance, answer.label


@pytest.mark.parametrize("k", [0, 1, 6])
def test_the_accuracy_follows_from_the_given_table_and_from_the_network(k: int) -> None:
    exercise = asked(k)["accuracy"]
    counts = np.array([[number(cell) for cell in row[1:]] for row in exercise.given[1:]])
    reached, formula = values(exercise)
    assert reached == counts.trace() / counts.sum()
    assert formula == 1
    data = quadrants(lesson(k).config)
    activations = data.points
    for weights, biases in train(lesson(k).config, data).final.layers():
        activations = 1 / (1 + np.exp(-(activations @ weights + biases)))
    assert reached == (activations.argmax(axis=1) == data.labels).mean()


def test_the_best_rule_is_right_when_both_coordinates_are() -> None:
    (best,) = values(asked(0)["bayes-rule"])
    assert "Φ(1/0.5) = Φ(2) = 0.9772" in text(asked(0)["bayes-rule"])
    assert best == 0.9772**2  # as on paper
    (answer,) = asked(0)["bayes-rule"].answers
    assert answer.tolerance is not None
    assert abs(best - norm.cdf(2) ** 2) < answer.tolerance < best - (2 * 0.9772 - 1)
    assert "bayes-rule" not in asked(1)  # unequal shares move the borders
    assert "bayes-rule" not in asked(8)  # nor is there anything to compute without noise


@pytest.mark.parametrize("k", [0, 1, 5])
def test_inertia_s_answers_follow_from_the_given_numbers(k: int) -> None:
    exercise = asked(k)["inertia"]
    plain = number(re.findall(r"gradient descent needs ([\d\u202f]+) epochs", text(exercise))[0])
    measured = number(re.findall(r"the program measured ([\d\u202f]+) epochs", text(exercise))[0])
    velocity, beta = 0.0, given(exercise, "β")
    for _ in range(2000):
        velocity = beta * velocity - 1.0  # along a slope with αg = 1
    assert values(exercise) == pytest.approx([-velocity, plain / -velocity, plain / measured, plain])


def test_what_a_mistake_gives_is_not_within_the_tolerance_of_the_answer() -> None:
    """Else a wrong way would be marked as right."""
    for exercise in asked(0).values():
        right = [answer for answer in exercise.answers if answer.tolerance]
        wrong = [number(n) for line in exercise.mistakes for n in re.findall(r"\d\.\d+", line)]
        for answer in right:
            assert isinstance(answer.value, float)
            assert all(abs(value - answer.value) > (answer.tolerance or 0) for value in wrong), answer


def test_a_student_s_exercise_has_lost_its_answers_and_nothing_else() -> None:
    for exercise in asked(0).values():
        bare = exercise.question_only
        assert (bare.answers, bare.solution, bare.marking, bare.mistakes) == ((), (), (), ())
        assert (bare.key, bare.title, bare.points, bare.question, bare.given, bare.space) == (
            *(exercise.key, exercise.title, exercise.points),
            *(exercise.question, exercise.given, exercise.space),
        )


def test_labels_of_answers_say_what_is_asked_and_not_the_answer() -> None:
    for exercise in asked(0).values():
        for answer in exercise.answers:
            assert isinstance(answer, Answer)
            assert answer.text not in re.findall(r"[\d.]+", answer.label)


def test_a_second_default_has_the_same_exercises() -> None:
    assert exercises(prepare(Config()), ENGLISH) == tuple(asked(0).values())
