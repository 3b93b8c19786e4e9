"""The files that hold what the phases were explained by: evidence.json and claims.json."""

from dataclasses import asdict
from typing import Any

from quadnet.anatomy import Anatomy, Look
from quadnet.escape import Escape
from quadnet.evidence import Split, separation
from quadnet.experiment import Experiment
from quadnet.inertia import Crossing
from quadnet.standstill import Standstill

from ..words import claims as claim_words
from ..words.language import Language


def claims(run: Experiment, language: Language) -> dict[str, Any]:
    """The verdicts by number: what the note says, the test, the measured quantities, and why."""
    told = claim_words.trials(run, language)
    return {
        trial.number: {
            "claim": trial.says,
            "verdict": run.verdicts[trial.number].outcome,
            "test": trial.test,
            "measured": run.verdicts[trial.number].measured,
            "because": trial.because,
        }
        for trial in told
    }


def evidence(run: Experiment) -> dict[str, Any]:
    """What was seen at the start, the middle and the end of each phase, at the saddle, and of inertia."""
    before = run.evidence.start.partition
    phases = []
    for phase, seen, anatomy in zip(run.phases.phases, run.evidence.phases, run.anatomy, strict=True):
        splits = separation(before, seen.partition, run.dataset.mixture.centres)
        phases.append({"kind": phase.kind, "separated": list(map(_split, splits)), **_anatomy(anatomy)})
        before = seen.partition
    middles = {anatomy.middle.snapshot.epoch: anatomy.middle.least for anatomy in run.anatomy}
    return {
        "phases": phases,
        "prior_plateau": None if run.standstill is None else _standstill(run.standstill),
        "inertia": [
            None if crossing is None else _crossing(crossing, middles.get(crossing.start)) for crossing in run.crossings
        ],
    }


def _split(split: Split) -> dict[str, Any]:
    return {"kind": split.kind, "parts": split.parts}


def _anatomy(anatomy: Anatomy) -> dict[str, Any]:
    return {name: _look(look) for name, look in zip(("start", "middle", "end"), anatomy.looks, strict=True)}


def _look(look: Look) -> dict[str, Any]:
    seen = look.snapshot
    return {
        "epoch": seen.epoch,
        "mean_outputs": seen.means,
        "partition": seen.partition,
        "predicted_shares": seen.shares,
        "recall": seen.recall,
        "confusion_matrix": seen.confusion,
        "gradient_norm": seen.gradient_norm,
        "hessian": None
        if look.signs is None
        else {**asdict(look.signs), "least": look.least, "eigenvalues": look.eigenvalues},
        "weights": [_spread(*layer) for layer in zip(look.weights, look.weight_ranks, strict=True)],
        "activations": [_spread(*layer) for layer in zip(look.activations, look.activation_ranks, strict=True)],
    }


def _spread(values: Any, rank: float | None) -> dict[str, Any]:
    return {"singular_values": values, "effective_rank": rank}


def _standstill(found: Standstill) -> dict[str, Any]:
    escape = found.escape
    return {
        "gradient_norm_in_the_middle": found.gradient_norm,
        "first_layer_singular_value": {"start": found.stretch[0], "end": found.stretch[1]},
        "beside": None if escape is None else _escape(escape),
    }


def _escape(found: Escape) -> dict[str, Any]:
    return {
        "epoch": found.epoch,
        "distance": found.distance,
        **asdict(found.signs),
        "least": found.least,
        "least_by_formula": found.closed_form,
        "end_measured": found.measured,
        "end_by_frozen_hessian": found.frozen,
        "end_by_reduced_flow": found.reduced,
        "eigenvalues": found.eigenvalues,
        "parameters": found.saddle.vector,
    }


def _crossing(crossing: Crossing, least: float | None) -> dict[str, Any]:
    rules = [
        {
            "optimizer": trial.training.optimizer,
            "momentum": trial.training.momentum,
            "learning_rate": trial.training.learning_rate,
            "epochs": trial.epochs,
            "speed_up": None if trial.epochs is None else trial.speed_up,
            "speed_up_by_theory": None if least is None else crossing.expected(trial, least),
        }
        for trial in crossing.trials
    ]
    return {
        "plateau_start": crossing.phase.start,
        "from_epoch": crossing.start,
        "plain_epochs": crossing.plain,
        "rules": rules,
    }
