"""How long the plateau at the class shares lasts, told from one early state beside its saddle.

Two predictions of the epoch at which the loss has fallen to what it is at the plateau's end, both for plain gradient
descent. The frozen Hessian takes the loss near the saddle for a quadratic function: every coordinate along a negative
curvature λ grows by 1 + α|λ| an epoch. The reduced flow lets the curvature grow on the way. Beside the saddle all
sigmoids are nearly linear, so the network is nearly the deep linear one with M = W_1 D_1 W_2 D_2 … W_m,

Z_m = const + x M,   L = L_saddle - tr SᵀM + ½ Σ_c π_c (1 - π_c) M_cᵀ C M_c

with S, D_l as in `curvature` and C the covariance of the points; compare Saxe, McClelland & Ganguli 2014. The output
layer's biases keep the mean outputs at π meanwhile, so of the last layer's change only the part orthogonal to (a_{m-1},
1) is left: it is multiplied by I - a aᵀ / (1 + |a|²).
"""

import math
from dataclasses import dataclass

import numpy as np

from quadnet.arithmetic import total
from quadnet.arrays import FloatArray
from quadnet.config import Config
from quadnet.curvature import affordable, hessian, label_covariance, least_curvature, resting, saddle, shares
from quadnet.dataset import Dataset
from quadnet.history import History
from quadnet.mixture import merged_level
from quadnet.network import Parameters
from quadnet.phases import Phase
from quadnet.spectrum import Signs, eigenvalues, product, signs

BESIDE = 1e-3  # the loss comes so near to the saddle's, relatively, on a plateau at the class shares
_STEP = 0.1  # largest relative change of a layer in one step of the reduced flow
_STEPS = 400  # of the reduced flow, before it is given up
_DOUBLINGS = 24  # of the epochs, before the frozen Hessian is given up


@dataclass(frozen=True)
class Escape:
    """The saddle beside the first plateau and the way out.

    Attributes:
        epoch: Where the predictions start: the kept epoch of the plateau at which the loss is nearest to the saddle's.
            By then the biases have settled, and the way out has hardly begun.
        saddle: The exact strict saddle beside the state there.
        distance: Euclidean distance between the two.
        eigenvalues: Of the Hessian at the saddle, ascending, shape (p,).
        closed_form: What the least of them is by `least_curvature`.
        measured: Epoch at which the plateau ended.
        reduced: That epoch as the reduced flow predicts it; None if the flow does not get there, or for another
            optimizer than plain gradient descent.
        frozen: That epoch by the frozen Hessian; None if the quadratic function does not fall so far, or as above.
    """

    epoch: int
    saddle: Parameters
    distance: float
    eigenvalues: FloatArray
    closed_form: float
    measured: int
    reduced: int | None
    frozen: int | None

    @property
    def least(self) -> float:
        """The least eigenvalue."""
        return float(self.eigenvalues[0])

    @property
    def signs(self) -> Signs:
        """How many eigenvalues are negative, zero, positive."""
        return signs(self.eigenvalues)


def escape(
    config: Config, dataset: Dataset, history: History, plateau: Phase, *, predicted: bool = True
) -> Escape | None:
    """Looks at a plateau that the run left again.

    Args:
        config: Of the run.
        dataset: The training points.
        history: The run.
        plateau: A closed plateau.
        predicted: Whether to make the predictions, too.

    Returns:
        None if this is not the plateau at the class shares, without a hidden layer, and where the Hessian is not
        `affordable`.
    """
    level = merged_level(shares(dataset))
    kept = history.epochs[(history.epochs >= plateau.start) & (history.epochs < plateau.end)]
    apart = np.abs(history.loss[kept] - level)
    if not (kept.size and apart.min() < BESIDE * level and plateau.loss_end < level):
        return None
    epoch = int(kept[apart.argmin()])
    state = history.at(epoch)
    point = saddle(dataset, state)
    if point is None or not affordable(history.widths, len(dataset.points)):
        return None
    rate, fall = config.training.learning_rate, level - plateau.loss_end
    curvature = hessian(point, dataset.points, dataset.one_hot)
    away = state.vector - point.vector
    reduced = frozen = None
    if predicted and config.training.optimizer == "gradient_descent":
        reduced = _reduced_flow(dataset, state, resting(point), rate, fall)
        frozen = _frozen_hessian(curvature, away, rate, fall)
    return Escape(
        epoch=epoch,
        saddle=point,
        distance=math.sqrt(float(total(away * away))),
        eigenvalues=eigenvalues(curvature[None])[0],
        closed_form=least_curvature(dataset, point),
        measured=plateau.end,
        reduced=None if reduced is None else epoch + reduced,
        frozen=None if frozen is None else epoch + frozen,
    )


def _frozen_hessian(curvature: FloatArray, away: FloatArray, rate: float, fall: float) -> int | None:
    """Epochs until ½ dᵀHd, with d ← (I - αH) d from epoch to epoch, has fallen by so much below 0.

    Args:
        curvature: H, shape (p, p).
        away: d at first, shape (p,).
        rate: α.
        fall: How far.
    """

    def after(power: FloatArray, d: FloatArray) -> FloatArray:
        moved: FloatArray = total(power * d)
        return moved

    def fallen(d: FloatArray) -> float:
        return -float(total(d * total(curvature * d))) / 2

    powers = [np.eye(len(away)) - rate * curvature]  # of 1, 2, 4, … epochs
    with np.errstate(over="ignore", invalid="ignore"):
        while not fallen(after(powers[-1], away)) >= fall:
            if len(powers) > _DOUBLINGS:
                return None
            powers.append(product(powers[-1], powers[-1]))
        epochs = 0
        for k in reversed(range(len(powers))):
            later = after(powers[k], away)
            if fallen(later) < fall:
                epochs, away = epochs + (1 << k), later
    return epochs + 1


def _reduced_flow(
    dataset: Dataset, state: Parameters, hidden: list[FloatArray], rate: float, fall: float
) -> int | None:
    """Epochs until the deep linear network's loss has fallen by so much below the saddle's.

    The flow is followed by the midpoint rule; the epoch within the last step is interpolated.

    Args:
        dataset: The training points.
        state: Where the flow starts.
        hidden: The saddle's activations a_1 … a_{m-1}.
        rate: Length of the run's steps, α.
        fall: How far.
    """
    flow = _LinearNetwork(dataset, hidden)
    weights, epochs = list(state.weights), 0.0
    fallen, slopes = flow.descend(weights)
    for _ in range(_STEPS):
        relative = max(math.sqrt(_square(g) / max(_square(w), 1e-300)) for w, g in zip(weights, slopes, strict=True))
        if not 0 < relative < math.inf:
            return None
        step = _STEP / relative
        _, slopes = flow.descend([w + step / 2 * g for w, g in zip(weights, slopes, strict=True)])
        weights = [w + step * g for w, g in zip(weights, slopes, strict=True)]
        before = fallen
        fallen, slopes = flow.descend(weights)
        if fallen >= fall:
            return round((epochs + step * max(0.0, (fall - before) / (fallen - before))) / rate)
        epochs += step
    return None


def _square(values: FloatArray) -> float:
    return float(total(values.ravel() * values.ravel()))


class _LinearNetwork:
    """The network beside the saddle, with every sigmoid replaced by its tangent."""

    def __init__(self, dataset: Dataset, hidden: list[FloatArray]) -> None:
        """Computes what stays fixed.

        Args:
            dataset: The training points.
            hidden: The saddle's activations a_1 … a_{m-1}.
        """
        share = shares(dataset)
        centred = dataset.points.T - total(dataset.points.T)[:, None] / len(dataset.points)
        self._weight = share * (1 - share)
        self._labels = label_covariance(dataset)
        self._points = total(centred[:, None] * centred) / len(dataset.points)
        self._slopes = [a * (1 - a) for a in hidden]
        last = hidden[-1]
        self._free = np.eye(len(last)) - last[:, None] * last / (1 + float(total(last * last)))

    def descend(self, weights: list[FloatArray]) -> tuple[float, list[FloatArray]]:
        """How far the loss has fallen below the saddle's, and the way down from here for each layer's weights."""
        below = [weights[0] * self._slopes[0]]
        for w, slope in zip(weights[1:-1], self._slopes[1:], strict=True):
            below.append(product(below[-1], w) * slope)
        whole = product(below[-1], weights[-1])
        bent = product(self._points, whole) * self._weight
        fallen = float(total((whole * (self._labels - bent / 2)).ravel()))
        back = self._labels - bent
        ways = [product(self._free, product(below[-1].T, back))]
        for layer in reversed(range(len(weights) - 1)):
            back = product(back, weights[layer + 1].T) * self._slopes[layer]
            ways.insert(0, product(below[layer - 1].T, back) if layer else back)
        return fallen, ways
