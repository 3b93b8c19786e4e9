"""The manifest of a run: what it was made from, by what, and the digest of each of its files."""

import codecs
import hashlib
import json
import platform
import re
import unicodedata
import zlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

import quadnet
from quadnet import __version__
from quadnet.config import Config
from quadnet.program import sources_digest

from ..assets import TEMPLATES
from .files import to_json

SCHEMA_VERSION = 2
NAME = "manifest.json"
LOG = "run.log.json"  # when, where, how long
METADATA = "ro-crate-metadata.json"
BESIDE = (NAME, LOG, METADATA)  # what a manifest does not list
TIME = "%Y-%m-%dT%H:%M:%SZ"  # of the pages, in UTC

# What lies below the packages and may be another while the bytes stay the same: nothing that says the same everywhere
# names them.
BELOW = ("Python", "Pango", "HarfBuzz", "zlib", "subsetter")

_PART = re.compile(r"\w([\w.-]*[\w-])?")  # of a file's path, between slashes
_LONGEST, _SHOWN = 200, 40  # characters of a path, and of one that an error quotes
_LIBRARIES = ("numpy", "matplotlib", "pillow", "jinja2", "weasyprint")


def _is_time(text: str) -> str:
    if datetime.strptime(text, TIME).strftime(TIME) != text:
        raise ValueError(f"{text!r} is no time")
    return text


Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Time = Annotated[str, AfterValidator(_is_time)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Inputs(_Part):
    """All that decides what a run looks like, the program aside."""

    config_sha256: Digest
    created: Time


class Program(_Part):
    """What made the run."""

    version: str
    source_sha256: Digest


class Entry(_Part):
    """A file: SHA-256 and size, and for a PDF the SHA-256 of its content, see `content_digest`."""

    sha256: Digest
    bytes: int
    content_sha256: Digest | None = None


class Manifest(_Part):
    """What a run says of itself."""

    schema_version: Literal[2]
    name: str
    inputs: Inputs
    program: Program
    versions: dict[str, str]
    files: dict[str, Entry]


def versions() -> tuple[tuple[str, str], ...]:
    """Names and versions of the packages that shape the numbers and the pages."""
    return (("quadnet", __version__), *((name, version(name)) for name in _LIBRARIES))


@cache
def source_digest() -> str:
    """SHA-256 (hexadecimal) of the program: of the names and digests of its sources, templates and fonts."""
    return sources_digest(Path(quadnet.__file__).parent, Path(__file__).parent.parent, TEMPLATES)


def manifest(
    config: Config,
    files: Mapping[str, bytes],
    created: str,
    typesetting: Mapping[str, str],
    *,
    carried: bool = False,
) -> bytes:
    """The manifest as JSON.

    A PDF has two digests: of its bytes, and of its content with every stream decompressed, since another build of the
    compression library gives other bytes of the same content. The last entry is the digest of the manifest without it.

    Args:
        config: What the run was made from.
        files: All other files of the run by name.
        created: The time that the pages state, ISO 8601 in UTC.
        typesetting: Versions of what set the PDF, by name; none without one.
        carried: Whether it goes into the PDF, which is the same whatever lies below: it then does not name that.
    """
    named = {**dict(versions()), "Python": platform.python_version(), **typesetting}
    content: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "name": config.run_name,
        "inputs": {"config_sha256": config.digest, "created": created},
        "program": {"version": __version__, "source_sha256": source_digest()},
        "versions": {name: value for name, value in named.items() if not (carried and name in BELOW)},
        "files": {name: _entry(name, files[name]) for name in sorted(files)},
    }
    return sealed(content)


def comparable(ours: Manifest, theirs: Manifest) -> tuple[dict[str, str], dict[str, str]]:
    """The versions of two runs, without what lies below either and only the other names: it is not known of both."""
    unknown = {name for name in BELOW if (name in ours.versions) != (name in theirs.versions)}
    first, second = (
        {name: value for name, value in each.versions.items() if name not in unknown} for each in (ours, theirs)
    )
    return first, second


def difference(entry: Entry, content: bytes) -> str | None:
    """How a file differs from what a manifest lists; None if it does not."""
    if hashlib.sha256(content).hexdigest() == entry.sha256:
        return None if len(content) == entry.bytes else f"its size is {len(content)} bytes, not the manifest's"
    text = _line_feeds(content)
    if any(hashlib.sha256(each).hexdigest() == entry.sha256 for each in (text, text + b"\n", text.removesuffix(b"\n"))):
        return OTHER_LINES
    if hashlib.sha256(text.removeprefix(codecs.BOM_UTF8)).hexdigest() == entry.sha256:
        return "an editor put a byte order mark before it; save it without"
    return "its SHA-256 differs from the manifest's"


OTHER_LINES = (
    "its line endings were changed (git's autocrlf or an editor); check it out anew with the line `* -text` in a "
    ".gitattributes beside it"
)


def _line_feeds(content: bytes) -> bytes:
    """A text with the line endings that all our texts have."""
    return content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def is_ours(content: bytes) -> bool:
    """Whether a file that is called like a manifest is one, be it damaged: others' programs use the name, too."""
    return any(b'"%s"' % mark in content for mark in (b"config_sha256", b"source_sha256", b"manifest_sha256"))


def parse(content: bytes) -> Manifest:
    """Reads a manifest.

    Raises:
        ValueError: It is none of this version, or damaged; says why.
    """
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        raise ValueError("is damaged: it is no JSON") from None
    if not isinstance(value, dict) or "schema_version" not in value:
        raise ValueError("is damaged, or no manifest of quadnet")
    if value["schema_version"] != SCHEMA_VERSION:
        raise ValueError("is damaged, or of another version of quadnet, which then can read it")
    value.pop("manifest_sha256", None)
    try:
        parsed = Manifest.model_validate(value)
    except ValueError:
        raise ValueError("is damaged: its entries are not those of a manifest") from None
    if (seal := sealed(value)) != content:
        raise ValueError(OTHER_LINES if seal == _line_feeds(content) else "is damaged: its own digest differs")
    if (odd := _odd_name(parsed.files)) is not None:
        raise ValueError(f"is damaged: it lists {odd[:_SHOWN]!r}, which is no file of a run, or twice")
    return parsed


def _odd_name(names: Iterable[str]) -> str | None:
    """One that no file of a run has, or that some system could not hold beside the others."""
    files, folders = set(BESIDE), set[str]()
    for name in names:
        if len(name) > _LONGEST:
            return name
        parts = unicodedata.normalize("NFC", name).casefold().split("/")
        path, above = "/".join(parts), {"/".join(parts[:depth]) for depth in range(1, len(parts))}
        plain = all(_PART.fullmatch(part) and not RESERVED.fullmatch(part) for part in parts)
        if not plain or path in files or path in folders or above & files:
            return name
        files.add(path)
        folders |= above
    return None


def sealed(content: dict[str, Any]) -> bytes:
    """A manifest's content as JSON with its own digest as last entry."""
    return to_json(content | {"manifest_sha256": hashlib.sha256(to_json(content)).hexdigest()})


def _entry(name: str, content: bytes) -> dict[str, Any]:
    entry: dict[str, Any] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    if name.endswith(".pdf"):
        entry["content_sha256"] = content_digest(content)
    return entry


def content_digest(pdf: bytes, *, fonts: bool = True) -> str:
    """SHA-256 (hexadecimal) of a PDF with its streams decompressed, without what depends on their compression.

    That is the lengths of the streams, the table of positions, and the file's identifier. Made for the PDFs of
    `report.pages.press`, whose objects stand one after the other; not a general reader.

    Args:
        pdf: The file.
        fonts: Whether the embedded fonts count; without them, what is drawn with them and where does.
    """
    whole, place, room = hashlib.sha256(), 0, _MOST_UNFOLDED
    while (begin := pdf.find(_STREAM, place)) >= 0 and (end := pdf.find(_END, begin + len(_STREAM) - 1)) >= 0:
        before, positions = pdf[place:begin], b"/Type /XRef" in pdf[place:begin]
        whole.update((_POSITIONS if positions else _LENGTHS).sub(b"", before if fonts else _FONT.sub(b"", before)))
        if not positions and (fonts or not _FONT.search(before, before.rfind(b"obj"))):
            room -= _update_decompressed(whole, pdf[begin + len(_STREAM) : end], room)
        place = end
    whole.update(_LENGTHS.sub(b"", pdf[place:]))
    return whole.hexdigest()


_STREAM, _END = b"\nstream\n", b"\nendstream"
_LENGTHS = re.compile(rb"/Length \d+|startxref\s+\d+")
_FONT = re.compile(rb"/Length1 \d+")  # of a font's file before compression
_POSITIONS = re.compile(rb"/Length \d+|/W \[[^][]*\]|/ID \[[^][]*\]")  # no bracket within, or a search is quadratic


def _update_decompressed(whole: "hashlib._Hash", stream: bytes, room: int) -> int:
    """Adds a stream's content to a digest, piece by piece: a small file can unfold to a huge one.

    Args:
        whole: The digest.
        stream: Perhaps compressed.
        room: How many bytes may be unfolded; a stream that has more is added as it is.

    Returns:
        How many were.
    """
    unfold, unfolded = zlib.decompressobj(), 0
    try:
        for start in range(0, len(stream), _PIECE):
            rest = stream[start : start + _PIECE]
            while rest and not unfold.eof:  # what follows its end may come back as a rest for ever
                piece = unfold.decompress(rest, _PIECE)
                unfolded += len(piece)
                if unfolded > room:
                    whole.update(stream)
                    return room
                whole.update(piece)
                rest = unfold.unconsumed_tail
    except zlib.error:  # is not compressed
        whole.update(stream)
    else:
        if not unfold.eof:  # nor is what only begins like it
            whole.update(stream)
    return unfolded


_PIECE = 2**16
_MOST_UNFOLDED = 2**29  # bytes of all streams: some seconds


RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")  # no file may be called so under Windows
