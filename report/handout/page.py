"""The view model of a handout: what a course needs to work on a run by hand, with or without the answers."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Literal

from quadnet.lesson import Lesson

from ..figures.figure import Figure
from ..pages.view import Page, title
from ..words import settings
from ..words.language import Language
from . import figures
from .exercises.exercise import Exercise
from .roster import Student

Edition = Literal["student", "instructor"]
Paper = Literal["a4", "letter"]


@dataclass(frozen=True, kw_only=True)
class Handout(Page):
    """One edition of a handout.

    The student's says nothing of what its numbers were drawn from, not even by a digest: seeds could be tried on it.

    Attributes:
        run_name: The folder of the run; empty in the student's edition.
        sheet: A number by which the two editions of a handout know each other, made of what both print.
        instructor: Whether it has the answers; the exercises of the student's have none in them.
        student: Who works on it; None if anybody may.
        paper: What it is printed on.
        goals: What a student can do afterwards.
        story: What was done, in a paragraph.
        steps: The worked example: what is computed, how, and its value.
        example: What is given for it.
        exercises: The exercises.
        optimizer: Key of the update rule's formula.
        momentum: The momentum of the rule; None without one.
    """

    template = "handout.html.j2"

    run_name: str
    sheet: str
    instructor: bool
    student: Student | None
    paper: Paper
    goals: tuple[str, ...]
    story: str
    example: str
    steps: tuple[tuple[str, str, str], ...]
    exercises: tuple[Exercise, ...]
    optimizer: str
    momentum: str | None

    @property
    def points(self) -> int:
        """What all exercises are worth."""
        return sum(exercise.points for exercise in self.exercises)


def draw(lesson: Lesson, language: Language) -> tuple[Figure, ...]:
    """The drawings, which are the same in both editions."""
    drawn = [figures.points(lesson, language), figures.shape(lesson, language)]
    if len(lesson.phases.phases) > 0:
        drawn.append(figures.numbered_curve(lesson, language))
    return tuple(drawn)


def compose(
    lesson: Lesson,
    exercises: Sequence[Exercise],
    figures: Sequence[Figure],
    edition: Edition,
    paper: Paper,
    versions: Mapping[str, str],
    language: Language,
    student: Student | None = None,
) -> Handout:
    """Puts an edition together.

    Args:
        lesson: The numbers.
        exercises: With their answers; the student's edition leaves them behind here.
        figures: As `draw` makes them.
        edition: For whom it is.
        paper: What it is printed on.
        versions: Of what shaped it, by name.
        language: How to speak.
        student: Who works on it, if the handout is one person's.
    """
    _ = language.gettext
    config = lesson.config
    instructor = edition == "instructor"
    questions = tuple(exercise.question_only for exercise in exercises)
    heading, story, example = title(config, language), _story(lesson, language), _example(lesson, language)
    steps = _steps(lesson, language)
    return Handout(
        language=language,
        title=heading,
        subtitle=_("Exercises on how a %(shape)s sigmoid network learns")
        % {"shape": "-".join(map(str, config.network.widths))},
        run_name=config.run_name if instructor else "",
        sheet=_number((heading, story, example, steps, [astuple(each) for each in questions], student and student.id)),
        version=versions["quadnet"],
        facts=(),
        summary=(),
        figures={figure.key: figure for figure in figures},
        instructor=instructor,
        student=student,
        paper=paper,
        goals=_goals({exercise.key for exercise in exercises}, language),
        story=story,
        example=example,
        steps=steps,
        exercises=tuple(exercises) if instructor else questions,
        optimizer=config.training.optimizer,
        momentum=f"{config.training.momentum:g}" if config.training.momentum else None,
    )


def _number(printed: Sequence[object]) -> str:
    """Eight decimal digits that stand for what is printed."""
    digest = hashlib.sha256(json.dumps(printed).encode()).digest()
    return f"{int.from_bytes(digest[:8], 'big') % 10**8:08d}"


def _goals(keys: set[str], language: Language) -> tuple[str, ...]:
    """What the exercises at hand teach."""
    _ = language.gettext
    goals = (
        ({"parameters", "back-propagation"}, _("run a network forwards and backwards by hand")),
        ({"blind-start", "prior-level"}, _("derive the loss of outputs that do not look at the point")),
        ({"phase-speeds"}, _("read a loss curve by the speed of its phases")),
        ({"which-part"}, _("find in what order a network tells classes apart")),
        ({"accuracy"}, _("see through a formula for the accuracy that is always 1")),
        ({"bayes-rule"}, _("judge an accuracy beside the best that is possible")),
        ({"inertia"}, _("predict what inertia does, and check the prediction")),
    )
    return tuple(goal for needed, goal in goals if needed & keys)


def _story(lesson: Lesson, language: Language) -> str:
    config = lesson.config
    counts = config.data.counts
    return language.gettext(
        "%(samples)s points in the plane form four noisy clouds of standard deviation %(spread)s, one for each class "
        "0 to 3. A network learns to tell the classes apart: it gets the two coordinates of a point and has one output "
        "for each class, between 0 and 1. The output of the point’s own class should be 1, the others 0; the largest "
        "output names the class. Training starts from random weights and biases of standard deviation %(scale)s "
        "and lasts %(epochs)s. Each epoch uses all points for one step of %(optimizer)s with learning rate "
        "α = %(rate)s; its loss is that before the step."
    ) % {
        "samples": language.integer(sum(counts)),
        "spread": f"{config.data.spread:g}",
        "scale": f"{config.network.initial_scale:g}",
        "epochs": settings.epochs(config.training.epochs, language),
        "optimizer": settings.optimizer(config.training, language),
        "rate": f"{config.training.learning_rate:g}",
    }


def _example(lesson: Lesson, language: Language) -> str:
    unit, example = lesson.example.unit, lesson.example
    return language.gettext(
        "A single unit with the input x = (%(x1)s; %(x2)s), the label y = %(y)s, the weights w = (%(w1)s; %(w2)s), the "
        "bias b = %(b)s and the learning rate α = %(rate)s takes one step of gradient descent (computed with more "
        "digits than are shown):"
    ) % {
        "x1": language.decimal(unit.inputs[0], 1),
        "x2": language.decimal(unit.inputs[1], 1),
        "y": example.target,
        "w1": language.decimal(unit.weights[0], 1),
        "w2": language.decimal(unit.weights[1], 1),
        "b": language.decimal(unit.bias, 1),
        "rate": f"{example.rate:g}",
    }


def _steps(lesson: Lesson, language: Language) -> tuple[tuple[str, str, str], ...]:
    """What is computed, the numbers put in, and the value."""
    _ = language.gettext
    unit, example = lesson.example.unit, lesson.example
    (x1, x2), (w1, w2) = unit.inputs, unit.weights

    def one(value: float) -> str:
        text = language.decimal(value, 1)
        return f"({text})" if value < 0 else text

    def four(value: float) -> str:
        text = language.decimal(value, 4)
        return f"({text})" if value < 0 else text

    a = unit.activation
    cost = (
        (_("loss L = −ln a"), f"−ln {four(a)}")
        if example.target
        else (
            _("loss L = −ln(1 − a)"),
            f"−ln(1 − {four(a)})",
        )
    )
    rows = (
        (_("sum z = w₁x₁ + w₂x₂ + b"), f"{one(w1)}·{one(x1)} + {one(w2)}·{one(x2)} + {one(unit.bias)}", unit.sum),
        (_("activation a = σ(z)"), f"1 / (1 + exp {four(-unit.sum)})", a),
        (*cost, example.loss),
        (_("slope ∂L/∂z = a − y"), f"{four(a)} − {example.target}", example.delta),
        (_("slope ∂L/∂w₁ = (a − y)·x₁"), f"{four(example.delta)}·{one(x1)}", example.slope),
        (_("new w₁ ← w₁ − α·∂L/∂w₁"), f"{one(w1)} − {example.rate:g}·{four(example.slope)}", example.weight_after),
    )
    return tuple((name, calculation, language.decimal(value, 4)) for name, calculation, value in rows)
