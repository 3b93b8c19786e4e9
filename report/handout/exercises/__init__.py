"""The exercises of a handout, each with its answers, all computed from the run.

`exercises` gives those that a run has material for, easiest first. A student's page is made of `question_only`, so
nothing of an answer can get into it. Answers with a number are right within `tolerance` of `value`; those without one
are text. Numbers that a question gives are rounded, and answers are computed from them as they stand on paper wherever
that matters.
"""

from collections.abc import Callable

from quadnet.lesson import Lesson

from ...words.language import Language
from . import (
    accuracy,
    back_propagation,
    bayes_rule,
    blind_start,
    inertia,
    parameters,
    phase_speeds,
    prior_level,
    which_part,
)
from .exercise import Exercise

_EASIEST_FIRST: tuple[Callable[[Lesson, Language], Exercise | None], ...] = (
    parameters.make,
    blind_start.make,
    prior_level.make,
    phase_speeds.make,
    which_part.make,
    back_propagation.make,
    accuracy.make,
    bayes_rule.make,
    inertia.make,
)


def exercises(lesson: Lesson, language: Language) -> tuple[Exercise, ...]:
    """Makes the exercises for which a run has material, easiest first.

    Args:
        lesson: The numbers.
        language: How to speak.
    """
    made = (make(lesson, language) for make in _EASIEST_FIRST)
    return tuple(exercise for exercise in made if exercise is not None)
