"""What is done to records, by hand or by accident, and how to see whether it harmed them."""

import hashlib
import json
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from calls import PROGRAM, environment

from quadnet.report.archive.verification import verify

SHORT = ["--epochs", "60", "--set", "replicates.runs=0", "--set", "evaluation.points=100", "-q"]


def call(arguments: Sequence[object], *launcher: str, **changes: str) -> subprocess.CompletedProcess[str]:
    command = [*launcher, *PROGRAM, *map(str, arguments)]
    return subprocess.run(command, env=environment() | changes, capture_output=True, text=True, check=False)


def report(folder: Path, *arguments: str) -> list[str]:
    return ["report", *SHORT, "--output-dir", str(folder), *arguments]


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def is_whole(run: Path) -> bool:
    return verify(run, quick=True).outcome == 0


def is_consistent(folder: Path) -> bool:
    """Whether all that the manifest of a run, handout, sweep or class lists is there and as it says."""
    manifest = folder / "manifest.json"
    if not manifest.exists():  # a sweep has none, and a class not until it is whole
        return folder.name.endswith("-class") or "-sweep-" in folder.name
    entries = json.loads(manifest.read_bytes())["files"].items()
    return all(hashlib.sha256((folder / name).read_bytes()).hexdigest() == entry["sha256"] for name, entry in entries)


def alive(mark: str) -> list[int]:
    """The processes that have a word in their environment."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and mark.encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:  # has ended, or is another user's
            continue
    return found


def ends(mark: str) -> bool:
    """Waits for all processes of a mark to end by themselves."""
    patience = time.monotonic() + 60
    while alive(mark):
        if time.monotonic() > patience:
            return False
        time.sleep(0.02)
    return True


def commands(run: Path, folder: Path) -> dict[str, list[str]]:
    """Every way of writing into a folder."""
    return {
        "report": report(folder, "--to", "html", "--force"),
        "rebuild": ["rebuild", str(run), "--output-dir", str(folder), "--force"],
        "archive": ["archive", str(run), "--output", str(folder / "a.zip"), "--force"],
        "sweep": ["sweep", *SHORT, "--weight-seeds", "0:60", "--to", "html", "--output-dir", str(folder)],
        "phases": ["phases", str(run / "history.csv"), "--plot", str(folder / "a.svg")],
    }
