"""What in a record's folder is not the record's: files that somebody added or changed. No build loses any of them.

The record's own are the files that its manifest lists, as long as they are what it lists, and the few that stand beside
it. All else is carried over into the folder that takes its place.
"""

import hashlib
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from quadnet.errors import QuadnetError
from quadnet.files import peek

from . import foreign, manifest, reading, ro_crate
from .manifest import Entry

_MOST_DEPTH = 100


def check(target: Path, written: Collection[str], *, force: bool) -> None:
    """Makes sure that a record may take the place of what is there, before anything is made.

    Args:
        target: The record's folder, which is there.
        written: Names of files that will be in it, whether the record there lists them or not.
        force: Whether what was changed there may be kept under another name.

    Raises:
        QuadnetError: It is no record of ours, or, unless that is forced, a file in it was changed.
    """
    content = _manifest(target)
    if not manifest.is_ours(content):
        raise QuadnetError(f"{target}: is there but is no run of quadnet; move it away or name another --output-dir")
    for _ in _depths(target):
        pass
    if force:
        return
    try:
        entries = manifest.parse(content).files
    except ValueError as error:
        raise QuadnetError(f"{target}: {manifest.NAME} {error}; --force makes the record anew") from None
    there = [name for name in {**entries, **dict.fromkeys(written)} if os.path.lexists(target / name)]
    changed = [name for name in there if name not in entries or not _is(target / name, entries[name])]
    if changed:
        more = f" (and {len(changed) - 1} more)" if changed[1:] else ""
        raise QuadnetError(
            f"{target}: {changed[0]}{more} is not what the record wrote there; --force makes the record anew and "
            "keeps it under another name"
        )


def listed(target: Path) -> Mapping[str, Entry]:
    """What the manifest in a folder lists; nothing if it is damaged."""
    try:
        return manifest.parse(_manifest(target)).files
    except ValueError:
        return {}


def carry(old: Path, new: Path) -> tuple[str, ...]:
    """Takes all that is not the record's from an old folder into a new one, which holds the record already.

    What has a name that the record needs gets the next free one of `NAME.~1~`, `NAME.~2~` and so on, as GNU's tools do
    it, unless it is the same file.

    Returns:
        What was kept under another name, a sentence each.

    Raises:
        OSError: Something could not be taken; the old folder is as it was.
        QuadnetError: The folders lie too deep.
    """
    content = _manifest(old)
    own = dict(listed(old))
    if own:
        seal = Entry(sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
        metadata = ro_crate.metadata(manifest.parse(content), seal)
        own |= {
            manifest.NAME: seal,
            ro_crate.NAME: Entry(sha256=hashlib.sha256(metadata).hexdigest(), bytes=len(metadata)),
        }
    for _ in _depths(old):
        pass
    return tuple(_carry(old, new, own, ""))


def aside(folder: Path, name: str, content: bytes, known: Collection[str]) -> tuple[str, ...]:
    """Gives a file that somebody changed another name, as `carry` does, before another one takes its place.

    Args:
        folder: Where it lies, if it is there.
        name: Its path below that.
        content: What will be there.
        known: SHA-256 (hexadecimal) of what may be lost.

    Returns:
        What was kept, in a sentence.

    Raises:
        OSError: It cannot be renamed.
    """
    path = folder / name
    if not os.path.lexists(path) or _digest(path) in {*known, hashlib.sha256(content).hexdigest()}:
        return ()
    free = _free(path, path.parent)
    path.rename(free)
    return (f"{name} is not what was written there; it is kept as {free.name}",)


def protect(folder: Path) -> None:
    """Tells git to leave the files of a folder as they are, unless somebody told it something there.

    That it cannot be told is no reason to stop.
    """
    with suppress(OSError), (folder / foreign.GIT).open("xb") as file:
        file.write(foreign.GIT_CONTENT)


def _manifest(folder: Path) -> bytes:
    try:
        return peek(folder / manifest.NAME, reading.MOST_JSON)
    except OSError:
        return b""


def _depths(folder: Path) -> Iterator[None]:
    """Goes through all folders below one."""
    for place, _, _ in os.walk(folder):
        if len(Path(place).parts) - len(folder.parts) > _MOST_DEPTH:
            raise QuadnetError(f"{folder}: folders lie more than {_MOST_DEPTH} deep in it; move them away")
        yield


def _carry(old: Path, new: Path, own: Mapping[str, Entry], above: str) -> Iterator[str]:
    for source in sorted(old.iterdir()):
        name, place = above + source.name, new / source.name
        if source.is_dir() and not source.is_symlink():
            made = not place.is_dir()
            if made:
                place = _free(place, old)
                place.mkdir()
            yield from _carry(source, place, own, f"{name}/")
            if made and any(source.iterdir()) and not any(place.iterdir()):
                place.rmdir()  # it held nothing but the record's
            elif made:
                shutil.copystat(source, place)
        elif name == manifest.LOG or (name in own and _is(source, own[name])) or _equal(source, place):
            continue
        else:
            place = _free(place, old)
            _link(source, place)
        if place.name != source.name:
            yield f"{name} is not the record's; it is kept as {above}{place.name}"


def _free(place: Path, old: Path) -> Path:
    """The place, or the next beside it that is free in the new folder and in the old one."""
    number, free = 0, place
    while os.path.lexists(free) or (number and os.path.lexists(old / free.name)):
        number += 1
        free = place.with_name(f"{place.name}.~{number}~")
    return free


def _is(path: Path, entry: Entry) -> bool:
    """Whether a file is the one that a manifest lists."""
    return _digest(path) == entry.sha256


def _equal(one: Path, other: Path) -> bool:
    digest = _digest(one)
    return digest is not None and digest == _digest(other)


def _digest(path: Path) -> str | None:
    """SHA-256 (hexadecimal) of a regular file; None of anything else, or where it cannot be read."""
    if path.is_symlink() or not path.is_file():
        return None
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _link(source: Path, place: Path) -> None:
    """The same file, or link, under another name; a copy where the file system has no second names."""
    try:
        os.link(source, place, follow_symlinks=False)
    except (OSError, NotImplementedError):
        shutil.copy2(source, place, follow_symlinks=False)
