"""Figures over many runs: how long plateaus last, at which losses they lie, and how accurate the runs end."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from quadnet.arrays import FloatArray

from . import style
from .curves import Level

_WIDTH, _LEFT, _RIGHT = 170.0, 14.0, 36.0
_BINS = 48


@dataclass(frozen=True)
class Sample:
    """Values of many runs under one name, and that of the marked run if it has one."""

    name: str
    values: FloatArray
    marked: float | None


def lengths(samples: Sequence[Sample], epochs: str, marked: str) -> Figure:
    """A histogram for each sample, one below the other, over one scale.

    Args:
        samples: At least one, none of them empty.
        epochs: Name of the scale.
        marked: What the marked run is called.
    """
    height = 10 + 24.0 * len(samples)
    figure = style.canvas(_WIDTH, height)
    longest = max(float(sample.values.max()) for sample in samples)
    for row, sample in enumerate(samples):
        axes = _row(figure, height - 24.0 * (row + 1) + 2, 18.0)
        _histogram(axes, sample, (0, longest * 1.02 or 1), marked)
        if row < len(samples) - 1:
            axes.set_xticklabels([])
        else:
            axes.set_xlabel(epochs, labelpad=2)
    return figure


def highest(lines: Sequence[Level]) -> float:
    """The end of the scale of `levels`, a little above the highest of them."""
    return 1.04 * max(line.loss for line in lines)


def levels(samples: Sequence[Sample], lines: Sequence[Level], loss: str, marked: str) -> Figure:
    """Histograms over the loss, with the levels that theory singles out as lines.

    Args:
        samples: At least one, none of them empty.
        lines: The levels.
        loss: Name of the scale.
        marked: What the marked run is called.
    """
    height = 24 + 24.0 * len(samples)
    figure = style.canvas(_WIDTH, height)
    top = highest(lines)
    for row, sample in enumerate(samples):
        axes = _row(figure, height - 14 - 24.0 * (row + 1) + 2, 18.0)
        _histogram(axes, sample, (0, top), marked)
        for line in lines:
            axes.axvline(line.loss, color=style.ACCENT, linewidth=0.6, linestyle=(0, (4, 2)), zorder=1)
            if row == 0:
                place = axes.get_xaxis_transform()
                axes.text(line.loss, 1.06, line.label, size=7, color=style.ACCENT, rotation=20, transform=place)
        if row < len(samples) - 1:
            axes.set_xticklabels([])
        else:
            axes.set_xlabel(loss, labelpad=2)
    return figure


def accuracies(best: FloatArray, reached: FloatArray, marked: int | None, names: tuple[str, str, str]) -> Figure:
    """Each run as a point: the Bayes rule's accuracy on its points, and its own.

    Args:
        best: The Bayes rule's, shape (runs,).
        reached: The networks', shape (runs,).
        marked: Place of the marked run.
        names: Of the two scales, and of the marked run.
    """
    side = 78.0
    figure = style.canvas(side + 46, side + 14)
    axes = style.place(figure, 14, 11, side, side)
    low = float(min(best.min(), reached.min()))
    low, high = low - 0.05 * (1 - low) - 0.002, 1.0
    axes.plot([low, high], [low, high], color=style.FAINT, linewidth=0.8, zorder=0)
    (points,) = axes.plot(best, reached, "o", color=style.CLASS_COLOURS[0], markersize=3, zorder=1)
    points.set(markeredgewidth=0, alpha=0.45, rasterized=True)  # thousands of marks would burden the page
    if marked is not None:
        axes.plot([best[marked]], [reached[marked]], "D", color=style.ACCENT, markersize=5, zorder=3)
        axes.annotate(names[2], (best[marked], reached[marked]), (1.02, 0.5), textcoords="axes fraction", size=7.5)
    axes.set(xlim=(low, high), ylim=(low, high))
    axes.set_xlabel(names[0], labelpad=2)
    axes.set_ylabel(names[1])
    return figure


def _row(figure: Figure, bottom: float, height: float) -> Axes:
    return style.place(figure, _LEFT, bottom + 8, _WIDTH - _LEFT - _RIGHT, height - 4)


def _histogram(axes: Axes, sample: Sample, span: tuple[float, float], marked: str) -> None:
    counts, edges = np.histogram(sample.values, bins=_BINS, range=span)
    axes.stairs(counts, edges, fill=True, color=style.CLASS_COLOURS[0], alpha=0.75)
    axes.set(xlim=span, ylim=(0, max(int(counts.max()), 1) * 1.12))
    axes.locator_params(axis="y", nbins=3, integer=True)
    axes.text(1.015, 0.85, sample.name, size=8, weight=600, transform=axes.transAxes, va="top")
    beyond = int((sample.values > span[1]).sum())
    if beyond:
        axes.text(1.015, 0.1, f"+{beyond} →", size=7.5, transform=axes.transAxes, va="top")
    if sample.marked is not None and sample.marked <= span[1]:
        axes.axvline(sample.marked, color=style.INK, linewidth=1.3, zorder=3)
        axes.text(1.015, 0.45, marked, size=7.5, transform=axes.transAxes, va="top")
