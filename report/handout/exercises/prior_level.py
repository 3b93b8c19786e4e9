"""The loss of outputs that know how frequent the classes are and nothing else."""

import math

from quadnet.config import CLASSES
from quadnet.lesson import Lesson
from quadnet.mixture import merged_level

from ...words.language import Language, subscript
from .exercise import Answer, Exercise, marking, worth


def make(lesson: Lesson, language: Language) -> Exercise:
    """Makes the exercise of a run."""
    _ = language.gettext
    shares = lesson.dataset.mixture.shares.tolist()
    counts = lesson.config.data.counts
    level = merged_level(lesson.dataset.mixture.shares)
    even = len(set(counts)) == 1
    printed = [language.decimal(share, 3) for share in shares]
    facts = {
        "counts": language.enumeration([language.integer(count) for count in counts]),
        "all": language.integer(sum(counts)),
        "level": language.decimal(level, 4),
        "shares": printed[0] if even else language.enumeration(printed),
        "half": language.decimal(CLASSES * math.log(2), 4),
        "phase": "" if lesson.prior is None else str(lesson.prior + 1),
        "softmax": language.decimal(-sum(share * math.log(share) for share in shares), 4),
    }
    later = _(
        "A little later the outputs still do not look at the point, but they are no longer ½: for every point they are "
        "the same four numbers p₀, p₁, p₂, p₃. Classes 0 to 3 have %(counts)s points."
    )
    supposed = _(
        "Suppose that the outputs do not look at the point and need not be ½: for every point they are the same four "
        "numbers p₀, p₁, p₂, p₃. Classes 0 to 3 have %(counts)s points."
    )
    question = [
        (supposed if lesson.prior is None else later) % facts,
        _("(a) Which numbers make the loss smallest? Set its derivative with respect to each of them to 0."),
        _("(b) How large is the loss then?"),
    ]
    solution = [
        _(
            "(a) Let π be the share of a class and p its output. That output costs −π ln p − (1 − π) ln(1 − p) on "
            "average; the derivative −π/p + (1 − π)/(1 − p) is 0 at p = π. So the outputs are the class shares: "
            "%(shares)s."
        )
        % facts,
        _("(b) The sum of the four entropies −π ln π − (1 − π) ln(1 − π) is %(level)s.") % facts,
    ]
    marks = [
        (2, _("(a) the derivative, and the class shares as its zero")),
        (2, _("(b) both terms of the entropy, and the sum over the outputs")),
    ]
    answers = [
        Answer(_("(a) p%(k)s") % {"k": subscript(k)}, shares[k], 0.001, printed[k])
        for k in range(1 if even else CLASSES)
    ]
    answers.append(Answer(_("(b) loss"), level, 0.001, facts["level"]))
    if lesson.prior is not None:
        question.append(_("(c) Which phase of the loss curve lies at this level?"))
        answers.append(Answer(_("(c) number of the phase"), lesson.prior + 1.0, 0.0, facts["phase"]))
        solution.append(
            _(
                "(c) Phase %(phase)s. So in the first drop of the loss the network learns how frequent the classes "
                "are, not where they lie."
            )
            % facts
        )
        marks.append((1, _("(c)")))
    return Exercise(
        key="prior-level",
        title=_("What the outputs can know without looking"),
        points=worth(marks),
        question=tuple(question),
        given=(),
        space=6,
        answers=tuple(answers),
        solution=tuple(solution),
        marking=marking(marks, language),
        mistakes=(
            _("The term (1 − π) ln(1 − π) is forgotten, which gives %(softmax)s.") % facts,
            _("It is thought that the network must call all points one class; the outputs only say the shares."),
        ),
    )
