"""What all figures share: sizes, colours, fonts, and the way to SVG. Nothing here changes matplotlib's global state
but the registration of the fonts, which are the pages' own.
"""

import io
import math
import re
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import matplotlib
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator
from matplotlib.transforms import Bbox, BboxTransform, Transform

from ..assets import TEMPLATES
from ..words.language import superscript

# Ink and class colours are those of the style sheet, where each has a name; a page may recolour the drawing by them.
INK = "#1f2328"
MUTED = "#656d76"
FAINT = "#d0d7de"
PAPER = "#ffffff"
BAND = "#f3f1ea"
ACCENT = "#8a3b12"
CLASS_COLOURS = ("#0b5fa5", "#b4530a", "#3f7d20", "#7a3e9d")
CLASS_TINTS = ("#d3e5f5", "#fff0d9", "#b9d6a8", "#c9aedb")
CLASS_MARKERS = ("o", "s", "^", "D")
CLASS_LINES = ((0.0, (1.0, 0.0)), (0.0, (5.0, 2.0)), (0.0, (1.0, 1.0)), (0.0, (4.0, 1.0, 1.0, 1.0)))

ROLES = {
    INK: "--ink",
    MUTED: "--muted",
    FAINT: "--rule",
    PAPER: "--paper",
    BAND: "--band",
    ACCENT: "--accent",
    **{colour: f"--class-{c}" for c, colour in enumerate(CLASS_COLOURS)},
}

_HAN = re.compile("[\u3000-\u9fff\uff00-\uffef]")  # Chinese characters and punctuation
_RASTER_DPI = 240  # of artists that ask to be rasterised
_STYLE: dict[Any, Any] = {
    "font.family": ["Quadnet Sans", "Quadnet Han"],
    "font.size": 8,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.labelsize": 8,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "lines.linewidth": 1.2,
    "lines.solid_capstyle": "round",
    "path.simplify_threshold": 0.3,
    "text.color": INK,
    "xtick.color": MUTED,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 7.5,
    "xtick.major.size": 3,
    "xtick.major.width": 0.6,
    "xtick.minor.size": 1.5,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 7.5,
    "ytick.major.size": 3,
    "ytick.major.width": 0.6,
    "ytick.minor.size": 1.5,
    "svg.fonttype": "none",
}


@contextmanager
def applied() -> Iterator[None]:
    """The pages' style over matplotlib's defaults, whatever the user's own settings are."""
    _register_fonts()
    with matplotlib.rc_context():
        dict[Any, Any].update(matplotlib.rcParams, _settings())  # they are valid already; checking all again takes long
        yield


def draw(name: str, figure: Callable[[], Figure], behind: str = "") -> bytes:
    """Draws a figure in the pages' style.

    Args:
        name: Unique among the figures of a page; keeps their SVG ids apart.
        figure: Makes the figure; called inside the style.
        behind: SVG elements that lie under it.

    Returns:
        The SVG, the same for the same drawing.
    """
    with applied():
        matplotlib.rcParams["svg.hashsalt"] = name
        buffer = io.BytesIO()
        nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
        figure().savefig(buffer, format="svg", dpi=_RASTER_DPI, metadata=nothing)
    svg = buffer.getvalue().decode()
    svg = _plain(svg[svg.index("<svg") :]).replace("</defs>", f"</defs>{behind}", 1)
    # The Chinese font is named only where it draws something, with any other in its place for a drawing on its own.
    svg = svg.replace(", 'Quadnet Han'", ", 'Quadnet Han', sans-serif" if _HAN.search(svg) else "")
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    return re.sub(r'(url\(|href=")#', rf"\1#{name}-", svg).encode()


def _plain(svg: str) -> str:
    """Without the groups that have a name at most, and without turns by 0°: each takes its time in print."""
    open_groups: list[bool] = []  # whether each is kept

    def kept(tag: re.Match[str]) -> str:
        if tag[0] == "</g>":
            return tag[0] if open_groups.pop() else ""
        needed = tag["idle"] is None
        if not tag[0].endswith("/>"):
            open_groups.append(needed)
        return tag[0] if needed else ""

    svg = re.sub(r' transform="rotate\(-?0 [^"]*"', "", svg)
    return re.sub(r'(?P<idle><g(?: id="[^"]*")?/?>)|<g [^>]*>|</g>', kept, svg)


def canvas(width: float, height: float) -> Figure:
    """An empty figure.

    Args:
        width: In millimetres.
        height: In millimetres.
    """
    return Figure(figsize=(width / 25.4, height / 25.4), dpi=72)


def place(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """New axes at a place given in millimetres from the figure's lower left corner."""
    whole_width, whole_height = figure.get_size_inches() * 25.4
    return figure.add_axes((left / whole_width, bottom / whole_height, width / whole_width, height / whole_height))


def plane(
    figure: Figure, box: tuple[float, float, float, float], x: tuple[float, float], y: tuple[float, float]
) -> Transform:
    """Two scales without axes: the way from coordinates to the figure.

    Args:
        figure: Where they lie.
        box: Left, bottom, width and height in millimetres from the figure's lower left corner.
        x: The coordinates of the left and right edge.
        y: The coordinates of the lower and upper edge.
    """
    whole_width, whole_height = figure.get_size_inches() * 25.4
    left, bottom, width, height = box
    target = Bbox.from_bounds(left / whole_width, bottom / whole_height, width / whole_width, height / whole_height)
    source = Bbox.from_extents(x[0], y[0], x[1], y[1])
    return BboxTransform(source, target) + figure.transSubfigure


def decades(axis: Axis) -> None:
    """Gives a logarithmic axis its powers of ten as plain text and no small ticks: both cost time and say little."""

    def label(value: float, _: int) -> str:
        # matplotlib asks for ticks beyond the axis, too, and there it may run out of numbers
        return power_of_ten(round(math.log10(value))) if 0 < value < math.inf else ""

    axis.set_major_formatter(FuncFormatter(label))
    axis.set_minor_locator(NullLocator())


def loss_scale(axes: Axes, first: float, top: float) -> None:
    """A loss axis from zero; a logarithmic one where the loss rises far above its start.

    Args:
        axes: With the curves in place.
        first: Loss at the start.
        top: The highest loss.
    """
    if top > 10 * max(first, 1e-300):
        axes.set_yscale("log")
        low, high = axes.get_ylim()
        power = float("1e" + f"{high:.16e}".partition("e")[2])
        axes.set_ylim(min(low, power), high)  # so that one power of ten at least is marked
        decades(axes.yaxis)
    else:
        axes.set_ylim(0, top * 1.07 or 1)


def wrap(text: str, letters: int) -> str:
    """The text in lines of at most so many letters, but for words that are longer.

    A line may end before any Chinese character, which is as wide as two letters, but not before a mark of punctuation.
    """
    if not _HAN.search(text):
        return "\n".join(textwrap.wrap(text, letters, break_long_words=False))
    letters -= 2  # lines of words end short of the width on their own
    lines = [""]
    for piece in re.findall(rf"\s*(?:{_HAN.pattern}|[^\s{_HAN.pattern[1:-1]}]+)[，。、；：）]*", text):
        if len(lines[-1] + piece) + len(_HAN.findall(lines[-1] + piece)) > letters and lines[-1]:
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    return "\n".join(lines)


def power_of_ten(exponent: int) -> str:
    """1, 10, 100, 1000, or 10 with a raised exponent."""
    return str(10**exponent) if 0 <= exponent <= 4 else "10" + superscript(exponent)


@cache
def _settings() -> dict[str, Any]:
    settings = matplotlib.rcParamsDefault.copy()
    settings.update(_STYLE)
    # As a plain dictionary: the other way of reading them takes long, and resolves the backend.
    return {key: value for key, value in dict[Any, Any].items(settings) if key != "backend"}


@cache
def _register_fonts() -> None:
    for path in sorted((TEMPLATES / "fonts").glob("Quadnet[SH]an*.ttf")):
        font_manager.fontManager.addfont(path)
