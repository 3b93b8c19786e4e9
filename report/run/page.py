"""The view model that the templates read: every number already a text, every figure already drawn."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from quadnet.anatomy import Anatomy
from quadnet.config import dumps
from quadnet.experiment import Experiment
from quadnet.replicates import Replicates, standings

from ..figures.curves import Level as Line
from ..figures.figure import Figure
from ..pages import view
from ..pages.view import ExperimentPage
from ..words import accuracy as accuracy_words
from ..words import claims as claim_words
from ..words import course, settings, teaching_note
from ..words import other_seeds as seed_words
from ..words import phases as phase_words
from ..words.claims import Trial
from ..words.language import Language
from ..words.levels import analytic_levels
from ..words.phases import Chapter
from ..words.settings import main_settings
from . import explorer, tables
from . import figures as run_figures

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
    canvas = run_figures.panel_canvas(run)
    chapters = phase_words.chapters(run)
    with ThreadPoolExecutor(1) as pool:
        panels = pool.submit(run_figures.panels, run, canvas, chapters, language)
        levels = analytic_levels(run.dataset.mixture, language)
        drawn = [run_figures.data(run, language), run_figures.network(run, language)]
        if chapters:
            lines = [Line(level.loss, level.label) for level in levels]
            drawn.append(run_figures.loss_curve(run, chapters, lines, language))
        still = run.standstill
        if still is not None and still.escape is not None and still.way_out is not None:
            drawn.append(run_figures.saddle(run, still.escape, still.way_out, language))
        drawn.append(run_figures.inertia(run, language))
        trials = claim_words.trials(run, language)
        spectra = _spectra(run, language)
        *regions, trained = panels.result()
    others = replicates()
    standing = standings(run, others) if others.runs else ()
    if others.runs:
        drawn.append(run_figures.replicates(run, others, standing, language))
    return Document(
        language=language,
        title=view.title(config, language),
        subtitle=_("What a %(shape)s sigmoid network learns about four clouds of points")
        % {"shape": "-".join(map(str, config.network.widths))},
        run_name=config.run_name,
        digest=config.digest,
        version=dict(versions)["quadnet"],
        facts=(
            *main_settings(config, language),
            (_("Seeds of data, weights"), f"{config.data.seed}{language.habits.comma}{config.network.seed}"),
        ),
        warning=course.warning(run, language),
        summary=course.summary(run, language),
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
        ranks=course.ranks(run, language),
        standstill=course.standstill(run, language),
        trials=trials,
        tally=claim_words.tally(run, language),
        accuracies=tables.accuracies(run, language),
        confusion=tables.confusion(metrics.confusion_matrix, language),
        trained=trained,
        luck=accuracy_words.luck(metrics, language),
        loss_gap=accuracy_words.loss_gap(metrics, language),
        fresh=accuracy_words.fresh(run, language),
        square=config.data.square,
        inertia=course.inertia(run, language),
        inertia_optimizer=next(
            training.optimizer
            for training in (run.companion.training, config.training)
            if training.optimizer != "gradient_descent"
        ),
        plateaus=tables.plateaus(run, language),
        crossings=tables.crossings(run, language),
        stuck=course.stuck(run, language),
        repeated=seed_words.repeated(run, others, language),
        replicates=seed_words.comparison(run, others, standing, language) if others.runs else None,
        standings=tuple(tables.standing(number, one, language) for number, one in enumerate(standing, start=1)),
        ranked=any(one.verdict for one in standing),
        optimizer=config.training.optimizer,
        config_toml=dumps(config),
        versions=tuple(versions),
        explorer=explorer.explore(run, chapters, language),
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
        "epochs": settings.epochs(config.training.epochs, language),
        "optimizer": settings.optimizer(config.training, language),
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


def _phase(chapter: Chapter, language: Language) -> PhaseRow:
    phase = chapter.phase
    return PhaseRow(
        number=str(chapter.number),
        kind=phase_words.kind(chapter, language),
        epochs=f"{language.integer(phase.start)}–{language.integer(phase.end)}",
        loss=f"{language.significant(phase.loss_start)} → {language.significant(phase.loss_end)}",
        groups=phase_words.groups(chapter.snapshot.partition),
        accuracy=language.percent(chapter.snapshot.accuracy),
        story=phase_words.story(chapter, language),
    )


def _spectra(run: Experiment, language: Language) -> list[Figure | None]:
    known = [look.eigenvalues for anatomy in run.anatomy for look in anatomy.looks if look.eigenvalues is not None]
    largest = max((float(np.abs(values).max()) for values in known), default=0.0)
    return [run_figures.spectrum(k, anatomy, largest, language) for k, anatomy in enumerate(run.anatomy, start=1)]


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
        "kind": phase_words.kind(chapter, language),
        "start": language.integer(phase.start),
        "end": language.integer(phase.end),
    }
    claimed = teaching_note.claims(chapter, chapters)
    signs = anatomy.end.signs
    return Episode(
        number=str(chapter.number),
        title=title,
        note=teaching_note.explanation(chapter, chapters, language),
        trials=tuple(trial for trial in trials if trial.number in claimed),
        reading=phase_words.reading(chapter, language, None if signs is None else signs.negative),
        panel=panel,
        means=tables.means(chapter, language),
        spectrum=spectrum,
    )
