import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest

from quadnet.anatomy import Look, dissect
from quadnet.arrays import FloatArray
from quadnet.config import parse
from quadnet.curvature import affordable
from quadnet.dataset import Dataset, quadrants
from quadnet.experiment import Experiment
from quadnet.history import History
from quadnet.network import Parameters, forward, gradients, outputs
from quadnet.phases import Phase, Phases, detect
from quadnet.spectrum import Signs
from quadnet.training import train


def _trained(hidden: list[int], samples: int = 4, **network: Any) -> tuple[Dataset, History, Phases]:
    """A short training, with one phase all along."""
    sections = {"network": {"hidden": hidden, **network}, "data": {"samples_per_class": samples}}
    config = parse({**sections, "training": {"epochs": 11}})
    dataset = quadrants(config)
    history = train(config, dataset)
    loss = history.loss
    whole = Phase("descent", None, True, 0, 10, float(loss[0]), float(loss[10]), None)
    return dataset, history, Phases("ok", (whole,))


def _hessian(parameters: Parameters, dataset: Dataset, widths: tuple[int, ...]) -> FloatArray:
    """Central differences of the gradient."""

    def gradient(theta: FloatArray) -> FloatArray:
        moved = Parameters.from_vector(theta, widths)
        return gradients(moved, forward(moved, dataset.points)[0], dataset.one_hot).vector

    theta, step = parameters.vector, 1e-5
    moves = step * np.eye(theta.size)
    return np.stack([gradient(theta + move) - gradient(theta - move) for move in moves]) / (2 * step)


def _effective_rank(values: FloatArray) -> float:
    shares = values**2 / (values**2).sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))


# The default run


def test_every_phase_is_seen_at_its_start_middle_and_end(default_run: Experiment) -> None:
    seen = [tuple(look.snapshot.epoch for look in anatomy.looks) for anatomy in default_run.anatomy]
    assert seen == [(phase.start, phase.middle, phase.end) for phase in default_run.phases.phases]


def test_neighbours_share_their_border(default_run: Experiment) -> None:
    for one, next_one in itertools.pairwise(default_run.anatomy):
        assert one.end is next_one.start


@pytest.mark.parametrize("phase", range(6))
def test_the_eigenvalues_are_those_of_another_hessian(default_run: Experiment, phase: int) -> None:
    look = default_run.anatomy[phase].middle
    state = default_run.history.at(look.snapshot.epoch)
    expected = np.linalg.eigvalsh(_hessian(state, default_run.dataset, default_run.history.widths))
    assert look.eigenvalues is not None
    np.testing.assert_allclose(look.eigenvalues, expected, atol=1e-8)
    assert look.least == look.eigenvalues[0] == pytest.approx(expected[0], abs=1e-8)


def test_the_signs_are_counted_of_the_eigenvalues(default_run: Experiment) -> None:
    for look in itertools.chain.from_iterable(anatomy.looks for anatomy in default_run.anatomy):
        values, counted = look.eigenvalues, look.signs
        assert values is not None
        assert counted is not None
        largest = np.abs(values).max()
        assert counted.negative == (values < -1e-10 * largest).sum()
        assert counted.positive == (values > 1e-10 * largest).sum()
        assert counted.negative + counted.zero + counted.positive == 37
    assert default_run.anatomy[1].middle.signs == Signs(15, 0, 22)


def test_singular_values_and_spreads_are_numpys(default_run: Experiment) -> None:
    for look in itertools.chain.from_iterable(anatomy.looks for anatomy in default_run.anatomy):
        state = default_run.history.at(look.snapshot.epoch)
        activations, _ = forward(state, default_run.dataset.points)
        assert len(look.weights) == len(look.activations) == 3
        for values, matrix in zip(look.weights, state.weights, strict=True):
            np.testing.assert_allclose(values, np.linalg.svd(matrix, compute_uv=False), rtol=1e-10, atol=1e-14)
        for values, layer in zip(look.activations, activations[1:], strict=True):
            expected = np.linalg.svd(layer - layer.mean(axis=0), compute_uv=False) / np.sqrt(800)
            np.testing.assert_allclose(values, expected, atol=1e-7)


def test_the_ranks_weigh_each_direction_by_its_square(default_run: Experiment) -> None:
    look = default_run.anatomy[-1].end
    assert look.weight_ranks == pytest.approx([_effective_rank(values) for values in look.weights], rel=1e-9)
    assert look.activation_ranks == pytest.approx([_effective_rank(values) for values in look.activations], rel=1e-9)


def test_the_default_network_works_along_more_directions_with_every_group(default_run: Experiment) -> None:
    prior, last = default_run.anatomy[1], default_run.anatomy[-1]
    one, many = prior.end.activation_ranks, last.end.activation_ranks
    assert [rank is not None and rank < 1.01 for rank in one] == [True] * 3
    assert [rank is not None and rank > 2 for rank in many] == [True] * 3


# Other networks


def test_a_network_without_a_hidden_layer_has_one_layer_to_look_at() -> None:
    (anatomy,) = dissect(*_trained([]))
    for look in anatomy.looks:
        assert look.eigenvalues is not None
        assert (len(look.eigenvalues), len(look.weights), len(look.activations)) == (12, 1, 1)
        assert look.least is not None
        assert look.least > -1e-15  # logistic regression is convex


@pytest.mark.parametrize(("units", "usable"), [(64, True), (65, False)])
def test_a_layer_of_more_than_64_units_is_left_empty(units: int, usable: bool) -> None:
    (anatomy,) = dissect(*_trained([units]))
    look = anatomy.middle
    assert [values.size for values in look.weights] == ([2, 4] if usable else [0, 0])
    assert [values.size for values in look.activations] == ([units, 4] if usable else [0, 4])
    assert [rank is not None for rank in look.weight_ranks] == [usable, usable]
    assert [rank is not None for rank in look.activation_ranks] == [usable, True]


@pytest.mark.parametrize(("hidden", "samples"), [([64], 4), ([27], 600)])
def test_too_large_a_network_has_no_eigenvalues(hidden: list[int], samples: int) -> None:
    dataset, history, phases = _trained(hidden, samples)
    assert not affordable(history.widths, len(dataset.points))
    (anatomy,) = dissect(dataset, history, phases)
    for look in anatomy.looks:
        assert (look.eigenvalues, look.least, look.signs) == (None, None, None)
        assert look.weights[0].size > 0


def test_weights_of_zero_have_no_rank() -> None:
    (anatomy,) = dissect(*_trained([3, 3], initial_scale=0.0))
    assert anatomy.start.weight_ranks == anatomy.start.activation_ranks == (None, None, None)


def test_a_rank_does_not_change_with_the_weights_unit() -> None:
    values = np.array([3.0, 2.0, 0.5])
    ranks = [
        Look(None, None, (values * unit,), ()).weight_ranks[0]  # type: ignore[arg-type]  # the snapshot is not asked
        for unit in (1e-100, 1.0, 1e100)
    ]
    assert ranks == pytest.approx([_effective_rank(values)] * 3, rel=1e-12)


# Other histories


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_parameters_that_are_not_finite_leave_their_look_empty(value: float) -> None:
    dataset, history, phases = _trained([3, 3])
    parameters = history.parameters.copy()
    parameters[10, -1] = value  # an output's bias
    (anatomy,) = dissect(dataset, dataclasses.replace(history, parameters=parameters), phases)
    (whole,) = dissect(dataset, history, phases)
    assert (anatomy.end.weights, anatomy.end.activations, anatomy.end.weight_ranks) == ((), (), ())
    assert [look.eigenvalues for look in anatomy.looks] == [None] * 3
    for look, same in ((anatomy.start, whole.start), (anatomy.middle, whole.middle)):
        np.testing.assert_equal((look.weights, look.activations), (same.weights, same.activations))


def test_a_thinned_history_is_seen_at_the_epochs_that_it_kept(default_run: Experiment) -> None:
    history = default_run.history
    thin = dataclasses.replace(history, epochs=history.epochs[::100], parameters=history.parameters[::100], every=100)
    found = dissect(default_run.dataset, thin, default_run.phases)
    seen = [tuple(look.snapshot.epoch for look in anatomy.looks) for anatomy in found]
    assert seen[:3] == [(0, 0, 0), (0, 800, 1700), (1700, 1800, 1900)]
    assert seen[-1] == (2700, 6300, 10_000)
    assert found[0].start is found[0].end
    look = found[1].middle
    assert look.eigenvalues is not None
    expected = np.linalg.eigvalsh(_hessian(history.at(800), default_run.dataset, history.widths))
    np.testing.assert_allclose(look.eigenvalues, expected, atol=1e-8)
    assert look.snapshot.means[2] == pytest.approx(
        outputs(history.at(800), default_run.dataset.points[default_run.dataset.labels == 2]).mean(axis=0)
    )


def test_without_phases_there_is_nothing_to_dissect() -> None:
    dataset, history, _ = _trained([3])
    assert dissect(dataset, history, detect([1.0])) == ()
