"""How many parameters the network has."""

from itertools import pairwise

from quadnet.lesson import Lesson

from ...words.language import Language
from .exercise import Answer, Exercise, marking, worth


def make(lesson: Lesson, language: Language) -> Exercise:
    """Makes the exercise of a run."""
    _ = language.gettext
    pairs = tuple(pairwise(lesson.config.network.widths))
    count = sum((below + 1) * units for below, units in pairs)
    facts = {
        "shape": "-".join(map(str, lesson.config.network.widths)),
        "count": language.integer(count),
        "sum": " + ".join(f"({below} + 1)·{units}" for below, units in pairs),
        "without": language.integer(sum(below * units for below, units in pairs)),
    }
    marks = (
        (1, _("the weights")),
        (1, _("the biases and the sum")),
    )
    return Exercise(
        key="parameters",
        title=_("How much there is to learn"),
        points=worth(marks),
        question=(
            _("How many parameters, weights and biases together, has the %(shape)s network? Count layer by layer.")
            % facts,
        ),
        given=(),
        space=2,
        answers=(Answer(_("parameters"), float(count), 0.0, facts["count"]),),
        solution=(
            _("Each unit has a weight for every unit of the layer before and one bias: %(sum)s = %(count)s.") % facts,
        ),
        marking=marking(marks, language),
        mistakes=(_("The biases are left out: %(without)s.") % facts,),
    )
