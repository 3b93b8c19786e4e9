"""`quadnet verify` and `quadnet rebuild`: a run made again and compared."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quadnet.errors import one_line

from .. import terminal
from . import console
from .options import (
    Anyway,
    AsJson,
    NoProgress,
    OutputDir,
    Quiet,
    Verbose,
)

if TYPE_CHECKING:
    pass


def verify(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder, its report.pdf, or a zip of it.")],
    quick: Annotated[bool, typer.Option("--quick", help="Check the stored files only; do not run it again.")] = False,
    anyway: Anyway = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
    no_progress: NoProgress = False,
) -> None:
    """Check a run's files against its manifest, make it again, and compare.

    Exit codes: 0 same bytes; 1 same numbers but other bytes, or a damaged file; 2 other numbers.
    """
    with terminal.explained(verbose, quiet=quiet):
        from ..archive import verification

        with console.stages(shown=not (quiet or no_progress)) as progress:
            found = verification.verify(run, quick=quick, anyway=anyway, progress=progress)
        console.passed_over(found.passed, quiet=quiet)
        if as_json:
            typer.echo(json.dumps({"result": found.headline, "findings": found.findings}))
        elif not quiet:
            typer.echo("\n".join(map(one_line, [found.headline, *found.findings])))
        sys.exit(int(found.outcome))


def rebuild(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run's report.pdf, its folder, or a zip of it.")],
    output_dir: OutputDir = Path("outputs"),
    force: Annotated[bool, typer.Option("--force", help="Replace a run that is there.")] = False,
    anyway: Anyway = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
    no_progress: NoProgress = False,
) -> None:
    """Make a run again from its PDF alone, and say whether it came out the same to the byte.

    The path of the new folder is the last line on standard output. Exit codes: 0 same bytes; 1 other bytes; 2 other
    numbers.
    """
    with terminal.explained(verbose, quiet=quiet):
        from ..archive import verification

        with console.stages(shown=not (quiet or no_progress)) as progress:
            found, path = verification.rebuild(run, output_dir, force=force, anyway=anyway, progress=progress)
        console.passed_over(found.passed, quiet=quiet)
        if not quiet:
            for line in (found.headline, *found.findings):
                terminal.say(line)
        typer.echo(path)
        sys.exit(int(found.outcome))
