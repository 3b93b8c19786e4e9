"""Ctrl-C from the first moment on; loads nothing but what is there when Python starts."""

import _signal  # type: ignore[import-not-found]  # `signal` without what takes long to load; it has no types
import atexit
import os

EXIT = 130
MESSAGE = "quadnet: interrupted; nothing is half-written"


def listen() -> None:
    """Makes Ctrl-C end the process at once with one line, wherever it is.

    No exception is raised: it would meet locks half taken, threads that wait for one another, and destructors that
    cannot pass it on. Whatever is written is whole at any moment, and what has to end with the process is registered
    at `atexit`. Where the caller wants Ctrl-C ignored, it stays so.
    """
    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _leave)


def _leave(number: int, frame: object) -> None:
    _signal.signal(number, _signal.SIG_IGN)
    atexit._run_exitfuncs()
    try:  # noqa: SIM105  # what would be shorter takes long to load
        os.write(2, f"{MESSAGE}\n".encode())
    except OSError:
        pass
    os._exit(EXIT)
