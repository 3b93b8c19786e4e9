from dataclasses import replace

import numpy as np
import pytest

from quadnet.config import parse
from quadnet.lesson import Drill, Lesson, Unit, prepare
from quadnet.phases import Phases
from quadnet.report.handout.exercises import exercises
from quadnet.report.handout.suitability import FAULTS, faults, words
from quadnet.report.words.language import Language

GOOD = 1  # its run has two clear plateaus


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    return prepare(parse({"data": {"seed": GOOD}}))


def found(lesson: Lesson, english: Language) -> tuple[str, ...]:
    return faults(lesson, exercises(lesson, english))


def test_a_good_run_has_no_faults(lesson, english):
    assert found(lesson, english) == ()


def test_a_run_that_never_leaves_its_plateau(english):
    short = prepare(parse({"training": {"epochs": 300}}))
    assert {"no_first_plateau", "no_second_plateau", "no_exercise"} <= set(found(short, english))


def test_the_second_plateau_may_be_a_shoulder(lesson, english):
    _, second = lesson.phases.closed_plateaus
    shoulder = tuple(replace(p, grade="shoulder") if p is second else p for p in lesson.phases.phases)
    assert found(replace(lesson, phases=Phases("ok", shoulder)), english) == ()


@pytest.mark.parametrize(
    ("difference", "clear"), [(0.12, True), (0.13, False), (0.15, False), (0.16, False), (0.17, True)]
)
def test_differences_near_the_limit_are_not_clear(lesson, english, difference, clear):
    means = np.full((4, 4), 0.1)
    means[:2, 0] = 0.5
    means[1, 3] += difference
    parted = replace(lesson, parting=replace(lesson.parting, means=means))
    assert ("unclear_groups" in found(parted, english)) is not clear


@pytest.mark.parametrize(("factor", "clear"), [(1.04, False), (1.06, True)])
def test_the_fastest_phase_must_stand_out(lesson, english, factor, clear):
    first, plateau, second, *rest = lesson.phases.phases
    speed = (first.loss_start - first.loss_end) / (first.end - first.start)
    end = second.loss_start - speed * (second.end - second.start) / factor
    phases = Phases("ok", (first, plateau, replace(second, loss_end=end), *rest))
    assert ("unclear_speeds" in found(replace(lesson, phases=phases), english)) is not clear


def test_the_fastest_phase_must_not_be_that_of_the_largest_fall(lesson, english):
    first, *rest = lesson.phases.phases
    phases = Phases("ok", (replace(first, loss_start=9.0), *rest))
    assert "right_by_mistake" in found(replace(lesson, phases=phases), english)


@pytest.mark.parametrize(
    ("drill", "mistake"),
    [
        (Drill(Unit((0.001, 1.0), (0.5, 0.5), 0.5), 1.0, 0.5, 1, 0.5), "the sign of a slope that is nearly 0"),
        (Drill(Unit((1.0, 1.0), (0.5, 0.5), 0.5), -0.004, 0.5, 1, 0.5), "the factor h(1 − h), where v is nearly 0"),
        (Drill(Unit((1.0, 1.0), (0.5, 0.5), 0.5), 1.0, 0.5, 1, 0.0004), "the step uphill, where it is too short"),
    ],
)
def test_no_common_mistake_may_be_right(lesson, english, drill, mistake):
    assert found(replace(lesson, drill=drill), english) == ("right_by_mistake",), mistake


def test_every_fault_has_words(english):
    assert len({words(fault, english) for fault in FAULTS}) == len(FAULTS)
