"""Which letters the report's own fonts have; print knows no others, so that a page is the same on every machine."""

from functools import cache

from report.assets import TEMPLATES


def printable(text: str) -> bool:
    """Whether the PDF can show all letters of a text."""
    return _letters().issuperset(text)


@cache
def _letters() -> frozenset[str]:
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # it has no type hints

    fonts = [TTFont(path, lazy=True) for path in sorted((TEMPLATES / "fonts").glob("*.ttf"))]
    return frozenset(chr(code) for font in fonts for code in font.getBestCmap())
