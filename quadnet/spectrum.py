"""Eigenvalues and singular values of small matrices, in sums of a fixed order: the same bits on every machine.

Symmetric matrices are made tridiagonal by Householder's reflections; Sturm's count of the negative pivots then tells
how many eigenvalues lie below a number, and bisection encloses all of them at once (Golub & Van Loan 2013, §8.3-8.4).
Singular values come from one-sided Jacobi rotations (Hestenes 1958).
"""

from dataclasses import dataclass

import numpy as np

from quadnet.arithmetic import exp, log, total, total_products
from quadnet.arrays import FloatArray, IntArray
from quadnet.random import Stream

ZERO = 1e-10  # an eigenvalue counts as zero up to this part of the largest one; rounding alone leaves about 1e-16
WIDEST = 128  # with so many rows and columns, singular values take about 0.2 s; twice as many, eight times as long

_BISECTIONS = 54  # from [-1, 1] to the spacing of numbers near 1
_NEGLIGIBLE = 1e-40  # the square of an element that no eigenvalue near 1 feels
_SMALLEST_SQUARE = 1e-280
_SWEEPS = 30  # Jacobi's method takes 4 to 10
_ORTHOGONAL = 1e-15  # cosine between two columns
_INVERSE_ITERATIONS = 4


@dataclass(frozen=True)
class Signs:
    """How many eigenvalues there are of each sign.

    Attributes:
        negative: Below -1e-10 times the largest absolute value.
        zero: Between.
        positive: Above.
    """

    negative: int
    zero: int
    positive: int


def signs(values: FloatArray) -> Signs:
    """Counts the signs of one matrix's eigenvalues, shape (n,)."""
    least = ZERO * np.abs(values).max()
    negative, positive = int(np.count_nonzero(values < -least)), int(np.count_nonzero(values > least))
    return Signs(negative, len(values) - negative - positive, positive)


def product(left: FloatArray, right: FloatArray) -> FloatArray:
    """The matrix product, the terms of each sum added one after the other.

    Args:
        left: Shape (…, rows, middle).
        right: Shape (…, middle, columns).
    """
    sums: FloatArray = left[..., :, 0, None] * right[..., 0, None, :]
    for k in range(1, left.shape[-1]):
        sums = sums + left[..., :, k, None] * right[..., k, None, :]
    return sums


def eigenvalues(matrices: FloatArray) -> FloatArray:
    """All eigenvalues in ascending order, to about 1e-15 of the largest, shape (k, n).

    Args:
        matrices: Symmetric and finite, shape (k, n, n).
    """
    largest = np.abs(matrices).max(axis=(1, 2))
    scale = np.where(largest > 0, largest, 1.0)[:, None]
    diagonal, beside = _tridiagonal(matrices / scale[:, :, None])
    beyond = np.concatenate([beside[:, 1:], np.zeros((len(beside), 1))], axis=1)
    bound = (np.abs(diagonal) + beside + beyond).max(axis=1)[:, None]  # Gershgorin's discs
    squares = np.maximum(beside * beside, _NEGLIGIBLE)
    low, high = np.repeat(-bound, diagonal.shape[1], axis=1), np.repeat(bound, diagonal.shape[1], axis=1)
    wanted = np.arange(diagonal.shape[1])
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        above = _below(diagonal, squares, middle) > wanted
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    values: FloatArray = (low + high) / 2 * scale
    return values


def _tridiagonal(matrices: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The diagonal and the absolute values of the elements left of it (0 first) of a similar matrix, both (k, n)."""
    count, size, _ = matrices.shape
    diagonal, beside = np.empty((count, size)), np.zeros((count, size))
    rest = matrices
    for j in range(size - 1):
        diagonal[:, j] = rest[:, 0, 0]
        column, rest = rest[:, 1:, 0], rest[:, 1:, 1:]
        length = np.sqrt(total(column * column))
        beside[:, j + 1] = length
        v = column.copy()
        v[:, 0] += np.where(v[:, 0] < 0, -length, length)
        half = total(v * v) / 2
        factor = np.where(half > _SMALLEST_SQUARE, 1 / np.maximum(half, _SMALLEST_SQUARE), 0.0)
        p = total(rest * v[:, None, :]) * factor[:, None]
        w = p - (total(p * v) * factor / 2)[:, None] * v
        outer = v[:, :, None] * w[:, None, :]
        rest = rest - (outer + outer.transpose(0, 2, 1))
    diagonal[:, -1] = rest[:, 0, 0]
    return diagonal, beside


def _below(diagonal: FloatArray, squares: FloatArray, x: FloatArray) -> IntArray:
    """How many eigenvalues of each tridiagonal matrix lie below the numbers x, shape (k, count)."""
    pivots = (diagonal.T[:, :, None] + 0.0) - x  # + 0 makes -0 a 0, after which the next pivot is -∞, as it must be
    with np.errstate(divide="ignore", over="ignore"):
        for i in range(1, len(pivots)):
            pivots[i] -= squares[:, i, None] / pivots[i - 1]
    below: IntArray = np.count_nonzero(pivots < 0, axis=0)
    return below


def lowest(matrix: FloatArray) -> tuple[float, FloatArray]:
    """The least eigenvalue and its unit vector, whose largest component is positive.

    The vector comes from inverse iteration: shifted to just below that eigenvalue, the matrix is positive definite and
    needs no pivoting.

    Args:
        matrix: Symmetric and finite, shape (n, n).
    """
    value = float(eigenvalues(matrix[None])[0, 0])
    shift = value - ZERO * float(np.abs(matrix).max() or 1.0)
    factors, pivots = _factors(matrix - shift * np.eye(len(matrix)))
    vector = Stream(0).normals(len(matrix))  # as good as any
    for _ in range(_INVERSE_ITERATIONS):
        vector = vector / np.sqrt(total(vector * vector))
        for j in range(len(vector)):
            vector[j + 1 :] -= factors[j + 1 :, j] * vector[j]
        vector /= pivots
        for j in reversed(range(len(vector))):
            vector[:j] -= factors[j, :j] * vector[j]
    vector /= np.sqrt(total(vector * vector))
    return value, vector if vector[np.abs(vector).argmax()] > 0 else -vector


def _factors(matrix: FloatArray) -> tuple[FloatArray, FloatArray]:
    """L, below its diagonal of ones, and D of L D Lᵀ for a positive definite matrix."""
    factors, pivots, rest = np.zeros_like(matrix), np.empty(len(matrix)), matrix
    for j in range(len(matrix)):
        pivots[j] = rest[0, 0]
        factors[j + 1 :, j] = rest[1:, 0] / rest[0, 0]
        rest = rest[1:, 1:] - factors[j + 1 :, j, None] * rest[0, 1:]
    return factors, pivots


def singular_values(matrices: FloatArray) -> FloatArray:
    """The singular values in descending order, shape (…, the fewer of rows and columns).

    Pairs of columns are turned until all are orthogonal; their lengths are then the singular values. In a round every
    column meets one other, and after a sweep of rounds all have met (the circle method of tournaments). A sweep costs
    about rows · columns² operations; see `WIDEST`.

    Args:
        matrices: Finite, shape (…, rows, columns).
    """
    rows, columns = matrices.shape[-2:]
    vectors = matrices if rows <= columns else matrices.swapaxes(-1, -2)
    count = min(rows, columns)
    largest = np.abs(vectors).max(axis=(-1, -2))[..., None, None]
    scale = np.where(largest > 0, largest, 1.0)
    vectors = vectors / scale
    if count % 2:
        vectors = np.concatenate([vectors, np.zeros_like(vectors[..., :1, :])], axis=-2)
    half = vectors.shape[-2] // 2
    order = [0, 2 * half - 1, *range(1, 2 * half - 1)]  # all but the first move on by one
    for _ in range(_SWEEPS):
        settled = True
        for _ in range(2 * half - 1):
            x, y = vectors[..., :half, :], vectors[..., : half - 1 : -1, :]
            x, y, turned = _orthogonal(x, y)
            settled = settled and not turned
            vectors = np.concatenate([x, y[..., ::-1, :]], axis=-2)[..., order, :]
        if settled:
            break
    lengths = np.sqrt(total(vectors * vectors)) * scale[..., 0]
    lengths.sort(axis=-1)
    return lengths[..., ::-1][..., :count]


def _orthogonal(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray, bool]:
    """Each x and y turned in their plane until orthogonal, and whether any had to be."""
    xx, yy, xy = total(x * x), total(y * y), total(x * y)
    turn = np.abs(xy) > _ORTHOGONAL * np.sqrt(xx * yy)
    with np.errstate(over="ignore"):  # an infinite cotangent belongs to an angle of 0
        cotangent = (yy - xx) / (2 * np.where(turn, xy, 1.0))  # of twice the angle
        tangent = 1 / (np.abs(cotangent) + np.sqrt(1 + cotangent * cotangent))
    tangent = np.where(turn, np.where(cotangent < 0, -tangent, tangent), 0.0)[..., None]
    cosine = 1 / np.sqrt(1 + tangent * tangent)
    return cosine * (x - tangent * y), cosine * (y + tangent * x), bool(turn.any())


def variances(values: FloatArray) -> FloatArray:
    """The variances along the principal axes in descending order, shape (units,).

    Args:
        values: Of some units for every sample, shape (n, units).
    """
    columns = values.T - total(values.T)[:, None] / len(values)
    count = len(columns)
    sums = total_products([(columns, columns)])[: count * count].reshape(1, count, count)
    return np.maximum(eigenvalues((sums + sums.transpose(0, 2, 1)) / (2 * len(values)))[0, ::-1], 0.0)


def effective_rank(values: FloatArray) -> FloatArray:
    """The effective rank exp(-Σ p ln p), p the share of each value in their sum (Roy & Vetterli 2007).

    It is 1 for a single value and n for n equal ones, and 0 where all values are 0. Roy and Vetterli take a matrix's
    singular values; with `variances`, their squares, the axes count by the variance that they carry.

    Args:
        values: None below 0, shape (…, n).
    """
    whole = total(values)[..., None]
    shares = values / np.where(whole > 0, whole, 1.0)
    entropy = -total(shares * log(np.where(shares > 0, shares, 1.0)))
    return np.where(whole[..., 0] > 0, exp(entropy), 0.0)
