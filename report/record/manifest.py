"""The manifest of a run: what it was made from, by what, and the digest of each of its files."""

import hashlib
import platform
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from quadnet import __version__
from quadnet.config import Config
from report.record.files import to_json

SCHEMA_VERSION = 1
NAME = "manifest.json"

_LIBRARIES = ("numpy", "matplotlib", "jinja2", "weasyprint")


def versions() -> tuple[tuple[str, str], ...]:
    """Names and versions of what shapes the numbers and the pages."""
    libraries = tuple((name, version(name)) for name in _LIBRARIES)
    return (("quadnet", __version__), ("Python", platform.python_version()), *libraries)


def manifest(config: Config, files: Mapping[str, bytes]) -> bytes:
    """The manifest as JSON.

    Args:
        config: What the run was made from.
        files: All other files of the run by name.
    """
    content: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "name": config.run_name,
        "inputs": {"config_sha256": config.digest},
        "versions": dict(versions()),
        "files": {
            name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            for name, content in sorted(files.items())
        },
    }
    return to_json(content)
