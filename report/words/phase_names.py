"""The names of phases where they stand alone."""

from quadnet.phases import Phase

from .language import Language


def kind(phase: Phase, language: Language) -> str:
    """What kind of phase it is, and whether it is open."""
    _ = language.gettext
    if phase.open:
        return _("open descent") if phase.kind == "descent" else _("open plateau")
    if phase.kind == "descent":
        return _("descent")
    return _("shoulder") if phase.grade == "shoulder" else _("plateau")
