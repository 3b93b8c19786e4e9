"""The same experiment under many seeds, on any `concurrent.futures.Executor`."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass

import numpy as np

from quadnet.claims import MOMENTUM, NUMBERS, Case, Outcome, judge, prior_plateau
from quadnet.config import Config
from quadnet.dataset import Dataset, quadrants
from quadnet.errors import ConfigurationError, QuadnetError
from quadnet.evidence import moment, observe, snapshot
from quadnet.history import History
from quadnet.inertia import cross, rules
from quadnet.metrics import accuracy
from quadnet.mixture import Partition
from quadnet.network import outputs
from quadnet.phases import Phase, Phases, detect
from quadnet.program import numbers_digest, processors
from quadnet.standstill import examine
from quadnet.training import train

Seeds = tuple[int, int]

_FAILED = "failed: "


@dataclass(frozen=True)
class Plateau:
    """A closed plateau of a run: its epochs, and loss and groups of classes at its middle."""

    start: int
    end: int
    loss: float
    partition: Partition

    @property
    def length(self) -> int:
        """In epochs."""
        return self.end - self.start


@dataclass(frozen=True)
class Row:
    """What is kept of one run.

    Attributes:
        data_seed: Seed of the points.
        weight_seed: Seed of the initial weights.
        status: Of the curve, as in `Phases.status`; `failed: …` for a run that raised an error, all else is then None.
        loss_first: Loss of epoch 0.
        loss_last: Loss of the last epoch.
        accuracy: Share of the training points classified as labelled.
        bayes_accuracy_sample: The Bayes rule on the same points.
        phases: The phases by one letter each: D descent, P plateau, S shoulder, and the open one in small letters.
        plateaus: The closed plateaus in order.
        verdicts: On the note's claims, in the order of `claims.NUMBERS`.
        program: What computed it, as `program.numbers_digest` names it; empty for a run that failed.
    """

    data_seed: int
    weight_seed: int
    status: str
    loss_first: float | None = None
    loss_last: float | None = None
    accuracy: float | None = None
    bayes_accuracy_sample: float | None = None
    phases: str | None = None
    plateaus: tuple[Plateau, ...] = ()
    verdicts: tuple[Outcome, ...] = ()
    program: str = ""

    @property
    def failure(self) -> str | None:
        """What the run failed with; None if it did not."""
        return self.status.removeprefix(_FAILED) if self.status.startswith(_FAILED) else None


def seeded(config: Config, seeds: Seeds) -> Config:
    """The configuration with other seeds of data and weights."""
    data_seed, weight_seed = seeds
    data = config.data.model_copy(update={"seed": data_seed})
    network = config.network.model_copy(update={"seed": weight_seed})
    return config.model_copy(update={"data": data, "network": network})


def run(config: Config) -> Row:
    """Trains once; a run that these seeds or the machine's memory cannot do becomes a row that says so.

    Raises:
        ConfigurationError: No run can be made here.
    """
    seeds = config.data.seed, config.network.seed
    try:
        return _run(config, seeds)
    except ConfigurationError:
        raise
    except (QuadnetError, ArithmeticError, MemoryError) as error:  # all else is a fault of the program
        return Row(*seeds, status=_FAILED + ": ".join(filter(None, (type(error).__name__, str(error)))))


def _run(config: Config, seeds: Seeds) -> Row:
    dataset = quadrants(config)
    history = train(config, dataset)
    found = detect(history.loss)
    evidence = observe(dataset, history, found, tracked=False)
    standstill = crossing = None
    index = prior_plateau(dataset, history, found, evidence)
    if index is not None:
        phase, tried = found.phases[index], [rule for rule in rules(config.training) if rule.momentum == MOMENTUM]
        standstill = examine(config, dataset, history, phase, whole=False)
        crossing = cross(config, dataset, history, phase, tried)
    verdicts = judge(Case(config, dataset, history, found, evidence, standstill, crossing))
    predicted = outputs(history.final, dataset.points).argmax(axis=1)
    return Row(
        *seeds,
        status=found.status,
        loss_first=float(history.loss[0]),
        loss_last=float(history.loss[-1]),
        accuracy=accuracy(predicted.astype(np.int64), dataset.labels),
        bayes_accuracy_sample=accuracy(dataset.mixture.bayes_rule(dataset.points), dataset.labels),
        phases="".join(map(letter, found.phases)),
        plateaus=closed_plateaus(dataset, history, found),
        verdicts=tuple(verdicts[number].outcome for number in NUMBERS),
        program=numbers_digest(),
    )


def closed_plateaus(dataset: Dataset, history: History, phases: Phases) -> tuple[Plateau, ...]:
    """The plateaus that a training left again, in order."""
    plateaus = []
    for phase in phases.closed_plateaus:
        epoch = history.nearest(moment(phase))
        groups = snapshot(dataset, history, epoch).partition
        plateaus.append(Plateau(phase.start, phase.end, float(history.loss[phase.middle]), groups))
    return tuple(plateaus)


def letter(phase: Phase) -> str:
    """A phase in one letter, as in `Row.phases`."""
    letter = "S" if phase.grade == "shoulder" else phase.kind[0].upper()
    return letter.lower() if phase.open else letter


def sweep(
    config: Config, pairs: Iterable[Seeds], executor: Executor, *, job: Callable[[Config], Row] = run
) -> Iterator[Row]:
    """The rows of many runs, in the order of the pairs, as they come.

    Only a few runs for each processor wait at a time, so memory does not grow with the number of pairs.

    Args:
        config: What to run; its own seeds are replaced.
        pairs: Seeds of data and weights.
        executor: Where to run; threads serve, since the compiled loop lets them work at the same time.
        job: What to do with each configuration.
    """
    waiting: deque[Future[Row]] = deque()
    most = 4 * processors()
    try:
        for pair in pairs:
            waiting.append(executor.submit(job, seeded(config, pair)))
            if len(waiting) >= most:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
