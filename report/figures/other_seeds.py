"""A run among others: their losses as thin curves behind its own, the lengths of their plateaus as strips of dots."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from quadnet.arrays import FloatArray, IntArray

from . import style

_WIDTH, _LEFT, _INNER = 170.0, 13.0, 120.0
_CURVES, _STRIP = 42.0, 7.0  # heights
_POINTS = 200  # of each curve
_TAIL = 0.02  # of the strip's width


@dataclass(frozen=True)
class Strip:
    """Lengths of the plateaus of one place.

    Attributes:
        name: Which plateaus.
        own: Length of the run's.
        left: Lengths of those of the others that were left again.
        staying: Lengths so far of those that were not.
    """

    name: str
    own: int
    left: Sequence[int]
    staying: Sequence[int]


@dataclass(frozen=True)
class Words:
    """The texts of the figure, in the page's language."""

    epoch: str
    loss: str
    length: str
    run: str
    others: str


def curves(loss: FloatArray, others: Sequence[FloatArray], strips: Sequence[Strip], words: Words) -> Figure:
    """The curves over a logarithmic time axis, the strips below.

    Args:
        loss: Finite losses of the run.
        others: Finite losses of the others; at least one.
        strips: At most three.
        words: All texts.
    """
    below = 15.0 + _STRIP * len(strips) if strips else 0.0
    figure = style.canvas(_WIDTH, 14 + _CURVES + below)
    axes = style.place(figure, _LEFT, 11 + below, _INNER, _CURVES)
    everything = [curve for curve in (loss, *others) if curve.size]
    end = max([2, *(curve.size for curve in everything)])
    # With plateaus the last two decades: a whole axis would show little but the first of them.
    start = max(1, end // 100) if strips else 1
    mark = "o" if all(curve.size == 1 for curve in everything) else ""  # a single epoch makes no line
    axes.plot(*_joined(others, start), marker=mark, color=style.MUTED, linewidth=0.45, zorder=1)
    shown = _places(start, loss.size)
    axes.plot(shown, loss[shown - 1], marker=mark, color=style.INK, linewidth=1.8, zorder=2)
    axes.set(xscale="log", xlim=(start, end))
    style.decades(axes.xaxis)
    first, top = (max((float(f(curve)) for curve in everything), default=1.0) for f in (lambda c: c[0], np.max))
    style.loss_scale(axes, first, top)
    axes.set_xlabel(words.epoch, labelpad=2)
    axes.set_ylabel(words.loss)
    looks = [
        Line2D([], [], color=style.INK, linewidth=1.8, label=words.run),
        Line2D([], [], color=style.MUTED, linewidth=0.45, label=words.others),
    ]
    axes.legend(handles=looks, loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, handlelength=1.8)
    if strips:
        _strips(style.place(figure, _LEFT, 11, _INNER, _STRIP * len(strips)), strips, words)
    return figure


def _places(start: int, size: int) -> IntArray:
    """Epochs, counted from 1, even on the logarithmic axis; none of a curve that ends before it."""
    if size < start:
        return np.array([], dtype=np.int64)
    return np.unique(np.geomspace(start, size, _POINTS).astype(np.int64))


def _joined(others: Sequence[FloatArray], start: int) -> tuple[FloatArray, FloatArray]:
    """All curves as one line with gaps, since every element of a drawing costs time in print."""
    x, y = [], []
    for curve in others:
        shown = _places(start, curve.size)
        x += [shown.astype(np.float64), np.array([np.nan])]
        y += [curve[shown - 1], np.array([np.nan])]
    return np.concatenate(x), np.concatenate(y)


def _strips(axes: Axes, strips: Sequence[Strip], words: Words) -> None:
    longest = max(max([strip.own, *strip.left, *strip.staying]) for strip in strips)
    for row, strip in enumerate(strips):
        lengths = np.array([*strip.left, *strip.staying], dtype=np.float64)
        level = np.full(lengths.size, -float(row))
        _lines(axes, lengths, lengths, level, 3.4)  # without length the round ends are dots
        staying = lengths[len(strip.left) :]
        _lines(axes, staying, staying + _TAIL * longest, level[len(strip.left) :], 0.8)
        axes.plot([strip.own], [-row], "D", color=style.ACCENT, markersize=5, zorder=3)
        axes.text(1.015, -row, strip.name, size=8, va="center", transform=axes.get_yaxis_transform())
    axes.set(xlim=(0, longest * 1.05), ylim=(-len(strips) + 0.4, 0.6), yticks=[])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(words.length, labelpad=2)


def _lines(axes: Axes, start: FloatArray, end: FloatArray, level: FloatArray, width: float) -> None:
    """Level lines as one path, each with round ends; a filled path, since matplotlib thins out others."""
    points = np.stack([start, level, end, level], axis=1).reshape(-1, 2)
    path = Path(points, np.tile(np.array([Path.MOVETO, Path.LINETO]), start.size))
    axes.add_patch(PathPatch(path, color=style.MUTED, linewidth=width, capstyle="round", zorder=2))
