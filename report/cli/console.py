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

import typer

from quadnet.errors import QuadnetError

from .. import terminal
from ..progress import SILENT, Stages
from ..terminal import say

_PAUSE = 0.1  # seconds between two drawings


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


def kept(sentences: Iterable[str]) -> Iterator[str]:
    """What of others' files is now called otherwise, a warning each."""
    return (f"warning: {sentence}" for sentence in sentences)


def passed_over(names: Sequence[str], *, quiet: bool = False) -> None:
    """Names what other programs left in a record, in one line."""
    if names and not quiet:
        from ..record import foreign

        say(foreign.told(names))
