"""The same training from other weight seeds on the same data: how typical is a run?"""

import threading
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields
from types import TracebackType
from typing import Literal, Self

from quadnet.arrays import FloatArray
from quadnet.config import Config
from quadnet.dataset import Dataset
from quadnet.experiment import Course, Experiment
from quadnet.mixture import Partition
from quadnet.phases import Phase, Phases, detect
from quadnet.program import processors
from quadnet.sweep import Plateau, closed_plateaus, seeded
from quadnet.training import Progress, train, unless

Verdict = Literal["unusually short", "typical", "unusually long"]

BUDGET = 2 * 10**9  # samples times parameters times epochs of all replicates: about a second of the compiled loop
OUTER = 16  # unusual is a rank in the first or in the last sixteenth of all
_AS_LOW = 1.05  # times a loss is as low
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


@dataclass(frozen=True)
class Ways:
    """How many replicates went which way, compared with the run for as long as they last; a shoulder is a plateau.

    Attributes:
        same: Through the run's sequence of descents and plateaus.
        part: Only through the first of them so far.
        lower: Through fewer of them, and yet to a loss hardly higher than the run's.
        more: Through all of them, and more.
        other: None of these.
    """

    same: int
    part: int
    lower: int
    more: int
    other: int


class Replicating:
    """The replicates of one run in the making, beside what the caller does meanwhile; use it as a context.

    Leaving the context ends them.
    """

    def __enter__(self) -> Self:
        """Nothing is made before `start`."""
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(max(1, processors() - 1))  # the caller needs a processor too
        self._epochs = 0
        self._waiting: list[Future[Replicate]] = []
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends them at the next report of progress."""
        self._stop.set()
        self._pool.shutdown(cancel_futures=True)

    def start(self, course: Course) -> None:
        """Begins to train the replicates of a run."""
        self._epochs, count = extent(course)
        for seed in _other_seeds(course.config.network.seed, count):
            config = _config(course.config, seed, self._epochs)
            self._waiting.append(self._pool.submit(_replicate, config, course.dataset, unless(self._stop)))

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._waiting)

    def result(self, progress: Progress | None = None) -> Replicates:
        """Waits for them all.

        Args:
            progress: Called with the number of those that are done.
        """
        runs = []
        for future in self._waiting:
            runs.append(future.result())
            if progress is not None:
                progress(len(runs))
        return Replicates(self._epochs, tuple(runs))


def extent(course: Course) -> tuple[int, int]:
    """How many epochs to train, and how many replicates.

    Epochs: 1.5 times as far as the run's last closed phase, where its story ends, or all if it left no plateau.
    Replicates: as many as are wanted and the budget allows, none if all weights start at 0 whatever the seed. Both are
    the same on every machine.
    """
    config, phases = course.config, course.phases
    epochs = config.training.epochs
    if phases.closed_plateaus:
        epochs = min(epochs, max(phase.end for phase in phases.phases if not phase.open) * 3 // 2)
    if config.network.initial_scale == 0:
        return epochs, 0
    samples, parameters = len(course.dataset.points), course.history.parameters.shape[1]
    return epochs, min(config.replicates.runs, BUDGET // (samples * parameters * epochs))


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
    for k, (phase, partition, below) in enumerate(_plateaus(run)):
        left = [other.plateaus[k] for other in replicates.runs if len(other.plateaus) > k]
        high = [other for other in replicates.runs if len(other.plateaus) == k and other.loss[-1] > below]
        opened = [other.phases.phases[-1] for other in high if other.phases.phases]
        staying = [last.end - last.start for last in opened if last.kind == "plateau"]
        alike = len([plateau for plateau in left if plateau.partition == partition])
        result.append(
            Standing(phase.end - phase.start, tuple(plateau.length for plateau in left), tuple(staying), alike)
        )
    return tuple(result)


def _plateaus(run: Experiment) -> list[tuple[Phase, Partition, float]]:
    """The closed plateaus of a run, the groups of classes at their middle, and the loss below which one is past them.

    That is halfway from the plateau's middle to the end of the descent after it: without it, whoever slows down at the
    bottom would stand on a plateau that it never met.
    """
    phases = run.phases.phases
    three = zip(phases, phases[1:], run.evidence.phases, strict=False)
    return [
        (phase, seen.partition, (float(run.history.loss[phase.middle]) + descent.loss_end) / 2)
        for phase, descent, seen in three
        if phase in run.phases.closed_plateaus
    ]


def ways(run: Experiment, replicates: Replicates) -> Ways:
    """Which way the replicates went."""
    loss = run.history.loss[: replicates.epochs]
    ours = _kinds(detect(loss))
    counts = Counter(
        _way(_kinds(other.phases), ours, bool(other.loss[-1] <= _AS_LOW * loss[-1])) for other in replicates.runs
    )
    return Ways(**{field.name: counts[field.name] for field in fields(Ways)})


def _way(theirs: tuple[str, ...], ours: tuple[str, ...], as_low: bool) -> str:
    """The name of the attribute of `Ways` in which a replicate counts."""
    if theirs == ours:
        return "same"
    if ours and theirs[: len(ours)] == ours:
        return "more"
    if theirs and theirs == ours[: len(theirs)]:
        return "lower" if as_low else "part"
    return "other"


def _kinds(phases: Phases) -> tuple[str, ...]:
    return tuple(phase.kind for phase in phases.phases)


def failed(replicates: Replicates) -> int:
    """How many diverged or broke down."""
    statuses = [other.phases.status for other in replicates.runs]
    return len([status for status in statuses if status == "diverged" or status.startswith("non-finite")])
