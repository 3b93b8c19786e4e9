"""A drawing with the words that go with it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import style

if TYPE_CHECKING:
    import matplotlib.figure


@dataclass(frozen=True)
class Figure:
    """A drawing with what it says to those who cannot see it.

    Attributes:
        key: Its anchor in the page.
        file: Name of its file, which tells by its ending whether it is SVG or PNG.
        content: The file.
        alt: What it shows, in words.
        caption: What stands below it.
    """

    key: str
    file: str
    content: bytes
    alt: str
    caption: str


def drawn(
    key: str, figure: Callable[[], "matplotlib.figure.Figure"], alt: str, caption: str, behind: str = ""
) -> Figure:
    """Draws a figure as SVG.

    Args:
        key: Its anchor, and the name of its file.
        figure: Makes it.
        alt: What it shows, in words.
        caption: What stands below it.
        behind: SVG that lies behind the drawing.
    """
    return Figure(key, f"{key}.svg", style.draw(key, figure, behind), alt, caption)
