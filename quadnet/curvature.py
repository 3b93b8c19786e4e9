"""The loss's second derivatives, and the strict saddle that the first plateau lies beside.

While every output stands at its class's share π_c, the network behaves as beside the point where W_1 = 0 and the last
layer treats all classes alike. There the gradient is exactly zero, but the curvature is not: S, the covariance of the
points with the labels, couples the first layer to the last, so there are directions in which the loss falls.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from quadnet.arithmetic import BLOCK, log, total, total_products
from quadnet.arrays import FloatArray
from quadnet.config import CLASSES
from quadnet.dataset import Dataset
from quadnet.history import History
from quadnet.network import Parameters, cross_entropy, forward
from quadnet.spectrum import product, singular_values

_LIMIT = 8 * 10**7  # samples times parameters squared of a Hessian that takes about 0.25 s
_WIDEST = 250  # parameters of a Hessian whose eigenvalues take about 0.07 s
_ROOM = 2**20  # numbers held at a time, about


def affordable(widths: tuple[int, ...], samples: int) -> bool:
    """Whether the exact Hessian and its eigenvalues take less than about 0.3 s.

    Args:
        widths: Units of every layer.
        samples: Points.
    """
    size = _ends(widths)[-1]
    return size <= _WIDEST and size * size * samples <= _LIMIT


def hessian(parameters: Parameters, points: FloatArray, one_hot: FloatArray) -> FloatArray:
    """The exact second derivatives of the loss, shape (p, p), symmetric, in the order of `Parameters.vector`.

    Moving Z_l by ε moves what lies above it, and Δ_m … Δ_l on the way back (forward over reverse differentiation,
    Pearlmutter 1994). With A_{l-1} continued by a 1 for the bias, ∂L/∂W_k = A_{k-1}ᵀ Δ_k / n gives for l ≤ k

    ∂²L / ∂W_l[i, j] ∂W_k[p, q] = Σ A_{l-1}[i] (A_{k-1}[p] ∂Δ_k[q]/∂Z_l[j] + ∂A_{k-1}[p]/∂Z_l[j] Δ_k[q]) / n

    Args:
        parameters: The network.
        points: Shape (n, 2).
        one_hot: Y, shape (n, 4).
    """
    widths = _widths(parameters)
    ends = _ends(widths)
    parts = [slice(start, end) for start, end in itertools.pairwise(ends)]
    upper = np.zeros((ends[-1], ends[-1]))
    step = max(1, _ROOM // (ends[-1] * max(widths) * BLOCK)) * BLOCK
    for start in range(0, len(points), step):
        some = _Pass.of(parameters, points[start : start + step], one_hot[start : start + step])
        for low, high, block in some.blocks():
            upper[parts[low], parts[high]] += block
            if low < high:
                upper[parts[high], parts[low]] += block.T
    # Within a diagonal block, an element and its mirror image are summed in different orders.
    return (upper + upper.T) / (2 * len(points))


def _widths(parameters: Parameters) -> tuple[int, ...]:
    return len(parameters.weights[0]), *map(len, parameters.biases)


def _ends(widths: tuple[int, ...]) -> list[int]:
    """Where each layer's parameters start in `Parameters.vector`, and where the last one's end."""
    sizes = ((rows + 1) * columns for rows, columns in itertools.pairwise(widths))
    return list(itertools.accumulate(sizes, initial=0))


@dataclass(frozen=True)
class _Pass:
    """Some points on their way through the network and back; layers count from 0, points stand last.

    Attributes:
        weights: W of each layer.
        units: A below each layer, and the outputs.
        slopes: A (1 - A) of the same.
        deltas: Δ of each layer.
        bends: By how much Δ changes with the layer's own Z while what comes back from above stays; 0 at the outputs.
    """

    weights: tuple[FloatArray, ...]
    units: list[FloatArray]
    slopes: list[FloatArray]
    deltas: list[FloatArray]
    bends: list[FloatArray]

    @classmethod
    def of(cls, parameters: Parameters, points: FloatArray, one_hot: FloatArray) -> "_Pass":
        units = [a.T for a in forward(parameters, points)[0]]
        slopes = [a * (1 - a) for a in units]
        deltas, bends = [units[-1] - one_hot.T], [np.zeros_like(units[-1])]
        for k in reversed(range(1, len(parameters.weights))):
            back = _through(parameters.weights[k].T, deltas[0])
            deltas.insert(0, back * slopes[k])
            bends.insert(0, deltas[0] * (1 - 2 * units[k]))
        return cls(parameters.weights, units, slopes, deltas, bends)

    def moved(self, layer: int) -> tuple[list[FloatArray], list[FloatArray]]:
        """The derivatives by Z_layer[j] of A above the layers from this one on, and of their Δ; shape (j, units, n)."""
        width, samples = self.deltas[layer].shape
        logits = [np.repeat(np.eye(width)[:, :, None], samples, axis=2)]
        above = [logits[0] * self.slopes[layer + 1]]
        for k in range(layer + 1, len(self.weights)):
            logits.append(_through(self.weights[k], above[-1]))
            above.append(logits[-1] * self.slopes[k + 1])
        changes = [above[-1]]
        for k in reversed(range(layer, len(self.weights) - 1)):
            back = _through(self.weights[k + 1].T, changes[0])
            changes.insert(0, back * self.slopes[k + 1] + self.bends[k] * logits[k - layer])
        return above, changes

    def blocks(self) -> Iterator[tuple[int, int, FloatArray]]:
        """Sums over the points of the second derivatives, for every two layers l ≤ k."""
        for low in range(len(self.weights)):
            above, changes = self.moved(low)
            for high in range(low, len(self.weights)):
                change, below = changes[high - low], self.units[high]
                terms = np.concatenate([below[:, None, None] * change, change[None]])
                if high > low:
                    terms[:-1] += above[high - low - 1].swapaxes(0, 1)[:, :, None] * self.deltas[high]
                sums = total_products([(self.units[low], terms.reshape(-1, terms.shape[-1]))])
                rows, columns = len(self.units[low]) + 1, len(below) + 1
                shaped = sums.reshape(rows, columns, *change.shape[:2]).swapaxes(1, 2)
                yield low, high, shaped.reshape(rows * len(change), -1)


def _through(weights: FloatArray, values: FloatArray) -> FloatArray:
    """The sums Σ_i weights[i, j] values[…, i, n], one i after the other, shape (…, j, n)."""
    sums: FloatArray = weights[0, :, None] * values[..., 0, None, :]
    for i in range(1, len(weights)):
        sums += weights[i, :, None] * values[..., i, None, :]
    return sums


def saddle(dataset: Dataset, parameters: Parameters) -> Parameters | None:
    """The exact strict saddle beside a state on the plateau at the class shares; None without a hidden layer.

    W_1 = 0; the last layer has the same weights for all classes, the mean of theirs; its biases make every output the
    class's share of the training points. All else stays. The gradient there is zero: Σ Δ_m = 0 since the outputs are
    the shares, and Δ_m W_mᵀ = 0 for every point, since W_m is the same for all classes and both outputs and labels add
    up to 1.
    """
    if len(parameters.weights) == 1:
        return None
    common = total(parameters.weights[-1]) / CLASSES
    weights = (
        np.zeros_like(parameters.weights[0]),
        *parameters.weights[1:-1],
        np.repeat(common[:, None], CLASSES, axis=1),
    )
    share = shares(dataset)
    last = resting(Parameters(weights, parameters.biases))[-1]
    return Parameters(weights, (*parameters.biases[:-1], log(share / (1 - share)) - total(last * common)))


def shares(dataset: Dataset) -> FloatArray:
    """The class shares π of the training points, shape (4,)."""
    return np.bincount(dataset.labels, minlength=CLASSES) / len(dataset.labels)


def resting(saddle: Parameters) -> list[FloatArray]:
    """The hidden layers' activations a_1 … a_{m-1} at the saddle, the same for all points, each of shape (units,)."""
    activations, _ = forward(saddle, np.zeros((1, len(saddle.weights[0]))))
    return [a[0] for a in activations[1:-1]]


def label_covariance(dataset: Dataset) -> FloatArray:
    """S = Cov(x, Y - π) of the training points, shape (2, 4)."""
    rest = (dataset.one_hot - shares(dataset)).T
    return total(dataset.points.T[:, None] * rest) / len(rest.T)


def least_curvature(dataset: Dataset, saddle: Parameters) -> float:
    """A closed form close to the Hessian's least eigenvalue at the saddle of two or more layers.

    -‖S‖₂ ‖D_1 W_2 D_2 … W_{m-1} D_{m-1} (I - a aᵀ / (r (r + 1)))‖₂,  r = √(1 + |a|²)

    with S = Cov(x, Y - π), D_l = diag(a_l (1 - a_l)), a_l the activations of layer l at the saddle, a the last of them.
    It is the steepest curvature while W_1 and W_m change and the mean outputs stay: W_m then only moves together with
    the biases, so that (W_m, b_m) stays orthogonal to (a, 1). The last factor is the root of I - a aᵀ / (1 + |a|²).
    """
    first, *hidden = resting(saddle)
    chain, last = np.diag(first * (1 - first)), first
    for weights, last in zip(saddle.weights[1:], hidden, strict=False):
        chain = product(chain, weights * (last * (1 - last)))
    root = math.sqrt(1 + float(total(last * last)))
    chain = chain - product(chain, last[:, None]) * last / (root * (root + 1))
    return -float(singular_values(label_covariance(dataset))[0] * singular_values(chain)[0])


def profile(dataset: Dataset, saddle: Parameters, direction: FloatArray, steps: FloatArray) -> FloatArray:
    """The loss along a line through the saddle, shape (steps,).

    Args:
        dataset: The training points.
        saddle: Where the line starts.
        direction: Unit vector in the order of `Parameters.vector`, shape (p,).
        steps: How far to go, shape (steps,).
    """
    widths = _widths(saddle)
    one_hot, losses = dataset.one_hot, np.empty(len(steps))
    for i, step in enumerate(steps):
        parameters = Parameters.from_vector(saddle.vector + step * direction, widths)
        activations, logits = forward(parameters, dataset.points)
        losses[i] = cross_entropy(activations[-1], logits, one_hot)
    return losses


def coordinates(history: History, saddle: Parameters, direction: FloatArray) -> FloatArray:
    """How far each kept epoch's parameters lie from the saddle along the unit direction, shape (kept epochs,)."""
    sums = np.zeros(len(history.parameters))
    for column, start, length in zip(history.parameters.T, saddle.vector, direction, strict=True):
        sums += (column - start) * length
    return sums
