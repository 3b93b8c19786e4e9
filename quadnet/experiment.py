"""All numbers of one run, from the configuration on."""

import threading
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from quadnet.config import Config
from quadnet.dataset import Dataset, quadrants
from quadnet.evidence import Evidence, observe
from quadnet.history import History
from quadnet.inertia import Companion, accompany
from quadnet.metrics import Metrics, measure
from quadnet.phases import Phases, detect
from quadnet.training import Progress, train


@dataclass(frozen=True)
class Experiment:
    """The results of every stage, in the order in which they arise."""

    config: Config
    dataset: Dataset
    history: History
    phases: Phases
    evidence: Evidence
    metrics: Metrics
    companion: Companion


def conduct(config: Config, progress: Progress | None = None) -> Experiment:
    """Runs the experiment; the companion of the inertia comparison trains beside the main run.

    Args:
        config: What to run.
        progress: Called now and then with the number of epochs of the main run done.
    """
    dataset = quadrants(config)
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        companion = pool.submit(accompany, config, dataset, partial(_check, stop))
        try:
            history = train(config, dataset, progress)
            phases = detect(history.loss)
            evidence = observe(dataset, history, phases)
            metrics = measure(config, dataset, history)
            return Experiment(config, dataset, history, phases, evidence, metrics, companion.result())
        finally:
            stop.set()  # an interrupted run does not wait for its companion


def _check(stop: threading.Event, epochs: int) -> None:
    """Ends a training, from within its report of progress, once nobody waits for it."""
    if stop.is_set():
        raise CancelledError(f"after {epochs} epochs")
