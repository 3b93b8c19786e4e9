"""Exponential, logarithm, sigmoid, softplus and sums that have the same bits on every machine.

They are made of + − × ÷, comparisons and integer work on the exponent, each of which IEEE 754 fixes to the last bit, in
one stated order; NumPy's `exp`, `log`, `matmul` and `sum` are not: their bits depend on the processor. `kernel.c` does
the same operations in the same order.

With k the whole number nearest to x / ln 2 and r = x − k ln 2, |r| ≤ ½ ln 2:   e^x = 2^k (1 + w),  w = e^r − 1
With u = k + f, |f| ≤ ½, and R = f coth(½ f ln 2), an even function of f:      2^u = 2^k (R + f) / (R − f)
With x = 2^k (1 + f), √½ ≤ 1 + f < √2, and s = f / (2 + f):                     ln x = k ln 2 + 2 artanh s

The reductions are those of Cody & Waite 1980 and of Sun's fdlibm; the polynomials interpolate w, R and artanh at
(nearly) Chebyshev nodes. Errors stay below 2 units in the last place.
"""

import functools
from collections.abc import Callable, Sequence

import numpy as np

from quadnet.arrays import FloatArray, IntArray

LANES = 8  # sums run side by side in so many lanes
BLOCK = 64  # samples are padded with zeros to whole blocks of 8 rows of lanes

_PIECE = 8192  # numbers worked at a time: their intermediate results stay in the processor's cache
_PRODUCTS = 2**20  # products formed at a time


def _constants(*values: float) -> tuple[FloatArray, ...]:
    """Values as arrays: NumPy would convert a Python number anew at every use."""
    return tuple(np.array(value) for value in values)


_HALF, _ONE, _TWO = _constants(0.5, 1.0, 2.0)
# ln 2 in two parts, the first so short that its product with k is exact.
BITS_PER_NAT, _LN2_HIGH, _LN2_LOW = _constants(1.4426950408889634, 0.693147180559663, 2.8235290563031577e-13)
NATS_PER_BIT = 0.6931471805599453
# Adding 1.5·2^52 rounds to a whole number, which then stands in the lowest bits; 1023 is the bias of an exponent.
_ROUND = np.array(1.5 * 2.0**52 + 1023)
_MANTISSA_BITS = np.array(52)
# For its smallest values the sigmoid's terms are held 2^512 times too large: otherwise they could not be formed.
_SCALE = np.array(2.0**512)
# The sigmoid adds k to an exponent that has its bias already.
_WHOLE, _SCALED_WHOLE = _constants(1.5 * 2.0**52, 1.5 * 2.0**52 + 512)
_LOWEST, _HIGHEST = _constants(-1100.0, 100.0)  # beyond, the sigmoid is 0 and 1
_SMALLEST_NORMAL = 2.0**-1022
_SPLIT = np.array(2.0**27)  # leaves the upper half of a number's digits
_SQRT_HALF_BITS = np.array(0x3FE6A09E667F3BCD)

# (e^r − 1 − r) / r² by powers of r, the even and the odd ones apart, highest first.
_EXP_EVEN = _constants(
    2.763110010957082e-07, 2.4801490345216195e-05, 0.001388888894684603, 0.0416666666665143, 0.5000000000000013
)
_EXP_ODD = _constants(
    2.510885369720946e-08, 2.7557244658180672e-06, 0.00019841269885841588, 0.008333333333321615, 0.16666666666666677
)
# 9/16 R by powers of f², highest first. The factor keeps 9/16 (R ± f) between 1 and 2, where rounding costs least.
_SHRUNK = np.array(0.5625)
_SIGMOID = _constants(
    8.59583686064395e-10,
    -7.149498123905995e-08,
    5.952481029334347e-06,
    -0.00052035101871595,
    0.06498254817749452,
    1.6230319210000839,
)
# (2 artanh(s) / s − 2) / s² by powers of s², highest first.
_LOG = _constants(
    0.14617807153417325,
    0.15331611722055008,
    0.1818289243253687,
    0.22222211089379496,
    0.28571428626253836,
    0.3999999999989889,
    0.666666666666667,
)


def _elementwise(function: Callable[[FloatArray], FloatArray]) -> Callable[[FloatArray], FloatArray]:
    """The function of a row, for arrays of any shape and length."""

    @functools.wraps(function)
    def shaped(x: FloatArray) -> FloatArray:
        row = np.ascontiguousarray(x).reshape(-1)
        if row.size <= _PIECE:
            return function(row).reshape(np.shape(x))
        result = np.empty_like(row)
        for start in range(0, row.size, _PIECE):
            result[start : start + _PIECE] = function(row[start : start + _PIECE])
        return result.reshape(x.shape)

    return shaped


@_elementwise
def exp(x: FloatArray) -> FloatArray:
    """The exponential e^x, elementwise; infinite above 709.78, 0 below −745.13."""
    with np.errstate(over="ignore", invalid="ignore"):
        x = x.clip(-746.0, 710.0)
        k = (x * BITS_PER_NAT + _ROUND) - _ROUND
        m = _ONE + _expm1((x - k * _LN2_HIGH) - k * _LN2_LOW)
        half = k * _HALF + _ROUND
        # Two factors, since 2^k alone may be too large or too small for a number.
        return (m * _power_of_two(half)) * _power_of_two((k - (half - _ROUND)) + _ROUND)


@_elementwise
def sigmoid2(u: FloatArray) -> FloatArray:
    """σ(u ln 2) = 1 / (1 + 2^{-u}), elementwise: the sigmoid of logits in bits, which come apart without rounding."""
    return sigmoid2_into(u, (np.empty_like(u), np.empty_like(u), np.empty_like(u), np.empty_like(u)))


def sigmoid2_into(u: FloatArray, room: tuple[FloatArray, ...], *, bounded: bool = False) -> FloatArray:
    """`sigmoid2` without making an array: the training spends most of its time here.

    With 2^u = 2^k (R + f) / (R − f) this is p / (p − f + R), where p = 2^k (R + f).

    Args:
        u: Any shape.
        room: Four arrays of that shape; the last receives the result, the others are overwritten.
        bounded: Promises |u| ≤ 1000, where nothing can overflow; the same bits, in less time.
    """
    t, f, square, result = room
    if not bounded:
        u = np.minimum(np.maximum(u, _LOWEST, out=result), _HIGHEST, out=result)
    round_ = _WHOLE if bounded else _SCALED_WHOLE
    np.add(u, round_, out=t)
    k = np.subtract(t, round_, out=f)
    np.subtract(u, k, out=f)
    np.multiply(f, f, out=square)
    f *= _SHRUNK
    even = _polynomial(_SIGMOID, square, out=result)  # R
    power = t.view(np.int64)
    np.left_shift(power, _MANTISSA_BITS, out=power)
    p = np.add(even, f, out=square)
    exponents = p.view(np.int64)
    exponents += power  # times 2^k: p is between 1 and 2 and stays a normal number
    if not bounded:
        f *= _SCALE
        even *= _SCALE
    np.subtract(p, f, out=f)
    f += even
    return np.divide(p, f, out=result)


@_elementwise
def log(x: FloatArray) -> FloatArray:
    """The natural logarithm, elementwise; −∞ at 0, not a number below."""
    with np.errstate(over="ignore", invalid="ignore"):
        if ((x >= _SMALLEST_NORMAL) & (x < np.inf)).all():
            return _log_normal(x, 0)
        subnormal = x < _SMALLEST_NORMAL
        result = _log_normal(np.where(subnormal, x * 2.0**54, x), np.where(subnormal, 54, 0))
        return np.where((x > 0) & (x < np.inf), result, np.where(x == 0, -np.inf, np.where(x > 0, x, np.nan)))


@_elementwise
def softplus(z: FloatArray) -> FloatArray:
    """ln(1 + e^z) = max(z, 0) + ln(1 + e^{-|z|}), elementwise."""
    e = exp(-np.abs(z))
    halved = e > 2**0.5 - 1  # 1 + e = 2 (1 + (e − 1)/2), exactly
    return np.where(z > 0, z, 0.0) + _log(np.where(halved, (e - _ONE) * _HALF, e), np.where(halved, 1.0, 0.0))


def padded(samples: int) -> int:
    """The number of samples after padding to whole blocks."""
    return -(-samples // BLOCK) * BLOCK


def total(terms: FloatArray) -> FloatArray:
    """The sums over the last axis, in one fixed order.

    The terms, padded with zeros, are folded in halves three times, x_i + x_{i + half}; the rows of 8 lanes that are
    left are added one after the other; then the lanes are folded in halves.

    Args:
        terms: Shape (…, samples).

    Returns:
        Shape (…).
    """
    whole = np.zeros((*terms.shape[:-1], padded(terms.shape[-1])))
    whole[..., : terms.shape[-1]] = terms
    return _total(_folded(whole, np.add))


def total_products(pairs: Sequence[tuple[FloatArray, FloatArray]]) -> FloatArray:
    """For each pair (x, y) the sums over the samples of x_i y_j and then of y_j, in the order of `total`.

    All pairs at once, since NumPy takes longer to begin an operation than to do it on few numbers.

    Args:
        pairs: x of shape (rows, samples) and y of shape (columns, samples).

    Returns:
        All sums in one row: those of the first pair, row by row, and so on.
    """
    samples = pairs[0][0].shape[-1]
    large = sum((len(x) + 1) * len(y) for x, y in pairs) * samples > _PRODUCTS
    parts = []
    for x, y in pairs:
        step = max(1, _PRODUCTS // y.size)
        for start in range(0, len(x) + 1, step):
            some = x[start : start + step]
            products = np.zeros((min(step, len(x) + 1 - start), len(y), padded(samples)))
            np.multiply(some[:, None], y, out=products[: len(some), :, :samples])
            products[len(some) :, :, :samples] = y
            folded = _folded(products, np.add).reshape(-1, padded(samples) // LANES)
            parts.append(_total(folded) if large else folded)
    sums = np.concatenate(parts)
    return sums if large else _total(sums)


def total_log(factors: FloatArray) -> FloatArray:
    """The sums of ln x over the last axis, with one logarithm for eight factors that fold together.

    Args:
        factors: Shape (…, samples), each positive; eight of them must multiply to a normal number.

    Returns:
        Shape (…).
    """
    whole = np.ones((*factors.shape[:-1], padded(factors.shape[-1])))
    whole[..., : factors.shape[-1]] = factors
    return _total(_log_normal(_folded(whole, np.multiply), 0))


def total_folded(whole: FloatArray, room: Sequence[FloatArray]) -> FloatArray:
    """`total` of terms that are padded already; room takes the halves, quarters and eighths."""
    for halves in room:
        half = halves.shape[-1]
        whole = np.add(whole[..., :half], whole[..., half:], out=halves)
    return _total(whole)


def _folded(whole: FloatArray, operation: np.ufunc) -> FloatArray:
    """Halves laid on halves three times: shape (…, samples) to (…, samples / 8)."""
    for _ in range(3):
        half = whole.shape[-1] // 2
        whole = operation(whole[..., :half], whole[..., half:])
    return whole


def _total(terms: FloatArray) -> FloatArray:
    """Rows of 8 lanes added one after the other, then the lanes folded in halves."""
    # All sums side by side, since NumPy takes long to begin each run of neighbours, and 8 lanes alone are a short one.
    rows = np.ascontiguousarray(terms.reshape(-1, terms.shape[-1]).T).reshape(terms.shape[-1] // LANES, -1)
    # Along an axis that is not the last, `reduce` adds row by row.
    lanes = np.add.reduce(rows, axis=0).reshape(LANES, -1)
    for half in (4, 2, 1):
        lanes = lanes[:half] + lanes[half:]
    sums: FloatArray = lanes.reshape(terms.shape[:-1])
    return sums


def _power_of_two(t: FloatArray) -> FloatArray:
    """2^k from t = k + 1.5·2^52 + 1023: the lowest bits of t become the exponent."""
    power: FloatArray = (t.view(np.int64) << _MANTISSA_BITS).view(np.float64)
    return power


def _expm1(r: FloatArray) -> FloatArray:
    """The number w = e^r − 1 for |r| ≤ ½ ln 2."""
    square = r * r
    w, odd = _polynomial(_EXP_EVEN, square), _polynomial(_EXP_ODD, square)
    odd *= r
    w += odd
    w *= square
    w += r
    return w


def _log_normal(x: FloatArray, scaled: IntArray | int) -> FloatArray:
    """The logarithm of x / 2^scaled for positive normal numbers x."""
    bits = x.view(np.int64)
    k: IntArray = (bits - _SQRT_HALF_BITS) >> _MANTISSA_BITS
    f = (bits - (k << _MANTISSA_BITS)).view(np.float64) - _ONE
    return _log(f, (k - scaled).astype(np.float64))


def _log(f: FloatArray, k: FloatArray) -> FloatArray:
    """The number k ln 2 + ln(1 + f) for √½ ≤ 1 + f < √2."""
    s = f / (_TWO + f)
    square = s * s
    # 2 artanh s = f − f²/2 + s (f²/2 + tail). The large parts, k ln 2, f and f²/2, are added without loss: f²/2 in two
    # parts, the first exact, and the others by keeping what each addition rounds off.
    tail = _polynomial(_LOG, square) * square
    shifted = f * _SPLIT
    high = (f + shifted) - shifted
    half_high, half_low = _HALF * high * high, _HALF * (f - high) * (f + high)
    steps = k * _LN2_HIGH
    first = steps + f
    second = first - half_high
    lost = (f - (first - steps)) + ((first - second) - half_high)
    small = (s * (half_high + half_low + tail) + k * _LN2_LOW) - half_low
    result: FloatArray = second + (lost + small)
    return result


def _polynomial(coefficients: tuple[FloatArray, ...], x: FloatArray, out: FloatArray | None = None) -> FloatArray:
    """Horner's scheme; the highest coefficient comes first."""
    value = np.multiply(coefficients[0], x, out=out)
    for coefficient in coefficients[1:-1]:
        value += coefficient
        value *= x
    value += coefficients[-1]
    return value


_TERMS = 120  # of the series for Φ: enough at 9 standard deviations
_ROOT_TWO_PI = 2.5066282746310002


def normal(z: FloatArray) -> FloatArray:
    """The standard normal distribution function Φ, elementwise, to 1e-15; beyond 9 standard deviations as there.

    Φ(z) = ½ + φ(z) (z + z³/3 + z⁵/(3·5) + …), Marsaglia 2004; the terms are all of one sign. The rounding of z² does
    not count, since the density and the series have it alike and their product hardly depends on it.
    """
    z = z.clip(-9.0, 9.0)
    square = z * z
    series = np.ones_like(z)
    for k in range(_TERMS, 0, -1):
        series = series * square / (2 * k + 1) + 1
    below: FloatArray = 0.5 + exp(-0.5 * square) / _ROOT_TWO_PI * (z * series)
    return below


@functools.cache
def gauss_legendre(count: int) -> tuple[FloatArray, FloatArray]:
    """Nodes and weights of the Gauss-Legendre quadrature on (-1, 1), in ascending order of the nodes, to 1e-14.

    The nodes are the zeros of the Legendre polynomial, found by Newton's method from Tricomi's guess cos(π (i - ¼) / (n
    + ½)); P_n follows from (k+1) P_{k+1} = (2k+1) x P_k - k P_{k-1}.

    Args:
        count: How many nodes, an even number.
    """
    angle = (np.arange(1, count // 2 + 1) - 0.25) * (3.141592653589793 / (count + 0.5))
    x = np.ones_like(angle)
    for k in range(12, 0, -1):  # the cosine by its power series: good enough for a guess
        x = 1 - x * (angle * angle) / (2 * k * (2 * k - 1))
    for _ in range(4):
        before, value = np.ones_like(x), x
        for k in range(1, count):
            before, value = value, ((2 * k + 1) * x * value - k * before) / (k + 1)
        slope = count * (before - x * value) / ((1 - x) * (1 + x))
        x = x - value / slope
    weights = 1 / ((1 - x) * (1 + x) * slope * slope)
    weights /= total(weights)  # those of one half make 1
    return np.concatenate([-x, x[::-1]]), np.concatenate([weights, weights[::-1]])
