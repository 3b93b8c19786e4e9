"""The order of the stages, and the only place that decides what is written where."""

import os
import platform
import sys
import threading
import time
from collections.abc import Collection, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from quadnet import kernel
from quadnet.config import Config
from quadnet.experiment import Course, Experiment, conduct
from quadnet.replicates import Replicates, Replicating

from .. import effort
from ..pages.pdf_standards import Attachment, Relationship
from ..pages.press import PdfError, Press
from ..pages.publish import PAGES, page_time
from ..progress import SILENT, Stages
from ..record import files, keeping, manifest, writing
from ..words.language import Language

MOST_ATTACHED = 64 * 2**20  # bytes of one file that the PDF carries; about two million epochs of history


@dataclass(frozen=True)
class Built:
    """What became of a build.

    Attributes:
        path: The run's folder.
        reused: Whether it was there already and stayed as it was.
        experiment: The numbers, if they were made.
        failure: Why the PDF is missing, if it should be there.
        kept: What of others' files is now called otherwise, a sentence each.
    """

    path: Path
    reused: bool
    experiment: Experiment | None = None
    failure: PdfError | None = None
    kept: tuple[str, ...] = ()


def build(
    config: Config,
    output_dir: Path,
    formats: tuple[str, ...],
    *,
    force: bool = False,
    anyway: bool = False,
    progress: Stages = SILENT,
    press: Press | None = None,
) -> Built:
    """Runs the experiment and writes its folder.

    Args:
        config: What to run.
        output_dir: Where the run's folder goes.
        formats: Which pages to make: `html`, `pdf`.
        force: Whether to build again what is there; what somebody changed there is kept under another name.
        anyway: Whether to do it however long it takes.
        progress: Is told where it is.
        press: One that runs already; without it a build with a PDF starts its own.

    Raises:
        QuadnetError: The folder cannot be written, or its place is taken by something else or a changed record;
            or it would take too long.
        ConfigurationError: SOURCE_DATE_EPOCH is no time.
    """
    created = page_time(os.environ)
    kernel.name()  # a wrong one is refused before anything is written
    target = output_dir / config.run_name
    if target.exists():
        listed = keeping.listed(target)
        present = [name for name in PAGES if PAGES[name] in listed and (target / PAGES[name]).is_file()]
        if not force and listed and set(formats) <= set(present):
            return Built(target, reused=True)
        formats = tuple(dict.fromkeys([*formats, *present]))  # what is there is built again too, never lost
        keeping.check(target, [PAGES[name] for name in formats], force=force)
    effort.check("the report", config, effort.of_report, anyway=anyway)
    writing.check_writable(writing.place(target).parent)
    if "pdf" not in formats:
        return _build(config, target, formats, created, None, progress)
    with Press() if press is None else nullcontext(press) as running:
        return _build(config, target, formats, created, running, progress)


def _prepare(language: Language) -> None:
    """Loads matplotlib and compiles the templates, which together take longer than training."""
    with suppress(Exception):  # whoever needs them meets it again, and is asked to tell
        from ..pages import render  # the first is for later

        render.prepare(language)


def _attachments(contents: Mapping[str, bytes], language: Language) -> list[Attachment]:
    """What the PDF carries, so that the run can be checked and built again from it alone; no history of huge length."""
    _ = language.gettext
    kinds: dict[str, tuple[Relationship, str]] = {
        "config.toml": ("Source", _("the configuration, which decides everything")),
        "metrics.json": ("Data", _("losses and accuracies")),
        "history.csv": ("Data", _("the loss of every epoch")),
        "phases.json": ("Data", _("the phases of the loss curve")),
        "claims.json": ("Data", _("the note’s claims and their verdicts")),
        manifest.NAME: ("Supplement", _("versions, and the SHA-256 of every other file of the run")),
    }
    return [
        Attachment(name, contents[name], *kind) for name, kind in kinds.items() if len(contents[name]) <= MOST_ATTACHED
    ]


@dataclass(frozen=True)
class Made:
    """A run in memory.

    Attributes:
        experiment: The numbers.
        contents: The files by path below the run's folder, the manifest included.
        failure: Why the PDF is missing, if it should be there.
    """

    experiment: Experiment
    contents: dict[str, bytes]
    failure: PdfError | None


def make(
    config: Config, formats: Collection[str], created: str, press: Press | None, progress: Stages = SILENT
) -> Made:
    """Runs the experiment and makes its files.

    Args:
        config: What to run.
        formats: Which pages to make.
        created: The time that the pages state, ISO 8601 in UTC.
        press: Makes the PDF; needed if one is wanted.
        progress: Is told where it is.
    """
    language = Language.load(config.report.language)
    threading.Thread(target=_prepare, args=(language,), daemon=True).start()
    with Replicating() as replicating:

        def start(course: Course) -> None:
            progress.stage("evidence")
            replicating.start(course)

        def others() -> Replicates:
            if replicating.count:
                progress.stage(f"{replicating.count} other seeds", replicating.count)
            found = replicating.result(progress)
            progress.stage("figures")
            return found

        progress.stage("training", config.training.epochs, "epochs")
        experiment = conduct(config, progress, start)
        from ..pages import render
        from . import page as run_page

        contents = files.numbers(experiment, language)
        view = run_page.compose(experiment, language, manifest.versions(), others)
    contents |= {"replicates.json": files.to_json(files.replicates(replicating.result()))}
    contents |= {f"figures/{figure.file}": figure.content for figure in view.drawings}
    if "html" in formats:
        contents[PAGES["html"]] = render.html(view, "screen", created).encode()
        progress.stage("HTML written")
    failure = None
    typesetting: dict[str, str] = {}
    if press is not None:
        progress.stage("PDF")
        typesetting = press.versions()
        carried = contents | {manifest.NAME: manifest.manifest(config, contents, created, typesetting, carried=True)}
        images = {figure.file: figure.content for figure in view.drawings}
        press.send(render.html(view, "print", created), images, _attachments(carried, language))
        try:
            contents[PAGES["pdf"]] = press.pdf()
        except PdfError as error:
            failure = error
    contents[manifest.NAME] = manifest.manifest(config, contents, created, typesetting)
    return Made(experiment, contents, failure)


def _build(
    config: Config, target: Path, formats: tuple[str, ...], created: str, press: Press | None, progress: Stages
) -> Built:
    began, clock = time.time(), time.perf_counter()
    made = make(config, formats, created, press, progress)
    if made.failure is not None and (target / PAGES["pdf"]).exists():
        raise PdfError(f"{made.failure}; the earlier record stays as it was")
    log = {
        "began": datetime.fromtimestamp(began, UTC).isoformat(timespec="seconds"),
        "seconds": time.perf_counter() - clock,
        "kernel": kernel.name(),
        "host": platform.node(),
        "platform": platform.platform(),
        "python": sys.version,
    }
    kept = writing.write(target, made.contents | {manifest.LOG: files.to_json(log)})
    return Built(target, reused=False, experiment=made.experiment, failure=made.failure, kept=kept)
