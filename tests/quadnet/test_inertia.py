import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quadnet.config import Config, parse
from quadnet.dataset import quadrants
from quadnet.experiment import Experiment, conduct
from quadnet.inertia import Pair, accompany, companion_config, pairs
from quadnet.phases import Phase, Phases, detect
from quadnet.training import train


def _phases(*lengths: int) -> Phases:
    """Closed plateaus of these lengths between descents of ten epochs, and an open plateau."""
    found, start = [], 0
    for length in lengths:
        found.append(Phase("descent", None, False, start, start + 10, 2.0, 1.0, None))
        found.append(Phase("plateau", "plateau", False, start + 10, start + 10 + length, 2.0, 1.0, 50.0))
        start += 10 + length
    found.append(Phase("descent", None, False, start, start + 10, 2.0, 1.0, None))
    found.append(Phase("plateau", None, True, start + 10, start + 500, 2.0, 1.0, 50.0))
    return Phases("ok", tuple(found))


# Whom to compare with


def test_gradient_descent_is_laid_beside_heavy_ball_of_the_configured_momentum() -> None:
    config = parse({"inertia": {"momentum": 0.75}, "data": {"seed": 3}, "training": {"epochs": 17}})
    other = companion_config(config)
    assert (other.training.optimizer, other.training.momentum) == ("heavy_ball", 0.75)


@pytest.mark.parametrize("optimizer", ["heavy_ball", "nesterov", "averaging"])
def test_a_run_with_momentum_is_laid_beside_gradient_descent(optimizer: str) -> None:
    other = companion_config(parse({"training": {"optimizer": optimizer, "momentum": 0.8}}))
    assert (other.training.optimizer, other.training.momentum) == ("gradient_descent", 0)


@pytest.mark.parametrize("training", [{}, {"optimizer": "nesterov", "momentum": 0.8}])
def test_the_companion_differs_in_the_optimizer_alone_and_is_itself_allowed(training: dict[str, object]) -> None:
    config = parse({"name": "a", "data": {"seed": 3}, "training": {"epochs": 17, **training}})
    other = companion_config(config)
    assert Config.model_validate(other.model_dump()) == other
    same = {"optimizer": config.training.optimizer, "momentum": config.training.momentum}
    assert other.model_copy(update={"training": other.training.model_copy(update=same)}) == config


def test_the_companion_is_that_training_with_its_own_phases() -> None:
    config = parse({"data": {"samples_per_class": 10}, "training": {"epochs": 150, "learning_rate": 2.0}})
    dataset = quadrants(config)
    other = companion_config(config)
    companion = accompany(other, dataset)
    assert companion.training == other.training
    assert companion.loss.tolist() == train(other, dataset).loss.tolist()
    assert companion.loss.tolist() != train(config, dataset).loss.tolist()
    assert companion.phases == detect(companion.loss)
    assert len(companion.partitions) == len(companion.phases.phases)


# The default run


def test_in_the_default_run_heavy_ball_leaves_the_first_plateau_sooner(default_run: Experiment) -> None:
    first, *_ = pairs(default_run.phases, default_run.companion.phases)
    assert first.main is default_run.phases.closed_plateaus[0]
    assert first.companion is default_run.companion.phases.closed_plateaus[0]
    assert first.companion.end < first.main.end
    assert first.ratio is not None
    assert first.ratio > 3
    assert default_run.companion.partitions[1] == ((0, 1, 2, 3),)


def test_both_runs_of_the_default_experiment_start_alike(default_run: Experiment) -> None:
    ours, theirs = default_run.history.loss, default_run.companion.loss
    assert len(ours) == len(theirs)
    # Without velocity the first step is the same; from the second on they part.
    assert theirs[:2] == pytest.approx(ours[:2], rel=1e-12)
    assert np.abs(theirs[2:100] - ours[2:100]).min() > 1e-6


# Pairs


@settings(deadline=None, max_examples=50)
@given(
    ours=st.lists(st.integers(20, 500), max_size=4),
    theirs=st.lists(st.integers(20, 500), max_size=4),
)
def test_the_plateaus_of_both_runs_are_paired_in_order(ours: list[int], theirs: list[int]) -> None:
    found = pairs(_phases(*ours), _phases(*theirs))
    assert len(found) == max(len(ours), len(theirs))
    for k, pair in enumerate(found):
        assert (None if pair.main is None else pair.main.end - pair.main.start) == (ours[k : k + 1] or [None])[0]
        length = None if pair.companion is None else pair.companion.end - pair.companion.start
        assert length == (theirs[k : k + 1] or [None])[0]
        assert pair.ratio == (ours[k] / theirs[k] if k < min(len(ours), len(theirs)) else None)


def test_the_ratio_tells_how_many_times_longer_the_main_run_stays() -> None:
    (pair,) = pairs(_phases(300), _phases(60))
    assert pair.ratio == 5


def test_where_one_run_has_no_plateau_there_is_no_ratio() -> None:
    (pair,) = pairs(_phases(300), _phases())
    assert pair.companion is None
    assert pair.ratio is None
    assert Pair(None, None).ratio is None
    assert pairs(_phases(), Phases("ok", ())) == ()


def test_every_pair_of_a_jumpy_start_has_a_finite_ratio_or_none() -> None:
    run = conduct(parse({"data": {"samples_per_class": 5}, "training": {"epochs": 300, "learning_rate": 6.0}}))
    ratios = [pair.ratio for pair in pairs(run.phases, run.companion.phases)]
    assert all(ratio is None or np.isfinite(ratio) for ratio in ratios)
