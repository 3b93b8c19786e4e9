"""`quadnet handout`: a handout, or one for each student of a class."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
    Verbose,
    flags_of,
    formats_of,
    one_of,
    resolved_of,
    uncollected,
)

if TYPE_CHECKING:
    from ..handout.build import Built as HandedOut
    from ..handout.class_set import Issued


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
    flags = flags_of(seed, weight_seed, epochs, learning_rate, hidden, momentum, lang)
    with terminal.explained(verbose, quiet=quiet), uncollected():
        from ..handout import build as handouts

        resolved = resolved_of(config, settings, flags)
        formats = formats_of(to or ("html,pdf" if roster is None else "pdf"), resolved)
        wanted = edition or ("both" if roster is None else "student")
        chosen = one_of(
            "--edition", wanted, {**{name: (name,) for name in handouts.EDITIONS}, "both": handouts.EDITIONS}
        )
        sheet = one_of("--paper", paper, {name: name for name in handouts.PAPERS})
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
            lines, summary = _class_lines(issued), partial(_class_summary, issued)
            console.end(issued.path, lines, summary, issued.failure, quiet=quiet, as_json=as_json)
            return
        with console.stages(shown=not (quiet or no_progress)) as progress:
            built = handouts.build(
                resolved, output_dir, chosen, formats, sheet, force=force, anyway=anyway, progress=progress
            )
        lines, summary = _lines(built), partial(_summary, built)
        failure = None if built.made is None else built.made.failure
        console.end(built.path, lines, summary, failure, quiet=quiet, as_json=as_json)


def _lines(built: "HandedOut") -> Iterator[str]:
    """What became of a handout, in words."""
    if built.made is None:
        yield f"{built.path} is there already, with the same configuration; --force builds it again"
    else:
        yield from kept(built.kept)
        yield f"{len(built.made.exercises)} exercises, {sum(each.points for each in built.made.exercises)} points"


def _summary(built: "HandedOut") -> dict[str, object]:
    """What became of a handout, for JSON."""
    return {"reused": built.reused, "files": sorted(path.name for path in built.path.glob("handout-*"))}


def _class_lines(issued: "Issued") -> Iterator[str]:
    """What became of the handouts of a class, in words."""
    yield from kept(issued.changed)
    other = sum(bool(sheet.refused) for sheet in issued.sheets)
    yield (
        f"{len(issued.sheets)} students, {issued.found} of them there already, {other} with another than their first "
        "seed; key.csv says why"
    )
    if issued.strangers:
        yield f"warning: {issued.strangers} files in {issued.path} are not of this set; they stay there"


def _class_summary(issued: "Issued") -> dict[str, object]:
    """What became of the handouts of a class, for JSON."""
    students = [{"id": each.student.id, "seed": each.seed, "refused": len(each.refused)} for each in issued.sheets]
    return {"found": issued.found, "students": students}
