"""The same start once with heavy ball and once by plain gradient descent: does inertia shorten the plateaus?"""

from dataclasses import dataclass

from quadnet.arrays import FloatArray
from quadnet.config import Config, Training
from quadnet.dataset import Dataset
from quadnet.evidence import moment, snapshot
from quadnet.mixture import Partition
from quadnet.phases import Phase, Phases, detect
from quadnet.training import Progress, train


@dataclass(frozen=True)
class Companion:
    """The run laid beside the main one: equal in all but the optimizer.

    Attributes:
        training: Its settings. Gradient descent if the main run has momentum, else heavy ball.
        loss: Its loss of each epoch.
        phases: Its phases.
        partitions: For each phase the classes in groups that are alike, at the phase's moment.
    """

    training: Training
    loss: FloatArray
    phases: Phases
    partitions: tuple[Partition, ...]


@dataclass(frozen=True)
class Pair:
    """The k-th closed plateau of either run; None where a run has fewer."""

    main: Phase | None
    companion: Phase | None

    @property
    def ratio(self) -> float | None:
        """How many times longer the main run stays."""
        if self.main is None or self.companion is None:
            return None
        return (self.main.end - self.main.start) / (self.companion.end - self.companion.start)


def companion_config(config: Config) -> Config:
    """The configuration of the run to compare with."""
    if config.training.optimizer == "gradient_descent":
        change = {"optimizer": "heavy_ball", "momentum": config.inertia.momentum}
    else:
        change = {"optimizer": "gradient_descent", "momentum": 0.0}
    return config.model_copy(update={"training": config.training.model_copy(update=change)})


def accompany(config: Config, dataset: Dataset, progress: Progress | None = None) -> Companion:
    """Trains the companion of a run and finds its phases.

    Args:
        config: Of the main run.
        dataset: The points of both runs.
        progress: Called now and then with the number of the companion's epochs done.
    """
    other = companion_config(config)
    history = train(other, dataset, progress)
    phases = detect(history.loss)
    moments = [history.nearest(moment(phase)) for phase in phases.phases]
    partitions = tuple(snapshot(dataset, history, epoch).partition for epoch in moments)
    return Companion(other.training, history.loss, phases, partitions)


def pairs(main: Phases, companion: Phases) -> tuple[Pair, ...]:
    """The closed plateaus of both runs side by side, in order of appearance."""
    ours, theirs = main.closed_plateaus, companion.closed_plateaus
    count = max(len(ours), len(theirs))
    return tuple(Pair(ours[k] if k < len(ours) else None, theirs[k] if k < len(theirs) else None) for k in range(count))
