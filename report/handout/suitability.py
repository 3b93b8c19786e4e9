"""Whether a run makes a good handout: its exercises have clear answers, and no common mistake leads to them.

What depends on the configuration alone, such as the count of parameters, is the same for a whole class and not looked
at here.
"""

from collections.abc import Sequence
from itertools import combinations, pairwise
from typing import Literal, get_args

from quadnet.evidence import MERGED
from quadnet.lesson import UNITS, Lesson

from ..words.language import Language
from .exercises.exercise import Exercise

Fault = Literal[
    "taken",
    "went_wrong",
    "no_first_plateau",
    "no_second_plateau",
    "no_exercise",
    "unclear_groups",
    "unclear_speeds",
    "right_by_mistake",
]
FAULTS: tuple[Fault, ...] = get_args(Fault)

_NEEDED = {"phase-speeds", "which-part", "inertia"}  # the exercises for which not every run has material
_GROUP_MARGIN = 2  # units of the last printed decimal between a difference and the one from which classes part
_SPEED_MARGIN = 1.05  # of the two fastest or slowest phases, how many times as fast one is


def faults(lesson: Lesson, exercises: Sequence[Exercise]) -> tuple[Fault, ...]:
    """What speaks against a run; nothing for a good one.

    Args:
        lesson: The numbers.
        exercises: Those made of them.
    """
    found: dict[Fault, bool] = {
        "no_first_plateau": lesson.prior is None,
        "no_second_plateau": len(lesson.phases.closed_plateaus) < 2,  # a shoulder serves as well
        "no_exercise": not _NEEDED.issubset(exercise.key for exercise in exercises),
        "unclear_groups": lesson.parting is not None and not _groups_are_clear(lesson.parting.means.tolist()),
        "unclear_speeds": not _speeds_are_clear(lesson),
        "right_by_mistake": _right_by_mistake(lesson, exercises),
    }
    return tuple(fault for fault, there in found.items() if there)


def words(fault: Fault, language: Language) -> str:
    """A fault in words."""
    _ = language.gettext
    return {
        "taken": _("somebody else’s seed"),
        "went_wrong": _("the training went wrong"),
        "no_first_plateau": _("no plateau at the class shares"),
        "no_second_plateau": _("no second plateau"),
        "no_exercise": _("no material for one of the exercises"),
        "unclear_groups": _("groups of classes not clear"),
        "unclear_speeds": _("fastest or slowest phase not clear"),
        "right_by_mistake": _("a common mistake gives the right answer"),
    }[fault]


def _groups_are_clear(means: list[list[float]]) -> bool:
    """Whether no difference of two classes is so near to the limit that an error of reading would change the groups."""
    rows = [[round(value * UNITS) for value in row] for row in means]
    limit = round(MERGED * UNITS)
    differences = [max(abs(p - q) for p, q in zip(a, b, strict=True)) for a, b in combinations(rows, 2)]
    # Just below the limit a difference counts as small, at the limit as large.
    return all(d >= limit + _GROUP_MARGIN or d < limit - _GROUP_MARGIN for d in differences)


def _speeds_are_clear(lesson: Lesson) -> bool:
    """Whether both ends of the order of speeds stand out; the last phase does not count."""
    phases = lesson.phases.phases[:-1]
    speeds = sorted((phase.loss_start - phase.loss_end) / (phase.end - phase.start) for phase in phases)
    ratios = [b / a if a > 0 else float("inf") for a, b in pairwise(speeds)]
    return bool(ratios) and min(ratios[0], ratios[-1]) >= _SPEED_MARGIN


def _right_by_mistake(lesson: Lesson, exercises: Sequence[Exercise]) -> bool:
    """Whether a wrong way of those that the exercises name ends within the tolerance of an answer."""
    drill = lesson.drill
    h, o = drill.hidden.activation, drill.output
    phases = lesson.phases.phases[:-1]
    falls = [phase.loss_start - phase.loss_end for phase in phases]
    wrong: dict[str, dict[int, Sequence[float]]] = {
        "phase-speeds": {0: [falls.index(max(falls)) + 1.0] if falls else []},
        "back-propagation": {
            3: [drill.slope_output * o * (1 - o), -drill.slope_output],
            4: [
                drill.slope_hidden / (h * (1 - h)),
                drill.slope_hidden * o * (1 - o),
                drill.slope_hidden * drill.weight_after / drill.weight,
                -drill.slope_hidden,
            ],
            5: [drill.weight + drill.rate * drill.slope_output],
            6: [drill.hidden.weights[0] + drill.rate * drill.slope_hidden],
        },
    }
    for exercise in exercises:
        for place, values in wrong.get(exercise.key, {}).items():
            answer = exercise.answers[place]
            assert isinstance(answer.value, float)
            assert answer.tolerance is not None
            if any(abs(value - answer.value) <= answer.tolerance for value in values):
                return True
    return False
