"""All numbers of one run, from the configuration on."""

from dataclasses import dataclass

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
    """Runs the experiment.

    Args:
        config: What to run.
        progress: Called now and then with the number of epochs of the main run done.
    """
    dataset = quadrants(config)
    history = train(config, dataset, progress)
    phases = detect(history.loss)
    return Experiment(
        config=config,
        dataset=dataset,
        history=history,
        phases=phases,
        evidence=observe(dataset, history, phases),
        metrics=measure(config, dataset, history),
        companion=accompany(config, dataset),
    )
