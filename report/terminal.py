"""What is before and after a command: the streams, closed pipes, and one clear line for every error.

Nothing that takes long to load is loaded here: what goes wrong while the rest is loaded is told as well.
"""

import atexit
import errno
import io
import logging
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

from quadnet.errors import QuadnetError, one_line, shortened

from . import interruption

EXIT_CRASH = 70

_LOG = logging.getLogger("quadnet")  # takes what a user should know from where there is no way to say it

_WIDTH = 80  # of a terminal that does not tell
_TRACEBACKS = 2  # this many -v show them
_NO_THREAD = "can't start new thread"  # all that Python says of it
_SPACE = "free some space, or write elsewhere"
_REMEDIES = {
    errno.ENOSPC: _SPACE,
    errno.EDQUOT: _SPACE,
    errno.EFBIG: "raise this shell's limit on the length of files (ulimit -f)",
    errno.EMFILE: "raise this shell's limit on open files (ulimit -n)",
    errno.ENFILE: "close other programs",
    errno.EAGAIN: "raise this shell's limit on processes (ulimit -u)",
    errno.ENOMEM: "close other programs, or raise this shell's limit on memory (ulimit -v)",
}


def run(program: Callable[[], object]) -> NoReturn:
    """Runs the program and ends the process.

    Standard streams that are closed are taken for empty ones, and what their encoding cannot hold is printed escaped.
    Where nobody reads standard output any more, the process ends as by SIGPIPE, which a shell shows as 141. Remarks
    that libraries make for programmers are not shown. The end waits for no thread that was given up.

    Args:
        program: Reads the command line; may leave with SystemExit.
    """
    _open_streams()
    warnings.simplefilter("ignore")
    _LOG.addHandler(_Terminal())
    _LOG.propagate = False
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # nothing here is computed by it, but its threads need room
    interruption.listen()
    _pipes_may_kill(True)
    code: object = 0
    try:
        with _told_of(0):
            program()
    except SystemExit as left:
        code = left.code or 0
    try:
        sys.stdout.flush()
    except OSError as error:
        if code == 0:  # else that is what was told
            line, code = _told(error)
            say(line)
    atexit._run_exitfuncs()
    os._exit(code if isinstance(code, int) else 1)


@contextmanager
def explained(verbose: int, *, quiet: bool = False) -> Iterator[None]:
    """Turns every error into one line on standard error and an exit code of its own.

    Args:
        verbose: How much is to be said; much shows a traceback of a fault.
        quiet: Whether nothing but errors is to be said, not what is logged either.

    Raises:
        SystemExit: In place of any error.
    """
    with _told_of(verbose):
        _LOG.setLevel(logging.ERROR if quiet else logging.WARNING)
        _pipes_may_kill(False)  # there are others than standard output
        yield


@contextmanager
def _told_of(verbose: int) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        say(interruption.MESSAGE)
        raise SystemExit(interruption.EXIT) from None
    except BrokenPipeError:
        _end_with_the_pipe()
    except Exception as error:
        line, code = _told(error)
        if code == EXIT_CRASH and verbose >= _TRACEBACKS:
            import traceback

            traceback.print_exc()
        say(line)
        raise SystemExit(code) from None


_drawn = 0  # letters of the line that the next one takes the place of


def draw(line: str) -> None:
    """Shows a line on the terminal behind standard error until the next one, or any other line, takes its place."""
    global _drawn  # there is one terminal
    if not (line or _drawn):
        return
    line = shortened(line, _width() - 1)
    with suppress(OSError):
        sys.stderr.write(f"\r{line.ljust(_drawn)}" if line else f"\r{' ' * _drawn}\r")
        sys.stderr.flush()
    _drawn = len(line)


def _width() -> int:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or _WIDTH
    except (OSError, ValueError):  # it only says that it is one
        return _WIDTH


def say(line: str) -> None:
    """A line on standard error; that nobody can hear it is no reason to stop."""
    draw("")
    with suppress(OSError):
        print(shortened(one_line(line)), file=sys.stderr, flush=True)


def warn(line: str) -> None:
    """What a user should know though all goes on, as a line on standard error."""
    say(f"warning: {line}")


class _Terminal(logging.Handler):
    """What is logged anywhere, as warnings, each but once."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._said: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        line = record.getMessage()
        if line not in self._said:
            self._said.add(line)
            warn(line)


def _told(error: Exception) -> tuple[str, int]:
    """The line that an error is told in, and the exit code."""
    if isinstance(error, QuadnetError):
        return f"quadnet: {error}", error.exit_code
    if isinstance(error, RuntimeError) and str(error) == _NO_THREAD:
        error = OSError(errno.EAGAIN, "no other thread can be started")
    if isinstance(error, MemoryError):
        error = OSError(errno.ENOMEM, "not enough memory")
    if isinstance(error, OSError):
        if error.errno == errno.ENOENT and error.filename is None:
            return "quadnet: the current folder was removed; change to another one", 1
        name = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
        remedy = _REMEDIES.get(error.errno or 0, "see to that and run it again")
        return f"quadnet: {name}{error.strerror or error}; {remedy}", 1
    if isinstance(error, ImportError):
        return f"quadnet: cannot be loaded ({error}); raise this shell's limits (ulimit), or install quadnet anew", 1
    fault = f"{type(error).__name__}: {error}"
    return f"quadnet: a fault of the program ({fault}); run again with -vv and report it", EXIT_CRASH


def _open_streams() -> None:
    """Gives the three standard streams a file each, lest one of the program's own gets their numbers."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w" if number else "r", closefd=False))  # noqa: SIM115  # until the end
        stream = getattr(sys, name)
        if number and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _pipes_may_kill(allowed: bool) -> None:
    if sys.platform != "win32":
        signal.signal(signal.SIGPIPE, signal.SIG_DFL if allowed else signal.SIG_IGN)


def _end_with_the_pipe() -> NoReturn:
    """Ends as any other program does whose reader has gone."""
    if sys.platform != "win32":
        _pipes_may_kill(True)
        signal.raise_signal(signal.SIGPIPE)
    raise SystemExit(1)
