"""The view model of a sweep's report: how the runs of many seeds compare."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from quadnet.arrays import FloatArray
from quadnet.claims import NUMBERS, OUTCOMES
from quadnet.config import Config, dumps
from quadnet.mixture import Mixture
from quadnet.sweep import Row, Seeds

from ..figures import histograms, style
from ..figures.curves import Level
from ..figures.figure import Figure
from ..pages import view
from ..pages.view import ExperimentPage
from ..words import claims as claim_words
from ..words import phases as phase_words
from ..words import settings
from ..words.language import Language
from ..words.levels import analytic_levels
from ..words.settings import main_settings

_PLATEAUS = 3  # as many as the table of runs has columns for


@dataclass(frozen=True, kw_only=True)
class SweepDocument(ExperimentPage):
    """All that the report of a sweep says and shows.

    Attributes:
        sequences: Sequences of phases, how often each occurs, and its share.
        partitions: For each plateau its number, the groups of classes at its middle, how often, and its share.
        verdicts: Each claim of the note with how many runs give it which verdict; none if every run failed.
        unsound: Seeds and status of the runs that failed or did not end well; at most twenty.
        columns: The columns of the table on disk.
    """

    template = "sweep.html.j2"

    sequences: tuple[tuple[str, ...], ...]
    partitions: tuple[tuple[str, ...], ...]
    verdicts: tuple[tuple[str, ...], ...]
    unsound: tuple[tuple[str, ...], ...]
    columns: tuple[str, ...]


def compose(
    config: Config,
    rows: Sequence[Row],
    name: str,
    columns: Sequence[str],
    language: Language,
    versions: Sequence[tuple[str, str]],
) -> SweepDocument:
    """Puts the rows of a sweep into words and drawings.

    Args:
        config: What was run; its seeds are those of the marked run.
        rows: At least one.
        name: The sweep's folder.
        columns: Of the table on disk.
        language: How to speak.
        versions: Names and versions of what shaped the numbers and the pages.
    """
    _ = language.gettext
    whole = [row for row in rows if row.loss_last is not None]
    sequences = Counter(row.phases or "" for row in whole)
    seeds = {row.data_seed for row in rows}, {row.weight_seed for row in rows}
    return SweepDocument(
        language=language,
        title=view.title(config, language),
        subtitle=language.ngettext(
            "How %(count)s run went", "How %(count)s runs from different seeds compare", len(rows)
        )
        % {"count": language.integer(len(rows))},
        run_name=name,
        digest=config.digest,
        version=dict(versions)["quadnet"],
        facts=(
            *main_settings(config, language),
            (_("Seeds of the data"), _span(seeds[0], language)),
            (_("Seeds of the weights"), _span(seeds[1], language)),
        ),
        summary=tuple(_summary(rows, whole, sequences, language)),
        figures={figure.key: figure for figure in _figures(config, whole, language)},
        config_toml=dumps(config),
        versions=tuple(versions),
        sequences=tuple(
            (_sequence(letters, language), language.integer(count), language.percent(count / len(whole)))
            for letters, count in sequences.most_common()
        ),
        partitions=tuple(_partitions(whole, language)),
        verdicts=tuple(_verdicts(whole, language)) if whole else (),
        unsound=tuple(
            (str(row.data_seed), str(row.weight_seed), _status(row.status, language))
            for row in rows
            if row.status != "ok"
        )[:20],
        columns=tuple(columns),
    )


def _span(seeds: set[int], language: Language) -> str:
    low, high = min(seeds), max(seeds)
    if len(seeds) == 1:
        return str(low)
    if len(seeds) == high - low + 1:
        return f"{low}–{high}"
    return language.gettext("%(count)s of %(low)s–%(high)s") % {"count": len(seeds), "low": low, "high": high}


def _sequence(letters: str, language: Language) -> str:
    _ = language.gettext
    names = {"D": _("descent"), "P": _("plateau"), "S": _("shoulder"), "d": _("open descent"), "p": _("open")}
    return language.habits.comma.join(names[letter] for letter in letters) or _("none")


def _status(status: str, language: Language) -> str:
    """What became of a run, in words; what a failure says of itself stays as it is."""
    _ = language.gettext
    failure = status.removeprefix("failed: ")
    if failure != status:
        return _("failed: %(error)s") % {"error": failure}
    name, _at, epoch = status.partition(" at epoch ")
    words = {
        "non-finite": _("non-finite at epoch %(epoch)s"),
        "diverged": _("diverged"),
        "regressed": _("regressed"),
    }
    return words[name] % {"epoch": epoch} if name in words else status


def _summary(rows: Sequence[Row], whole: Sequence[Row], sequences: Counter[str], language: Language) -> Iterable[str]:
    _ = language.gettext
    sound = sum(row.status == "ok" for row in rows)
    facts = {"runs": language.integer(len(rows)), "sound": language.integer(sound)}
    if not whole:
        yield _("None of the %(runs)s runs could be finished.") % facts
        return
    letters, count = sequences.most_common(1)[0]
    facts |= {"count": language.integer(count), "sequence": _sequence(letters, language)}
    if list(sequences.values()).count(count) == 1:
        yield (
            _("Of %(runs)s runs %(sound)s end soundly; %(count)s of the %(runs)s go through the phases %(sequence)s.")
            % facts
        )
    else:
        yield _("Of %(runs)s runs %(sound)s end soundly; no sequence of phases is the commonest.") % facts
    lengths = [sample.values for sample in _lengths(whole, None, language)]
    if lengths:
        yield _("The first plateau lasts %(median)s at the median; the shortest %(low)s, the longest %(high)s.") % {
            "median": settings.epochs(round(float(np.median(lengths[0]))), language),
            "low": language.integer(int(lengths[0].min())),
            "high": language.integer(int(lengths[0].max())),
        }
    best, reached = _accuracies(whole)
    yield _(
        "The trained networks are right on %(median)s of their training points at the median, between %(low)s and "
        "%(high)s; the Bayes rule gets %(best)s of the same points at the median."
    ) % {
        "median": language.percent(float(np.median(reached)), 2),
        "low": language.percent(float(reached.min()), 2),
        "high": language.percent(float(reached.max()), 2),
        "best": language.percent(float(np.median(best)), 2),
    }


def _figures(config: Config, rows: Sequence[Row], language: Language) -> Iterable[Figure]:
    _ = language.gettext
    seeds = config.data.seed, config.network.seed
    place = next((k for k, row in enumerate(rows) if (row.data_seed, row.weight_seed) == seeds), None)
    marked = _("line: seeds %(data)s, %(weights)s") % {"data": seeds[0], "weights": seeds[1]}
    lengths = _lengths(rows, seeds, language)
    if lengths:
        yield Figure(
            "lengths",
            "lengths.svg",
            style.draw("lengths", partial(histograms.lengths, lengths, _("length in epochs"), marked)),
            _("Histograms of the lengths of the plateaus over all runs."),
            _("How long the plateaus last: the number of runs by length, for each plateau in order of appearance."),
        )
        losses = _losses(rows, seeds, language)
        lines = [Level(level.loss, level.label) for level in analytic_levels(Mixture.of(config.data), language)]
        caption = [
            _(
                "Where the plateaus lie: the number of runs by the loss in the middle of the plateau. Dashed lines are "
                "the losses that theory singles out."
            )
        ]
        if any((sample.values > histograms.highest(lines)).any() for sample in losses):
            caption.append(_("A number with an arrow counts the runs beyond the scale."))
        yield Figure(
            "levels",
            "levels.svg",
            style.draw("levels", partial(histograms.levels, losses, lines, _("loss"), marked)),
            _("Histograms of the losses in the middle of the plateaus, with the levels of theory as lines."),
            language.paragraph(caption),
        )
    if rows:
        best, reached = _accuracies(rows)
        names = (
            _("the Bayes rule on the same points"),
            _("accuracy on the training points"),
            _("diamond: seeds %(data)s, %(weights)s") % {"data": seeds[0], "weights": seeds[1]},
        )
        yield Figure(
            "accuracies",
            "accuracies.svg",
            style.draw("accuracies", partial(histograms.accuracies, best, reached, place, names)),
            _("Each run as a point: accuracy of the Bayes rule and of the network on its training points."),
            _(
                "Accuracy on the training points against that of the Bayes rule on the same points; above the diagonal "
                "a network has fitted accidents of its draw."
            ),
        )


def _names(language: Language) -> tuple[str, ...]:
    _ = language.gettext
    return _("first plateau"), _("second plateau"), _("third plateau")


def _lengths(rows: Sequence[Row], seeds: Seeds | None, language: Language) -> list[histograms.Sample]:
    return _samples([[float(p.length) for p in row.plateaus] for row in rows], rows, seeds, language)


def _losses(rows: Sequence[Row], seeds: Seeds | None, language: Language) -> list[histograms.Sample]:
    return _samples([[p.loss for p in row.plateaus] for row in rows], rows, seeds, language)


def _samples(
    values: Sequence[Sequence[float]], rows: Sequence[Row], seeds: Seeds | None, language: Language
) -> list[histograms.Sample]:
    """The k-th value of each run that has one, for each k that occurs."""
    samples = []
    for k, name in enumerate(_names(language)):
        having = [(row, listed[k]) for row, listed in zip(rows, values, strict=True) if len(listed) > k]
        if having:
            mark = next((v for row, v in having if (row.data_seed, row.weight_seed) == seeds), None)
            samples.append(histograms.Sample(name, np.array([value for _, value in having]), mark))
    return samples


def _accuracies(rows: Sequence[Row]) -> tuple[FloatArray, FloatArray]:
    return (
        np.array([row.bayes_accuracy_sample for row in rows], dtype=np.float64),
        np.array([row.accuracy for row in rows], dtype=np.float64),
    )


def _partitions(rows: Sequence[Row], language: Language) -> Iterable[tuple[str, ...]]:
    for k, name in enumerate(_names(language)):
        counts = Counter(phase_words.groups(row.plateaus[k].partition) for row in rows if len(row.plateaus) > k)
        for groups, count in counts.most_common():
            yield name, groups, language.integer(count), language.percent(count / counts.total())


def _verdicts(rows: Sequence[Row], language: Language) -> Iterable[tuple[str, ...]]:
    says = claim_words.says(language)
    for k, number in enumerate(NUMBERS):
        counts = Counter(row.verdicts[k] for row in rows)
        yield number, says[number], *(language.integer(counts[outcome]) for outcome in OUTCOMES)
