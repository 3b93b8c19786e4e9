"""All numbers of one run, from the configuration on."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from quadnet.anatomy import Anatomy, dissect
from quadnet.claims import Case, Verdict, judge, prior_plateau
from quadnet.config import Config
from quadnet.dataset import Dataset, quadrants
from quadnet.evidence import Evidence, observe
from quadnet.history import History
from quadnet.inertia import Companion, Crossing, accompany, companion_config, cross, rules, warning_config
from quadnet.metrics import Metrics, measure
from quadnet.phases import Phases, detect
from quadnet.standstill import Standstill, examine
from quadnet.training import Progress, train, unless


@dataclass(frozen=True)
class Course:
    """The first results of a run, which are all that its replicates need.

    Attributes:
        config: What was run.
        dataset: The points.
        history: The training.
        phases: Its phases.
    """

    config: Config
    dataset: Dataset
    history: History
    phases: Phases


@dataclass(frozen=True)
class Observed(Course):
    """A run with a look at the network in each phase.

    Attributes:
        evidence: What the network said of the points in them.
    """

    evidence: Evidence


@dataclass(frozen=True)
class Experiment(Observed):
    """The results of every stage, in the order in which they arise.

    Attributes:
        anatomy: How it was made in each of them.
        standstill: The saddle beside the prior plateau; None without such a plateau.
        metrics: Accuracies and losses.
        companion: The same start with other momentum.
        warning: The same start with too much momentum.
        crossings: How other rules leave each closed plateau; None where even plain descent does not.
        verdicts: What became of the note's claims, by number.
    """

    anatomy: tuple[Anatomy, ...]
    standstill: Standstill | None
    metrics: Metrics
    companion: Companion
    warning: Companion
    crossings: tuple[Crossing | None, ...]
    verdicts: dict[str, Verdict]


def conduct(
    config: Config, progress: Progress | None = None, beside: Callable[[Course], None] | None = None
) -> Experiment:
    """Runs the experiment; the trainings it is compared with run beside the main one.

    Args:
        config: What to run.
        progress: Called now and then with the number of epochs of the main run done.
        beside: Called as soon as the phases are known, to start what may run beside the rest.
    """
    dataset = quadrants(config)
    stop = threading.Event()
    check = unless(stop)
    with ThreadPoolExecutor(1) as pool:
        companion = pool.submit(accompany, companion_config(config), dataset, check)
        try:
            history = train(config, dataset, progress)
            phases = detect(history.loss)
            tried = rules(config.training)
            crossings = [
                pool.submit(cross, config, dataset, history, phase, tried, check) for phase in phases.closed_plateaus
            ]
            warning = pool.submit(accompany, warning_config(config), dataset, check)
            if beside is not None:
                beside(Course(config, dataset, history, phases))
            evidence = observe(dataset, history, phases)
            anatomy = dissect(dataset, history, phases)
            index = prior_plateau(dataset, history, phases, evidence)
            prior = None if index is None else phases.phases[index]
            standstill = None if prior is None else examine(config, dataset, history, prior)
            metrics = measure(config, dataset, history)
            crossed = tuple(crossing.result() for crossing in crossings)
            left = dict(zip(phases.closed_plateaus, crossed, strict=True))
            case = Case(config, dataset, history, phases, evidence, standstill, left[prior] if prior else None)
            return Experiment(
                config=config,
                dataset=dataset,
                history=history,
                phases=phases,
                evidence=evidence,
                anatomy=anatomy,
                standstill=standstill,
                metrics=metrics,
                companion=companion.result(),
                warning=warning.result(),
                crossings=crossed,
                verdicts=judge(case),
            )
        finally:
            stop.set()  # an interrupted run does not wait for its companions
