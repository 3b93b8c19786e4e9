"""How the loss bends: the eigenvalues of its second derivatives, and the loss around a saddle."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from quadnet.arrays import FloatArray, IntArray

from ..words.language import MINUS
from . import style

_DECADES = 6  # below the largest eigenvalue, on either side of zero
_GAP = 0.8  # half the room for zero, in decades
_BELOW_LEGEND = 0.12  # how high above the saddle a training that swings is drawn, as a part of the depth below


@dataclass(frozen=True)
class Spectrum:
    """The eigenvalues at one epoch, shape (p,), below their label."""

    label: str
    values: FloatArray


def spectra(rows: Sequence[Spectrum], largest: float) -> Figure:
    """Eigenvalues as strokes on a line, negative ones to the left, over powers of ten.

    Args:
        rows: At least one.
        largest: The size of the largest eigenvalue of the whole page, so that its figures share their scale.
    """
    figure = style.canvas(80, 30)
    top = math.ceil(math.log10(largest)) if largest > 0 else 0
    low, edge = top - _DECADES, _DECADES + _GAP
    bottom = -len(rows) + 0.9
    plane = style.plane(figure, (1, 5.5, 78, 24), (-edge - 0.2, edge + 0.2), (bottom, 0.95))

    def place(values: FloatArray) -> FloatArray:
        size = np.log10(np.maximum(np.abs(values), 10.0**low)) - low
        return np.where(np.abs(values) <= 10.0**low, 0.0, np.sign(values) * (size + _GAP))

    def strokes(x: FloatArray, start: float, end: float, colour: str, width: float) -> None:
        y = np.tile([start, end, np.nan], x.size)
        figure.add_artist(Line2D(np.repeat(x, 3), y, color=colour, linewidth=width, transform=plane))

    for row, spectrum in enumerate(rows):
        placed = place(spectrum.values)
        for part, colour, width in (
            (placed == 0, style.MUTED, 1.0),
            (placed > 0, style.INK, 0.9),
            (placed < 0, style.ACCENT, 1.6),
        ):
            if part.any():
                strokes(placed[part], -row, -row + 0.42, colour, width)
        figure.text(-edge, -row + 0.52, spectrum.label, size=7, va="bottom", transform=plane)
    ticks = np.array([-edge, -edge + 2, -edge + 4, 0, edge - 4, edge - 2, edge])
    exponents = [top, top - 2, top - 4]
    names = (
        [MINUS + style.power_of_ten(e) for e in exponents]
        + ["0"]
        + [style.power_of_ten(e) for e in reversed(exponents)]
    )
    # Axes with ticks would be the same picture in five times the time.
    unit = (0.95 - bottom) / 24  # a millimetre
    strokes(ticks, bottom, bottom - 1.06 * unit, style.MUTED, 0.6)
    figure.add_artist(Line2D([-edge, edge], [bottom, bottom], color=style.MUTED, linewidth=0.6, transform=plane))
    for tick, name in zip(ticks.tolist(), names, strict=True):
        figure.text(tick, bottom - 2.2 * unit, name, size=7.5, ha="center", va="top", transform=plane)
    return figure


@dataclass(frozen=True)
class Visit:
    """A training's visit to a saddle.

    Attributes:
        steps: Places along the direction in which the loss falls most, shape (n,).
        profile: The loss there less that at the saddle, shape (n,).
        curvature: The eigenvalue of that direction.
        epochs: Shape (m,).
        path: The training's coordinate along the direction at those epochs, shape (m,).
        loss: Its loss at those epochs less that at the saddle, shape (m,).
        frozen: The coordinate if the curvature stayed what it is at the saddle, shape (m,); None for other rules than
            plain gradient descent.
        end: When the plateau ended.
        predicted: When the reduced flow says that it ends, if it says so.
    """

    steps: FloatArray
    profile: FloatArray
    curvature: float
    epochs: IntArray
    path: FloatArray
    loss: FloatArray
    frozen: FloatArray | None
    end: int
    predicted: float | None


@dataclass(frozen=True)
class Words:
    """The texts of the saddle's figure."""

    direction: str
    loss: str
    epoch: str
    profile: str
    parabola: str
    training: str
    frozen: str
    end: str
    predicted: str


def saddle(visit: Visit, words: Words) -> Figure:
    """Left the loss along the direction in which it falls most, right how far the training is along it.

    Args:
        visit: What to show.
        words: All texts.
    """
    figure = style.canvas(170, 59)
    left = style.place(figure, 15, 10.5, 62, 46.5)
    right = style.place(figure, 97, 10.5, 66, 46.5)
    _landscape(left, visit, words)
    _growth(right, visit, words)
    return figure


def _landscape(axes: Axes, visit: Visit, words: Words) -> None:
    parabola = visit.curvature * visit.steps**2 / 2
    exponent = math.floor(math.log10(float(np.abs(parabola).max()) or 1.0))
    unit = 10.0**exponent
    axes.plot(visit.steps, visit.profile / unit, color=style.INK, linewidth=1.4, label=words.profile)
    axes.plot(
        visit.steps,
        parabola / unit,
        color=style.MUTED,
        linestyle=(0, (4, 2)),
        label=words.parabola,
    )
    low = 1.8 * min(float(visit.profile.min()), float(parabola.min())) / unit or -1.0  # -1 where nothing falls
    inside = (visit.loss / unit >= low) & (visit.loss / unit <= _BELOW_LEGEND * abs(low))
    axes.plot(visit.path[inside], visit.loss[inside] / unit, color=style.ACCENT, linewidth=1.6, label=words.training)
    axes.plot([0], [0], "o", color=style.INK, markersize=3.5)
    reach = float(np.abs(visit.steps).max())
    axes.set(xlim=(-reach, reach))
    axes.set_ylim(low, -0.7 * low)
    axes.set_xlabel(words.direction, labelpad=2)
    axes.set_ylabel(f"{words.loss} (× {style.power_of_ten(exponent)})")
    axes.locator_params(axis="both", nbins=5)
    axes.legend(loc="upper center", frameon=False, fontsize=7, handlelength=2.2, labelspacing=0.25)


def _growth(axes: Axes, visit: Visit, words: Words) -> None:
    away = np.maximum(np.abs(visit.path), 1e-300)
    axes.plot(visit.epochs, away, color=style.ACCENT, linewidth=1.6, label=words.training)
    if visit.frozen is not None:
        axes.plot(visit.epochs, visit.frozen, color=style.MUTED, linestyle=(0, (4, 2)), label=words.frozen)
    axes.set_yscale("log")
    style.decades(axes.yaxis)
    axes.set(xlim=(float(visit.epochs[0]), float(visit.epochs[-1])), ylim=(away.min() / 1.6, away.max() * 6))
    axes.axvline(visit.end, color=style.INK, linewidth=0.8, label=words.end)
    if visit.predicted is not None and visit.predicted <= visit.epochs[-1]:
        axes.axvline(visit.predicted, color=style.INK, linewidth=1.1, linestyle=(0, (1, 1.5)), label=words.predicted)
    axes.set_xlabel(words.epoch, labelpad=2)
    axes.set_ylabel(words.direction)
    axes.locator_params(axis="x", nbins=5)
    axes.legend(loc="upper left", frameon=False, fontsize=7, handlelength=2.2, labelspacing=0.25)
