"""The main figure: the loss over the epochs with its phases, and what the network did meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import ConnectionPatch, PathPatch
from matplotlib.path import Path

from quadnet.arrays import FloatArray, IntArray
from quadnet.evidence import Snapshot
from quadnet.phases import Phase

from . import style

_WIDTH, _HEIGHT, _LEFT, _RIGHT = 170.0, 186.0, 13.0, 33.0
_INNER = _WIDTH - _LEFT - _RIGHT
_MOST_STORIES = 8
_MOST_LABELS = 16
_MOST_NUMBERED = 10  # labels on half the width
_LEAST_DECADE = 1e-250  # some decades below it there are no numbers for ticks


@dataclass(frozen=True)
class Level:
    """A loss that theory singles out, with the words beside its line."""

    loss: float
    label: str


@dataclass(frozen=True)
class Texts:
    """The texts of a curve with phases, in the page's language."""

    epoch: str
    stretched: str
    loss: str
    kinds: Sequence[str]
    stories: Sequence[str]


@dataclass(frozen=True)
class Words(Texts):
    """The texts of the main figure."""

    shares: str
    recall: str
    gradient: str
    classes: tuple[str, str, str, str]


def curve(
    loss: FloatArray, phases: Sequence[Phase], track: Sequence[Snapshot], levels: Sequence[Level], words: Words
) -> Figure:
    """The whole curve as it is, then with each phase stretched to a readable width, and three curves below it.

    Args:
        loss: Loss of each epoch, shape (epochs,); finite.
        phases: At least one.
        track: Snapshots over the whole run.
        levels: Lines to draw.
        words: All texts.
    """
    figure = style.canvas(_WIDTH, _HEIGHT)
    whole = style.place(figure, _LEFT, 157, _INNER, 26)
    main = style.place(figure, _LEFT, 65, _INNER, 54)
    lower = [style.place(figure, _LEFT, bottom, _INNER, 15) for bottom in (46, 28, 10)]
    scale = _Stretch(phases)
    borders = [p.start for p in phases] + [phases[-1].end]
    _whole(whole, np.arange(loss.size), loss, borders, phases, words)
    style.loss_scale(whole, float(loss[0]), float(loss.max()))
    _stories(main, phases, scale, words)
    main.plot(*scale.line(np.arange(loss.size), loss), color=style.INK, linewidth=1.4)
    main.set_ylabel(words.loss)
    style.loss_scale(main, float(loss[0]), float(loss.max()))
    _levels(main, levels)
    places = [scale.at(p.start) for p in phases] + [scale.total]
    for axes in (main, *lower):
        _bands(axes, phases, places)
        axes.set(xlim=(0, scale.total), xticks=[])
    epochs = np.array([s.epoch for s in track])
    _classes(lower[0], scale, epochs, np.stack([s.shares for s in track]), words.shares)
    _classes(lower[1], scale, epochs, np.stack([s.recall for s in track]), words.recall)
    lower[2].plot(*scale.line(epochs, np.array([max(s.gradient_norm, 1e-300) for s in track])), color=style.INK)
    lower[2].set_yscale("log")
    style.decades(lower[2].yaxis)
    lower[2].set_ylabel(words.gradient)
    lower[2].set_xlabel(words.stretched, labelpad=2)
    lower[2].set_xticks(places, [str(b) for b in borders])
    _connect(figure, whole, main, borders, places)
    _legend(figure, words)
    return figure


def plain(epochs: FloatArray, loss: FloatArray, phases: Sequence[Phase], labels: Sequence[str], words: Texts) -> Figure:
    """A curve of which nothing is known but its values: as it is, then with each phase stretched.

    Args:
        epochs: Increasing, shape (rows,).
        loss: Shape (rows,); finite.
        phases: At least one, by row.
        labels: The epochs at their borders, in words.
        words: All texts.
    """
    figure = style.canvas(_WIDTH, 131)
    width = _WIDTH - _LEFT - 14
    whole = style.place(figure, _LEFT, 102, width, 26)
    main = style.place(figure, _LEFT, 10, width, 54)
    scale = _Stretch(phases)
    rows = [p.start for p in phases] + [phases[-1].end]
    borders, places = [float(epochs[row]) for row in rows], [scale.at(row) for row in rows]
    since, shown = _thinned(epochs - epochs[0], loss, float(epochs[-1] - epochs[0]))
    _whole(whole, epochs[0] + since, shown, borders, phases, words)
    _stories(main, phases, scale, words)
    main.plot(*scale.line(np.arange(loss.size), loss), color=style.INK, linewidth=1.4)
    _bands(main, phases, places)
    main.set(xlim=(0, scale.total), xticks=places, ylabel=words.loss)
    step = -(-len(labels) // _MOST_LABELS)
    main.set_xticklabels(["" if row % step else label for row, label in enumerate(labels)])
    main.set_xlabel(words.stretched, labelpad=2)
    for axes in (whole, main):
        _wide_scale(axes, loss)
    _connect(figure, whole, main, borders, places)
    return figure


def numbered(loss: FloatArray, phases: Sequence[Phase], epoch: str, stretched: str, label: str) -> Figure:
    """The curve as it is, and with each phase stretched and numbered; nothing says what kind of phase it is.

    Args:
        loss: Loss of each epoch, shape (epochs,); finite.
        phases: At least one.
        epoch: Beside the axis of epochs.
        stretched: Below the stretched axis.
        label: Beside the loss.
    """
    figure = style.canvas(_WIDTH, 52)
    whole = style.place(figure, _LEFT, 10, 52, 37)
    main = style.place(figure, 78, 10, _WIDTH - 84, 37)
    scale = _Stretch(phases)
    borders = [p.start for p in phases] + [phases[-1].end]
    places = [scale.at(border) for border in borders]
    whole.plot(np.arange(loss.size), loss, color=style.INK)
    whole.set(xlim=(-0.015 * loss.size, max(loss.size - 1, 1)), ylabel=label)  # the first drop is a line of its own
    whole.set_xlabel(epoch, labelpad=2)
    whole.locator_params(axis="x", nbins=5)
    main.plot(*scale.line(np.arange(loss.size), loss), color=style.INK, linewidth=1.4)
    _borders(main, places)
    main.set(xlim=(0, scale.total), xticks=places)
    step = -(-len(borders) // _MOST_NUMBERED)
    main.set_xticklabels(["" if k % step else str(border) for k, border in enumerate(borders)])
    main.set_xlabel(stretched, labelpad=2)
    for number, (left, right) in enumerate(pairwise(places), start=1):
        place: dict[str, Any] = {"transform": main.get_xaxis_transform(), "ha": "center", "va": "bottom"}
        main.text((left + right) / 2, 1.02, str(number), size=9.5, weight=600, **place)
    for axes in (whole, main):
        style.loss_scale(axes, float(loss[0]), float(loss.max()))
    return figure


class _Stretch:
    """Epochs to places on an axis where a phase's width grows with the fourth root of its length."""

    def __init__(self, phases: Sequence[Phase]) -> None:
        widths = np.array([max(1, p.end - p.start) ** 0.25 for p in phases])
        widths = np.maximum(widths, 0.17 * widths.sum())
        self._borders = np.array([phases[0].start, *(p.end for p in phases)], dtype=np.float64)
        self._places = np.concatenate([[0.0], np.cumsum(widths)])
        self.total = float(self._places[-1])

    def at(self, epoch: float) -> float:
        return float(np.interp(epoch, self._borders, self._places))

    def line(self, epochs: IntArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        return _thinned(np.interp(epochs, self._borders, self._places), values, self.total)


def _thinned(places: FloatArray, values: FloatArray, total: float) -> tuple[FloatArray, FloatArray]:
    """The few hundred places that print can show; the extremes within each are kept."""
    column = np.floor(places / total * 600).astype(np.int64)
    starts = np.flatnonzero(np.diff(column, prepend=-1))
    low, high = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
    falling = values[starts] >= values[np.append(starts[1:], len(values)) - 1]
    first, second = np.where(falling, high, low), np.where(falling, low, high)
    return np.repeat(places[starts], 2), np.stack([first, second], axis=1).ravel()


def _whole(
    axes: Axes,
    epochs: IntArray | FloatArray,
    loss: FloatArray,
    borders: Sequence[float],
    phases: Sequence[Phase],
    words: Texts,
) -> None:
    axes.plot(epochs, loss, color=style.INK)
    axes.set(xlim=(borders[0], max(borders[-1], borders[0] + 1)))
    axes.set_ylabel(words.loss)
    axes.set_xlabel(words.epoch, labelpad=1)
    axes.xaxis.set_label_coords(1.03, -0.06)
    axes.xaxis.label.set_horizontalalignment("left")
    _bands(axes, phases, borders)


def _wide_scale(axes: Axes, loss: FloatArray) -> None:
    """Powers of ten where the loss covers more than a few, else from 0; as it comes for a loss below 0."""
    if _LEAST_DECADE < loss.min() < loss.max() / 30:
        axes.set_yscale("log")
        style.decades(axes.yaxis)
    elif loss.min() >= 0:
        axes.set_ylim(0, float(loss.max()) * 1.07 or 1)


def _bands(axes: Axes, phases: Sequence[Phase], borders: Sequence[float]) -> None:
    """Shades the slow phases and draws the borders: two paths, since every element of an SVG costs time in print."""
    spans = zip(phases, pairwise(borders), strict=True)
    slow = [(left, right) for phase, (left, right) in spans if phase.kind == "plateau"]
    if slow:
        boxes = np.array([[(left, 0), (left, 1), (right, 1), (right, 0), (left, 0)] for left, right in slow])
        shape = Path.make_compound_path_from_polys(boxes)
        place = axes.get_xaxis_transform()
        axes.add_patch(PathPatch(shape, color=style.BAND, linewidth=0, zorder=-2, transform=place))
    _borders(axes, borders)


def _borders(axes: Axes, borders: Sequence[float]) -> None:
    x = np.repeat(np.array(borders[1:-1]), 3)
    y = np.tile([0.0, 1.0, np.nan], len(borders) - 2)
    axes.plot(x, y, color=style.FAINT, linewidth=0.6, zorder=-1, transform=axes.get_xaxis_transform())


def _stories(axes: Axes, phases: Sequence[Phase], scale: _Stretch, words: Texts) -> None:
    for number, phase in enumerate(phases, start=1):
        left, right = scale.at(phase.start), scale.at(phase.end) if phase is not phases[-1] else scale.total
        place: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "ha": "left", "va": "top", "clip_on": False}
        inset = left + 0.006 * scale.total
        axes.text(inset, 1.375, str(number), size=9.5, weight=600, color=style.ACCENT, **place)
        if len(phases) <= _MOST_STORIES:
            letters = max(6, int((right - left) / scale.total * _INNER / 1.22))
            axes.text(inset + 0.02 * scale.total, 1.365, words.kinds[number - 1], size=7.5, weight=600, **place)
            story = style.wrap(words.stories[number - 1], letters)
            axes.text(inset, 1.29, story, size=7, color=style.INK, linespacing=1.1, **place)


def _levels(axes: Axes, levels: Sequence[Level]) -> None:
    low, high = axes.get_ylim()
    logarithmic = axes.get_yscale() == "log"
    places = sorted(levels, key=lambda level: level.loss)
    previous = -np.inf
    for level in places:
        if not low <= level.loss <= high:
            continue
        axes.axhline(level.loss, color=style.ACCENT, linewidth=0.6, linestyle=(0, (4, 2)), zorder=1)
        share = np.log(level.loss / low) / np.log(high / low) if logarithmic else (level.loss - low) / (high - low)
        share = max(float(share), previous + 0.062)
        previous = share
        axes.text(
            1.015, share, level.label, size=7, color=style.ACCENT, transform=axes.transAxes, va="center", ha="left"
        )


def _classes(axes: Axes, scale: _Stretch, epochs: IntArray, values: FloatArray, label: str) -> None:
    for c in range(values.shape[1]):
        places = [scale.at(t) for t in epochs]
        axes.plot(places, values[:, c], color=style.CLASS_COLOURS[c], linestyle=style.CLASS_LINES[c], linewidth=1.1)
    axes.set(ylim=(-0.04, 1.04), yticks=[0, 0.5, 1])
    axes.set_yticklabels(["0", "½", "1"])
    axes.set_ylabel(label)


def _connect(figure: Figure, whole: Axes, main: Axes, borders: Sequence[float], places: Sequence[float]) -> None:
    low = whole.get_ylim()[0]
    for border, place in zip(borders, places, strict=True):
        figure.add_artist(
            ConnectionPatch(
                (border, low),
                (place, 1.40),
                whole.transData,
                main.get_xaxis_transform(),
                color=style.FAINT,
                linewidth=0.6,
                zorder=-5,
            )
        )


def _legend(figure: Figure, words: Words) -> None:
    lines = [
        Line2D([], [], color=colour, linestyle=line)
        for colour, line in zip(style.CLASS_COLOURS, style.CLASS_LINES, strict=True)
    ]
    figure.legend(
        lines,
        words.classes,
        loc="center left",
        bbox_to_anchor=(1 - (_RIGHT - 1) / _WIDTH, 44 / _HEIGHT),
        frameon=False,
        handlelength=2.4,
    )
