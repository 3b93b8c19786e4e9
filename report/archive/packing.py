"""A run as one zip file that is an RO-Crate: for repositories, and for whoever is handed the run."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from quadnet.errors import ConfigurationError, QuadnetError

from ..record import files, manifest, reading, ro_crate, writing
from ..record.manifest import Entry
from ..record.reading import Record, RecordError
from . import verification

_ANOTHER_PLACE = "name another place with --output"


def archive(
    runs: Sequence[Path],
    output: Path | None = None,
    *,
    force: bool = False,
    passed: Callable[[Sequence[str]], object] = len,
) -> Iterator[Path]:
    """Writes a zip of each run, named like the run unless the output names a file.

    Args:
        runs: Folders of runs, or zips of them.
        output: The zip file, for one run, or the folder of the zips; without it each goes beside its run.
        force: Whether to replace files that are there.
        passed: Told what of other programs' files in a run is not packed.

    Yields:
        Each zip, once it is written.

    Raises:
        ConfigurationError: Several runs are to go into one file.
        QuadnetError: One is no run, damaged or not whole, or its zip is there already or cannot be written.
    """
    named = output is not None and output.suffix == ".zip" and not output.is_dir()
    if named and len(runs) > 1:
        raise ConfigurationError(f"--output {output}: is one file, and there are {len(runs)} runs; name a folder")
    written: set[Path] = set()
    for run in runs:
        record = reading.read(run)
        passed(record.passed)
        target = output if named and output is not None else _place(record, output)
        if target in written:
            raise QuadnetError(f"{run}: is called like another of these runs; archive it into another folder")
        if target.exists() and not force:
            raise QuadnetError(f"{target}: is there already; --force replaces it, or name another --output")
        content = files.zipped(_contents(record))
        writing.check_writable(target.parent, _ANOTHER_PLACE)
        writing.replace(target, content, _ANOTHER_PLACE)
        written.add(target)
        yield target


def _place(record: Record, folder: Path | None) -> Path:
    """Where a run's zip goes; beside it, but never into it, where it would be a file that no manifest lists."""
    name = f"{verification.resolved(record).run_name}.zip"  # not the manifest's word, which may be any path
    if folder is not None:
        return folder / name
    beside = record.path if record.path.name not in ("", "..") else record.path.resolve()
    return beside.parent / name


def _contents(record: Record) -> dict[str, bytes]:
    """The files that the manifest lists, the manifest, and the crate's metadata."""
    if not record.whole:
        raise RecordError(f"{record.path}: carries but some files of its run; `quadnet rebuild` makes the others")
    if wrong := verification.stored(record):
        raise RecordError(f"{record.path}: damaged: {wrong[0]}; `quadnet verify` says more")
    content = record.files[manifest.NAME]
    seal = Entry(sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))
    listed = {name: record.files[name] for name in record.manifest.files}
    return {**listed, manifest.NAME: content, ro_crate.NAME: ro_crate.metadata(record.manifest, seal)}
