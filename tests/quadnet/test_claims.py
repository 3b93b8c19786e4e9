import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quadnet.claims import NUMBERS, OUTCOMES, Case, Outcome, judge, note_formula, prior_plateau
from quadnet.experiment import Experiment
from quadnet.mixture import Partition, merged_level
from quadnet.network import outputs
from quadnet.phases import Phase, Phases

replace = dataclasses.replace

ALL: Partition = ((0, 1, 2, 3),)


@pytest.fixture(scope="module")
def case(default_run: Experiment) -> Case:
    """The default run's; the tests change it in one place each."""
    run = default_run
    return Case(run.config, run.dataset, run.history, run.phases, run.evidence, run.standstill, run.crossings[0])


def _outcome(number: str, case: Case) -> Outcome:
    return judge(case)[number].outcome


def _phase(kind: str, is_open: bool = False) -> Phase:
    grade = "plateau" if kind == "plateau" and not is_open else None
    return Phase(kind, grade, is_open, 0, 30, 2.0, 1.0, None)  # type: ignore[arg-type]  # one of the two kinds


def _course(case: Case, letters: str, *partitions: Partition) -> Case:
    """A run of these phases (D descent, P plateau, p open plateau), and the groups of classes in each."""
    phases = tuple(_phase("descent" if letter == "D" else "plateau", letter == "p") for letter in letters)
    seen = tuple(replace(case.evidence.start, partition=groups) for groups in partitions or (ALL,) * len(phases))
    return replace(case, phases=Phases("ok", phases), evidence=replace(case.evidence, phases=seen))


def _losses(case: Case, *losses: float) -> Case:
    """A run with these losses, and without a prior plateau."""
    return replace(_course(case, "Dp"), history=replace(case.history, loss=np.array(losses)))


def _first(case: Case, **changes: Any) -> Case:
    """Changes the first phase."""
    first, *others = case.phases.phases
    return replace(case, phases=replace(case.phases, phases=(replace(first, **changes), *others)))


def _start(case: Case, **changes: Any) -> Case:
    return replace(case, evidence=replace(case.evidence, start=replace(case.evidence.start, **changes)))


def _on_plateau(case: Case, **changes: Any) -> Case:
    """Changes what was seen in the middle of the prior plateau."""
    descent, plateau, *others = case.evidence.phases
    return replace(case, evidence=replace(case.evidence, phases=(descent, replace(plateau, **changes), *others)))


def _standing(case: Case, **changes: Any) -> Case:
    assert case.standstill is not None
    return replace(case, standstill=replace(case.standstill, **changes))


def _bending(case: Case, eigenvalues: list[float]) -> Case:
    """Changes the eigenvalues at the saddle."""
    assert case.standstill is not None
    assert case.standstill.escape is not None
    return _standing(case, escape=replace(case.standstill.escape, eigenvalues=np.array(eigenvalues)))


def _speed(case: Case, optimizer: str, speed_up: float) -> Case:
    assert case.crossing is not None
    trials = tuple(
        replace(trial, speed_up=speed_up) if trial.training.optimizer == optimizer else trial
        for trial in case.crossing.trials
    )
    return replace(case, crossing=replace(case.crossing, trials=trials))


# The default run


def test_the_default_run_is_judged_as_it_is_known(case: Case) -> None:
    verdicts = judge(case)
    assert tuple(verdicts) == NUMBERS
    held = {number for number, verdict in verdicts.items() if verdict.outcome == "holds"}
    failed = {number for number, verdict in verdicts.items() if verdict.outcome == "fails"}
    assert held == {"N1", "N2", "N3", "N4a", "N6a", "N8a"}
    assert failed == {"N4b", "N5", "N6b", "N7", "N8b", "N9"}


def test_the_measured_quantities_are_those_of_the_default_run(default_run: Experiment, case: Case) -> None:
    measured = {number: verdict.measured for number, verdict in judge(case).items()}
    level = 4 * (0.25 * math.log(4) + 0.75 * math.log(4 / 3))
    assert measured["N1"] == {"steps": 9999, "rises": 0, "largest_rise": 0.0}
    assert measured["N2"] == {"closed_plateaus": 2, "of_them_shoulders": 1}
    assert measured["N3"] == {
        "loss": default_run.history.loss[0],
        "level": pytest.approx(4 * math.log(2), rel=1e-15),
        "furthest_mean_output_from_half": pytest.approx(np.abs(default_run.evidence.start.means - 0.5).max()),
        "accuracy": 0.25,
        "mean_recall": 0.25,
    }
    drop = math.log(default_run.history.loss[0] / default_run.history.loss[7])
    assert measured["N4a"] == {
        "first_phase": "descent",
        "end": 7,
        "drop_of_ln_loss": pytest.approx(drop, rel=1e-12),
    }
    distance = np.abs(default_run.evidence.phases[1].means - 0.25).max()
    assert measured["N4b"] == {
        "largest_share_at_start": 1.0,
        "largest_share_on_plateau": 1.0,
        "furthest_mean_output_from_share": pytest.approx(distance, rel=1e-12),
        "loss_on_plateau": default_run.history.loss[832],
        "level_of_class_shares": pytest.approx(level, rel=1e-12),
    }
    stuck = measured["N5"]
    counts = [stuck[f"{sign}_eigenvalues"] for sign in ("negative", "zero", "positive")]
    assert counts == [6, 21, 10]
    assert stuck["least_eigenvalue"] == pytest.approx(-0.0032, rel=0.02)
    before, after = (np.linalg.norm(default_run.history.at(epoch).weights[0], 2) for epoch in (7, 1658))
    assert measured["N6a"] == {
        "at_its_start": pytest.approx(before),
        "at_its_end": pytest.approx(after),
        "growth": pytest.approx(after / before),
    }
    assert measured["N6b"] == {"first_groups": "0 | 1 3 | 2", "epoch": 1856}
    assert measured["N7"] == {"descents": 3, "classes": 4, "groups_at_the_end": 4}
    assert measured["N8a"]["from_epoch"] == measured["N8b"]["from_epoch"] == 832
    assert measured["N8a"]["plain_epochs"] == measured["N8b"]["plain_epochs"] == 1658 - 832
    assert measured["N8a"]["speed_up"] == pytest.approx(7.06, abs=0.05)
    assert measured["N8b"]["speed_up"] == pytest.approx(0.95, abs=0.01)
    assert measured["N9"]["accuracy"] == default_run.metrics.accuracy
    assert measured["N9"]["accuracy_on_random_labels"] == pytest.approx(0.25, abs=0.05)
    assert measured["N9"]["note_formula"] == measured["N9"]["note_formula_on_random_labels"] == 1.0


def test_every_quantity_is_a_plain_value(case: Case) -> None:
    for verdict in judge(case).values():
        assert verdict.outcome in OUTCOMES
        assert {type(value) for value in verdict.measured.values()} <= {bool, int, float, str, type(None)}


# N1, the loss falls all the way


FALLING = np.linspace(3.0, 1.0, 101).tolist()  # a hundred steps


def _with_rises(*epochs: int) -> list[float]:
    """The falling losses, with every one of these epochs a little higher than the one before."""
    return [FALLING[k - 1] + 1e-9 if k in epochs else loss for k, loss in enumerate(FALLING)]


@pytest.mark.parametrize(
    ("losses", "outcome", "rises"),
    [
        (FALLING, "holds", 0),
        ([2.0, 2.0, 2.0], "holds", 0),
        (_with_rises(50), "partly", 1),
        (_with_rises(50)[1:], "fails", 1),  # one of 99 steps is too many
        (_with_rises(50, 70), "fails", 2),
        ([1.0, 1.0 + 1e-13, 1.0], "holds", 0),  # rounding
        ([1e-9, 1e-9 + 1e-20, 1e-9], "fails", 1),  # of a small loss it is none
        ([*FALLING[:100], 3.0], "fails", 1),  # seldom, but all is lost again
        ([*FALLING[:100], 2.999], "partly", 1),
        ([*FALLING[:100], math.nan], "fails", 1),
        ([*FALLING[:100], math.inf], "fails", 1),
        ([1.0, 2.0], "fails", 1),
        ([1.0], "cannot be tested", 0),
    ],
)
def test_n1_counts_the_rises(case: Case, losses: list[float], outcome: str, rises: int) -> None:
    verdict = judge(_losses(case, *losses))["N1"]
    assert (verdict.outcome, verdict.measured["rises"]) == (outcome, rises)
    assert verdict.measured["steps"] == len(losses) - 1


def test_n1_names_the_largest_rise(case: Case) -> None:
    assert judge(_losses(case, 4.0, 1.0, 1.5, 1.25, 1.5, 0.5))["N1"].measured["largest_rise"] == 0.5


# N2, several plateaus


@pytest.mark.parametrize(
    ("course", "outcome"),
    [
        ("", "cannot be tested"),
        ("Dp", "fails"),
        ("DPDp", "partly"),
        ("DPD", "partly"),
        ("DPDPDp", "holds"),
        ("PDPDPD", "holds"),
    ],
)
def test_n2_counts_the_plateaus_that_are_left_again(case: Case, course: str, outcome: str) -> None:
    verdict = judge(_course(case, course))["N2"]
    assert (verdict.outcome, verdict.measured["closed_plateaus"]) == (outcome, course.count("P"))


# N3, a blind start


@pytest.mark.parametrize(
    ("part", "outcome"), [(1.0, "holds"), (1.0099999, "holds"), (0.9900001, "holds"), (1.01, "fails"), (0.99, "fails")]
)
def test_n3_allows_one_per_cent_to_either_side(case: Case, part: float, outcome: str) -> None:
    losses = np.array([4 * math.log(2) * part, 2.0])
    assert _outcome("N3", _losses(case, *losses.tolist())) == outcome


@pytest.mark.parametrize(("recall", "outcome"), [(0.25, "holds"), (0.349, "holds"), (0.351, "partly")])
def test_n3_holds_in_part_where_classes_are_told_already(case: Case, recall: float, outcome: str) -> None:
    assert _outcome("N3", _start(case, recall=np.full(4, recall))) == outcome


# N4a, a sharp first drop


DROP = math.exp(0.15)


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"end": 50}, "holds"),
        ({"end": 51}, "fails"),
        ({"kind": "plateau"}, "fails"),
    ],
)
def test_n4a_has_a_latest_epoch(case: Case, changes: dict[str, Any], outcome: str) -> None:
    assert _outcome("N4a", _first(case, **changes)) == outcome


@pytest.mark.parametrize(
    ("losses", "outcome"),
    [
        ([DROP * (1 + 1e-12), 1.0], "holds"),
        ([DROP * (1 - 1e-12), 1.0], "fails"),
        ([DROP * (1 + 1e-12), 1.0, 1.1], "holds"),  # it swings up again before the descent ends
        ([1.0, 0.0], "holds"),
        ([1.0, 1.5], "fails"),
    ],
)
def test_n4a_has_a_least_drop(case: Case, losses: list[float], outcome: str) -> None:
    made = _losses(case, *losses)
    changes = {"end": len(losses) - 1, "loss_start": losses[0], "loss_end": losses[-1]}
    assert _outcome("N4a", _first(made, **changes)) == outcome


def test_n4a_needs_phases(case: Case) -> None:
    verdict = judge(_course(case, ""))["N4a"]
    assert (verdict.outcome, verdict.measured) == ("cannot be tested", {"first_phase": None})


# N4b, naming one class for all


def _named(share: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([0.0, share, 1 - share, 0.0])


@pytest.mark.parametrize(
    ("at_start", "on_plateau", "distance", "outcome"),
    [
        (0.9, 1.0, 0.0100001, "holds"),
        (0.9, 1.0, 0.0099999, "fails"),
        (1.0, 1.0, 0.2, "fails"),
        (0.9, 0.9, 0.2, "fails"),
        (1 - 1 / 800, 1.0, 0.2, "holds"),
        (0.9, 1 - 1 / 800, 0.2, "fails"),
    ],
)
def test_n4b_needs_a_change_to_one_class_and_outputs_off_the_shares(
    case: Case, at_start: float, on_plateau: float, distance: float, outcome: str
) -> None:
    means = np.full((4, 4), 0.25)
    means[2, 1] -= distance
    changed = _on_plateau(_start(case, shares=_named(at_start)), shares=_named(on_plateau), means=means)
    verdict = judge(changed)["N4b"]
    assert verdict.outcome == outcome
    assert verdict.measured["furthest_mean_output_from_share"] == pytest.approx(distance)


def test_n4b_needs_a_prior_plateau(case: Case) -> None:
    assert _outcome("N4b", _course(case, "DPDp", ALL, ((0, 1), (2, 3)), ALL, ALL)) == "cannot be tested"


def test_n4b_tells_the_loss_in_the_middle_where_the_kept_epoch_next_to_it_has_none(case: Case) -> None:
    verdict = judge(_on_plateau(case, epoch=10_000))["N4b"]  # after the last update
    assert verdict.measured["loss_on_plateau"] == case.history.loss[832]


# N5, no small change helps


@pytest.mark.parametrize(
    ("eigenvalues", "outcome"),
    [
        ([0.0, 1.0, 2.0], "holds"),
        ([-1e-10, 0.0, 1.0], "holds"),  # rounding
        ([-1.1e-10, 0.0, 1.0], "fails"),
        ([-1.0, 0.0, 1.0], "fails"),
    ],
)
def test_n5_asks_for_a_direction_in_which_the_loss_bends_down(
    case: Case, eigenvalues: list[float], outcome: str
) -> None:
    verdict = judge(_bending(case, eigenvalues))["N5"]
    assert (verdict.outcome, verdict.measured["least_eigenvalue"]) == (outcome, eigenvalues[0])


def test_n5_needs_a_saddle_but_tells_the_slope_without(case: Case) -> None:
    verdict = judge(_standing(case, escape=None))["N5"]
    assert verdict.outcome == "cannot be tested"
    assert list(verdict.measured) == ["gradient_norm"]


# N6a, the weights drift


@pytest.mark.parametrize(
    ("stretch", "outcome"),
    [
        ((1.0, 5.0), "fails"),
        ((1.0, math.nextafter(5.0, 6.0)), "holds"),
        ((2.0, 1.0), "fails"),
        ((0.0, 1.0), "holds"),
    ],
)
def test_n6a_asks_for_more_than_five_times(case: Case, stretch: tuple[float, float], outcome: str) -> None:
    assert _outcome("N6a", _standing(case, stretch=stretch)) == outcome


# N6b, one more class


@pytest.mark.parametrize(
    ("partitions", "outcome", "groups"),
    [
        ((ALL, ALL, ((0, 1, 3), (2,))), "holds", "0 1 3 | 2"),
        ((ALL, ALL, ((0,), (1, 2, 3))), "holds", "0 | 1 2 3"),
        ((ALL, ALL, ((0, 1), (2, 3))), "fails", "0 1 | 2 3"),
        ((ALL, ((0,), (1, 3), (2,)), ((0, 1, 3), (2,))), "fails", "0 | 1 3 | 2"),
        ((ALL, ALL, ((0,), (1,), (2,), (3,))), "fails", "0 | 1 | 2 | 3"),
        ((ALL, ALL, ALL), "cannot be tested", None),
    ],
)
def test_n6b_looks_at_the_first_groups(
    case: Case, partitions: tuple[Partition, ...], outcome: str, groups: str | None
) -> None:
    verdict = judge(_course(case, "DPD", *partitions))["N6b"]
    assert (verdict.outcome, verdict.measured.get("first_groups")) == (outcome, groups)


# N7, class after class


SEPARATE: Partition = ((0,), (1,), (2,), (3,))


@pytest.mark.parametrize(
    ("course", "last", "outcome"),
    [
        ("DPDPDPDp", SEPARATE, "holds"),
        ("DPDPDPD", ALL, "holds"),
        ("DPDPDp", SEPARATE, "fails"),
        ("DPDPDp", ((0,), (1, 3), (2,)), "cannot be tested"),
        ("Dp", ALL, "cannot be tested"),
    ],
)
def test_n7_asks_for_four_descents(case: Case, course: str, last: Partition, outcome: str) -> None:
    partitions = (*[ALL] * (len(course) - 1), last)
    assert _outcome("N7", _course(case, course, *partitions)) == outcome


def test_n7_needs_phases(case: Case) -> None:
    assert _outcome("N7", _course(case, "")) == "cannot be tested"


# N8, inertia helps


@pytest.mark.parametrize(("number", "optimizer", "least"), [("N8a", "heavy_ball", 3.0), ("N8b", "averaging", 1.5)])
def test_n8_has_a_least_speed_up(case: Case, number: str, optimizer: str, least: float) -> None:
    assert _outcome(number, _speed(case, optimizer, least)) == "fails"
    assert _outcome(number, _speed(case, optimizer, math.nextafter(least, 9.0))) == "holds"
    assert _outcome(number, _speed(case, optimizer, 0.0)) == "fails"


@pytest.mark.parametrize("number", ["N8a", "N8b"])
def test_n8_needs_the_rule_with_momentum_0_9(case: Case, number: str) -> None:
    assert case.crossing is not None
    others = tuple(trial for trial in case.crossing.trials if trial.training.momentum != 0.9)
    assert others
    for crossing in (replace(case.crossing, trials=others), None):
        assert _outcome(number, replace(case, crossing=crossing)) == "cannot be tested"


# N9, accuracy 1


def test_n9_holds_only_if_every_point_is_named_right(case: Case) -> None:
    named = outputs(case.history.final, case.dataset.points).argmax(axis=1).astype(np.int64)
    assert _outcome("N9", replace(case, dataset=replace(case.dataset, labels=named))) == "holds"
    one_wrong = named.copy()
    one_wrong[17] = (named[17] + 1) % 4
    verdict = judge(replace(case, dataset=replace(case.dataset, labels=one_wrong)))["N9"]
    assert (verdict.outcome, verdict.measured["accuracy"]) == ("fails", 1 - 1 / 800)


@given(labels=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=50))
def test_the_notes_formula_is_one_whatever_the_labels(labels: list[tuple[int, int]]) -> None:
    predicted, own = np.array(labels, dtype=np.int64).T
    assert note_formula(predicted, own) == 1.0


# The prior plateau


@pytest.mark.parametrize(
    ("course", "partitions", "index"),
    [
        ("", (), None),
        ("Dp", (ALL, ALL), None),
        ("DPDp", (ALL, ALL, SEPARATE, SEPARATE), 1),
        ("PD", (ALL, SEPARATE), 0),
        ("PDPDp", (ALL, ALL, ALL, SEPARATE, SEPARATE), 0),
        ("DPDPD", (ALL, ((0, 1), (2, 3)), ALL, ALL, SEPARATE), 3),
        ("DPDp", (ALL, ((0, 1), (2, 3)), ALL, ALL), None),
    ],
)
def test_the_prior_plateau_is_the_first_closed_one_on_which_no_class_is_told_apart(
    case: Case, course: str, partitions: tuple[Partition, ...], index: int | None
) -> None:
    made = _course(case, course, *partitions)
    assert prior_plateau(made.dataset, made.history, made.phases, made.evidence) == index
    assert made.plateau is (None if index is None else made.phases.phases[index])


def test_the_default_runs_prior_plateau_is_its_first(case: Case) -> None:
    assert prior_plateau(case.dataset, case.history, case.phases, case.evidence) == 1
    assert case.plateau is case.phases.closed_plateaus[0]


@pytest.mark.parametrize(("off", "counts"), [(0.019, True), (-0.019, True), (0.021, False), (-0.021, False)])
def test_a_plateau_off_the_class_shares_is_no_prior_plateau(case: Case, off: float, counts: bool) -> None:
    """Such as a slow start with momentum, or a loss that too long steps throw about."""
    assert case.plateau is not None
    loss = case.history.loss.copy()
    loss[case.plateau.middle] = (1 + off) * merged_level(case.dataset.mixture.shares)
    changed = replace(case, history=replace(case.history, loss=loss))
    assert (changed.plateau is not None) == counts


@pytest.mark.parametrize("number", ["N8a", "N8b"])
def test_a_plateau_that_plain_descent_does_not_leave_in_time_is_named(case: Case, number: str) -> None:
    verdict = judge(replace(case, crossing=None))[number]
    assert verdict.outcome == "cannot be tested"
    assert verdict.measured == {"plateau_start": 7, "plateau_end": 1658}


def test_n6b_cannot_be_tested_where_the_loss_fell_before_the_mean_outputs_came_apart(case: Case) -> None:
    noisy = _course(case, "DPDp", ALL, ALL, ALL, ((0, 2, 3), (1,)))
    seen = [replace(one, epoch=epoch) for one, epoch in zip(noisy.evidence.phases, (7, 832, 1856, 9999), strict=True)]
    noisy = replace(noisy, evidence=replace(noisy.evidence, phases=tuple(seen)))
    verdict = judge(noisy)["N6b"]
    assert verdict.outcome == "cannot be tested"
    assert verdict.measured["lowest_loss_of_one_group"] == case.history.loss[1856]
    without = replace(noisy, evidence=replace(noisy.evidence, phases=tuple(seen[:3])))
    assert judge(without)["N6b"].measured == verdict.measured  # nor if groups never form
    shares = np.full_like(case.history.loss, merged_level(case.dataset.mixture.shares))
    assert _outcome("N6b", replace(noisy, history=replace(case.history, loss=shares))) == "holds"


def test_a_run_without_phases_ends_with_the_groups_of_its_start(case: Case) -> None:
    without = replace(case, phases=Phases("ok", ()), evidence=replace(case.evidence, phases=()))
    assert judge(without)["N7"].measured["groups_at_the_end"] == 1


def test_without_a_prior_plateau_the_claims_about_it_cannot_be_tested(case: Case) -> None:
    without = replace(_course(case, "Dp"), standstill=None, crossing=None)
    about_it = {number for number, verdict in judge(without).items() if not verdict.measured}
    assert about_it == {"N4b", "N5", "N6a", "N6b", "N8a", "N8b"}
    assert {judge(without)[number].outcome for number in about_it} == {"cannot be tested"}
