"""The manifest of a run: what it was made from, by what, and the digest of each of its files."""

import hashlib
import platform
import re
import zlib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import quadnet
import report
from quadnet import __version__
from quadnet.config import Config
from report.assets import TEMPLATES
from report.record.files import to_json

SCHEMA_VERSION = 2
NAME = "manifest.json"

_LIBRARIES = ("numpy", "matplotlib", "jinja2", "weasyprint")
_SOURCES = (".py", ".c", ".j2", ".css", ".json", ".svg", ".ttf", ".woff2", ".conf", ".mo")


def versions() -> tuple[tuple[str, str], ...]:
    """Names and versions of what shapes the numbers and the pages."""
    libraries = tuple((name, version(name)) for name in _LIBRARIES)
    return (("quadnet", __version__), ("Python", platform.python_version()), *libraries)


@cache
def source_digest() -> str:
    """SHA-256 (hexadecimal) of the program: of the names and digests of its sources, templates and fonts."""
    whole = hashlib.sha256()
    folders = (Path(quadnet.__file__).parent, Path(report.__file__).parent, TEMPLATES)
    for folder in folders:
        for path in sorted(path for path in folder.rglob("*") if path.suffix in _SOURCES):
            name = path.relative_to(folder.parent).as_posix()
            whole.update(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n".encode())
    return whole.hexdigest()


def manifest(config: Config, files: Mapping[str, bytes], created: str) -> bytes:
    """The manifest as JSON.

    A PDF has two digests: of its bytes, and of its content with every stream decompressed, since another build of the
    compression library gives other bytes of the same content. The last entry is the digest of the manifest without it.

    Args:
        config: What the run was made from.
        files: All other files of the run by name.
        created: The time that the pages state, ISO 8601 in UTC.
    """
    content: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "name": config.run_name,
        "inputs": {"config_sha256": config.digest, "created": created},
        "program": {"version": __version__, "source_sha256": source_digest()},
        "versions": dict(versions()),
        "files": {name: _entry(name, content) for name, content in sorted(files.items())},
    }
    return sealed(content)


def sealed(content: dict[str, Any]) -> bytes:
    """A manifest's content as JSON with its own digest as last entry."""
    return to_json(content | {"manifest_sha256": hashlib.sha256(to_json(content)).hexdigest()})


def _entry(name: str, content: bytes) -> dict[str, Any]:
    entry: dict[str, Any] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    if name.endswith(".pdf"):
        entry["content_sha256"] = content_digest(content)
    return entry


def content_digest(pdf: bytes) -> str:
    """SHA-256 (hexadecimal) of a PDF with its streams decompressed, without what depends on their compression.

    That is the lengths of the streams, the table of positions, and the file's identifier. Made for the PDFs of
    `report.press`, whose objects stand one after the other; not a general reader.
    """
    whole, positions = hashlib.sha256(), False
    for place, part in enumerate(re.split(rb"\bstream\r?\n(.*?)\r?\nendstream\b", pdf, flags=re.DOTALL)):
        if place % 2 == 0:
            positions = b"/XRef" in part
            plain = re.sub(rb"/Length \d+|/ID ?\[[^\]]*\]|startxref\s+\d+", b"", part)
        elif positions:
            continue
        else:
            try:
                plain = zlib.decompress(part)
            except zlib.error:
                plain = part
        whole.update(plain)
    return whole.hexdigest()
