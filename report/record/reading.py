"""Reading a run that somebody hands over: a folder, a zip archive, or a PDF with its attachments.

Nothing of it is run, nothing is written, and no other file is touched. Sizes and numbers of files are bounded.
"""

import io
import json
import os
import stat
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from quadnet.errors import QuadnetError
from report.record import manifest

MOST_BYTES = 512 * 2**20  # of all files together
MOST_FILES = 10_000

_PDF, _ZIP = b"%PDF-", b"PK\x03\x04"


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
    manifest: dict[str, Any]
    whole: bool


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
        with path.open("rb") as file:
            start = file.read(5)
        if path.stat().st_size > MOST_BYTES:
            raise RecordError(f"{path}: larger than {MOST_BYTES >> 20} MB; no run is")
        if start == _PDF:
            content = path.read_bytes()
            return _record(path, _attachments(path, content) | {"report.pdf": content}, whole=False)
        if start.startswith(_ZIP):
            return _record(path, _archive(path), whole=True)
    except OSError as error:
        raise RecordError(f"{path}: cannot be read ({error.strerror}); name a run's folder, PDF or zip") from None
    raise RecordError(f"{path}: neither a folder nor a PDF nor a zip; name a run's folder, PDF or zip")


def _record(path: Path, files: dict[str, bytes], *, whole: bool) -> Record:
    if manifest.NAME not in files:
        raise RecordError(f"{path}: has no {manifest.NAME}, so it is no run of quadnet")
    return Record(path, files, _manifest(path, files[manifest.NAME]), whole)


def _manifest(path: Path, content: bytes) -> dict[str, Any]:
    where = f"{path}: {manifest.NAME}"
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        raise RecordError(f"{where} is damaged: it is no JSON") from None
    if not isinstance(value, dict) or value.get("schema_version") != manifest.SCHEMA_VERSION:
        raise RecordError(f"{where} is damaged, or of another version of quadnet, which then can read it")
    value.pop("manifest_sha256", None)
    if manifest.sealed(value) != content:
        raise RecordError(f"{where} is damaged: its own digest differs")
    return value


def _folder(path: Path) -> dict[str, bytes]:
    """The regular files of a folder; links are not followed."""
    files: dict[str, bytes] = {}
    room = MOST_BYTES
    for folder, _, names in os.walk(path, followlinks=False):
        for name in names:
            place = Path(folder, name)
            status = place.lstat()
            if not stat.S_ISREG(status.st_mode):
                raise RecordError(f"{place}: is a link or no file; a run has none")
            room -= status.st_size
            if room < 0 or len(files) >= MOST_FILES:
                raise RecordError(f"{path}: larger than {MOST_BYTES >> 20} MB or {MOST_FILES} files; no run is")
            files[place.relative_to(path).as_posix()] = place.read_bytes()
    return files


def _archive(path: Path) -> dict[str, bytes]:
    """The files of a zip, without the folder that holds them all."""
    files: dict[str, bytes] = {}
    room = MOST_BYTES
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if len(members) > MOST_FILES:
                raise RecordError(f"{path}: more than {MOST_FILES} files; no run has so many")
            for member in members:
                name = PurePosixPath(member.filename)
                if name.is_absolute() or ".." in name.parts or len(name.parts) < 2:
                    raise RecordError(f"{path}: holds {member.filename!r}, which is no file of a run")
                with archive.open(member) as file:
                    content = file.read(room + 1)  # what the archive says of sizes need not be true
                room -= len(content)
                if room < 0:
                    raise RecordError(f"{path}: larger than {MOST_BYTES >> 20} MB when unpacked; no run is")
                files["/".join(name.parts[1:])] = content
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise RecordError(f"{path}: damaged zip ({error})") from None
    return files


def _attachments(path: Path, content: bytes) -> dict[str, bytes]:
    """The files that a PDF carries."""
    import pypdf

    try:
        found = dict(pypdf.PdfReader(io.BytesIO(content)).attachments)
    except Exception as error:  # whatever a damaged file makes the reader stumble over
        raise RecordError(f"{path}: damaged PDF ({type(error).__name__}: {error})") from None
    for name, versions in found.items():
        if len(versions) != 1 or PurePosixPath(name).name != name:
            raise RecordError(f"{path}: carries {name!r}, which is no file of a run")
    if len(found) > MOST_FILES or sum(len(versions[0]) for versions in found.values()) > MOST_BYTES:
        raise RecordError(f"{path}: carries more than {MOST_BYTES >> 20} MB or {MOST_FILES} files; no run does")
    return {name: versions[0] for name, versions in found.items()}
