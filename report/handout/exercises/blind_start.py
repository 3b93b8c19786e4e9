"""The loss of outputs that are all one half."""

import math

from quadnet.claims import BLIND
from quadnet.config import CLASSES
from quadnet.lesson import Lesson

from ...words.language import Language
from .exercise import Answer, Exercise, marking, worth


def make(lesson: Lesson, language: Language) -> Exercise:
    """Makes the exercise of a run."""
    _ = language.gettext
    loss = CLASSES * math.log(2)
    facts = {
        "classes": str(CLASSES),
        "ln2": language.decimal(math.log(2), 5),
        "loss": language.decimal(loss, 4),
        "measured": language.decimal(float(lesson.history.loss[0]), 4),
        "one_hot": language.decimal(2 * math.log(2), 4),
    }
    start = _("The run itself starts at %(measured)s.")
    if abs(lesson.history.loss[0] / loss - 1) > BLIND:
        start = _("The run itself starts at %(measured)s: its weights are not close to 0.")
    marks = (
        (1, _("(a) ln 2 as the cost of one output")),
        (1, _("(a) the sum over the outputs")),
        (1, _("(b) the terms for the labels 0 and 1 are equal")),
    )
    return Exercise(
        key="blind-start",
        title=_("A blind start"),
        points=worth(marks),
        question=(
            _(
                "With weights and biases close to 0 every output is close to ½, whatever the point. Suppose it is "
                "exactly ½."
            ),
            _("(a) Compute the loss L by hand, with ln 2 = %(ln2)s.") % facts,
            _("(b) Why do the labels not matter for it?"),
        ),
        given=(),
        space=3,
        answers=(Answer(_("(a) loss L"), loss, 0.001, facts["loss"]),),
        solution=(
            _(
                "(a) An output of ½ costs −ln ½ = ln 2 if its label is 1, and −ln(1 − ½) = ln 2 if it is 0. So every "
                "point costs %(classes)s ln 2 = %(loss)s, and so does their mean. (b) Both terms are equal, so it does "
                "not matter which output has the 1."
            )
            % facts,
            start % facts,
        ),
        marking=marking(marks, language),
        mistakes=(
            _("Only the output of the true class is counted, which gives ln 2."),
            _("The outputs are taken as ¼, as if they had to sum to 1; they are separate sigmoids."),
        ),
    )
