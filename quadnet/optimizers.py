"""The update rules, with the convention of each written out; α is the learning rate, β the momentum.

    gradient descent   θ ← θ - α g(θ)
    heavy ball         v ← β v - α g(θ),           θ ← θ + v
    Nesterov           v ← β v - α g(θ + β v),     θ ← θ + v
    averaging          v ← β v + (1-β) g(θ),       θ ← θ - α v

The velocity v starts at 0. Heavy ball: Polyak 1964. Nesterov in this form: Sutskever et al. 2013. The averaging form is
the one whose steps stay as long as those of gradient descent.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from quadnet.arrays import FloatArray
from quadnet.config import Training


@dataclass(frozen=True)
class State:
    """Where an optimizer stands.

    Attributes:
        theta: All parameters, shape (p,).
        velocity: Shape (p,); stays 0 for gradient descent.
    """

    theta: FloatArray
    velocity: FloatArray


def init(theta: FloatArray) -> State:
    """The start of a training: the given parameters at rest."""
    return State(theta, np.zeros_like(theta))


def look_ahead(training: Training, state: State) -> FloatArray:
    """The parameters at which the next gradient is taken: θ + β v for Nesterov, θ for the others."""
    if training.optimizer == "nesterov":
        return state.theta + training.momentum * state.velocity
    return state.theta


def update(training: Training, state: State, gradient: FloatArray) -> State:
    """One step.

    Args:
        training: Optimizer, α and β.
        state: Before the step.
        gradient: The loss's derivative at `look_ahead(training, state)`, shape (p,).
    """
    return _RULES[training.optimizer](training, state, gradient)


def _gradient_descent(training: Training, state: State, gradient: FloatArray) -> State:
    return State(state.theta - training.learning_rate * gradient, state.velocity)


def _rolling(training: Training, state: State, gradient: FloatArray) -> State:
    velocity = training.momentum * state.velocity - training.learning_rate * gradient
    return State(state.theta + velocity, velocity)


def _averaging(training: Training, state: State, gradient: FloatArray) -> State:
    velocity = training.momentum * state.velocity + (1 - training.momentum) * gradient
    return State(state.theta - training.learning_rate * velocity, velocity)


_RULES: dict[str, Callable[[Training, State, FloatArray], State]] = {
    "gradient_descent": _gradient_descent,
    "heavy_ball": _rolling,
    "nesterov": _rolling,
    "averaging": _averaging,
}
