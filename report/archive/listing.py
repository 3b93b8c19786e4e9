"""What a folder of runs holds, a line for each: runs with their results, sweeps, handouts, and what is damaged.

Of each run only its small files are read, so that a list of thousands is there in seconds. What they say is believed,
as long as a run can say it; `quadnet verify` is what checks it.
"""

import csv
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from quadnet.claims import OUTCOMES, Outcome
from quadnet.config import Config, assignment
from quadnet.errors import QuadnetError, one_line
from quadnet.phases import Phase
from quadnet.sweep import letter

from ..pages.publish import PAGES
from ..record import foreign, manifest, reading
from ..record.reading import Glance, RecordError
from ..sweep.build import RUNS
from . import verification

ZIP = ".zip"
_COLUMNS = ("name", "kind", "seeds", "hidden", "epochs", "accuracy", "Bayes", "phases", "verdicts", "files", "settings")
_RIGHT = ("epochs", "accuracy", "Bayes")
_APART = ("name", "data.seed", "network.seed", "network.hidden", "training.epochs")  # have a place of their own
_MOST_LETTERS = 30  # of phases in a table
_MOST_WORDS = 200  # letters of a sentence that says what is damaged
_NONE = "-"

Share = Annotated[float, Field(ge=0, le=1 + 1e-9)]  # a Bayes rule's is a sum of products, which rounding may lift


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, allow_inf_nan=False)


class Metrics(_Part):
    """The accuracies of a run, as in metrics.json."""

    accuracy: Share
    bayes_accuracy_sample: Share
    accuracy_fresh: Share
    bayes_accuracy: Share


class _Phases(_Part):
    status: Annotated[str, Field(max_length=100)]
    phases: Annotated[tuple[Phase, ...], Field(max_length=reading.MOST_PHASES)]


class _Claim(_Part):
    verdict: Outcome


class _Listed(_Part):
    """What a manifest lists."""

    files: dict[str, Any]


_RESULTS = ("metrics.json", "phases.json", "claims.json")
_LISTED = TypeAdapter(_Listed)
_METRICS, _PHASES, _CLAIMS = TypeAdapter(Metrics), TypeAdapter(_Phases), TypeAdapter(dict[str, _Claim])
_Content = TypeVar("_Content")


@dataclass(frozen=True)
class Run:
    """A run.

    Attributes:
        name: Of its folder, or of its zip where there is no folder.
        files: Its pages and its zip, as far as they are there: paths in the folder of the list by `html`, `pdf`, `zip`.
        config: What it was made from.
        metrics: Its accuracies.
        status: What became of the training, as in `quadnet.phases.Phases`.
        phases: Of its loss curve.
        verdicts: How many claims of the note got each verdict.
    """

    name: str
    files: dict[str, str]
    config: Config
    metrics: Metrics
    status: str
    phases: tuple[Phase, ...]
    verdicts: dict[str, int]

    @property
    def letters(self) -> str:
        """The phases in a letter each, as in `quadnet.sweep.Row`."""
        return "".join(map(letter, self.phases))

    @property
    def shown(self) -> str:
        """The same as a table takes it: of very many the first, and how many there are."""
        letters = self.letters
        return letters if len(letters) <= _MOST_LETTERS else f"{letters[:_MOST_LETTERS]}… ({len(letters)})"

    @property
    def plateaus(self) -> int:
        """How many plateaus the curve leaves again."""
        return sum(phase.kind == "plateau" and not phase.open for phase in self.phases)


@dataclass(frozen=True)
class Sweep:
    """The folder of a sweep, which is one line of the list; its report compares its runs.

    Attributes:
        name: Of the folder.
        files: As those of a run.
        config: What its runs have in common; the seeds do not count.
        runs: How many its table has.
    """

    name: str
    files: dict[str, str]
    config: Config
    runs: int


@dataclass(frozen=True)
class Sheets:
    """A handout, or the handouts of a class.

    Attributes:
        name: Of the folder.
        files: The sheets of a handout, or the folders of a class's sheets and the keys to them: paths by a short name.
        config: What it was made from.
        students: How many a class has; None for a handout, which is for all.
    """

    name: str
    files: dict[str, str]
    config: Config
    students: int | None


@dataclass(frozen=True)
class Damaged:
    """What looks like one of these and cannot be read.

    Attributes:
        name: Of the folder or zip.
        problem: Why, in a line.
    """

    name: str
    problem: str


Item = Run | Sweep | Sheets | Damaged


def kind(item: Item) -> str:
    """What it is, in a word."""
    match item:
        case Run():
            return "run"
        case Sweep():
            return "sweep"
        case Sheets():
            return "handout" if item.students is None else "class"
        case Damaged():
            return "damaged"


@dataclass(frozen=True)
class Listing:
    """What is in a folder.

    Attributes:
        folder: Which.
        items: What there is, sorted by name.
        others: How many folders, zips and links are none of these.
        passed: What other programs left there.
    """

    folder: Path
    items: tuple[Item, ...]
    others: int
    passed: tuple[str, ...] = ()

    def entries(self) -> list[dict[str, Any]]:
        """What is known of each, for JSON."""
        return [_entry(item) for item in self.items]

    def table(self) -> str:
        """One aligned line for each below the names of the columns."""
        lines = [_COLUMNS, *map(_cells, self.items)]
        widths = [max(len(line[k]) for line in lines if len(line) > 2) for k in range(len(_COLUMNS))]
        widths[0] = max(len(line[0]) for line in lines)
        return "\n".join(_aligned(line, widths) for line in lines)


def find(folder: Path) -> Listing:
    """Lists what lies directly in a folder.

    A run is a folder with a manifest or a zip of one, and so is a handout or the set of a class; a sweep is a folder
    with a table of runs and a configuration. A zip that is called like a run's folder beside it belongs to that line.
    Links are not followed, and hidden names and other files are passed over.

    Raises:
        QuadnetError: The folder cannot be read.
    """
    folders: list[str] = []
    zips: set[str] = set()
    passed: list[str] = []
    others = 0
    try:
        with os.scandir(folder) as entries:
            for place in entries:
                if foreign.is_foreign(place.name):
                    passed.append(f"{place.name}/" if Path(place).is_dir() else place.name)
                    continue
                if place.is_symlink():
                    others += Path(place).is_dir() or place.name.endswith(ZIP)  # or it leads round in a circle
                elif place.is_dir():
                    folders.append(place.name)
                elif place.is_file() and place.name.endswith(ZIP):
                    zips.add(place.name)
    except OSError as error:
        raise QuadnetError(f"{folder}: cannot be read ({error.strerror}); name a folder of runs") from None
    items = [_item(folder / name, has_zip=name + ZIP in zips) for name in folders]
    zips -= {item.files["zip"] for item in items if isinstance(item, Run | Sheets) and "zip" in item.files}
    items += [_item(folder / name, zipped=True) for name in zips]
    known = sorted((item for item in items if item is not None), key=lambda item: item.name)
    return Listing(folder, tuple(known), others + len(items) - len(known), tuple(passed))


def _item(path: Path, *, zipped: bool = False, has_zip: bool = False) -> Item | None:
    """A line of the list, or None for what is none of ours."""
    try:
        found = reading.glance(path, (manifest.NAME, "config.toml", *_RESULTS))
        own = manifest.is_ours(found.files.get(manifest.NAME, b"")) or found.names.issuperset(_RESULTS)
        if own and manifest.NAME in found.names:
            item = _run(path, found) if reading.sheets(found.names) is None else _sheets(path, found)
            if zipped:
                return replace(item, files={"zip": path.name})
            return replace(item, files=item.files | ({"zip": path.name + ZIP} if has_zip else {}))
        if {RUNS, "config.toml"} <= found.names and not zipped:
            config = verification.settings(path, found.files)
            return Sweep(path.name, _pages(path.name, found), config, _count(path / RUNS))
    except QuadnetError as error:
        problem = str(error).removeprefix(str(QuadnetError(f"{path}: ")))
        return Damaged(path.name, problem if len(problem) <= _MOST_WORDS else problem[: _MOST_WORDS - 1] + "…")
    return None


def _run(path: Path, found: Glance) -> Run:
    config = verification.settings(path, found.files)
    metrics = _checked(path, found, "metrics.json", _METRICS)
    phases = _checked(path, found, "phases.json", _PHASES)
    claims = _checked(path, found, "claims.json", _CLAIMS)
    counts = Counter(claim.verdict for claim in claims.values())
    verdicts: dict[str, int] = {outcome: counts[outcome] for outcome in OUTCOMES}
    return Run(path.name, _pages(path.name, found), config, metrics, phases.status, phases.phases, verdicts)


def _sheets(path: Path, found: Glance) -> Sheets:
    """A handout with its sheets, or the set of a class with the folders of its sheets and the keys to them."""
    config = verification.settings(path, found.files)
    if reading.sheets(found.names) == "handout":
        pages = sorted(name for name in found.names if name.startswith("handout-"))
        return Sheets(path.name, {page.removeprefix("handout-"): f"{path.name}/{page}" for page in pages}, config, None)
    try:
        listed = _LISTED.validate_json(found.files[manifest.NAME]).files
    except ValidationError:
        raise RecordError(f"{path}: {manifest.NAME} is damaged") from None
    folders = sorted({name.partition("/")[0] + "/" for name in listed if "/" in name}, reverse=True)
    keys = sorted(name for name in found.names if name.startswith("key.") or name == "moodle.xml")
    students = {PurePosixPath(name).stem for name in listed if "/" in name}
    return Sheets(path.name, {name: f"{path.name}/{name}" for name in (*folders, *keys)}, config, len(students))


def _pages(name: str, found: Glance) -> dict[str, str]:
    return {kind: f"{name}/{page}" for kind, page in PAGES.items() if page in found.names}


def _checked(path: Path, found: Glance, name: str, content: TypeAdapter[_Content]) -> _Content:
    if name not in found.files:
        raise RecordError(f"{path}: {name} is missing")
    try:
        return content.validate_json(found.files[name])
    except ValidationError:
        raise RecordError(f"{path}: {name} is not that of a run") from None


def _count(table: Path) -> int:
    """How many runs a sweep's table has."""
    try:
        if table.stat().st_size > reading.MOST_CARRIED:
            raise RecordError(f"{table.parent}: {RUNS} is larger than {reading.MOST_CARRIED >> 20} MB")
        with table.open(encoding="utf-8", errors="replace", newline="") as file:
            return max(0, sum(1 for _ in csv.reader(file)) - 1)
    except (OSError, csv.Error):
        raise RecordError(f"{table.parent}: {RUNS} cannot be read") from None


def changed(config: Config) -> dict[str, Any]:
    """The settings that have no column of their own and are not the defaults', by their dotted names."""
    return {key: value for key, value in config.settings.items() if key not in _APART and value != _DEFAULTS[key]}


_DEFAULTS = Config().settings


def _entry(item: Item) -> dict[str, Any]:
    if isinstance(item, Damaged):
        return {"name": item.name, "kind": kind(item), "problem": item.problem}
    config = item.config
    common = {"hidden": list(config.network.hidden), "epochs": config.training.epochs, "settings": changed(config)}
    head = {"name": item.name, "kind": kind(item), "title": config.report.title}
    if isinstance(item, Sweep):
        return {**head, "runs": item.runs, **common, "files": item.files}
    if isinstance(item, Sheets) and item.students is not None:  # whose seed is the lecturer's secret
        return {**head, "students": item.students, **common, "files": item.files}
    if isinstance(item, Sheets):
        return {**head, "seeds": _seeds(config), **common, "files": item.files}
    return {
        **head,
        "seeds": _seeds(config),
        **common,
        **item.metrics.model_dump(),
        "status": item.status,
        "phases": item.letters,
        "plateaus": item.plateaus,
        "verdicts": item.verdicts,
        "files": item.files,
    }


def _seeds(config: Config) -> dict[str, int]:
    return {"data": config.data.seed, "weights": config.network.seed}


def _cells(item: Item) -> tuple[str, ...]:
    name = one_line(item.name)
    if isinstance(item, Damaged):
        return name, f"damaged: {item.problem}"
    config = item.config
    shape = ",".join(map(str, config.network.hidden)) or _NONE, str(config.training.epochs)
    rest = (
        ",".join(item.files) or _NONE,
        " ".join(assignment(key, value) for key, value in changed(config).items()),
    )
    seeds = ",".join(map(str, _seeds(config).values()))
    if isinstance(item, Sweep):
        return name, kind(item), f"{item.runs} runs", *shape, *[_NONE] * 4, *rest
    if isinstance(item, Sheets):
        who = seeds if item.students is None else f"{item.students} students"
        return name, kind(item), who, *shape, *[_NONE] * 4, *rest
    return (
        name,
        kind(item),
        seeds,
        *shape,
        f"{item.metrics.accuracy_fresh:.4f}",
        f"{item.metrics.bayes_accuracy:.4f}",
        (item.shown or _NONE) + ("" if item.status == "ok" else f" ({one_line(item.status)})"),
        "/".join(map(str, item.verdicts.values())),
        *rest,
    )


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(
        cell.rjust(width) if column in _RIGHT else cell.ljust(width)
        for cell, width, column in zip(cells, widths, _COLUMNS, strict=False)
    ).rstrip()
