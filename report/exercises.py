"""The exercises of a handout, each with its answers, all computed from the run.

`exercises` gives those that a run has material for, easiest first. A student's page is made of `question_only`, so
nothing of an answer can get into it. Answers with a number are right within `tolerance` of `value`; those without one
are text. Numbers that a question gives are rounded, and answers are computed from them as they stand on paper wherever
that matters.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from quadnet.config import CLASSES
from quadnet.exercises import Lesson
from report.language import Language


@dataclass(frozen=True)
class Answer:
    """What one part of an exercise asks for.

    Attributes:
        label: What is asked, such as `loss L`; says nothing of the answer.
        value: The answer, a number or a text.
        tolerance: How far a numeric answer may be off, absolute; None for texts.
        text: The answer as the page prints it, with its unit.
    """

    label: str
    value: float | str
    tolerance: float | None
    text: str


@dataclass(frozen=True)
class Exercise:
    """An exercise with all that is known of it.

    Attributes:
        key: Stable name.
        title: Its heading.
        points: What it is worth.
        question: Paragraphs, with the numbers that are given.
        given: A small table, the first row its head; empty without one.
        space: Lines of room to write.
        answers: What is asked for, in the order of the question.
        solution: The way there, in paragraphs.
        marking: What earns points.
        mistakes: What often goes wrong.
    """

    key: str
    title: str
    points: int
    question: tuple[str, ...]
    given: tuple[tuple[str, ...], ...]
    space: int
    answers: tuple[Answer, ...]
    solution: tuple[str, ...]
    marking: tuple[str, ...]
    mistakes: tuple[str, ...]

    @property
    def question_only(self) -> "Exercise":
        """The exercise as a student sees it."""
        return replace(self, answers=(), solution=(), marking=(), mistakes=())


def exercises(lesson: Lesson, language: Language) -> tuple[Exercise, ...]:
    """The exercises for which a run has material, easiest first.

    Args:
        lesson: The numbers.
        language: How to speak.
    """
    makers: tuple[Callable[[Lesson, Language], Exercise | None], ...] = (_blind_start,)
    made = (make(lesson, language) for make in makers)
    return tuple(exercise for exercise in made if exercise is not None)


def _blind_start(lesson: Lesson, language: Language) -> Exercise:
    _ = language.gettext
    loss = CLASSES * math.log(2)
    facts = {
        "classes": str(CLASSES),
        "ln2": language.decimal(math.log(2), 4),
        "loss": language.decimal(loss, 4),
        "measured": language.decimal(float(lesson.history.loss[0]), 4),
    }
    return Exercise(
        key="blind-start",
        title=_("A blind start"),
        points=3,
        question=(
            _(
                "Before training all weights are close to 0. Suppose that every output is exactly ½ for every point. "
                "Compute the loss L by hand (ln 2 = %(ln2)s), and say why the labels do not matter for it."
            )
            % facts,
        ),
        given=(),
        space=5,
        answers=(Answer(_("loss L"), loss, 0.001, facts["loss"]),),
        solution=(
            _(
                "An output of ½ costs −ln ½ = ln 2 if its label is 1, and −ln(1 − ½) = ln 2 if it is 0. So every "
                "point costs %(classes)s ln 2 = %(loss)s, whatever its class, and so does their mean. The run itself "
                "starts at %(measured)s."
            )
            % facts,
        ),
        marking=(
            _("1 point: both terms of the loss are ln 2."),
            _("1 point: the sum over %(classes)s outputs, %(loss)s.") % facts,
            _("1 point: for an output of ½ the terms for label 0 and label 1 are equal."),
        ),
        mistakes=(
            _("Only the output of the true class is counted: ln 2 = %(ln2)s.") % facts,
            _("−ln ¼ is taken, as if the outputs had to sum to 1; they are four separate sigmoids."),
        ),
    )
