import math
from collections.abc import Callable
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quadnet import arithmetic
from quadnet.arrays import FloatArray

Function = Callable[[FloatArray], FloatArray]

_CONTEXT = mpmath.mp.clone()
_CONTEXT.prec = 2200  # enough for 1 + e^-745 beside 1


def _reference(name: str, x: float) -> mpmath.mpf:
    z = _CONTEXT.mpf(x)
    match name:
        case "exp":
            return _CONTEXT.exp(z)
        case "log":
            return _CONTEXT.log(z)
        case "sigmoid2":
            return 1 / (1 + _CONTEXT.power(2, -z))
        case _:
            return _CONTEXT.log(1 + _CONTEXT.exp(z))


def _ulps(value: float, exact: mpmath.mpf) -> float:
    """Distance in units of the last place of the exact value."""
    exponent = int(_CONTEXT.frexp(exact)[1]) if exact else -2000
    unit = _CONTEXT.ldexp(1, max(exponent - 53, -1074))
    return float(abs(_CONTEXT.mpf(value) - exact) / unit)


def _worst(name: str, function: Function, points: FloatArray) -> float:
    values = function(points)
    pairs = zip(points.tolist(), values.tolist(), strict=True)
    return max(_ulps(value, _reference(name, x)) for x, value in pairs)


def _points(name: str) -> FloatArray:
    stream = np.random.default_rng(1)
    if name == "log":
        powers = np.ldexp(stream.uniform(1, 2, 300), stream.integers(-1022, 1023, 300))
        subnormal = stream.integers(1, 2**52, 100).view(np.float64)
        return np.concatenate([powers, subnormal, stream.uniform(0.5, 2, 300), 1 + stream.normal(size=100) * 1e-9])
    ranges = [(-1, 1), (-3, 3), (-40, 40), (-38, -35), (-745.1, -700), (-700, 700)]
    if name == "sigmoid2":
        ranges += [(-1074.9, -1000), (7, 11)]
    return np.concatenate([stream.uniform(low, high, 150) for low, high in ranges] + [stream.normal(size=50) * 1e-9])


NAMES = ["exp", "log", "sigmoid2", "softplus"]


@pytest.mark.parametrize("name", NAMES)
def test_within_two_units_in_the_last_place(name: str) -> None:
    assert _worst(name, getattr(arithmetic, name), _points(name)) <= 2


@pytest.mark.parametrize("name", ["exp", "softplus"])
@given(x=st.floats(-745.0, 709.0))
def test_within_two_units_anywhere(name: str, x: float) -> None:
    assert _worst(name, getattr(arithmetic, name), np.array([x])) <= 2


@given(x=st.floats(-1075.0, 1100.0))
def test_sigmoid2_within_two_units_anywhere(x: float) -> None:
    assert _worst("sigmoid2", arithmetic.sigmoid2, np.array([x])) <= 2


@given(x=st.floats(min_value=5e-324, max_value=1.7e308))
def test_log_within_two_units_anywhere(x: float) -> None:
    assert _worst("log", arithmetic.log, np.array([x])) <= 2


def test_the_check_sees_an_error_of_three_units() -> None:
    def wrong(x: FloatArray) -> FloatArray:
        return arithmetic.exp(x) * (1 + 3 * 2.0**-52)

    assert _worst("exp", wrong, np.linspace(-1, 1, 20)) > 2


@pytest.mark.parametrize(
    ("name", "x", "expected"),
    [
        ("exp", 0.0, 1.0),
        ("exp", -0.0, 1.0),
        ("exp", math.inf, math.inf),
        ("exp", -math.inf, 0.0),
        ("exp", 709.79, math.inf),
        ("exp", -745.2, 0.0),
        ("exp", -745.1, 5e-324),
        ("log", 0.0, -math.inf),
        ("log", -0.0, -math.inf),
        ("log", 1.0, 0.0),
        ("log", -1.0, math.nan),
        ("log", -math.inf, math.nan),
        ("log", math.inf, math.inf),
        ("log", 5e-324, -744.4400719213812),
        ("sigmoid2", 0.0, 0.5),
        ("sigmoid2", -0.0, 0.5),
        ("sigmoid2", math.inf, 1.0),
        ("sigmoid2", -math.inf, 0.0),
        ("sigmoid2", 1e300, 1.0),
        ("sigmoid2", -1e300, 0.0),
        ("sigmoid2", -1074.0, 5e-324),
        ("sigmoid2", -1076.0, 0.0),
        ("softplus", math.inf, math.inf),
        ("softplus", -math.inf, 0.0),
        ("softplus", 1e300, 1e300),
    ],
)
def test_special_values(name: str, x: float, expected: float) -> None:
    value = getattr(arithmetic, name)(np.array([x]))[0]
    assert value == expected or (math.isnan(value) and math.isnan(expected))


@pytest.mark.parametrize("name", NAMES)
def test_not_a_number_stays_so(name: str) -> None:
    assert np.isnan(getattr(arithmetic, name)(np.array([np.nan, 1.0]))).tolist() == [True, False]


@pytest.mark.parametrize("name", NAMES)
def test_shapes_and_lengths_change_no_value(name: str) -> None:
    function = getattr(arithmetic, name)
    x = np.linspace(0.1, 9, 30_000)
    whole = function(x)
    assert function(x.reshape(3, 100, 100)).ravel().tolist() == whole.tolist()
    assert function(x.reshape(100, 300).T).shape == (300, 100)
    assert [float(function(np.array(value))) for value in x[:5]] == whole[:5].tolist()


def _sum_in_words(terms: list[float]) -> float:
    """`total` in plain Python, as its docstring tells it."""
    terms = terms + [0.0] * (-len(terms) % 64)
    for _ in range(3):
        half = len(terms) // 2
        terms = [a + b for a, b in zip(terms[:half], terms[half:], strict=True)]
    lanes = terms[:8]
    for row in range(8, len(terms), 8):
        lanes = [a + b for a, b in zip(lanes, terms[row : row + 8], strict=True)]
    while len(lanes) > 1:
        half = len(lanes) // 2
        lanes = [a + b for a, b in zip(lanes[:half], lanes[half:], strict=True)]
    return lanes[0]


@pytest.mark.parametrize("samples", [1, 7, 8, 63, 64, 65, 128, 200, 1000])
def test_sums_have_the_stated_order(samples: int) -> None:
    terms = np.random.default_rng(samples).normal(size=(3, samples)) * 10.0 ** np.arange(-3, 6, 3)[:, None]
    assert arithmetic.total(terms).tolist() == [_sum_in_words(row) for row in terms.tolist()]


def test_the_order_matters_so_that_the_check_can_fail() -> None:
    terms = np.random.default_rng(0).normal(size=1000)
    assert float(arithmetic.total(terms)) != float(arithmetic.total(terms[::-1].copy()))


@pytest.mark.parametrize("limit", [2**20, 500, 1])
def test_sums_of_products_are_sums(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arithmetic, "_PRODUCTS", limit)
    stream = np.random.default_rng(2)
    pairs = [
        (stream.normal(size=(rows, 100)), stream.normal(size=(columns, 100))) for rows, columns in ((2, 3), (5, 1))
    ]
    expected = [arithmetic.total(factor * column) for x, y in pairs for factor in [*x, 1.0] for column in y]
    assert arithmetic.total_products(pairs).tolist() == [float(value) for value in expected]


def test_sums_of_logarithms() -> None:
    factors = np.random.default_rng(3).uniform(0.06, 1, 800)
    exact = math.fsum(math.log(factor) for factor in factors.tolist())
    assert float(arithmetic.total_log(factors)) == pytest.approx(exact, rel=1e-14)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300))
def test_sums_are_sums(terms: list[float]) -> None:
    exact = float(sum(map(Fraction, terms)))
    assert float(arithmetic.total(np.array(terms))) == pytest.approx(exact, rel=1e-13, abs=1e-6)


# The normal distribution


def _normal_error(z: FloatArray) -> float:
    exact = [mpmath.ncdf(mpmath.mpf(x)) for x in z.tolist()]
    return max(abs(float(mpmath.mpf(v) - e)) for v, e in zip(arithmetic.normal(z).tolist(), exact, strict=True))


def test_the_normal_distribution_function_is_exact_to_1e_15() -> None:
    with mpmath.workdps(40):
        assert _normal_error(np.linspace(-12, 12, 1201)) <= 1e-15


@given(z=st.floats(-40, 40))
def test_the_normal_distribution_function_anywhere(z: float) -> None:
    with mpmath.workdps(40):
        assert _normal_error(np.array([z])) <= 1e-15


def test_the_normal_distribution_function_has_its_limits() -> None:
    below, half, above = arithmetic.normal(np.array([-np.inf, 0.0, np.inf])).tolist()
    assert (half, above) == (0.5, pytest.approx(1, abs=1e-15))
    assert below == pytest.approx(0, abs=1e-15)


# The quadrature


@pytest.mark.parametrize("count", [2, 4, 10, 96])
def test_the_nodes_are_those_of_gauss_and_legendre(count: int) -> None:
    nodes, weights = arithmetic.gauss_legendre(count)
    expected_nodes, expected_weights = np.polynomial.legendre.leggauss(count)
    assert nodes == pytest.approx(expected_nodes, abs=1e-15)
    assert weights == pytest.approx(expected_weights, abs=1e-14)


def test_the_quadrature_is_exact_for_polynomials() -> None:
    nodes, weights = arithmetic.gauss_legendre(10)
    for power in range(20):
        assert math.fsum((weights * nodes**power).tolist()) == pytest.approx(
            (1 + (-1) ** power) / (power + 1), abs=1e-14
        )
