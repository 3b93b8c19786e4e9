"""The tables of a run's report, every number already a text."""

from dataclasses import dataclass
from functools import partial

from quadnet.arrays import IntArray
from quadnet.config import Training
from quadnet.experiment import Experiment
from quadnet.inertia import pairs
from quadnet.phases import Phase
from quadnet.replicates import Standing
from quadnet.spectrum import Signs

from ..words import course, settings
from ..words.language import Language, subscript
from ..words.phases import Chapter

_HEAT_STEPS = 8
_MOST_CROSSED = 3  # plateaus beside each other in a table


@dataclass(frozen=True)
class Cell:
    """A number in a shaded table: its text and its shade from 0 (none) to 8 (full)."""

    text: str
    heat: int


@dataclass(frozen=True)
class Matrix:
    """A shaded table with a row and a column for each class."""

    caption: str
    rows: tuple[tuple[Cell, ...], ...]


def makeup(run: Experiment, language: Language) -> tuple[tuple[str, ...], ...]:
    """Head and rows: the loss, its slope and its bends, and the layers' effective ranks, at all borders and middles."""
    _ = language.gettext
    columns = [_("epoch"), _("loss"), _("gradient"), _("least eigenvalue"), "− / 0 / +"]
    columns += [f"{matrix}{subscript(layer)}" for matrix in "WA" for layer in range(1, len(run.history.widths))]
    looks = {look.snapshot.epoch: look for anatomy in run.anatomy for look in anatomy.looks}
    none = "–"

    def rank(value: float | None) -> str:
        return none if value is None else language.decimal(value, 2)

    rows = []
    for epoch, look in looks.items():
        signs = look.signs
        rows.append(
            (
                language.integer(epoch),
                language.significant(float(run.history.loss[min(epoch, run.history.loss.size - 1)])),
                language.significant(look.snapshot.gradient_norm, 2),
                none if look.least is None else _least(look.least, signs, language),
                none if signs is None else f"{signs.negative} / {signs.zero} / {signs.positive}",
                *map(rank, look.weight_ranks),
                *map(rank, look.activation_ranks),
            )
        )
    return (tuple(columns), *rows)


def _least(value: float, signs: Signs | None, language: Language) -> str:
    """The least eigenvalue; what counts as zero is rounding and has no digits."""
    nothing = signs is not None and value < 0 and not signs.negative
    return language.significant(0.0 if nothing else value, 2)


def crossings(run: Experiment, language: Language) -> tuple[tuple[str, ...], ...]:
    """Head and rows: for each rule the epochs it needs from the middle of a plateau, its speed-up, and theory's."""
    _ = language.gettext
    middles = {anatomy.middle.snapshot.epoch: anatomy.middle for anatomy in run.anatomy}
    crossed = [crossing for crossing in run.crossings if crossing is not None][:_MOST_CROSSED]
    if not crossed:
        return ()
    head, columns = (
        [_("rule")],
        [[_("plain gradient descent"), *(_rule(t.training, language) for t in crossed[0].trials)]],
    )
    for crossing in crossed:
        head += [
            _("epochs from %(epoch)s") % {"epoch": language.integer(crossing.start)},
            _("times as fast"),
            _("by theory"),
        ]
        least = middles[crossing.start].least if crossing.start in middles else None
        expected = [None if least is None else crossing.expected(trial, least) for trial in crossing.trials]
        columns += [
            [language.integer(crossing.plain), *(_count(trial.epochs, language) for trial in crossing.trials)],
            ["1", *("–" if t.epochs is None else language.significant(t.speed_up, 3) for t in crossing.trials)],
            ["1", *("–" if value is None else language.significant(value, 3) for value in expected)],
        ]
    return (tuple(head), *zip(*columns, strict=True))


def _rule(training: Training, language: Language) -> str:
    _ = language.gettext
    name = settings.optimizer(training, language)
    if training.optimizer != "gradient_descent":
        return name
    return _("%(optimizer)s, α = %(rate)s") % {"optimizer": name, "rate": f"{training.learning_rate:g}"}


def _count(epochs: int | None, language: Language) -> str:
    return "–" if epochs is None else language.integer(epochs)


def means(chapter: Chapter, language: Language) -> Matrix:
    """The mean outputs of each class at a phase's moment."""
    caption = language.gettext("Mean outputs at epoch %(epoch)s.") % {"epoch": language.integer(chapter.snapshot.epoch)}
    return Matrix(
        caption, tuple(tuple(_cell(language.decimal(v, 2), v) for v in row) for row in chapter.snapshot.means.tolist())
    )


def confusion(matrix: IntArray, language: Language) -> Matrix:
    """A confusion matrix, shaded by the share of each label."""
    sizes = matrix.sum(axis=1)
    rows = tuple(
        tuple(_cell(language.integer(n), n / size) for n in row)
        for row, size in zip(matrix.tolist(), sizes.tolist(), strict=True)
    )
    return Matrix(language.gettext("Training points by label (rows) and prediction (columns)"), rows)


def _cell(text: str, share: float) -> Cell:
    return Cell(text, round(_HEAT_STEPS * share) if share == share else 0)


def accuracies(run: Experiment, language: Language) -> tuple[tuple[str, ...], ...]:
    """Who is right how often, on training points, on fresh ones, and by theory."""
    _ = language.gettext
    m = run.metrics
    share = partial(language.percent, places=3)
    none = "–"
    return (
        (_("the trained network"), share(m.accuracy), share(m.accuracy_fresh), none),
        (
            _("the Bayes rule, the best of all"),
            share(m.bayes_accuracy_sample),
            share(m.bayes_accuracy_fresh),
            share(m.bayes_accuracy),
        ),
        (_("always the most frequent class"), share(m.largest_share), none, share(m.largest_share)),
        (_("the note’s formula"), share(m.accuracy_note_formula), none, none),
    )


def plateaus(run: Experiment, language: Language) -> tuple[tuple[str, ...], ...]:
    """The plateaus of the run and its companion side by side."""

    def span(phase: Phase | None) -> tuple[str, str]:
        if phase is None:
            return "–", "–"
        epochs = f"{language.integer(phase.start)}–{language.integer(phase.end)}"
        return epochs, language.integer(phase.end - phase.start)

    rows = enumerate(pairs(run.phases, run.companion.phases), start=1)
    return tuple(
        (str(number), *span(pair.main), *span(pair.companion), course.ratio(pair, language)) for number, pair in rows
    )


def standing(number: int, standing: Standing, language: Language) -> tuple[str, ...]:
    """The plateau's number, its length, the range of the others', how they compare, and how many hold its groups."""
    ends = {f(standing.left): None for f in (min, max)} if standing.left else {}
    return (
        str(number),
        language.integer(standing.length),
        "–".join(map(language.integer, ends)) or "–",
        str(len(standing.staying)),
        str(standing.shorter),
        str(standing.longer),
        language.gettext("%(count)s of %(all)s") % {"count": standing.alike, "all": len(standing.left)},
    )
