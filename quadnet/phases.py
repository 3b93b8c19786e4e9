"""Descents and plateaus of a training curve.

The detector works on the speed at which ln L falls, on a time grid that grows geometrically, so that a plateau of
twenty epochs and one of two thousand are seen alike. A zig-zag with hysteresis marks fast stretches (descents) and slow
ones (plateaus); what the curve has not yet left at its end stays open.
"""

import functools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from quadnet.arithmetic import exp, log
from quadnet.arrays import FloatArray, IntArray

Kind = Literal["descent", "plateau"]
Grade = Literal["plateau", "shoulder"]

HYSTERESIS = 1.0986122886681098  # ln 3
BORDER = 2.302585092994046  # ln 10
SLOWEST = 1e-9  # log-speed per epoch below which the curve counts as standing still
NOISY = 1e-4  # log-noise above which the curve is smoothed first
TOO_NOISY = 3e-3  # log-noise up to which phases do not depend on it; beyond, plateaus may be its accidents
LEAST_DROP = 0.02  # of ln L, for a descent to count
SHORTEST_PLATEAU = 20  # epochs


@dataclass(frozen=True)
class Phase:
    """A stretch of the curve.

    Attributes:
        kind: Whether the loss falls fast or slowly, compared with its neighbours.
        grade: How clear a closed plateau is: 10 times slower than its slower neighbour, or only 3 times; else None.
        open: Whether the curve ends before the phase does. An open plateau may be convergence.
        start: First epoch.
        end: Epoch at which the next phase starts, or the curve's last.
        loss_start: Loss at `start`.
        loss_end: Loss at `end`.
        contrast: Top speed of the slower neighbouring descent over the plateau's least speed; None for descents.
    """

    kind: Kind
    grade: Grade | None
    open: bool
    start: int
    end: int
    loss_start: float
    loss_end: float
    contrast: float | None

    @property
    def middle(self) -> int:
        """The epoch half way through."""
        return (self.start + self.end) // 2


@dataclass(frozen=True)
class Phases:
    """What became of a curve, and its phases in order.

    Attributes:
        status: `ok`; `non-finite at epoch k`; `diverged` (ends above 1.5 times its start); `regressed` (ends above 1.2
            times its lowest value).
        phases: The phases, each starting where the one before ends; empty for a curve of fewer than two finite values.
    """

    status: str
    phases: tuple[Phase, ...]

    @property
    def closed_plateaus(self) -> tuple[Phase, ...]:
        """The plateaus that the curve left again."""
        return tuple(p for p in self.phases if p.kind == "plateau" and not p.open)


@dataclass(frozen=True)
class _Extreme:
    """A fastest (descent) or slowest (plateau) place: its index in the grid and its log-speed."""

    index: int
    speed: float
    kind: Kind


def detect(loss: FloatArray | Iterable[float]) -> Phases:
    """Finds the phases of any training curve.

    A longer curve keeps the closed phases of a shorter one, but for two things that are provisional until the open
    phase closes: the border before it, and the contrast of a plateau that ends there. To see the end of a phase takes
    the epochs of a window, 1 % of the time, and of a descent 20 epochs of plateau. Of a noisy curve, whose noise is
    estimated from all of it, and of a very short one this holds but for few.

    Another unit changes nothing but the rounding of contrasts: the phases of c L are those of L. Adding a constant is
    another matter. The speed of ln(L + c) is that of ln L times L / (L + c), so for c > 0 late descents fade against
    early ones, and for c < 0 they stand out. A constant that is small beside the least loss only moves borders. With a
    larger one a descent stays while it lowers L + c by 2 % between its moved borders, and a flat plateau stays; a
    contrast near 3 may go either way. Take off a known floor of the loss before, if what happens above it matters.

    Every tenth value shows the same phases, ten times shorter, if the plateaus among them still have 20 values.

    Args:
        loss: One value an epoch, shape (epochs,). The curve ends before the first value that is not finite; values that
            are not positive are lifted to the smallest positive float.

    Raises:
        ValueError: The values do not form one row.
    """
    curve = np.asarray(loss, dtype=np.float64)
    if curve.ndim != 1:
        raise ValueError(f"a training curve is one row of values, not an array of shape {curve.shape}")
    finite, positive = _usable(curve)
    status = _status(positive) if finite.size == curve.size else f"non-finite at epoch {finite.size}"
    if finite.size < 2:
        return Phases(status, ())
    log_loss, least_drop, last = _prepared(positive)
    grid = _grid(last)
    speed = _log_speed(log_loss, grid)
    extremes = _zigzag(speed)
    borders = _borders(speed, grid, extremes, finite.size)
    while True:
        drops = -np.diff(log_loss[borders])
        weak = _weakest(extremes, borders, drops, least_drop)
        if weak is None:
            break
        extremes, borders = _without(extremes, borders, weak)
    return Phases(status, tuple(_phases(finite, borders, extremes, drops, least_drop)))


def noise(loss: FloatArray) -> float:
    """The standard deviation of the noise of ln L from one epoch to the next, estimated from how ln L bends.

    Args:
        loss: As for `detect`.
    """
    _, positive = _usable(loss)
    return _noise(log(positive))


def _usable(curve: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The curve before the first value that is not finite, and the same with all values positive."""
    bad = np.flatnonzero(~np.isfinite(curve))
    finite = curve[: bad[0]] if bad.size else curve
    return finite, np.maximum(finite, np.finfo(np.float64).tiny)


def _noise(log_loss: FloatArray) -> float:
    if log_loss.size <= 4:
        return 0.0
    bend = np.diff(log_loss, 2)
    return 1.4826 * float(np.median(np.abs(bend - np.median(bend)))) / math.sqrt(6)


def _status(curve: FloatArray) -> str:
    if curve.size == 0:
        return "ok"
    half = float(np.median(0.5 * curve[-max(1, curve.size // 100) :]))  # the sum of two losses may be too large
    if half > 0.75 * curve[0]:
        return "diverged"
    return "regressed" if half > 0.6 * float(curve.min()) else "ok"


def _prepared(curve: FloatArray) -> tuple[FloatArray, float, int]:
    """The falling envelope of ln L, smoothed if noisy, the least drop of a descent, and the last epoch that is settled.

    A longer curve gives the same values up to that epoch.
    """
    log_loss = log(curve)
    noise, last = _noise(log_loss), curve.size - 1
    if noise > NOISY:
        epochs = np.arange(curve.size)
        reach = epochs // 100
        low, high = np.maximum(epochs - reach, 0), np.minimum(epochs + reach + 1, curve.size)
        total = np.concatenate([[0.0], np.cumsum(log_loss)])
        log_loss = (total[high] - total[low]) / (high - low)
        last = int(np.searchsorted(epochs + reach, last, side="right")) - 1
    return np.minimum.accumulate(log_loss), max(LEAST_DROP, 10 * noise), last


@functools.lru_cache(maxsize=8)
def _grid(last: int) -> IntArray:
    """Epochs 0, 1, 2, … that grow by ×1.005 once that exceeds 1, as far as a window around them ends by the last.

    What lies beyond could look otherwise in a longer curve. Very short curves have epoch 0 all the same.
    """
    epochs, t = [0], 1
    while t + max(2, t // 100) <= last:
        epochs.append(t)
        t = max(t + 1, int(t * 1.005))
    return np.array(epochs, dtype=np.int64)


def _log_speed(log_loss: FloatArray, grid: IntArray) -> FloatArray:
    half = np.maximum(2, grid // 100)
    low, high = np.maximum(grid - half, 0), np.minimum(grid + half, log_loss.size - 1)
    fall = (log_loss[low] - log_loss[high]) / np.maximum(high - low, 1)
    return log(np.maximum(fall, SLOWEST))


def _zigzag(speed: FloatArray) -> list[_Extreme]:
    """Alternating extremes that differ by the hysteresis; the last one is the open phase's."""
    values = speed.tolist()
    extremes: list[_Extreme] = []
    highest = lowest = 0
    looking: Kind | None = None
    for i, value in enumerate(values):
        highest = i if value > values[highest] else highest
        lowest = i if value < values[lowest] else lowest
        if looking != "plateau" and value <= values[highest] - HYSTERESIS:
            extremes.append(_Extreme(highest, values[highest], "descent"))
            looking, lowest = "plateau", i
        elif looking != "descent" and value >= values[lowest] + HYSTERESIS:
            extremes.append(_Extreme(lowest, values[lowest], "plateau"))
            looking, highest = "descent", i
    if looking == "plateau":
        extremes.append(_Extreme(lowest, values[lowest], "plateau"))
    else:
        extremes.append(_Extreme(highest, values[highest], "descent"))
    return extremes


def _borders(speed: FloatArray, grid: IntArray, extremes: list[_Extreme], size: int) -> IntArray:
    """Epochs at which the phases meet, the curve's first and last included."""
    borders = [0]
    for left, right in pairwise(extremes):
        peak, valley = max(left.speed, right.speed), min(left.speed, right.speed)
        fast = speed[left.index : right.index + 1] >= max(peak - BORDER, (peak + valley) / 2)
        first = int(np.argmin(fast)) if left.kind == "descent" else len(fast) - 1 - int(np.argmin(fast[::-1]))
        borders.append(int(grid[left.index + first]))
    return np.array([*borders, size - 1], dtype=np.int64)


def _weakest(extremes: list[_Extreme], borders: IntArray, drops: FloatArray, least_drop: float) -> int | None:
    """The place of the phase that falls shortest of what a phase must be, or None."""
    if len(extremes) == 1:
        return None
    strengths = [math.inf] * len(extremes)
    for i, extreme in enumerate(extremes):
        if extreme.kind == "descent":
            strengths[i] = float(drops[i]) / least_drop
        else:
            least = SHORTEST_PLATEAU if i > 0 else 1
            strengths[i] = float(borders[i + 1] - borders[i]) / least
    weak = int(np.argmin(strengths))
    return weak if strengths[weak] < 1 else None


def _without(extremes: list[_Extreme], borders: IntArray, weak: int) -> tuple[list[_Extreme], IntArray]:
    """The phases with one given to its neighbours, which become one; the other borders stay where they are."""
    before, after = extremes[:weak], extremes[weak + 1 :]
    if not before:
        return after, np.concatenate([borders[:1], borders[2:]])
    if not after:
        return before, np.concatenate([borders[:-2], borders[-1:]])
    left, right = before.pop(), after.pop(0)
    stronger = max if left.kind == "descent" else min
    joined = stronger(left, right, key=lambda e: e.speed)
    return [*before, joined, *after], np.concatenate([borders[:weak], borders[weak + 2 :]])


def _phases(
    curve: FloatArray, borders: IntArray, extremes: list[_Extreme], drops: FloatArray, least_drop: float
) -> Iterable[Phase]:
    last = len(extremes) - 1
    for i, extreme in enumerate(extremes):
        kind: Kind = extreme.kind
        if last == 0:
            kind = "descent" if float(drops[0]) >= least_drop else "plateau"
        neighbours = [extremes[j].speed for j in (i - 1, i + 1) if 0 <= j <= last]
        contrast = None
        if kind == "plateau" and neighbours:
            contrast = float(exp(np.array(min(neighbours) - extreme.speed)))
        grade: Grade | None = None
        if contrast is not None and i < last:
            grade = "plateau" if contrast >= 10 else "shoulder"
        start, end = int(borders[i]), int(borders[i + 1])
        yield Phase(kind, grade, i == last, start, end, float(curve[start]), float(curve[end]), contrast)
