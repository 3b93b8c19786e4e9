"""What exercises ask of a run, and that the numbers to work with by hand are fit for it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp, mpf

from quadnet.config import Config, parse
from quadnet.errors import QuadnetError
from quadnet.evidence import partition
from quadnet.lesson import Drill, Example, Lesson, Unit, groups, prepare

SEEDS = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    return prepare(Config())


def quick(**training: object) -> Config:
    return parse({"training": {"epochs": 3} | training})


def sigma(z: mpf) -> mpf:
    return 1 / (1 + mp.exp(-z))


def chain(drill: Drill, v: mpf, w1: mpf) -> mpf:
    """The loss of the two units as a function of two of their parameters."""
    (x1, x2), w2 = drill.hidden.inputs, drill.hidden.weights[1]
    h = sigma(w1 * x1 + mpf(w2) * x2 + drill.hidden.bias)
    o = sigma(v * h + drill.bias)
    return -mp.log(o if drill.target else 1 - o)


@given(SEEDS, SEEDS)
def test_a_drill_s_slopes_are_the_derivatives_of_its_loss(data_seed: int, weight_seed: int) -> None:
    config = parse({"data": {"seed": data_seed, "samples_per_class": 20}, "network": {"seed": weight_seed}})
    lesson = prepare(config.model_copy(update={"training": quick().training}))
    drill = lesson.drill
    v, w1 = mpf(drill.weight), mpf(drill.hidden.weights[0])
    assert drill.loss == pytest.approx(float(chain(drill, v, w1)), abs=1e-14)
    slope_v = mp.diff(lambda value: chain(drill, value, w1), v)
    slope_w = mp.diff(lambda value: chain(drill, v, value), w1)
    assert drill.slope_output == pytest.approx(float(slope_v), abs=1e-12)
    assert drill.slope_hidden == pytest.approx(float(slope_w), abs=1e-12)
    assert drill.weight_after == pytest.approx(drill.weight - drill.rate * float(slope_v), abs=1e-12)
    # Fit to be worked by hand: nothing saturated, and nothing that four decimals would lose.
    assert 0.05 < drill.hidden.activation < 0.95
    assert 0.05 < drill.output < 0.95
    assert min(abs(drill.slope_output), abs(drill.slope_hidden)) > 0.02
    # Nor does any of its numbers stand in the example already.
    assert not {round(abs(v), 4) for v in drill.values} & {round(abs(v), 4) for v in lesson.example.values}


@given(st.floats(-2, 2), st.floats(-2, 2), st.floats(-1.5, 1.5), st.sampled_from([0, 1]))
def test_an_example_s_slope_is_the_derivative_of_its_loss(x1: float, x2: float, w1: float, y: int) -> None:
    def loss(weight: mpf) -> mpf:
        a = sigma(weight * x1 + mpf(0.5) * x2 - mpf(0.25))
        return -mp.log(a if y else 1 - a)

    example = Example(Unit((x1, x2), (w1, 0.5), -0.25), y, 0.5)
    assert example.loss == pytest.approx(float(loss(mpf(w1))), abs=1e-13)
    assert example.slope == pytest.approx(float(mp.diff(loss, mpf(w1))), abs=1e-12)
    assert example.weight_after == pytest.approx(w1 - 0.5 * example.slope, abs=1e-13)


def test_every_seed_has_numbers_of_its_own_and_keeps_them() -> None:
    first, again, other = (
        prepare(parse({"data": {"seed": seed}, "training": {"epochs": 3}})).drill for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


@pytest.mark.parametrize("rate", [1e-6, 0.05, 3.0])
def test_a_step_by_hand_can_be_seen_whatever_the_learning_rate(rate: float) -> None:
    lesson = prepare(quick(learning_rate=rate))
    assert lesson.drill.rate == lesson.example.rate == 0.5


def test_points_that_cannot_be_worked_with_are_replaced() -> None:
    far = parse({"data": {"centres": [[1e5, 1e5], [-1e5, 1e5], [-1e5, -1e5], [1e5, -1e5]]}, "training": {"epochs": 3}})
    assert max(map(abs, prepare(far).drill.hidden.inputs)) <= 2


@given(st.lists(st.lists(st.integers(0, 100), min_size=4, max_size=4), min_size=4, max_size=4))
def test_groups_are_what_a_reader_of_the_printed_table_finds(units: list[list[int]]) -> None:
    printed = [[unit / 100 for unit in row] for row in units]
    alike = {
        (a, b)
        for a in range(4)
        for b in range(4)
        if max(abs(p - q) for p, q in zip(units[a], units[b], strict=True)) < 15
    }
    for _ in range(4):
        alike |= {(a, c) for a, b in alike for b2, c in alike if b == b2}
    expected = {tuple(b for b in range(4) if (a, b) in alike) for a in range(4)}
    assert set(groups(printed)) == expected


def test_a_difference_of_just_the_threshold_on_paper_tells_apart() -> None:
    rows = [[0.10, 0.5, 0.5, 0.5], [0.2496, 0.5, 0.5, 0.5], [0.1, 0.5, 0.5, 0.5], [0.1, 0.5, 0.5, 0.5]]
    assert groups(rows) == ((0, 2, 3), (1,))  # 0.25 − 0.10 on paper
    assert partition(np.array(rows)) == ((0, 1, 2, 3),)


def test_the_default_lesson_has_all_there_is(lesson: Lesson) -> None:
    assert lesson.prior == 1
    assert lesson.parting is not None
    assert groups(lesson.parting.means.tolist()) == ((0,), (1, 3), (2,))
    assert lesson.crossing is not None
    assert [trial.training.optimizer for trial in lesson.crossing.trials] == ["heavy_ball", "averaging"]
    assert lesson.right_coordinate == pytest.approx((2.0, 0.9772498680518208), abs=1e-12)
    assert lesson.final.accuracy == 0.97125


@pytest.mark.parametrize(
    "data",
    [
        {"samples_per_class": [20, 20, 20, 21]},
        {"centres": [[1, 1], [-1, 1], [-1, -1], [1, -1.5]]},
        {"spread": 0.0},
        {"spread": 0.2},  # five standard deviations to the borders
    ],
)
def test_only_overlapping_clouds_in_a_square_have_a_short_bayes_rule(data: dict[str, object]) -> None:
    assert prepare(parse({"data": data, "training": {"epochs": 2}})).right_coordinate is None


def test_a_run_that_is_cut_short_has_less_to_ask() -> None:
    lesson = prepare(quick())
    assert (lesson.parting, lesson.prior, lesson.crossing) == (None, None, None)


def test_a_training_that_went_wrong_has_no_lesson() -> None:
    with pytest.raises(QuadnetError, match=r"^no handout of a training that went wrong \(diverged\); take a smaller"):
        prepare(parse({"training": {"learning_rate": 500.0, "epochs": 300}}))
