"""Reading a run that somebody hands over: a folder, a zip archive, or a PDF with its attachments.

Nothing of it is run, nothing is written, and no other file is touched. Sizes and numbers of files are bounded, and
whatever a file holds that no run has is a `RecordError` in one line.
"""

import io
import json
import logging
import os
import shutil
import stat
import zipfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

from quadnet.errors import QuadnetError
from report.record import manifest
from report.record.manifest import Manifest

MOST_BYTES = 384 * 2**20  # of all files together; a history of the most epochs there can be is 270 MB
MOST_CARRIED = 128 * 2**20  # of a PDF, and of what it carries
MOST_JSON = 4 * 2**20  # of one file that is read as a whole; many times as much when it is read
MOST_FILES = 10_000
_MOST_DIRECTORY = 4 * 2**20  # of a zip: its table of contents
_PIECE = 2**20

_PDF, _ZIP = b"%PDF-", b"PK"


class RecordError(QuadnetError):
    """What was handed over is no run, or a damaged one."""


@dataclass(frozen=True)
class Record:
    """A run as it was found.

    Attributes:
        path: Where.
        files: Contents by path below the run's folder.
        manifest: What the run says of itself.
        whole: Whether all files of the run should be there; a PDF carries but some.
    """

    path: Path
    files: Mapping[str, bytes]
    manifest: Manifest
    whole: bool

    def json(self, name: str) -> Any:
        """The content of a JSON file.

        Raises:
            RecordError: It is missing, too long, or no JSON.
        """
        if name not in self.files:
            raise RecordError(f"{self.path}: {name} is missing")
        _check_short(self.path, name, len(self.files[name]))
        try:
            return json.loads(self.files[name])
        except (ValueError, RecursionError):
            raise RecordError(f"{self.path}: {name} is no JSON") from None


def read(path: Path) -> Record:
    """Reads a run.

    Args:
        path: A run's folder, an archive of one, or its PDF.

    Raises:
        RecordError: It is none of these, or cannot be read; says why.
    """
    try:
        if path.is_dir():
            return _record(path, _folder(path), whole=True)
        if path.exists() and not path.is_file():
            raise RecordError(f"{path}: neither a folder nor a file; name a run's folder, PDF or zip")
        with path.open("rb") as file:
            start = file.read(len(_PDF))
        if start == _PDF:
            return _record(path, _carried(path), whole=False)
        if start.startswith(_ZIP):
            return _record(path, _archive(path), whole=True)
    except OSError as error:
        raise RecordError(f"{path}: cannot be read ({error.strerror}); name a run's folder, PDF or zip") from None
    raise RecordError(f"{path}: neither a folder nor a PDF nor a zip; name a run's folder, PDF or zip")


@dataclass(frozen=True)
class Glance:
    """A few files of a run that may be one, unchecked.

    Attributes:
        names: The regular files directly in its folder.
        files: The contents of those among them that were asked for.
    """

    names: frozenset[str]
    files: Mapping[str, bytes]


def glance(path: Path, wanted: Collection[str]) -> Glance:
    """Reads some files of a run's folder or zip and no others, each of at most 4 MB.

    Args:
        path: The folder, whose links count as not there, or the zip.
        wanted: Names of files, which may be missing.

    Raises:
        RecordError: It cannot be read, or a file is larger.
    """
    try:
        if not path.is_dir():
            return _glance_archive(path, wanted)
        with os.scandir(path) as entries:
            names = frozenset(entry.name for entry in entries if entry.is_file(follow_symlinks=False))
        files = {}
        for name in names.intersection(wanted):
            with open(f"{path}/{name}", "rb", buffering=0) as file:  # noqa: PTH123  # a Path takes as long as the rest
                _check_short(path, name, os.fstat(file.fileno()).st_size)
                files[name] = file.read()
    except OSError as error:
        raise RecordError(f"{path}: cannot be read ({error.strerror})") from None
    return Glance(names, files)


def _check_short(path: Path, name: str, size: int) -> None:
    if size > MOST_JSON:
        raise RecordError(f"{path}: {name} is larger than {MOST_JSON >> 20} MB; that of no run is")


def _record(path: Path, files: dict[str, bytes], *, whole: bool) -> Record:
    if manifest.NAME not in files:
        raise RecordError(f"{path}: has no {manifest.NAME}, so it is no run of quadnet")
    _check_short(path, manifest.NAME, len(files[manifest.NAME]))
    if "metrics.json" not in files and any(name.startswith("handout-") for name in files):
        raise RecordError(f"{path}: is a handout and no run; name a run's folder, PDF or zip")
    try:
        return Record(path, files, manifest.parse(files[manifest.NAME]), whole)
    except ValueError as error:
        raise RecordError(f"{path}: {manifest.NAME} {error}") from None


def _refuse_size(path: Path, most: int) -> NoReturn:
    raise RecordError(f"{path}: holds more than {most >> 20} MB or {MOST_FILES} files; no run does")


def _folder(path: Path) -> dict[str, bytes]:
    """The regular files of a folder; links are not followed."""

    def refuse(error: OSError) -> None:
        raise error  # `walk` would pass over a folder that it may not read

    files: dict[str, bytes] = {}
    room = MOST_BYTES
    for folder, folders, names in os.walk(path, onerror=refuse, followlinks=False):
        links = [name for name in folders if Path(folder, name).is_symlink()]
        for name in [*links, *names]:
            place = Path(folder, name)
            status = place.lstat()
            if not stat.S_ISREG(status.st_mode):
                raise RecordError(f"{path}: {place.relative_to(path).as_posix()} is a link or no file; a run has none")
            room -= status.st_size
            if room < 0 or len(files) >= MOST_FILES:
                _refuse_size(path, MOST_BYTES)
            files[place.relative_to(path).as_posix()] = place.read_bytes()
    return files


class _ShortReads(io.BufferedReader):
    """A file of which no part is asked for that would fill the memory, such as a zip's table of millions of files."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _MOST_DIRECTORY:
            raise zipfile.BadZipFile("its table of contents is too long")
        return super().read(size)


@contextmanager
def _members(path: Path) -> Iterator[tuple[zipfile.ZipFile, dict[str, zipfile.ZipInfo]]]:
    """A zip that is open, and its files by their paths from the folder that holds the manifest on."""
    with _damage(path, "zip"), _ShortReads(io.FileIO(path)) as stream, zipfile.ZipFile(stream) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        if len(members) > MOST_FILES or sum(member.file_size for member in members) > MOST_BYTES:
            _refuse_size(path, MOST_BYTES)  # what it says of sizes may be false, but none gives more than it says
        places = [PurePosixPath(member.filename) for member in members]
        home = next((place.parent for place in places if place.name == manifest.NAME), PurePosixPath())
        found: dict[str, zipfile.ZipInfo] = {}
        for member, place in zip(members, places, strict=True):
            name = place.relative_to(home).as_posix() if place.is_relative_to(home) else ""
            if not name or name in found or place.is_absolute() or ".." in place.parts:
                raise RecordError(f"{path}: holds {member.filename!r}, which is no file of a run, or twice")
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise RecordError(f"{path}: compressed by another method than deflate; pack it again")
            found[name] = member
        yield archive, found


def _archive(path: Path) -> dict[str, bytes]:
    """The files of a zip."""
    files: dict[str, bytes] = {}
    with _members(path) as (archive, members):
        for name, member in members.items():
            with archive.open(member) as file, io.BytesIO() as content:
                shutil.copyfileobj(file, content, _PIECE)
                files[name] = content.getvalue()
    return files


def _glance_archive(path: Path, wanted: Collection[str]) -> Glance:
    files: dict[str, bytes] = {}
    with _members(path) as (archive, members):
        for name in members.keys() & set(wanted):
            _check_short(path, name, members[name].file_size)
            with archive.open(members[name]) as file:
                files[name] = file.read()
    return Glance(frozenset(members), files)


def _carried(path: Path) -> dict[str, bytes]:
    """A PDF and the files that it carries."""
    if path.stat().st_size > MOST_CARRIED:
        _refuse_size(path, MOST_CARRIED)
    import pypdf

    content = path.read_bytes()
    files: dict[str, bytes] = {}
    room = MOST_CARRIED
    with _damage(path, "PDF"):
        reader = pypdf.PdfReader(io.BytesIO(content), strict=True)  # repairing can take as long as a file wants
        for number, attachment in enumerate(reader.attachment_list):
            name = str(attachment.alternative_name or attachment.name)
            if name in files or name in ("", "..") or PurePosixPath(name).name != name:
                raise RecordError(f"{path}: carries {name!r}, which is no file of a run, or twice")
            files[name] = bytes(attachment.content)
            room -= len(files[name])
            if room < 0 or number >= MOST_FILES:
                _refuse_size(path, MOST_CARRIED)
    return files | {"report.pdf": content}


@contextmanager
def _damage(path: Path, kind: str) -> Iterator[None]:
    """Whatever a damaged file makes its reader stumble over or warn of is one error."""
    logger = logging.getLogger("pypdf")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    except QuadnetError:
        raise
    except Exception as error:
        raise RecordError(f"{path}: damaged {kind} ({type(error).__name__}: {error})") from None
    finally:
        logger.setLevel(level)
