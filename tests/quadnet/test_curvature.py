import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from quadnet import curvature
from quadnet.arrays import FloatArray
from quadnet.config import Network, parse
from quadnet.curvature import (
    affordable,
    coordinates,
    hessian,
    label_covariance,
    least_curvature,
    profile,
    resting,
    saddle,
    shares,
)
from quadnet.dataset import Dataset, one_hot, quadrants
from quadnet.experiment import Experiment
from quadnet.network import Parameters, cross_entropy, forward, gradients, initial, outputs
from quadnet.spectrum import Signs, eigenvalues, lowest, signs

HIDDEN = st.lists(st.integers(1, 4), max_size=4).map(tuple)


def _gradient(theta: NDArray[np.complex128], widths: tuple[int, ...], x: FloatArray, y: FloatArray) -> FloatArray:
    """The loss's gradient once more, for complex parameters: the imaginary part of the result is a derivative."""
    layers, start = [], 0
    for rows, columns in itertools.pairwise(widths):
        matrix = theta[start : start + (rows + 1) * columns].reshape(rows + 1, columns)
        layers.append((matrix[:-1], matrix[-1]))
        start += matrix.size
    values = [x.astype(complex)]
    for weights, biases in layers:
        values.append(1 / (1 + np.exp(-(values[-1] @ weights + biases))))
    delta, parts = (values[-1] - y) / len(x), []
    for (weights, _), below in zip(layers[::-1], values[-2::-1], strict=True):
        parts.insert(0, np.concatenate([(below.T @ delta).ravel(), delta.sum(axis=0)]))
        delta = delta @ weights.T * below * (1 - below)
    return np.concatenate(parts).imag


def _hessian_error(hidden: tuple[int, ...], samples: int, seed: int, scale: float = 1.0) -> float:
    """Largest difference between the Hessian and complex steps of that gradient."""
    stream, widths = np.random.default_rng(seed), (2, *hidden, 4)
    parameters = initial(Network(seed=seed, hidden=hidden, initial_scale=scale))
    x, y = stream.normal(size=(samples, 2)), one_hot(stream.integers(0, 4, samples))
    steps = parameters.vector + 1e-30j * np.eye(parameters.vector.size)
    expected = np.stack([_gradient(theta, widths, x, y) for theta in steps]) / 1e-30
    return float(np.abs(hessian(parameters, x, y) - expected).max())


# The Hessian


@settings(deadline=None, max_examples=60)
@given(hidden=HIDDEN, samples=st.integers(1, 70), seed=st.integers(0, 99), scale=st.sampled_from([0.01, 1.0, 3.0]))
def test_the_hessian_is_the_slope_of_the_gradient(
    hidden: tuple[int, ...], samples: int, seed: int, scale: float
) -> None:
    assert _hessian_error(hidden, samples, seed, scale) < 1e-13


@pytest.mark.parametrize("hidden", [(1,) * 16, (30,), (2, 20)])
def test_deep_and_wide_networks_have_a_hessian_too(hidden: tuple[int, ...]) -> None:
    assert _hessian_error(hidden, 50, 0) < 1e-13


def test_a_wrong_sum_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    right = curvature.total_products
    monkeypatch.setattr(curvature, "total_products", lambda pairs: right(pairs) * (1 + 1e-10))
    assert _hessian_error((3, 3), 20, 0) > 1e-13


def test_a_missing_second_derivative_of_the_sigmoid_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    right = curvature._Pass.of

    def wrong(parameters: Parameters, points: FloatArray, one_hot: FloatArray) -> curvature._Pass:
        some = right(parameters, points, one_hot)
        return curvature._Pass(some.weights, some.units, some.slopes, some.deltas, [0 * bend for bend in some.bends])

    monkeypatch.setattr(curvature._Pass, "of", wrong)
    assert _hessian_error((3, 3), 20, 0) > 1e-5


def test_the_hessian_is_exactly_symmetric(default_run: Experiment) -> None:
    dataset = default_run.dataset
    matrix = hessian(default_run.history.at(1700), dataset.points, dataset.one_hot)
    assert matrix.tolist() == matrix.T.tolist()


def test_points_may_be_worked_some_at_a_time(default_run: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset, parameters = default_run.dataset, default_run.history.at(1700)
    whole = hessian(parameters, dataset.points, dataset.one_hot)
    monkeypatch.setattr(curvature, "_ROOM", 1)
    np.testing.assert_allclose(hessian(parameters, dataset.points, dataset.one_hot), whole, atol=1e-16)


@pytest.mark.parametrize(
    ("hidden", "samples", "expected"),
    [((3, 3), 800, True), ((8, 8, 8), 800, True), ((), 800, True), ((3, 3), 10**6, False), ((300,), 8, False)],
)
def test_what_is_affordable(hidden: tuple[int, ...], samples: int, expected: bool) -> None:
    assert affordable((2, *hidden, 4), samples) is expected


# The saddle


def _uneven(counts: list[int], seed: int = 0) -> Dataset:
    return quadrants(parse({"data": {"samples_per_class": counts, "seed": seed}}))


def _saddle(dataset: Dataset, parameters: Parameters) -> Parameters:
    found = saddle(dataset, parameters)
    assert found is not None
    return found


@settings(deadline=None, max_examples=40)
@given(
    hidden=st.lists(st.integers(1, 5), min_size=1, max_size=5),
    counts=st.lists(st.integers(1, 40), min_size=4, max_size=4),
    seed=st.integers(0, 99),
    scale=st.sampled_from([0.01, 1.0, 3.0]),
)
def test_the_gradient_at_the_saddle_is_zero(hidden: list[int], counts: list[int], seed: int, scale: float) -> None:
    dataset = _uneven(counts, seed)
    near = initial(Network(seed=seed, hidden=tuple(hidden), initial_scale=scale))
    point = _saddle(dataset, near)
    activations, logits = forward(point, dataset.points)
    assert np.abs(gradients(point, activations, dataset.one_hot).vector).max() < 1e-14
    np.testing.assert_allclose(activations[-1], np.tile(shares(dataset), (sum(counts), 1)), rtol=1e-12)
    p = np.array(counts) / sum(counts)
    level = -(p * np.log(p) + (1 - p) * np.log(1 - p)).sum()
    assert cross_entropy(activations[-1], logits, dataset.one_hot) == pytest.approx(level, rel=1e-12)


def test_the_saddle_keeps_what_lies_between(default_run: Experiment) -> None:
    state = default_run.history.at(100)
    point = _saddle(default_run.dataset, state)
    assert not point.weights[0].any()
    assert point.weights[1].tolist() == state.weights[1].tolist()
    assert [b.tolist() for b in point.biases[:-1]] == [b.tolist() for b in state.biases[:-1]]
    assert (point.weights[2] == point.weights[2][:, :1]).all()
    np.testing.assert_allclose(point.weights[2][:, 0], state.weights[2].mean(axis=1), rtol=1e-14)
    assert np.linalg.norm(point.vector - state.vector) < 0.1


def test_a_point_beside_the_saddle_has_a_gradient(default_run: Experiment) -> None:
    dataset = default_run.dataset
    point = _saddle(dataset, default_run.history.at(100))
    other = Parameters((point.weights[0] + 1e-6, *point.weights[1:]), point.biases)
    assert np.abs(gradients(other, forward(other, dataset.points)[0], dataset.one_hot).vector).max() > 1e-14


def test_without_a_hidden_layer_there_is_no_saddle(default_run: Experiment) -> None:
    assert saddle(default_run.dataset, initial(Network(hidden=()))) is None


def test_the_default_saddle_has_six_ways_down_and_a_wide_gap_around_zero(default_run: Experiment) -> None:
    dataset = default_run.dataset
    point = _saddle(dataset, default_run.history.at(100))
    values = eigenvalues(hessian(point, dataset.points, dataset.one_hot)[None])[0]
    assert signs(values) == Signs(6, 21, 10)
    sizes = np.sort(np.abs(values)) / np.abs(values).max()
    assert sizes[20] < 1e-14
    assert sizes[21] > 1e-5


def test_at_the_end_of_the_default_run_hardly_a_way_leads_down(default_run: Experiment) -> None:
    dataset = default_run.dataset
    values = eigenvalues(hessian(default_run.history.final, dataset.points, dataset.one_hot)[None])[0]
    assert values[0] > -1e-3 * values[-1]


@pytest.mark.parametrize("hidden", [(3,), (20,), (3, 3), (1, 3), (5, 2, 3), (2, 2, 2, 2)])
@pytest.mark.parametrize("counts", [[50, 50, 50, 50], [80, 20, 40, 10]])
@pytest.mark.parametrize("scale", [0.01, 0.5])
def test_the_least_curvature_has_a_closed_form(hidden: tuple[int, ...], counts: list[int], scale: float) -> None:
    dataset = _uneven(counts)
    point = _saddle(dataset, initial(Network(hidden=hidden, initial_scale=scale)))
    least = eigenvalues(hessian(point, dataset.points, dataset.one_hot)[None])[0, 0]
    assert least_curvature(dataset, point) == pytest.approx(least, rel=0.02)


def test_for_one_weak_unit_the_closed_form_can_be_written_down() -> None:
    # Without slope in W_m, nothing but W_1 and W_2 is coupled: ½ |S| / √(1 + a²) · a (1 - a) with a = ½.
    dataset = _uneven([30, 30, 30, 30])
    point = _saddle(dataset, Parameters((np.zeros((2, 1)), np.zeros((1, 4))), (np.zeros(1), np.zeros(4))))
    expected = -np.linalg.norm(label_covariance(dataset), 2) * 0.25 / np.sqrt(1 + 0.25)
    assert resting(point)[0].tolist() == [0.5]
    assert least_curvature(dataset, point) == pytest.approx(expected, rel=1e-12)


def test_the_label_covariance_is_the_covariance() -> None:
    dataset = _uneven([8, 30, 5, 12])
    expected = np.cov(dataset.points.T, dataset.one_hot.T, bias=True)[:2, 2:]
    np.testing.assert_allclose(label_covariance(dataset), expected, atol=1e-15)


# Along a line


def test_the_loss_falls_to_both_sides_of_the_saddle(default_run: Experiment) -> None:
    dataset = default_run.dataset
    point = _saddle(dataset, default_run.history.at(100))
    least, direction = lowest(hessian(point, dataset.points, dataset.one_hot))
    step = 0.01
    left, middle, right = profile(dataset, point, direction, np.array([-step, 0.0, step]))
    assert max(left, right) < middle
    assert (left + right - 2 * middle) / step**2 == pytest.approx(least, rel=1e-3)


def test_the_profile_is_the_loss_at_each_step(default_run: Experiment) -> None:
    dataset, history = default_run.dataset, default_run.history
    start, end = history.at(100), history.at(2500)
    losses = profile(dataset, start, end.vector - start.vector, np.array([0.0, 1.0]))
    np.testing.assert_allclose(losses, [history.loss[100], history.loss[2500]], rtol=1e-12)


def test_coordinates_are_distances_along_the_direction(default_run: Experiment) -> None:
    history = default_run.history
    point = _saddle(default_run.dataset, history.at(100))
    direction = np.random.default_rng(0).normal(size=37)
    expected = (history.parameters - point.vector) @ direction
    np.testing.assert_allclose(coordinates(history, point, direction), expected, atol=1e-12)


def test_outputs_at_the_saddle_are_those_of_the_first_plateau(default_run: Experiment) -> None:
    dataset = default_run.dataset
    point = _saddle(dataset, default_run.history.at(100))
    there = outputs(default_run.history.at(100), dataset.points)
    assert np.abs(outputs(point, dataset.points) - there).max() < 1e-3
