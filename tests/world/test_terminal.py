"""The last step to the terminal is as careful as the rest."""

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from calls import PROGRAM, SMALL, environment

FULL = "quadnet: No space left on device; free some space, or write elsewhere\n"
INTERRUPTED = "quadnet: interrupted; nothing is half-written\n"


@pytest.mark.parametrize("fresh", [False, True])
def test_the_version_is_a_line(quadnet: Any, fresh: bool) -> None:
    said = quadnet("--version", fresh=fresh)
    assert (said.code, said.out, said.err) == (0, "quadnet 0.1.0\n", "")


def test_a_run_is_there(quadnet: Any, run: Path) -> None:
    said = quadnet("verify", run, "--quick")
    assert (said.code, said.err) == (0, ""), said


def test_the_program_is_a_module_too(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("raise SystemExit('a file of the user was run')")
    command = [sys.executable, "-m", "quadnet", "--version"]
    said = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout, said.stderr) == (0, "quadnet 0.1.0\n", "")


@pytest.mark.parametrize(
    "arguments",
    [
        ["report", "y" * 900],
        ["report", f"--{'y' * 900}"],
        ["y" * 900],
        ["phases", "a.csv", "\x1b[31m\r"],
        ["list", "--lang"],
    ],
    ids=["argument", "option", "command", "control characters", "no value"],
)
def test_wrong_usage_is_told_in_lines_that_can_be_read(quadnet: Any, arguments: list[str]) -> None:
    said = quadnet(*arguments)
    assert said.code == 2
    assert "Error: " in said.err
    assert all(len(line) <= 300 and line.isprintable() for line in said.err.splitlines())


CALLS = [
    ["--version"],
    ["--help"],
    ["report", "--help"],
    ["list"],
    ["verify", "RUN", "--quick"],
    ["diff", "RUN", "RUN"],
]
CALLS += [["phases", "-", "--no-plot"], ["report", "--json"]]


def arguments(call: Sequence[str], run: Path) -> list[str]:
    own = [*SMALL, "--to", "html", "--output-dir", str(run.parent)] if call[-1] == "--json" else []
    return [*(str(run) if each == "RUN" else each for each in call), *own]


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_a_closed_pipe_ends_quietly(run: Path, call: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        said = subprocess.run(
            [*PROGRAM, *arguments(call, run)],
            cwd=run.parent.parent,
            env=environment(),
            input=b"3\n2\n1\n",
            stdout=writer,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(writer)
    words = b"outputs" if call[-1] == "--json" else b""  # that the run is there already
    assert said.returncode == -signal.SIGPIPE
    assert said.stderr == b"" or words in said.stderr
    assert len(said.stderr.splitlines()) == bool(words)


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_a_full_disk_behind_the_output_is_a_line(quadnet: Any, run: Path, call: list[str]) -> None:
    said = quadnet(*arguments(call, run), cwd=run.parent.parent, stdin=b"3\n2\n1\n", stdout="/dev/full")
    assert said.code == 1
    assert said.err.endswith(FULL)
    assert len(said.err.splitlines()) == 1 + (call[-1] == "--json")  # that the run is there already


@pytest.mark.parametrize(
    ("encoding", "name", "shown"),
    [
        ("cp1252", "中", "\\u4e2d"),
        ("koi8-r", "Übung", "\\xdcbung"),
        ("latin-1:strict", "€", "\\u20ac"),
        ("utf-8", "\udcff", "\\udcff"),
    ],
)
def test_what_the_encoding_lacks_is_escaped(quadnet: Any, run: Path, encoding: str, name: str, shown: str) -> None:
    folder = run.parent.parent / name
    run.parent.rename(folder)
    again = [*SMALL, "--to", "html", "--output-dir", name]
    said = quadnet("report", *again, cwd=folder.parent, env={"PYTHONIOENCODING": encoding})
    assert (said.code, said.out) == (0, f"{shown}/{run.name}\n")


@pytest.mark.parametrize("wait", [0.05, 0.1, 0.3, 0.6])
def test_ctrl_c_is_a_line_from_the_start(tmp_path: Path, wait: float) -> None:
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from quadnet.report.__main__ import main; import os; os.write(1, b'.'); main()"
    )
    command = [sys.executable, "-P", "-c", code, "report", "--epochs", "9000000", "--to", "html"]
    process = subprocess.Popen(command, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.read(1) == b"."
    time.sleep(wait)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert (process.returncode, out, err.decode()) == (130, b"", INTERRUPTED)
    assert not [*tmp_path.glob("outputs/*")]


@pytest.mark.parametrize(
    "call", [["diff", "RUN", "RUN", "--html", "a.html"], ["list", ".", "--html", "a.html"], ["report", "--to", "html"]]
)
def test_a_removed_folder_is_told(quadnet: Any, run: Path, tmp_path: Path, call: list[str]) -> None:
    (gone := tmp_path / "gone").mkdir()
    code = f"import os; os.rmdir({str(gone)!r}); from quadnet.report.__main__ import main; main()"
    command = [sys.executable, "-P", "-c", code, *arguments(call, run)]
    said = subprocess.run(command, cwd=gone, env=environment(), capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout) == (1, "")
    (line,) = said.stderr.splitlines()
    assert line.startswith("quadnet: ")
    assert "fault" not in line


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"[]", b"{}", b"\xff", b"[" * 100_000, None),
        pytest.param(
            b'{"status": ' + b"1" * 5000 + b"}",
            marks=pytest.mark.skipif(not hasattr(sys, "get_int_max_str_digits"), reason="Python reads any number"),
        ),
    ],
    ids=lambda c: repr(c)[:9],
)
def test_a_damaged_run_that_is_there_is_told(quadnet: Any, run: Path, content: bytes | None) -> None:
    (run / "phases.json").unlink()
    if content is not None:
        (run / "phases.json").write_bytes(content)
    said = quadnet("report", *SMALL, "--to", "html", "--json", "-q", "--output-dir", run.parent)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith(f"quadnet: {run}: phases.json ")
    assert said.err.endswith("; --force builds it again\n")


HUGE = "0x" + "f" * 5000


@pytest.mark.parametrize(
    "setting",
    [
        f"network.hidden=[{HUGE}]",
        f"name=[{HUGE}]",
        f"report.title={{a={HUGE}}}",
        f"data.{HUGE}=1",
        f"name={'[' * 90_000}",
    ],
    ids=lambda setting: setting[:24],
)
def test_a_huge_value_is_a_short_line(quadnet: Any, setting: str) -> None:
    said = quadnet("report", "--set", setting)
    (line,) = said.err.splitlines()
    assert (said.code, len(line) <= 300) == (2, True)


@pytest.mark.parametrize(
    "losses", ["5\n-1e308\n1e308\n-1e308\n5\n", "1e308\n-1e308\n", "1.7e308\n1.7e308\n", "-1e308\n1\n"]
)
def test_losses_beyond_what_can_be_drawn_are_taken(quadnet: Any, tmp_path: Path, losses: str) -> None:
    said = quadnet("phases", "-", cwd=tmp_path, stdin=losses.encode())
    assert (said.code, said.out.splitlines()[-1]) == (0, "phases.svg"), said


def test_a_curve_s_name_need_not_be_utf_8(quadnet: Any, tmp_path: Path) -> None:
    (tmp_path / "\udce9.csv").write_text("3\n2\n1\n")
    said = quadnet("phases", "\udce9.csv", cwd=tmp_path)
    assert (said.code, said.out.splitlines()[-1]) == (0, "\\udce9-phases.svg"), said
    (tmp_path / "\udce9-phases.svg").read_text(encoding="utf-8")


REPORT = ["report", *[each for each in SMALL if each != "--no-progress"], "--to", "html"]


def on_terminal(folder: Path, *arguments: object) -> list[str]:
    """What a terminal behind standard error was shown, one after the other."""
    ours, theirs = pty.openpty()
    command = [*PROGRAM, *map(str, arguments)]
    process = subprocess.Popen(command, cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    seen = b""
    with suppress(OSError):  # the end of a terminal's output
        while part := os.read(ours, 100_000):
            seen += part
    os.close(ours)
    process.communicate()
    assert process.returncode == 0
    return [line.strip() for line in seen.decode().replace("\n", "\r").split("\r") if line.strip()]


def test_a_terminal_sees_the_stages_on_one_line(tmp_path: Path) -> None:
    *stages, last = on_terminal(tmp_path, *REPORT, "--set", "replicates.runs=2")
    assert stages[0] == "training 0/60"
    assert stages[1].startswith("training 60/60, ")
    assert stages[-1] == "training · evidence · 2 other seeds · figures · HTML written"
    assert "training · evidence · 2 other seeds 2/2" in stages
    assert last.startswith("accuracy")


@pytest.mark.parametrize(("option", "lines"), [("--no-progress", 1), ("-q", 0)])
def test_who_wants_no_stages_sees_none(tmp_path: Path, option: str, lines: int) -> None:
    assert len(on_terminal(tmp_path, *REPORT, option)) == lines


def test_making_a_run_again_has_stages_too(small_run: Path, tmp_path: Path) -> None:
    assert on_terminal(tmp_path, "verify", small_run)[-1].startswith("training · evidence · ")
    *stages, last = on_terminal(tmp_path, "rebuild", small_run)
    assert stages[-1].startswith("training · evidence · ")
    assert last == "same bytes"
