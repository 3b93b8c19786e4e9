"""`quadnet report`: a run and its report."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quadnet.errors import QuadnetError

from .. import terminal
from . import console
from .console import kept
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
    press_for,
    resolved_of,
    uncollected,
)

if TYPE_CHECKING:
    from ..run.build import Built


def report(
    config: ConfigFile = None,
    settings: Settings = None,
    seed: Annotated[str | None, typer.Option(metavar="N", help="Seed of the data.")] = None,
    weight_seed: Annotated[str | None, typer.Option(metavar="N", help="Seed of the initial weights.")] = None,
    epochs: Epochs = None,
    learning_rate: LearningRate = None,
    hidden: Hidden = None,
    momentum: Momentum = None,
    lang: Lang = None,
    to: To = "html,pdf",
    output_dir: OutputDir = Path("outputs"),
    force: Annotated[bool, typer.Option("--force", help="Build again a run that is there.")] = False,
    anyway: Anyway = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
    no_progress: NoProgress = False,
) -> None:
    """Run the experiment and write its report: HTML, PDF and the record of the run.

    The path of the run's folder is the last line on standard output. Exit codes: 0 done, 1 failed, 2 wrong usage or
    configuration, 3 all written but the PDF.
    """
    flags = flags_of(seed, weight_seed, epochs, learning_rate, hidden, momentum, lang)
    with terminal.explained(verbose, quiet=quiet), uncollected(), press_for(to) as press:
        from ..run import build as run_build

        resolved = resolved_of(config, settings, flags)
        formats = formats_of(to, resolved)
        with console.stages(shown=not (quiet or no_progress)) as progress:
            built = run_build.build(
                resolved, output_dir, formats, force=force, anyway=anyway, progress=progress, press=press
            )
        lines, summary = _lines(built, verbose), partial(_summary, built)
        console.end(built.path, lines, summary, built.failure, quiet=quiet, as_json=as_json)


def _lines(built: "Built", verbose: int) -> Iterator[str]:
    """What became of a report, in words."""
    if built.reused:
        yield f"{built.path} is there already, with the same configuration; --force builds it again"
    run = built.experiment
    if run is None:
        return
    yield from kept(built.kept)
    if run.phases.status != "ok":
        yield f"warning: the training is not sound: {run.phases.status}; the report says more"
    if verbose:
        yield f"{json.loads((built.path / 'run.log.json').read_text())['seconds']:.2f} s"
    yield (
        f"accuracy {run.metrics.accuracy:.4f} on the training points, {run.metrics.accuracy_fresh:.4f} on fresh ones; "
        f"best possible {run.metrics.bayes_accuracy:.4f}"
    )


def _summary(built: "Built") -> dict[str, object]:
    """What became of a report, for JSON.

    Raises:
        QuadnetError: A run that was there already is damaged.
    """
    from ..record import reading

    try:
        files = reading.glance(built.path, ("metrics.json", "phases.json")).files
        metrics, phases = (reading.parsed(built.path, name, files) for name in ("metrics.json", "phases.json"))
    except reading.RecordError as error:
        raise QuadnetError(f"{error}; --force builds it again") from None
    if not (isinstance(phases, dict) and "status" in phases):
        raise QuadnetError(f"{built.path}: phases.json is not that of a run; --force builds it again")
    return {"reused": built.reused, "status": phases["status"], "metrics": metrics}
