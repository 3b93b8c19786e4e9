"""What the teaching note would say of each phase of a run, in the project's own words."""

from collections.abc import Sequence

from quadnet.config import CLASSES

from .language import Language
from .phases import Chapter

_CLAIMS = {
    "drop": ("N4a", "N4b"),
    "learnt": ("N4a", "N4b"),
    "stuck": ("N5", "N6a", "N8a", "N8b"),
    "found": ("N6b",),
    "again": ("N7",),
    "more": ("N7",),
    "done": ("N9",),
    "early": (),
    "cut": (),
}


def role(chapter: Chapter, chapters: Sequence[Chapter]) -> str:
    """Which part a phase has in the note's story.

    Args:
        chapter: The phase.
        chapters: All phases of the run.
    """
    before = chapters[: chapter.number - 1]
    if before and before[0].phase.kind == "plateau":
        before = before[1:]  # a slow start, which the note does not know
    plateaus = sum(each.phase.kind == "plateau" for each in before)
    if chapter.phase.kind == "plateau":
        if not before:
            return "early"
        if chapter.phase.open and len(chapter.snapshot.partition) == CLASSES:
            return "done"
        return "again" if plateaus else "stuck"
    if chapter.phase.open and before:
        return "cut"
    if not before:
        return "drop" if len(chapter.snapshot.partition) == 1 else "learnt"
    return "found" if plateaus == 1 else "more"


def explanation(chapter: Chapter, chapters: Sequence[Chapter], language: Language) -> str:
    """The note's explanation of a phase, or that it has none."""
    _ = language.gettext
    return {
        "drop": _(
            "At first the network can only guess. Then it notices that one and the same answer for all points already "
            "costs less, and the loss drops sharply."
        ),
        "learnt": _(
            "In the note’s story the first drop only finds one answer for all points; it has no drop that tells "
            "classes apart at once."
        ),
        "stuck": _(
            "Now no small change of the weights makes the loss smaller: the network is stuck. Yet the weights drift "
            "on, like a ball on level ground."
        ),
        "found": _(
            "The weights have drifted to where another answer for some of the points pays. The network learns that "
            "class, and the loss drops quickly."
        ),
        "again": _("The network is stuck once more, until it finds the next class."),
        "more": _("One more class is found and learnt, as the ones before it."),
        "done": _("All classes are learnt. Every point is named rightly: accuracy 1.0."),
        "early": _("The note’s curve starts with a drop and leaves plateaus again; it has no phase like this one."),
        "cut": _("The note’s curve comes to rest in the end; it has no phase like this one."),
    }[role(chapter, chapters)]


def claims(chapter: Chapter, chapters: Sequence[Chapter]) -> tuple[str, ...]:
    """Numbers of the claims that the explanation makes."""
    return _CLAIMS[role(chapter, chapters)]
