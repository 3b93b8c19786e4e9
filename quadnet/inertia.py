"""Does inertia shorten the plateaus? The same start with another optimizer, and plateaus left by several rules.

Close to a saddle the loss curves downwards along one direction with the eigenvalue λ < 0, and the distance from the
saddle grows by a factor z with every epoch. With a = α|λ|, z is the larger root of

    gradient descent   z = 1 + a
    heavy ball         z² - (1 + β + a) z + β = 0              (Polyak 1964)
    Nesterov           z² - (1 + β)(1 + a) z + β (1 + a) = 0
    averaging          z² - (1 + β + (1 - β) a) z + β = 0      (heavy ball with a step 1 - β times as long)

which follow from putting the update rules of `optimizers` to g(θ) = λ θ.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from quadnet.arithmetic import log
from quadnet.arrays import FloatArray
from quadnet.config import Config, Training
from quadnet.dataset import Dataset
from quadnet.evidence import moment, snapshot
from quadnet.history import History
from quadnet.mixture import Partition
from quadnet.phases import Phase, Phases, detect
from quadnet.training import Progress, stretches, train

STUCK = 0.99  # the momentum of the warning
LARGER_STEP = 10.0  # times the learning rate, the rule without inertia that is as fast as heavy ball with 0.9
_STRETCHES = 7  # of a rule's way, as long as that of plain descent: most are faster, and then done
_RISEN = 1.01  # times a loss has risen, not only swung a little
_PATIENCE = 3  # times the epochs of plain descent, after which a rule is given up


@dataclass(frozen=True)
class Companion:
    """The run laid beside the main one: equal in all but the optimizer.

    Attributes:
        training: Its settings.
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
        return _with(config, "heavy_ball", config.inertia.momentum)
    return _with(config, "gradient_descent", 0.0)


def warning_config(config: Config) -> Config:
    """The configuration of the run that warns of too much inertia: heavy ball 0.99 from the same start."""
    return _with(config, "heavy_ball", STUCK)


def _with(config: Config, optimizer: str, momentum: float) -> Config:
    change = {"optimizer": optimizer, "momentum": momentum}
    return config.model_copy(update={"training": config.training.model_copy(update=change)})


def accompany(config: Config, dataset: Dataset, progress: Progress | None = None) -> Companion:
    """Trains a companion of a run and finds its phases.

    Args:
        config: Of the companion.
        dataset: The points of both runs.
        progress: Called now and then with the number of epochs done.
    """
    history = train(config, dataset, progress)
    phases = detect(history.loss)
    moments = [history.nearest(moment(phase)) for phase in phases.phases]
    partitions = tuple(snapshot(dataset, history, epoch).partition for epoch in moments)
    return Companion(config.training, history.loss, phases, partitions)


def pairs(main: Phases, companion: Phases) -> tuple[Pair, ...]:
    """The closed plateaus of both runs side by side, in order of appearance."""
    ours, theirs = main.closed_plateaus, companion.closed_plateaus
    count = max(len(ours), len(theirs))
    return tuple(Pair(ours[k] if k < len(ours) else None, theirs[k] if k < len(theirs) else None) for k in range(count))


@dataclass(frozen=True)
class Trial:
    """One rule's way off a plateau.

    Attributes:
        training: The rule.
        epochs: Updates from the plateau's middle until the loss is that at which the main run left it; None if that
            took more than three times as long as by plain gradient descent.
        speed_up: How many times faster than plain gradient descent; 0 if it was given up.
    """

    training: Training
    epochs: int | None
    speed_up: float


@dataclass(frozen=True)
class Crossing:
    """A closed plateau, left again from its middle by several rules, each at rest at first.

    Attributes:
        phase: The plateau.
        start: Where the rules start: the kept epoch next to the middle.
        rule: Plain gradient descent.
        plain: Updates that it needs.
        trials: The other rules.
    """

    phase: Phase
    start: int
    rule: Training
    plain: int
    trials: tuple[Trial, ...]

    def speed_up(self, optimizer: str, momentum: float) -> float | None:
        """The speed-up of a rule; None if it was not tried."""
        for trial in self.trials:
            if (trial.training.optimizer, trial.training.momentum) == (optimizer, momentum):
                return trial.speed_up
        return None

    def expected(self, trial: Trial, curvature: float) -> float | None:
        """The speed-up by the growth rates of this module's formulas; None where the loss does not curve downwards.

        Args:
            trial: One of `trials`.
            curvature: The least eigenvalue λ of the loss's second derivatives where the rules start.
        """
        if curvature >= 0:
            return None
        faster, slower = (float(log(np.array(1 + growth(rule, curvature)))) for rule in (trial.training, self.rule))
        return faster / slower if slower > 0 else None


def rules(training: Training) -> tuple[Training, ...]:
    """The rules that are tried on every plateau, beside plain gradient descent with the same learning rate."""

    def rule(optimizer: str, momentum: float, factor: float = 1.0) -> Training:
        rate = training.learning_rate * factor
        change = {"optimizer": optimizer, "momentum": momentum, "learning_rate": rate}
        return training.model_copy(update=change)

    return (
        rule("heavy_ball", 0.5),
        rule("heavy_ball", 0.9),
        rule("nesterov", 0.9),
        rule("averaging", 0.9),
        rule("gradient_descent", 0.0, LARGER_STEP),
    )


def cross(
    config: Config,
    dataset: Dataset,
    history: History,
    phase: Phase,
    tried: Sequence[Training],
    progress: Progress | None = None,
) -> Crossing | None:
    """Leaves a closed plateau from its middle by several rules.

    Args:
        config: Of the main run.
        dataset: Its points.
        history: Its training.
        phase: One of its closed plateaus.
        tried: The rules.
        progress: Called now and then.

    Returns:
        None if even plain gradient descent does not leave it within three times the epochs that were left, or 3/(1-β)
        times if the main run's steps may grow as momentum lets them, if a thinned history kept no epoch of it next to
        its middle, or if from there on the loss rises or does not fall, so that to reach its end is not to leave it.
    """
    start, goal = history.nearest(phase.middle), phase.loss_end
    if not phase.start <= start < phase.end:
        return None
    here, highest = history.loss[start], history.loss[start : phase.end + 1].max()
    if here <= goal or highest > _RISEN * here:
        return None
    rule = config.training.model_copy(update={"optimizer": "gradient_descent", "momentum": 0.0})

    def needed(training: Training, most: int, at_a_time: int) -> int | None:
        limited = config.model_copy(update={"training": training.model_copy(update={"epochs": most + 1})})
        seen = 1  # the loss before the first update does not count
        for recording in stretches(limited, dataset, history.at(start), at_a_time):
            reached = np.flatnonzero(recording.loss[seen : recording.done] <= goal)
            if reached.size:
                return seen + int(reached[0])
            seen = max(recording.done, 1)
            if progress is not None:
                progress(recording.done)
        return None

    rolling = config.training.optimizer in ("heavy_ball", "nesterov")
    longer = 1 / (1 - config.training.momentum) if rolling else 1.0
    plain = needed(rule, round(_PATIENCE * longer * (phase.end - start)), phase.end - start + 1)
    if plain is None:
        return None
    trials = []
    for training in tried:
        epochs = needed(training, _PATIENCE * plain, plain // _STRETCHES + 1)
        trials.append(Trial(training, epochs, plain / epochs if epochs else 0.0))
    return Crossing(phase, start, rule, plain, tuple(trials))


def growth(training: Training, curvature: float) -> float:
    """The factor z by which the distance from a saddle grows with every epoch, less 1.

    Args:
        training: The rule, with its learning rate and momentum.
        curvature: The eigenvalue λ, negative.
    """
    a, beta = training.learning_rate * -curvature, training.momentum
    if training.optimizer == "gradient_descent":
        return a
    if training.optimizer == "averaging":
        a *= 1 - beta
    middle = (1 + beta) * (1 + a) if training.optimizer == "nesterov" else 1 + beta + a
    # With z = 1 + x the equations are x² + (2 - middle) x - a = 0, where no small a is lost beside 1.
    half = (2 - middle) / 2
    root = math.sqrt(half * half + a)
    return root - half if half < 0 else a / (root + half)
