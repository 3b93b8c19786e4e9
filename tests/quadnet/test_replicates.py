import threading
from concurrent.futures import CancelledError
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quadnet import replicates
from quadnet.config import Config, parse
from quadnet.dataset import Dataset
from quadnet.experiment import Experiment, conduct
from quadnet.phases import Phase, Phases, detect
from quadnet.replicates import Replicate, Replicates, Replicating, Standing, Ways, extent, failed, standings, ways
from quadnet.sweep import Plateau, run, seeded
from quadnet.training import Progress, train


def _small(**sections: dict[str, Any]) -> Config:
    base = {"data": {"samples_per_class": 10}, "training": {"epochs": 60}, "evaluation": {"points": 100}}
    return parse({key: base.get(key, {}) | sections.get(key, {}) for key in {*base, *sections}})


def _of(config: Config) -> Replicates:
    return _beside(conduct(config))


def _beside(run: Experiment) -> Replicates:
    with Replicating() as replicating:
        replicating.start(run)
        return replicating.result()


# Which runs


@pytest.mark.parametrize(
    ("own", "count", "seeds"), [(0, 3, [1, 2, 3]), (1, 3, [0, 2, 3]), (9, 3, [0, 1, 2]), (3, 3, [0, 1, 2]), (0, 0, [])]
)
def test_the_seeds_are_the_first_that_are_not_the_run_s_own(own: int, count: int, seeds: list[int]) -> None:
    others = _of(_small(network={"seed": own}, replicates={"runs": count}))
    assert [other.weight_seed for other in others.runs] == seeds


def test_a_replicate_is_that_training_with_its_own_phases_and_plateaus(default_replicates: Replicates) -> None:
    other = default_replicates.runs[2]
    config = seeded(Config(), (0, 3))
    config = config.model_copy(update={"training": config.training.model_copy(update={"epochs": 3994})})
    row = run(config)
    assert other.phases == detect(other.loss)
    assert (other.loss[0], other.loss[-1]) == (row.loss_first, row.loss_last)
    assert other.plateaus == row.plateaus != ()


def test_a_replicate_begins_as_the_whole_training_from_its_seed_does(default_run: Experiment) -> None:
    few = parse({"replicates": {"runs": 1}})
    (other,) = _beside(replace(default_run, config=few)).runs
    whole = train(seeded(few, (0, 1)), default_run.dataset).loss
    assert other.loss.tobytes() == whole[: other.loss.size].tobytes()


def test_they_last_half_as_long_again_as_the_story_of_the_run(default_run: Experiment) -> None:
    *_, last = [phase for phase in default_run.phases.phases if not phase.open]
    assert extent(default_run) == (3 * last.end // 2, 16)


def test_without_a_closed_plateau_they_last_as_long_as_the_run_was_to() -> None:
    assert extent(conduct(_small())) == (60, 16)


def test_they_last_no_longer_than_the_run_was_to(default_run: Experiment) -> None:
    config = parse({"training": {"epochs": 3000}})
    assert extent(replace(default_run, config=config)) == (3000, 16)


@pytest.mark.parametrize("epochs", [1, 1000, 10_000, 10_000_000])
def test_their_cost_stays_within_the_budget(default_run: Experiment, epochs: int) -> None:
    config = parse({"training": {"epochs": epochs}, "replicates": {"runs": 64}})
    history = replace(default_run.history, parameters=np.zeros((1, 37)))
    one = replace(default_run, config=config, phases=Phases("ok", ()), history=history)
    assert extent(one)[0] == epochs
    count = extent(one)[1]
    assert 800 * 37 * epochs * count <= replicates.BUDGET
    assert count == 64 or 800 * 37 * epochs * (count + 1) > replicates.BUDGET


def test_what_one_replicate_costs_alone_may_be_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replicates, "BUDGET", 40 * 37 * 60 - 1)
    assert _of(_small()).runs == ()
    monkeypatch.setattr(replicates, "BUDGET", 40 * 37 * 60)
    assert len(_of(_small()).runs) == 1


def test_there_are_none_where_the_weights_start_at_zero_whatever_the_seed(default_run: Experiment) -> None:
    config = parse({"network": {"initial_scale": 0}})
    assert extent(replace(default_run, config=config))[1] == 0


def test_the_number_of_processors_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    results = []
    for count in (1, 3, 7):
        monkeypatch.setattr(replicates, "processors", lambda count=count: count)
        results.append([other.loss.tobytes() for other in _of(_small()).runs])
    assert results[0] == results[1] == results[2]


def test_replicates_that_diverge_or_break_down_are_kept_and_counted() -> None:
    others = _of(_small(training={"learning_rate": 1e6, "epochs": 200}, replicates={"runs": 5}))
    assert len(others.runs) == 5
    statuses = ["ok", "regressed", "diverged", "non-finite at epoch 3"]
    runs = tuple(replace(others.runs[0], phases=Phases(status, ())) for status in statuses)
    assert failed(Replicates(10, runs)) == 2


# Beside other work


def test_whoever_leaves_early_ends_them(monkeypatch: pytest.MonkeyPatch) -> None:
    started, ended = threading.Event(), threading.Event()
    begun: list[int] = []

    def endless(config: Config, dataset: Dataset, progress: Progress) -> None:
        begun.append(config.network.seed)
        started.set()
        try:
            while True:
                progress(1)
                threading.Event().wait(0.001)
        except CancelledError:
            ended.set()
            raise

    monkeypatch.setattr(replicates, "_replicate", endless)
    monkeypatch.setattr(replicates, "processors", lambda: 1)

    def interrupted() -> None:
        with Replicating() as replicating:
            replicating.start(conduct(_small()))
            assert started.wait(5)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert ended.is_set()
    assert begun == [1]


def test_a_fault_in_a_replicate_is_told_to_whoever_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ArithmeticError("planted")

    monkeypatch.setattr(replicates, "_replicate", broken)
    with pytest.raises(ArithmeticError, match="planted"):
        _of(_small())


# Where the run stands


def test_the_default_run_leaves_its_plateaus_sooner_than_all_others(
    default_run: Experiment, default_replicates: Replicates
) -> None:
    first, second = standings(default_run, default_replicates)
    assert [first.length, second.length] == [p.end - p.start for p in default_run.phases.closed_plateaus]
    for standing in (first, second):
        assert (standing.shorter, standing.longer, standing.compared) == (0, 16, 16)
        assert standing.verdict == "unusually short"
    assert first.alike == len(first.left) == 16
    assert len(second.left) + len(second.staying) == 16
    assert 0 < second.alike < len(second.left)


def _phases(*lengths: int, still: int = 0, longest: int = 500) -> Phases:
    """Closed plateaus of these lengths between descents of ten epochs, then an open plateau or an open descent."""
    found, start = [], 0
    for length in lengths:
        found.append(Phase("descent", None, False, start, start + 10, 2.0, 1.0, None))
        found.append(Phase("plateau", "plateau", False, start + 10, start + 10 + length, 2.0, 1.0, 50.0))
        start += 10 + length
    found.append(Phase("descent", None, not still, start, start + 10, 2.0, 1.0, None))
    if still:
        found.append(Phase("plateau", None, True, start + 10, start + 10 + still, 2.0, 1.0, 50.0))
    return Phases("ok", tuple(found))


def _replicate(phases: Phases, groups: Any = ((0, 1, 2, 3),)) -> Replicate:
    plateaus = tuple(Plateau(p.start, p.end, 2.0, groups) for p in phases.closed_plateaus)
    return Replicate(1, np.full(10, 2.2), phases, plateaus)


def test_a_plateau_that_was_not_left_counts_once_it_has_lasted_longer(default_run: Experiment) -> None:
    others = [
        _replicate(_phases(1000)),
        _replicate(_phases(1651)),
        _replicate(_phases(2000), ((0, 1), (2, 3))),
        _replicate(_phases(still=1800)),
        _replicate(_phases(still=1500)),
        _replicate(_phases()),
        _replicate(Phases("non-finite at epoch 0", ())),
    ]
    first, second = standings(default_run, Replicates(3000, tuple(others)))
    assert first == Standing(1651, (1000, 1651, 2000), (1800, 1500), 2)
    assert (first.shorter, first.longer, first.compared) == (1, 2, 4)
    assert second == Standing(223, (), (), 0)
    assert second.compared == 0
    assert second.verdict is None


@pytest.mark.parametrize(
    ("shorter", "equal", "longer", "verdict"),
    [
        (0, 0, 14, None),
        (0, 0, 15, "unusually short"),
        (15, 0, 0, "unusually long"),
        (0, 1, 15, None),
        (1, 0, 15, None),
        (3, 0, 13, None),
        (4, 0, 12, "typical"),
        (8, 0, 8, "typical"),
        (12, 0, 4, "typical"),
        (13, 0, 3, None),
        (0, 16, 0, "typical"),
        (3, 0, 61, "unusually short"),
        (4, 0, 60, None),
        (7, 0, 7, None),
    ],
)
def test_a_word_is_said_for_the_outer_eighth_and_the_middle_half_only(
    shorter: int, equal: int, longer: int, verdict: str | None
) -> None:
    assert Standing(10, (5,) * shorter + (10,) * equal + (20,) * longer, (), 0).verdict == verdict


@given(st.integers(replicates.LEAST, 64))
def test_chance_alone_says_unusual_at_most_once_in_eight(others: int) -> None:
    ranks = [Standing(2, (1,) * below + (3,) * (others - below), (), 0).verdict for below in range(others + 1)]
    unusual = [verdict for verdict in ranks if verdict is not None and verdict != "typical"]
    assert 0 < len(unusual) <= len(ranks) / 8
    assert unusual == sorted(unusual, reverse=True)
    assert len(unusual) % 2 == 0


def test_each_replicate_counts_once_by_the_way_that_it_went(
    default_run: Experiment, default_replicates: Replicates
) -> None:
    kinds = ["".join(phase.kind[0] for phase in other.phases.phases) for other in default_replicates.runs]
    found = ways(default_run, default_replicates)
    assert found == Ways(kinds.count("dpdpdp"), kinds.count("dpdp"), 0, 0, 0)
    assert found.same + found.part == 16
    story = _phases(5, 5, still=5), _phases(5, 5, 5, still=5), _phases(5, still=5), _phases(), Phases("ok", ())
    others = [_replicate(phases) for phases in story]
    low = replace(others[2], loss=np.array([2.0, 0.1]))
    runs = Replicates(default_replicates.epochs, (*others, low))
    assert ways(default_run, runs) == Ways(same=1, part=2, lower=1, more=1, other=1)


def test_who_slows_down_at_the_bottom_does_not_stand_on_a_plateau(default_run: Experiment) -> None:
    high, low = _replicate(_phases(still=1800)), replace(_replicate(_phases(still=1800)), loss=np.array([2.0, 0.3]))
    first, _second = standings(default_run, Replicates(3000, (high, low)))
    assert first.staying == (1800,)
