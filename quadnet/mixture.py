"""The mixture of four normal clouds that the data is drawn from, and the best any classifier can do on it."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from quadnet.arithmetic import exp, gauss_legendre, log, normal, total
from quadnet.arrays import FloatArray, IntArray
from quadnet.config import CLASSES, Data

Partition = tuple[tuple[int, ...], ...]

_REACH = 9.0  # standard deviations; the normal density beyond is below 1e-18
_STEP = 0.15  # standard deviations between the nodes of the quadrature
_STEPS = 60  # to either side: up to the reach
_NEGLIGIBLE = 1e-15  # weight below which a node is left out
_LEAST_FACTOR = 2.0**-200  # where an output is rounded to 1, its logarithm stays finite
_ROOT_TWO_PI = 2.5066282746310002


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
            right, up = points[:, 0] - x, points[:, 1] - y
            distance[:, c] = right * right + up * up
        if self.spread == 0:
            nearest = distance == distance.min(axis=1, keepdims=True)
            return np.where(nearest, log(self.shares), -np.inf)
        scores: FloatArray = log(self.shares) - distance / (2 * self.spread * self.spread)
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
            return math.fsum(self.shares[labels == np.arange(CLASSES)].tolist())
        return min(1.0, math.fsum(float(share) * self._cell(c) for c, share in enumerate(self.shares)))

    def level(self, partition: Sequence[Sequence[int]]) -> float:
        """Cross-entropy, summed over outputs, of a network that tells groups of classes apart as well as can be.

        Within a group every output is its class's share of the group times the group's posterior probability. One group
        of all classes gives Σ H(π); four groups of one give the loss of the Bayes-optimal outputs.

        Args:
            partition: Groups of class labels that together hold each class once.
        """
        posterior, cloud = self._nodes
        factors = np.ones((CLASSES, len(cloud)))
        for group in partition:
            likely = _in_order([posterior[:, c] for c in group])
            share = math.fsum(self.shares[list(group)].tolist())
            for c in group:
                output = likely * (self.shares[c] / share)
                factors *= np.maximum(np.where(np.arange(CLASSES)[:, None] == c, output, 1 - output), _LEAST_FACTOR)
        return max(0.0, -math.fsum((self.shares * total(cloud * log(factors))).tolist()))

    @cached_property
    def _nodes(self) -> tuple[FloatArray, FloatArray]:
        """Nodes of a quadrature over the mixture.

        Returns:
            The posterior probabilities at the nodes around each centre, shape (centre, class, n), and the weights of
            the nodes within a cloud, shape (n,).
        """
        axis = _STEP * np.arange(-_STEPS, _STEPS + 1)
        density = exp(-0.5 * (axis * axis))
        density /= total(density)
        grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
        cloud = (density[:, None] * density).ravel()
        grid, cloud = grid[cloud > _NEGLIGIBLE], cloud[cloud > _NEGLIGIBLE]
        if self.spread == 0:
            grid, cloud = np.zeros((1, 2)), np.ones(1)
        scores = self.scores((self.centres[:, None, :] + self.spread * grid).reshape(-1, 2)).T
        posterior = exp(scores - scores.max(axis=0))
        posterior /= _in_order(list(posterior))
        return posterior.reshape(CLASSES, CLASSES, -1).transpose(1, 0, 2), cloud

    def _cell(self, c: int) -> float:
        """Probability that a point of class c falls where the Bayes rule says c."""
        # In units of the spread around centre c, class k loses where a·u + b·v <= t.
        lines = []
        preferred = log(self.shares[c] / self.shares)
        for k in range(CLASSES):
            a, b = (self.centres[k] - self.centres[c]) / self.spread
            t = preferred[k] + (a * a + b * b) / 2
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
        nodes, weights = gauss_legendre(96)
        parts = []
        for start, end in itertools.pairwise(inside):
            u = (start + end) / 2 + (end - start) / 2 * nodes
            upper, lower = np.full_like(u, np.inf), np.full_like(u, -np.inf)
            for a, b, t in sloped:
                with np.errstate(over="ignore"):  # centres that all but coincide
                    border = (t - a * u) / b
                if b > 0:
                    upper = np.minimum(upper, border)
                else:
                    lower = np.maximum(lower, border)
            mass = np.maximum(0.0, normal(upper) - normal(lower))
            parts.append((end - start) / 2 * float(total(weights * exp(-0.5 * (u * u)) * mass)))
        return math.fsum(parts) / _ROOT_TWO_PI


def merged_level(shares: FloatArray) -> float:
    """Σ H(π_c): the loss when every output is its class's share of the sample (H the binary entropy, in nats)."""
    terms = np.concatenate([shares, 1 - shares])
    return -float(total(terms * log(np.where(terms > 0, terms, 1.0))))


def _in_order(terms: Sequence[FloatArray]) -> FloatArray:
    """The sum of arrays, one after the other."""
    sums = terms[0]
    for term in terms[1:]:
        sums = sums + term
    return sums
