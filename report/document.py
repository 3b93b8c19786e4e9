"""The view model that the templates read: every number already a text, every figure already drawn."""

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from quadnet.anatomy import Anatomy
from quadnet.config import CLASSES, Config, dumps
from quadnet.experiment import Experiment
from quadnet.mixture import Mixture, Partition, merged_level
from quadnet.replicates import Replicates, standings

from . import ability, drawings, explorer, note, page, prose, seeds, story, tables, verdicts
from .drawings import Figure
from .figures.training import Level as Line
from .language import Language
from .page import ExperimentPage
from .story import Chapter
from .verdicts import Trial

_VISIBLE = 5e-6  # an error rate below rounds to 0.000 %


@dataclass(frozen=True)
class PhaseRow:
    """A phase in words."""

    number: str
    kind: str
    epochs: str
    loss: str
    groups: str
    accuracy: str
    story: str


@dataclass(frozen=True)
class Episode:
    """A phase at length: the note's explanation beside what was measured.

    Attributes:
        number: From 1.
        title: Kind and epochs.
        note: What the note says of such a phase.
        trials: The claims it makes, with their verdicts.
        reading: What was measured.
        panel: The decision regions at the phase's moment.
        means: The mean outputs there.
        spectrum: The eigenvalues at its start, middle and end; None where they are not known.
    """

    number: str
    title: str
    note: str
    trials: tuple[Trial, ...]
    reading: str
    panel: Figure
    means: tables.Matrix
    spectrum: Figure | None


@dataclass(frozen=True, kw_only=True)
class Document(ExperimentPage):
    """All that the report of a run says and shows.

    Attributes:
        warning: What went wrong in the training, if anything did.
        numbers: Single values that the fixed sentences name.
        noiseless: Whether all points of a class lie on its centre.
        overlap: Whether the clouds overlap so much that even the best classifier errs.
        phases: The phases in order.
        levels: Name, loss and meaning of each analytic level.
        episodes: The phases at length.
        makeup: Rows of the table of curvature and ranks, with its head.
        ranks: How the rank of the last hidden layer goes from phase to phase.
        standstill: The saddle beside the prior plateau, in paragraphs.
        trials: The note's claims and their verdicts.
        tally: How many have which verdict.
        accuracies: Rows of the accuracy table: who, on training points, on fresh points.
        confusion: Training points by label and prediction.
        trained: The decision regions after training.
        luck: Whether the training accuracy is ability.
        loss_gap: The loss in training and on fresh points.
        fresh: What the fresh points are.
        square: Whether the short form of the best accuracy holds.
        inertia: What the companion run shows.
        inertia_optimizer: Key of the formula of the one with momentum.
        plateaus: Rows of the inertia table.
        crossings: Rows of the table of rules that leave each plateau, with its head.
        stuck: What too much inertia did, if it did harm.
        repeated: How the runs from other weight seeds differ.
        replicates: What they show; None without any.
        standings: Rows of their table.
        ranked: Whether any of them is called typical or unusual.
        optimizer: Key of the update rule's formula.
        explorer: What the scripts of the page on screen need; None without scripts.
    """

    template = "report.html.j2"

    warning: str | None
    numbers: dict[str, str]
    noiseless: bool
    overlap: bool
    phases: tuple[PhaseRow, ...]
    levels: tuple[tuple[str, str, str], ...]
    episodes: tuple[Episode, ...]
    makeup: tuple[tuple[str, ...], ...]
    ranks: str
    standstill: tuple[str, ...]
    trials: tuple[Trial, ...]
    tally: str
    accuracies: tuple[tuple[str, ...], ...]
    confusion: tables.Matrix
    trained: Figure
    luck: str
    loss_gap: str
    fresh: str
    square: bool
    inertia: str
    inertia_optimizer: str
    plateaus: tuple[tuple[str, ...], ...]
    crossings: tuple[tuple[str, ...], ...]
    stuck: str | None
    repeated: str
    replicates: str | None
    standings: tuple[tuple[str, ...], ...]
    ranked: bool
    optimizer: str
    explorer: dict[str, Any] | None

    @property
    def scripts(self) -> Mapping[str, Sequence[str]]:
        """Those of the explorer, if there is one."""
        return {} if self.explorer is None else explorer.SCRIPTS

    @property
    def drawings(self) -> tuple[Figure, ...]:
        """All figures, panels and spectra."""
        parts = (part for episode in self.episodes for part in (episode.panel, episode.spectrum))
        return (*super().drawings, *(part for part in parts if part is not None), self.trained)


def compose(
    run: Experiment,
    language: Language,
    versions: Sequence[tuple[str, str]],
    replicates: Callable[[], Replicates] = Replicates,
) -> Document:
    """Puts the results of a run into words and drawings.

    Args:
        run: The numbers.
        language: How to speak.
        versions: Names and versions of what shaped them, for the appendix.
        replicates: Waits for the runs from other weight seeds; asked last of all. There are none unless told.
    """
    _ = language.gettext
    config, metrics = run.config, run.metrics
    canvas = drawings.panel_canvas(run)
    chapters = story.chapters(run)
    with ThreadPoolExecutor(1) as pool:
        panels = pool.submit(drawings.panels, run, canvas, chapters, language)
        levels = analytic_levels(run.dataset.mixture, language)
        drawn = [drawings.data(run, language), drawings.network(run, language)]
        if chapters:
            lines = [Line(level.loss, level.label) for level in levels]
            drawn.append(drawings.loss_curve(run, chapters, lines, language))
        still = run.standstill
        if still is not None and still.escape is not None and still.way_out is not None:
            drawn.append(drawings.saddle(run, still.escape, still.way_out, language))
        drawn.append(drawings.inertia(run, language))
        trials = verdicts.trials(run, language)
        spectra = _spectra(run, language)
        *regions, trained = panels.result()
    others = replicates()
    standing = standings(run, others) if others.runs else ()
    if others.runs:
        drawn.append(drawings.replicates(run, others, standing, language))
    return Document(
        language=language,
        title=page.title(config, language),
        subtitle=_("What a %(shape)s sigmoid network learns about four clouds of points")
        % {"shape": "-".join(map(str, config.network.widths))},
        run_name=config.run_name,
        digest=config.digest,
        version=dict(versions)["quadnet"],
        facts=(
            *settings(config, language),
            (_("Seeds of data, weights"), f"{config.data.seed}{language.habits.comma}{config.network.seed}"),
        ),
        warning=prose.warning(run, language),
        summary=prose.summary(run, language),
        numbers=_numbers(run, language),
        noiseless=config.data.spread == 0,
        overlap=metrics.bayes_accuracy < 1 - _VISIBLE,
        figures={figure.key: figure for figure in drawn},
        phases=tuple(_phase(chapter, language) for chapter in chapters),
        levels=tuple(level.row(language) for level in levels),
        episodes=tuple(
            _episode(chapter, chapters, anatomy, trials, panel, spectrum, language)
            for chapter, anatomy, panel, spectrum in zip(chapters, run.anatomy, regions, spectra, strict=True)
        ),
        makeup=tables.makeup(run, language),
        ranks=prose.ranks(run, language),
        standstill=prose.standstill(run, language),
        trials=trials,
        tally=verdicts.tally(run, language),
        accuracies=tables.accuracies(run, language),
        confusion=tables.confusion(metrics.confusion_matrix, language),
        trained=trained,
        luck=ability.luck(metrics, language),
        loss_gap=ability.loss_gap(metrics, language),
        fresh=ability.fresh(run, language),
        square=config.data.square,
        inertia=prose.inertia(run, language),
        inertia_optimizer=next(
            training.optimizer
            for training in (run.companion.training, config.training)
            if training.optimizer != "gradient_descent"
        ),
        plateaus=tables.plateaus(run, language),
        crossings=tables.crossings(run, language),
        stuck=prose.stuck(run, language),
        repeated=seeds.repeated(run, others, language),
        replicates=seeds.comparison(run, others, standing, language) if others.runs else None,
        standings=tuple(tables.standing(number, one, language) for number, one in enumerate(standing, start=1)),
        ranked=any(one.verdict for one in standing),
        optimizer=config.training.optimizer,
        config_toml=dumps(config),
        versions=tuple(versions),
        explorer=explorer.explore(run, chapters, language),
    )


def settings(config: Config, language: Language) -> tuple[tuple[str, str], ...]:
    """Names and values of the main settings, but for the seeds."""
    _ = language.gettext
    counts = config.data.counts
    points = str(counts[0]) if len(set(counts)) == 1 else language.habits.comma.join(map(str, counts))
    return (
        (_("Points of each class"), points),
        (_("Standard deviation"), f"{config.data.spread:g}"),
        (_("Layers"), "-".join(map(str, config.network.widths))),
        (_("Parameters"), language.integer(sum((a + 1) * b for a, b in pairwise(config.network.widths)))),
        (_("Initial scale"), f"{config.network.initial_scale:g}"),
        (_("Epochs"), language.integer(config.training.epochs)),
        (_("Learning rate"), f"{config.training.learning_rate:g}"),
        (_("Optimizer"), prose.optimizer(config.training, language)),
    )


def _numbers(run: Experiment, language: Language) -> dict[str, str]:
    config, metrics = run.config, run.metrics
    evidence = run.evidence.start
    return {
        "samples": language.integer(metrics.samples),
        "spread": f"{config.data.spread:g}",
        "centres": language.enumeration([f"({_plain(x)}, {_plain(y)})" for x, y in config.data.centres]),
        "data_seed": str(config.data.seed),
        "weight_seed": str(config.network.seed),
        "scale": f"{config.network.initial_scale:g}",
        "parameters": language.integer(run.history.parameters.shape[1]),
        "hidden": str(len(config.network.hidden)),
        "rate": f"{config.training.learning_rate:g}",
        "momentum": f"{config.training.momentum:g}",
        "epochs": prose.epochs(config.training.epochs, language),
        "optimizer": prose.optimizer(config.training, language),
        "bayes": language.percent(metrics.bayes_accuracy, 3),
        "bayes_sample": language.percent(metrics.bayes_accuracy_sample, 3),
        "fresh_points": language.integer(metrics.fresh_points),
        "accuracy": language.percent(metrics.accuracy, 3),
        "note_accuracy": language.decimal(metrics.accuracy_note_formula, 1),
        "largest_share": language.percent(metrics.largest_share),
        "loss_first": language.decimal(metrics.loss_first, 4),
        "start_accuracy": language.percent(evidence.accuracy),
    }


def _plain(value: float) -> str:
    return f"{value:g}".replace("-", "\u2212")


@dataclass(frozen=True)
class Level:
    """A loss that theory singles out: name, value, and the state of the network behind it."""

    label: str
    loss: float
    meaning: str

    def row(self, language: Language) -> tuple[str, str, str]:
        """The level as a row of a table."""
        return self.label, language.decimal(self.loss, 4), self.meaning


_PAIRS: tuple[Partition, ...] = (((0, 1), (2, 3)), ((0, 3), (1, 2)), ((0, 2), (1, 3)))


def analytic_levels(mixture: Mixture, language: Language) -> tuple[Level, ...]:
    """The losses that theory singles out for a mixture, highest first."""
    _ = language.gettext
    return (
        Level(_("4 ln 2: all outputs ½"), CLASSES * math.log(2), _("a blind start: every output says one half")),
        Level(
            _("Σ H(π): class shares"),
            merged_level(mixture.shares),
            _("every output says how frequent its class is, whatever the point"),
        ),
        Level(
            _("two pairs apart"),
            min(mixture.level(pair) for pair in _PAIRS),
            _("two groups of two classes are told apart as well as can be, and nothing within a group"),
        ),
        Level(
            _("Bayes-optimal outputs"),
            mixture.level([[c] for c in range(CLASSES)]),
            _("every output is the true probability of its class at the point"),
        ),
    )


def _phase(chapter: Chapter, language: Language) -> PhaseRow:
    phase = chapter.phase
    return PhaseRow(
        number=str(chapter.number),
        kind=story.kind(chapter, language),
        epochs=f"{language.integer(phase.start)}–{language.integer(phase.end)}",
        loss=f"{language.significant(phase.loss_start)} → {language.significant(phase.loss_end)}",
        groups=story.groups(chapter.snapshot.partition),
        accuracy=language.percent(chapter.snapshot.accuracy),
        story=story.story(chapter, language),
    )


def _spectra(run: Experiment, language: Language) -> list[Figure | None]:
    known = [look.eigenvalues for anatomy in run.anatomy for look in anatomy.looks if look.eigenvalues is not None]
    largest = max((float(np.abs(values).max()) for values in known), default=0.0)
    return [drawings.spectrum(k, anatomy, largest, language) for k, anatomy in enumerate(run.anatomy, start=1)]


def _episode(
    chapter: Chapter,
    chapters: Sequence[Chapter],
    anatomy: Anatomy,
    trials: Sequence[Trial],
    panel: Figure,
    spectrum: Figure | None,
    language: Language,
) -> Episode:
    phase = chapter.phase
    title = language.gettext("Phase %(number)s: %(kind)s, epochs %(start)s to %(end)s") % {
        "number": chapter.number,
        "kind": story.kind(chapter, language),
        "start": language.integer(phase.start),
        "end": language.integer(phase.end),
    }
    claimed = note.claims(chapter, chapters)
    signs = anatomy.end.signs
    return Episode(
        number=str(chapter.number),
        title=title,
        note=note.explanation(chapter, chapters, language),
        trials=tuple(trial for trial in trials if trial.number in claimed),
        reading=story.reading(chapter, language, None if signs is None else signs.negative),
        panel=panel,
        means=tables.means(chapter, language),
        spectrum=spectrum,
    )
