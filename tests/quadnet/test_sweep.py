import threading
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from quadnet import sweep as sweeps
from quadnet.claims import NUMBERS
from quadnet.config import Config, parse
from quadnet.dataset import quadrants
from quadnet.experiment import Experiment, conduct
from quadnet.phases import Phase, detect
from quadnet.sweep import Row, run, seeded, sweep
from quadnet.training import train

SMALL = parse({"training": {"epochs": 60}, "data": {"samples_per_class": 20}})
PAIRS = [(data, weights) for data in range(3) for weights in range(4)]


def test_a_row_holds_the_figures_of_its_run(default_run: Experiment) -> None:
    row = run(Config())
    assert (row.data_seed, row.weight_seed, row.status) == (0, 0, "ok")
    assert row.loss_first == default_run.metrics.loss_first
    assert row.loss_last == default_run.metrics.loss_last
    assert row.accuracy == default_run.metrics.accuracy
    assert row.bayes_accuracy_sample == default_run.metrics.bayes_accuracy_sample
    assert row.phases == "DPDSDp"
    plateaus = default_run.phases.closed_plateaus
    assert [(p.start, p.end) for p in row.plateaus] == [(p.start, p.end) for p in plateaus]
    assert row.plateaus[0].partition == ((0, 1, 2, 3),)
    assert row.verdicts == tuple(verdict.outcome for verdict in default_run.verdicts.values())


SHORT = parse({"training": {"epochs": 2500}, "data": {"samples_per_class": 12}, "evaluation": {"points": 10}})


@pytest.mark.parametrize("seeds", [(0, 0), (1, 2), (4, 1)])
def test_the_verdicts_are_those_of_the_whole_experiment(seeds: tuple[int, int]) -> None:
    config = seeded(SHORT, seeds)
    verdicts = conduct(config).verdicts
    assert dict(zip(NUMBERS, run(config).verdicts, strict=True)) == {
        number: verdict.outcome for number, verdict in verdicts.items()
    }


def test_too_short_a_run_has_verdicts_all_the_same() -> None:
    row = run(SMALL)
    assert row.status == "ok"
    assert len(row.verdicts) == len(NUMBERS)
    assert row.verdicts[NUMBERS.index("N8a")] == "cannot be tested"


def test_only_the_seeds_of_a_configuration_change() -> None:
    changed = seeded(SMALL, (7, 8))
    assert (changed.data.seed, changed.network.seed) == (7, 8)
    assert seeded(changed, (0, 0)) == SMALL


def test_the_rows_come_in_the_order_of_the_pairs_whatever_the_number_of_threads() -> None:
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(3) as three:
        rows = list(sweep(SMALL, PAIRS, one))
        assert rows == list(sweep(SMALL, PAIRS, three))
    assert [(row.data_seed, row.weight_seed) for row in rows] == PAIRS
    assert rows[5].loss_last == train(seeded(SMALL, PAIRS[5]), quadrants(seeded(SMALL, PAIRS[5]))).loss[-1]


def test_a_run_that_raises_is_a_row_and_not_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(config: Config, dataset: Any) -> Any:
        if config.network.seed == 1:
            raise ArithmeticError("planted")
        return train(config, dataset)

    monkeypatch.setattr(sweeps, "train", broken)
    with ThreadPoolExecutor(2) as pool:
        rows = list(sweep(SMALL, [(0, 0), (0, 1), (0, 2)], pool))
    assert [row.status for row in rows] == ["ok", "failed: ArithmeticError: planted", "ok"]
    assert rows[1] == Row(0, 1, "failed: ArithmeticError: planted")
    assert [len(row.verdicts) for row in rows] == [12, 0, 12]


def test_few_runs_wait_at_a_time_and_the_rest_are_not_even_made() -> None:
    made = 0

    def pairs() -> Any:
        nonlocal made
        for pair in PAIRS * 100:
            made += 1
            yield pair

    class Now(Executor):
        def submit(self, job: Any, /, *args: Any, **options: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.set_result(job(*args, **options))
            return future

    rows = sweep(SMALL, pairs(), Now(), job=lambda config: Row(config.data.seed, config.network.seed, "ok"))
    for _ in range(10):
        next(rows)
    assert made < 100


def test_a_sweep_that_is_left_cancels_what_waits() -> None:
    started, go = threading.Event(), threading.Event()
    done: list[int] = []

    def job(config: Config) -> Row:
        started.set()
        go.wait()
        done.append(config.network.seed)
        return Row(0, config.network.seed, "ok")

    with ThreadPoolExecutor(1) as pool:
        rows = sweep(SMALL, [(0, k) for k in range(100)], pool, job=job)
        reader = threading.Thread(target=lambda: next(rows))
        reader.start()
        started.wait()
        go.set()
        reader.join()
        rows.close()  # type: ignore[attr-defined]  # a generator
    assert len(done) < 50


def test_each_phase_has_its_letter(default_run: Experiment) -> None:
    phases = default_run.phases.phases
    assert "".join(map(sweeps.letter, phases)) == "DPDSDp"
    ending: Phase = replace(phases[0], open=True)
    assert sweeps.letter(ending) == "d"
    assert len(detect(default_run.history.loss).phases) == len(phases)
