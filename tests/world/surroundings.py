"""Faults of what is around the program: disks, limits, clocks, folders and streams that are not what they should be."""

import shlex
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from calls import PROGRAM, SMALL, environment
from harm import SHORT, is_whole, tree

PATIENCE = 300  # seconds; then a call is a finding


@dataclass(frozen=True)
class Fault:
    """One fault while one command works.

    Attributes:
        kind: What is wrong, as lines of a shell that make it so, in the folder with the record, and start `"$@"`.
        arguments: Of the command; `RUN` is the record.
        disk: Options of a small disk that holds the folder; none for a folder like others.
    """

    kind: str
    arguments: tuple[str, ...]
    disk: str = ""

    def __str__(self) -> str:
        return f"{self.kind}  #  {shlex.join(self.arguments)} {self.disk}".rstrip()

    def wrong(self, place: Path, run: Path) -> Iterator[str]:
        """Runs the command beside a copy of a record, and says what was wrong with its end or with the record."""
        place.mkdir()
        if self.disk:
            subprocess.run(["mount", "-t", "tmpfs", "-o", self.disk, "none", place], check=True)
        try:
            shutil.copytree(run, place / run.name)
            shutil.copy(run / "history.csv", place / "a.csv")
            (place / "roster.csv").write_text("id,name\n1,Ada\n2,Emmy\n")
            yield from self._wrong(place, run.name)
        finally:
            if self.disk:
                subprocess.run(["umount", "-l", place], check=True)

    def _wrong(self, place: Path, name: str) -> Iterator[str]:
        before = tree(place)
        arguments = [name if word == "RUN" else word for word in self.arguments]
        command = ["unshare", "-m", "bash", "-c", self.kind, "-", *PROGRAM, *arguments]
        try:
            said = subprocess.run(
                command,
                cwd=place,
                env=environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                timeout=PATIENCE,
            )
        except subprocess.TimeoutExpired:
            yield f"still works after {PATIENCE} s"
            return
        after = {path: content for path, content in tree(place).items() if path != "filler"}
        if said.returncode not in (0, 1, 2, 3):
            yield f"exit code {said.returncode}: {said.stderr[-300:]}"
        lines = [line for line in said.stderr.splitlines() if not line.startswith("warning: ")]
        if len(lines) > 1 or "Traceback" in said.stderr or any(len(line) > 300 for line in said.stderr.splitlines()):
            yield f"exit code {said.returncode}, not told in a line: {said.stderr[:600]!r}"
        if said.returncode and not said.stderr and not said.stdout and "2>" not in self.kind:
            yield f"exit code {said.returncode} without a word"
        if not is_whole(place / name):
            yield "the record is harmed"
        elsewhere = {path for path in before if not path.startswith(f"{name}/")}
        if lost := [
            path for path in before if path not in after or (path in elsewhere and after[path] != before[path])
        ]:
            yield f"exit code {said.returncode}, and {lost[0]} is changed or gone: {said.stderr[-300:]}"
        if left := [path for path in after if path.startswith(".") and path not in before]:
            yield f"leaves {left[0]}"


_HERE = ("--output-dir", ".")
_REPORT = ("report", *SHORT, "--force", *_HERE)
_HTML = (*_REPORT, "--to", "html")
_HANDOUT = ("handout", "-q", *_HERE)
_CLASS = ("handout", "-q", "--roster", "roster.csv", *_HERE)
_SWEEP = ("sweep", *SHORT, "--weight-seeds", "0:4", "--to", "html", *_HERE)
_PHASES = ("phases", "a.csv", "-q")
_ARCHIVE = ("archive", "RUN", "--output", "a.zip")
_VERIFY = ("verify", "RUN", "-q")
_REBUILD = ("rebuild", "RUN", "-q", "--force", *_HERE)
_LIST = ("list", ".", "-q", "--html", "list.html")
_DIFF = ("diff", "RUN", "RUN", "-q", "--html", "diff.html")
_WRITERS = (_REPORT, _HANDOUT, _SWEEP, _PHASES, _ARCHIVE, _REBUILD, _LIST, _DIFF)

_FULL = 'head -c 999999999 /dev/zero >filler 2>/dev/null; exec "$@"'
_NEARLY = 'head -c 999999999 /dev/zero >filler 2>/dev/null; truncate -s -400000 filler; exec "$@"'
_READ_ONLY = 'mount -o remount,ro .; exec "$@"'
_ONLY_TO_READ = 'mount --bind /tmp /tmp; cd "$PWD"; mount -o remount,ro,bind /tmp; exec "$@"'
_NO_SHARED_MEMORY = 'mount -t tmpfs -o ro none /dev/shm; exec "$@"'
_NO_PROC = 'mount -t tmpfs none /proc; exec "$@"'
_CLOSED = 'chmod 555 .; exec setpriv --bounding-set=-dac_override "$@"'
_GONE = 'mkdir gone; cd gone; rmdir ../gone; exec "$@"'
_NOBODY = (  # whom the limit of processes holds, but may read what root does
    "exec setpriv --reuid=65534 --clear-groups --inh-caps=+dac_override --ambient-caps=+dac_override "
    '--bounding-set=-sys_admin,-sys_resource prlimit --nproc={} "$@"'
)


def _limited(limit: str, *most: int) -> list[str]:
    return [f'exec prlimit --{limit}={each} "$@"' for each in most]


def _dated(*days: str) -> list[str]:
    return [f'exec faketime {day} "$@"' for day in days]


def _each(kinds: Sequence[str] | str, commands: Sequence[tuple[str, ...]], disk: str = "") -> list[Fault]:
    return [
        Fault(kind, command, disk) for kind in ([kinds] if isinstance(kinds, str) else kinds) for command in commands
    ]


FAULTS = (
    *_each(_FULL, _WRITERS, "size=6m"),
    *_each(_NEARLY, (_REPORT, _HANDOUT, _ARCHIVE, _REBUILD), "size=6m"),
    *_each(_READ_ONLY, (_REPORT, _HANDOUT, _SWEEP, _PHASES, _CLASS), "size=6m"),
    *_each(_CLOSED, (_REPORT, _SWEEP, _LIST, _ARCHIVE)),
    *_each('exec "$@" >/dev/full', (_REPORT, _LIST, _VERIFY, ("phases", "a.csv"), ("doctor",))),
    *_each('exec "$@" 2>/dev/full', (("report", *SMALL, *_HERE), ("list", "."))),
    *_each('exec "$@" >&-', (_REPORT, _LIST)),
    *_each('exec "$@" <&- >&- 2>&-', (_REPORT, _SWEEP)),
    *_each(_limited("fsize", 2_000, 100_000, 700_000), (_REPORT,)),
    *_each(_limited("fsize", 2_000), (_HANDOUT, _ARCHIVE, _SWEEP)),
    *_each(_limited("nofile", 4, 8, 12, 20), (_REPORT,)),
    *_each(_limited("nofile", 8), (_VERIFY, _SWEEP, _HANDOUT, _LIST, _ARCHIVE, _CLASS)),
    *_each([_NOBODY.format(most) for most in (1, 3, 6)], (_REPORT,)),
    *_each(_NOBODY.format(2), (_SWEEP, _HANDOUT, _CLASS)),
    *_each(_limited("as", *(most * 10**6 for most in (150, 250, 350, 500, 800))), (_REPORT,)),
    *_each(_limited("as", 300_000_000), (_VERIFY, _SWEEP, _HANDOUT, _LIST, _DIFF, _CLASS)),
    *_each(_limited("stack", 200_000), (_REPORT, _VERIFY)),
    *_each(_dated("1970-01-02", "1979-12-31", "2038-02-01", "2200-01-01"), (_REPORT,)),
    *_each(_dated("1970-01-02", "2200-01-01"), (_ARCHIVE, _SWEEP, _HANDOUT)),
    *_each('TMPDIR=/proc exec "$@"', (_REPORT, _HANDOUT)),
    *_each('TMPDIR=/nowhere HOME=/nowhere exec "$@"', (_REPORT, _LIST)),
    *_each('exec env -i "$@"', (_REPORT, _HANDOUT, _SWEEP)),
    *_each(_ONLY_TO_READ, (("phases", "a.csv", "--no-plot"), _VERIFY, _REPORT)),
    *_each(_NO_SHARED_MEMORY, (_REPORT, _SWEEP, _CLASS, (*_CLASS, "--to", "html"))),
    *_each(_NO_PROC, (_REPORT, _SWEEP)),
    *_each(_GONE, (("list",), ("doctor",), ("report", *SHORT))),
)
