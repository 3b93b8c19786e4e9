"""Whether a run is what it says it is: its files against its manifest, then all of it made again and compared."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path
from typing import Any

from quadnet import config as configuration
from quadnet.config import Config
from quadnet.errors import ConfigurationError, QuadnetError

from .. import effort
from ..pages import seal
from ..pages.press import Press
from ..pages.publish import PAGES
from ..progress import SILENT, Stages
from ..record import keeping, manifest, reading, writing
from ..record.manifest import Manifest
from ..record.reading import Record, RecordError
from ..run import build as run_build
from ..run.build import Made

NUMBERS = (
    "metrics.json",
    "phases.json",
    "history.csv",
    "trajectory.npz",
    "evidence.json",
    "claims.json",
    "replicates.json",
)
_SAVED_ANEW = "another program saved the PDF anew, or an earlier version made it"  # since it has no seal
_WORDS = ("claim", "test", "because")  # keys of texts, which another version may word otherwise


class Outcome(IntEnum):
    """What a verification found; the command's exit code."""

    SAME_BYTES = 0
    OTHER_BYTES = 1  # of the same numbers, or of a damaged file
    OTHER_NUMBERS = 2


@dataclass(frozen=True)
class Verification:
    """The result, with a line for each finding, and what of other programs' files was passed over."""

    outcome: Outcome
    headline: str
    findings: tuple[str, ...]
    passed: tuple[str, ...] = ()


def verify(path: Path, *, quick: bool = False, anyway: bool = False, progress: Stages = SILENT) -> Verification:
    """Checks a run.

    Args:
        path: A run's folder, an archive of one, or its PDF.
        quick: Whether to leave it at the stored files.
        anyway: Whether to run it again however long that takes.
        progress: Told where making it again is.

    Raises:
        QuadnetError: It is no run, or its configuration cannot be used.
    """
    record = reading.read(path)
    found = _damage(record)
    if found is None and quick:
        found = Verification(Outcome.SAME_BYTES, f"stored files agree with the manifest; {_unseen(record)}", ())
    if found is None:
        _check_effort(record, anyway=anyway)
        found = compare(record, again(record, progress))
    return replace(found, passed=record.passed)


def _unseen(record: Record) -> str:
    """What a look at the stored files does not find."""
    if record.whole or seal.is_there(record.files[PAGES["pdf"]]):
        return "not run again"
    return f"not run again, and of its pages nothing is known: {_SAVED_ANEW}"


def _check_effort(record: Record, *, anyway: bool) -> None:
    """Refuses to make again what would take too long."""
    effort.check(f"{record.path}: to make it again", resolved(record), effort.of_report, anyway=anyway)


def rebuild(
    path: Path, output_dir: Path, *, force: bool = False, anyway: bool = False, progress: Stages = SILENT
) -> tuple[Verification, Path]:
    """Makes a run anew, writes it, and compares the two.

    Args:
        path: A run's folder, an archive of one, or its PDF.
        output_dir: Where the new folder goes.
        force: Whether to replace a run of that name.
        anyway: Whether to run it again however long that takes.
        progress: Told where making it is.

    Returns:
        What came of the comparison, and the new folder.

    Raises:
        QuadnetError: It is no run, its configuration cannot be used, or the folder cannot be written.
    """
    record = reading.read(path)
    target = output_dir / resolved(record).run_name
    if target.exists():
        keeping.check(target, (), force=True)
        if not force:
            raise QuadnetError(f"{target}: is there already; --force replaces it, or name another --output-dir")
    _check_effort(record, anyway=anyway)
    writing.check_writable(writing.place(target).parent)
    made = again(record, progress)
    kept = writing.write(target, made.contents)
    found = _damage(record) or compare(record, made)
    return replace(found, findings=(*found.findings, *kept), passed=record.passed), target


def again(record: Record, progress: Stages = SILENT) -> Made:
    """Makes a run anew from its configuration alone.

    Args:
        record: The run.
        progress: Told where making it is.

    Raises:
        QuadnetError: The configuration is missing, cannot be used, or is not that of the manifest.
    """
    config = resolved(record)
    formats = [key for key, name in PAGES.items() if name in record.manifest.files or name in record.files]
    created = record.manifest.inputs.created
    if "pdf" not in formats:
        return run_build.make(config, formats, created, None, progress)
    with Press() as press:
        made = run_build.make(config, formats, created, press, progress)
    if made.failure is not None:
        raise made.failure
    return made


def resolved(record: Record) -> Config:
    """The configuration of a run.

    Raises:
        RecordError: It is missing, cannot be used, or is not that of the manifest.
    """
    config = settings(record.path, record.files)
    if config.digest != record.manifest.inputs.config_sha256:
        raise RecordError(f"{record.path}: config.toml is not what the manifest was made from")
    return config


def settings(path: Path, files: Mapping[str, bytes]) -> Config:
    """The configuration among the files of a run, whatever its manifest says.

    Raises:
        RecordError: It is missing or cannot be used.
    """
    where = f"{path}: config.toml"
    content = files.get("config.toml")
    if content is None:
        raise RecordError(f"{where} is missing, so the run cannot be made again")
    if len(content) > configuration.LARGEST:
        raise RecordError(f"{where} is longer than {configuration.LARGEST} bytes; that of no run is")
    try:
        return configuration.parse(configuration.loads(content, where), source=where)
    except ConfigurationError as error:  # not the user's, so another exit code than a wrong option's
        raise RecordError(str(error)) from None


def _damage(record: Record) -> Verification | None:
    wrong = stored(record)
    return Verification(Outcome.OTHER_BYTES, "damaged: stored files differ from the manifest", wrong) if wrong else None


def stored(record: Record) -> tuple[str, ...]:
    """What is wrong with the stored files."""
    return tuple(_wrong(record))


def _wrong(record: Record) -> Iterator[str]:
    listed = record.manifest.files
    for name, entry in listed.items():
        if name in record.files:
            if wrong := manifest.difference(entry, record.files[name]):
                yield f"{name}: {wrong}"
        elif record.whole:
            yield f"{name}: is missing"
    if not record.whole and seal.is_broken(record.files[PAGES["pdf"]]):
        yield f"{PAGES['pdf']}: its pages are not as they were printed: its own digest differs"
    beside = manifest.BESIDE if record.whole else (manifest.NAME, PAGES["pdf"])
    for name in record.files:
        if name not in listed and name not in beside:
            yield f"{name}: is not listed in the manifest"


def compare(record: Record, made: Made) -> Verification:
    """A run beside the same made anew."""
    anew = Record(record.path, made.contents, manifest.parse(made.contents[manifest.NAME]), whole=True)
    theirs, ours = _digests(record), _digests(anew)
    differing = [name for name in {**theirs, **ours} if theirs.get(name) != ours.get(name)]
    if not differing:
        return Verification(Outcome.SAME_BYTES, "same bytes", ())
    causes = tuple(_causes(record, anew.manifest))
    other = [name for name in differing if name in NUMBERS and not _are_words(record, anew, name)]
    if other:
        return Verification(Outcome.OTHER_NUMBERS, "other numbers", (*_numbers(record, anew, other), *causes))
    findings = (_first_difference(record, anew, name) for name in differing)
    return Verification(Outcome.OTHER_BYTES, "same numbers, other bytes", (*findings, *causes))


def _are_words(record: Record, anew: Record, name: str) -> bool:
    """Whether two JSON files differ in nothing but words or layout, while all their values are the same."""
    try:
        return name.endswith(".json") and _values(record.json(name)) == _values(anew.json(name))
    except (RecordError, RecursionError):
        return False


def _values(content: Any) -> str:
    """The values of a JSON file in one layout; 1 and 1.0 are not the same, nor are 0.0 and -0.0."""

    def without_words(table: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in table.items() if not (key in _WORDS and isinstance(value, str))}

    return json.dumps(json.loads(json.dumps(content), object_hook=without_words), sort_keys=True)


def _digests(record: Record) -> dict[str, str]:
    """SHA-256 of each file, and that of the PDF even where the manifest within it cannot hold it."""
    digests = {name: entry.sha256 for name, entry in record.manifest.files.items()}
    if PAGES["pdf"] in record.files:
        digests[PAGES["pdf"]] = hashlib.sha256(record.files[PAGES["pdf"]]).hexdigest()
    return digests


def _causes(record: Record, ours: Manifest) -> Iterator[str]:
    """Versions that differ, or what may differ that a PDF does not name."""
    theirs = record.manifest
    if not record.whole and not seal.is_there(record.files[PAGES["pdf"]]):
        yield f"likely cause: {_SAVED_ANEW}"
    before, now = manifest.comparable(theirs, ours)
    differing = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    for name in differing:
        yield f"likely cause: made with {name} {before.get(name, 'none')}, here {now.get(name, 'none')}"
    if theirs.program != ours.program:
        yield "likely cause: the program's own sources differ"
    elif not differing and now.keys() < ours.versions.keys():
        unnamed = ", ".join(f"{name} {value}" for name, value in ours.versions.items() if name not in now)
        yield f"possible cause: made with others than {unnamed}, which a PDF does not name"


def _first_difference(record: Record, anew: Record, name: str) -> str:
    before, now = record.files.get(name), anew.files.get(name)
    if before is None or now is None:
        return f"{name}: differs"
    place = next((i for i, (a, b) in enumerate(zip(before, now, strict=False)) if a != b), min(len(before), len(now)))
    if name == PAGES["pdf"] and manifest.content_digest(before) == manifest.content_digest(now):
        return f"{name}: the same content, compressed otherwise"
    if name == PAGES["pdf"] and _digest_without_fonts(before) == _digest_without_fonts(now):
        return f"{name}: the same pages; the letters in it were taken out of the fonts by another subsetter or release"
    if name in NUMBERS and _are_words(record, anew, name):
        return f"{name}: the same numbers, in other words or layout from byte {place} on"
    return f"{name}: differs from byte {place} on"


def _digest_without_fonts(pdf: bytes) -> str:
    return manifest.content_digest(pdf, fonts=False)


def _numbers(record: Record, anew: Record, names: list[str]) -> Iterator[str]:
    yield f"differing: {', '.join(names)}"
    for name in names:
        yield _first_difference(record, anew, name)
    before, now = (_metrics(each) for each in (record, anew))
    for name in {**before, **now}:
        if before.get(name) != now.get(name):
            yield f"{name}: {before.get(name)!r} before, {now.get(name)!r} now"


def _metrics(record: Record) -> dict[str, Any]:
    """The metrics, or none if what stands there are none."""
    try:
        values = record.json("metrics.json")
    except RecordError:
        return {}
    return values if isinstance(values, dict) else {}
