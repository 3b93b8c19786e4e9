"""Writing a run's folder, or a single file, so that it is there whole or not at all, whenever the program is killed."""

import ctypes
import errno
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from quadnet.errors import QuadnetError
from quadnet.files import peek

from . import keeping

_ANOTHER_FOLDER = "name another folder with --output-dir"
_PARTIAL, _OLD = ".partial", ".old"
_FULL = (errno.ENOSPC, errno.EDQUOT)
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2  # of Linux's renameat2


def check_writable(folder: Path, remedy: str = _ANOTHER_FOLDER) -> None:
    """Makes the folder and tries to write in it, so that a long run does not end at a closed door.

    Args:
        folder: Where something is to be written.
        remedy: What the user can do if that is not possible.

    Raises:
        QuadnetError: It cannot be made or written to, or lies in a run's.
    """
    _check_outside(folder, folder / "any", remedy)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except FileExistsError as error:
        raise QuadnetError(f"{error.filename}: is a file, or a link that leads nowhere; {remedy}") from None
    except OSError as error:
        raise explained(folder, error, remedy) from None


def _check_outside(path: Path, file: Path, remedy: str) -> None:
    """Makes sure that no run's folder is spoilt by a file in it, and that a path is one."""
    if path.parts[:1] == ("-",):
        raise QuadnetError(f"{path}: standard output takes no files; {remedy}")
    if any("metrics.json" in keeping.listed(folder) for folder in Path(os.path.realpath(file)).parents):
        raise QuadnetError(f"{path}: lies in a run's folder, which would not verify then; {remedy}")


def place(target: Path) -> Path:
    """Where a folder is written: where a link at its place leads to.

    Raises:
        QuadnetError: It leads nowhere.
    """
    if not target.is_symlink():
        return target
    try:
        return Path(os.path.realpath(target, strict=True))
    except OSError:
        told = f"{target}: is a link to {target.readlink()}, where nothing is"
        raise QuadnetError(f"{told}; remove it, or {_ANOTHER_FOLDER}") from None


def write(target: Path, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Writes a record into a new folder beside its place, and renames it when all is there.

    A record that stands at the target's place gives way only then, and comes back if the renaming fails; what others
    put into its folder is taken along. What a build of this run left behind when it was killed is cleared away first.

    Args:
        target: The record's folder, or a link to it.
        files: Contents by path below it.

    Returns:
        What others had put there under a name of the record's and is now called otherwise, a sentence each.

    Raises:
        QuadnetError: Something could not be written; nothing has changed.
    """
    target = place(target)
    partial = Path()
    try:
        with _alone(target.parent) as alone:
            if alone:  # so what lies there is nobody's
                _clear(target)
            partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}{_PARTIAL}")
            partial.mkdir()  # with the rights that the user's umask leaves, as all below it
            for name, content in files.items():
                path = partial / name
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(content)
            kept = keeping.carry(target, partial) if target.is_dir() else ()
            keeping.protect(partial)
            _exchange(partial, target)
    except OSError as error:
        raise explained(target, error) from None
    finally:
        if partial != Path():
            _remove(partial)
    return kept


def check_free(path: Path, mark: bytes, kind: str, remedy: str, sources: Iterable[Path] = (), *, force: bool) -> None:
    """Makes sure that `replace` loses no file that somebody else made, nor spoils a run.

    Args:
        path: The file to write.
        mark: What stands near the beginning of each file of this kind.
        kind: Its name.
        remedy: What the user can do otherwise.
        sources: What it is made of.
        force: Whether any file but these may be replaced.

    Raises:
        QuadnetError: There is a file of another kind, and it is not to be replaced; or it cannot be read; or the path
            leads into a run's folder.
    """
    _check_outside(path, path, remedy)
    if any(source.exists() and path.exists() and path.samefile(source) for source in sources):
        raise QuadnetError(f"{path}: is what is read; {remedy}")
    try:
        own = mark in peek(path, 200)
    except FileNotFoundError:
        return
    except OSError as error:
        if not os.path.lexists(path):  # nothing can be lost there, and the writing will say why
            return
        raise explained(path, error, remedy) from None
    if not (own or force):
        raise QuadnetError(f"{path}: is there and no {kind}; {remedy}, or use --force")


def replace(path: Path, content: bytes, remedy: str = _ANOTHER_FOLDER) -> None:
    """Writes one file whole or not at all.

    Args:
        path: The file.
        content: What it is to hold.
        remedy: What the user can do if that fails.

    Raises:
        QuadnetError: It could not be written; what was there stays.
    """
    partial = path.with_name(f".{path.name}{_PARTIAL}")
    try:
        with _alone(path.parent):
            try:
                partial.write_bytes(content)
                partial.replace(path)
            except OSError:
                with suppress(OSError):
                    partial.unlink()
                raise
    except OSError as error:
        raise explained(path, error, remedy) from None


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Lets other writers of a folder wait, and says whether that is possible there; it ends with the process."""
    if sys.platform == "win32":
        yield False
        return
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            alone = True
        except OSError:  # a file system without locks
            alone = False
        yield alone
    finally:
        os.close(handle)


def _clear(target: Path) -> None:
    """Removes what earlier writers of a folder left half-written, and puts back what they had taken away."""
    for path in target.parent.iterdir():
        if path.name.startswith(f".{target.name}."):
            if path.suffix == _OLD and not target.exists():
                path.rename(target)
            elif path.suffix in (_PARTIAL, _OLD):
                _remove(path)


def _remove(folder: Path) -> None:
    """Removes a folder, as far as possible, also what is write-protected in it."""
    for place, folders, _ in os.walk(folder):
        for path in (Path(place), *(Path(place, name) for name in folders)):
            if not path.is_symlink():
                with suppress(OSError):
                    path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def clear(folder: Path) -> None:
    """Removes what `replace` left half-written in a folder and below when it was killed; nobody may write there now."""
    for path in folder.rglob(f".*{_PARTIAL}"):
        if path.is_file():
            path.unlink()


def _exchange(new: Path, target: Path) -> None:
    """Puts the new folder in the target's place, or leaves the old one there whatever happens.

    Where the system can exchange the two in one step, no moment is without either, and the old one is at `new` then.
    """
    if not target.exists():
        new.rename(target)
        return
    if _swapped(new, target):
        return
    old = new.with_suffix(_OLD)
    try:
        target.rename(old)
        new.rename(target)
    except BaseException:  # also an interrupt between the two
        if old.exists() and not target.exists():
            old.rename(target)
        raise
    _remove(old)


def _swapped(one: Path, other: Path) -> bool:
    """Exchanges two folders in one step; false where the system or the file system cannot, and nothing has changed."""
    if sys.platform != "linux":
        return False
    exchange = getattr(ctypes.CDLL(None), "renameat2", None)
    names = (_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other))
    return exchange is not None and exchange(*names, _RENAME_EXCHANGE) == 0


def explained(path: Path, error: OSError, remedy: str = _ANOTHER_FOLDER) -> QuadnetError:
    """What a failed writing is told as."""
    if error.errno in _FULL:
        remedy = f"free some space, or {remedy}"
    return QuadnetError(f"{path}: cannot be written ({error.strerror}); {remedy}")
