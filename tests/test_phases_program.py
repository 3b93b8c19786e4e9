"""`quadnet phases` as a user calls it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from quadnet.experiment import Experiment
from quadnet.report.record import files
from quadnet.report.words.language import Language

COMMAND = [sys.executable, "-P", "-m", "quadnet", "phases"]
ENGLISH = Language.load("en")


def phases(folder: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *arguments], cwd=folder, input=given, capture_output=True, check=False)


@pytest.fixture
def folder(tmp_path: Path, default_run: Experiment) -> Path:
    """A folder with the default run's history.csv."""
    (tmp_path / "history.csv").write_bytes(files.numbers(default_run, ENGLISH)["history.csv"])
    return tmp_path


def test_the_record_of_the_default_run_has_its_phases(folder: Path, default_run: Experiment) -> None:
    done = phases(folder, "history.csv")
    assert (done.returncode, done.stderr) == (0, b"")
    lines = done.stdout.decode().splitlines()
    assert lines[2].split()[:4] == ["2", "plateau", "7", "1658"]
    assert len(lines) == 8
    assert (folder / lines[-1]).read_bytes().startswith(b"<?xml")
    said = json.loads(phases(folder, "history.csv", "--json", "--no-plot").stdout)
    recorded = json.loads(files.numbers(default_run, ENGLISH)["phases.json"])
    assert said["status"] == recorded["status"]
    assert said["phases"] == [{k: v for k, v in p.items() if k != "partition"} for p in recorded["phases"]]


def test_a_pipe_of_losses_is_a_curve(folder: Path) -> None:
    done = phases(folder, "-", given=b"3\n2\n1\n0.5\n")
    assert done.returncode == 0
    assert done.stdout.decode().splitlines()[1].split()[:3] == ["1", "open", "descent"]


def test_words_instead_of_losses_are_one_line_and_exit_code_2(folder: Path) -> None:
    done = phases(folder, "-", given=b"loss\n3\nthree\n")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode().splitlines() == [
        "quadnet: standard input, line 3: 'three' is no number; write one such as 0.25 or nan, or drop the line"
    ]
