"""The view model of a page that compares two runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from quadnet.arrays import FloatArray
from quadnet.config import Config
from quadnet.dataset import Dataset
from quadnet.errors import one_line
from quadnet.history import History
from quadnet.phases import Phase

from ..figures import two_runs
from ..pages.view import Page
from ..run import figures as run_figures
from ..words import claims as claim_words
from ..words.language import Language, as_text
from . import comparison_figures

Sections = Mapping[str, Mapping[str, tuple[Any, Any]]]
_NONE = "–"


@dataclass(frozen=True)
class Trained:
    """A run's training, done again."""

    dataset: Dataset
    history: History


@dataclass(frozen=True)
class Side:
    """One of the two runs.

    Attributes:
        letter: By which the page calls it.
        source: Name of the folder or file that it was read from.
        version: Of the program that made it.
        config: Its configuration.
        loss: Shape (epochs,); empty if it is not known.
        phases: Of that loss; none if it is not known.
        trained: The training, or why it is not shown: it would take long, or it gives another loss than the record's.
    """

    letter: str
    source: str
    version: str
    config: Config
    loss: FloatArray
    phases: Sequence[Phase]
    trained: Trained | Literal["long", "other"]


@dataclass(frozen=True)
class Region:
    """The decision regions of a run, or why they are not shown: one of the two is None."""

    figure: str | None
    absence: str | None


@dataclass(frozen=True)
class Section:
    """What is compared of one kind.

    Attributes:
        key: Its anchor in the page.
        title: Its heading.
        head: Name of the first column.
        code: Whether the names in that column are those of keys in a file.
        tally: How many rows differ.
        differing: Name and the values in A and B, for each row that differs.
        alike: How many rows are the same in both, in words.
        equal: Their names and values.
    """

    key: str
    title: str
    head: str
    code: bool
    tally: str
    differing: tuple[tuple[str, str, str], ...]
    alike: str
    equal: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class ComparisonDocument(Page):
    """All that the comparison of two runs says and shows.

    Attributes:
        sides: Letter, run, source, version and digest of the configuration of either run.
        regions: Their decision regions.
        sections: What is compared.
    """

    template = "comparison.html.j2"

    sides: tuple[tuple[str, str, str, str, str], ...]
    regions: tuple[Region, ...]
    sections: tuple[Section, ...]


def compose(sides: tuple[Side, Side], sections: Sections, language: Language, version: str) -> ComparisonDocument:
    """Puts two runs into words and drawings.

    Args:
        sides: The runs.
        sections: For each kind of values, by name, the value in either run, None where it has none.
        language: How to speak.
        version: The program's.
    """
    _ = language.gettext
    figures = [comparison_figures.two_losses((_run(sides[0]), _run(sides[1])), language)]
    regions = []
    for side in sides:
        if isinstance(side.trained, Trained):
            figures.append(run_figures.trained(side.letter, side.trained.dataset, side.trained.history, language))
            regions.append(Region(figures[-1].key, None))
        else:
            regions.append(Region(None, _absence(side, language)))
    shown = tuple(_section(key, rows, language) for key, rows in sections.items())
    names = {"a": sides[0].config.run_name, "b": sides[1].config.run_name}
    return ComparisonDocument(
        language=language,
        title=_("Two runs compared"),
        subtitle=_("A is %(a)s, B is %(b)s") % names,
        version=version,
        facts=tuple((section.title, section.tally) for section in shown),
        summary=(_summary(shown, language),),
        figures={figure.key: figure for figure in figures},
        sides=tuple(
            (side.letter, side.config.run_name, one_line(side.source), one_line(side.version), side.config.digest)
            for side in sides
        ),
        regions=tuple(regions),
        sections=shown,
    )


def _run(side: Side) -> two_runs.Run:
    plateaus = {number: phase for number, phase in enumerate(side.phases, start=1) if phase.kind == "plateau"}
    return two_runs.Run(side.letter, side.loss[np.isfinite(side.loss)], plateaus)


def _absence(side: Side, language: Language) -> str:
    _ = language.gettext
    if side.trained == "long":
        return _(
            "The regions of %(run)s are not shown: its training asks for long work, which quadnet diff does only with "
            "the option --anyway."
        ) % {"run": side.letter}
    return _(
        "The regions of %(run)s are not shown: training it again gave another loss than the one in its record, so they "
        "would not be its own."
    ) % {"run": side.letter}


def _section(key: str, rows: Mapping[str, tuple[Any, Any]], language: Language) -> Section:
    _ = language.gettext
    titles = {
        "configuration": (_("Configuration"), _("setting")),
        "versions": (_("Versions"), _("part")),
        "metrics": (_("Metrics"), _("metric")),
        "phases": (_("Phases"), _("phase")),
        "verdicts": (_("Verdicts"), _("claim")),
    }
    differing = {name: pair for name, pair in rows.items() if pair[0] != pair[1]}
    alike = {name: a for name, (a, _b) in rows.items() if name not in differing}
    words = claim_words.outcomes(language) if key == "verdicts" else {}
    return Section(
        key=key,
        title=titles[key][0],
        head=titles[key][1],
        code=key in ("configuration", "metrics"),
        tally=_("%(count)s of %(all)s differ") % {"count": len(differing), "all": len(rows)}
        if differing
        else _("no difference"),
        differing=tuple((one_line(name), _cell(a, words), _cell(b, words)) for name, (a, b) in differing.items()),
        alike=language.ngettext("%(count)s row is the same in both", "%(count)s rows are the same in both", len(alike))
        % {"count": len(alike)},
        equal=tuple((one_line(name), _cell(value, words)) for name, value in alike.items()),
    )


def _cell(value: Any, words: Mapping[str, str]) -> str:
    if value is None:
        return _NONE
    text = as_text(value)
    return words.get(text, one_line(text))


def _summary(sections: Sequence[Section], language: Language) -> str:
    count = sum(len(section.differing) for section in sections)
    if not count:
        return language.gettext("Nothing differs: all values below are the same in both runs.")
    return language.ngettext(
        "%(count)s of the %(all)s values below differs between the runs.",
        "%(count)s of the %(all)s values below differ between the runs.",
        count,
    ) % {
        "count": language.integer(count),
        "all": language.integer(count + sum(len(section.equal) for section in sections)),
    }
