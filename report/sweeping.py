"""Sweeps on disk: which runs are there already, which are still to do, and one line for each that is done."""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quadnet.claims import NUMBERS, OUTCOMES, Outcome
from quadnet.config import Config, dumps
from quadnet.errors import ConfigurationError, QuadnetError
from quadnet.sweep import Plateau, Row, Seeds, seeded, sweep
from report.language import Language
from report.pipeline import PAGES, page_time
from report.press import PdfError, Press
from report.record import manifest, writing
from report.record.table import Table

RUNS = "runs.csv"
_PLATEAUS = ("first", "second", "third")
_OUTCOMES: dict[str, Outcome] = {outcome: outcome for outcome in OUTCOMES}
COLUMNS = (
    *("data_seed", "weight_seed", "status", "loss_first", "loss_last", "accuracy", "bayes_accuracy_sample", "phases"),
    *(f"{name}_{what}" for name in _PLATEAUS for what in ("start", "end", "loss", "partition")),
    *NUMBERS,
)


@dataclass(frozen=True)
class Swept:
    """What became of a sweep.

    Attributes:
        path: Its folder.
        wanted: Runs that were asked for.
        found: How many of them were there already.
        rows: All of them.
        failure: Why the PDF is missing, if it should be there.
    """

    path: Path
    wanted: int
    found: int
    rows: tuple[Row, ...]
    failure: PdfError | None

    @property
    def phases(self) -> Counter[str]:
        """How often each sequence of phases occurs."""
        return Counter(row.phases or "" for row in self.rows)

    @property
    def unsound(self) -> int:
        """How many runs failed or did not end well."""
        return sum(row.status != "ok" for row in self.rows)


def run(
    config: Config,
    pairs: Sequence[Seeds],
    output_dir: Path,
    formats: Sequence[str] = (),
    scheduler: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> Swept:
    """Runs what is still missing of a sweep, appends it to the record of that experiment, and writes its report.

    Args:
        config: The experiment; its own seeds do not matter.
        pairs: Seeds of data and weights.
        output_dir: Where the sweep's folder goes.
        formats: Which pages to make of all the runs asked for: `html`, `pdf`.
        scheduler: Address of a Dask scheduler, or None for threads on this machine.
        progress: Called with the number of runs that are there.
    """
    created = page_time(os.environ)
    common = seeded(config, (0, 0))
    path = output_dir / f"{config.name}-sweep-{common.digest[:8]}"
    writing.check_writable(path)
    writing.replace(path / "config.toml", dumps(common).encode())
    wanted = dict.fromkeys(pairs)
    with Table(path / RUNS, COLUMNS) as table:
        rows = {(row.data_seed, row.weight_seed): row for row in map(_row, table.rows)}
        missing = [pair for pair in wanted if pair not in rows]
        found = len(wanted) - len(missing)
        with _executor(scheduler) as executor:
            for done, row in enumerate(sweep(common, missing, executor), start=found + 1):
                rows[row.data_seed, row.weight_seed] = row
                table.append(_texts(row))
                if progress is not None:
                    progress(done)
    chosen = tuple(rows[pair] for pair in wanted)
    failure = _pages(common, chosen, path, formats, created) if formats else None
    return Swept(path, len(wanted), found, chosen, failure)


def _pages(config: Config, rows: Sequence[Row], path: Path, formats: Sequence[str], created: str) -> PdfError | None:
    """Writes the report of a sweep; says why if that was not possible for the PDF."""
    with ExitStack() as stack:
        press = stack.enter_context(Press()) if "pdf" in formats else None
        from report import render, sweep_document

        language = Language.load(config.report.language)
        view = sweep_document.compose(config, rows, path.name, COLUMNS, language, manifest.versions())
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


def seeds(option: str, text: str) -> list[int]:
    """Seeds as a user writes them: `7`, `0:10` for 0 to 9, or several of these with commas.

    Raises:
        ConfigurationError: The text is none of these, or a seed is too large.
    """
    result: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d{1,10})(?::(\d{1,10}))?", part.strip())
        if match is None:
            raise ConfigurationError(f"{option} {text}: {part!r} is no range of seeds; write 7, 0:10 or 0:10,20:30")
        first, end = int(match[1]), int(match[2] or int(match[1]) + 1)
        if not first < end <= 2**32:
            raise ConfigurationError(f"{option} {text}: {part!r} is empty or beyond 4294967295; write 0:10 for 0 to 9")
        if end - first > 10_000_000:
            raise ConfigurationError(f"{option} {text}: {part!r} has more than 10000000 seeds; do it in parts")
        result += range(first, end)
    return result


@contextmanager
def _executor(scheduler: str | None) -> Iterator[Executor]:
    if scheduler is None:
        with ThreadPoolExecutor() as pool:
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
        raise QuadnetError(f"--scheduler {scheduler}: cannot be reached ({error})") from None
    with client:
        yield client.get_executor()


def _row(texts: Sequence[str]) -> Row:
    """A line of the table, as `_texts` wrote it.

    Raises:
        QuadnetError: It is not.
    """
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
        number = {name: float(value[name]) if value[name] else None for name in COLUMNS[3:7]}
        return Row(
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
        )
    except (ValueError, KeyError):
        raise QuadnetError(f"{RUNS}: the line {','.join(texts)!r} is damaged; take it out to run it again") from None


def _texts(row: Row) -> list[str]:
    values: list[object] = [row.data_seed, row.weight_seed, row.status, row.loss_first, row.loss_last]
    values += [row.accuracy, row.bayes_accuracy_sample, row.phases]
    for k in range(len(_PLATEAUS)):
        if k < len(row.plateaus):
            plateau = row.plateaus[k]
            groups = "|".join(" ".join(map(str, group)) for group in plateau.partition)
            values += [plateau.start, plateau.end, plateau.loss, groups]
        else:
            values += [None] * 4
    values += row.verdicts or [None] * len(NUMBERS)
    return ["" if value is None else repr(value) if isinstance(value, float) else str(value) for value in values]
