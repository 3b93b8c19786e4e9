"""The key to a class set: all answers of all students, as a table for spreadsheets and as pages to mark with."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from quadnet.config import Config, dumps

from ..pages.fonts import lacking, printed
from ..pages.view import ExperimentPage, title
from ..words.language import Language
from ..words.settings import main_settings
from .exercises.exercise import Answer, Exercise
from .page import Paper
from .roster import Student
from .suitability import FAULTS, Fault, words

STUDENTS_ABREAST = 7
# What makes spreadsheets compute a cell: a sign at its start, or behind anything at which one may part the line, and
# behind the spaces and quotation marks that it then takes away.
_FORMULA = re.compile(r"""(^|[,;\t\r\n])(?=[\s"]*[=+\-@＝＋－＠])""")


@dataclass(frozen=True)
class Sheet:
    """What a student was given.

    Attributes:
        student: Who.
        seed: Of the data.
        refused: Seeds that were tried before, and what spoke against them.
        exercises: In the student's language.
        key: The same in that of the key.
    """

    student: Student
    seed: int
    refused: tuple[tuple[int, tuple[Fault, ...]], ...]
    exercises: tuple[Exercise, ...]
    key: tuple[Exercise, ...]


@dataclass(frozen=True)
class Line:
    """The answers of a few students to one question.

    Attributes:
        number: Of the exercise, where it is the first line of one; else empty.
        label: What is asked.
        tolerance: If it is the same for everybody; else empty.
        cells: Each student's answer and, if it is one's own, tolerance.
    """

    number: str
    label: str
    tolerance: str
    cells: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Block:
    """A table of the answers of a few students.

    Attributes:
        students: Ids and names; a name that the PDF has no letters for is empty there.
        lines: The answers.
    """

    students: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, kw_only=True)
class Key(ExperimentPage):
    """The pages.

    Attributes:
        paper: What they are printed on.
        blocks: The answers.
        points: Number, title and points of each exercise.
        exchanged: Id, name, seed, how many seeds were refused, and why, of each student who has not the first.
    """

    template = "key.html.j2"

    paper: Paper
    blocks: tuple[Block, ...]
    points: tuple[tuple[str, str, str], ...]
    exchanged: tuple[tuple[str, ...], ...]


def table(sheets: Sequence[Sheet], language: Language) -> bytes:
    """The key as CSV: a line for each student, a column for each answer and one for its tolerance.

    It starts with a byte order mark, without which Excel garbles names. What a spreadsheet would take for a formula,
    even where it parts lines at semicolons, stands behind an apostrophe.

    Args:
        sheets: Of all students, each with the same exercises.
        language: Of the column names.
    """
    _ = language.gettext
    head = [_("id"), _("name"), _("language"), _("seed"), _("refused seeds"), _("why")]
    for number, _exercise, answer in _numbered(sheets[0].key):
        head += [f"{number} {answer.label}", f"± {number} {answer.label}"]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(map(inert, head))
    for sheet in sheets:
        student = sheet.student
        why = " | ".join(
            language.habits.semicolon.join(words(fault, language) for fault in found) for _seed, found in sheet.refused
        )
        row = [student.id, student.name, student.language, str(sheet.seed), str(len(sheet.refused)), why]
        cells = [inert(cell) for cell in row]
        for _number, _exercise, answer in _numbered(sheet.key):
            value = answer.value
            cells.append(inert(value) if isinstance(value, str) else f"{value:.10g}")
            cells.append("" if answer.tolerance is None else f"{answer.tolerance:.10g}")
        writer.writerow(cells)
    return buffer.getvalue().encode("utf-8-sig")


def inert(text: str) -> str:
    """A text that no spreadsheet computes, whichever separator it reads the table with."""
    return _FORMULA.sub(r"\1'", text)


def compose(
    config: Config,
    name: str,
    sheets: Sequence[Sheet],
    paper: Paper,
    language: Language,
    versions: Sequence[tuple[str, str]],
    medium: str,
) -> Key:
    """Puts the pages together.

    Args:
        config: The experiment.
        name: The set's folder.
        sheets: Of all students, each with the same exercises.
        paper: What it is printed on.
        language: How to speak.
        versions: Names and versions of what shaped the numbers and the pages.
        medium: What they are for, as in `render.html`; a screen shows all names.
    """
    _ = language.gettext
    names = {
        sheet.student: sheet.student.name if medium == "screen" else printed(sheet.student.name) for sheet in sheets
    }
    exercises = sheets[0].key
    exchanged = [sheet for sheet in sheets if sheet.refused]
    return Key(
        language=language,
        title=title(config, language),
        subtitle=language.ngettext(
            "Key to the handout of %(count)s student", "Key to the handouts of %(count)s students", len(sheets)
        )
        % {"count": language.integer(len(sheets))},
        run_name=name,
        digest=config.digest,
        version=dict(versions)["quadnet"],
        facts=main_settings(config, language),
        summary=tuple(_summary(sheets, exchanged, language, medium)),
        figures={},
        config_toml=dumps(config),
        versions=tuple(versions),
        paper=paper,
        blocks=tuple(_blocks(sheets, names, language)),
        points=tuple(
            (str(number), exercise.title, language.integer(exercise.points))
            for number, exercise in enumerate(exercises, start=1)
        ),
        exchanged=tuple(
            (
                sheet.student.id,
                names[sheet.student],
                str(sheet.seed),
                str(len(sheet.refused)),
                _reasons([sheet], language),
            )
            for sheet in exchanged
        ),
    )


def _numbered(exercises: Sequence[Exercise]) -> Iterator[tuple[int, Exercise, Answer]]:
    for number, exercise in enumerate(exercises, start=1):
        for answer in exercise.answers:
            yield number, exercise, answer


def _summary(sheets: Sequence[Sheet], exchanged: Sequence[Sheet], language: Language, medium: str) -> Iterator[str]:
    _ = language.gettext
    yield _(
        "Everybody works on a training run of their own. Its data seed is made of the student’s id and the settings, "
        "so the same roster gives the same numbers again, and a student who joins later changes nobody’s."
    )
    if exchanged:
        yield _(
            "%(count)s of %(all)s students have another than their first seed, whose run would not have made a good "
            "handout. Runs were refused for these reasons: %(reasons)s."
        ) % {
            "count": language.integer(len(exchanged)),
            "all": language.integer(len(sheets)),
            "reasons": _reasons(exchanged, language),
        }
    if medium == "print" and any(lacking(sheet.student.name) for sheet in sheets):
        yield _("Names with letters that these pages have no font for are left out here and stand in key.csv.")


def _reasons(sheets: Sequence[Sheet], language: Language) -> str:
    """Each reason and how often it held."""
    counts = Counter(fault for sheet in sheets for _seed, found in sheet.refused for fault in found)
    return language.habits.comma.join(
        language.gettext("%(reason)s (%(count)s)")
        % {"reason": words(fault, language), "count": language.integer(counts[fault])}
        for fault in FAULTS
        if counts[fault]
    )


def _blocks(sheets: Sequence[Sheet], names: Mapping[Student, str], language: Language) -> Iterator[Block]:
    """A few students at a time, their answers below each other as on their sheets."""
    answers = [tuple(_numbered(sheet.key)) for sheet in sheets]
    common = [
        answer.tolerance if all(row[place][2].tolerance == answer.tolerance for row in answers) else None
        for place, (_number, _exercise, answer) in enumerate(answers[0])
    ]
    for start in range(0, len(sheets), STUDENTS_ABREAST):
        some = slice(start, start + STUDENTS_ABREAST)
        lines = []
        last = 0
        for place, (number, _exercise, answer) in enumerate(answers[0]):
            mine = [row[place][2] for row in answers[some]]
            own = common[place] is None
            cells = tuple((each.text, _tolerance(each.tolerance, language) if own else "") for each in mine)
            lines.append(
                Line(str(number) if number != last else "", answer.label, _tolerance(common[place], language), cells)
            )
            last = number
        yield Block(tuple((sheet.student.id, names[sheet.student]) for sheet in sheets[some]), tuple(lines))


def _tolerance(value: float | None, language: Language) -> str:
    """At most two significant digits; none for texts and for numbers that must be exact."""
    if not value:
        return ""
    rounded = float(f"{value:.2g}")
    return f"±{language.integer(int(rounded)) if rounded >= 10 else f'{rounded:g}'}"
