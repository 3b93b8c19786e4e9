"""How good the trained network is, in words."""

import math
from collections.abc import Iterator

from quadnet.experiment import Experiment
from quadnet.metrics import Metrics

from .language import Language

_APART = 1.1  # times as large a loss is worth a word
_ONE_POINT = 0.5  # points named rightly beyond the expectation, from which on there is something to explain
_SETTLED = 3.0  # standard errors within which two accuracies are called equal


def achievement(metrics: Metrics, language: Language) -> str:
    """What the trained network names rightly, beside the best possible."""
    _ = language.gettext
    facts = {
        "accuracy": language.percent(metrics.accuracy),
        "samples": language.integer(metrics.samples),
        "fresh": language.percent(metrics.accuracy_fresh),
        "points": language.integer(metrics.fresh_points),
        "bayes": language.percent(metrics.bayes_accuracy),
    }
    if metrics.bayes_accuracy == 1:
        return (
            _(
                "The trained network is right on %(accuracy)s of its %(samples)s training points and on %(fresh)s of "
                "%(points)s fresh ones; the best rule is never wrong."
            )
            % facts
        )
    return (
        _(
            "The trained network is right on %(accuracy)s of its %(samples)s training points and on %(fresh)s of "
            "%(points)s fresh ones, where no classifier can expect more than %(bayes)s."
        )
        % facts
    )


def luck(metrics: Metrics, language: Language) -> str:
    """How good the network is on fresh points, and whether more on the training points is luck or over-fitting."""
    return language.paragraph(_luck(metrics, language))


def _luck(metrics: Metrics, language: Language) -> Iterator[str]:
    _ = language.gettext
    ahead = round((metrics.accuracy - metrics.bayes_accuracy_sample) * metrics.samples)
    facts = {
        "accuracy": language.percent(metrics.accuracy),
        "fresh": language.percent(metrics.accuracy_fresh),
        "sample": language.percent(metrics.bayes_accuracy_sample),
        "bayes": language.percent(metrics.bayes_accuracy),
        "ahead": language.integer(ahead),
    }
    if metrics.accuracy_fresh >= metrics.bayes_accuracy - _SETTLED * metrics.accuracy_fresh_error:
        yield _("On fresh points the network is about as good as the Bayes rule: %(fresh)s against %(bayes)s.") % facts
    else:
        yield (
            _("The network stays below the best that is possible: %(fresh)s on fresh points against %(bayes)s.") % facts
        )
    if (metrics.accuracy - metrics.bayes_accuracy) * metrics.samples < _ONE_POINT:
        return
    chance = math.sqrt(metrics.bayes_accuracy * (1 - metrics.bayes_accuracy) / metrics.samples)
    lucky = metrics.bayes_accuracy_sample - metrics.bayes_accuracy > chance
    if lucky and ahead > 0:
        yield (
            language.ngettext(
                "The %(accuracy)s on the training points are more than any classifier can expect, for two reasons: the "
                "draw is a lucky one, on which the Bayes rule itself gets %(sample)s, and the network has fitted some "
                "of its accidents, so that it names %(ahead)s point more rightly.",
                "The %(accuracy)s on the training points are more than any classifier can expect, for two reasons: the "
                "draw is a lucky one, on which the Bayes rule itself gets %(sample)s, and the network has fitted some "
                "of its accidents, so that it names %(ahead)s points more rightly.",
                ahead,
            )
            % facts
        )
    elif lucky:
        yield (
            _(
                "The %(accuracy)s on the training points are more than any classifier can expect, because the draw is "
                "a lucky one: the Bayes rule itself gets %(sample)s on it."
            )
            % facts
        )
    elif ahead > 0:
        yield (
            _(
                "The %(accuracy)s on the training points are more than any classifier can expect, because the network "
                "has fitted accidents of this draw, on which the Bayes rule gets %(sample)s."
            )
            % facts
        )
    else:
        yield (
            _(
                "The %(accuracy)s on the training points are more than any classifier can expect, as a sample of this "
                "size may have it by chance; the Bayes rule gets %(sample)s on it."
            )
            % facts
        )


def fresh(run: Experiment, language: Language) -> str:
    """What the fresh points are, and how exact the accuracy on them is."""
    _ = language.gettext
    metrics = run.metrics
    facts = {
        "points": language.integer(metrics.fresh_points),
        "error": language.significant(100 * metrics.accuracy_fresh_error, 2),
    }
    if not run.config.data.spread:
        return _("Without noise the fresh points lie where the training points do, so they test nothing new.")
    if not metrics.accuracy_fresh_error:
        return _("The %(points)s fresh points are new draws of the same mixture that the training never saw.") % facts
    return (
        _(
            "The %(points)s fresh points are new draws of the same mixture that the training never saw; the network’s "
            "accuracy on them has a standard error of %(error)s percentage points."
        )
        % facts
    )


def loss_gap(metrics: Metrics, language: Language) -> str:
    """The loss on fresh points beside the one in training."""
    _ = language.gettext
    facts = {"last": language.significant(metrics.loss_last), "fresh": language.significant(metrics.loss_fresh)}
    if metrics.loss_fresh > _APART * metrics.loss_last:
        return (
            _(
                "The loss tells more than the accuracy: %(last)s before the last step of training, %(fresh)s on fresh "
                "points after it."
            )
            % facts
        )
    return _("The loss is %(last)s before the last step of training and %(fresh)s on fresh points after it.") % facts
