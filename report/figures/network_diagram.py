"""The network as a drawing: units as circles, weights as lines, thick where they are large."""

from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from quadnet.network import Parameters

from . import style

_MOST_UNITS = 9  # a layer; of a wider one the first and last are drawn
_HEIGHT = 56.0
_COLUMN = 34.0


def network(parameters: Parameters, names: tuple[str, ...]) -> Figure:
    """The layers from left to right.

    Args:
        parameters: Whose weights to show: full lines are positive, dashed ones negative.
        names: What to write under each layer.
    """
    widths = (len(parameters.weights[0]), *(len(b) for b in parameters.biases))
    figure, axes = _canvas(widths, _COLUMN)
    columns = [_column(layer, width, _COLUMN) for layer, width in enumerate(widths)]
    for layer, weights in enumerate(parameters.weights):
        finite = np.where(np.isfinite(weights), weights, 0.0)
        largest = float(np.abs(finite).max()) or 1.0
        for i, start in columns[layer].items():
            for j, end in columns[layer + 1].items():
                strength = abs(float(finite[i, j])) / largest
                axes.plot(
                    *zip(start, end, strict=True),
                    color=style.INK,
                    linewidth=0.25 + 1.9 * strength,
                    linestyle="-" if finite[i, j] >= 0 else (0, (3, 1.6)),
                    alpha=0.25 + 0.6 * strength,
                    zorder=1,
                )
    _units(axes, widths, columns, _COLUMN, names)
    return figure


def shape(widths: tuple[int, ...], names: tuple[str, ...], width: float) -> Figure:
    """The layers from left to right, all lines alike.

    Args:
        widths: Units of every layer.
        names: What to write under each layer.
        width: Of the drawing, in millimetres.
    """
    spacing = width / len(widths)
    figure, axes = _canvas(widths, spacing)
    columns = [_column(layer, units, spacing) for layer, units in enumerate(widths)]
    ends = [(start, end) for left, right in pairwise(columns) for start in left.values() for end in right.values()]
    axes.add_collection(LineCollection(ends, colors=style.MUTED, linewidths=0.5, zorder=1))
    _units(axes, widths, columns, spacing, names)
    return figure


def _canvas(widths: tuple[int, ...], spacing: float) -> tuple[Figure, Axes]:
    width = spacing * len(widths)
    figure = style.canvas(width, _HEIGHT)
    axes = style.place(figure, 0, 0, width, _HEIGHT)
    axes.set(xlim=(0, width), ylim=(0, _HEIGHT))
    axes.axis("off")
    return figure, axes


def _units(
    axes: Axes,
    widths: tuple[int, ...],
    columns: list[dict[int, tuple[float, float]]],
    spacing: float,
    names: tuple[str, ...],
) -> None:
    for layer, column in enumerate(columns):
        last = layer == len(columns) - 1
        radius = min(3.4, 17.0 / max(len(column), 1), spacing / 4)
        for unit, (x, y) in column.items():
            edge = style.CLASS_COLOURS[unit] if last else style.INK
            axes.add_patch(Circle((x, y), radius, facecolor=style.PAPER, edgecolor=edge, linewidth=1.1, zorder=2))
            label = f"x{'₁₂'[unit]}" if layer == 0 else str(unit) if last else ""
            _write(axes, x, y - 0.1, label, size=8, va="center", zorder=3)
        if len(column) < widths[layer]:
            for step in (-1.6, 0.0, 1.6):
                dot = Circle((spacing * (layer + 0.5), _HEIGHT / 2 + 3 + step), 0.4, color=style.INK, zorder=3)
                axes.add_patch(dot)
        _write(axes, spacing * (layer + 0.5), 3.0, names[layer], size=8, va="center")


def _column(layer: int, width: int, spacing: float) -> dict[int, tuple[float, float]]:
    """Where the drawn units of a layer stand."""
    half = _MOST_UNITS // 2
    units = list(range(width)) if width <= _MOST_UNITS else [*range(half), *range(width - half, width)]
    slots = np.arange(len(units)) + (0 if len(units) == width else (np.arange(len(units)) >= half))
    step = min(12.0, 40.0 / max(float(slots[-1]), 1.0))
    top = _HEIGHT / 2 + 3 + step * float(slots[-1]) / 2
    return {unit: (spacing * (layer + 0.5), top - step * float(slot)) for unit, slot in zip(units, slots, strict=True)}


def _write(axes: Any, x: float, y: float, text: str, **options: Any) -> None:
    axes.text(x, y, text, ha="center", **options)
