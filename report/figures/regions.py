"""Which class a rule gives to each point of the plane, with the points that it was made for."""

from collections.abc import Callable

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from quadnet.arrays import FloatArray, IntArray
from quadnet.config import CLASSES
from quadnet.dataset import Dataset
from report.figures import style

Rule = Callable[[FloatArray], IntArray]

_CELLS = 240  # a side
_MOST_POINTS = 4000  # more would only make a blot


def extent(dataset: Dataset) -> tuple[float, float, float, float]:
    """The window that all panels of a report share: left, right, bottom, top; square, with every point inside."""
    low, high = dataset.points.min(axis=0), dataset.points.max(axis=0)
    middle, half = (low + high) / 2, max(float((high - low).max()) / 2 * 1.06, 1e-3)
    left, bottom = (middle - half).tolist()
    return left, left + 2 * half, bottom, bottom + 2 * half


def panel(dataset: Dataset, rule: Rule, side: float, *, scale: bool) -> Figure:
    """Regions as tints with their class written in, and the points by marker and colour of their label.

    Args:
        dataset: The points.
        rule: Gives the class, shape (n,), of points of shape (n, 2).
        side: Side of the square in millimetres; a scale comes on top.
        scale: Whether to write coordinates at the edges.
    """
    left, right, bottom, top = extent(dataset)
    if scale:
        figure = style.canvas(side + 8, side + 6)
        axes = style.place(figure, 6.5, 5, side, side)
        axes.locator_params(nbins=5)
        axes.tick_params(pad=1.5)
    else:
        figure = style.canvas(side, side)
        axes = style.place(figure, 0.2, 0.2, side - 0.4, side - 0.4)
        axes.set(xticks=[], yticks=[])
    x = left + (np.arange(_CELLS) + 0.5) * (right - left) / _CELLS
    y = bottom + (np.arange(_CELLS) + 0.5) * (top - bottom) / _CELLS
    classes = rule(np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)).reshape(_CELLS, _CELLS)
    tints = np.array([to_rgb(tint) for tint in style.CLASS_TINTS])
    axes.set_rasterization_zorder(0)
    axes.imshow(tints[classes], extent=(left, right, bottom, top), origin="lower", zorder=-3, interpolation="nearest")
    _points(axes, dataset, side)
    for c in range(CLASSES):
        rows, columns = np.nonzero(classes == c)
        if rows.size:
            inside = ((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2).argmin()
            outline = patheffects.withStroke(linewidth=side / 12, foreground=style.CLASS_TINTS[c])
            place = x[columns[inside]], y[rows[inside]]
            text = axes.text(*place, str(c), size=side / 2.6, weight=600, ha="center", va="center", zorder=-1)
            text.set_path_effects([outline])
    axes.set(xlim=(left, right), ylim=(bottom, top))
    for spine in axes.spines.values():
        spine.set_visible(True)
    return figure


def _points(axes: Axes, dataset: Dataset, side: float) -> None:
    shown = slice(None, None, -(-len(dataset.labels) // _MOST_POINTS))
    points, labels = dataset.points[shown], dataset.labels[shown]
    for c, (colour, marker) in enumerate(zip(style.CLASS_COLOURS, style.CLASS_MARKERS, strict=True)):
        axes.plot(
            *points[labels == c].T,
            marker,
            color=colour,
            markersize=side / 17,
            markeredgecolor="white",
            markeredgewidth=side / 220,
            zorder=-2,
        )
