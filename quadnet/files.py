"""Reading what a user names, whatever stands there: a file, a pipe, standard input, or a device that never ends.

All that cannot be read is an `OSError` whose `strerror` says why.
"""

import errno
import os
import select
import stat
import sys
import time
from pathlib import Path

STANDARD_INPUT = Path("-")
_WITHOUT_WRITER, _WITHOUT_WORD = 5.0, 60.0  # seconds that a pipe is waited for
_PIECE = 2**20
_PAUSE = 0.02  # seconds between two looks whether somebody writes


class TooLargeError(OSError):
    """There is more than was asked for."""


def name(path: Path) -> str:
    """What messages call it."""
    return "standard input" if path == STANDARD_INPUT else str(path)


def read(path: Path, most: int) -> bytes:
    """All of a file, pipe or device, or of standard input for `-`.

    A pipe that nobody opens for writing is given up after some seconds, one that says nothing after a minute. Standard
    input is waited for as long as its other end is open, as by any program in a pipeline.

    Args:
        path: Where it is.
        most: Bytes.

    Raises:
        TooLargeError: It has more bytes.
        OSError: It cannot be read.
    """
    content = _standard_input(most + 1) if path == STANDARD_INPUT else _opened(path, most + 1)
    if len(content) > most:
        size = f"{most // 1000} kB" if most < 10**6 else f"{most // 10**6} MB"
        raise TooLargeError(errno.EFBIG, f"larger than {size}")
    return content


def peek(path: Path, count: int) -> bytes:
    """The first bytes of a regular file.

    Raises:
        OSError: It is none, or cannot be read.
    """
    place = os.open(path, os.O_RDONLY | _AT_ONCE)
    with os.fdopen(place, "rb") as file:
        if not stat.S_ISREG(os.fstat(place).st_mode):
            raise OSError(errno.EINVAL, "No regular file")
        return file.read(count)


_AT_ONCE = getattr(os, "O_NONBLOCK", 0)  # to open a pipe waits for its other end else


def _standard_input(count: int) -> bytes:
    if sys.stdin is None:
        raise OSError(errno.EBADF, "Closed")
    return sys.stdin.buffer.read(count)


def _opened(path: Path, count: int) -> bytes:
    """At most so many bytes of what has a name."""
    place = os.open(path, os.O_RDONLY | _AT_ONCE)
    with os.fdopen(place, "rb", buffering=0) as file:
        mode = os.fstat(place).st_mode
        if stat.S_ISBLK(mode) or stat.S_ISSOCK(mode):
            raise OSError(errno.EINVAL, "A device, no file")
        pieces, room, heard = [], count, time.monotonic()
        while room:
            piece = file.read(min(room, _PIECE))  # None where somebody could still write
            if piece:
                pieces.append(piece)
                room, heard = room - len(piece), time.monotonic()
            elif piece is not None and (pieces or not stat.S_ISFIFO(mode)):
                break
            elif time.monotonic() - heard > (_WITHOUT_WORD if piece is None else _WITHOUT_WRITER):
                raise OSError(errno.ETIMEDOUT, "A pipe that nothing comes from")
            elif piece is None:
                select.select([place], [], [], 1.0)
            else:
                time.sleep(_PAUSE)
    return b"".join(pieces)
