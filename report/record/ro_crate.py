"""A run's metadata as RO-Crate, profile Process Run Crate 0.5: what made which files, from what, with which software.

Sources: https://w3id.org/ro/crate/1.1 and https://w3id.org/ro/wfrun/process/0.5.
"""

from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from . import manifest
from .files import to_json
from .manifest import Entry, Manifest

NAME = manifest.METADATA

_SPECIFICATION = "https://w3id.org/ro/crate/1.1"
_PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
_TERMS = "https://w3id.org/ro/terms/workflow-run/context"  # holds sha256, which RO-Crate 1.1 lacks
_OBJECT = "config.toml"
_SHORT = 16  # hexadecimal digits of a digest in an identifier

_FORMATS = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".npz": "application/zip",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".toml": "application/toml",
}

_Entity = dict[str, Any]


def metadata(run: Manifest, seal: Entry) -> bytes:
    """The content of `ro-crate-metadata.json`, the same for the same manifest.

    Args:
        run: The run's manifest.
        seal: Digest and size of the manifest itself, which it cannot list.
    """
    listed = {**run.files, manifest.NAME: seal}
    files = {name: _file(name, entry) for name, entry in sorted(listed.items())}
    software = [_software(name, version) for name, version in run.versions.items() if name != "quadnet"]
    instrument = {
        **_software("quadnet", run.program.version),
        "@id": f"#quadnet-{run.program.source_sha256[:_SHORT]}",
        "description": f"SHA-256 of its sources, templates and fonts: {run.program.source_sha256}",
        "softwareRequirements": [_reference(each) for each in software],
    }
    action = {
        "@id": f"#run-{seal.sha256[:_SHORT]}",
        "@type": "CreateAction",
        "name": f"Run {run.name}",
        "description": f"quadnet report --config {_OBJECT}; the time is the one that the pages state, not the clock's",
        "instrument": _reference(instrument),
        "object": [_reference(each) for name, each in files.items() if name == _OBJECT],
        "result": [_reference(each) for name, each in files.items() if name != _OBJECT],
        "endTime": run.inputs.created,
    }
    profile = {"@id": _PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"}
    root = {
        "@id": "./",
        "@type": "Dataset",
        "conformsTo": _reference(profile),
        "name": run.name,
        "description": "A small network's training: its report, and the record from which it can be made again.",
        "datePublished": run.inputs.created,
        "hasPart": [_reference(each) for each in files.values()],
        "mentions": [_reference(action)],
    }
    descriptor = {
        "@id": NAME,
        "@type": "CreativeWork",
        "conformsTo": {"@id": _SPECIFICATION},
        "about": _reference(root),
    }
    graph = [descriptor, root, profile, action, instrument, *software, *files.values()]
    return to_json({"@context": [f"{_SPECIFICATION}/context", _TERMS], "@graph": graph})


def _file(name: str, entry: Entry) -> _Entity:
    file = {"@id": quote(name), "@type": "File", "name": name, "contentSize": str(entry.bytes), "sha256": entry.sha256}
    known = _FORMATS.get(PurePosixPath(name).suffix)
    return file if known is None else {**file, "encodingFormat": known}


def _software(name: str, version: str) -> _Entity:
    return {
        "@id": f"#{quote(f'{name}-{version}')}",
        "@type": "SoftwareApplication",
        "name": name,
        "softwareVersion": version,
    }


def _reference(entity: _Entity) -> dict[str, str]:
    return {"@id": entity["@id"]}
