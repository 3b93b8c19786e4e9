"""The command line: arguments in, exit code and one clear line out.

What takes long to load is loaded where it is needed: help is there at once, and the press loads beside this process.
"""

from typing import Annotated

import typer

from quadnet import __version__
from quadnet.errors import one_line, shortened

from .. import terminal
from . import archive, diff, doctor, handout, phases, report, sweep, verify
from . import list as list_of_runs

_UsageError = typer.BadParameter.__mro__[1]  # the parent of all wrong usage, which typer does not name
_LONGEST_QUOTED = 200  # characters of a message about it; the option's name comes before

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"quadnet {__version__}")
        raise typer.Exit


@app.callback()
def quadnet(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Reproducible reports on how a small network learns."""


app.command()(report.report)
app.command()(handout.handout)
app.command()(sweep.sweep)
app.command()(phases.phases)
app.command()(verify.verify)
app.command()(verify.rebuild)
app.command()(diff.diff)
app.command()(archive.archive)
app.command("list")(list_of_runs.list_runs)
app.command()(doctor.doctor)


def program() -> None:
    """Does what the command line asks for, and leaves with SystemExit."""
    try:
        code = app(prog_name="quadnet", standalone_mode=False)
    except _UsageError as error:  # type: ignore[misc]  # the parent of an error is one; quotes what somebody typed
        error.message = "\n".join(shortened(one_line(line), _LONGEST_QUOTED) for line in error.message.split("\n"))
        error.show()
        code = error.exit_code
    raise SystemExit(code)


def main() -> None:
    """Runs the program, once it is loaded; `report.__main__` meets interruptions of the loading, too."""
    terminal.run(program)
