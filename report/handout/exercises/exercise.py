"""An exercise and its answers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from unicodedata import east_asian_width

from ...words.language import Language

_HALF_LINE = 56  # of a handout, in Latin letters


_HAN_WIDTH = 2.4  # of a Chinese character or a full-width comma, in Latin letters


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
    def parts(self) -> tuple[str, ...]:
        """The paragraphs of the question that ask for something: those that start with a letter in parentheses.

        A translation keeps it: `(a)`.
        """
        return tuple(paragraph for paragraph in self.question if paragraph.startswith("("))

    @property
    def short(self) -> bool:
        """Whether two of the parts stand beside each other in a line."""
        return not self.given and max(map(_width, self.parts), default=0) < _HALF_LINE

    @property
    def question_only(self) -> "Exercise":
        """The exercise as a student sees it."""
        return replace(self, answers=(), solution=(), marking=(), mistakes=())


def _width(text: str) -> float:
    """How wide a text is, in Latin letters."""
    return sum(_HAN_WIDTH if east_asian_width(letter) in "FW" else 1 for letter in text)


def worth(marks: Sequence[tuple[int, str]]) -> int:
    """Adds up the points."""
    return sum(points for points, _ in marks)


def marking(marks: Sequence[tuple[int, str]], language: Language) -> tuple[str, ...]:
    """What earns how many points, in words."""
    return tuple(
        language.ngettext("%(count)s point: %(what)s.", "%(count)s points: %(what)s.", points)
        % {"count": points, "what": what}
        for points, what in marks
    )
