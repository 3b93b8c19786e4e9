"""Which class a rule gives to each point of the plane, with the points that it was made for.

Drawing hundreds of markers is slow, and all panels of a report show the same ones: they are drawn once, as a layer that
is laid over the tints of each panel.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from quadnet.arrays import FloatArray, IntArray
from quadnet.config import CLASSES
from quadnet.dataset import Dataset
from report.assets import TEMPLATES
from report.figures import style

Rule = Callable[[FloatArray], IntArray]
Picture = NDArray[np.uint8]

_PIXELS_PER_MM = 8
_PIXELS_PER_CELL = 2  # the rule is asked once for so many pixels a side
_MOST_POINTS = 4000  # more would only make a blot
_TINTS = np.array([[round(255 * part) for part in to_rgb(tint)] for tint in style.CLASS_TINTS], dtype=np.uint8)


@dataclass(frozen=True)
class Canvas:
    """What the panels of one size share.

    Attributes:
        side: Of the square, in millimetres.
        left: Coordinate of the left edge.
        bottom: Coordinate of the lower edge.
        width: Of the square, in coordinates.
        points: The points by marker and colour of their label, shape (pixels, pixels, 4), colours times opacity.
    """

    side: float
    left: float
    bottom: float
    width: float
    points: Picture


def canvas(dataset: Dataset, side: float) -> Canvas:
    """A square window with every point of the data inside.

    Args:
        dataset: The points.
        side: In millimetres.
    """
    low, high = dataset.points.min(axis=0), dataset.points.max(axis=0)
    centres = dataset.mixture.centres
    width = max(1.06 * float((high - low).max()), 1.5 * float((centres.max(axis=0) - centres.min(axis=0)).max()), 1e-3)
    left, bottom = ((low + high - width) / 2).tolist()
    with style.applied():
        figure = style.canvas(side, side)
        figure.set_facecolor("none")
        axes = style.place(figure, 0, 0, side, side)
        axes.axis("off")
        axes.set(xlim=(left, left + width), ylim=(bottom, bottom + width))
        shown = slice(None, None, -(-len(dataset.labels) // _MOST_POINTS))
        points, labels = dataset.points[shown], dataset.labels[shown]
        for c, (colour, marker) in enumerate(zip(style.CLASS_COLOURS, style.CLASS_MARKERS, strict=True)):
            (line,) = axes.plot(*points[labels == c].T, marker, color=colour, markersize=side / 17)
            line.set(markeredgecolor="white", markeredgewidth=side / 220)
        figure.set_dpi(_PIXELS_PER_MM * 25.4)
        agg: Any = FigureCanvasAgg(figure)  # has no types
        agg.draw()
    straight = np.asarray(agg.buffer_rgba()).astype(np.uint16)
    straight[..., :3] = straight[..., :3] * straight[..., 3:] // 255
    return Canvas(side, left, bottom, width, straight.astype(np.uint8))


def panel(canvas: Canvas, rule: Rule) -> Picture:
    """The regions as tints, with their class written in, under the points; shape (pixels, pixels, 3).

    Args:
        canvas: The window and its points.
        rule: Gives the class, shape (n,), of points of shape (n, 2).
    """
    pixels = canvas.points.shape[0]
    cells = pixels // _PIXELS_PER_CELL
    places = (np.arange(cells) + 0.5) * canvas.width / cells
    grid = np.stack(np.meshgrid(canvas.left + places, canvas.bottom + places[::-1]), axis=-1)
    classes = rule(grid.reshape(-1, 2)).reshape(cells, cells)
    picture = _TINTS[classes].repeat(_PIXELS_PER_CELL, axis=0).repeat(_PIXELS_PER_CELL, axis=1)
    points = canvas.points
    picture = (picture * (255 - points[..., 3:].astype(np.uint16)) // 255).astype(np.uint8) + points[..., :3]
    image = Image.fromarray(picture)
    pen, font = ImageDraw.Draw(image), _font(pixels // 7)
    for c in range(CLASSES):
        rows, columns = np.nonzero(classes == c)
        if rows.size:
            inside = ((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2).argmin()
            place = (int(columns[inside]) * _PIXELS_PER_CELL, int(rows[inside]) * _PIXELS_PER_CELL)
            outline = {"stroke_width": pixels // 80, "stroke_fill": tuple(_TINTS[c].tolist())}
            pen.text(place, str(c), fill=style.INK, font=font, anchor="mm", **outline)
    return np.asarray(image)


def png(picture: Picture) -> bytes:
    """A picture as a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG", compress_level=4)  # half the time of 6, a few per cent larger
    return buffer.getvalue()


def with_scale(canvas: Canvas, picture: Picture) -> Figure:
    """A picture with its coordinates at the edges."""
    figure = style.canvas(canvas.side + 8, canvas.side + 6)
    axes = style.place(figure, 6.5, 5, canvas.side, canvas.side)
    right, top = canvas.left + canvas.width, canvas.bottom + canvas.width
    axes.imshow(picture, extent=(canvas.left, right, canvas.bottom, top), interpolation="none")
    axes.locator_params(nbins=5)
    axes.tick_params(pad=1.5)
    for spine in axes.spines.values():
        spine.set_visible(True)
    return figure


def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(TEMPLATES / "fonts" / "QuadnetSans-SemiBold.ttf", size)
