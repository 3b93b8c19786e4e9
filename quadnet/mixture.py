"""The mixture of four normal clouds that the data is drawn from, and the best any classifier can do on it."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from quadnet.arrays import FloatArray, IntArray
from quadnet.config import CLASSES, Data

Partition = tuple[tuple[int, ...], ...]

_REACH = 9.0  # standard deviations; the normal density beyond is below 1e-18
_STEP = 0.15  # standard deviations between the nodes of the quadrature
_NEGLIGIBLE = 1e-15  # weight below which a node is left out


@dataclass(frozen=True)
class Mixture:
    """Four round normal clouds of one standard deviation.

    Attributes:
        centres: Shape (4, 2).
        spread: Standard deviation of each coordinate; 0 puts every point on its centre.
        shares: Prior probability of each class, shape (4,).
    """

    centres: FloatArray
    spread: float
    shares: FloatArray

    @classmethod
    def of(cls, data: Data) -> "Mixture":
        """The mixture behind a configuration; the class shares are those of the training sample."""
        counts = np.array(data.counts, dtype=np.float64)
        return cls(np.array(data.centres, dtype=np.float64), data.spread, counts / counts.sum())

    def scores(self, points: FloatArray) -> FloatArray:
        """ln(share × density) of each class up to a common term, shape (n, 4); in the limit for spread 0.

        Args:
            points: Shape (n, 2).
        """
        distance = np.empty((len(points), CLASSES))
        for c, (x, y) in enumerate(self.centres):
            distance[:, c] = (points[:, 0] - x) ** 2 + (points[:, 1] - y) ** 2
        if self.spread == 0:
            nearest = distance == distance.min(axis=1, keepdims=True)
            return np.where(nearest, np.log(self.shares), -np.inf)
        scores: FloatArray = np.log(self.shares) - distance / (2 * self.spread**2)
        return scores

    def bayes_rule(self, points: FloatArray) -> IntArray:
        """The class of highest posterior probability for each point, shape (n,)."""
        labels: IntArray = self.scores(points).argmax(axis=1)
        return labels

    def bayes_accuracy(self) -> float:
        """Probability that the Bayes rule is right on a new point, exact to about 1e-12.

        Each class wins in a convex cell bounded by straight lines, so its probability is a one-dimensional integral of
        φ(u)·[Φ(upper(u)) − Φ(lower(u))], smooth between the corners of the cell. For four centres (±a, ±a) and equal
        shares it is Φ(a / spread)².
        """
        if self.spread == 0:
            labels = self.bayes_rule(self.centres)
            return float(self.shares[labels == np.arange(CLASSES)].sum())
        return min(1.0, math.fsum(float(share) * self._cell(c) for c, share in enumerate(self.shares)))

    def level(self, partition: Sequence[Sequence[int]]) -> float:
        """Cross-entropy, summed over outputs, of a network that tells groups of classes apart as well as can be.

        Within a group every output is its class's share of the group times the group's posterior probability. One group
        of all classes gives Σ H(π); four groups of one give the loss of the Bayes-optimal outputs.

        Args:
            partition: Groups of class labels that together hold each class once.
        """
        posterior, truth = self._nodes
        member = np.zeros((len(partition), CLASSES))
        for row, group in enumerate(partition):
            member[row, list(group)] = 1.0
        share_within = self.shares / (member.T @ (member @ self.shares))
        outputs = (posterior @ member.T @ member) * share_within
        seen = truth.sum(axis=1, keepdims=True)
        return max(0.0, float(-(_x_log(truth, outputs) + _x_log(seen - truth, 1 - outputs)).sum()))

    @cached_property
    def _nodes(self) -> tuple[FloatArray, FloatArray]:
        """Nodes of a quadrature over the mixture: posteriors at each, and weight of each true class, both (n, 4)."""
        axis = np.arange(-_REACH, _REACH + _STEP / 2, _STEP)
        density = np.exp(-(axis**2) / 2)
        density /= density.sum()
        grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
        cloud = np.outer(density, density).ravel()
        grid, cloud = grid[cloud > _NEGLIGIBLE], cloud[cloud > _NEGLIGIBLE]
        if self.spread == 0:
            grid, cloud = np.zeros((1, 2)), np.ones(1)
        scores = self.scores((self.centres[:, None, :] + self.spread * grid).reshape(-1, 2))
        posterior = np.exp(scores - scores.max(axis=1, keepdims=True))
        posterior /= posterior.sum(axis=1, keepdims=True)
        truth = np.kron(np.diag(self.shares), cloud[:, None])
        return posterior, truth

    def _cell(self, c: int) -> float:
        """Probability that a point of class c falls where the Bayes rule says c."""
        # In units of the spread around centre c, class k loses where a·u + b·v <= t.
        lines = []
        for k in range(CLASSES):
            a, b = (self.centres[k] - self.centres[c]) / self.spread
            t = math.log(self.shares[c] / self.shares[k]) + (a * a + b * b) / 2
            if k != c and (a or b):
                lines.append((float(a), float(b), float(t)))
            elif k != c and (self.shares[k], -k) > (self.shares[c], -c):
                return 0.0  # the same centre: the larger share wins, then the lower label, as argmax has it
        low, high = -_REACH, _REACH
        for a, b, t in lines:
            if abs(b) < 1e-12 * abs(a):
                low, high = (low, min(high, t / a)) if a > 0 else (max(low, t / a), high)
        sloped = [line for line in lines if abs(line[1]) >= 1e-12 * abs(line[0])]
        corners = {low, high}
        for i, (a, b, t) in enumerate(sloped):
            if a:  # where a steep line enters and leaves the cloud
                corners |= {(t - b * _REACH) / a, (t + b * _REACH) / a}
            for a2, b2, t2 in sloped[:i]:
                if abs(a * b2 - a2 * b) > 1e-12:
                    corners.add((t * b2 - t2 * b) / (a * b2 - a2 * b))
        inside = sorted(u for u in corners if low <= u <= high)
        nodes, weights = np.polynomial.legendre.leggauss(96)
        total = 0.0
        for start, end in itertools.pairwise(inside):
            for node, weight in zip(nodes.tolist(), weights.tolist(), strict=True):
                u = (start + end) / 2 + (end - start) / 2 * node
                upper = min(((t - a * u) / b for a, b, t in sloped if b > 0), default=math.inf)
                lower = max(((t - a * u) / b for a, b, t in sloped if b < 0), default=-math.inf)
                mass = max(0.0, _normal(upper) - _normal(lower))
                total += weight * (end - start) / 2 * math.exp(-u * u / 2) / math.sqrt(2 * math.pi) * mass
        return total


def merged_level(shares: FloatArray) -> float:
    """Σ H(π_c): the loss when every output is its class's share of the sample (H the binary entropy, in nats)."""
    return float(-(_x_log(shares, shares) + _x_log(1 - shares, 1 - shares)).sum())


def _x_log(x: FloatArray, y: FloatArray) -> FloatArray:
    """x·ln y, which is 0 wherever x is."""
    return np.where(x > 0, x * np.log(np.where(y > 0, y, np.nextafter(0, 1))), 0.0)


def _normal(z: float) -> float:
    """The standard normal distribution function Φ."""
    return 0.5 * math.erfc(-z / math.sqrt(2))
