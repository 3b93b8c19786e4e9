"""Which letters the report's own fonts have; print knows no others, so that a page is the same on every machine."""

from functools import cache

from report.assets import TEMPLATES


def printable(text: str) -> bool:
    """Whether the PDF can show all letters of a text."""
    return _letters().issuperset(text)


@cache
def _letters() -> frozenset[str]:
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # it has no type hints

    letters: set[str] = set()
    for path in sorted((TEMPLATES / "fonts").glob("*.ttf")):
        with TTFont(path, lazy=True) as font:
            letters |= set(map(chr, font.getBestCmap()))
    return frozenset(letters)
