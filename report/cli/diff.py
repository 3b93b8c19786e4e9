"""`quadnet diff`: two runs side by side."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quadnet.errors import ConfigurationError, QuadnetError, one_line

from .. import terminal
from . import console
from .options import (
    Anyway,
    AsJson,
    Quiet,
    Verbose,
)

if TYPE_CHECKING:
    pass


def diff(
    a: Annotated[Path, typer.Argument(metavar="A", help="A run's folder, its report.pdf, or a zip of it.")],
    b: Annotated[Path, typer.Argument(metavar="B", help="Another.")],
    html: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Write a page with both losses and decision regions, too.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is no comparison.")] = False,
    anyway: Anyway = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
) -> None:
    """Lay two runs side by side: where configuration, versions, metrics, phases and verdicts differ.

    The path of a page that was asked for is the last line on standard output. Exit codes: 0 nothing differs;
    1 something does, or one of the two cannot be read, or the page cannot be written.
    """
    with terminal.explained(verbose, quiet=quiet):
        from ..archive import comparison

        if html is None and (force or anyway):
            raise ConfigurationError("--force and --anyway are for the page; name it with --html FILE.html")
        if html is not None:
            comparison.check_free(html, (a, b), force=force)
        found = comparison.compare(a, b)
        console.passed_over([name for record in found.records for name in record.passed], quiet=quiet)
        if not (as_json or quiet):
            typer.echo("\n".join(map(one_line, found.lines())))
        failure = None
        if html is not None:
            try:
                comparison.write_page(found, html, anyway=anyway)
            except QuadnetError as error:  # the differences are told all the same
                html, failure = None, error
        if as_json:
            typer.echo(json.dumps({"page": None if html is None else str(html), **found.entries()}))
        elif html is not None:
            typer.echo(html)
        if failure is not None:
            raise failure
        sys.exit(0 if found.equal else 1)
