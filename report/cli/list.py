"""`quadnet list`: what is in a folder of runs."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quadnet.errors import ConfigurationError

from .. import terminal
from ..words.language import Language
from . import console
from .options import (
    AsJson,
    Quiet,
    Verbose,
    resolved_of,
    uncollected,
)

if TYPE_CHECKING:
    pass


def list_runs(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder with runs in it.")] = Path("outputs"),
    html: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Write a page of all runs instead, to sort and search.")
    ] = None,
    lang: Annotated[str, typer.Option(metavar="en|zh", help="Language of that page: English or Chinese.")] = "en",
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is no such page.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
) -> None:
    """List the runs, sweeps, handouts and class sets in a folder, and the zips of runs.

    Accuracies are those on fresh points, beside the best possible. Phases are a letter each: D descent, P plateau, S
    shoulder, small for the last, which stays open. Verdicts: how many claims of the note hold/fail/hold in part/cannot
    be tested.
    """
    with terminal.explained(verbose, quiet=quiet), uncollected():
        if as_json and html is not None:
            raise ConfigurationError(f"--json and --html {html}: name one of the two")
        from ..archive import listing

        language = resolved_of(None, None, {"report.language": lang}).report.language
        found = listing.find(folder)
        if found.others and not quiet:
            terminal.say(f"passed over, since they are no runs or links: {found.others}")
        console.passed_over(found.passed, quiet=quiet)
        if html is not None:
            from ..archive import listing_page

            listing_page.check_free(html, force=force)
            listing_page.write(found, html, os.environ, Language.load(language))
            typer.echo(html)
        else:
            typer.echo(json.dumps(found.entries()) if as_json else found.table())
