"""The list of a class, as a lecturer exports it: a CSV file that is trusted in nothing."""

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from quadnet import files
from quadnet.config import Report
from quadnet.errors import ConfigurationError
from quadnet.text import CharacterError, line
from report.glyphs import printable

LANGUAGES: tuple[str, ...] = get_args(Report.model_fields["language"].annotation)

_LARGEST = 1_000_000  # bytes
_MOST = 2_000  # students
_LONGEST_ID, _LONGEST_NAME = 64, 200  # characters
_SHOWN = 30  # characters of a cell that an error quotes
_COLUMNS = ("id", "name", "language")
_ID = re.compile(rf"(?=.{{1,{_LONGEST_ID}}}$)[^\W_]([\w.-]*[\w-])?")
RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")  # no file may be called so under Windows


@dataclass(frozen=True)
class Student:
    """One of a class.

    Attributes:
        id: What its files are called by: letters that print has, digits, and `. _ -` between them.
        name: Printed where print has its letters; may be empty.
        language: Of its handout.
    """

    id: str
    name: str
    language: str


def read(path: Path, language: str) -> tuple[Student, ...]:
    """Reads a table with the columns `id` and `name`, and perhaps `language`; others do not count.

    Columns are separated by tabs, semicolons or commas. Texts are taken in their composed form (NFC), so that an id is
    the same whichever system typed it.

    Args:
        path: UTF-8 text, with or without a byte order mark.
        language: Of the students whose line names none.

    Raises:
        ConfigurationError: It cannot be read as that, or an id cannot be used; says in which line.
    """
    text = _text(path)
    head = re.split("[\r\n]", text.lstrip(), maxsplit=1)[0]
    if not head:
        raise ConfigurationError(f"{path}: is empty; write a line id,name and below it one for each student")
    separator = next((mark for mark in "\t;" if mark in head), ",")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True, strict=True)
    places: dict[str, int] = {}
    students: list[Student] = []
    seen: dict[str, int] = {}
    try:
        for cells in rows:
            place = f"{path}, line {rows.line_num}"
            cells = [_line(cell, place) for cell in cells]
            if not any(cells):
                continue
            if not places:
                places, width = _columns(cells, place), len(cells)
                continue
            if len(cells) != width:
                raise ConfigurationError(f"{place}: {len(cells)} columns where the first line has {width}; mend it")
            value = {name: cells[column] for name, column in places.items()}
            student = Student(
                _id(value["id"], place), _name(value["name"], place), _language(value.get("language"), language, place)
            )
            same = student.id.casefold()  # some systems would have one file for both
            if same in seen:
                raise ConfigurationError(
                    f"{place}: id {student.id} is that of line {seen[same]} (capitals do not count); give each its own"
                )
            seen[same] = rows.line_num
            students.append(student)
            if len(students) > _MOST:
                raise ConfigurationError(f"{place}: more than {_MOST} students; do them in parts")
    except csv.Error as error:
        raise ConfigurationError(f"{path}, line {rows.line_num}: not CSV ({error}); mend it") from None
    if not students:
        raise ConfigurationError(f"{path}: has no students; write one line for each below {_quoted(head.strip())}")
    return tuple(students)


def _text(path: Path) -> str:
    try:
        content = files.read(path, _LARGEST)
    except files.TooLargeError as error:
        raise ConfigurationError(f"{path}: {error.strerror}; is it a list of students?") from None
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror}); name a readable CSV file") from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(f"{path}, line {line}: not UTF-8 text; save it as CSV in UTF-8") from None


def _line(cell: str, place: str) -> str:
    try:
        return line(cell)
    except CharacterError as error:
        raise ConfigurationError(f"{place}: {_quoted(cell)} holds {error}; take it out") from None


def _columns(cells: list[str], place: str) -> dict[str, int]:
    """Where the columns are."""
    names = [cell.lower() for cell in cells]
    for wanted in _COLUMNS:
        if names.count(wanted) > 1:
            raise ConfigurationError(f"{place}: {names.count(wanted)} columns called {wanted}; keep one")
    for wanted in ("id", "name"):
        if wanted not in names:
            found = _quoted(", ".join(cells))
            raise ConfigurationError(f"{place}: no column called {wanted} among {found}; name one so")
    return {name: names.index(name) for name in _COLUMNS if name in names}


def _id(text: str, place: str) -> str:
    if not text:
        raise ConfigurationError(f"{place}: no id; give each student one")
    if not _ID.fullmatch(text) or RESERVED.fullmatch(text):
        raise ConfigurationError(
            f"{place}: id {_quoted(text)} cannot name a file; use at most {_LONGEST_ID} letters, digits and . _ - "
            "between them"
        )
    if not printable(text):
        raise ConfigurationError(f"{place}: id {_quoted(text)} cannot be printed; use Latin letters and digits")
    return text


def _name(text: str, place: str) -> str:
    if len(text) > _LONGEST_NAME:
        raise ConfigurationError(f"{place}: name {_quoted(text)} has more than {_LONGEST_NAME} characters; shorten it")
    return text


def _language(text: str | None, default: str, place: str) -> str:
    if not text:
        return default
    if text not in LANGUAGES:
        raise ConfigurationError(f"{place}: language {_quoted(text)} is not one of {', '.join(LANGUAGES)}; write one")
    return text


def _quoted(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
