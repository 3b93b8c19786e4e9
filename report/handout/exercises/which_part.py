"""Which groups of classes the network has told apart on a plateau."""

from quadnet.config import CLASSES
from quadnet.evidence import MERGED
from quadnet.lesson import PLACES, Lesson, groups
from quadnet.mixture import Partition

from ...words.language import Language
from .exercise import Answer, Exercise, marking, worth


def make(lesson: Lesson, language: Language) -> Exercise | None:
    """Makes the exercise of a run, or none if the run has no material for it."""
    _ = language.gettext
    look = lesson.parting
    if look is None:
        return None
    rows = look.means.tolist()
    found = groups(rows)
    alone = [group[0] for group in found if len(group) == 1]
    facts = {
        "epoch": language.integer(look.epoch),
        "least": language.decimal(MERGED, PLACES),
        "groups": _set_text(found),
    }
    if sorted(map(len, found)) == [1, CLASSES - 1]:
        comment = _(
            "(b) Here it is so: class %(one)s alone is told apart from the other three, which are still one group."
        ) % {"one": alone[0]}
    elif alone:
        comment = _(
            "(b) This table cannot tell: at its moment %(count)s classes, %(list)s, are each unlike all others, and "
            "which of them came first it does not show."
        ) % {"count": len(alone), "list": language.enumeration([str(c) for c in alone])}
    else:
        comment = _("(b) No: the classes come apart in pairs; at this moment none is told apart from all others.")
    marks = (
        (2, _("(a), or half of them if a single pair is judged wrongly")),
        (2, _("(b) with a reason from (a)")),
    )
    return Exercise(
        key="which-part",
        title=_("Which classes part first"),
        points=worth(marks),
        question=(
            _(
                "The table gives the mean outputs for the points of each class after %(epoch)s epochs. Two classes are "
                "alike if their rows differ by less than %(least)s in every column. Classes that are alike, or that "
                "are both like a third, form a group; a class that is like no other is a group of its own."
            )
            % facts,
            _("(a) Which groups are there?"),
            _("(b) It is often said that such a network learns one class after another. Is that so here?"),
        ),
        given=(
            (_("class"), *(_("output %(k)s") % {"k": k} for k in range(CLASSES))),
            *((str(c), *(language.decimal(v, PLACES) for v in row)) for c, row in enumerate(rows)),
        ),
        space=4,
        answers=(Answer(_("(a) groups"), facts["groups"], None, facts["groups"]),),
        solution=(_("(a) The groups are %(groups)s.") % facts, comment),
        marking=marking(marks, language),
        mistakes=(
            _("Columns are compared instead of rows."),
            _("The largest output of each row is read as the answer, although rows may differ elsewhere."),
        ),
    )


def _set_text(partition: Partition) -> str:
    """Groups such as {0, 2} {1} {3}."""
    return " ".join("{" + ", ".join(map(str, group)) + "}" for group in partition)
