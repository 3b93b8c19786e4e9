"""An accuracy beside the best that is possible."""

from quadnet.lesson import Lesson

from ...words.language import Language
from .exercise import Answer, Exercise, marking, worth


def make(lesson: Lesson, language: Language) -> Exercise | None:
    """Makes the exercise of a run, or none if the run has no material for it."""
    _ = language.gettext
    known = lesson.right_coordinate
    if known is None:
        return None
    z, exact = known
    right = round(exact, 4)  # as it stands on paper
    best = right * right
    reached = lesson.final.accuracy
    facts = {
        "a": f"{lesson.config.data.centres[0][0]:g}",
        "s": f"{lesson.config.data.spread:g}",
        "phi": language.decimal(right, 4),
        "z": f"{z:.4g}",
        "best": language.decimal(best, 4),
        "reached": language.decimal(reached, 4),
        "twice": language.decimal(2 * right - 1, 4),
    }
    if reached > best:
        comment = _(
            "(b) The network has %(reached)s, more than the best can expect. %(best)s is an expectation, and a sample "
            "can lie above it: the draw is a lucky one, or the network has fitted its accidents. Many fresh points "
            "tell."
        )
        sample = _("(b) a sample is not an expectation")
    else:
        comment = _("(b) The network has %(reached)s, so it stays below the best that can be expected.")
        sample = _("(b) both figures, and which is the larger")
    marks = (
        (2, _("(a) the square of the given probability")),
        (2, sample),
    )
    return Exercise(
        key="bayes-rule",
        title=_("The best that is possible"),
        points=worth(marks),
        question=(
            _(
                "The best rule names the quadrant in which a point lies. Each coordinate of a point is normal around "
                "±%(a)s with standard deviation %(s)s, independent of the other, so it has the sign of its centre with "
                "probability Φ(%(a)s/%(s)s) = Φ(%(z)s) = %(phi)s."
            )
            % facts,
            _("(a) With what probability is the best rule right?"),
            _("(b) Compare this with the accuracy of the trained network. How do the two go together?"),
        ),
        given=(),
        space=4,
        answers=(Answer(_("(a) probability"), best, min(0.0005, (1 - right) * (1 - right) / 2), facts["best"]),),
        solution=(_("(a) Both signs must be right: %(phi)s² = %(best)s.") % facts, comment % facts),
        marking=marking(marks, language),
        mistakes=(_("The errors are added, 1 − 2(1 − %(phi)s) = %(twice)s, which counts some points twice.") % facts,),
    )
