"""Reading a run that somebody hands over: a folder, a zip archive, or a PDF with its attachments.

Nothing of it is run, nothing is written, and no other file is touched. Sizes and numbers of files are bounded, and
whatever a file holds that no run has is a `RecordError` in one line.
"""

import errno
import io
import json
import logging
import os
import shutil
import stat
import time
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Literal, NoReturn

from quadnet.errors import QuadnetError

from . import foreign, manifest
from .manifest import Manifest

MOST_BYTES = 384 * 2**20  # of all files together; a history of the most epochs there can be is 270 MB
MOST_CARRIED = 128 * 2**20  # of a PDF, and of what it carries
MOST_JSON = 4 * 2**20  # of one file that is read as a whole; many times as much when it is read
MOST_FILES = 10_000
MOST_PHASES = 1000  # of a run that is shown
MOST_DEPTH = 8  # of folders within each other
_PIECE = 2**18  # that is read of a zip at a time; so long is its table of contents at most, of some thousand files
_MOST_STRUCTURE = 2**21  # of a PDF: what its objects unfold to, one stream of them
_MOST_SECONDS = 5
_START = 262  # bytes by which files tell what they are

_PDF, _ZIP = b"%PDF-", b"PK"
_PACKED = (b"\x1f\x8b", b"7z\xbc\xaf", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"Rar!")  # archives of other kinds
_REMEDY = "name a run's folder, PDF or zip"


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
        passed: What other programs left there, which was not read.
    """

    path: Path
    files: Mapping[str, bytes]
    manifest: Manifest
    whole: bool
    passed: tuple[str, ...] = ()

    def json(self, name: str) -> Any:
        """The content of a JSON file.

        Raises:
            RecordError: It is missing, too long, or no JSON.
        """
        return parsed(self.path, name, self.files)


def parsed(path: Path, name: str, files: Mapping[str, bytes]) -> Any:
    """The content of a JSON file among those of a run.

    Raises:
        RecordError: It is missing, too long, or no JSON.
    """
    if name not in files:
        raise RecordError(f"{path}: {name} is missing")
    _check_short(path, name, len(files[name]))
    try:
        return json.loads(files[name])
    except (ValueError, RecursionError):
        raise RecordError(f"{path}: {name} is no JSON") from None


def read(path: Path) -> Record:
    """Reads a run.

    Args:
        path: A run's folder, an archive of one, or its PDF.

    Raises:
        RecordError: It is none of these, or cannot be read; says why.
    """
    try:
        if path.is_dir():
            _check_home(path)
            return _record(path, *_folder(path), whole=True)
        if path.exists() and not path.is_file():
            raise RecordError(f"{path}: neither a folder nor a file; {_REMEDY}")
        with path.open("rb") as file:
            start = file.read(_START)
        if start.startswith(_PDF):
            return _record(path, _carried(path), (), whole=False)
        if start.startswith(_ZIP):
            return _record(path, *_archive(path), whole=True)
    except OSError as error:
        raise RecordError(f"{path}: cannot be read ({error.strerror}); {_REMEDY}") from None
    if start.startswith(_PACKED) or start[257:262] == b"ustar":
        raise RecordError(f"{path}: an archive, but no zip; unpack it, and name the run's folder")
    if os.path.lexists(path.parent / manifest.NAME):
        raise RecordError(f"{path}: one file of a run; name its folder, {path.parent}")
    raise RecordError(f"{path}: neither a folder nor a PDF nor a zip; {_REMEDY}")


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
            with _file(f"{path}/{name}", None) as file:  # a Path takes as long as the rest
                _check_short(path, name, os.fstat(file.fileno()).st_size)
                files[name] = file.read()
    except OSError as error:
        raise RecordError(f"{path}: cannot be read ({error.strerror})") from None
    return Glance(names, files)


def sheets(names: Collection[str]) -> Literal["handout", "class"] | None:
    """What a record is by the names of its files: a handout, the handouts of a class, or neither."""
    if "metrics.json" in names:
        return None
    if "key.csv" in names:
        return "class"
    return "handout" if any(name.startswith("handout-") for name in names) else None


def _check_short(path: Path, name: str, size: int) -> None:
    if size > MOST_JSON:
        raise RecordError(f"{path}: {name} is larger than {MOST_JSON >> 20} MB; that of no run is")


def _record(path: Path, files: dict[str, bytes], passed: Sequence[str], *, whole: bool) -> Record:
    if manifest.NAME not in files:
        raise RecordError(f"{path}: has no {manifest.NAME}, so it is no run of quadnet; {_REMEDY}")
    _check_short(path, manifest.NAME, len(files[manifest.NAME]))
    if sheets(files) is not None:
        raise RecordError(f"{path}: is a handout and no run; {_REMEDY}")
    try:
        return Record(path, files, manifest.parse(files[manifest.NAME]), whole, tuple(passed))
    except ValueError as error:
        raise RecordError(f"{path}: {manifest.NAME} {error}") from None


def _refuse_size(path: Path, most: int) -> NoReturn:
    raise RecordError(f"{path}: holds more than {most >> 20} MB or {MOST_FILES} files; no run does")


class _NoFileError(OSError):
    """A link, a pipe or a device, which no run has."""


@contextmanager
def _file(name: str, folder: int | None) -> Iterator[BinaryIO]:
    """A regular file, opened without following a link or waiting for a pipe, whatever it was a moment before.

    Args:
        name: Its name in the folder, or its path.
        folder: The folder's descriptor, or None where the system has none.
    """
    try:
        place = os.open(name, os.O_RDONLY | _AS_FOUND, dir_fd=folder)
    except OSError as error:
        raise (_NoFileError() if error.errno in (errno.ELOOP, errno.ENXIO) else error) from None
    with os.fdopen(place, "rb", buffering=0) as file:
        if not stat.S_ISREG(os.fstat(place).st_mode):
            raise _NoFileError
        yield file


_AS_FOUND = sum(getattr(os, flag, 0) for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))  # by system


@contextmanager
def _descriptor(path: str | Path, folder: int | None = None) -> Iterator[int | None]:
    """That of a folder, so that nothing can be put in its place while it is read; None where the system has none."""
    if os.scandir not in os.supports_fd:
        yield None
        return
    place = os.open(path, os.O_RDONLY | os.O_DIRECTORY | (0 if folder is None else os.O_NOFOLLOW), dir_fd=folder)
    try:
        yield place
    finally:
        os.close(place)


def _check_home(path: Path) -> None:
    """Makes sure that a folder which is no run's does not hold some.

    Raises:
        RecordError: It does.
    """
    if os.path.lexists(path / manifest.NAME):
        return
    for depth in ("*", "*/*"):
        places = (each.parent for each in path.glob(f"{depth}/{manifest.NAME}"))
        runs = sorted(place for place in places if not place.is_symlink())
        if runs:
            raise RecordError(f"{path}: a folder of records; name one of them, such as {runs[0]}")


def _folder(path: Path) -> tuple[dict[str, bytes], list[str]]:
    """The files of a folder, and what was passed over."""
    found = _Folder(path)
    with _descriptor(path) as place:
        found.read(place, "")
    return found.files, found.passed


class _Folder:
    """What is found in a folder, bounded in everything; links are not followed."""

    def __init__(self, path: Path) -> None:
        self.files: dict[str, bytes] = {}
        self.passed: list[str] = []
        self._path, self._room, self._seen = path, MOST_BYTES, 0

    def read(self, folder: int | None, above: str) -> None:
        """Reads what lies below, the folder itself given by its descriptor and its path in the run."""
        if above.count("/") > MOST_DEPTH:
            raise RecordError(f"{self._path}: holds folders more than {MOST_DEPTH} deep; no run does")
        with os.scandir(self._path / above if folder is None else folder) as entries:
            for entry in entries:
                self._seen += 1
                if self._seen > MOST_FILES:
                    _refuse_size(self._path, MOST_BYTES)
                name, inner = above + entry.name, entry.is_dir(follow_symlinks=False)
                if foreign.is_foreign(entry.name):
                    if not (name == foreign.GIT and self._is_ours(entry.name, folder)):
                        self.passed.append(f"{name}/" if inner else name)
                elif inner:
                    with _descriptor(entry.name, folder) as place:
                        self.read(place, f"{name}/")
                else:
                    self.files[name] = self._content(name, entry.name, folder)

    def _content(self, name: str, base: str, folder: int | None) -> bytes:
        try:
            with _file(base if folder is not None else f"{self._path}/{name}", folder) as file:
                size = os.fstat(file.fileno()).st_size
                self._room -= size
                if self._room < 0:
                    _refuse_size(self._path, MOST_BYTES)
                return file.read(size)
        except _NoFileError:
            raise RecordError(f"{self._path}: {name} is a link or no file; a run has none") from None

    def _is_ours(self, base: str, folder: int | None) -> bool:
        try:
            return self._content(base, base, folder) == foreign.GIT_CONTENT
        except (OSError, RecordError):
            return False


class _ShortReads(io.BufferedReader):
    """A file of which no part is asked for that would fill the memory, such as a zip's table of millions of files."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _PIECE:
            raise zipfile.BadZipFile("its table of contents is too long")
        return super().read(size)


@contextmanager
def _members(path: Path) -> Iterator[tuple[zipfile.ZipFile, dict[str, zipfile.ZipInfo], list[str]]]:
    """A zip that is open, its files by their paths from the folder that holds the manifest on, and what is no file."""
    with _damage(path, "zip"), _ShortReads(io.FileIO(path)) as stream, zipfile.ZipFile(stream) as archive:
        members = [member for member in archive.infolist() if not member.filename.endswith(("/", "\\"))]
        if len(members) > MOST_FILES or sum(member.file_size for member in members) > MOST_BYTES:
            _refuse_size(path, MOST_BYTES)  # what it says of sizes may be false, but none gives more than it says
        places = [PurePosixPath(member.filename.replace("\\", "/")) for member in members]  # as some Windows packs them
        homes = [place.parent for place in places if place.name == manifest.NAME]
        ranks = sorted((foreign.above(each.parts) is not None, len(each.parts), each) for each in homes)
        if len({home for *rank, home in ranks if rank == list(ranks[0][:2])}) > 1:
            raise RecordError(f"{path}: holds several records; unpack it, and name one of them")
        home = ranks[0][2] if ranks else _HERE
        found: dict[str, zipfile.ZipInfo] = {}
        passed: list[str] = []
        for member, place in zip(members, places, strict=True):
            inside = place.is_relative_to(home)
            name = place.relative_to(home).as_posix() if inside else ""
            left = foreign.above(place.relative_to(home).parts if inside else place.parts)
            if place.is_absolute() or ".." in place.parts or not (name or left) or name in found:
                raise RecordError(f"{path}: holds {member.filename!r}, which is no file of a run, or twice")
            if left is not None:
                if name != foreign.GIT or zlib.crc32(foreign.GIT_CONTENT) != member.CRC:
                    passed.append(left)
                continue
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise RecordError(f"{path}: compressed by another method than deflate; pack it again")
            found[name] = member
        yield archive, found, passed


_HERE = PurePosixPath()


def _archive(path: Path) -> tuple[dict[str, bytes], list[str]]:
    """The files of a zip, and what was passed over."""
    files: dict[str, bytes] = {}
    with _members(path) as (archive, members, passed):
        for name, member in members.items():
            files[name] = _unfolded(archive, member)
    return files, passed


def _glance_archive(path: Path, wanted: Collection[str]) -> Glance:
    files: dict[str, bytes] = {}
    with _members(path) as (archive, members, _):
        for name in members.keys() & set(wanted):
            _check_short(path, name, members[name].file_size)
            files[name] = _unfolded(archive, members[name])
    return Glance(frozenset(members), files)


def _unfolded(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    with archive.open(member) as file, io.BytesIO() as content:
        shutil.copyfileobj(file, content, _PIECE)
        return content.getvalue()


class _Hasty(io.BytesIO):
    """A file that is read for some seconds only: its parts may refer to each other as often as they want."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self._end = time.monotonic() + _MOST_SECONDS

    def read(self, size: int | None = -1, /) -> bytes:
        if time.monotonic() > self._end:
            raise TimeoutError(f"takes longer than {_MOST_SECONDS} s to read")
        return super().read(size)


def _unpacked(attachment: Any, room: int) -> bytes:
    """What a PDF carries, as the press packs it: by deflate alone, since other filters take a second a megabyte."""
    stream = attachment.pdf_object["/EF"].get_object()["/F"].get_object()
    packed = bytes(stream._data)
    if stream.get("/Filter") is None:
        unpacked = packed
    elif stream["/Filter"] == "/FlateDecode" and "/DecodeParms" not in stream:
        unfold = zlib.decompressobj()
        unpacked = unfold.decompress(packed, room + 1)
    else:
        raise ValueError("packed by another filter than deflate")
    if len(unpacked) > room:
        raise ValueError(f"unfolds to more than {MOST_CARRIED >> 20} MB")
    return unpacked


def _carried(path: Path) -> dict[str, bytes]:
    """A PDF and the files that it carries."""
    if path.stat().st_size > MOST_CARRIED:
        _refuse_size(path, MOST_CARRIED)
    import pypdf

    content = path.read_bytes()
    files: dict[str, bytes] = {}
    room = MOST_CARRIED
    bounds = pypdf.apply_configuration(
        zlib_maximum_output_length=_MOST_STRUCTURE,
        lzw_maximum_output_length=_MOST_STRUCTURE,
        run_length_maximum_output_length=_MOST_STRUCTURE,
        stream_filters_maximum_length=1,
    )
    with _damage(path, "PDF"), _lock(path), bounds:
        # Repairing can take as long as a file wants.
        reader = pypdf.PdfReader(_Hasty(content), strict=True)
        for number, attachment in enumerate(reader.attachment_list):
            name = str(attachment.alternative_name or attachment.name)
            if name in files or name in ("", "..") or PurePosixPath(name).name != name:
                raise RecordError(f"{path}: carries {name!r}, which is no file of a run, or twice")
            files[name] = _unpacked(attachment, room)
            room -= len(files[name])
            if number >= MOST_FILES:
                _refuse_size(path, MOST_CARRIED)
    if not files:
        raise RecordError(
            f"{path}: carries no run; handouts never do, and what is printed or put together anew loses it: name the "
            "report as quadnet wrote it, or the run's folder"
        )
    return files | {"report.pdf": content}


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    from pypdf.errors import DependencyError, FileNotDecryptedError

    try:
        yield
    except (DependencyError, FileNotDecryptedError):
        raise RecordError(
            f"{path}: is locked with a password; name the report as quadnet wrote it, or the run's folder"
        ) from None


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
        raise RecordError(
            f"{path}: damaged {kind} ({type(error).__name__}: {error}); get it anew, or name the run's folder"
        ) from None
    finally:
        logger.setLevel(level)
