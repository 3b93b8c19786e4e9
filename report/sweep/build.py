"""Sweeps on disk: which runs are there already, which are still to do, and one line for each that is done."""

import itertools
import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from quadnet import kernel
from quadnet.claims import NUMBERS, OUTCOMES, Outcome
from quadnet.config import Config, dumps
from quadnet.errors import ConfigurationError, QuadnetError, one_line
from quadnet.files import peek
from quadnet.program import numbers_digest, processors
from quadnet.sweep import Plateau, Row, Seeds, seeded, sweep

from .. import effort
from ..pages.press import PdfError, Press
from ..pages.publish import PAGES, page_time
from ..progress import SILENT, Stages
from ..record import keeping, manifest, writing
from ..record.journal import PROGRAM, Table
from ..words.language import Language

RUNS = "runs.csv"
_USUAL = 20  # runs, as many as a user gets who asks for no number
_MOST_SEEDS = 10_000_000  # of data, or of weights
_PEEKED, _LARGEST_PAGE = 4096, 2**26  # bytes
_STATUS = re.compile(r"ok|diverged|regressed|non-finite at epoch \d+")  # of a run that ended, as in `Phases`
_MOST_LETTERS = 100  # of a file or an error that a message quotes
_PLATEAUS = ("first", "second", "third")
_OUTCOMES: dict[str, Outcome] = {outcome: outcome for outcome in OUTCOMES}
COLUMNS = (
    *("data_seed", "weight_seed", PROGRAM, "status"),
    *("loss_first", "loss_last", "accuracy", "bayes_accuracy_sample", "phases"),
    *(f"{name}_{what}" for name in _PLATEAUS for what in ("start", "end", "loss", "partition")),
    *NUMBERS,
)


@dataclass(frozen=True)
class Grid(Collection[Seeds]):
    """Every data seed with every weight seed, counted before they are listed.

    Attributes:
        data: Ranges of seeds of the data.
        weights: Ranges of seeds of the weights.
    """

    data: Sequence[range]
    weights: Sequence[range]

    def __len__(self) -> int:
        """How many pairs there are."""
        return sum(map(len, self.data)) * sum(map(len, self.weights))

    def __iter__(self) -> Iterator[Seeds]:
        """The pairs, row by row."""
        return itertools.product(itertools.chain(*self.data), itertools.chain(*self.weights))

    def __contains__(self, pair: object) -> bool:
        """Whether a pair is among them."""
        return any(pair == each for each in self)


@dataclass(frozen=True)
class Swept:
    """What became of a sweep.

    Attributes:
        path: Its folder.
        wanted: Runs that were asked for.
        found: How many of them were there already.
        rows: All of them; those that failed stand in no table.
        unprinted: Why the PDF is missing, if it should be there.
    """

    path: Path
    wanted: int
    found: int
    rows: tuple[Row, ...]
    unprinted: PdfError | None

    @property
    def phases(self) -> Counter[str]:
        """How often each sequence of phases occurs."""
        return Counter(row.phases or "" for row in self.rows)

    @property
    def unsound(self) -> int:
        """How many runs failed or did not end well."""
        return sum(row.status != "ok" for row in self.rows)

    @property
    def failed(self) -> list[Row]:
        """The runs that failed."""
        return [row for row in self.rows if row.failure is not None]

    @property
    def failure(self) -> QuadnetError | None:
        """What is missing of the sweep, if something is."""
        if not self.failed:
            return self.unprinted
        first = self.failed[0]
        reason = one_line(first.failure or "")[:_MOST_LETTERS]
        return QuadnetError(
            f"{len(self.failed)} of {self.wanted} runs failed, first that of seeds {first.data_seed} and "
            f"{first.weight_seed} ({reason}); the others are kept, and the same command tries these again"
        )


def run(
    config: Config,
    pairs: Collection[Seeds],
    output_dir: Path,
    formats: Sequence[str] = (),
    scheduler: str | None = None,
    progress: Stages = SILENT,
    warn: Callable[[str], None] | None = None,
    *,
    anyway: bool = False,
) -> Swept:
    """Runs what is still missing of a sweep, appends it to the record of that experiment, and writes its report.

    A table has only rows of one program: one that another version made is kept under another name.

    Args:
        config: The experiment; its own seeds do not matter.
        pairs: Seeds of data and weights.
        output_dir: Where the sweep's folder goes.
        formats: Which pages to make of all the runs asked for: `html`, `pdf`.
        scheduler: Address of a Dask scheduler, or None for threads on this machine.
        progress: Is told where it is.
        warn: Called with what a user should know before the runs, a line each.
        anyway: Whether to do it however long it takes.

    Raises:
        QuadnetError: The folder cannot be written, or holds files of somebody else under the names of a sweep's; then
            they stay as they were.
        ConfigurationError: SOURCE_DATE_EPOCH is no time, or QUADNET_KERNEL no loop.
    """
    created = page_time(os.environ)
    kernel.name()
    program = numbers_digest()
    effort.check(
        f"a sweep of {len(pairs):,} runs",
        config,
        partial(effort.of_sweep, runs=len(pairs)),
        most=effort.SECONDS_OF_MANY,
        usual={"--seeds, --weight-seeds": effort.of_sweep(config, _USUAL)},
        anyway=anyway,
    )
    common = seeded(config, (0, 0))
    path = output_dir / f"{config.name}-sweep-{common.digest[:8]}"
    writing.check_writable(path)
    for kind in formats:
        _check_page(path / PAGES[kind])
    settings = path / "config.toml", dumps(common).encode()
    wanted = dict.fromkeys(pairs)
    there = _is_there(*settings)
    with Table(path / RUNS, COLUMNS, "sweep", program) as table:
        if not there:
            writing.replace(*settings)
        keeping.protect(path)
        if table.earlier is not None and warn is not None:
            warn(f"{path / RUNS} was another version's; it is kept as {table.earlier.name}, and every run is made anew")
        known = _known(table)
        rows = {seeds: row for seeds, row in known.items() if row.failure is None}
        if len(rows) < len(known):
            table.keep(map(_texts, rows.values()))
        missing = [pair for pair in wanted if pair not in rows]
        found = len(wanted) - len(missing)
        progress.stage("runs", len(wanted), "runs", found)
        with _executor(scheduler) as executor:
            for done, row in enumerate(sweep(common, missing, executor), start=found + 1):
                rows[row.data_seed, row.weight_seed] = row
                if row.failure is None:
                    if row.program != program:
                        raise QuadnetError(
                            f"--scheduler {scheduler}: its workers run another version of quadnet, whose rows this "
                            "table must not have; install this one there"
                        )
                    table.append(_texts(row))
                progress(done)
    chosen = tuple(rows[pair] for pair in wanted)
    progress.stage("pages")
    unprinted = _pages(common, chosen, path, formats, created) if formats else None
    return Swept(path, len(wanted), found, chosen, unprinted)


def _check_page(path: Path) -> None:
    """Makes sure that a page takes the place of none but an earlier one.

    Raises:
        QuadnetError: Something else is there, which may be somebody's.
    """
    if not os.path.lexists(path):
        return
    try:
        start = b"" if path.is_symlink() else peek(path, _PEEKED)
        made_here = start.startswith(b"%PDF-") and path.stat().st_size < _LARGEST_PAGE and _creator(path) == "quadnet"
    except OSError as error:
        raise writing.explained(path, error) from None
    if not made_here and b'<meta name="generator" content="quadnet ' not in start:
        raise QuadnetError(f"{path}: is there and not this sweep's; move it away, or name another --output-dir")


def _creator(path: Path) -> str:
    """The program that a PDF says it was made with."""
    import pypdf

    try:
        metadata = pypdf.PdfReader(path, strict=True).metadata
        return "" if metadata is None else str(metadata.creator).partition(" ")[0]
    except Exception:  # whatever a file of somebody else holds
        return ""


def _is_there(path: Path, content: bytes) -> bool:
    """Whether a file is there already.

    Raises:
        QuadnetError: Another one is, which may be somebody's.
    """
    if not os.path.lexists(path):
        return False
    try:
        same = path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content
    except OSError as error:
        raise QuadnetError(f"{path}: cannot be read ({error.strerror}); name another --output-dir") from None
    if not same:
        raise QuadnetError(f"{path}: is there and not this sweep's; move it away, or name another --output-dir")
    return True


def _pages(config: Config, rows: Sequence[Row], path: Path, formats: Sequence[str], created: str) -> PdfError | None:
    """Writes the report of a sweep; says why if that was not possible for the PDF."""
    with ExitStack() as stack:
        press = stack.enter_context(Press()) if "pdf" in formats else None
        from ..pages import render
        from . import page as sweep_page

        language = Language.load(config.report.language)
        view = sweep_page.compose(config, rows, path.name, COLUMNS, language, manifest.versions())
        if press is not None:
            press.send(render.html(view, "print", created), {figure.file: figure.content for figure in view.drawings})
        pages, failure = {}, None
        if "html" in formats:
            pages[PAGES["html"]] = render.html(view, "screen", created).encode()
        if press is not None:
            try:
                pages[PAGES["pdf"]] = press.pdf()
            except PdfError as error:
                failure = error
    for name, content in pages.items():
        writing.replace(path / name, content)
    return failure


def seeds(option: str, text: str) -> list[range]:
    """Seeds as a user writes them: `7`, `0:10` for 0 to 9, or several of these with commas.

    Raises:
        ConfigurationError: The text is none of these, or a seed is too large.
    """
    result: list[range] = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d{1,10})(?::(\d{1,10}))?", part.strip())
        if match is None:
            raise ConfigurationError(f"{option} {text}: {part!r} is no range of seeds; write 7, 0:10 or 0:10,20:30")
        first, end = int(match[1]), int(match[2] or int(match[1]) + 1)
        if not first < end <= 2**32:
            raise ConfigurationError(f"{option} {text}: {part!r} is empty or beyond 4294967295; write 0:10 for 0 to 9")
        result.append(range(first, end))
    if sum(map(len, result)) > _MOST_SEEDS:
        raise ConfigurationError(f"{option} {text}: more than {_MOST_SEEDS} seeds; do it in parts")
    return result


@contextmanager
def _executor(scheduler: str | None) -> Iterator[Executor]:
    if scheduler is None:
        with ThreadPoolExecutor(processors()) as pool:
            try:
                yield pool
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
        return
    try:
        import distributed
    except ImportError:
        raise QuadnetError("--scheduler: needs the extra `cluster`; pip install 'quadnet[cluster]'") from None
    connect: Any = distributed.Client  # typed only in part
    try:
        client = connect(scheduler, timeout="10s")
    except (OSError, ValueError) as error:
        raise QuadnetError(
            f"--scheduler {scheduler}: cannot be reached ({error}); start one there, or "
            "leave the option out to use this machine"
        ) from None
    with client:
        yield client.get_executor()


def _known(table: Table) -> dict[Seeds, Row]:
    """What a table holds, by seeds.

    Raises:
        QuadnetError: A line is not as `_texts` wrote it, or two are of the same seeds.
    """
    known: dict[Seeds, Row] = {}
    for number, texts in enumerate(table.rows, start=1):
        row, line = _row(texts), ",".join(texts)[:_MOST_LETTERS]
        if row is None:
            raise QuadnetError(f"{table.path}: row {number}, {line!r}, is damaged; take it out to run it again")
        seeds = row.data_seed, row.weight_seed
        if seeds in known:
            raise QuadnetError(
                f"{table.path}: row {number}, {line!r}, is the second of its seeds; take one of them out"
            )
        known[seeds] = row
    return known


def _row(texts: Sequence[str]) -> Row | None:
    """A line of the table; None if it is not as `_texts` wrote it."""
    try:
        value = dict(zip(COLUMNS, texts, strict=True))
        plateaus = tuple(
            Plateau(
                int(value[f"{name}_start"]),
                int(value[f"{name}_end"]),
                float(value[f"{name}_loss"]),
                tuple(tuple(map(int, group.split())) for group in value[f"{name}_partition"].split("|")),
            )
            for name in _PLATEAUS
            if value[f"{name}_start"]
        )
        number = {name: float(value[name]) if value[name] else None for name in COLUMNS[4:8]}
        row = Row(
            int(value["data_seed"]),
            int(value["weight_seed"]),
            value["status"],
            loss_first=number["loss_first"],
            loss_last=number["loss_last"],
            accuracy=number["accuracy"],
            bayes_accuracy_sample=number["bayes_accuracy_sample"],
            phases=value["phases"] or None,
            plateaus=plateaus,
            verdicts=tuple(_OUTCOMES[value[number]] for number in NUMBERS if value[number]),
            program=value[PROGRAM].strip(),
        )
    except (ValueError, KeyError):
        return None
    as_written = _texts(row) == list(texts)  # a spreadsheet rewrites numbers
    return row if as_written and (row.failure is not None or _STATUS.fullmatch(row.status)) else None


def _texts(row: Row) -> list[str]:
    values: list[object] = [row.data_seed, row.weight_seed, row.program, row.status]
    values += [row.loss_first, row.loss_last, row.accuracy, row.bayes_accuracy_sample, row.phases]
    for k in range(len(_PLATEAUS)):
        if k < len(row.plateaus):
            plateau = row.plateaus[k]
            groups = "|".join(" ".join(map(str, group)) for group in plateau.partition)
            values += [plateau.start, plateau.end, plateau.loss, groups]
        else:
            values += [None] * 4
    values += row.verdicts or [None] * len(NUMBERS)
    return ["" if value is None else repr(value) if isinstance(value, float) else str(value) for value in values]
