"""Two runs side by side: configuration, versions, metrics, phases and verdicts, as text or as a page."""

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import TypeAdapter, ValidationError

from quadnet import __version__
from quadnet.arrays import FloatArray
from quadnet.dataset import quadrants
from quadnet.phases import Phase
from quadnet.training import train

from .. import effort
from ..pages import publish
from ..record import files, manifest, reading, writing
from ..record.reading import Record, RecordError
from ..words.language import Language, as_text
from ..words.phase_names import kind
from . import verification

if TYPE_CHECKING:
    from .comparison_page import Side

Values = dict[str, Any]
Sections = dict[str, dict[str, tuple[Any, Any]]]

_HISTORY = "history.csv"
_MARK = b"<!-- compared by quadnet diff, which may do so anew -->\n"
_ANOTHER_FILE = "name another file with --html"
_MOST_SHOWN = 200  # letters of a name or value, which a record that somebody hands over may have by the million
_PHASES = TypeAdapter(list[Phase])


@dataclass(frozen=True)
class Comparison:
    """Two runs side by side.

    Attributes:
        records: What was read.
        sections: For each kind of values, by name, the value in either run, None where it has none.
    """

    records: tuple[Record, Record]
    sections: Sections

    @property
    def differing(self) -> Sections:
        """What of the sections differs."""
        return {
            heading: {name: (a, b) for name, (a, b) in rows.items() if a != b}
            for heading, rows in self.sections.items()
        }

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return not any(self.differing.values())

    def lines(self) -> list[str]:
        """Text in columns, a heading for each section."""
        differing = self.differing
        rows = [
            ("  " + _short(name), *("-" if value is None else _short(as_text(value)) for value in pair))
            for section in differing.values()
            for name, pair in section.items()
        ]
        widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
        lines = [f"{letter}: {record.path}" for letter, record in zip("AB", self.records, strict=True)]
        for heading, section in differing.items():
            lines.append(heading if section else f"{heading}: same")
            lines += [f"{name:{widths[0]}}  {a:{widths[1]}}  {b}" for name, a, b in rows[: len(section)]]
            del rows[: len(section)]
        return lines

    def entries(self) -> dict[str, Any]:
        """The same as JSON takes it."""
        paths = [str(record.path) for record in self.records]
        return {"paths": paths, "equal": self.equal, "differing": self.differing}


def _short(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}… ({len(text)} letters)"


def compare(first: Path, second: Path) -> Comparison:
    """Lays two runs side by side.

    Args:
        first: A run's folder, an archive of one, or its PDF.
        second: Another.

    Raises:
        RecordError: One of them is no run, or damaged.
    """
    records = _sound(first), _sound(second)
    return Comparison(records, _sections(records, Language.load("en")))


def check_free(target: Path, runs: Iterable[Path], *, force: bool) -> None:
    """Makes sure that neither a file nor a run is lost to a page.

    Raises:
        QuadnetError: There is a file that is no page of this kind, and it is not to be replaced; or the page would lie
            in the folder of a run, which holds nothing but what its manifest lists.
    """
    writing.check_free(target, _MARK, "comparison of quadnet", _ANOTHER_FILE, runs, force=force)


def write_page(found: Comparison, target: Path, *, anyway: bool = False) -> None:
    """Writes a comparison as a page with the losses and the decision regions of both runs.

    Args:
        found: The comparison.
        target: The HTML file.
        anyway: Whether to train the runs again however long that takes.

    Raises:
        QuadnetError: The page cannot be written, or a record's numbers cannot be drawn.
        ConfigurationError: SOURCE_DATE_EPOCH is no time.
    """
    created = publish.page_time(os.environ)
    first, second = found.records
    language = Language.load(verification.resolved(first).report.language)
    sides = _side("A", first, anyway=anyway), _side("B", second, anyway=anyway)
    from ..pages import render
    from . import comparison_page

    view = comparison_page.compose(sides, _sections(found.records, language), language, __version__)
    page = render.html(view, "screen", created)
    # JSON can hold halves of characters, which no encoding has.
    writing.replace(target, _MARK + page.encode(errors="backslashreplace"), _ANOTHER_FILE)


def _sound(path: Path) -> Record:
    record = reading.read(path)
    if wrong := verification.stored(record):
        raise RecordError(f"{record.path}: damaged: {wrong[0]}; `quadnet verify` says more")
    return record


def _sections(records: tuple[Record, Record], language: Language) -> Sections:
    claims: dict[str, str] = {}
    first, second = records
    versions = manifest.comparable(first.manifest, second.manifest)
    ours, theirs = (_values(record, named, language, claims) for record, named in zip(records, versions, strict=True))
    return {
        heading: {name: (before.get(name), now.get(name)) for name in {**before, **now}}
        for (heading, before), now in zip(ours.items(), theirs.values(), strict=True)
    }


def _values(
    record: Record, versions: Mapping[str, str], language: Language, claims: dict[str, str]
) -> dict[str, Values]:
    """What is compared of a run.

    Args:
        record: The run.
        versions: Of what made it.
        language: How the page speaks.
        claims: The claims by number as the runs before have them, to which this one's are added: runs may differ in
            their language.
    """
    try:
        return {
            "configuration": verification.resolved(record).settings,
            "versions": {**versions, "sources": record.manifest.program.source_sha256[:8]},
            "metrics": _flat(record.json("metrics.json")),
            "phases": {
                "status": record.json("phases.json")["status"],
                **{f"{number}": _told(phase, language) for number, phase in enumerate(_phases(record), start=1)},
            },
            "verdicts": {
                f"{number} {claims.setdefault(number, claim['claim'])}": claim["verdict"]
                for number, claim in record.json("claims.json").items()
            },
        }
    except (AttributeError, KeyError, TypeError, ValidationError, RecursionError):
        raise _unlike(record) from None


def _unlike(record: Record) -> RecordError:
    return RecordError(f"{record.path}: its numbers are not laid out like those of a run")


def _phases(record: Record) -> list[Phase]:
    return _PHASES.validate_python(record.json("phases.json")["phases"])


def _told(phase: Phase, language: Language) -> str:
    return language.gettext("%(kind)s %(start)s–%(end)s, loss %(first)s to %(last)s") % {
        "kind": kind(phase, language),
        "start": phase.start,
        "end": phase.end,
        "first": repr(phase.loss_start),
        "last": repr(phase.loss_end),
    }


def _flat(values: Mapping[str, Any], prefix: str = "") -> Values:
    """Nested tables as one with dotted names."""
    flat: Values = {}
    for name, value in values.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return flat


def _side(letter: str, record: Record, *, anyway: bool) -> "Side":
    """A run as its page shows it."""
    from .comparison_page import Side, Trained

    config = verification.resolved(record)
    trained: Trained | Literal["long", "other"] = "long"
    if anyway or effort.of_report(config).within(effort.SECONDS):
        dataset = quadrants(config)
        history = train(config, dataset)
        trained = Trained(dataset, history) if _is_listed(record, files.history(history.loss)) else "other"
    loss = trained.history.loss if isinstance(trained, Trained) else _stored_loss(record, config.training.epochs)
    phases = _phases(record) if loss.size else []
    borders = [0, *(border for phase in phases for border in (phase.start, phase.end))]
    if borders != sorted(borders) or borders[-1] >= max(loss.size, 1) or len(phases) > reading.MOST_PHASES:
        raise _unlike(record)
    name = os.fsencode(record.path.resolve().name).decode(errors="backslashreplace")
    return Side(letter, name, record.manifest.program.version, config, loss, phases, trained)


def _is_listed(record: Record, history: bytes) -> bool:
    """Whether a history is the record's own, by the manifest: not every PDF carries the file."""
    listed = record.manifest.files.get(_HISTORY)
    return listed is not None and hashlib.sha256(history).hexdigest() == listed.sha256


def _stored_loss(record: Record, epochs: int) -> FloatArray:
    """The loss in a record, shape (epochs,) or shorter; empty where there is none.

    Raises:
        RecordError: The file is not what `files.history` writes.
    """
    content = record.files.get(_HISTORY)
    if content is None:
        return np.empty(0)
    lines = content.count(b"\n")
    if lines > epochs + 1:
        raise _unlike(record)
    try:
        cells = (line.partition(b",")[2] for line in content.splitlines()[1:])
        loss = np.fromiter(map(float, cells), np.float64)
    except ValueError:
        raise _unlike(record) from None
    if files.history(loss) != content:
        raise _unlike(record)
    return loss
