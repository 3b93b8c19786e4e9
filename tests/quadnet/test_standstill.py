import dataclasses

import numpy as np
import pytest

from quadnet import standstill as module
from quadnet.config import parse
from quadnet.curvature import hessian
from quadnet.dataset import quadrants
from quadnet.escape import Escape
from quadnet.experiment import Experiment
from quadnet.network import Parameters, cross_entropy, forward
from quadnet.phases import Phase
from quadnet.standstill import Standstill, WayOut, examine
from quadnet.training import train


@pytest.fixture(scope="module")
def seen(default_run: Experiment) -> Standstill:
    assert default_run.standstill is not None
    return default_run.standstill


@pytest.fixture(scope="module")
def found(seen: Standstill) -> Escape:
    assert seen.escape is not None
    return seen.escape


@pytest.fixture(scope="module")
def way_out(seen: Standstill) -> WayOut:
    assert seen.way_out is not None
    return seen.way_out


def test_the_prior_plateau_of_the_default_run_is_examined(default_run: Experiment, seen: Standstill) -> None:
    assert seen.phase is default_run.phases.phases[1]
    assert seen.escape is not None
    assert seen.escape.measured == seen.phase.end
    assert seen.escape.reduced is not None


def test_the_slope_is_the_length_of_the_step_in_the_middle(default_run: Experiment, seen: Standstill) -> None:
    before, after = default_run.history.parameters[seen.phase.middle : seen.phase.middle + 2]
    assert seen.gradient_norm == pytest.approx(np.linalg.norm(after - before) / 0.5, rel=1e-9)


def test_the_stretch_is_that_of_the_first_weights_at_both_ends(default_run: Experiment, seen: Standstill) -> None:
    norms = [
        np.linalg.norm(default_run.history.at(epoch).weights[0], 2) for epoch in (seen.phase.start, seen.phase.end)
    ]
    assert seen.stretch == pytest.approx(norms, rel=1e-12)


# The way out


def test_the_training_is_projected_on_the_direction_of_least_curvature(
    default_run: Experiment, found: Escape, way_out: WayOut
) -> None:
    dataset, point = default_run.dataset, found.saddle
    direction = np.linalg.eigh(hessian(point, dataset.points, dataset.one_hot))[1][:, 0]
    direction *= np.sign(direction[np.abs(direction).argmax()])
    moved = default_run.history.parameters[way_out.epochs] - point.vector
    np.testing.assert_allclose(way_out.path, moved @ direction, atol=1e-9)


def test_the_path_runs_from_the_saddle_to_a_twelfth_beyond_the_plateau(found: Escape, way_out: WayOut) -> None:
    last = found.measured + (found.measured - found.epoch) // 12
    assert way_out.epochs.tolist() == list(range(found.epoch, last + 1))
    assert way_out.path.shape == way_out.epochs.shape
    assert abs(way_out.path[0]) < found.distance


def test_the_profile_reaches_a_quarter_further_than_the_plateau_to_both_sides(found: Escape, way_out: WayOut) -> None:
    inside = np.abs(way_out.path[way_out.epochs <= found.measured]).max()
    assert way_out.steps[-1] == pytest.approx(1.25 * inside, rel=1e-12)
    assert way_out.steps[20] == 0
    np.testing.assert_allclose(way_out.steps, -way_out.steps[::-1], rtol=1e-12)
    np.testing.assert_allclose(np.diff(way_out.steps), way_out.steps[-1] / 20, rtol=1e-9)


def test_the_profile_is_the_loss_on_the_line_through_the_saddle(
    default_run: Experiment, found: Escape, way_out: WayOut
) -> None:
    dataset = default_run.dataset
    direction = np.linalg.eigh(hessian(found.saddle, dataset.points, dataset.one_hot))[1][:, 0]
    direction *= np.sign(direction[np.abs(direction).argmax()])
    for step, loss in zip(way_out.steps, way_out.profile, strict=True):
        there = Parameters.from_vector(found.saddle.vector + step * direction, default_run.history.widths)
        activations, logits = forward(there, dataset.points)
        assert loss == pytest.approx(cross_entropy(activations[-1], logits, dataset.one_hot), abs=1e-12)


def test_the_loss_bends_down_at_the_saddle_as_its_least_eigenvalue_says(found: Escape, way_out: WayOut) -> None:
    left, top, right = way_out.profile[19:22]
    step = way_out.steps[21]
    assert (left - 2 * top + right) / step**2 == pytest.approx(found.least, rel=0.02)
    assert max(left, right) < top


# What is left out


def test_less_is_found_when_less_is_asked_for(default_run: Experiment, seen: Standstill, found: Escape) -> None:
    less = examine(default_run.config, default_run.dataset, default_run.history, seen.phase, whole=False)
    assert (less.phase, less.gradient_norm, less.stretch) == (seen.phase, seen.gradient_norm, seen.stretch)
    assert less.way_out is None
    assert less.escape is not None
    assert (less.escape.reduced, less.escape.frozen) == (None, None)
    assert less.escape.eigenvalues.tolist() == found.eigenvalues.tolist()


def test_for_another_optimizer_there_is_a_way_out_but_no_prediction(default_run: Experiment, seen: Standstill) -> None:
    momentum = parse({"training": {"optimizer": "heavy_ball", "momentum": 0.9}})
    other = examine(momentum, default_run.dataset, default_run.history, seen.phase)
    assert other.escape is not None
    assert (other.escape.reduced, other.escape.frozen) == (None, None)
    np.testing.assert_equal(dataclasses.asdict(other)["way_out"], dataclasses.asdict(seen)["way_out"])


def test_beside_no_saddle_there_is_no_way_out(default_run: Experiment) -> None:
    second = default_run.phases.closed_plateaus[1]
    other = examine(default_run.config, default_run.dataset, default_run.history, second)
    assert (other.escape, other.way_out) == (None, None)
    assert other.gradient_norm > 0


@pytest.mark.parametrize("hidden", [[], [300]])
def test_without_a_hidden_layer_or_with_a_wide_one_slope_and_stretch_remain(hidden: list[int]) -> None:
    config = parse({"network": {"hidden": hidden}, "data": {"samples_per_class": 2}, "training": {"epochs": 30}})
    dataset = quadrants(config)
    history = train(config, dataset)
    level = 4 * (0.25 * np.log(4) + 0.75 * np.log(4 / 3))
    resting = dataclasses.replace(history, loss=np.full(30, level))
    phase = Phase("plateau", "plateau", False, 3, 29, level, 2.2, 50.0)
    other = examine(config, dataset, resting, phase)
    assert (other.escape, other.way_out) == (None, None)
    assert other.gradient_norm > 0
    assert other.stretch[1] == pytest.approx(np.linalg.norm(history.at(29).weights[0], 2))


def test_a_thinned_history_is_examined_at_the_epochs_that_it_kept(default_run: Experiment, seen: Standstill) -> None:
    history = default_run.history
    thin = dataclasses.replace(history, epochs=history.epochs[::10], parameters=history.parameters[::10], every=10)
    other = examine(default_run.config, default_run.dataset, thin, seen.phase)
    ends = [np.linalg.norm(history.at(epoch).weights[0], 2) for epoch in (10, 1660)]
    assert other.stretch == pytest.approx(ends, rel=1e-12)
    assert other.escape is not None
    assert other.escape.epoch == 30
    assert other.way_out is not None
    assert other.way_out.epochs.tolist() == list(range(30, 1658 + (1658 - 30) // 12 + 1, 10))


def test_a_training_that_rests_on_the_saddle_still_has_a_profile(default_run: Experiment, found: Escape) -> None:
    history = default_run.history
    rest = np.tile(found.saddle.vector, (len(history.parameters), 1))
    way_out = module._way_out(default_run.dataset, dataclasses.replace(history, parameters=rest), found)
    assert way_out.steps[-1] == pytest.approx(1e-3)
    assert not way_out.path.any()
    assert np.isfinite(way_out.profile).all()
