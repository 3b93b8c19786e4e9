"""The command line: arguments in, exit code and one clear line out.

What takes long to load is loaded where it is needed: help is there at once, and the press loads beside this process.
"""

import gc
import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from quadnet import __version__
from quadnet.errors import ConfigurationError, QuadnetError, one_line, shortened

from ..pages.press import Press
from ..words.language import Language
from . import console, terminal

if TYPE_CHECKING:
    from quadnet.config import Config

Choice = TypeVar("Choice")

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


ConfigFile = Annotated[Path | None, typer.Option("--config", metavar="FILE.toml", help="Read settings from a file.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change any setting, such as data.samples_per_class=50."),
]
Epochs = Annotated[str | None, typer.Option(metavar="N", help="Epochs of training.")]
LearningRate = Annotated[str | None, typer.Option(metavar="RATE", help="Learning rate.")]
Hidden = Annotated[str | None, typer.Option(metavar="3,3", help="Widths of the hidden layers.")]
Momentum = Annotated[
    str | None, typer.Option(metavar="BETA", help="Momentum; heavy ball unless --set training.optimizer says else.")
]
Lang = Annotated[str | None, typer.Option(metavar="en|zh", help="Language of the pages: English or Chinese.")]
To = Annotated[str, typer.Option(metavar="html,pdf", help="Which pages to make.")]
OutputDir = Annotated[Path, typer.Option(metavar="FOLDER", help="Where the run's folder goes.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]
Verbose = Annotated[int, typer.Option("--verbose", "-v", count=True, help="Say more; -vv shows tracebacks.")]
NoProgress = Annotated[bool, typer.Option("--no-progress", help="Show no line of progress.")]
Anyway = Annotated[bool, typer.Option("--anyway", help="Run it however much time and memory that takes.")]


@app.command()
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
    flags = _flags(seed, weight_seed, epochs, learning_rate, hidden, momentum, lang)
    with terminal.explained(verbose, quiet=quiet), _uncollected(), _press(to) as press:
        from ..run import build as run_build

        resolved = _resolve(config, settings, flags)
        formats = _formats(to, resolved)
        with console.stages(shown=not (quiet or no_progress)) as progress:
            built = run_build.build(
                resolved, output_dir, formats, force=force, anyway=anyway, progress=progress, press=press
            )
        lines, summary = console.report_lines(built, verbose), partial(console.report_summary, built)
        console.end(built.path, lines, summary, built.failure, quiet=quiet, as_json=as_json)


@app.command()
def handout(
    config: ConfigFile = None,
    settings: Settings = None,
    seed: Annotated[str | None, typer.Option(metavar="N", help="Seed of the data.")] = None,
    weight_seed: Annotated[str | None, typer.Option(metavar="N", help="Seed of the initial weights.")] = None,
    epochs: Epochs = None,
    learning_rate: LearningRate = None,
    hidden: Hidden = None,
    momentum: Momentum = None,
    lang: Lang = None,
    roster: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv",
            help="One handout for each student: columns id,name,language, or an export; - for standard input.",
        ),
    ] = None,
    edition: Annotated[
        str | None,
        typer.Option(
            metavar="student|instructor|both", help="For whom; answers or not. With --roster student, else both."
        ),
    ] = None,
    paper: Annotated[str, typer.Option(metavar="a4|letter", help="What the PDF is printed on.")] = "a4",
    to: Annotated[
        str | None, typer.Option(metavar="html,pdf", help="Which pages to make. With --roster pdf, else both.")
    ] = None,
    output_dir: OutputDir = Path("outputs"),
    force: Annotated[bool, typer.Option("--force", help="Build again a handout that is there.")] = False,
    anyway: Anyway = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
    no_progress: NoProgress = False,
) -> None:
    """Run the experiment and write a handout for a course: the data, the network, the loss curve and exercises.

    The student's edition has room to write and no answers, nor anything hidden; the instructor's has the answers, how
    to find and mark them, and common mistakes, all computed from the run. With --roster every student gets other
    numbers, and the lecturer a key and questions for Moodle. The path of the folder is the last line on standard
    output. Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 all written but a PDF.
    """
    flags = _flags(seed, weight_seed, epochs, learning_rate, hidden, momentum, lang)
    with terminal.explained(verbose, quiet=quiet), _uncollected():
        from ..handout import build as handouts

        resolved = _resolve(config, settings, flags)
        formats = _formats(to or ("html,pdf" if roster is None else "pdf"), resolved)
        wanted = edition or ("both" if roster is None else "student")
        chosen = _one_of(
            "--edition", wanted, {**{name: (name,) for name in handouts.EDITIONS}, "both": handouts.EDITIONS}
        )
        sheet = _one_of("--paper", paper, {name: name for name in handouts.PAPERS})
        if roster is not None:
            from ..handout import class_set
            from ..handout.roster import read

            listed = read(roster, resolved.report.language)
            if listed.taken is not None and not quiet:
                terminal.say(listed.taken)
            students = listed.students
            with console.stages(shown=not (quiet or no_progress)) as progress:
                issued = class_set.issue(
                    resolved,
                    students,
                    output_dir,
                    chosen,
                    formats,
                    sheet,
                    force=force,
                    anyway=anyway,
                    progress=progress,
                )
            lines, summary = console.class_lines(issued), partial(console.class_summary, issued)
            console.end(issued.path, lines, summary, issued.failure, quiet=quiet, as_json=as_json)
            return
        with console.stages(shown=not (quiet or no_progress)) as progress:
            built = handouts.build(
                resolved, output_dir, chosen, formats, sheet, force=force, anyway=anyway, progress=progress
            )
        lines, summary = console.handout_lines(built), partial(console.handout_summary, built)
        failure = None if built.made is None else built.made.failure
        console.end(built.path, lines, summary, failure, quiet=quiet, as_json=as_json)


@app.command()
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

        resolved = _resolve(config, settings, _flags(None, None, epochs, learning_rate, hidden, momentum, lang))
        pairs = sweep_build.Grid(sweep_build.seeds("--seeds", seeds), sweep_build.seeds("--weight-seeds", weight_seeds))
        formats = _formats(to, resolved)
        with console.stages(shown=not (quiet or no_progress)) as progress:
            warn = None if quiet else terminal.warn
            swept = sweep_build.run(resolved, pairs, output_dir, formats, scheduler, progress, warn, anyway=anyway)
        lines, summary = console.sweep_lines(swept), partial(console.sweep_summary, swept)
        console.end(swept.path, lines, summary, swept.failure, quiet=quiet, as_json=as_json)


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command()
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


@app.command("list")
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
    with terminal.explained(verbose, quiet=quiet), _uncollected():
        if as_json and html is not None:
            raise ConfigurationError(f"--json and --html {html}: name one of the two")
        from ..archive import listing

        language = _resolve(None, None, {"report.language": lang}).report.language
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


@app.command()
def doctor() -> None:
    """Say what this installation computes and prints with."""
    with terminal.explained(0):
        from quadnet import kernel

        from ..record import manifest

        for name, version in (*manifest.versions(), ("Python", platform.python_version())):
            typer.echo(f"{name:12s}{version}")
        typer.echo(f"{'kernel':12s}{kernel.name()}")
        with Press() as press:
            for name, version in press.versions().items():
                typer.echo(f"{name:12s}{version}")
            press.send("<!DOCTYPE html><html lang=en><title>doctor</title><p>PDF", {})
            press.pdf()
        typer.echo(f"{'PDF':12s}can be made")


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


@contextmanager
def _uncollected() -> Iterator[None]:
    """No search for cycles of garbage, not even a last one: one run and the process ends. A tenth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()


@contextmanager
def _press(to: str) -> Iterator[Press | None]:
    """A press for a run that asks for a PDF, started first of all: it takes as long to load as what makes its page."""
    with ExitStack() as stack:
        yield stack.enter_context(Press()) if "pdf" in to else None


def _flags(
    seed: str | None,
    weight_seed: str | None,
    epochs: str | None,
    learning_rate: str | None,
    hidden: str | None,
    momentum: str | None,
    lang: str | None,
) -> dict[str, str]:
    """The settings behind the flags that were given."""
    flags = {
        "data.seed": seed,
        "network.seed": weight_seed,
        "training.epochs": epochs,
        "training.learning_rate": learning_rate,
        "network.hidden": None if hidden is None else f"[{hidden}]",
        "training.momentum": momentum,
        "report.language": lang,
    }
    return {key: value for key, value in flags.items() if value is not None}


def _resolve(file: Path | None, settings: list[str] | None, flags: dict[str, str]) -> "Config":
    from quadnet import config as configuration

    values = configuration.load(file) if file is not None else {}
    values = configuration.override(values, [f"{key}={value}" for key, value in flags.items()])
    values = configuration.override(values, settings or [])
    training = values.get("training", {})
    if "training.momentum" in flags and isinstance(training, dict) and training.get("momentum"):
        training.setdefault("optimizer", "heavy_ball")
    return configuration.parse(values, source=str(file) if file is not None else "configuration")


def _one_of(option: str, text: str, allowed: Mapping[str, Choice]) -> Choice:
    """What stands for the text of an option that allows a few."""
    if text not in allowed:
        *names, last = allowed
        raise ConfigurationError(f"{option} {text}: is not allowed; write {', '.join(names)} or {last}")
    return allowed[text]


def _formats(text: str, config: "Config") -> tuple[str, ...]:
    """The pages that are asked for; a title that they cannot show is refused."""
    from ..pages import fonts, publish

    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    unknown = [name for name in names if name not in publish.PAGES]
    if unknown:
        raise ConfigurationError(f"--to {text}: {unknown[0]!r} is no format; write html, pdf or html,pdf")
    fonts.check_title(config, names)
    return names
