"""Writing a run's folder so that it is there whole or not at all."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from quadnet.errors import QuadnetError

_ANOTHER_FOLDER = "name another folder with --output-dir"


def check_writable(folder: Path) -> None:
    """Makes the folder and tries to write in it, so that a long run does not end at a closed door.

    Raises:
        QuadnetError: It cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _explained(folder, error) from None


def write(target: Path, files: Mapping[str, bytes]) -> None:
    """Writes files into a new folder beside the target and renames it when all are there.

    A folder that stands at the target's place gives way only then, and comes back if the renaming fails.

    Args:
        target: The folder to write.
        files: Contents by path below it.

    Raises:
        QuadnetError: Something could not be written; nothing has changed.
    """
    partial = Path()
    try:
        partial = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".partial", dir=target.parent))
        partial.chmod(0o755)
        for name, content in files.items():
            path = partial / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        _exchange(partial, target)
    except OSError as error:
        raise _explained(target, error) from None
    finally:
        if partial != Path():
            shutil.rmtree(partial, ignore_errors=True)


def replace(path: Path, content: bytes, remedy: str = _ANOTHER_FOLDER) -> None:
    """Writes one file whole or not at all.

    Args:
        path: The file.
        content: What it is to hold.
        remedy: What the user can do if that fails.

    Raises:
        QuadnetError: It could not be written; what was there stays.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise _explained(path, error, remedy) from None


def check_free(path: Path, mark: bytes, kind: str, option: str, *, force: bool) -> None:
    """Makes sure that no file is lost to one that `replace` is to write.

    Args:
        path: The file.
        mark: What stands among the first bytes of those that may be written anew.
        kind: What these are.
        option: Where the user names the file.
        force: Whether any file may be replaced.

    Raises:
        QuadnetError: There is a file without the mark, and it is not to be replaced; or it cannot be read.
    """
    try:
        with path.open("rb") as file:
            own = mark in file.read(200)
    except FileNotFoundError:
        return
    except OSError as error:
        raise _explained(path, error, f"name another file with {option}") from None
    if not (own or force):
        raise QuadnetError(f"{path}: is there and no {kind}; name another file with {option}, or use --force")


def _exchange(new: Path, target: Path) -> None:
    """Puts the new folder in the target's place, or leaves the old one there whatever happens."""
    old = new.with_suffix(".old")
    try:
        if target.exists():
            target.rename(old)
        new.rename(target)
    except BaseException:  # also an interrupt between the two
        if old.exists() and not target.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _explained(path: Path, error: OSError, remedy: str = _ANOTHER_FOLDER) -> QuadnetError:
    return QuadnetError(f"{path}: cannot be written ({error.strerror}); {remedy}")
