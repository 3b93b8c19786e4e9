"""What happens to records when a process is killed, a disk is full or closed, or two builds meet."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from calls import PROGRAM, environment
from harm import SHORT, call, commands, ends, is_whole, names, report, tree

from quadnet.report.record import writing

KILLED = -signal.SIGKILL


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short run without a PDF, made on the second day of 1970, so that the same made now has other bytes."""
    done = call(report(tmp_path_factory.mktemp("run"), "--to", "html"), SOURCE_DATE_EPOCH="86400")
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


# killed


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize(("pages", "kills"), [("html", 4), ("html,pdf", 4)])
def test_a_killed_report_leaves_a_whole_record_or_none_and_no_process(tmp_path: Path, pages: str, kills: int) -> None:
    over, fresh = tmp_path / "over", tmp_path / "fresh"
    began = time.monotonic()
    assert call(report(over, "--to", pages), SOURCE_DATE_EPOCH="86400").returncode == 0
    length = time.monotonic() - began
    (name,) = names(over)
    chance, killed = random.Random(0), 0
    for place in (over, fresh) * (kills // 2):
        mark = uuid.uuid4().hex
        process = subprocess.Popen(
            [*PROGRAM, *report(place, "--to", pages, "--force")],
            env=environment() | {"MARK": mark},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(chance.uniform(0, length))
        process.kill()
        killed += process.wait() == KILLED
        assert ends(mark), "a process stays behind"
        if place == over or (place / name).exists():
            assert is_whole(place / name)
        shutil.rmtree(fresh / name, ignore_errors=True)
    assert killed > 0  # the others ended before, where the machine was busy while the length was measured
    for place in (over, fresh):
        assert call(report(place, "--to", pages, "--force")).returncode == 0
        assert names(place) == [name]
    assert tree(over / name).keys() == tree(fresh / name).keys()
    assert is_whole(over / name)


FORKING = """
import os, random, shutil, signal, sys, time
from pathlib import Path
from quadnet.report.archive import verification
from quadnet.report.pages import render
from quadnet.report.run import build, page
from quadnet.report.cli import app

folder, kills = Path(sys.argv[1]), int(sys.argv[2])
(name,) = os.listdir(folder / "over")
chance, length, killed = random.Random(1), 0.0, 0
for number in range(-1, kills):
    place, began = folder / ("over" if number % 2 else "fresh"), time.monotonic()
    child = os.fork()
    if child == 0:
        sys.argv[1:] = ["report", "--output-dir", str(place), "--force", *sys.argv[3:]]
        app()
    if number >= 0:
        time.sleep(chance.uniform(0, length))
        os.kill(child, signal.SIGKILL)
    killed += os.waitpid(child, 0)[1] == signal.SIGKILL
    length = length or time.monotonic() - began
    if place.name == "over" or (place / name).exists():
        assert verification.verify(place / name, quick=True).outcome == 0
    shutil.rmtree(folder / "fresh" / name, ignore_errors=True)
print(killed)
"""


def test_a_report_killed_at_any_moment_of_its_work_leaves_a_whole_record_or_none(tmp_path: Path) -> None:
    """Many more kills, since a process that forks has loaded everything before."""
    over = tmp_path / "over"
    assert call(report(over, "--to", "html"), SOURCE_DATE_EPOCH="86400").returncode == 0
    command = [sys.executable, "-P", "-c", FORKING, str(tmp_path), "50", *SHORT, "--to", "html"]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.splitlines()[-1]) > 25
    assert call(report(over, "--to", "html", "--force")).returncode == 0
    assert len(names(over)) == 1


WRITING = """
import sys
from pathlib import Path
from quadnet.config import Config
from quadnet.report.record import manifest, writing

wholes = [{f"{name}/{letter}": letter.encode() * 5000 for name in range(20)} for letter in "ab"]
for whole in wholes:
    whole["manifest.json"] = manifest.manifest(Config(), whole, "2000-01-01T00:00:00Z", {})
while True:
    for whole in wholes:
        writing.write(Path(sys.argv[1]), whole)
        print(flush=True)
"""


def written(folder: Path) -> dict[str, bytes]:
    """What is in a folder, without what stands beside the files."""
    return {name: content for name, content in tree(folder).items() if name not in ("manifest.json", ".gitattributes")}


def test_a_folder_that_gives_way_to_another_is_never_missing(tmp_path: Path) -> None:
    target, chance = tmp_path / "run", random.Random(2)
    wholes = [{f"{name}/{letter}": letter.encode() * 5000 for name in range(20)} for letter in "ab"]
    seen = [0, 0]
    for _ in range(60):
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", WRITING, str(target)], env=environment(), stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.uniform(0, 0.02))
        process.kill()
        process.communicate()
        seen[wholes.index(written(target))] += 1
    assert min(seen) > 0
    writing.write(target, {"a": b"1"})
    assert names(tmp_path) == ["run"]


# full or closed disks


WAYS = tuple(commands(Path(), Path()))
REMEDY = re.compile(r"quadnet: \S+: cannot be (written|opened) \((.*)\); (free some space, or )?name another .*\n")


def check_fault(way: str, folder: Path, run: Path, said: str, *launcher: str) -> None:
    """A command fails in one line that tells the reason and a remedy, and leaves what was there as it was."""
    before = tree(folder)
    done = call(commands(run, folder)[way], *launcher)
    assert done.returncode == 1, done.stderr
    told = REMEDY.fullmatch(done.stderr)
    assert told, done.stderr
    assert told[2] == said
    assert bool(told[3]) == ("space" in said)
    after = tree(folder)
    grown = {name for name in after if before.get(name) != after[name]}
    assert {Path(name).name for name in grown} <= (
        {"config.toml", "runs.csv", ".gitattributes"} if way == "sweep" else set()
    )
    assert before.keys() <= after.keys()


@pytest.fixture
def disk(run: Path, tmp_path: Path) -> Iterator[Path]:
    """A small disk with a copy of the run on it."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("no right to mount")
    try:
        shutil.copytree(run, folder / run.name)
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("way", WAYS)
def test_a_full_disk_is_told_in_one_line_and_harms_nothing(run: Path, disk: Path, way: str) -> None:
    filler, free = disk / "filler", os.statvfs(disk)
    filler.write_bytes(bytes((free.f_bavail - 4) * free.f_bsize))
    check_fault(way, disk, run, "No space left on device")
    filler.unlink()
    done = call(commands(run, disk)[way])
    assert done.returncode == 0, done.stderr
    assert is_whole(disk / run.name)
    assert not [name for name in names(disk) if name.startswith(".")]


@pytest.mark.skipif(shutil.which("prlimit") is None, reason="limits the length of files by prlimit")
@pytest.mark.parametrize("way", WAYS)
def test_a_limit_on_the_length_of_files_is_told_in_one_line_and_harms_nothing(
    run: Path, tmp_path: Path, way: str
) -> None:
    shutil.copytree(run, tmp_path / run.name)
    check_fault(way, tmp_path, run, "File too large", "prlimit", "--fsize=2000")
    assert not [name for name in names(tmp_path) if name.startswith(".")]


@pytest.mark.parametrize("way", WAYS)
def test_a_disk_that_is_read_only_is_told_in_one_line(run: Path, disk: Path, way: str) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    check_fault(way, disk, run, "Read-only file system")


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="takes root's right to write anywhere by setpriv")
@pytest.mark.parametrize("way", WAYS)
def test_a_folder_without_the_right_to_write_is_told_in_one_line(run: Path, tmp_path: Path, way: str) -> None:
    folder = tmp_path / "closed"
    shutil.copytree(run, folder / run.name)
    folder.chmod(0o555)
    launcher = ("setpriv", "--bounding-set=-dac_override") if os.geteuid() == 0 else ()
    check_fault(way, folder, run, "Permission denied", *launcher)
    folder.chmod(0o755)


@pytest.mark.parametrize("arguments", [["report", *SHORT, "--to", "html"], ["doctor"]], ids=["report", "doctor"])
def test_a_full_disk_behind_standard_output_is_told_in_one_line(tmp_path: Path, arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PROGRAM, *arguments],
            cwd=tmp_path,
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "quadnet: No space left on device; free some space, or write elsewhere\n"


@pytest.mark.parametrize("kind", ["gone", "a file", "closed"])
def test_no_folder_for_temporary_files_is_needed(tmp_path: Path, kind: str) -> None:
    temporary = tmp_path / "tmp"
    if kind == "a file":
        temporary.touch()
    elif kind == "closed":
        temporary.mkdir(mode=0o555)
    launcher = ("setpriv", "--bounding-set=-dac_override") if kind == "closed" and os.geteuid() == 0 else ()
    done = call(report(tmp_path / "out"), *launcher, TMPDIR=str(temporary))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert is_whole(Path(done.stdout.strip()))


# several at once


@pytest.mark.parametrize("force", [[], ["--force"]], ids=["", "force"])
@pytest.mark.parametrize("before", [False, True], ids=["first", "over a run"])
def test_builds_at_once_in_the_same_place_all_end_well(
    run: Path, tmp_path: Path, force: list[str], before: bool
) -> None:
    if before:
        shutil.copytree(run, tmp_path / run.name)
    command = [*PROGRAM, *report(tmp_path, "--to", "html", *force)]
    together = [
        subprocess.Popen(
            command,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            text=True,
        )
        for _ in range(3)
    ]
    told = [(process.communicate(), process.returncode) for process in together]
    assert told == [((f"{tmp_path / run.name}\n", ""), 0)] * 3
    assert names(tmp_path) == [run.name]
    assert is_whole(tmp_path / run.name)


def test_writers_at_once_in_the_same_place_never_leave_a_mixture(tmp_path: Path) -> None:
    target = tmp_path / "run"
    wholes = [{f"{name}/{letter}": letter.encode() * 5000 for name in range(20)} for letter in "ab"]
    command = [sys.executable, "-P", "-c", WRITING, str(target)]
    together = [
        subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for process in together:
        assert process.stdout is not None
        for _ in range(20):
            assert process.stdout.readline() == "\n", process.communicate()[1]
        process.kill()
        assert process.communicate()[1] == ""
    assert written(target) in wholes
    writing.write(target, {"a": b"1"})
    assert names(tmp_path) == ["run"]


def test_two_sweeps_at_once_do_not_mix_their_rows(tmp_path: Path) -> None:
    command = [*PROGRAM, *commands(Path(), tmp_path)["sweep"]]
    together = [
        subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = {process.communicate()[1]: process.returncode for process in together}
    assert told.pop("") == 0
    for line, code in told.items():  # none if one had ended before the other began
        assert code == 1
        assert re.fullmatch(r"quadnet: \S+/runs\.csv: another sweep is writing to it; .*\n", line)
    (table,) = tmp_path.glob("*/runs.csv")
    assert len(table.read_text().splitlines()) == 1 + 60
