"""Seeded random numbers: the stream of NumPy's `RandomState`, with normals that have the same bits on every machine.

The raw numbers are exact as they are: the Mersenne Twister (Matsumoto & Nishimura 1998) is integer work, and a uniform
number is 53 of its bits. The normals are made of them by Marsaglia's polar method (Marsaglia & Bray 1964) as
`RandomState` does it, but with this package's logarithm.
"""

from collections.abc import Sequence

import numpy as np

from quadnet.arithmetic import log
from quadnet.arrays import FloatArray, IntArray


class Stream:
    """A stream that stays in step with `numpy.random.RandomState(seed)`, number by number.

    Args:
        seed: A whole number, or several.
    """

    def __init__(self, seed: int | Sequence[int]) -> None:
        self._raw = np.random.RandomState(seed)
        self._spare: FloatArray = np.empty(0)

    def uniforms(self, count: int) -> FloatArray:
        """Numbers between 0 and 1, as `random_sample` gives them, shape (count,)."""
        return self._raw.random_sample(count)

    def permutation(self, count: int) -> IntArray:
        """The numbers 0 to count - 1 shuffled, shape (count,)."""
        return self._raw.permutation(count).astype(np.int64)

    def normals(self, *shape: int) -> FloatArray:
        """Standard normal numbers as `randn` gives them, of the given shape.

        A point (x, y) of the square is drawn until r² = x² + y² lies between 0 and 1; then y·f and x·f are normal, with
        f = √(-2 ln r² / r²). They come in pairs: of an odd count the last number's partner opens the next call.
        """
        count = int(np.prod(shape, dtype=np.int64))
        numbers = [self._spare[:count]]
        self._spare = self._spare[count:]
        missing = -(-(count - len(numbers[0])) // 2)
        while missing:
            # So many points never give too many pairs, hence the stream never runs ahead.
            x, y = (2 * self._raw.random_sample((missing, 2)) - 1).T
            square = x * x + y * y
            inside = (square < 1) & (square != 0)
            x, y, square = x[inside], y[inside], square[inside]
            scale = np.sqrt(-2 * log(square) / square)
            numbers.append(np.column_stack([scale * y, scale * x]).ravel())
            missing -= len(square)
        row = np.concatenate(numbers)
        if len(row) > count:
            row, self._spare = row[:count], row[count:]
        return row.reshape(shape)
