"""The same training from other weight seeds on the same data: how typical is a run?"""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from quadnet.arrays import FloatArray
from quadnet.config import Config
from quadnet.dataset import Dataset
from quadnet.experiment import Experiment
from quadnet.mixture import Partition
from quadnet.phases import Phase, Phases, detect
from quadnet.sweep import Plateau, closed_plateaus, seeded
from quadnet.training import Progress, train, unless

Verdict = Literal["unusually short", "typical", "unusually long"]

BUDGET = 2 * 10**9  # samples times parameters times epochs of all replicates: about a second of the compiled loop
OUTER = 16  # unusual is a rank in the first or in the last sixteenth of all
LEAST = 15  # no word with fewer to compare with: chance puts one run in eight outside the range of 15 others


@dataclass(frozen=True)
class Replicate:
    """A run that differs from the main one in its weight seed, and is perhaps shorter.

    Attributes:
        weight_seed: Its seed.
        loss: Its loss of each epoch.
        phases: Its phases.
        plateaus: Its closed plateaus in order.
    """

    weight_seed: int
    loss: FloatArray
    phases: Phases
    plateaus: tuple[Plateau, ...]


@dataclass(frozen=True)
class Replicates:
    """All of them.

    Attributes:
        epochs: How long each was trained.
        runs: By rising weight seed; empty if none were wanted or the budget allows none.
    """

    epochs: int = 0
    runs: tuple[Replicate, ...] = ()


@dataclass(frozen=True)
class Standing:
    """Where a closed plateau of the main run stands among those of the same place in the replicates.

    Attributes:
        length: The main run's, in epochs.
        left: Lengths of those that were left again, in epochs.
        staying: Lengths so far of those that were not, in epochs.
        alike: How many of those that were left have the main run's groups of classes at their middle.
    """

    length: int
    left: tuple[int, ...]
    staying: tuple[int, ...]
    alike: int

    @property
    def shorter(self) -> int:
        """How many are shorter."""
        return len([length for length in self.left if length < self.length])

    @property
    def longer(self) -> int:
        """How many are longer; those that were not left count once they have lasted longer."""
        return len([length for length in (*self.left, *self.staying) if length > self.length])

    @property
    def compared(self) -> int:
        """How many are known to be shorter, longer, or as long."""
        return len([*self.left, *(length for length in self.staying if length > self.length)])

    @property
    def verdict(self) -> Verdict | None:
        """A word where the rank bears one: unusual in the outer eighth, typical in the middle half."""
        as_short, as_long = self.compared - self.longer, self.compared - self.shorter
        rarer = min(as_short, as_long)
        if self.compared < LEAST:
            return None
        if OUTER * (rarer + 1) <= self.compared + 1:
            return "unusually short" if as_short < as_long else "unusually long"
        return "typical" if 4 * rarer >= self.compared else None


@contextmanager
def replicating(run: Experiment) -> Iterator[Callable[[], Replicates]]:
    """Trains the replicates beside what the caller does meanwhile; whoever leaves the context ends them.

    Args:
        run: The main run.

    Yields:
        What waits for them all and returns them.
    """
    epochs, count = extent(run)
    stop = threading.Event()
    pool = ThreadPoolExecutor(max(1, (os.cpu_count() or 1) - 1))  # the caller needs a processor too
    configs = (_config(run.config, seed, epochs) for seed in _other_seeds(run.config.network.seed, count))
    waiting = [pool.submit(_replicate, config, run.dataset, unless(stop)) for config in configs]
    try:
        yield lambda: Replicates(epochs, tuple(future.result() for future in waiting))
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


def extent(run: Experiment) -> tuple[int, int]:
    """How many epochs to train, and how many replicates.

    Epochs: 1.5 times as far as the run's last closed phase, where its story ends, or all if it left no plateau.
    Replicates: as many as are wanted and the budget allows, none if all weights start at 0 whatever the seed. Both are
    the same on every machine.
    """
    epochs = run.config.training.epochs
    if run.phases.closed_plateaus:
        epochs = min(epochs, max(phase.end for phase in run.phases.phases if not phase.open) * 3 // 2)
    if run.config.network.initial_scale == 0:
        return epochs, 0
    samples, parameters = len(run.dataset.points), run.history.parameters.shape[1]
    return epochs, min(run.config.replicates.runs, BUDGET // (samples * parameters * epochs))


def _other_seeds(own: int, count: int) -> list[int]:
    """The first from 0 on."""
    return [seed for seed in range(count + 1) if seed != own][:count]


def _config(config: Config, weight_seed: int, epochs: int) -> Config:
    other = seeded(config, (config.data.seed, weight_seed))
    return other.model_copy(update={"training": config.training.model_copy(update={"epochs": epochs})})


def _replicate(config: Config, dataset: Dataset, progress: Progress) -> Replicate:
    history = train(config, dataset, progress)
    phases = detect(history.loss)
    return Replicate(config.network.seed, history.loss, phases, closed_plateaus(dataset, history, phases))


def standings(run: Experiment, replicates: Replicates) -> tuple[Standing, ...]:
    """Where each closed plateau of the run stands; the k-th is compared with the k-th."""
    result = []
    for k, (phase, partition) in enumerate(_plateaus(run)):
        left = [other.plateaus[k] for other in replicates.runs if len(other.plateaus) > k]
        opened = [
            other.phases.phases[-1] for other in replicates.runs if len(other.plateaus) == k and other.phases.phases
        ]
        staying = [last.end - last.start for last in opened if last.kind == "plateau"]
        alike = len([plateau for plateau in left if plateau.partition == partition])
        result.append(
            Standing(phase.end - phase.start, tuple(plateau.length for plateau in left), tuple(staying), alike)
        )
    return tuple(result)


def _plateaus(run: Experiment) -> list[tuple[Phase, Partition]]:
    """The closed plateaus of a run with the groups of classes at their middle."""
    both = zip(run.phases.phases, run.evidence.phases, strict=True)
    return [(phase, seen.partition) for phase, seen in both if phase in run.phases.closed_plateaus]


def course(run: Experiment, replicates: Replicates) -> tuple[int, int]:
    """How many replicates go through the run's descents and plateaus, and how many only through the first of them.

    All are looked at for as long as the replicates last; a shoulder counts as a plateau.
    """
    ours = _kinds(detect(run.history.loss[: replicates.epochs]))
    theirs = [_kinds(other.phases) for other in replicates.runs]
    part = [kinds for kinds in theirs if 0 < len(kinds) < len(ours) and kinds == ours[: len(kinds)]]
    return theirs.count(ours), len(part)


def _kinds(phases: Phases) -> tuple[str, ...]:
    return tuple(phase.kind for phase in phases.phases)


def failed(replicates: Replicates) -> int:
    """How many diverged or broke down."""
    statuses = [other.phases.status for other in replicates.runs]
    return len([status for status in statuses if status == "diverged" or status.startswith("non-finite")])
