import dataclasses
import math
from concurrent.futures import CancelledError

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quadnet import inertia, optimizers, training
from quadnet.config import Config, Training, parse
from quadnet.dataset import quadrants
from quadnet.experiment import Experiment, conduct
from quadnet.inertia import (
    Crossing,
    Pair,
    Trial,
    accompany,
    companion_config,
    cross,
    growth,
    pairs,
    rules,
    warning_config,
)
from quadnet.phases import Phase, Phases, detect
from quadnet.training import train

PLAIN = Training()
HEAVY = Training(optimizer="heavy_ball", momentum=0.9)


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


@pytest.mark.parametrize("training", [{}, {"optimizer": "nesterov", "momentum": 0.8}])
def test_the_warning_is_heavy_ball_with_too_much_momentum(training: dict[str, object]) -> None:
    config = parse({"name": "a", "network": {"seed": 3}, "training": {"epochs": 17, **training}})
    other = warning_config(config)
    assert other.training == Training(epochs=17, optimizer="heavy_ball", momentum=0.99)
    assert Config.model_validate(other.model_dump()) == other
    assert other.model_copy(update={"training": config.training}) == config


# The default run


def test_too_much_momentum_rings_about_the_class_shares_and_stays(default_run: Experiment) -> None:
    warning = default_run.warning
    assert warning.training == warning_config(default_run.config).training
    assert len(warning.loss) == 10_000
    assert warning.loss[-1] == pytest.approx(4 * (0.25 * math.log(4) + 0.75 * math.log(4 / 3)), rel=1e-3)
    assert len(default_run.companion.partitions[-1]) == 4
    assert (warning.partitions[-1], warning.phases.closed_plateaus) == (((0, 1, 2, 3),), ())


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


# Plateaus left by several rules


@pytest.fixture(scope="module")
def prior(default_run: Experiment) -> Crossing:
    crossing = default_run.crossings[0]
    assert crossing is not None
    return crossing


def _crossed(run: Experiment, phase: Phase, *tried: Training) -> Crossing | None:
    return cross(run.config, run.dataset, run.history, phase, tried)


@pytest.mark.parametrize("index", [0, 1])
def test_plain_descent_needs_what_the_main_run_needed(default_run: Experiment, index: int) -> None:
    phase, crossing = default_run.phases.closed_plateaus[index], default_run.crossings[index]
    assert crossing is not None
    assert (crossing.phase, crossing.start) == (phase, phase.middle)
    assert crossing.plain == phase.end - phase.middle
    assert crossing.rule == PLAIN


def test_every_rule_is_tried_in_order(default_run: Experiment) -> None:
    for crossing in default_run.crossings:
        assert crossing is not None
        assert tuple(trial.training for trial in crossing.trials) == rules(default_run.config.training)


def test_a_rule_needs_the_epochs_that_a_plain_loop_counts(default_run: Experiment, prior: Crossing) -> None:
    config, dataset = default_run.config, default_run.dataset
    for trial in prior.trials:
        other = config.model_copy(update={"training": trial.training.model_copy(update={"epochs": 900})})
        *_, recording = training.stretches(other, dataset, default_run.history.at(prior.start))
        epochs = next(k for k in range(1, 900) if recording.loss[k] <= prior.phase.loss_end)
        assert trial.epochs == epochs
        assert trial.speed_up == prior.plain / epochs


def test_inertia_helps_on_the_prior_plateau_only_as_a_larger_step(prior: Crossing) -> None:
    half, heavy, nesterov, averaging, larger = (trial.speed_up for trial in prior.trials)
    assert 1.9 < half < 2
    assert 6.5 < heavy < nesterov < 8
    assert 0.9 < averaging < 1
    assert 9 < larger < 10


def test_the_growth_rates_tell_the_speed_ups_of_the_default_run(default_run: Experiment) -> None:
    for crossing, anatomy in zip(default_run.crossings, default_run.anatomy[1:5:2], strict=True):
        assert crossing is not None
        assert anatomy.middle.least is not None
        for trial in crossing.trials:
            expected = crossing.expected(trial, anatomy.middle.least)
            assert expected is not None
            # At rest at first and with a curvature that changes on the way, momentum pays a little less.
            assert 0.8 * expected < trial.speed_up < expected


def test_a_speed_up_is_found_by_its_rule(prior: Crossing) -> None:
    assert prior.speed_up("heavy_ball", 0.5) == prior.trials[0].speed_up
    assert prior.speed_up("averaging", 0.9) == prior.trials[3].speed_up
    assert prior.speed_up("heavy_ball", 0.99) is None
    assert prior.speed_up("averaging", 0.5) is None


def test_a_rule_that_takes_too_long_is_given_up(default_run: Experiment, prior: Crossing) -> None:
    slow = PLAIN.model_copy(update={"learning_rate": 1e-4})
    crossing = _crossed(default_run, prior.phase, slow)
    assert crossing is not None
    assert crossing.trials == (Trial(slow, None, 0.0),)
    assert crossing.speed_up("gradient_descent", 0.0) == 0


def test_patience_ends_after_its_last_epoch(
    default_run: Experiment, prior: Crossing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inertia, "_PATIENCE", 1)
    slower = PLAIN.model_copy(update={"learning_rate": 0.499})
    crossing = _crossed(default_run, prior.phase, PLAIN, slower)
    assert crossing is not None
    assert [trial.epochs for trial in crossing.trials] == [crossing.plain, None]
    assert crossing.trials[0].speed_up == 1


def test_a_loss_that_plain_descent_does_not_reach_is_not_crossed(default_run: Experiment, prior: Crossing) -> None:
    assert _crossed(default_run, dataclasses.replace(prior.phase, loss_end=0.0), HEAVY) is None


def test_a_run_with_inertia_is_crossed_by_plain_descent_too(default_run: Experiment, prior: Crossing) -> None:
    config = default_run.config.model_copy(update={"training": HEAVY})
    crossing = cross(config, default_run.dataset, default_run.history, prior.phase, [PLAIN])
    assert crossing is not None
    assert crossing.rule == PLAIN
    assert crossing.trials[0].epochs == crossing.plain == prior.plain


def test_a_rule_starts_at_the_kept_epoch_next_to_the_middle(default_run: Experiment, prior: Crossing) -> None:
    history = default_run.history
    thin = dataclasses.replace(history, epochs=history.epochs[::100], parameters=history.parameters[::100], every=100)
    crossing = cross(default_run.config, default_run.dataset, thin, prior.phase, ())
    assert crossing is not None
    assert (crossing.start, crossing.plain) == (800, 858)


@pytest.mark.parametrize(("every", "start"), [(1700, None), (1658, None), (1657, 1657), (500, 1000)])
def test_a_plateau_that_a_thinned_history_passes_over_is_not_crossed(
    default_run: Experiment, prior: Crossing, every: int, start: int | None
) -> None:
    history = default_run.history
    thin = dataclasses.replace(
        history, epochs=history.epochs[::every], parameters=history.parameters[::every], every=every
    )
    crossing = cross(default_run.config, default_run.dataset, thin, prior.phase, ())
    assert (None if crossing is None else crossing.start) == start


def test_at_least_one_update_is_counted(default_run: Experiment, prior: Crossing) -> None:
    there = float(default_run.history.loss[prior.start])
    crossing = _crossed(default_run, dataclasses.replace(prior.phase, loss_end=there * (1 - 1e-12)), HEAVY)
    assert crossing is not None
    assert (crossing.plain, crossing.trials) == (1, (Trial(HEAVY, 1, 1.0),))
    assert _crossed(default_run, dataclasses.replace(prior.phase, loss_end=there), HEAVY) is None  # nothing to reach


def test_a_plateau_on_which_the_loss_rises_again_is_not_crossed(default_run: Experiment, prior: Crossing) -> None:
    loss = default_run.history.loss.copy()
    loss[prior.start + 9] = 1.02 * loss[prior.start]
    history = dataclasses.replace(default_run.history, loss=loss)
    assert cross(default_run.config, default_run.dataset, history, prior.phase, ()) is None


@pytest.mark.parametrize("stretch", [1, 7, 826, 10_000])
def test_the_epochs_do_not_depend_on_how_often_is_looked(
    default_run: Experiment, prior: Crossing, stretch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "_STRETCH", 800 * 37 * stretch)
    told: list[int] = []
    crossing = cross(default_run.config, default_run.dataset, default_run.history, prior.phase, [HEAVY], told.append)
    assert crossing is not None
    assert (crossing.plain, crossing.trials[0].epochs) == (prior.plain, prior.trials[1].epochs)
    assert told[:1] == ([] if stretch == 10_000 else [stretch])


def test_an_interruption_ends_the_crossing(
    default_run: Experiment, prior: Crossing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "_STRETCH", 800 * 37 * 20)

    def interrupt(epochs: int) -> None:
        raise CancelledError(f"after {epochs} epochs")

    with pytest.raises(CancelledError, match="after 20 epochs"):
        cross(default_run.config, default_run.dataset, default_run.history, prior.phase, [HEAVY], interrupt)


def test_the_rules_keep_the_learning_rate_but_for_the_larger_step() -> None:
    own = Training(epochs=5, learning_rate=0.25, optimizer="nesterov", momentum=0.3)
    tried = rules(own)
    assert [(rule.optimizer, rule.momentum, rule.learning_rate) for rule in tried] == [
        ("heavy_ball", 0.5, 0.25),
        ("heavy_ball", 0.9, 0.25),
        ("nesterov", 0.9, 0.25),
        ("averaging", 0.9, 0.25),
        ("gradient_descent", 0.0, 2.5),
    ]
    assert all(Training.model_validate(rule.model_dump()) == rule for rule in tried)


# How fast a saddle is left

OPTIMIZERS = ("gradient_descent", "heavy_ball", "nesterov", "averaging")


def _rule(optimizer: str, momentum: float, rate: float = 0.5) -> Training:
    beta = 0.0 if optimizer == "gradient_descent" else momentum
    return Training.model_validate({"optimizer": optimizer, "momentum": beta, "learning_rate": rate})


def _polynomial(training: Training, curvature: float) -> list[float]:
    """As the module's text has it."""
    a, beta = -training.learning_rate * curvature, training.momentum
    return {
        "gradient_descent": [1, -(1 + a)],
        "heavy_ball": [1, -(1 + beta + a), beta],
        "nesterov": [1, -(1 + beta) * (1 + a), beta * (1 + a)],
        "averaging": [1, -(1 + beta + (1 - beta) * a), beta],
    }[training.optimizer]


@given(
    optimizer=st.sampled_from(OPTIMIZERS),
    momentum=st.floats(0.001, 0.999),
    rate=st.floats(1e-3, 100),
    curvature=st.floats(-10, -1e-4),
)
def test_the_growth_is_the_larger_root(optimizer: str, momentum: float, rate: float, curvature: float) -> None:
    rule = _rule(optimizer, momentum, rate)
    roots = np.roots(_polynomial(rule, curvature))
    assert np.isreal(roots).all()
    assert 1 + growth(rule, curvature) == pytest.approx(roots.real.max(), rel=1e-9)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("momentum", [0.5, 0.9])
@pytest.mark.parametrize("curvature", [-3.0, -0.1, -0.003])
def test_the_growth_is_that_of_the_update_rule_beside_a_saddle(
    optimizer: str, momentum: float, curvature: float
) -> None:
    rule = _rule(optimizer, momentum)
    state, before = optimizers.init(np.array([1e-200])), np.empty(0)
    for _ in range(300):
        before = state.theta
        state = optimizers.update(rule, state, curvature * optimizers.look_ahead(rule, state))
    assert state.theta[0] / before[0] - 1 == pytest.approx(growth(rule, curvature), rel=1e-6)


@given(a=st.floats(1e-300, 1e-9), momentum=st.floats(0.001, 0.99))
def test_for_small_curvature_inertia_is_a_longer_step(a: float, momentum: float) -> None:
    found = {name: growth(_rule(name, momentum, 1.0), -a) / a for name in OPTIMIZERS}
    longer = 1 / (1 - momentum)
    assert found == pytest.approx(
        {"gradient_descent": 1, "heavy_ball": longer, "nesterov": longer, "averaging": 1}, rel=1e-4
    )


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_without_curvature_nothing_grows(optimizer: str) -> None:
    assert growth(_rule(optimizer, 0.9), 0.0) == 0


def test_the_expected_speed_up_is_a_ratio_of_logarithms(prior: Crossing) -> None:
    fast, slow = (math.log(np.roots(_polynomial(rule, -0.01)).max()) for rule in (HEAVY, PLAIN))
    assert prior.expected(prior.trials[1], -0.01) == pytest.approx(fast / slow, rel=1e-9)


@pytest.mark.parametrize("curvature", [0.0, 0.3, -1e-300])
def test_no_speed_up_is_expected_where_the_loss_does_not_bend_down(prior: Crossing, curvature: float) -> None:
    assert [prior.expected(trial, curvature) for trial in prior.trials] == [None] * 5


def test_plain_descent_may_take_as_much_longer_as_momentum_makes_steps(
    default_run: Experiment, prior: Crossing
) -> None:
    short = dataclasses.replace(
        prior.phase, start=prior.start - 80, end=prior.start + 80, loss_end=prior.phase.loss_end
    )
    rolling = default_run.config.model_copy(update={"training": HEAVY})
    assert cross(default_run.config, default_run.dataset, default_run.history, short, []) is None
    crossing = cross(rolling, default_run.dataset, default_run.history, short, [])
    assert crossing is not None
    assert crossing.plain > 3 * 80
