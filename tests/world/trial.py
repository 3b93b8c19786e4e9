"""One call of the program with the files that it finds, and what has to hold of it."""

import os
import shlex
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from calls import Quadnet, Said

MOST_SECONDS, MOST_MEGABYTES, LONGEST = 10, 1024, 300
PATIENCE = 12 * MOST_SECONDS  # by the clock, for a machine that does something else besides
CONTROLS = ("Cc", "Cs", "Zl", "Zp")  # what a terminal obeys, cannot show, or takes for the end of a line
MAKERS = ("report", "handout", "sweep", "phases", "archive", "list")  # write nothing if they refuse

TELLERS = ("verify", "diff", "list")  # tell on standard output what they found in files of others


@dataclass(frozen=True)
class Trial:
    """A call.

    Attributes:
        arguments: Of the command line.
        files: What stands in its folder, by path; None for a pipe that nobody writes to.
        stdin: What stands on standard input.
        written: Where it may write, below its folder.
    """

    arguments: tuple[str, ...]
    files: Mapping[str, bytes | None] = field(default_factory=dict, repr=False)
    stdin: bytes = field(default=b"", repr=False)
    written: tuple[str, ...] = ("out",)

    def lay(self, folder: Path) -> None:
        """Writes its files into a folder."""
        for name in ("tmp", "out"):
            (folder / name).mkdir(parents=True)
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                os.mkfifo(path)
            else:
                path.write_bytes(content)

    def command(self) -> str:
        """The call as one can paste it."""
        return "quadnet " + shlex.join(
            argument if len(argument) < 200 else f"{argument[:80]}…" for argument in self.arguments
        )


def tried(quadnet: Quadnet, trial: Trial, folder: Path) -> tuple[Said, list[str]]:
    """Calls the program in a new folder, and names what is wrong with what it did."""
    trial.lay(folder)
    before = _listing(folder)
    said = quadnet(
        *trial.arguments,
        cwd=folder,
        env={"TMPDIR": str(folder / "tmp")},
        stdin=trial.stdin,
        limits={"CPU": MOST_SECONDS + 2},
        patience=PATIENCE,
    )
    changed = {name for name, state in _listing(folder).items() ^ before.items()}
    return said, [*_wrongly_said(trial, said), *_wrongly_written(trial, said, changed)]


def _wrongly_said(trial: Trial, said: Said) -> Iterator[str]:
    if said.code not in (0, 1, 2, 3):
        yield f"exit code {said.code}"
    if "fault of the program" in said.err or "Traceback" in said.err:
        yield f"a fault: {said.err.strip().splitlines()[-1][:160]}"
    for line in said.err.split("\n"):
        if len(line) > LONGEST:
            yield f"a message of more than {LONGEST} characters: {line[:80]}"
    for stream in (said.out, said.err) if trial.arguments[0] in TELLERS else (said.err,):
        odd = [letter for letter in stream if letter != "\n" and unicodedata.category(letter) in CONTROLS]
        if odd:
            yield f"says {odd[0]!r}"
    if said.code in (1, 2, 3) and not said.err.strip() and not said.out.strip():
        yield f"exit code {said.code} without a word"
    if said.seconds > MOST_SECONDS:
        yield f"{said.seconds:.0f} s of work"
    if said.megabytes > MOST_MEGABYTES:
        yield f"{said.megabytes:.0f} MB"


def _wrongly_written(trial: Trial, said: Said, changed: set[str]) -> Iterator[str]:
    inside = {name for name in changed if name.startswith(tuple(f"{place}/" for place in trial.written))}
    outside = changed - inside - set(trial.written)
    if outside:
        yield f"writes elsewhere: {min(outside)!r}"
    left = [name for name in inside if ".partial" in name or ".old" in name]
    if left:
        yield f"leaves {left[0]!r}"
    if said.code == 2 and trial.arguments[0] in MAKERS and inside:
        yield f"refuses, and writes {min(inside)!r}"


def _listing(folder: Path) -> dict[str, tuple[int, ...]]:
    """Everything below a folder, and what would change with it."""
    found = {}
    for place, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            path = os.path.join(place, name)  # noqa: PTH118  # names need not be text
            state = os.lstat(path)
            is_folder = name in folders
            found[os.path.relpath(path, folder)] = (
                (state.st_mode,) if is_folder else (state.st_mode, state.st_size, state.st_mtime_ns, state.st_ino)
            )
    return found
