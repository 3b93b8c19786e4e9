"""Whether a run is what it says it is: its files against its manifest, then all of it made again and compared."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

from quadnet import config as configuration
from quadnet.config import Config
from quadnet.errors import QuadnetError
from quadnet.training import Progress
from report import pipeline
from report.pipeline import LOG, PAGES, Made
from report.press import Press
from report.record import manifest, reading, writing
from report.record.reading import Record

NUMBERS = (
    *("metrics.json", "phases.json", "history.csv", "trajectory.npz", "evidence.json", "claims.json"),
    "replicates.json",
)
MOST_WORK = 10**12  # samples times parameters times epochs: minutes of the compiled loop


class Outcome(IntEnum):
    """What a verification found; the command's exit code."""

    SAME_BYTES = 0
    OTHER_BYTES = 1  # of the same numbers, or of a damaged file
    OTHER_NUMBERS = 2


@dataclass(frozen=True)
class Verification:
    """The result, with a line for each finding."""

    outcome: Outcome
    headline: str
    findings: tuple[str, ...]


def verify(path: Path, *, quick: bool = False, anyway: bool = False, progress: Progress | None = None) -> Verification:
    """Checks a run.

    Args:
        path: A run's folder, an archive of one, or its PDF.
        quick: Whether to leave it at the stored files.
        anyway: Whether to run it again however long that takes.
        progress: Called now and then with the number of epochs done.

    Raises:
        QuadnetError: It is no run, or its configuration cannot be used.
    """
    record = reading.read(path)
    damaged = tuple(_stored(record))
    if damaged:
        return Verification(Outcome.OTHER_BYTES, "damaged: stored files differ from the manifest", damaged)
    if quick:
        return Verification(Outcome.SAME_BYTES, "stored files agree with the manifest; not run again", ())
    made = again(record, anyway=anyway, progress=progress)
    return compare(record, made)


def rebuild(path: Path, output_dir: Path, *, force: bool = False, anyway: bool = False) -> tuple[Verification, Path]:
    """Makes a run anew, writes it, and compares the two.

    Args:
        path: A run's folder, an archive of one, or its PDF.
        output_dir: Where the new folder goes.
        force: Whether to replace a run of that name.
        anyway: Whether to run it again however long that takes.

    Returns:
        What came of the comparison, and the new folder.

    Raises:
        QuadnetError: It is no run, its configuration cannot be used, or the folder cannot be written.
    """
    record = reading.read(path)
    target = output_dir / resolved(record).run_name
    if target.exists() and not force:
        raise QuadnetError(f"{target}: is there already; --force replaces it, or name another --output-dir")
    writing.check_writable(output_dir)
    made = again(record, anyway=anyway)
    writing.write(target, made.contents)
    return compare(record, made), target


def again(record: Record, *, anyway: bool = False, progress: Progress | None = None) -> Made:
    """Makes a run anew from its configuration alone.

    Raises:
        QuadnetError: The configuration is missing, cannot be used, asks for long work, or is not that of the manifest.
    """
    config = resolved(record)
    network, training = config.network, config.training
    parameters = sum((rows + 1) * columns for rows, columns in zip(network.widths, network.widths[1:], strict=False))
    work = sum(config.data.counts) * parameters * training.epochs
    if work > MOST_WORK and not anyway:
        raise QuadnetError(
            f"{record.path}: asks for {work:.1g} samples times parameters times epochs; --anyway runs it all the same"
        )
    formats = [key for key, name in PAGES.items() if name in record.manifest["files"] or name in record.files]
    created = record.manifest["inputs"]["created"]
    if "pdf" not in formats:
        return pipeline.make(config, formats, created, None, progress)
    with Press() as press:
        made = pipeline.make(config, formats, created, press, progress)
    if made.failure is not None:
        raise made.failure
    return made


def resolved(record: Record) -> Config:
    """The configuration of a run.

    Raises:
        QuadnetError: It is missing, cannot be used, or is not that of the manifest.
    """
    where = f"{record.path}: config.toml"
    if "config.toml" not in record.files:
        raise QuadnetError(f"{where} is missing, so the run cannot be made again")
    config = configuration.parse(configuration.loads(record.files["config.toml"], where), source=where)
    if config.digest != record.manifest["inputs"]["config_sha256"]:
        raise QuadnetError(f"{where} is not what the manifest was made from")
    return config


def _stored(record: Record) -> Iterator[str]:
    """What is wrong with the stored files."""
    listed = record.manifest["files"]
    for name, entry in listed.items():
        if name in record.files:
            if hashlib.sha256(record.files[name]).hexdigest() != entry["sha256"]:
                yield f"{name}: its SHA-256 differs from the manifest's"
        elif record.whole:
            yield f"{name}: is missing"
    for name in record.files:
        if name not in listed and name not in (manifest.NAME, LOG) and (record.whole or name != PAGES["pdf"]):
            yield f"{name}: is not listed in the manifest"


def compare(record: Record, made: Made) -> Verification:
    """A run beside the same made anew."""
    ours, theirs = json.loads(made.contents[manifest.NAME]), record.manifest
    differing = [
        name
        for name in {**theirs["files"], **ours["files"]}
        if _digest(theirs["files"], name) != _digest(ours["files"], name)
    ]
    pdf = PAGES["pdf"]
    if not record.whole and record.files[pdf] != made.contents.get(pdf):
        differing.append(pdf)
    if not record.whole and pdf in differing and record.files[pdf] == made.contents.get(pdf):
        differing.remove(pdf)  # the manifest that a PDF carries cannot hold its own digest
    if not differing:
        return Verification(Outcome.SAME_BYTES, "same bytes", ())
    causes = tuple(_causes(theirs, ours))
    other = [name for name in differing if name in NUMBERS]
    if other:
        return Verification(Outcome.OTHER_NUMBERS, "other numbers", (*_numbers(record, made, other), *causes))
    findings = (_first_difference(record, made, name) for name in differing)
    return Verification(Outcome.OTHER_BYTES, "same numbers, other bytes", (*findings, *causes))


def _digest(files: Mapping[str, Any], name: str) -> str | None:
    entry = files.get(name)
    return None if entry is None else entry["sha256"]


def _causes(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> Iterator[str]:
    """Versions that differ."""
    for name in {**theirs["versions"], **ours["versions"]}:
        before, now = theirs["versions"].get(name), ours["versions"].get(name)
        if before != now:
            yield f"likely cause: made with {name} {before or 'none'}, here {now or 'none'}"
    if theirs["program"] != ours["program"]:
        yield "likely cause: the program's own sources differ"


def _first_difference(record: Record, made: Made, name: str) -> str:
    before, now = record.files.get(name), made.contents.get(name)
    if before is None or now is None:
        return f"{name}: differs"
    place = next((i for i, (a, b) in enumerate(zip(before, now, strict=False)) if a != b), min(len(before), len(now)))
    if name.endswith(".pdf") and manifest.content_digest(before) == manifest.content_digest(now):
        return f"{name}: the same content, compressed otherwise"
    return f"{name}: differs from byte {place} on"


def _numbers(record: Record, made: Made, names: list[str]) -> Iterator[str]:
    yield f"differing: {', '.join(names)}"
    if "metrics.json" not in record.files:
        return
    before, now = (json.loads(files["metrics.json"]) for files in (record.files, made.contents))
    for name in {**before, **now}:
        if before.get(name) != now.get(name):
            yield f"{name}: {before.get(name)!r} before, {now.get(name)!r} now"
