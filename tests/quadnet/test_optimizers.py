from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quadnet import optimizers
from quadnet.config import Training

RATES = st.floats(0.01, 1)
MOMENTA = st.floats(0.05, 0.95)


def _path(training: Training, steps: int, start: float = 1.0) -> list[float]:
    """Where the rule goes on x²/2, whose gradient is x."""
    state = optimizers.init(np.array([start]))
    path = [start]
    for _ in range(steps):
        state = optimizers.update(training, state, optimizers.look_ahead(training, state))
        path.append(float(state.theta[0]))
    return path


@pytest.mark.parametrize(
    ("optimizer", "momentum", "path"),
    [
        ("gradient_descent", 0.0, [1, 0.5, 0.25, 0.125]),
        ("heavy_ball", 0.5, [1, 0.5, 0, -0.25]),
        ("nesterov", 0.5, [1, 0.5, 0.125, -0.03125]),
        ("averaging", 0.5, [1, 0.75, 0.4375, 0.171875]),
    ],
)
def test_the_first_three_steps_are_those_worked_out_by_hand(optimizer: str, momentum: float, path: list[float]) -> None:
    assert _path(Training(learning_rate=0.5, optimizer=optimizer, momentum=momentum), 3) == path


@settings(deadline=None, max_examples=30)
@given(rate=RATES, start=st.floats(-5, 5))
def test_gradient_descent_shrinks_by_one_minus_the_rate_each_step(rate: float, start: float) -> None:
    expected = [start * (1 - rate) ** n for n in range(20)]
    assert _path(Training(learning_rate=rate), 19, start) == pytest.approx(expected, abs=1e-12)


@settings(deadline=None, max_examples=30)
@given(rate=RATES, momentum=MOMENTA)
def test_heavy_ball_follows_its_two_step_recurrence(rate: float, momentum: float) -> None:
    path = _path(Training(learning_rate=rate, optimizer="heavy_ball", momentum=momentum), 20)
    for before, (now, after) in zip(path, pairwise(path[1:]), strict=False):
        assert after == pytest.approx(now + momentum * (now - before) - rate * now, abs=1e-12)


@settings(deadline=None, max_examples=30)
@given(rate=RATES, momentum=MOMENTA)
def test_nesterov_steps_from_the_point_it_looks_ahead_to(rate: float, momentum: float) -> None:
    path = _path(Training(learning_rate=rate, optimizer="nesterov", momentum=momentum), 20)
    for before, (now, after) in zip(path, pairwise(path[1:]), strict=False):
        assert after == pytest.approx((1 - rate) * (now + momentum * (now - before)), abs=1e-12)


@settings(deadline=None, max_examples=30)
@given(rate=RATES, momentum=MOMENTA)
def test_averaging_is_heavy_ball_with_a_rate_smaller_by_one_minus_momentum(rate: float, momentum: float) -> None:
    averaging = _path(Training(learning_rate=rate, optimizer="averaging", momentum=momentum), 20)
    slower = Training(learning_rate=rate * (1 - momentum), optimizer="heavy_ball", momentum=momentum)
    assert averaging == pytest.approx(_path(slower, 20), abs=1e-12)
    unscaled = Training(learning_rate=rate, optimizer="heavy_ball", momentum=momentum)
    assert averaging != pytest.approx(_path(unscaled, 20), abs=1e-12)


@pytest.mark.parametrize("optimizer", ["heavy_ball", "nesterov"])
def test_under_a_constant_slope_the_velocity_reaches_rate_over_one_minus_momentum(optimizer: str) -> None:
    training = Training(learning_rate=0.5, optimizer=optimizer, momentum=0.9)
    state = optimizers.init(np.zeros(1))
    for _ in range(400):
        state = optimizers.update(training, state, np.ones(1))
    assert state.velocity[0] == pytest.approx(-0.5 / (1 - 0.9))


def test_under_a_constant_slope_the_averaging_form_steps_as_gradient_descent_does() -> None:
    training = Training(learning_rate=0.5, optimizer="averaging", momentum=0.9)
    state = before = optimizers.init(np.zeros(1))
    for _ in range(400):
        before, state = state, optimizers.update(training, state, np.ones(1))
    assert state.theta[0] - before.theta[0] == pytest.approx(-0.5)


def test_only_nesterov_looks_ahead() -> None:
    state = optimizers.State(np.array([1.0, 2.0]), np.array([10.0, -10.0]))
    ahead = Training(optimizer="nesterov", momentum=0.5)
    assert optimizers.look_ahead(ahead, state).tolist() == [6.0, -3.0]
    for other in (Training(), *(Training(optimizer=name, momentum=0.5) for name in ("heavy_ball", "averaging"))):
        assert optimizers.look_ahead(other, state).tolist() == [1.0, 2.0]


@pytest.mark.parametrize("optimizer", ["gradient_descent", "heavy_ball", "nesterov", "averaging"])
def test_a_step_leaves_the_state_before_it_untouched(optimizer: str) -> None:
    training = Training(optimizer=optimizer, momentum=0.0 if optimizer == "gradient_descent" else 0.9)
    state = optimizers.State(np.array([1.0]), np.array([2.0]))
    moved = optimizers.update(training, state, np.array([3.0]))
    assert (state.theta[0], state.velocity[0]) == (1.0, 2.0)
    assert moved.theta[0] != 1.0


def test_gradient_descent_keeps_no_velocity() -> None:
    state = optimizers.init(np.array([1.0, -1.0]))
    moved = optimizers.update(Training(), state, np.array([3.0, 4.0]))
    assert moved.velocity.tolist() == [0.0, 0.0]
