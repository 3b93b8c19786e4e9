"""`quadnet phases`: the phases of a curve from a file."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quadnet.errors import ConfigurationError, QuadnetError

from .. import terminal
from .options import (
    AsJson,
    Quiet,
    Verbose,
)

if TYPE_CHECKING:
    pass


def phases(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.csv", help="Columns epoch,loss or losses alone; - for standard input.")
    ],
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE.svg", help="Where the drawing goes; FILE-phases.svg if not given.")
    ] = None,
    no_plot: Annotated[bool, typer.Option("--no-plot", help="Draw nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace any file, also another curve's drawing.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
) -> None:
    """Find the descents and plateaus of any training curve, print and draw them.

    The path of the drawing is the last line on standard output. Exit codes: 0 done, 1 failed, 2 wrong usage or no
    curve in the file.
    """
    with terminal.explained(verbose, quiet=quiet):
        from ..curve import phases as curve_phases

        if no_plot and plot is not None:
            raise ConfigurationError(f"--no-plot and --plot {plot}: name one of the two")
        target = None if no_plot else plot or curve_phases.plot_beside(file)
        found = curve_phases.find(file)
        if target is not None:
            curve_phases.check_free(target, file, force=force)
        if not quiet:
            for warning in found.warnings():
                terminal.warn(warning)
        if not as_json:
            typer.echo(found.table())
        failure = None
        if target is not None:
            try:
                if not (plot or force):
                    curve_phases.check_own(found, file, target)
                curve_phases.plot(found, target)
            except QuadnetError as error:  # the phases are told all the same
                target, failure = None, error
        if as_json:
            path = None if target is None else str(target)
            typer.echo(json.dumps({"path": path, "status": found.status, "phases": found.entries()}))
        elif target is not None:
            typer.echo(target)
        if failure is not None:
            raise failure
