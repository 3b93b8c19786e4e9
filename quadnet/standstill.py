"""The prior plateau as a visit to a saddle: what holds the training there, and what lets it go."""

from dataclasses import dataclass

import numpy as np

from quadnet.arrays import FloatArray, IntArray
from quadnet.config import Config
from quadnet.curvature import coordinates, hessian, profile
from quadnet.dataset import Dataset
from quadnet.escape import Escape, escape
from quadnet.evidence import snapshot
from quadnet.history import History
from quadnet.phases import Phase
from quadnet.spectrum import lowest, singular_values

_STEPS = 20  # of the loss's profile, to either side
_REACH = 1.25  # times as far as the training is at the plateau's end
_LEAST_REACH = 1e-3
_BEYOND = 12  # part of the plateau's length that is shown after its end


@dataclass(frozen=True)
class WayOut:
    """The direction of the saddle's least eigenvalue, along which the training leaves.

    Attributes:
        steps: Places along the direction, shape (n,); the middle one is the saddle.
        profile: The loss there, shape (n,).
        epochs: Kept epochs from where the saddle was sought until a little after the plateau's end, shape (m,).
        path: The training's coordinate along the direction at those epochs, shape (m,).
    """

    steps: FloatArray
    profile: FloatArray
    epochs: IntArray
    path: FloatArray


@dataclass(frozen=True)
class Standstill:
    """The prior plateau.

    Attributes:
        phase: The plateau.
        gradient_norm: The slope in its middle.
        stretch: The largest singular value of W_1 at its start and end.
        escape: The saddle beside it, and when that should let go; None where there is none to be had.
        way_out: The direction in which it is left; None without saddle, or if it was not asked for.
    """

    phase: Phase
    gradient_norm: float
    stretch: tuple[float, float]
    escape: Escape | None
    way_out: WayOut | None


def examine(config: Config, dataset: Dataset, history: History, phase: Phase, *, whole: bool = True) -> Standstill:
    """Looks at the prior plateau of a run.

    Args:
        config: What was run.
        dataset: Its points.
        history: Its training.
        phase: The prior plateau.
        whole: Whether to find the way out and the predictions, too.
    """
    slope = snapshot(dataset, history, history.nearest(phase.middle)).gradient_norm
    stretch = _stretch(history, phase.start), _stretch(history, phase.end)
    found = escape(config, dataset, history, phase, predicted=whole)
    way_out = _way_out(dataset, history, found) if whole and found is not None else None
    return Standstill(phase, slope, stretch, found, way_out)


def _stretch(history: History, epoch: int) -> float:
    return float(singular_values(history.at(history.nearest(epoch)).weights[0])[0])


def _way_out(dataset: Dataset, history: History, found: Escape) -> WayOut:
    point, end = found.saddle, found.measured
    _, direction = lowest(hessian(point, dataset.points, dataset.one_hot))
    shown = (history.epochs >= found.epoch) & (history.epochs <= end + (end - found.epoch) // _BEYOND)
    epochs, path = history.epochs[shown], coordinates(history, point, direction)[shown]
    reach = max(_REACH * float(np.abs(path[epochs <= end]).max()), _LEAST_REACH)
    steps = np.arange(-_STEPS, _STEPS + 1, dtype=np.float64) * (reach / _STEPS)
    return WayOut(steps, profile(dataset, point, direction, steps), epochs, path)
