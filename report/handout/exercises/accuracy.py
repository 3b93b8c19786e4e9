"""A formula for the accuracy that is always 1."""

from quadnet.config import CLASSES
from quadnet.lesson import Lesson

from ...words.language import Language
from .exercise import Answer, Exercise, marking, worth


def make(lesson: Lesson, language: Language) -> Exercise:
    """Makes the exercise of a run."""
    _ = language.gettext
    matrix = lesson.final.confusion.tolist()
    samples = sum(map(sum, matrix))
    right = sum(matrix[c][c] for c in range(CLASSES))
    facts = {
        "samples": language.integer(samples),
        "right": language.integer(right),
        "accuracy": language.decimal(right / samples, 4),
        "diagonal": " + ".join(str(matrix[c][c]) for c in range(CLASSES)),
    }
    marks = (
        (1, _("(a)")),
        (1, _("(b)")),
        (2, _("(c) the labels are missing, and where they belong")),
    )
    return Exercise(
        key="accuracy",
        title=_("An accuracy that is always the same"),
        points=worth(marks),
        question=(
            _(
                "The table counts the %(samples)s training points by label and by the class that the trained network "
                "names."
            )
            % facts,
            _("(a) Compute the accuracy."),
            _(
                "(b) A program computes the accuracy as the share of points for which “argmax A equals argmax A”, "
                "where argmax A is the class of the largest output. What does it print for a network that has not been "
                "trained at all?"
            ),
            _("(c) What is wrong, and what should be compared?"),
        ),
        given=(
            (_("label"), *(_("named %(k)s") % {"k": k} for k in range(CLASSES))),
            *((str(c), *map(language.integer, row)) for c, row in enumerate(matrix)),
        ),
        space=4,
        answers=(
            Answer(_("(a) accuracy"), right / samples, 0.0006, facts["accuracy"]),
            Answer(_("(b) what it prints"), 1.0, 0.0, language.decimal(1.0, 1)),
        ),
        solution=(
            _("(a) On the diagonal stand those named rightly: (%(diagonal)s) / %(samples)s = %(accuracy)s.") % facts,
            _(
                "(b) 1, for any network and any labels. (c) It compares the prediction with itself and never looks at "
                "the labels; argmax A must be compared with y."
            ),
        ),
        marking=marking(marks, language),
        mistakes=(_("The formula is believed because it looks like a comparison: try it on random labels."),),
    )
