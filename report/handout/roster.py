"""The list of a class, as a lecturer exports it: a table that is trusted in nothing."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from quadnet import csv_input, files
from quadnet.config import Report
from quadnet.csv_input import quoted
from quadnet.errors import ConfigurationError
from quadnet.text import CharacterError, line

from ..pages.fonts import lacking, named
from ..record.manifest import RESERVED
from . import roster_columns
from .roster_columns import key

LANGUAGES: tuple[str, ...] = get_args(Report.model_fields["language"].annotation)

_LARGEST = 1_000_000  # bytes
_MOST = 2_000  # students
_LONGEST_ID, _LONGEST_NAME = 64, 200  # characters
_ID = re.compile(r"[^\W_]([\w.@+-]*[\w-])?")  # but for the marks that stand at letters


@dataclass(frozen=True)
class Student:
    """One of a class.

    Attributes:
        id: What its files are called by: letters that print has, digits, and `. _ - @ +` between them.
        name: Printed where print has its letters; may be empty.
        language: Of its handout.
    """

    id: str
    name: str
    language: str


@dataclass(frozen=True)
class Roster:
    """A class.

    Attributes:
        students: In the order of the file.
        taken: Which columns hold their ids and names, in words, where these are not called so.
    """

    students: tuple[Student, ...]
    taken: str | None


@dataclass(frozen=True)
class _Columns:
    """Which columns hold a student's id, name (one, or first and last) and, if any, language."""

    id: int
    name: tuple[int, ...]
    language: int | None


def read(path: Path, language: str) -> Roster:
    """Reads a table with a column of ids, one of names or two of first and last names, and perhaps `language`.

    They are called as platforms for courses call them (`roster_columns`); other columns do not count. Texts are taken
    in their one form (`quadnet.text`), so that an id is the same whichever system typed it.

    Args:
        path: The file, or `-` for standard input.
        language: Of the students whose line names none.

    Raises:
        ConfigurationError: It cannot be read as that, or an id cannot be used; says in which line.
    """
    (place, head), *rows = csv_input.rows(
        path, _LARGEST, "is it a list of students?", "write a line id,name and below it one for each student"
    )
    head = [cell.strip() for cell in head]
    names = _names(head, place)
    rows = [row for row in rows if roster_columns.is_student(head, row[1], names[0])]
    if not rows:
        shown = quoted(", ".join(head))
        raise ConfigurationError(f"{files.name(path)}: has no students; write one line for each below {shown}")
    languages = _at("language", head)
    columns = _Columns(
        _ids(head, [cells for _, cells in rows], place), names, _only(languages, head, place) if languages else None
    )
    students: dict[str, Student] = {}
    places: dict[str, str] = {}
    for place, cells in rows:
        student = _student(cells, head, columns, language, place)
        same = student.id.casefold()  # some systems would have one file for both
        if same in students:
            raise ConfigurationError(
                f"{place}: id {student.id} is that of {places[same]} (capitals do not count); give each its own"
            )
        students[same], places[same] = student, place.rpartition(", ")[2]
        if len(students) > _MOST:
            raise ConfigurationError(f"{place}: more than {_MOST} students; do them in parts")
    return Roster(tuple(students.values()), _taken(head, columns, len(students)))


def _names(head: Sequence[str], place: str) -> tuple[int, ...]:
    for wanted in roster_columns.NAMES:
        found = [_at(name, head) for name in wanted]
        if all(found):
            return tuple(_only(columns, head, place) for columns in found)
    raise _missing("name", head, place)


def _ids(head: Sequence[str], rows: Sequence[Sequence[str]], place: str) -> int:
    found = [columns for name in roster_columns.IDS if (columns := _at(name, head))]
    if not found:
        raise _missing("id", head, place)
    whole = (columns for columns in found if all("".join(cells[columns[0] : columns[0] + 1]).strip() for cells in rows))
    return _only(next(whole, found[0]), head, place)


def _at(name: str, head: Sequence[str]) -> list[int]:
    """Where columns of a name are."""
    return [column for column, cell in enumerate(head) if key(cell) == key(name)]


def _only(columns: Sequence[int], head: Sequence[str], place: str) -> int:
    if len(columns) > 1:
        raise ConfigurationError(f"{place}: {len(columns)} columns called {head[columns[0]]}; keep one")
    return columns[0]


def _missing(name: str, head: Sequence[str], place: str) -> ConfigurationError:
    return ConfigurationError(f"{place}: no column called {name} among {quoted(', '.join(head))}; name one so")


def _student(cells: Sequence[str], head: Sequence[str], columns: _Columns, language: str, place: str) -> Student:
    if len(cells) <= max(columns.id, *columns.name):
        raise csv_input.misfit(place, len(cells), len(head))
    parts = [_line(cells[column], place) for column in columns.name]
    name = roster_columns.whole_name([head[column] for column in columns.name], parts)
    own = columns.language is not None and columns.language < len(cells) and cells[columns.language].strip()
    return Student(
        _id(_line(cells[columns.id], place).removeprefix("#"), place),
        _name(name, place),
        _language(own or language, place),
    )


def _taken(head: Sequence[str], columns: _Columns, count: int) -> str | None:
    names = [head[column] for column in columns.name]
    if [key(head[columns.id]), *map(key, names)] == ["id", "name"]:
        return None
    shown = " and ".join(f"“{name}”" for name in names)
    return f"roster: id from “{head[columns.id]}”, name from {shown}, {count} student{'' if count == 1 else 's'}"


def _line(cell: str, place: str) -> str:
    try:
        return line(cell)
    except CharacterError as error:
        raise ConfigurationError(f"{place}: {quoted(cell)} holds {error}; take it out") from None


def _id(text: str, place: str) -> str:
    if not text:
        raise ConfigurationError(f"{place}: no id; give each student one")
    bare = text[:1] + "".join(letter for letter in text[1:] if unicodedata.category(letter)[0] != "M")
    if len(text) > _LONGEST_ID or not _ID.fullmatch(bare) or RESERVED.fullmatch(text):
        raise ConfigurationError(
            f"{place}: id {quoted(text)} cannot name a file; use at most {_LONGEST_ID} letters, digits and . _ - @ + "
            "between them"
        )
    if odd := lacking(text):
        raise ConfigurationError(
            f"{place}: id {quoted(text)} cannot be printed: there is no font for {named(odd)}; use other letters"
        )
    return text


def _name(text: str, place: str) -> str:
    if len(text) > _LONGEST_NAME:
        raise ConfigurationError(f"{place}: name {quoted(text)} has more than {_LONGEST_NAME} characters; shorten it")
    return text


def _language(text: str, place: str) -> str:
    if text not in LANGUAGES:
        raise ConfigurationError(f"{place}: language {quoted(text)} is not one of {', '.join(LANGUAGES)}; write one")
    return text
