"""`quadnet sweep`: many runs and their report."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .. import terminal
from . import console
from .options import (
    Anyway,
    AsJson,
    ConfigFile,
    Epochs,
    Hidden,
    Lang,
    LearningRate,
    Momentum,
    NoProgress,
    OutputDir,
    Quiet,
    Settings,
    To,
    Verbose,
    flags_of,
    formats_of,
    resolved_of,
)

if TYPE_CHECKING:
    from ..sweep.build import Swept


def sweep(
    seeds: Annotated[str, typer.Option(metavar="0:10", help="Seeds of the data: 0:10 for 0 to 9.")] = "0",
    weight_seeds: Annotated[str, typer.Option(metavar="0:20", help="Seeds of the initial weights.")] = "0:20",
    config: ConfigFile = None,
    settings: Settings = None,
    epochs: Epochs = None,
    learning_rate: LearningRate = None,
    hidden: Hidden = None,
    momentum: Momentum = None,
    lang: Lang = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="tcp://HOST:PORT", help="Run on a Dask cluster (extra `cluster`).")
    ] = None,
    to: To = "html,pdf",
    output_dir: OutputDir = Path("outputs"),
    anyway: Anyway = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
    no_progress: NoProgress = False,
) -> None:
    """Run the experiment under many seeds and keep one line of each run in a table.

    The table grows as the runs end; a sweep that was cut off goes on where it stopped, and one that asks for more
    seeds adds to what is there. Its report shows how the runs compare. The path of the sweep's folder is the last line
    on standard output.
    """
    with terminal.explained(verbose, quiet=quiet):
        from ..sweep import build as sweep_build

        resolved = resolved_of(config, settings, flags_of(None, None, epochs, learning_rate, hidden, momentum, lang))
        pairs = sweep_build.Grid(sweep_build.seeds("--seeds", seeds), sweep_build.seeds("--weight-seeds", weight_seeds))
        formats = formats_of(to, resolved)
        with console.stages(shown=not (quiet or no_progress)) as progress:
            warn = None if quiet else terminal.warn
            swept = sweep_build.run(resolved, pairs, output_dir, formats, scheduler, progress, warn, anyway=anyway)
        lines, summary = _lines(swept), partial(_summary, swept)
        console.end(swept.path, lines, summary, swept.failure, quiet=quiet, as_json=as_json)


def _lines(swept: "Swept") -> Iterator[str]:
    """What became of a sweep, in words."""
    yield f"{swept.wanted} runs, {swept.found} of them there already, {swept.unsound} not sound; phases, by frequency:"
    for sequence, count in swept.phases.most_common():
        yield f"{count:6d}  {sequence or '-'}"


def _summary(swept: "Swept") -> dict[str, object]:
    """What became of a sweep, for JSON."""
    return {"runs": swept.wanted, "found": swept.found, "failed": len(swept.failed), "phases": dict(swept.phases)}
