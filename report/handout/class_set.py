"""Handouts for a class: everybody has other numbers, and the lecturer has all answers in one key.

The seed of a student's data comes from the id and the configuration alone, so it is the same on every machine and
whoever else is on the roster. Of a row of such seeds the first is taken whose run makes a good handout. Two students
whose seeds are the same, which hardly ever happens (in a class of a thousand once in ten thousand), get different ones
all the same: the one whose id sorts later takes the next good seed.

A set that was cut off goes on where it stopped: a table in its folder remembers which files are whole.
"""

import gc
import hashlib
import json
import logging
import os
import re
import threading
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from quadnet import kernel
from quadnet.config import Config, Report, dumps
from quadnet.errors import ConfigurationError, QuadnetError, shortened
from quadnet.lesson import Lesson, prepare
from quadnet.program import processors

from .. import effort
from ..pages import press, render
from ..pages.fonts import lacking, named, printed
from ..pages.pdf_standards import Attachment
from ..pages.press import PdfError, Press
from ..pages.publish import page_time
from ..pages.workers import Workers
from ..progress import SILENT, Stages
from ..record import keeping, manifest, writing
from ..record.journal import Table
from ..words.language import Language
from . import answer_key, moodle, suitability
from . import build as handout_build
from .answer_key import Sheet
from .exercises import exercises
from .page import Edition, Paper
from .roster import Student

FOLDERS: dict[Edition, str] = {"student": "students", "instructor": "instructor"}
MOST_TRIES = 64
_USUAL = 30  # students

_LOG = logging.getLogger("quadnet")
_PROGRESS = "progress.csv"
_COLUMNS = ("stamp", "id", "seed", "refused", "files")

Refused = tuple[tuple[int, tuple[suitability.Fault, ...]], ...]


@dataclass(frozen=True)
class Order:
    """What is the same for all sheets of a set.

    Attributes:
        config: The experiment; its data seed is part of what the students' seeds come from.
        path: The set's folder.
        editions: For whom.
        formats: Which pages to make: `html`, `pdf`.
        paper: What PDFs are printed on.
        created: The time that pages state, ISO 8601 in UTC.
        written: SHA-256 of the files that the set is known to have; what differs from them was changed by somebody.
    """

    config: Config
    path: Path
    editions: tuple[Edition, ...]
    formats: tuple[str, ...]
    paper: Paper
    created: str
    written: frozenset[str]


@dataclass(frozen=True)
class Kept:
    """What is known of a student whose files are whole."""

    seed: int
    refused: Refused
    files: dict[str, str]


@dataclass(frozen=True)
class Result:
    """A student's sheet, and the files that it is printed in.

    Attributes:
        sheet: The answers.
        files: SHA-256 by path below the set's folder.
        failure: Why a PDF is missing, if there should be one.
        changed: What somebody had changed and is now called otherwise, a sentence each.
    """

    sheet: Sheet
    files: dict[str, str]
    failure: str | None = None
    changed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Issued:
    """What became of a set.

    Attributes:
        path: Its folder.
        sheets: Of all students, in the order of the roster.
        found: How many of them were there already.
        strangers: Other files among those of the students, such as those of some who left; they stay where they are.
        failure: Why a PDF is missing, if there should be one.
        changed: What somebody had changed and is now called otherwise, a sentence each.
    """

    path: Path
    sheets: tuple[Sheet, ...]
    found: int
    strangers: int
    failure: PdfError | None
    changed: tuple[str, ...] = ()


def candidate(config: Config, name: str, number: int) -> int:
    """A seed for a student's data: the first 32 bits of the SHA-256 of configuration, id and number.

    Title and language of the pages do not count.

    Args:
        config: The experiment.
        name: The student's id.
        number: From 0; which of the student's seeds.
    """
    salt = config.model_copy(update={"report": Report()}).digest
    digest = hashlib.sha256(json.dumps([salt, name, number]).encode()).digest()
    return int.from_bytes(digest[:4], "big")


def choose(config: Config, student: Student, taken: frozenset[int] = frozenset()) -> tuple[Lesson, Refused]:
    """The first of a student's runs that makes a good handout, and what spoke against those before.

    Args:
        config: The experiment.
        student: Whose.
        taken: Seeds that others have.

    Raises:
        QuadnetError: None of the first 64 is good.
        ConfigurationError: No run can be made at all.
    """
    refused: list[tuple[int, tuple[suitability.Fault, ...]]] = []
    for number in range(MOST_TRIES):
        seed = candidate(config, student.id, number)
        if seed in taken:
            refused.append((seed, ("taken",)))
            continue
        try:
            lesson = prepare(_seeded(config, student, seed))
        except ConfigurationError:  # whatever the seed
            raise
        except QuadnetError:
            refused.append((seed, ("went_wrong",)))
            continue
        found = suitability.faults(lesson, exercises(lesson, Language.load(student.language)))
        if not found:
            return lesson, tuple(refused)
        refused.append((seed, found))
    counts = Counter(fault for _, found in refused for fault in found)
    english = Language.load("en")
    reasons = ", ".join(f"{suitability.words(fault, english)}: {count}" for fault, count in counts.most_common())
    raise QuadnetError(
        f"student {student.id}: no good handout among {MOST_TRIES} seeds ({reasons}); change the experiment, such as "
        "back to its defaults"
    )


def issue(
    config: Config,
    students: Sequence[Student],
    output_dir: Path,
    editions: tuple[Edition, ...] = ("student",),
    formats: tuple[str, ...] = ("pdf",),
    paper: Paper = "a4",
    *,
    force: bool = False,
    anyway: bool = False,
    workers: int | None = None,
    progress: Stages = SILENT,
) -> Issued:
    """Makes what is still missing of a set, then the key to it and its questions for Moodle.

    Args:
        config: The experiment; its data seed gives the whole class other numbers.
        students: The class.
        output_dir: Where the set's folder goes.
        editions: For whom to make pages of each student's exercises.
        formats: Which pages to make: `html`, `pdf`.
        paper: What PDFs are printed on.
        force: Whether to make again what is there.
        anyway: Whether to do it however long it takes.
        workers: Processes; as many as there are processors if not given.
        progress: Is told where it is.

    Raises:
        QuadnetError: A student gets no good handout, or the folder cannot be written.
        ConfigurationError: SOURCE_DATE_EPOCH is no time, or QUADNET_KERNEL no loop.
    """
    created = page_time(os.environ)
    kernel.name()
    effort.check(
        f"a class of {len(students):,} students",
        config,
        partial(effort.of_class, students=len(students)),
        most=effort.SECONDS_OF_MANY,
        usual={"--roster": effort.of_class(config, _USUAL)},
        anyway=anyway,
    )
    if "pdf" in formats:
        _warn_of_names(students)
    path = output_dir / f"{config.run_name}-class"
    for edition in editions:
        writing.check_writable(path / FOLDERS[edition])
    with ExitStack() as stack:
        printer = stack.enter_context(Press()) if "pdf" in formats else None
        typesetting = {} if printer is None else printer.versions()
        # Where the library is missing, the key's own PDF fails and says so; nothing else has to try.
        possible = tuple(kind for kind in formats if kind != "pdf" or typesetting)
        table = stack.enter_context(Table(path / _PROGRESS, _COLUMNS, "handout"))
        writing.clear(path)
        order = Order(config, path, editions, possible, paper, created, _written(path, table.rows))
        keeping.protect(path)
        stamps = {student: _stamp(order, student, typesetting) for student in students}
        kept = {} if force else _kept(table.rows, path)
        found = sum(stamp in kept for stamp in stamps.values())
        if found < len(students):
            (path / manifest.NAME).unlink(missing_ok=True)  # it comes last: where it is, the set is whole
        pool = stack.enter_context(Workers(workers or processors(), pdf="pdf" in possible))
        jobs = ((order, student, kept.get(stamps[student])) for student in students)
        results: dict[Student, Result] = {}
        progress.stage("students", len(students), "students")
        for result in _in_order(pool, jobs):
            student = result.sheet.student
            results[student] = result
            if stamps[student] not in kept and result.failure is None:
                table.append(_row(stamps[student], result))
            progress(len(results))
        progress.stage("key")
        _part_twins(results, pool, order)
        ordered = [results[student] for student in students]
        made = [_row(stamps[student], results[student]) for student in students if results[student].failure is None]
        table.keep([*made, *_left(table.rows, {name for result in ordered for name in result.files})])
        changed = [sentence for result in ordered for sentence in result.changed]
        failure = _write_key(order, ordered, printer, typesetting, formats, changed)
        # Earlier versions left it, with all seeds, beside the folder.
        (output_dir / f".{path.name}.csv").unlink(missing_ok=True)
    sheets = tuple(result.sheet for result in ordered)
    return Issued(path, sheets, found, _strangers(path, ordered), failure, tuple(changed))


_PRINTING = threading.Lock()  # the editions of a sheet are made at the same time


class _Files(Mapping[str, bytes]):
    """Files on disk by name, each read when it is asked for, so that memory does not grow with their number."""

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        self._path, self._names = path, names

    def __getitem__(self, name: str) -> bytes:
        return (self._path / name).read_bytes()

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _warn_of_names(students: Iterable[Student]) -> None:
    """Tells which names a PDF cannot show, or not all of."""
    for student in students:
        if odd := lacking(student.name):
            rest = (
                "is shown without" if printed(student.name) else "is left to be written by hand: there is no font for"
            )
            _LOG.warning(f"student {student.id}: in the PDF the name {shortened(student.name, 80)} {rest} {named(odd)}")


def _seeded(config: Config, student: Student, seed: int) -> Config:
    data = config.data.model_copy(update={"seed": seed})
    pages = config.report.model_copy(update={"language": student.language})
    return config.model_copy(update={"data": data, "report": pages})


def _stamp(order: Order, student: Student, typesetting: Mapping[str, str]) -> str:
    """SHA-256 of all that decides what a student's files hold."""
    program = [manifest.source_digest(), dict(manifest.versions()), dict(typesetting)]
    wanted = [order.editions, order.formats, order.paper, order.created]
    inputs = [order.config.digest, student.id, student.name, student.language, wanted, program]
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def _row(stamp: str, result: Result) -> list[str]:
    sheet = result.sheet
    return [stamp, sheet.student.id, str(sheet.seed), json.dumps(sheet.refused), json.dumps(result.files)]


def _kept(rows: Iterable[Sequence[str]], path: Path) -> dict[str, Kept]:
    """The students whose files are all there and as they were written, by stamp; a damaged line counts for nothing."""
    kept = {}
    for row in rows:
        try:
            stamp, _, seed, refused, files = row
            known = Kept(
                int(seed),
                tuple((int(other), tuple(found)) for other, found in json.loads(refused)),
                {str(name): str(digest) for name, digest in json.loads(files).items()},
            )
            if all(_digest(path / name) == digest for name, digest in known.files.items()):
                kept[stamp] = known
        except (ValueError, TypeError, AttributeError, RecursionError, OSError):
            continue
    return kept


def _left(rows: Iterable[Sequence[str]], made: Collection[str]) -> Iterator[list[str]]:
    """Rows for what earlier calls made and this one did not, so that it is known for ours when it is made again."""
    for row in rows:
        try:
            stamp, *sheet, files = row
            known: dict[str, str] = json.loads(files)
            rest = {name: digest for name, digest in known.items() if name not in made}
        except (ValueError, TypeError, AttributeError, RecursionError):
            continue
        if rest:
            yield [stamp if rest == known else "", *sheet, json.dumps(rest)]


def _written(path: Path, rows: Iterable[Sequence[str]]) -> frozenset[str]:
    """SHA-256 of all files that were made, also while the set was another."""
    made = {digest for row in rows for digest in re.findall(r'"([0-9a-f]{64})"', row[-1] if row else "")}
    return frozenset(made | {entry.sha256 for entry in keeping.listed(path).values()})


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _in_order(
    pool: Workers, jobs: Iterable[tuple[Order, Student, Kept | None]], most: int = 4 * processors()
) -> Iterator[Result]:
    """The results in the order of the jobs, of which only a few wait at a time."""
    waiting: deque[Future[Result]] = deque()
    try:
        for job in jobs:
            waiting.append(pool.submit(_make, *job))
            if len(waiting) >= most:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def _make(order: Order, student: Student, kept: Kept | None, taken: frozenset[int] = frozenset()) -> Result:
    """Chooses a student's numbers and writes the pages, or takes those that are there."""
    try:
        if kept is not None:
            lesson, refused = prepare(_seeded(order.config, student, kept.seed)), kept.refused
            return Result(_sheet(order, student, lesson, refused), kept.files)
        lesson, refused = choose(order.config, student, taken)
        sheet = _sheet(order, student, lesson, refused)
        made = handout_build.make_pages(
            lesson, order.editions, order.formats, order.paper, order.created, _typeset, student
        )
        files: dict[str, str] = {}
        changed: list[str] = []
        for edition in order.editions:
            for kind in order.formats:
                content = made.contents.get(handout_build.page(edition, kind))
                if content is not None:
                    name = f"{FOLDERS[edition]}/{student.id}.{kind}"
                    changed += keeping.aside(order.path, name, content, order.written)
                    writing.replace(order.path / name, content)
                    files[name] = hashlib.sha256(content).hexdigest()
        failure = None if made.failure is None else f"student {student.id}: {made.failure}"
        return Result(sheet, files, failure, tuple(changed))
    finally:
        gc.collect()


def _sheet(order: Order, student: Student, lesson: Lesson, refused: Refused) -> Sheet:
    asked = exercises(lesson, Language.load(student.language))
    same = student.language == order.config.report.language
    key = asked if same else exercises(lesson, Language.load(order.config.report.language))
    return Sheet(student, lesson.config.data.seed, refused, asked, key)


def _typeset(page: str, images: Mapping[str, bytes], attachments: Sequence[Attachment]) -> bytes:
    try:
        with _PRINTING:
            return press.pdf(page, images, attachments)
    except ValueError as error:
        raise PdfError(f"no PDF: {error}") from None


def _part_twins(results: dict[Student, Result], pool: Workers, order: Order) -> None:
    """Gives those whose seed somebody before them has, in the order of the ids, another; in place."""
    taken: set[int] = set()
    for student in sorted(results, key=lambda each: each.id):
        if results[student].sheet.seed in taken:
            results[student] = pool.submit(_make, order, student, None, frozenset(taken)).result()
        taken.add(results[student].sheet.seed)


def _write_key(
    order: Order,
    results: Sequence[Result],
    printer: Press | None,
    typesetting: Mapping[str, str],
    formats: Sequence[str],
    changed: list[str],
) -> PdfError | None:
    """Writes what the lecturer has of all sheets, and last the manifest; says why if a PDF is missing.

    Adds to what somebody had changed.
    """
    language = Language.load(order.config.report.language)
    path, sheets = order.path, [result.sheet for result in results]

    def key(medium: str) -> str:
        versions = manifest.versions()
        view = answer_key.compose(order.config, path.name, sheets, order.paper, language, versions, medium)
        return render.html(view, medium, order.created)

    made = {
        "config.toml": dumps(order.config).encode(),
        "key.csv": answer_key.table(sheets, language),
        "moodle.xml": moodle.export(path.name, [(sheet.student, sheet.exercises) for sheet in sheets]),
    }
    failure = next((PdfError(result.failure) for result in results if result.failure is not None), None)
    if "html" in formats:
        made["key.html"] = key("screen").encode()
    if printer is not None:
        printer.send(key("print"), {})
        try:
            made["key.pdf"] = printer.pdf()
        except PdfError as error:
            failure = error
    (path / manifest.NAME).unlink(missing_ok=True)
    for name, content in made.items():
        changed += keeping.aside(path, name, content, order.written)
        writing.replace(path / name, content)
    for name in ("key.html", "key.pdf"):
        if name not in made and failure is None:  # it may be that of another roster
            changed += keeping.aside(path, name, b"", order.written)
            (path / name).unlink(missing_ok=True)
    files = _Files(path, [*made, _PROGRESS, *(name for result in results for name in result.files)])
    writing.replace(path / manifest.NAME, manifest.manifest(order.config, files, order.created, typesetting))
    return failure


def _strangers(path: Path, results: Iterable[Result]) -> int:
    """How many other files lie among those of the students."""
    there = {f"{folder}/{file.name}" for folder in FOLDERS.values() for file in (path / folder).glob("[!.]*")}
    return len(there.difference(*(result.files for result in results)))
