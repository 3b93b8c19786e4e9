"""Which letters the report's own fonts have; print knows no others, so that a page is the same on every machine."""

import unicodedata
from collections.abc import Collection
from functools import cache

from quadnet.config import Config
from quadnet.errors import ConfigurationError
from quadnet.text import line

from ..assets import TEMPLATES

_UNSEEN = (0x200C, 0x200D, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))  # joiners, and which form a letter has
_PICTURES = ("So", "Sk", "Cn", "Cf")  # of emoji, their skin tones, those younger than Python's tables, and flags' tags


def lacking(text: str) -> str:
    """The letters of a text that the PDF cannot show, each once."""
    if text.isascii():
        return ""
    return "".join(letter for letter in dict.fromkeys(text) if letter not in _letters())


def printed(name: str) -> str:
    """What the PDF shows of a name: all but emoji, or nothing if it lacks letters that the name is made of."""
    if not (odd := lacking(name)):
        return name
    pictures = {letter for letter in odd if unicodedata.category(letter) in _PICTURES}
    rest = line("".join(letter for letter in name if letter not in pictures))
    return "" if lacking(rest) else rest.strip("\u200d\ufe0f ")


def check_title(config: Config, formats: Collection[str]) -> None:
    """Refuses a title that the PDF cannot show, if one is wanted.

    Args:
        config: The experiment.
        formats: Which pages are made.

    Raises:
        ConfigurationError: It has letters that no font of ours has; names them.
    """
    if "pdf" in formats and (odd := lacking(config.report.title)):
        raise ConfigurationError(
            f"report.title: the PDF has no font for {named(odd)}; write it in other letters, or make --to html alone"
        )


def named(letters: str) -> str:
    """Some letters, as messages name them."""
    shown = [f"{letter} (U+{ord(letter):04X})" for letter in letters[:5]]
    return ", ".join([*shown, *(["…"] if len(letters) > 5 else [])])


@cache
def _letters() -> frozenset[str]:
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # it has no type hints

    letters = set(map(chr, _UNSEEN))
    for path in sorted((TEMPLATES / "fonts").glob("*.ttf")):
        with TTFont(path, lazy=True) as font:
            letters |= set(map(chr, font.getBestCmap()))
    return frozenset(letters)
