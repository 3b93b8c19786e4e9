"""What computes: the program's own digest, and the processors that it may use."""

import hashlib
import os
from functools import cache
from pathlib import Path

_SOURCES = (".py", ".c", ".j2", ".css", ".js", ".json", ".svg", ".ttf", ".woff2", ".conf", ".mo")
_SHORT = 16  # hexadecimal digits
_APART = ("quadnet/report/", "quadnet/templates/")  # an installation puts these folders into this package's


def sources_digest(*folders: Path) -> str:
    """SHA-256 (hexadecimal) of the names and digests of the sources, templates and fonts in some folders."""
    whole = hashlib.sha256()
    for folder in folders:
        for path in sorted(path for path in folder.rglob("*") if path.suffix in _SOURCES):
            name = path.relative_to(folder.parent).as_posix()
            if name.startswith(_APART):
                continue
            whole.update(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n".encode())
    return whole.hexdigest()


@cache
def numbers_digest() -> str:
    """What names all that shapes the numbers of a run but its configuration: a digest of this package's sources.

    Other packages and the machine do not count: they give the same bits.
    """
    return sources_digest(Path(__file__).parent)[:_SHORT]


def processors() -> int:
    """How many processors this process may use, which can be fewer than there are."""
    if hasattr(os, "process_cpu_count"):  # from Python 3.13
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):  # not on every system
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
