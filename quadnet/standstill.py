"""The saddle beside the prior plateau: what holds the training there, and what lets it go."""

import math
from dataclasses import dataclass

import numpy as np

from quadnet.arithmetic import total
from quadnet.arrays import FloatArray, IntArray
from quadnet.config import Config
from quadnet.curvature import affordable, coordinates, hessian, least_curvature, profile, saddle
from quadnet.dataset import Dataset
from quadnet.escape import Escape, escape
from quadnet.evidence import snapshot
from quadnet.history import History
from quadnet.network import Parameters
from quadnet.phases import Phase
from quadnet.spectrum import Signs, eigenvalues, lowest, signs, singular_values

_STEPS = 20  # of the loss's profile, to either side
_REACH = 1.25  # times as far as the training is at the plateau's end
_BEYOND = 12  # part of the plateau's length that is shown after its end


@dataclass(frozen=True)
class Saddle:
    """A point where the slope is zero and the loss bends down along some directions, up along others.

    Attributes:
        parameters: Where it is.
        distance: Euclidean distance to it from the network at the plateau's early epoch.
        eigenvalues: Of the loss's second derivatives there, ascending, shape (p,).
        closed_form: The formula's value for the least of them.
        steps: Places along the direction of the least eigenvalue, shape (n,).
        profile: The loss there, shape (n,).
        epochs: Kept epochs from the early one until a little after the plateau's end, shape (m,).
        path: The training's coordinate along that direction at those epochs, shape (m,).
    """

    parameters: Parameters
    distance: float
    eigenvalues: FloatArray
    closed_form: float
    steps: FloatArray
    profile: FloatArray
    epochs: IntArray
    path: FloatArray

    @property
    def least(self) -> float:
        """The least eigenvalue."""
        return float(self.eigenvalues[0])

    @property
    def signs(self) -> Signs:
        """How many eigenvalues are negative, zero, positive."""
        return signs(self.eigenvalues)


@dataclass(frozen=True)
class Standstill:
    """The prior plateau as a visit to a saddle.

    Attributes:
        phase: The plateau.
        epoch: The early epoch from which the saddle is sought.
        gradient_norm: The slope in the plateau's middle.
        stretch: The largest singular value of W_1 at the plateau's start and end.
        saddle: The exact saddle beside the network at that epoch; None without hidden layer or if the second
            derivatives are too costly.
        escape: When it should let go by two predictions; None if they do not apply.
    """

    phase: Phase
    epoch: int
    gradient_norm: float
    stretch: tuple[float, float]
    saddle: Saddle | None
    escape: Escape | None


def examine(config: Config, dataset: Dataset, history: History, phase: Phase, *, drawn: bool = True) -> Standstill:
    """Looks at the prior plateau of a run.

    Args:
        config: What was run.
        dataset: Its points.
        history: Its training.
        phase: The prior plateau.
        drawn: Whether to compute what only a drawing needs, and the predictions.
    """
    found = escape(config, dataset, history, phase) if drawn else None
    epoch = found.epoch if found is not None else history.nearest(phase.start)
    slope = snapshot(dataset, history, history.nearest(phase.middle)).gradient_norm
    stretch = _stretch(history, phase.start), _stretch(history, phase.end)
    return Standstill(phase, epoch, slope, stretch, _saddle(dataset, history, phase, epoch, drawn=drawn), found)


def _stretch(history: History, epoch: int) -> float:
    return float(singular_values(history.at(history.nearest(epoch)).weights[0])[0])


def _saddle(dataset: Dataset, history: History, phase: Phase, epoch: int, *, drawn: bool) -> Saddle | None:
    state = history.at(epoch)
    point = saddle(dataset, state)
    if point is None or not affordable(history.widths, len(dataset.points)):
        return None
    matrix = hessian(point, dataset.points, dataset.one_hot)
    away = state.vector - point.vector
    epochs: IntArray = np.empty(0, np.int64)
    steps: FloatArray = np.empty(0)
    losses, path = steps, steps
    if drawn:
        _, direction = lowest(matrix)
        beyond = phase.end + (phase.end - phase.start) // _BEYOND
        shown = (history.epochs >= epoch) & (history.epochs <= beyond)
        epochs, path = history.epochs[shown], coordinates(history, point, direction)[shown]
        reach = _REACH * max(float(np.abs(path[epochs <= phase.end]).max(initial=0.0)), 1e-3)
        steps = np.arange(-_STEPS, _STEPS + 1, dtype=np.float64) * (reach / _STEPS)
        losses = profile(dataset, point, direction, steps)
    return Saddle(
        parameters=point,
        distance=math.sqrt(float(total(away * away))),
        eigenvalues=eigenvalues(matrix[None])[0],
        closed_form=least_curvature(dataset, point),
        steps=steps,
        profile=losses,
        epochs=epochs,
        path=path,
    )
