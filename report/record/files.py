"""The files of a run as bytes: configuration, metrics, history, phases, parameters."""

import csv
import io
import json
import math
import stat
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from quadnet.arrays import FloatArray
from quadnet.config import dumps
from quadnet.experiment import Experiment
from quadnet.replicates import Replicates

from ..words.language import Language
from . import evidence_json

_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can state
_MODE = stat.S_IFREG | 0o644
_UNIX = 3


def numbers(run: Experiment, language: Language) -> dict[str, bytes]:
    """All files of a run but the pages, by name.

    Args:
        run: The numbers.
        language: Of the sentences in claims.json.
    """
    return {
        "config.toml": dumps(run.config).encode(),
        "metrics.json": to_json(asdict(run.metrics)),
        "phases.json": to_json(phases(run)),
        "evidence.json": to_json(evidence_json.evidence(run)),
        "claims.json": to_json(evidence_json.claims(run, language)),
        "history.csv": history(run.history.loss),
        "trajectory.npz": _trajectory(run),
    }


def phases(run: Experiment) -> dict[str, Any]:
    """The phases with, for plateaus, the groups of classes whose mean outputs are alike."""
    pairs = zip(run.phases.phases, run.evidence.phases, strict=True)
    return {
        "status": run.phases.status,
        "phases": [
            asdict(phase) | {"partition": seen.partition if phase.kind == "plateau" else None} for phase, seen in pairs
        ],
    }


def replicates(others: Replicates) -> dict[str, Any]:
    """The runs from other weight seeds: their phases, and their closed plateaus with the groups of classes there."""
    return {
        "epochs": others.epochs,
        "runs": [
            {
                "weight_seed": other.weight_seed,
                "status": other.phases.status,
                "phases": [asdict(phase) for phase in other.phases.phases],
                "plateaus": [asdict(plateau) for plateau in other.plateaus],
            }
            for other in others.runs
        ],
    }


def to_json(value: Any) -> bytes:
    """Indented JSON with a final line break; numbers that are not finite become null."""
    return (json.dumps(_plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def history(loss: FloatArray) -> bytes:
    """The loss of every epoch as CSV, exactly.

    Args:
        loss: Shape (epochs,).
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["epoch", "loss"])
    writer.writerows((epoch, repr(value)) for epoch, value in enumerate(loss.tolist()))
    return buffer.getvalue().encode()


def _trajectory(run: Experiment) -> bytes:
    """What `numpy.load` reads; `numpy.savez` writes other bytes under another patch release of Python."""
    arrays = {"epochs": run.history.epochs, "parameters": run.history.parameters}
    members = {}
    for name, array in arrays.items():
        buffer = io.BytesIO()
        np.lib.format.write_array(buffer, array, allow_pickle=False)
        members[f"{name}.npy"] = buffer.getvalue()
    return zipped(members)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip that depends on nothing but names and contents.

    Its files are sorted, stored without compression, whose result differs from one build of zlib to another, and carry
    one fixed time and mode. They lie at its root, where RO-Crate looks for the metadata.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in sorted(files.items()):
            member = zipfile.ZipInfo(name, _TIME)
            member.create_system = _UNIX  # on every system
            member.external_attr = _MODE << 16
            file.writestr(member, content)
    return buffer.getvalue()
