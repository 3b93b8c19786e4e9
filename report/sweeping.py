"""Sweeps on disk: which runs are there already, which are still to do, and one line for each that is done."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from quadnet.config import Config, dumps
from quadnet.errors import ConfigurationError, QuadnetError
from quadnet.sweep import Row, Seeds, seeded, sweep
from report.record import writing
from report.record.table import Table

RUNS = "runs.csv"
_PLATEAUS = ("first", "second", "third")
COLUMNS = (
    *("data_seed", "weight_seed", "status", "loss_first", "loss_last", "accuracy", "bayes_accuracy_sample", "phases"),
    *(f"{name}_{what}" for name in _PLATEAUS for what in ("start", "end", "loss", "partition")),
)


@dataclass(frozen=True)
class Swept:
    """What became of a sweep.

    Attributes:
        path: Its folder.
        wanted: Runs that were asked for.
        found: How many of them were there already.
        phases: How often each sequence of phases occurs among those asked for.
        unsound: How many of them failed or did not end well.
    """

    path: Path
    wanted: int
    found: int
    phases: Counter[str]
    unsound: int


def run(
    config: Config,
    pairs: Sequence[Seeds],
    output_dir: Path,
    scheduler: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> Swept:
    """Runs what is still missing of a sweep and appends it to the record of that experiment.

    Args:
        config: The experiment; its own seeds do not matter.
        pairs: Seeds of data and weights.
        output_dir: Where the sweep's folder goes.
        scheduler: Address of a Dask scheduler, or None for threads on this machine.
        progress: Called with the number of runs that are there.
    """
    common = seeded(config, (0, 0))
    path = output_dir / f"{config.name}-sweep-{common.digest[:8]}"
    writing.check_writable(path)
    (path / "config.toml").write_text(dumps(common), encoding="utf-8")
    wanted = set(pairs)
    with Table(path / RUNS, COLUMNS) as table:
        seen = [row for row in table.rows if _seeds(row) in wanted]
        there = {_seeds(row) for row in seen}
        missing = [pair for pair in dict.fromkeys(pairs) if pair not in there]
        with _executor(scheduler) as executor:
            for row in sweep(common, missing, executor):
                seen.append(_texts(row))
                table.append(seen[-1])
                if progress is not None:
                    progress(len(seen))
    status, phases = COLUMNS.index("status"), COLUMNS.index("phases")
    return Swept(
        path,
        wanted=len(wanted),
        found=len(there),
        phases=Counter(row[phases] for row in seen),
        unsound=sum(row[status] != "ok" for row in seen),
    )


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
        from distributed import Client
    except ImportError:
        raise QuadnetError("--scheduler: needs the extra `cluster`; pip install 'quadnet[cluster]'") from None
    try:
        client = Client(scheduler, timeout="10s")
    except (OSError, ValueError) as error:
        raise QuadnetError(f"--scheduler {scheduler}: cannot be reached ({error})") from None
    with client:
        yield client.get_executor()


def _seeds(row: Sequence[str]) -> Seeds | None:
    return (int(row[0]), int(row[1])) if len(row) == len(COLUMNS) and row[0].isdigit() and row[1].isdigit() else None


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
    return ["" if value is None else repr(value) if isinstance(value, float) else str(value) for value in values]
