import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from quadnet import spectrum
from quadnet.arrays import FloatArray
from quadnet.spectrum import Signs, effective_rank, eigenvalues, lowest, product, signs, singular_values, variances


def _symmetric(size: int, rank: int, seed: int, scale: float = 1.0) -> FloatArray:
    factors = np.random.default_rng(seed).normal(size=(2, size, rank))
    matrix = scale * (factors[0] @ factors[0].T - factors[1] @ factors[1].T / 2)
    return np.asarray((matrix + matrix.T) / 2)


def _error(matrices: FloatArray) -> float:
    """Largest difference from LAPACK's eigenvalues, as a part of the largest one of each matrix."""
    expected = np.linalg.eigvalsh(matrices)
    largest = np.abs(expected).max(axis=1, keepdims=True)
    return float((np.abs(eigenvalues(matrices) - expected) / np.where(largest > 0, largest, 1)).max())


# Eigenvalues


@settings(deadline=None, max_examples=60)
@given(size=st.integers(1, 12), rank=st.integers(0, 12), seed=st.integers(0, 99), power=st.integers(-250, 250))
def test_eigenvalues_are_those_of_lapack(size: int, rank: int, seed: int, power: int) -> None:
    assert _error(_symmetric(size, rank, seed, 10.0**power)[None]) < 1e-13


@settings(deadline=None, max_examples=60)
@given(entries=arrays(np.float64, (3, 4, 4), elements=st.sampled_from([0.0, -0.0, 1.0, -1.0, 2.0, 1e-9, 1e-170])))
def test_eigenvalues_of_special_matrices_are_those_of_lapack(entries: FloatArray) -> None:
    assert _error(entries + entries.transpose(0, 2, 1)) < 1e-13


def test_eigenvalues_of_a_stack_are_those_of_its_matrices() -> None:
    stack = np.stack([_symmetric(37, rank, rank) for rank in (0, 1, 5, 37)])
    assert _error(stack) < 1e-13
    assert eigenvalues(stack).tolist() == [eigenvalues(matrix[None])[0].tolist() for matrix in stack]


def test_eigenvalues_ascend_and_keep_their_multiplicity() -> None:
    reflection = np.eye(9) - 2 * np.full((9, 9), 1 / 9)
    np.testing.assert_allclose(eigenvalues(reflection[None])[0], [-1, *[1] * 8], atol=1e-15)


@pytest.mark.parametrize(
    "matrix",
    [
        [[-0.0, 1.0], [1.0, 0.0]],  # the first pivot at the first middle is a zero of either sign
        [[0.0, 1.0], [1.0, 0.0]],
        [[1.0, 1e-11, 1e-11], [1e-11, 1.0, 1e-11], [1e-11, 1e-11, 1.0]],  # small elements beside equal large ones count
    ],
)
def test_zeros_and_small_elements_are_no_trouble(matrix: list[list[float]]) -> None:
    assert _error(np.array([matrix])) < 1e-14


def test_too_few_bisections_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spectrum, "_BISECTIONS", 40)
    assert _error(_symmetric(9, 9, 0)[None]) > 1e-13


@settings(deadline=None, max_examples=40)
@given(size=st.integers(1, 12), rank=st.integers(0, 12), seed=st.integers(0, 99))
def test_the_lowest_eigenvector_is_one(size: int, rank: int, seed: int) -> None:
    matrix = _symmetric(size, rank, seed)
    value, vector = lowest(matrix)
    assert value == eigenvalues(matrix[None])[0, 0]
    assert vector @ vector == pytest.approx(1, abs=1e-14)
    assert np.abs(matrix @ vector - value * vector).max() <= 1e-9 * np.abs(matrix).max()
    assert vector[np.abs(vector).argmax()] > 0


def test_the_lowest_eigenvector_is_lapacks() -> None:
    matrix = _symmetric(37, 37, 3)
    expected = np.linalg.eigh(matrix)[1][:, 0]
    assert abs(expected @ lowest(matrix)[1]) == pytest.approx(1, abs=1e-13)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([-1.0, -1e-9, -1e-11, 0.0, 1e-11, 2e-10], Signs(2, 3, 1)),
        ([-4e-6, 4e-6, 4e4], Signs(0, 2, 1)),
        ([0.0, 0.0], Signs(0, 2, 0)),
    ],
)
def test_an_eigenvalue_is_zero_beside_the_largest(values: list[float], expected: Signs) -> None:
    assert signs(np.array(values)) == expected


# Singular values


@settings(deadline=None, max_examples=60)
@given(
    rows=st.integers(1, 9),
    columns=st.integers(1, 9),
    rank=st.integers(0, 9),
    seed=st.integers(0, 99),
    power=st.integers(-250, 250),
)
def test_singular_values_are_those_of_lapack(rows: int, columns: int, rank: int, seed: int, power: int) -> None:
    stream = np.random.default_rng(seed)
    matrix = stream.normal(size=(rows, rank)) @ stream.normal(size=(rank, columns))
    expected = np.linalg.svd(matrix, compute_uv=False)
    assert np.abs(singular_values(10.0**power * matrix) / 10.0**power - expected).max() <= 1e-14 * max(expected[0], 1)


def test_small_singular_values_keep_their_digits() -> None:
    matrix = np.random.default_rng(0).normal(size=(5, 3)) * np.array([1, 1e-8, 1e-14])
    exact = np.linalg.svd(np.linalg.qr(matrix)[1], compute_uv=False)
    np.testing.assert_allclose(singular_values(matrix)[:2], exact[:2], rtol=1e-7)
    assert np.prod(singular_values(matrix) / [1, 1e-8, 1e-14]) == pytest.approx(
        np.prod(np.linalg.svd(matrix / np.array([1, 1e-8, 1e-14]), compute_uv=False)), rel=1e-12
    )


def test_columns_of_very_unlike_length_are_no_trouble() -> None:
    matrix = np.array([[1.0, 1e-160], [1.0, 0.0], [0.0, 1e-300]])
    np.testing.assert_allclose(singular_values(matrix), [2**0.5, 2**-0.5 * 1e-160], rtol=1e-14, atol=1e-100)


def test_singular_values_of_a_stack_are_those_of_its_matrices() -> None:
    stack = np.random.default_rng(1).normal(size=(2, 5, 3, 4))
    np.testing.assert_allclose(singular_values(stack), np.linalg.svd(stack, compute_uv=False), rtol=1e-13)


def test_too_few_sweeps_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = np.random.default_rng(2).normal(size=(6, 6))
    monkeypatch.setattr(spectrum, "_SWEEPS", 2)
    assert np.abs(singular_values(matrix) - np.linalg.svd(matrix, compute_uv=False)).max() > 1e-13


# Ranks


@settings(deadline=None, max_examples=40)
@given(count=st.integers(1, 9), zeros=st.integers(0, 9), size=st.floats(1e-100, 1e100))
def test_equal_values_have_their_number_as_effective_rank(count: int, zeros: int, size: float) -> None:
    values = np.array([size] * count + [0.0] * zeros)
    assert effective_rank(values) == pytest.approx(count, rel=1e-13)


def test_effective_rank_is_the_formula_row_by_row() -> None:
    values = np.random.default_rng(3).random((4, 5))
    shares = values / values.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(effective_rank(values), np.exp(-(shares * np.log(shares)).sum(axis=1)), rtol=1e-13)
    assert effective_rank(np.zeros(3)) == 0


@pytest.mark.parametrize("units", [1, 2, 3, 8])
def test_variances_are_the_covariances_eigenvalues(units: int) -> None:
    values = np.random.default_rng(4).normal(size=(50, units)) @ np.random.default_rng(5).normal(size=(units, units))
    expected = np.linalg.eigvalsh(np.cov(values.T, bias=True).reshape(units, units))[::-1]
    np.testing.assert_allclose(variances(values), expected, atol=1e-14 * expected[0])
    assert variances(np.ones((7, units))).tolist() == [0.0] * units


def test_product_is_the_matrix_product() -> None:
    left, right = np.random.default_rng(6).normal(size=(2, 3, 4, 4))
    np.testing.assert_allclose(product(left, right), left @ right, rtol=1e-13)
