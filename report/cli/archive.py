"""`quadnet archive`: runs packed into zips."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .. import terminal
from . import console
from .options import Verbose

if TYPE_CHECKING:
    pass


def archive(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN…", help="Folders of runs, or zips of them.")],
    output: Annotated[
        Path | None, typer.Option(metavar="FILE.zip|FOLDER", help="Where the zip goes; beside the run if not given.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    verbose: Verbose = 0,
) -> None:
    """Pack each run into a zip that is an RO-Crate, the same bytes for the same run.

    The paths of the zips are the lines on standard output. Exit codes: 0 done; 1 failed; 2 wrong usage.
    """
    with terminal.explained(verbose):
        from ..archive import packing as archiving

        for path in archiving.archive(runs, output, force=force, passed=console.passed_over):
            typer.echo(path)
