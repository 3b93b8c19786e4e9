import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quadnet import escape as module
from quadnet.config import Config, Network, parse
from quadnet.curvature import hessian, resting, saddle
from quadnet.dataset import quadrants
from quadnet.escape import Escape, escape
from quadnet.experiment import Experiment
from quadnet.network import initial
from quadnet.phases import detect
from quadnet.spectrum import Signs, signs
from quadnet.training import train


@pytest.fixture(scope="module")
def default_escape(default_run: Experiment) -> Escape:
    plateau = default_run.phases.closed_plateaus[0]
    found = escape(default_run.config, default_run.dataset, default_run.history, plateau)
    assert found is not None
    return found


def test_the_escape_starts_early_on_the_plateau_and_beside_the_saddle(default_escape: Escape) -> None:
    assert 7 < default_escape.epoch < 100
    assert 0 < default_escape.distance < 0.1
    assert signs(default_escape.eigenvalues) == Signs(6, 21, 10)
    assert default_escape.closed_form == pytest.approx(default_escape.eigenvalues[0], rel=0.01)


def test_the_reduced_flow_tells_the_end_of_the_default_plateau(default_run: Experiment, default_escape: Escape) -> None:
    assert default_escape.measured == default_run.phases.closed_plateaus[0].end
    assert default_escape.reduced == pytest.approx(default_escape.measured, rel=0.05)


def test_the_frozen_hessian_takes_too_long(default_escape: Escape) -> None:
    assert default_escape.frozen is not None
    assert 1.5 < default_escape.frozen / default_escape.measured < 2.2


@pytest.mark.parametrize(
    "network",
    [{"seed": 1}, {"seed": 2}, {"hidden": [8, 8]}, {"hidden": [1, 3]}, {"hidden": [2, 5]}, {"initial_scale": 1e-3}],
)
def test_the_reduced_flow_holds_for_other_starts_and_widths(network: dict[str, object]) -> None:
    values = {"data": {"samples_per_class": 10}, "network": network, "training": {"epochs": 6000}}
    config = parse(values)
    dataset = quadrants(config)
    history = train(config, dataset)
    found = escape(config, dataset, history, detect(history.loss).closed_plateaus[0])
    assert found is not None
    assert found.reduced == pytest.approx(found.measured, rel=0.05)


def test_nothing_is_told_where_the_theory_does_not_hold(default_run: Experiment) -> None:
    config, dataset, history = default_run.config, default_run.dataset, default_run.history
    first, second, *_ = default_run.phases.closed_plateaus
    assert escape(config, dataset, history, second) is None
    above = dataclasses.replace(first, loss_end=2.25)
    assert escape(config, dataset, history, above) is None


def test_for_another_optimizer_there_is_the_saddle_but_no_prediction(
    default_run: Experiment, default_escape: Escape
) -> None:
    momentum = parse({"training": {"optimizer": "heavy_ball", "momentum": 0.9}})
    plateau = default_run.phases.closed_plateaus[0]
    for config, predicted in ((momentum, True), (default_run.config, False)):
        found = escape(config, default_run.dataset, default_run.history, plateau, predicted=predicted)
        assert found is not None
        assert (found.reduced, found.frozen) == (None, None)
        assert found.eigenvalues.tolist() == default_escape.eigenvalues.tolist()


@pytest.mark.parametrize("hidden", [[], [300]])
def test_nothing_is_told_without_a_hidden_layer_or_for_a_wide_one(hidden: list[int]) -> None:
    config = parse({"network": {"hidden": hidden}, "data": {"samples_per_class": 2}, "training": {"epochs": 30}})
    dataset = quadrants(config)
    history = train(config, dataset)
    phase = detect(history.loss).phases[0]
    loss = np.full_like(history.loss, 4 * (0.25 * np.log(4) + 0.75 * np.log(4 / 3)))
    plateau = dataclasses.replace(phase, kind="plateau", start=0, end=29, loss_end=2.2)
    assert escape(config, dataset, dataclasses.replace(history, loss=loss), plateau) is None


# The frozen Hessian


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 99), size=st.integers(2, 6), fall=st.floats(1e-6, 1e3))
def test_the_frozen_hessian_counts_the_steps_on_the_quadratic_function(seed: int, size: int, fall: float) -> None:
    stream = np.random.default_rng(seed)
    axes = np.linalg.qr(stream.normal(size=(size, size)))[0]
    matrix = axes * np.concatenate([[-0.1], stream.random(size - 1)]) @ axes.T
    d = start = stream.normal(size=size)
    epochs = 0
    while True:
        d, epochs = d - 0.5 * matrix @ d, epochs + 1
        if -(d @ matrix @ d) / 2 >= fall:
            break
    assert module._frozen_hessian(matrix, start, 0.5, fall) == epochs


def test_a_minimum_is_never_left() -> None:
    assert module._frozen_hessian(np.eye(3), np.ones(3), 0.5, 1.0) is None
    assert module._frozen_hessian(np.eye(3), np.ones(3), 5.0, 1.0) is None  # steps too long: it flies apart


def test_a_steep_way_down_is_left_at_once() -> None:
    matrix = np.diag([-1e200, 1.0])
    assert module._frozen_hessian(matrix, np.array([1e-50, 0.0]), 1.0, 1.0) == 1


# The reduced flow


def test_the_reduced_flow_is_gradient_descent_of_the_linear_network(default_run: Experiment) -> None:
    dataset, state = default_run.dataset, default_run.history.at(100)
    point = saddle(dataset, state)
    assert point is not None
    a1, a2 = resting(point)
    x, y = dataset.points - dataset.points.mean(axis=0), dataset.one_hot - 0.25
    s, c, d1, d2 = x.T @ y / 800, x.T @ x / 800, np.diag(a1 * (1 - a1)), np.diag(a2 * (1 - a2))
    free = np.eye(3) - np.outer(a2, a2) / (1 + a2 @ a2)
    w1, w2, w3 = state.weights
    epochs = 0
    while True:
        m = w1 @ d1 @ w2 @ d2 @ w3
        if (s * m).sum() - (c @ m * m).sum() * 0.1875 / 2 >= 0.005:
            break
        r = s - c @ m * 0.1875
        w1, w2, w3 = (
            w1 + 0.5 * r @ (d1 @ w2 @ d2 @ w3).T,
            w2 + 0.5 * (w1 @ d1).T @ r @ (d2 @ w3).T,
            w3 + 0.5 * free @ (w1 @ d1 @ w2 @ d2).T @ r,
        )
        epochs += 1
    assert module._reduced_flow(dataset, state, [a1, a2], 0.5, 0.005) == pytest.approx(epochs, rel=0.005)


@pytest.mark.parametrize("hidden", [(3,), (3, 3), (2, 4, 3)])
def test_the_way_down_is_the_slope_of_the_loss(hidden: tuple[int, ...]) -> None:
    dataset = quadrants(parse({"data": {"samples_per_class": [4, 9, 7, 3]}}))
    state = initial(Network(hidden=hidden, initial_scale=1.0))
    point = saddle(dataset, state)
    assert point is not None
    flow = module._LinearNetwork(dataset, resting(point))
    weights = list(state.weights)
    _, ways = flow.descend(weights)
    for layer in range(len(weights) - 1):  # the last layer's way is not free
        slopes = np.empty_like(weights[layer])
        for place in np.ndindex(slopes.shape):
            sides = []
            for step in (1e-5, -1e-5):
                moved = [w.copy() for w in weights]
                moved[layer][place] += step
                sides.append(flow.descend(moved)[0])
            slopes[place] = (sides[0] - sides[1]) / 2e-5
        np.testing.assert_allclose(ways[layer], slopes, atol=1e-9)


def test_the_linear_networks_loss_is_the_networks_beside_the_saddle(default_run: Experiment) -> None:
    dataset = default_run.dataset
    state = default_run.history.at(1000)
    point = saddle(dataset, state)
    assert point is not None
    fallen, _ = module._LinearNetwork(dataset, resting(point)).descend(list(state.weights))
    level = 4 * (0.25 * np.log(4) + 0.75 * np.log(4 / 3))
    assert fallen == pytest.approx(level - default_run.history.loss[1000], rel=0.1)


def test_the_linear_network_does_not_depend_on_where_the_points_lie(default_run: Experiment) -> None:
    dataset, state = default_run.dataset, default_run.history.at(1600)
    elsewhere = dataclasses.replace(dataset, points=dataset.points + np.array([3.0, -2.0]))
    hidden = [np.full(3, 0.4), np.full(3, 0.6)]
    here, there = (module._LinearNetwork(data, hidden).descend(list(state.weights)) for data in (dataset, elsewhere))
    assert there[0] == pytest.approx(here[0], rel=1e-12)
    np.testing.assert_allclose(there[1][0], here[1][0], rtol=1e-10)


def test_weights_of_zero_never_move() -> None:
    config = Config()
    dataset, state = quadrants(config), initial(Network(initial_scale=0))
    point = saddle(dataset, state)
    assert point is not None
    assert module._reduced_flow(dataset, state, resting(point), 0.5, 1e-3) is None
    assert np.allclose(hessian(point, dataset.points, dataset.one_hot)[:6, :6], 0)


def test_a_loss_below_all_that_the_linear_network_reaches_is_never_met(default_run: Experiment) -> None:
    point = saddle(default_run.dataset, default_run.history.at(100))
    assert point is not None
    flow = module._reduced_flow(default_run.dataset, default_run.history.at(100), resting(point), 0.5, 100.0)
    assert flow is None
