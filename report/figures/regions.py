"""Which class a rule gives to each point of the plane, with the points that it was made for.

Drawing hundreds of markers is slow, and all panels of a report show the same ones: they are drawn once, as a layer that
is laid over the tints of each panel.
"""

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw, ImageFont

from quadnet.arrays import FloatArray, IntArray
from quadnet.config import CLASSES
from quadnet.dataset import Dataset

from ..assets import TEMPLATES
from . import style

Rule = Callable[[FloatArray], IntArray]
Picture = NDArray[np.uint8]

_PIXELS_PER_MM = 8
_PIXELS_PER_CELL = 2  # the rule is asked once for so many pixels a side
_MOST_POINTS = 4000  # more would only make a blot
_SCALE = (6.5, 5.0)  # millimetres left of a picture and below it, for its coordinates
_FINER = 3  # times the pixels a side, to draw marks with soft edges
_TINTS = np.array([ImageColor.getrgb(tint) for tint in style.CLASS_TINTS], dtype=np.uint8)


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
    shown = slice(None, None, -(-len(dataset.labels) // _MOST_POINTS))
    pixels = round(side * _PIXELS_PER_MM)
    places = (dataset.points[shown] - [left, bottom]) * [1, -1] / width * pixels + [0, pixels]
    marks = _marks(places, dataset.labels[shown], pixels, size=pixels / 48, edge=pixels / 620)
    return Canvas(side, left, bottom, width, marks)


def _marks(places: FloatArray, labels: IntArray, pixels: int, size: float, edge: float) -> Picture:
    """The points as marks of their class with a white edge, drawn larger and reduced; all lengths in pixels."""
    # Four plain channels, whatever their names: with RGBA Pillow would first multiply colours by opacity, here 0 or 1.
    image = Image.new("CMYK", (pixels * _FINER, pixels * _FINER))
    pen = ImageDraw.Draw(image)
    for c in range(CLASSES):
        inner, outer = (_outline(style.CLASS_MARKERS[c], _FINER * (size + more)) for more in (-edge, edge))
        for place in places[labels == c]:
            for outline, colour in ((outer, "white"), (inner, style.CLASS_COLOURS[c])):
                pen.polygon((outline + place * _FINER).ravel().tolist(), fill=(*ImageColor.getrgb(colour)[:3], 255))
    return np.asarray(image.reduce(_FINER))


@cache
def _outline(marker: str, size: float) -> FloatArray:
    """The corners of a marker around its centre, shape (corners, 2); y points down."""
    turns = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    corners: dict[str, FloatArray] = {
        "o": np.stack([np.cos(turns), np.sin(turns)], axis=1),
        "s": np.array([(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)]),
        "^": np.array([(0.0, -1.0), (1.0, 1.0), (-1.0, 1.0)]),
        "D": np.array([(0.0, -1.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0)]) * np.sqrt(2),
    }
    return corners[marker] * (size / 2)


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


def blank(canvas: Canvas, centres: FloatArray) -> Picture:
    """The points on white paper with the label of each class at its centre; shape (pixels, pixels, 3).

    Args:
        canvas: The window and its points.
        centres: Shape (4, 2).
    """
    pixels = canvas.points.shape[0]
    image = Image.fromarray(255 - canvas.points[..., 3:] + canvas.points[..., :3])
    pen, font = ImageDraw.Draw(image), _font(pixels // 9)
    for c, (x, y) in enumerate(((centres - [canvas.left, canvas.bottom]) / canvas.width * pixels).tolist()):
        halo = {"stroke_width": pixels // 70, "stroke_fill": style.PAPER}
        pen.text((x, pixels - y), str(c), fill=style.INK, font=font, anchor="mm", **halo)
    return np.asarray(image)


def png(picture: Picture) -> bytes:
    """A picture as a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG", compress_level=4)  # half the time of 6, a few per cent larger
    return buffer.getvalue()


def scale(canvas: Canvas) -> Figure:
    """The coordinates around a picture, which `behind` is put behind."""
    figure = style.canvas(canvas.side + _SCALE[0] + 1.5, canvas.side + _SCALE[1] + 1)
    axes = style.place(figure, *_SCALE, canvas.side, canvas.side)
    right, top = canvas.left + canvas.width, canvas.bottom + canvas.width
    axes.set(xlim=(canvas.left, right), ylim=(canvas.bottom, top))
    axes.locator_params(nbins=5)
    axes.tick_params(pad=1.5)
    for spine in axes.spines.values():
        spine.set_visible(True)
    return figure


def behind(canvas: Canvas, picture: Picture) -> str:
    """A picture as an element under `scale`; matplotlib would add an opacity, which print would have to take off."""
    side, left, top = (length * 72 / 25.4 for length in (canvas.side, _SCALE[0], 1))
    data = base64.b64encode(png(picture)).decode()
    return (
        f'<image x="{left:.4f}" y="{top:.4f}" width="{side:.4f}" height="{side:.4f}" '
        f'xlink:href="data:image/png;base64,{data}"/>'
    )


def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(TEMPLATES / "fonts" / "QuadnetSans-SemiBold.ttf", size)
