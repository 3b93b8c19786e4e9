"""Handouts on disk: which editions are made, and what lies in their folder.

`make_handout` and `make_pages` are all that a worker process needs: they write nothing and take as typesetter whatever
makes a PDF, such as `pages.press.pdf` in a process whose environment is the press's.
"""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from quadnet import kernel
from quadnet.config import Config, dumps
from quadnet.lesson import Lesson, prepare

from .. import effort
from ..pages import render
from ..pages.fonts import printed
from ..pages.pdf_standards import Attachment
from ..pages.press import PdfError, Press
from ..pages.publish import PAGES, page_time
from ..progress import SILENT, Stages
from ..record import keeping, manifest, writing
from ..words.language import Language
from . import page as handout_page
from .exercises import exercises
from .exercises.exercise import Exercise
from .page import Edition, Paper
from .roster import Student

EDITIONS: tuple[Edition, ...] = get_args(Edition)
PAPERS: tuple[Paper, ...] = get_args(Paper)

Typesetter = Callable[[str, Mapping[str, bytes], Sequence[Attachment]], bytes]


@dataclass(frozen=True)
class Made:
    """A handout in memory.

    Attributes:
        lesson: The numbers.
        exercises: The exercises with their answers.
        contents: The pages by file name.
        failure: Why a PDF is missing, if there should be one.
    """

    lesson: Lesson
    exercises: tuple[Exercise, ...]
    contents: dict[str, bytes]
    failure: PdfError | None


@dataclass(frozen=True)
class Built:
    """What became of a handout on disk.

    Attributes:
        path: Its folder.
        reused: Whether it was there already and stayed as it was.
        made: What was made, if it was.
        kept: What of others' files is now called otherwise, a sentence each.
    """

    path: Path
    reused: bool
    made: Made | None = None
    kept: tuple[str, ...] = ()


def page(edition: Edition, kind: str) -> str:
    """The file name of a page.

    Args:
        edition: For whom it is.
        kind: `html` or `pdf`.
    """
    return f"handout-{edition}.{kind}"


def make_handout(
    config: Config,
    editions: Collection[Edition],
    formats: Collection[str],
    paper: Paper,
    created: str,
    typeset: Typesetter | None = None,
    progress: Stages = SILENT,
) -> Made:
    """Runs the experiment and makes the pages of its handout; a student's page carries nothing but itself.

    Args:
        config: What to run.
        editions: For whom.
        formats: Which pages to make: `html`, `pdf`.
        paper: What the PDF is printed on.
        created: The time that the pages state, ISO 8601 in UTC.
        typeset: Makes a PDF of a page, its images and its attachments; needed if one is wanted. Each edition calls
            it in a thread of its own.
        progress: Is told where it is.

    Raises:
        QuadnetError: The training went wrong.
    """
    progress.stage("training", config.training.epochs, "epochs")
    lesson = prepare(config, progress)
    progress.stage("pages")
    return make_pages(lesson, editions, formats, paper, created, typeset)


def make_pages(
    lesson: Lesson,
    editions: Collection[Edition],
    formats: Collection[str],
    paper: Paper,
    created: str,
    typeset: Typesetter | None = None,
    student: Student | None = None,
) -> Made:
    """Makes the pages of a handout.

    Args:
        lesson: The numbers.
        editions: For whom.
        formats: Which pages to make: `html`, `pdf`.
        paper: What the PDF is printed on.
        created: The time that the pages state, ISO 8601 in UTC.
        typeset: Makes a PDF of a page, its images and its attachments; needed if one is wanted.
        student: Who works on it; a name that the fonts lack letters for is left to be written by hand in the PDF.
    """
    config = lesson.config
    language = Language.load(config.report.language)
    asked = exercises(lesson, language)
    figures = handout_page.draw(lesson, language)
    images = {figure.file: figure.content for figure in figures}
    versions = dict(manifest.versions())
    source = Attachment(
        "config.toml",
        dumps(config).encode(),
        "Source",
        language.gettext("the configuration, which decides everything"),
    )

    def edition_pages(edition: Edition) -> tuple[dict[str, bytes], PdfError | None]:
        view = handout_page.compose(lesson, asked, figures, edition, paper, versions, language, student)
        pages = {}
        if "html" in formats:
            pages[page(edition, "html")] = render.html(view, "screen", created).encode()
        if "pdf" in formats and typeset is not None:
            carried = [source] if edition == "instructor" else []
            if student is not None:
                view = replace(view, student=replace(student, name=printed(student.name)))
            try:
                pages[page(edition, "pdf")] = typeset(render.html(view, "print", created), images, carried)
            except PdfError as error:
                return pages, error
        return pages, None

    with ThreadPoolExecutor(max(1, len(editions))) as pool:
        results = list(pool.map(edition_pages, editions))
    contents = {name: content for pages, _ in results for name, content in pages.items()}
    failures = [error for _, error in results if error is not None]
    return Made(lesson, asked, contents, failures[0] if failures else None)


def build(
    config: Config,
    output_dir: Path,
    editions: tuple[Edition, ...],
    formats: tuple[str, ...],
    paper: Paper,
    *,
    force: bool = False,
    anyway: bool = False,
    progress: Stages = SILENT,
) -> Built:
    """Makes a handout and writes its folder.

    Args:
        config: What to run.
        output_dir: Where the folder goes.
        editions: For whom.
        formats: Which pages to make: `html`, `pdf`.
        paper: What the PDF is printed on.
        force: Whether to build again what is there.
        anyway: Whether to do it however long it takes.
        progress: Is told where it is.

    Raises:
        QuadnetError: The training went wrong or would take too long, the folder cannot be written, or its place is
            taken by something else.
        ConfigurationError: SOURCE_DATE_EPOCH is no time.
    """
    created = page_time(os.environ)
    kernel.name()  # a wrong one is refused before anything is written
    target = output_dir / f"{config.run_name}-handout{'' if paper == 'a4' else f'-{paper}'}"
    wanted = {(edition, kind) for edition in editions for kind in formats}
    if target.exists():
        listed = keeping.listed(target)
        pages = {(e, kind): page(e, kind) for e in EDITIONS for kind in PAGES}
        present = {each for each, name in pages.items() if name in listed and (target / name).is_file()}
        if not force and listed and wanted <= present:
            return Built(target, reused=True)
        # What is there is built again too, never lost.
        editions = tuple(e for e in EDITIONS if e in {edition for edition, _ in wanted | present})
        formats = tuple(kind for kind in PAGES if kind in {kind for _, kind in wanted | present})
        keeping.check(target, [pages[e, kind] for e in editions for kind in formats], force=force)
    effort.check("the handout", config, effort.of_handout, anyway=anyway)
    writing.check_writable(writing.place(target).parent)
    with ExitStack() as stack:
        presses = [stack.enter_context(Press()) for _ in editions] if "pdf" in formats else []
        idle = list(presses)

        def typeset(text: str, images: Mapping[str, bytes], attachments: Sequence[Attachment]) -> bytes:
            press = idle.pop()
            press.send(text, images, attachments)
            return press.pdf()

        made = make_handout(config, editions, formats, paper, created, typeset, progress)
        typesetting = presses[0].versions() if presses else {}
    if made.failure is not None and any((target / page(e, "pdf")).exists() for e in EDITIONS):
        raise PdfError(f"{made.failure}; the earlier handout stays as it was")
    contents = made.contents | {"config.toml": dumps(config).encode()}
    contents[manifest.NAME] = manifest.manifest(config, contents, created, typesetting)
    kept = writing.write(target, contents)
    return Built(target, reused=False, made=made, kept=kept)
