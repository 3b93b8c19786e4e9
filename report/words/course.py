"""The sentences whose wording depends on the run, but for those about single phases."""

import math
from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR

from quadnet.config import Training
from quadnet.escape import Escape
from quadnet.experiment import Experiment
from quadnet.inertia import Pair, growth, pairs
from quadnet.mixture import merged_level
from quadnet.phases import Phase
from quadnet.standstill import Standstill

from . import accuracy as accuracy_words
from .language import Language
from .phases import extremes
from .settings import epochs, optimizer

_AT_LEVEL = 1e-3  # a loss is that of the class shares, up to this part of it
_JUMPS = 1.1  # times its first loss, from which on a plateau is told by its range


def warning(run: Experiment, language: Language) -> str | None:
    """What went wrong in the training, or None."""
    _ = language.gettext
    status = run.phases.status
    largest = max(abs(float(part)) for part in run.history.parameters[-1]) if run.history.parameters.size else 0.0
    facts = {
        "epoch": language.integer(run.history.loss.size - 1),
        "rate": f"{run.config.training.learning_rate:g}",
        "largest": language.significant(largest, 2),
        "first": language.significant(run.metrics.loss_first),
        "last": language.significant(run.metrics.loss_last),
    }
    if status.startswith("non-finite"):
        return (
            _(
                "The training broke down: at epoch %(epoch)s the loss is no finite number any more. The last "
                "parameters before that reach %(largest)s; with a learning rate of %(rate)s the steps were too long. "
                "All that follows describes the run up to there."
            )
            % facts
        )
    if status == "diverged":
        return (
            _(
                "The training diverged: the loss starts at %(first)s and ends at %(last)s, far above. With a "
                "learning rate of %(rate)s the steps are too long for this network and these data."
            )
            % facts
        )
    if status == "regressed":
        return (
            _(
                "The training lost ground again: its last loss, %(last)s, is clearly above its lowest. With a "
                "learning rate of %(rate)s the steps are too long near the end, or the curve was cut while it rose."
            )
            % facts
        )
    return None


def summary(run: Experiment, language: Language) -> tuple[str, ...]:
    """The run in three sentences."""
    return (_course(run, language), accuracy_words.achievement(run.metrics, language), inertia(run, language))


def _course(run: Experiment, language: Language) -> str:
    _ = language.gettext
    plateaus = run.phases.closed_plateaus
    facts = {
        "first": language.decimal(run.metrics.loss_first, 4),
        "last": language.decimal(run.metrics.loss_last, 4),
        "epochs": epochs(run.history.loss.size, language),
        "plateaus": language.enumeration([_plateau(phase, run, language) for phase in plateaus]),
    }
    if run.history.loss.size == 1:
        return _("The training is a single step, from a loss of %(first)s.") % facts
    if not plateaus:
        return (
            _("In %(epochs)s the loss went from %(first)s to %(last)s, without a plateau that it left again.") % facts
        )
    return (
        language.ngettext(
            "In %(epochs)s the loss went from %(first)s to %(last)s, with one plateau on the way, %(plateaus)s.",
            "In %(epochs)s the loss went from %(first)s to %(last)s, with plateaus on the way: %(plateaus)s.",
            len(plateaus),
        )
        % facts
    )


def _plateau(phase: Phase, run: Experiment, language: Language) -> str:
    _ = language.gettext
    lowest, highest = extremes(run, phase)
    facts = {
        "start": language.integer(phase.start),
        "end": language.integer(phase.end),
        "loss": language.significant(float(run.history.loss[phase.middle])),
        "lowest": language.significant(lowest, rounding=ROUND_FLOOR),
        "highest": language.significant(highest, rounding=ROUND_CEILING),
    }
    if highest > _JUMPS * phase.loss_start:
        return _("from epoch %(start)s to %(end)s between %(lowest)s and %(highest)s") % facts
    if phase.grade == "shoulder":
        return _("from epoch %(start)s to %(end)s around %(loss)s (a weak one, called a shoulder)") % facts
    return _("from epoch %(start)s to %(end)s at %(loss)s") % facts


def inertia(run: Experiment, language: Language) -> str:
    """What the companion run shows: how long each stays on its first plateau, and where both end."""
    return language.paragraph(_inertia(run, language))


def _inertia(run: Experiment, language: Language) -> Iterator[str]:
    _ = language.gettext
    both = pairs(run.phases, run.companion.phases)
    ours, theirs = (both[0].main, both[0].companion) if both else (None, None)
    facts = {
        "main": optimizer(run.config.training, language),
        "companion": optimizer(run.companion.training, language),
        "our_stay": "" if ours is None else epochs(ours.end - ours.start, language),
        "our_end": "" if ours is None else language.integer(ours.end),
        "their_stay": "" if theirs is None else epochs(theirs.end - theirs.start, language),
        "their_end": "" if theirs is None else language.integer(theirs.end),
        "our_loss": language.significant(run.metrics.loss_last),
        "their_loss": language.significant(float(run.companion.loss[-1])),
    }
    if ours is None and theirs is None:
        yield _("From the same start neither %(main)s nor %(companion)s meets a plateau that it leaves again.") % facts
    elif ours is None:
        yield (
            _(
                "From the same start %(companion)s stays on its first plateau for %(their_stay)s, to epoch "
                "%(their_end)s; %(main)s leaves no plateau."
            )
            % facts
        )
    elif theirs is None:
        yield (
            _(
                "From the same start %(companion)s leaves no plateau; %(main)s stays on its first for %(our_stay)s, to "
                "epoch %(our_end)s."
            )
            % facts
        )
    else:
        yield (
            _(
                "From the same start %(companion)s stays on its first plateau for %(their_stay)s, to epoch "
                "%(their_end)s, and %(main)s for %(our_stay)s, to epoch %(our_end)s."
            )
            % facts
        )
        seen = run.evidence.phases[run.phases.phases.index(ours)]
        if seen.partition != run.companion.partitions[run.companion.phases.phases.index(theirs)]:
            yield _("They are not the same plateau: on them the classes form different groups.")
    yield _("In the last epoch the loss is %(their_loss)s with %(companion)s and %(our_loss)s with %(main)s.") % facts


def ratio(pair: Pair, language: Language) -> str:
    """How many times shorter the companion's plateau is."""
    return "–" if pair.ratio is None else "×" + language.significant(pair.ratio, 3)


def standstill(run: Experiment, language: Language) -> tuple[str, ...]:
    """The prior plateau as a visit to a saddle, in paragraphs; none without such a plateau."""
    found = run.standstill
    if found is None:
        return ()
    paragraphs = [language.paragraph(_drift(found, run.evidence.start.gradient_norm, language))]
    if found.escape is not None:
        paragraphs.append(language.paragraph(_saddle(run.config.training, found.escape, language)))
        paragraphs.append(language.paragraph(_end(found.escape, language)))
    return tuple(paragraphs)


def _drift(found: Standstill, first: float, language: Language) -> Iterator[str]:
    _ = language.gettext
    yield _(
        "In the middle of the plateau the slope is not zero: the gradient’s norm is %(norm)s, at the start of the "
        "training it is %(first)s."
    ) % {"norm": language.significant(found.gradient_norm, 2), "first": language.significant(first, 2)}
    before, after = found.stretch
    if before > 0:
        yield _(
            "The largest singular value of the first layer’s weights, the most by which they lengthen any input, goes "
            "from %(before)s at the start of the plateau to %(after)s at its end, %(growth)s-fold."
        ) % {
            "before": language.significant(before, 2),
            "after": language.significant(after, 2),
            "growth": language.significant(after / before, 2),
        }


def _saddle(training: Training, found: Escape, language: Language) -> Iterator[str]:
    _ = language.gettext
    facts = {
        "epoch": language.integer(found.epoch),
        "distance": language.significant(found.distance, 2),
        "negative": found.signs.negative,
        "zero": found.signs.zero,
        "positive": found.signs.positive,
        "least": language.significant(found.least, 4),
        "closed": language.significant(found.closed_form, 4),
        "rate": f"{training.learning_rate:g}",
        "factor": language.decimal(1 - training.learning_rate * found.least, 4),
        "momentum": f"{training.momentum:g}",
        "rolling": language.decimal(1 + growth(training, min(found.least, 0.0)), 4),
    }
    yield _("At epoch %(epoch)s the network is %(distance)s away from this saddle.") % facts
    yield (
        _(
            "At the saddle the loss bends down along %(negative)s perpendicular directions, up along %(positive)s, and "
            "not at all along %(zero)s."
        )
        % facts
    )
    if not found.signs.negative:
        return
    yield (
        _("The strongest bend down has the eigenvalue λ = %(least)s; the formula below puts it at %(closed)s.") % facts
    )
    if training.optimizer == "gradient_descent":
        yield (
            _(
                "At a learning rate of α = %(rate)s every epoch lengthens the distance along it %(factor)s-fold, by "
                "1 + α|λ|: little at a time, but it adds up."
            )
            % facts
        )
    else:
        yield (
            _(
                "At a learning rate of α = %(rate)s and a momentum of β = %(momentum)s every epoch lengthens the "
                "distance along it in the long run %(rolling)s-fold: little at a time, but it adds up."
            )
            % facts
        )


def _end(found: Escape, language: Language) -> Iterator[str]:
    _ = language.gettext
    facts = {
        "end": language.integer(found.measured),
        "frozen": "" if found.frozen is None else language.integer(found.frozen),
        "reduced": "" if found.reduced is None else language.integer(found.reduced),
    }
    yield _("The plateau ends at epoch %(end)s.") % facts
    if found.frozen is not None:
        yield _("If the loss kept bending as it does at the saddle, the end would come at epoch %(frozen)s.") % facts
    if found.reduced is not None:
        yield (
            _(
                "If the bend grows as the layers grow together, with every sigmoid replaced by its tangent (the "
                "reduced flow), it comes at epoch %(reduced)s."
            )
            % facts
        )


def ranks(run: Experiment, language: Language) -> str:
    """The effective rank of the last hidden layer at the moment of each phase; nothing if it is not known."""
    _ = language.gettext
    ranks = []
    for phase, anatomy in zip(run.phases.phases, run.anatomy, strict=True):
        look = anatomy.middle if phase.kind == "plateau" and not phase.open else anatomy.end
        rank = look.activation_ranks[-2] if len(look.activation_ranks) > 1 else None
        if rank is None:
            return ""
        ranks.append(language.decimal(rank, 2))
    if not ranks:
        return ""
    return _(
        "For the activations of the last hidden layer it is, moment by moment of the table of phases, %(list)s."
    ) % {"list": language.enumeration(ranks)}


def stuck(run: Experiment, language: Language) -> str | None:
    """What too much inertia did from the same start, if it did harm."""
    _ = language.gettext
    companion = run.warning
    if run.phases.status == "diverged":
        return None
    facts = {
        "rule": optimizer(companion.training, language),
        "last": language.significant(float(companion.loss[-1])),
        "ours": language.significant(run.metrics.loss_last),
        "level": language.significant(merged_level(run.dataset.mixture.shares)),
    }
    if companion.phases.status.startswith("non-finite"):
        if not math.isfinite(run.metrics.loss_last):
            return None
        return _("More is not always better: from the same start %(rule)s ends at no finite loss.") % facts
    if companion.loss[-1] <= 1.05 * run.metrics.loss_last:
        return None
    if companion.phases.status == "diverged":
        return (
            _("More is not always better: from the same start %(rule)s ends at %(last)s, the steps being too long.")
            % facts
        )
    if abs(companion.loss[-1] / merged_level(run.dataset.mixture.shares) - 1) < _AT_LEVEL:
        return (
            _(
                "More is not always better: from the same start %(rule)s is still stuck at the end, at a loss of "
                "%(last)s, that of outputs which all equal the class shares (%(level)s)."
            )
            % facts
        )
    return (
        _("More is not always better: from the same start %(rule)s ends at a loss of %(last)s, this run at %(ours)s.")
        % facts
    )
