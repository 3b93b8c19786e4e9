import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quadnet import arithmetic, network
from quadnet.arrays import FloatArray
from quadnet.config import Network
from quadnet.dataset import one_hot
from quadnet.network import Parameters, cross_entropy, forward, gradients, initial, outputs


def _example(hidden: tuple[int, ...], samples: int, seed: int) -> tuple[Parameters, FloatArray, FloatArray]:
    stream = np.random.default_rng(seed)
    parameters = initial(Network(seed=seed, hidden=hidden, initial_scale=1.0))
    return parameters, stream.normal(size=(samples, 2)), one_hot(stream.integers(0, 4, samples))


def _loss(parameters: Parameters, points: FloatArray, labels: FloatArray) -> float:
    activations, logits = forward(parameters, points)
    return cross_entropy(activations[-1], logits, labels)


def _gradient_error(hidden: tuple[int, ...], samples: int, seed: int) -> float:
    """Largest difference between the gradient and central differences of the loss."""
    parameters, points, labels = _example(hidden, samples, seed)
    theta, widths, step = parameters.vector, (2, *hidden, 4), 1e-5
    activations, _ = forward(parameters, points)
    gradient = gradients(parameters, activations, labels).vector
    sides = [
        [_loss(Parameters.from_vector(theta + sign * step * direction, widths), points, labels) for sign in (1, -1)]
        for direction in np.eye(theta.size)
    ]
    return float(np.abs(gradient - np.array([(right - left) / (2 * step) for right, left in sides])).max())


@given(hidden=st.lists(st.integers(1, 5), max_size=3), samples=st.integers(1, 70), seed=st.integers(0, 99))
def test_gradients_are_the_slopes_of_the_loss(hidden: list[int], samples: int, seed: int) -> None:
    assert _gradient_error(tuple(hidden), samples, seed) < 1e-8


def test_a_wrong_gradient_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    right = arithmetic.total_products
    monkeypatch.setattr(network, "total_products", lambda pairs: right(pairs) * (1 + 1e-5))
    assert _gradient_error((3, 3), 20, 0) > 1e-8


def test_forward_is_the_formula() -> None:
    parameters, points, _ = _example((3, 5), 50, 1)
    expected = points
    for weights, biases in parameters.layers():
        expected = 1 / (1 + np.exp(-(expected @ weights + biases)))
    np.testing.assert_allclose(outputs(parameters, points), expected, rtol=1e-13)


def test_cross_entropy_is_the_formula() -> None:
    parameters, points, labels = _example((3,), 50, 2)
    a = outputs(parameters, points)
    expected = -(labels * np.log(a) + (1 - labels) * np.log(1 - a)).sum() / 50
    assert _loss(parameters, points, labels) == pytest.approx(expected, rel=1e-13)


def test_cross_entropy_does_not_overflow() -> None:
    logits = np.array([[2000.0, -2000.0, 0.0, 0.0]])
    a = arithmetic.sigmoid2(logits)
    assert cross_entropy(a, logits, np.array([[0.0, 1.0, 0.0, 0.0]])) == pytest.approx(4002 * np.log(2))


@pytest.mark.parametrize("samples", [1, 8, 800, 100_000])
def test_a_point_has_the_same_outputs_in_any_company(samples: int) -> None:
    parameters, points, _ = _example((3, 3), samples, 3)
    alone = outputs(parameters, points[-1:])
    assert outputs(parameters, points)[-1].tolist() == alone[0].tolist()


def test_the_vector_keeps_the_order() -> None:
    parameters = initial(Network(hidden=(3, 2)))
    again = Parameters.from_vector(parameters.vector, (2, 3, 2, 4))
    for (w, b), (w2, b2) in zip(parameters.layers(), again.layers(), strict=True):
        assert w.tolist() == w2.tolist()
        assert b.tolist() == b2.tolist()


def test_the_start_is_the_notes() -> None:
    stream = np.random.RandomState(0)
    expected = np.concatenate(
        [stream.randn(2, 3).ravel(), stream.randn(3), stream.randn(3, 4).ravel(), stream.randn(4)]
    )
    np.testing.assert_allclose(initial(Network(hidden=(3,))).vector, 0.01 * expected, rtol=1e-15)
