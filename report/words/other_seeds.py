"""What the runs from other weight seeds show, in words."""

from collections.abc import Iterator, Sequence

from quadnet.experiment import Experiment
from quadnet.replicates import Replicates, Standing, Ways, failed, ways

from . import settings
from .language import Language


def other_seeds(count: int, language: Language) -> str:
    """So many other weight seeds, in words."""
    return language.ngettext("%(count)s other weight seed", "%(count)s other weight seeds", count) % {"count": count}


def repeated(run: Experiment, others: Replicates, language: Language) -> str:
    """How the runs from other weight seeds differ from this one."""
    _ = language.gettext
    if others.epochs == run.config.training.epochs:
        return _(
            "So the training was repeated on the same points with the same settings, with nothing changed but the seed "
            "of the weights."
        )
    return _(
        "So the training was repeated on the same points with the same settings, with nothing changed but the seed of "
        "the weights and the length: %(epochs)s are enough for the story of this run."
    ) % {"epochs": settings.epochs(others.epochs, language)}


def comparison(run: Experiment, others: Replicates, standings: Sequence[Standing], language: Language) -> str:
    """How the run compares with those from other weight seeds, of which there is at least one."""
    return language.paragraph(_comparison(run, others, standings, language))


def _comparison(
    run: Experiment, others: Replicates, standings: Sequence[Standing], language: Language
) -> Iterator[str]:
    _ = language.gettext
    count, leavers = len(others.runs), sum(bool(other.plateaus) for other in others.runs)
    facts = {
        "others": other_seeds(count, language),
        "epochs": settings.epochs(others.epochs, language),
        "leavers": str(leavers),
        "failed": str(failed(others)),
        "wanted": str(run.config.replicates.runs),
        "ways": _ways(ways(run, others), language),
    }
    places = (_("first"), _("second"), _("third"))
    for place, standing in zip(places, standings, strict=False):
        yield _standing(place, standing, language)
    if standings:
        yield _("Of %(others)s, within %(epochs)s, %(ways)s.") % facts
    elif leavers:
        yield _("This run leaves no plateau; of %(others)s, %(leavers)s left one within %(epochs)s.") % facts
    else:
        yield _("This run leaves no plateau; of %(others)s, none left one within %(epochs)s either.") % facts
    if failed(others) == count > 1:
        yield _("In all of them the loss rose far above its start.")
    elif failed(others):
        yield _("In %(failed)s of them the loss rose far above its start.") % facts
    if count < run.config.replicates.runs:
        yield _("More than that, of the %(wanted)s wanted, would have taken too long.") % facts


def _ways(found: Ways, language: Language) -> str:
    """How many of them went which way."""
    _ = language.gettext
    counted = (
        (found.same, _("%(count)s went through the same sequence of descents and plateaus")),
        (found.more, _("%(count)s went through the same sequence and more")),
        (found.part, _("%(count)s came only part of that way")),
        (found.lower, _("%(count)s came as low through fewer plateaus")),
        (found.other, _("%(count)s went another way")),
    )
    total = sum(count for count, _text in counted)
    whole = _("all %(count)s") % {"count": total}
    parts = [text % {"count": whole if count == total > 1 else count} for count, text in counted if count]
    return language.habits.semicolon.join(parts)


def _standing(place: str, standing: Standing, language: Language) -> str:
    _ = language.gettext
    facts = {
        "place": place,
        "length": settings.epochs(standing.length, language),
        "compared": str(standing.compared),
        "shorter": str(standing.shorter),
    }
    if not standing.compared:
        return _("No other run can be compared in its %(place)s plateau; here it lasts %(length)s.") % facts
    if standing.longer == standing.shorter == 0:
        text = language.ngettext(
            "The %(place)s plateau of this run lasts %(length)s, as long as in %(compared)s of %(compared)s other",
            "The %(place)s plateau of this run lasts %(length)s, as long as in all of %(compared)s others",
            standing.compared,
        )
    elif standing.shorter == standing.compared:
        text = language.ngettext(
            "The %(place)s plateau of this run lasts %(length)s, longer than in %(compared)s of %(compared)s other",
            "The %(place)s plateau of this run lasts %(length)s, longer than in all of %(compared)s others",
            standing.compared,
        )
    elif standing.longer == standing.compared:
        text = language.ngettext(
            "The %(place)s plateau of this run lasts %(length)s, shorter than in %(compared)s of %(compared)s other",
            "The %(place)s plateau of this run lasts %(length)s, shorter than in all of %(compared)s others",
            standing.compared,
        )
    else:
        text = language.ngettext(
            "The %(place)s plateau of this run lasts %(length)s, longer than in %(shorter)s of %(compared)s other",
            "The %(place)s plateau of this run lasts %(length)s, longer than in %(shorter)s of %(compared)s others",
            standing.compared,
        )
    words = {
        "unusually short": _("unusually short"),
        "typical": _("typical"),
        "unusually long": _("unusually long"),
    }
    verdict = language.habits.colon + words[standing.verdict] if standing.verdict else ""
    return text % facts + verdict + language.habits.stop
