import errno
import io

import pytest

from quadnet.errors import ConfigurationError, QuadnetError
from quadnet.report import terminal
from quadnet.report.pages.press import PdfError


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (ConfigurationError("epochs = 0"), 2, "quadnet: epochs = 0"),
        (PdfError("no PDF"), 3, "quadnet: no PDF"),
        (KeyboardInterrupt(), 130, "quadnet: interrupted; nothing is half-written"),
        (OSError(errno.ENOSPC, "No space left"), 1, "quadnet: No space left; free some space, or write elsewhere"),
        (
            OSError(errno.EMFILE, "Too many open files", "/a"),
            1,
            "quadnet: /a: Too many open files; raise this shell's limit on open files (ulimit -n)",
        ),
        (
            OSError(errno.EIO, "Input/output error", b"/a"),
            1,
            "quadnet: /a: Input/output error; see to that and run it again",
        ),
        (OSError("of its own"), 1, "quadnet: of its own; see to that and run it again"),
        (
            FileNotFoundError(errno.ENOENT, "No such file"),
            1,
            "quadnet: the current folder was removed; change to another one",
        ),
        (
            MemoryError(),
            1,
            "quadnet: not enough memory; close other programs, or raise this shell's limit on memory (ulimit -v)",
        ),
        (
            RuntimeError("can't start new thread"),
            1,
            "quadnet: no other thread can be started; raise this shell's limit on processes (ulimit -u)",
        ),
        (
            ImportError("no libm.so"),
            1,
            "quadnet: cannot be loaded (no libm.so); raise this shell's limits (ulimit), or install quadnet anew",
        ),
        (
            ZeroDivisionError("by\nzero"),
            70,
            "quadnet: a fault of the program (ZeroDivisionError: by\\nzero); run again with -vv and report it",
        ),
        (SystemExit(5), 5, ""),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_every_error_is_one_line_and_an_exit_code(
    capsys: pytest.CaptureFixture[str], raised: BaseException, code: int, said: str
) -> None:
    with pytest.raises(SystemExit) as left, terminal.explained(0):
        raise raised
    assert (left.value.code, capsys.readouterr().err.rstrip("\n")) == (code, said)


class Full(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_line_that_nobody_can_hear_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", Full())
    with pytest.raises(SystemExit) as left, terminal.explained(0):
        raise QuadnetError("unheard")
    assert left.value.code == 1


def test_a_long_line_is_shortened_in_the_middle(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), terminal.explained(0):
        raise ValueError("a" + "x" * 5000 + "b")
    (line,) = capsys.readouterr().err.splitlines()
    assert len(line) == 300
    assert line.startswith("quadnet: a fault of the program (ValueError: ax")
    assert line.endswith("xb); run again with -vv and report it")
