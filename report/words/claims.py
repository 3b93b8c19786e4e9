"""The claims of the teaching note and their verdicts in words."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_EVEN
from typing import Any

from quadnet import claims
from quadnet.claims import Verdict
from quadnet.config import CLASSES
from quadnet.evidence import BY_CHANCE
from quadnet.experiment import Experiment

from .language import Language, Rounding


@dataclass(frozen=True)
class Trial:
    """A claim with its verdict, in words.

    Attributes:
        number: Such as `N4b`.
        says: What the note claims.
        test: How this run is asked.
        outcome: The verdict as a word.
        mark: The verdict as a sign that needs no colour.
        style: The verdict as the style sheet knows it.
        because: Why, in a sentence.
        figures: Keys of the figures that show it.
    """

    number: str
    says: str
    test: str
    outcome: str
    mark: str
    style: str
    because: str
    figures: tuple[str, ...]


_MARKS = {"holds": "✓", "fails": "✗", "partly": "≈", "cannot be tested": "–"}
_FIGURES: dict[str, tuple[str, ...]] = {
    "N1": ("training",),
    "N2": ("training",),
    "N3": ("training",),
    "N4a": ("training",),
    "N4b": ("training",),
    "N5": ("saddle",),
    "N6a": ("saddle",),
    "N6b": ("training",),
    "N7": ("training",),
    "N8a": ("inertia",),
    "N8b": (),
    "N9": (),
}


def trials(run: Experiment, language: Language) -> tuple[Trial, ...]:
    """All claims in the note's order."""
    claimed, tests, words = says(language), _tests(language), outcomes(language)
    return tuple(
        Trial(
            number=number,
            says=claimed[number],
            test=tests[number],
            outcome=words[verdict.outcome],
            mark=_MARKS[verdict.outcome],
            style=verdict.outcome.replace(" ", "-"),
            because=because(number, verdict, language),
            figures=_FIGURES[number],
        )
        for number, verdict in run.verdicts.items()
    )


def outcomes(language: Language) -> dict[str, str]:
    """The verdicts as words."""
    _ = language.gettext
    return {"holds": _("holds"), "fails": _("fails"), "partly": _("partly"), "cannot be tested": _("cannot be tested")}


def says(language: Language) -> dict[str, str]:
    """What the note claims, by number, in our words."""
    _ = language.gettext
    return {
        "N1": _("The loss falls all the way."),
        "N2": _("On its way the loss stands still several times."),
        "N3": _("At first the network guesses blindly."),
        "N4a": _("Then the loss drops sharply, almost at once."),
        "N4b": _("It drops because one answer for all points turns out to pay."),
        "N5": _("After that no small change of the weights helps: the network is stuck."),
        "N6a": _("The weights drift on all the same, until they find the way out."),
        "N6b": _("What they find is one more class, which is then learnt quickly."),
        "N7": _("And so on, class after class."),
        "N8a": _("Inertia carries the weights across the flat places."),
        "N8b": _("Inertia does more than a longer step would."),
        "N9": _("In the end every point is named rightly: accuracy 1.0."),
    }


def _tests(language: Language) -> dict[str, str]:
    _ = language.gettext
    facts = {
        "seldom": language.percent(claims.SELDOM, 0),
        "blind": language.percent(claims.BLIND, 0),
        "known": language.percent(1 / CLASSES + BY_CHANCE, 0),
        "end": claims.SHARP_END,
        "drop": claims.SHARP_DROP,
        "off": claims.OFF_PRIORS,
        "drift": f"{claims.DRIFT:g}",
        "faster": f"{claims.FASTER:g}",
        "beyond": f"{claims.BEYOND_STEP:g}",
    }
    sentences = {
        "N1": _("No step raises the loss, rounding apart. In part: at most %(seldom)s of the steps do."),
        "N2": _("At least two plateaus that the curve leaves again. In part: one."),
        "N3": _(
            "The first loss is within %(blind)s of 4 ln 2, the loss of outputs that all are ½. In part: so, but of a "
            "class on average more than %(known)s is named rightly."
        ),
        "N4a": _(
            "The first phase is a descent, over by epoch %(end)s, that takes ln L down by at least %(drop)s at its "
            "lowest."
        ),
        "N4b": _(
            "Before the drop several classes are named, after it a single one, and a mean output is more than %(off)s "
            "away from its class’s share."
        ),
        "N5": _("The saddle beside the plateau has no negative eigenvalue: from it no direction leads down."),
        "N6a": _("The largest singular value of W₁ grows more than %(drift)s-fold on the plateau."),
        "N6b": _(
            "At the first of the phases’ moments that has several groups, these are one class and the other three."
        ),
        "N7": _("There are at least as many descents as classes."),
        "N8a": _(
            "Heavy ball with β = 0.9, started in the middle of the plateau, is more than %(faster)s times faster."
        ),
        "N8b": _(
            "The averaging form with β = 0.9, whose steps are no longer than plain ones, is more than %(beyond)s times "
            "faster."
        ),
        "N9": _("Predictions compared with the labels agree on every training point."),
    }
    return {number: sentence % facts for number, sentence in sentences.items()}


def because(number: str, verdict: Verdict, language: Language) -> str:
    """Why a claim holds or not, from the measured quantities."""
    if verdict.outcome == "cannot be tested":
        return _untested(number, verdict, language)
    # What is said to be the most must not be rounded down.
    facts = {
        name: _text(value, language, ROUND_CEILING if name.startswith("furthest_") else ROUND_HALF_EVEN)
        for name, value in verdict.measured.items()
    }
    return language.paragraph(_REASONS[number](verdict, facts, language))


def _text(value: claims.Quantity, language: Language, rounding: Rounding = ROUND_HALF_EVEN) -> str:
    if isinstance(value, float):
        return language.significant(value, 4 if abs(value) >= 1 else 3, rounding)
    return language.integer(value) if isinstance(value, int) else str(value)


def _untested(number: str, verdict: Verdict, language: Language) -> str:
    _ = language.gettext
    if number == "N1":
        return _("A single epoch has no step.")
    if number in ("N2", "N4a"):
        return _("The curve is too short to have phases.")
    facts = {name: _text(value, language) for name, value in verdict.measured.items()}
    if number == "N6b" and facts:
        return (
            _(
                "The loss falls to %(lowest_loss_of_one_group)s, below the %(level_of_class_shares)s of the class "
                "shares, while all classes still form one group: groups do not show what comes apart first."
            )
            % facts
        )
    if number == "N6b":
        return _("All classes stay one group in this run.")
    if number == "N7" and verdict.measured["groups_at_the_end"] == 1:
        return _("At the end of this run all classes form one group.")
    if number == "N7":
        return _("At the end of this run the classes form only %(groups_at_the_end)s groups.") % facts
    if number in ("N8a", "N8b") and facts:
        return (
            _(
                "Plain descent, started in the middle of the plateau from %(plateau_start)s to %(plateau_end)s, does "
                "not leave it in at least three times the epochs that this run took: too long to compare with."
            )
            % facts
        )
    if number == "N5" and "gradient_norm" in verdict.measured:
        return _("No saddle was to be had: the loss is never near enough to its level, or the network is too large.")
    return _("This run leaves no plateau on which all classes are alike, at the loss of the class shares.")


def _falls(verdict: Verdict, facts: dict[str, str], language: Language) -> Iterator[str]:
    _ = language.gettext
    if verdict.outcome == "holds":
        steps = verdict.measured["steps"]
        assert isinstance(steps, int)
        yield (
            language.ngettext(
                "There is %(steps)s step, and it does not raise the loss.",
                "Not one of %(steps)s steps raises the loss.",
                steps,
            )
            % facts
        )
    else:
        yield (
            _(
                "In %(rises)s of %(steps)s steps the loss rises by more than rounding. The largest rise is "
                "%(largest_rise)s."
            )
            % facts
        )


def _plateaus(verdict: Verdict, facts: dict[str, str], language: Language) -> Iterator[str]:
    _ = language.gettext
    count, shoulders = verdict.measured["closed_plateaus"], verdict.measured["of_them_shoulders"]
    assert isinstance(count, int)
    assert isinstance(shoulders, int)
    if count == 0:
        yield _("The curve leaves no plateau again.")
        return
    yield (
        language.ngettext(
            "The curve leaves %(closed_plateaus)s plateau again.",
            "The curve leaves %(closed_plateaus)s plateaus again.",
            count,
        )
        % facts
    )
    if shoulders == count == 1:
        yield _("It is only a shoulder.")
    elif shoulders:
        yield (
            language.ngettext(
                "%(of_them_shoulders)s of them is only a shoulder.",
                "%(of_them_shoulders)s of them are only shoulders.",
                shoulders,
            )
            % facts
        )


def _blind(verdict: Verdict, facts: dict[str, str], language: Language) -> Iterator[str]:
    _ = language.gettext
    share = verdict.measured["accuracy"]
    assert isinstance(share, float)
    facts = facts | {"accuracy": language.percent(share)}
    yield (
        _(
            "The first loss is %(loss)s against %(level)s; the mean outputs are up to "
            "%(furthest_mean_output_from_half)s away from ½; accuracy %(accuracy)s."
        )
        % facts
    )


def _sharp_drop(verdict: Verdict, facts: dict[str, str], language: Language) -> Iterator[str]:
    _ = language.gettext
    if "end" in verdict.measured:
        yield _("The first descent ends at epoch %(end)s; at its lowest ln L is down by %(drop_of_ln_loss)s.") % facts
    else:
        yield _("The curve starts with no descent.")


def _one_class(verdict: Verdict, facts: dict[str, str], language: Language) -> Iterator[str]:
    _ = language.gettext
    if verdict.measured["largest_share_at_start"] == 1:
        yield _("One class is named for all points at epoch 0 already, before the drop.")
    elif verdict.measured["largest_share_on_plateau"] != 1:
        yield _("On the plateau more than one class is named.")
    if verdict.outcome == "holds":
        yield _("Several classes are named at epoch 0, one on the plateau.")
        yield (_("There a mean output is %(furthest_mean_output_from_share)s away from its class’s share.") % facts)
    else:
        yield (
            _(
                "On the plateau the mean outputs are up to %(furthest_mean_output_from_share)s away from the class "
                "shares, and the loss is %(loss_on_plateau)s where exactly those shares give %(level_of_class_shares)s."
            )
            % facts
        )


def _stuck(verdict: Verdict, facts: dict[str, str], language: Language) -> Iterator[str]:
    _ = language.gettext
    negative = verdict.measured["negative_eigenvalues"]
    assert isinstance(negative, int)
    if not negative:
        yield _("The saddle has no negative eigenvalue.")
        return
    yield (
        language.ngettext(
            "The saddle has %(negative_eigenvalues)s negative eigenvalue, down to %(least_eigenvalue)s: the loss falls "
            "there, slowly at first.",
            "The saddle has %(negative_eigenvalues)s negative eigenvalues, down to %(least_eigenvalue)s: the loss "
            "falls there, slowly at first.",
            negative,
        )
        % facts
    )
    yield _("At the saddle itself the slope is zero; in mid-plateau the gradient’s norm is %(gradient_norm)s.") % facts


def _drift(verdict: Verdict, facts: dict[str, str], language: Language) -> Iterator[str]:
    yield language.gettext("It goes from %(at_its_start)s to %(at_its_end)s, %(growth)s-fold.") % facts


def _one_more_class(verdict: Verdict, facts: dict[str, str], language: Language) -> Iterator[str]:
    yield language.gettext("At epoch %(epoch)s, the first such moment, the groups are %(first_groups)s.") % facts


def _class_after_class(verdict: Verdict, facts: dict[str, str], language: Language) -> Iterator[str]:
    _ = language.gettext
    descents = verdict.measured["descents"]
    assert isinstance(descents, int)
    yield (
        language.ngettext(
            "There is %(descents)s descent for %(classes)s classes.",
            "There are %(descents)s descents for %(classes)s classes.",
            descents,
        )
        % facts
    )


def _inertia(verdict: Verdict, facts: dict[str, str], language: Language) -> Iterator[str]:
    epochs = verdict.measured["plain_epochs"]
    assert isinstance(epochs, int)
    if verdict.measured["speed_up"] == 0:
        text = language.ngettext(
            "From epoch %(from_epoch)s plain descent needs %(plain_epochs)s epoch; for this rule three times as many "
            "are not enough.",
            "From epoch %(from_epoch)s plain descent needs %(plain_epochs)s epochs; for this rule three times as many "
            "are not enough.",
            epochs,
        )
    else:
        text = language.ngettext(
            "From epoch %(from_epoch)s plain descent needs %(plain_epochs)s epoch; this rule is %(speed_up)s times as "
            "fast.",
            "From epoch %(from_epoch)s plain descent needs %(plain_epochs)s epochs; this rule is %(speed_up)s times "
            "as fast.",
            epochs,
        )
    yield text % facts


def _perfect(verdict: Verdict, facts: dict[str, str], language: Language) -> Iterator[str]:
    _ = language.gettext
    names = "accuracy", "accuracy_on_random_labels"
    shares: dict[str, Any] = {name: verdict.measured[name] for name in names}
    facts = facts | {name: language.percent(share, 2) for name, share in shares.items()}
    facts["formula"] = language.decimal(float(verdict.measured["note_formula_on_random_labels"] or 0), 1)
    yield (
        _(
            "Compared with the labels it is %(accuracy)s. The note compares the prediction with itself: that gives "
            "%(formula)s even for random labels, of which the network gets %(accuracy_on_random_labels)s."
        )
        % facts
    )


_REASONS = {
    "N1": _falls,
    "N2": _plateaus,
    "N3": _blind,
    "N4a": _sharp_drop,
    "N4b": _one_class,
    "N5": _stuck,
    "N6a": _drift,
    "N6b": _one_more_class,
    "N7": _class_after_class,
    "N8a": _inertia,
    "N8b": _inertia,
    "N9": _perfect,
}


def tally(run: Experiment, language: Language) -> str:
    """How many claims have each verdict, in one sentence."""
    _ = language.gettext
    found = Counter(verdict.outcome for verdict in run.verdicts.values())
    parts = [
        language.ngettext("%(count)s holds", "%(count)s hold", found["holds"]),
        language.ngettext("%(count)s holds in part", "%(count)s hold in part", found["partly"]),
        language.ngettext("%(count)s fails", "%(count)s fail", found["fails"]),
        language.ngettext("%(count)s cannot be tested", "%(count)s cannot be tested", found["cannot be tested"]),
    ]
    counts = (found["holds"], found["partly"], found["fails"], found["cannot be tested"])
    listed = [part % {"count": count} for part, count in zip(parts, counts, strict=True) if count]
    return _("Of %(count)s claims that the teaching note makes about such a run, %(list)s on this one.") % {
        "count": found.total(),
        "list": language.enumeration(listed),
    }
