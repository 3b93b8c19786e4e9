import io
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from quadnet import files


def test_a_file_is_read_up_to_a_bound(tmp_path: Path) -> None:
    path = tmp_path / "some"
    path.write_bytes(b"x" * 2_000_000)
    assert files.read(path, 2_000_000) == b"x" * 2_000_000
    with pytest.raises(files.TooLargeError, match="larger than 1 MB"):
        files.read(path, 1_000_000)


@pytest.mark.parametrize(("path", "why"), [("/dev/zero", "larger"), (".", "Is a directory"), ("socket", "device")])
def test_what_is_no_file_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, why: str) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as end:
        end.bind("socket")
        with pytest.raises(OSError, match=f"{why}|No such device"):
            files.read(Path(path), 1000)
        with pytest.raises(OSError, match=r"No regular file|Is a directory|No such device"):
            files.peek(Path(path), 10)


def test_the_null_device_is_empty() -> None:
    assert files.read(Path("/dev/null"), 10) == b""


def test_a_pipe_is_read_to_its_end_however_slowly_it_is_written(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    def write() -> None:
        with pipe.open("wb", buffering=0) as end:
            for _ in range(3):
                end.write(b"piece")
                time.sleep(0.05)

    writer = threading.Thread(target=write)
    writer.start()
    assert files.read(pipe, 100) == b"piece" * 3
    writer.join()


@pytest.mark.parametrize("held", [False, True])
def test_a_pipe_that_nothing_comes_from_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: bool
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    monkeypatch.setattr(files, "_WITHOUT_WRITER", 0.05)
    monkeypatch.setattr(files, "_WITHOUT_WORD", 0.05)
    end = os.open(pipe, os.O_RDWR) if held else None
    with pytest.raises(OSError, match="nothing comes from"):
        files.read(pipe, 100)
    with pytest.raises(OSError, match="No regular file"):
        files.peek(pipe, 100)
    if end is not None:
        os.close(end)


def test_process_substitution_is_read() -> None:
    program = "import pathlib, sys; from quadnet import files; print(len(files.read(pathlib.Path(sys.argv[1]), 10**7)))"
    command = f"{sys.executable} -c '{program}' <(head -c 3000000 /dev/zero)"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stdout == "3000000\n", done.stderr


def test_standard_input_is_a_dash_and_may_be_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"words")))
    assert files.read(files.STANDARD_INPUT, 10) == b"words"
    assert files.name(files.STANDARD_INPUT) == "standard input"
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(OSError, match="Closed"):
        files.read(files.STANDARD_INPUT, 10)
