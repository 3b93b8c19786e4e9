"""Records that were changed on purpose, with manifests that fit."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from quadnet import config as configuration
from quadnet.errors import QuadnetError
from quadnet.report.record import manifest


def add(files: dict[str, bytes], name: str) -> None:
    """Has the manifest list a file, which may have a name that no file can have."""
    content = read(files, "manifest.json")
    if isinstance(content, dict) and isinstance(content.get("files"), dict):
        content["files"][name] = {"sha256": "0" * 64, "bytes": 0}
        files["manifest.json"] = written(content)
        fit(files)


def read(files: Mapping[str, bytes], name: str) -> Any:
    try:
        return json.loads(files.get(name, b"{}"))
    except (ValueError, RecursionError):
        return {}


def written(content: Any) -> bytes:
    try:
        return json.dumps(content).encode()
    except (ValueError, RecursionError):  # of more digits than Python writes
        return b"1" * 5000


def fit(files: dict[str, bytes]) -> None:
    """Makes the manifest say what there is."""
    content = read(files, "manifest.json")
    if not isinstance(content, dict) or not isinstance(content.get("files"), dict):
        return
    for name, entry in content["files"].items():
        if name in files and isinstance(entry, dict):
            entry |= {"sha256": hashlib.sha256(files[name]).hexdigest(), "bytes": len(files[name])}
    try:
        digest = configuration.parse(configuration.loads(files.get("config.toml", b""), "config.toml")).digest
        content["inputs"]["config_sha256"] = digest
    except (QuadnetError, KeyError, TypeError):
        pass
    content.pop("manifest_sha256", None)
    files["manifest.json"] = sealed_or_old(content, files)


def sealed_or_old(content: dict[str, Any], files: Mapping[str, bytes]) -> bytes:
    try:
        return manifest.sealed(content)
    except (ValueError, RecursionError, TypeError):  # nothing that a manifest can hold
        return files["manifest.json"]
