"""The teaching note's claims on trial: each an exact test on this run, the measured quantities, and a verdict.

The prior plateau is the first plateau that the curve leaves again and in whose middle no class is told from another and
the loss is that of the class shares. Claims about it cannot be tested on a run that has none.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal, get_args

import numpy as np

from quadnet.arithmetic import log
from quadnet.arrays import FloatArray, IntArray
from quadnet.config import CLASSES, Config
from quadnet.dataset import Dataset
from quadnet.evidence import Evidence
from quadnet.history import History
from quadnet.inertia import Crossing
from quadnet.metrics import accuracy
from quadnet.mixture import merged_level
from quadnet.network import outputs
from quadnet.phases import Phase, Phases
from quadnet.random import Stream
from quadnet.standstill import Standstill

NUMBERS = ("N1", "N2", "N3", "N4a", "N4b", "N5", "N6a", "N6b", "N7", "N8a", "N8b", "N9")

Outcome = Literal["holds", "fails", "partly", "cannot be tested"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
Quantity = bool | int | float | str | None

ROUNDING = 1e-12  # a rise by a smaller share of the loss is rounding, no rise
SELDOM = 0.01  # share of epochs in which a loss that "falls all the way" may rise and the claim still holds partly
BLIND = 0.01  # distance of the first loss from 4 ln 2, as a share of it
SHARP_END = 50  # epochs
SHARP_DROP = 0.15  # of ln L
AT_SHARES = 0.02  # distance of a loss from that of the class shares, as a share of it
OFF_PRIORS = 0.01  # distance of a mean output from its class's share
DRIFT = 5.0  # growth of W_1 over the prior plateau
MOMENTUM = 0.9  # of the rules that are to leave the prior plateau faster
FASTER = 3.0  # times as fast
BEYOND_STEP = 1.5  # times as fast, with steps no longer than those of plain gradient descent
_LABEL_SEED = 0  # of the random labels for the note's formula


@dataclass(frozen=True)
class Verdict:
    """What became of a claim.

    Attributes:
        outcome: The verdict.
        measured: The quantities of the test by name.
    """

    outcome: Outcome
    measured: dict[str, Quantity]


def prior_plateau(dataset: Dataset, history: History, phases: Phases, evidence: Evidence) -> int | None:
    """The index of the prior plateau among the phases; None if there is none.

    A slow start, before momentum has gathered or while too long steps throw the loss about, is none.
    """
    level = merged_level(dataset.mixture.shares)
    for k, (phase, seen) in enumerate(zip(phases.phases, evidence.phases, strict=True)):
        if phase.kind == "descent" or phase.open or len(seen.partition) > 1:
            continue
        if abs(float(history.loss[phase.middle]) / level - 1) < AT_SHARES:
            return k
    return None


@dataclass(frozen=True)
class Case:
    """What the claims are tested on.

    Attributes:
        config: What was run.
        dataset: The points.
        history: The training.
        phases: Its phases.
        evidence: What the network did in them.
        standstill: The saddle beside the prior plateau; None without such a plateau.
        crossing: How rules leave the prior plateau; None without one, or where even plain descent does not leave it.
    """

    config: Config
    dataset: Dataset
    history: History
    phases: Phases
    evidence: Evidence
    standstill: Standstill | None
    crossing: Crossing | None

    @property
    def plateau(self) -> Phase | None:
        """The prior plateau."""
        index = prior_plateau(self.dataset, self.history, self.phases, self.evidence)
        return None if index is None else self.phases.phases[index]


def judge(case: Case) -> dict[str, Verdict]:
    """The verdicts on all claims by their number, such as `N4b`."""
    return dict(_verdicts(case))


def _verdicts(case: Case) -> Iterator[tuple[str, Verdict]]:
    yield "N1", _falls(case.history.loss)
    yield "N2", _plateaus(case.phases)
    yield "N3", _blind(case)
    yield "N4a", _sharp_drop(case.history.loss, case.phases)
    yield "N4b", _one_class(case)
    yield "N5", _stuck(case)
    yield "N6a", _drift(case)
    yield "N6b", _one_more_class(case)
    yield "N7", _class_after_class(case)
    yield "N8a", _inertia(case, "heavy_ball", FASTER)
    yield "N8b", _inertia(case, "averaging", BEYOND_STEP)
    yield "N9", _perfect(case)


def _ln(x: float) -> float:
    return float(log(np.array(x)))


def _outcome(holds: bool) -> Outcome:
    return "holds" if holds else "fails"


def _falls(loss: FloatArray) -> Verdict:
    """N1, the loss falls all the way: no epoch after which it is higher, but for rounding, or not a number."""
    steps = np.diff(loss)
    rises = int(np.count_nonzero(~(steps <= ROUNDING * np.abs(loss[:-1]))))
    largest = float(steps.max(initial=0.0))
    measured: dict[str, Quantity] = {"steps": len(steps), "rises": rises, "largest_rise": largest}
    if not len(steps):
        return Verdict("cannot be tested", measured)
    if 0 < rises <= SELDOM * len(steps) and loss[-1] < loss[0]:
        return Verdict("partly", measured)
    return Verdict(_outcome(rises == 0), measured)


def _plateaus(phases: Phases) -> Verdict:
    """N2, several plateaus: at least two that the curve leaves again."""
    closed = phases.closed_plateaus
    shoulders = len([phase for phase in closed if phase.grade == "shoulder"])
    measured: dict[str, Quantity] = {"closed_plateaus": len(closed), "of_them_shoulders": shoulders}
    if not phases.phases:
        return Verdict("cannot be tested", measured)
    return Verdict("partly" if len(closed) == 1 else _outcome(len(closed) > 1), measured)


def _blind(case: Case) -> Verdict:
    """N3, a blind start: the first loss is that of outputs which all are ½; partly if they tell classes apart."""
    level, first, start = CLASSES * _ln(2.0), float(case.history.loss[0]), case.evidence.start
    measured: dict[str, Quantity] = {
        "loss": first,
        "level": level,
        "furthest_mean_output_from_half": float(np.abs(start.means - 0.5).max()),
        "accuracy": start.accuracy,
        "mean_recall": start.mean_recall,
    }
    blind = abs(first / level - 1) < BLIND
    return Verdict("partly" if blind and start.informed else _outcome(blind), measured)


def _sharp_drop(loss: FloatArray, phases: Phases) -> Verdict:
    """N4a, a sharp first drop: the first phase is a descent, over by epoch 50, in which ln L falls by 0.15."""
    first = phases.phases[0] if phases.phases else None
    if first is None or first.kind != "descent":
        return Verdict("fails" if first else "cannot be tested", {"first_phase": first.kind if first else None})
    lowest = float(loss[first.start : first.end + 1].min())  # with momentum the loss may swing up again
    drop = _ln(first.loss_start / lowest) if lowest > 0 else math.inf
    measured: dict[str, Quantity] = {"first_phase": "descent", "end": first.end, "drop_of_ln_loss": drop}
    return Verdict(_outcome(first.end <= SHARP_END and drop >= SHARP_DROP), measured)


def _one_class(case: Case) -> Verdict:
    """N4b, that drop comes of naming one class for all: not done yet at epoch 0, and more than the class shares."""
    index = prior_plateau(case.dataset, case.history, case.phases, case.evidence)
    if index is None:
        return Verdict("cannot be tested", {})
    start, plateau = case.evidence.start, case.evidence.phases[index]
    distance = float(np.abs(plateau.means - case.dataset.mixture.shares).max())
    measured: dict[str, Quantity] = {
        "largest_share_at_start": float(start.shares.max()),
        "largest_share_on_plateau": float(plateau.shares.max()),
        "furthest_mean_output_from_share": distance,
        "loss_on_plateau": float(case.history.loss[case.phases.phases[index].middle]),
        "level_of_class_shares": merged_level(case.dataset.mixture.shares),
    }
    holds = start.shares.max() < 1 and plateau.shares.max() == 1 and distance > OFF_PRIORS
    return Verdict(_outcome(bool(holds)), measured)


def _stuck(case: Case) -> Verdict:
    """N5, no small change helps: the saddle beside the prior plateau has no direction in which the loss bends down."""
    standstill = case.standstill
    if standstill is None:
        return Verdict("cannot be tested", {})
    measured: dict[str, Quantity] = {"gradient_norm": standstill.gradient_norm}
    found = standstill.escape
    if found is None:
        return Verdict("cannot be tested", measured)
    measured |= {
        "negative_eigenvalues": found.signs.negative,
        "zero_eigenvalues": found.signs.zero,
        "positive_eigenvalues": found.signs.positive,
        "least_eigenvalue": found.least,
        "distance_to_saddle": found.distance,
    }
    return Verdict(_outcome(found.signs.negative == 0), measured)


def _drift(case: Case) -> Verdict:
    """N6a, the weights drift until the plateau is left: the largest singular value of W_1 grows fivefold on it."""
    standstill = case.standstill
    if standstill is None:
        return Verdict("cannot be tested", {})
    before, after = standstill.stretch
    growth = after / before if before > 0 else math.inf
    return Verdict(_outcome(growth > DRIFT), {"at_its_start": before, "at_its_end": after, "growth": growth})


def _one_more_class(case: Case) -> Verdict:
    """N6b, then one more class is learnt: at the first phase's moment with groups they are one class and the rest."""
    seen = case.evidence.phases
    merged = list(takewhile(lambda one: len(one.partition) == 1, seen))
    # Noisy classes are told apart in part long before their mean outputs are; what came first cannot be seen then.
    loss = case.history.loss
    lowest = min((float(loss[min(one.epoch, loss.size - 1)]) for one in merged), default=math.inf)
    level = merged_level(case.dataset.mixture.shares)
    if lowest < level * (1 - AT_SHARES):
        return Verdict("cannot be tested", {"lowest_loss_of_one_group": lowest, "level_of_class_shares": level})
    if len(merged) == len(seen):
        return Verdict("cannot be tested", {})
    first = seen[len(merged)]
    sizes = sorted(map(len, first.partition))
    groups = " | ".join(" ".join(map(str, group)) for group in first.partition)
    return Verdict(_outcome(sizes == [1, CLASSES - 1]), {"first_groups": groups, "epoch": first.epoch})


def _class_after_class(case: Case) -> Verdict:
    """N7, and so on, class after class: at least as many descents as there are classes, in a run that learns them."""
    descents = len([phase for phase in case.phases.phases if phase.kind == "descent"])
    groups = len((case.evidence.phases or (case.evidence.start,))[-1].partition)
    measured: dict[str, Quantity] = {"descents": descents, "classes": CLASSES, "groups_at_the_end": groups}
    if descents >= CLASSES:
        return Verdict("holds", measured)
    return Verdict("fails" if groups == CLASSES else "cannot be tested", measured)


def _inertia(case: Case, optimizer: str, least: float) -> Verdict:
    """N8a and N8b, inertia helps: a rule with momentum 0.9 leaves the prior plateau so many times faster."""
    if case.plateau is not None and case.crossing is None:
        return Verdict("cannot be tested", {"plateau_start": case.plateau.start, "plateau_end": case.plateau.end})
    speed_up = case.crossing.speed_up(optimizer, MOMENTUM) if case.crossing is not None else None
    if case.crossing is None or speed_up is None:
        return Verdict("cannot be tested", {})
    measured: dict[str, Quantity] = {
        "from_epoch": case.crossing.start,
        "plain_epochs": case.crossing.plain,
        "speed_up": speed_up,
    }
    return Verdict(_outcome(speed_up > least), measured)


def _perfect(case: Case) -> Verdict:
    """N9, the accuracy is 1: predictions compared with the labels, and the note's formula on random labels."""
    labels = case.dataset.labels
    predicted: IntArray = outputs(case.history.final, case.dataset.points).argmax(axis=1)
    random = labels[Stream(_LABEL_SEED).permutation(len(labels))]
    reached = accuracy(predicted, labels)
    measured: dict[str, Quantity] = {
        "accuracy": reached,
        "note_formula": accuracy(predicted, predicted),
        "accuracy_on_random_labels": accuracy(predicted, random),
        "note_formula_on_random_labels": note_formula(predicted, random),
    }
    return Verdict(_outcome(reached == 1), measured)


def note_formula(predicted: IntArray, labels: IntArray) -> float:  # that is what is wrong with it
    """The note's accuracy, which never looks at the labels.

    Args:
        predicted: Shape (n,).
        labels: Shape (n,).
    """
    return accuracy(predicted, predicted)
