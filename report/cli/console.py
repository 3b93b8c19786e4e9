"""What the command line says: where a build is, and what became of it."""

import atexit
import json
import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from quadnet.errors import QuadnetError

from ..progress import SILENT, Stages
from . import terminal
from .terminal import say

_PAUSE = 0.1  # seconds between two drawings

if TYPE_CHECKING:
    from ..handout.build import Built as HandedOut
    from ..handout.class_set import Issued
    from ..run.build import Built
    from ..sweep.build import Swept


class Line(Stages):
    """Draws the stages as one line on the terminal behind standard error: those that were, and where the present is."""

    def __init__(self) -> None:
        self._names: list[str] = []

    def stage(self, name: str, total: int = 0, unit: str = "", done: int = 0) -> None:
        """Draws that a stage begins."""
        if name not in self._names:
            self._names.append(name)
        self._total, self._unit, self._first, self._began, self._drawn = total, unit, done, time.monotonic(), -math.inf
        self(done)

    def __call__(self, done: int) -> None:
        """Draws how much is done, ten times a second at most."""
        now = time.monotonic()
        if now - self._drawn < _PAUSE and done < self._total:
            return
        self._drawn = now
        terminal.draw(" · ".join(self._names) + self._count(done, now - self._began))

    def _count(self, done: int, seconds: float) -> str:
        if not self._total:
            return ""
        speed = (done - self._first) / seconds if seconds else 0.0
        if not (self._unit and speed):
            return f" {done}/{self._total}"
        rate = f"{speed:,.{0 if speed > 100 else 1}f} {self._unit}/s"
        minutes, rest = divmod(round((self._total - done) / speed), 60)
        return f" {done}/{self._total}, {rate}, {minutes}:{rest:02d} left"


@contextmanager
def stages(*, shown: bool) -> Iterator[Stages]:
    """What tells a user where a piece of work is: a line on standard error, if that is a terminal."""
    if not (shown and sys.stderr.isatty()):
        yield SILENT
        return
    wipe = partial(terminal.draw, "")
    atexit.register(wipe)
    try:
        yield Line()
    finally:
        wipe()
        atexit.unregister(wipe)


def end(
    path: Path,
    lines: Iterable[str],
    summary: Callable[[], dict[str, object]],
    failure: QuadnetError | None,
    *,
    quiet: bool,
    as_json: bool,
) -> None:
    """Says what became of a build; its path, or all as JSON, is the last line on standard output.

    Args:
        path: What was built.
        lines: In words, for standard error.
        summary: More for the JSON than the path.
        failure: What went wrong, though a part could be built.
        quiet: Whether to leave out the words.
        as_json: Whether JSON is wanted.

    Raises:
        QuadnetError: The failure.
    """
    if not quiet:
        for line in lines:
            say(line)
    typer.echo(json.dumps({"path": str(path), **summary()}) if as_json else path)
    if failure is not None:
        raise failure


def report_lines(built: "Built", verbose: int) -> Iterator[str]:
    """What became of a report, in words."""
    if built.reused:
        yield f"{built.path} is there already, with the same configuration; --force builds it again"
    run = built.experiment
    if run is None:
        return
    yield from _kept(built.kept)
    if run.phases.status != "ok":
        yield f"warning: the training is not sound: {run.phases.status}; the report says more"
    if verbose:
        yield f"{json.loads((built.path / 'run.log.json').read_text())['seconds']:.2f} s"
    yield (
        f"accuracy {run.metrics.accuracy:.4f} on the training points, {run.metrics.accuracy_fresh:.4f} on fresh ones; "
        f"best possible {run.metrics.bayes_accuracy:.4f}"
    )


def report_summary(built: "Built") -> dict[str, object]:
    """What became of a report, for JSON.

    Raises:
        QuadnetError: A run that was there already is damaged.
    """
    from ..record import reading

    try:
        files = reading.glance(built.path, ("metrics.json", "phases.json")).files
        metrics, phases = (reading.parsed(built.path, name, files) for name in ("metrics.json", "phases.json"))
    except reading.RecordError as error:
        raise QuadnetError(f"{error}; --force builds it again") from None
    if not (isinstance(phases, dict) and "status" in phases):
        raise QuadnetError(f"{built.path}: phases.json is not that of a run; --force builds it again")
    return {"reused": built.reused, "status": phases["status"], "metrics": metrics}


def handout_lines(built: "HandedOut") -> Iterator[str]:
    """What became of a handout, in words."""
    if built.made is None:
        yield f"{built.path} is there already, with the same configuration; --force builds it again"
    else:
        yield from _kept(built.kept)
        yield f"{len(built.made.exercises)} exercises, {sum(each.points for each in built.made.exercises)} points"


def _kept(sentences: Iterable[str]) -> Iterator[str]:
    return (f"warning: {sentence}" for sentence in sentences)


def handout_summary(built: "HandedOut") -> dict[str, object]:
    """What became of a handout, for JSON."""
    return {"reused": built.reused, "files": sorted(path.name for path in built.path.glob("handout-*"))}


def class_lines(issued: "Issued") -> Iterator[str]:
    """What became of the handouts of a class, in words."""
    yield from _kept(issued.changed)
    other = sum(bool(sheet.refused) for sheet in issued.sheets)
    yield (
        f"{len(issued.sheets)} students, {issued.found} of them there already, {other} with another than their first "
        "seed; key.csv says why"
    )
    if issued.strangers:
        yield f"warning: {issued.strangers} files in {issued.path} are not of this set; they stay there"


def class_summary(issued: "Issued") -> dict[str, object]:
    """What became of the handouts of a class, for JSON."""
    students = [{"id": each.student.id, "seed": each.seed, "refused": len(each.refused)} for each in issued.sheets]
    return {"found": issued.found, "students": students}


def sweep_lines(swept: "Swept") -> Iterator[str]:
    """What became of a sweep, in words."""
    yield f"{swept.wanted} runs, {swept.found} of them there already, {swept.unsound} not sound; phases, by frequency:"
    for sequence, count in swept.phases.most_common():
        yield f"{count:6d}  {sequence or '-'}"


def sweep_summary(swept: "Swept") -> dict[str, object]:
    """What became of a sweep, for JSON."""
    return {"runs": swept.wanted, "found": swept.found, "failed": len(swept.failed), "phases": dict(swept.phases)}


def passed_over(names: Sequence[str], *, quiet: bool = False) -> None:
    """Names what other programs left in a record, in one line."""
    if names and not quiet:
        from ..record import foreign

        say(foreign.told(names))
