import dataclasses
import math
import threading
from concurrent.futures import CancelledError
from typing import Any

import numpy as np
import pytest

from quadnet import claims, dataset, evidence, experiment, inertia, phases, training
from quadnet.config import Config, parse
from quadnet.experiment import Experiment, conduct
from quadnet.history import History


def _small(**sections: dict[str, Any]) -> Config:
    base = {"data": {"samples_per_class": 10}, "training": {"epochs": 120}, "evaluation": {"points": 500}}
    return parse({key: base.get(key, {}) | sections.get(key, {}) for key in {*base, *sections}})


def test_the_default_run_breaks_no_promise_of_its_parts(default_run: Experiment) -> None:
    assert default_run.config == Config()
    assert len(default_run.history.loss) == 10_000
    assert default_run.phases == phases.detect(default_run.history.loss)
    assert len(default_run.evidence.phases) == len(default_run.phases.phases)
    assert default_run.metrics.loss_last == default_run.history.loss[-1]
    assert default_run.companion.training.optimizer == "heavy_ball"
    assert default_run.warning.training.momentum == inertia.STUCK
    assert len(default_run.anatomy) == len(default_run.phases.phases)
    assert len(default_run.crossings) == len(default_run.phases.closed_plateaus)
    assert default_run.standstill is not None
    assert default_run.standstill.phase is default_run.phases.closed_plateaus[0]


def test_the_verdicts_are_those_on_the_runs_own_results(default_run: Experiment) -> None:
    run = default_run
    case = claims.Case(run.config, run.dataset, run.history, run.phases, run.evidence, run.standstill, run.crossings[0])
    assert run.verdicts == claims.judge(case)
    assert tuple(run.verdicts) == claims.NUMBERS


def test_a_run_whose_first_plateau_tells_classes_apart_has_no_standstill(monkeypatch: pytest.MonkeyPatch) -> None:
    apart = dataclasses.replace(conduct(_small()).evidence.start, partition=((0, 1), (2, 3)))

    def observe(dataset: dataset.Dataset, history: History, found: phases.Phases) -> evidence.Evidence:
        return evidence.Evidence(apart, (apart,) * len(found.phases), ())

    monkeypatch.setattr(experiment, "observe", observe)
    run = conduct(_small(training={"epochs": 2200}))
    assert run.phases.closed_plateaus
    assert run.standstill is None
    assert len(run.crossings) == len(run.phases.closed_plateaus)
    untested = {number for number, verdict in run.verdicts.items() if verdict.outcome == "cannot be tested"}
    assert untested >= {"N4b", "N5", "N6a", "N8a", "N8b"}


def test_every_stage_stands_on_the_one_before() -> None:
    config = _small()
    run = conduct(config)
    assert (run.dataset.points == dataset.quadrants(config).points).all()
    assert (run.history.loss == training.train(config, run.dataset).loss).all()
    assert run.metrics.samples == len(run.dataset.labels) == 40
    assert run.evidence.start.epoch == 0


def test_the_same_configuration_gives_the_same_bits() -> None:
    one, other = conduct(_small()), conduct(_small())
    assert one.history.parameters.tobytes() == other.history.parameters.tobytes()
    assert one.companion.loss.tobytes() == other.companion.loss.tobytes()
    assert one.warning.loss.tobytes() == other.warning.loss.tobytes()
    assert one.phases == other.phases
    assert (one.crossings, one.verdicts) == (other.crossings, other.verdicts)
    np.testing.assert_equal(list(map(dataclasses.asdict, one.anatomy)), list(map(dataclasses.asdict, other.anatomy)))
    changed = conduct(_small(network={"seed": 1}))
    assert changed.history.parameters.tobytes() != one.history.parameters.tobytes()


def test_progress_is_told_in_rising_epochs_within_the_training() -> None:
    told: list[int] = []
    conduct(_small(training={"epochs": 1050}), told.append)
    assert told == sorted(set(told))
    assert told
    assert 0 < told[0] <= told[-1] <= 1050


def test_an_interrupted_run_ends_at_once_and_takes_its_companion_along(monkeypatch: pytest.MonkeyPatch) -> None:
    started, ended = threading.Event(), threading.Event()

    def accompany(config: Config, points: dataset.Dataset, progress: training.Progress) -> None:
        for epoch in range(10_000):
            started.set()
            try:
                progress(epoch)
            except CancelledError:
                ended.set()
                raise
            ended.wait(0.001)

    def interrupt(_: int) -> None:
        started.wait(5)
        raise KeyboardInterrupt

    monkeypatch.setattr(experiment, "accompany", accompany)
    with pytest.raises(KeyboardInterrupt):
        conduct(_small(), interrupt)
    assert ended.is_set()


@pytest.mark.parametrize("stage", ["accompany", "cross"])
def test_a_fault_beside_the_run_is_a_fault_of_the_run(stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ArithmeticError("planted")

    monkeypatch.setattr(experiment, stage, broken)
    with pytest.raises(ArithmeticError, match="planted"):
        conduct(_small(training={"epochs": 2200}))


@pytest.mark.parametrize("stage", ["dissect", "examine", "measure"])
def test_a_fault_of_a_stage_ends_the_trainings_beside_it(stage: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()

    def accompany(config: Config, points: dataset.Dataset, progress: training.Progress) -> None:
        for epoch in range(10_000):
            try:
                progress(epoch)
            except CancelledError:
                ended.set()
                raise
            ended.wait(0.001)

    def broken(*_: object) -> None:
        raise ArithmeticError("planted")

    monkeypatch.setattr(experiment, "accompany", accompany)
    monkeypatch.setattr(experiment, "cross", lambda *_: None)
    monkeypatch.setattr(experiment, stage, broken)
    with pytest.raises(ArithmeticError, match="planted"):
        conduct(_small(training={"epochs": 2200}))
    assert ended.is_set()


@pytest.mark.parametrize(
    "sections",
    [
        {"training": {"epochs": 1}},
        {"training": {"epochs": 2}},
        {"training": {"epochs": 25}},
        {"data": {"samples_per_class": 1}},
        {"data": {"samples_per_class": [1, 30, 2, 5]}},
        {"data": {"spread": 0.0}},
        {"data": {"spread": 0.0, "samples_per_class": 1}},
        {"network": {"hidden": []}},
        {"network": {"hidden": [1]}},
        {"network": {"hidden": [2]}},
        {"network": {"hidden": [8, 8, 8]}},
        {"network": {"initial_scale": 0.0}},
        {"network": {"initial_scale": 1000.0}},
        {"training": {"learning_rate": 100.0}},
        {"training": {"optimizer": "heavy_ball", "momentum": 0.9}},
        {"training": {"optimizer": "nesterov", "momentum": 0.9}},
        {"training": {"optimizer": "averaging", "momentum": 0.9}},
        {"evaluation": {"points": 1}},
    ],
    ids=str,
)
def test_an_unusual_experiment_gives_whole_results(sections: dict[str, dict[str, Any]]) -> None:
    config = _small(**sections)
    run = conduct(config)
    epochs = config.training.epochs
    assert len(run.history.loss) == epochs
    assert np.isfinite(run.history.loss).all()
    assert run.history.epochs.tolist() == list(range(epochs + 1))
    if epochs > 1:
        assert (run.phases.phases[0].start, run.phases.phases[-1].end) == (0, epochs - 1)
    else:
        assert run.phases.phases == ()
    assert len(run.evidence.phases) == len(run.phases.phases)
    assert len(run.anatomy) == len(run.phases.phases)
    assert len(run.crossings) == len(run.phases.closed_plateaus)
    for other in (run.companion, run.warning):
        assert len(other.partitions) == len(other.phases.phases)
    assert tuple(run.verdicts) == claims.NUMBERS
    figures = run.metrics
    for share in (figures.accuracy, figures.accuracy_fresh, figures.bayes_accuracy, figures.bayes_accuracy_sample):
        assert 0 <= share <= 1 + 1e-12
    assert figures.accuracy_note_formula == 1
    assert math.isfinite(figures.loss_fresh)


def test_without_spread_the_network_reaches_what_the_bayes_rule_reaches() -> None:
    rule = {"epochs": 800, "optimizer": "heavy_ball", "momentum": 0.9}
    run = conduct(_small(data={"spread": 0.0}, network={"initial_scale": 0.5}, training=rule))
    assert run.metrics.accuracy == run.metrics.accuracy_fresh == run.metrics.bayes_accuracy == 1
    assert run.evidence.phases[-1].partition == ((0,), (1,), (2,), (3,))


@pytest.mark.parametrize("rate", [5e-324, 1e6])
@pytest.mark.parametrize("spread", [0.0, 1e-6, 1e6])
@pytest.mark.parametrize("optimizer", ["heavy_ball", "nesterov", "averaging"])
def test_the_wildest_values_allowed_still_give_a_result(rate: float, spread: float, optimizer: str) -> None:
    rule = {"epochs": 60, "learning_rate": rate, "optimizer": optimizer, "momentum": 0.999999}
    centres = [[1e6, 1e6], [-1e6, 1e6], [-1e6, -1e6], [1e6, -1e6]]
    run = conduct(_small(data={"spread": spread, "centres": centres}, network={"initial_scale": 1e3}, training=rule))
    assert np.isfinite(run.history.loss).all()
    assert run.phases.status in ("ok", "diverged", "regressed")
    assert np.isfinite([run.evidence.start.gradient_norm, run.metrics.loss_fresh]).all()


def test_a_training_that_broke_down_names_the_epoch_and_shows_what_came_before() -> None:
    # No allowed value breaks a training down, so one is broken by hand.
    config = _small(training={"epochs": 4})
    points = dataset.quadrants(config)
    whole = training.train(config, points)
    history = dataclasses.replace(
        whole,
        loss=np.array([*whole.loss[:3], math.inf]),
        epochs=whole.epochs[:4],
        parameters=whole.parameters[:4],
    )
    found = phases.detect(history.loss)
    assert found.status == "non-finite at epoch 3"
    assert found.phases[-1].end == 2
    assert evidence.observe(points, history, found).phases[-1].epoch == 2
