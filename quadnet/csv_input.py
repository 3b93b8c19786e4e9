"""Tables of text as spreadsheets, learning platforms and loggers export them, trusted in nothing."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from quadnet import files
from quadnet.errors import ConfigurationError
from quadnet.text import EncodingError, decode

_SHOWN = 30  # characters of a cell that an error quotes
_SEPARATORS = "\t;|,，"  # the first of them that parts the first line; a comma may be one of decimals
_QUOTED = re.compile(r'"[^"]*"')
_EXCELS_LINE = re.compile(r'"?sep=(.)"?[ \t;,]*(?=\n|$)', re.IGNORECASE)  # which says what parts the cells below
_EXPORT = "open it and save the sheet as CSV in UTF-8 (in Excel “CSV UTF-8”, in LibreOffice “Text CSV”)"
_BINARY = (
    (b"PK\3\4", "a spreadsheet such as .xlsx or .ods (or another zip)"),
    (b"\xd0\xcf\x11\xe0", "a spreadsheet such as .xls"),
    (b"%PDF", "a PDF"),
    (b"{\\rtf", "a document (.rtf)"),
    (b"\x1f\x8b", "a compressed file"),
)
_MARKUP = (
    (re.compile(r"\s*<(!doctype|html|head|body|table)\b", re.IGNORECASE), "a web page (HTML), perhaps for logging in"),
    (re.compile(r"\s*<(\?xml|!--|[a-z]+\b[^,;\t]*>)", re.IGNORECASE), "XML"),
    (re.compile(r'\s*(\{\s*["}]|\[\s*[\[{"\]])'), "JSON"),
)


def rows(path: Path, most: int, too_large: str, empty: str) -> Iterator[tuple[str, list[str]]]:
    """Reads the rows of a table, those of empty cells left out.

    Cells are separated by tabs, semicolons, bars or commas, by the one that the first line has or that Excel's line
    `sep=;` names. Empty cells may follow the last column.

    Args:
        path: The file, or `-` for standard input.
        most: Bytes.
        too_large: What an error says of a larger file.
        empty: What one says of an empty file.

    Yields:
        Where each row stands, for messages, and its cells; the first row has the most.

    Raises:
        ConfigurationError: It cannot be read as such a table; says where, why, and the remedy.
    """
    name = files.name(path)
    text = _text(path, name, most, too_large)
    separator = ""
    if found := _EXCELS_LINE.match(text):
        separator, text = found[1], text[found.end() :]  # what is left of the line counts as one
    head = next((line for line in io.StringIO(text) if line.strip()), "")
    parting = _QUOTED.sub("", head)
    separator = separator or next((mark for mark in _SEPARATORS if mark in parting), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True, strict=True)
    width = 0
    try:
        for cells in reader:
            used = next((count for count in range(len(cells), 0, -1) if cells[count - 1].strip()), 0)
            if not used:
                continue
            place = f"{name}, line {reader.line_num}"
            width = width or used
            if used > width:
                raise misfit(place, used, width)
            yield place, cells[:width]
    except csv.Error as error:
        raise ConfigurationError(f"{name}, line {reader.line_num}: not CSV ({error}); mend it") from None
    if not width:
        raise ConfigurationError(f"{name}: is empty; {empty}")


def misfit(place: str, count: int, width: int) -> ConfigurationError:
    """The error that a row has more or fewer cells than can be.

    Args:
        place: Where it stands.
        count: Of its cells.
        width: Of the first row.
    """
    return ConfigurationError(f"{place}: {count} columns where the first line has {width}; mend it")


def quoted(text: str) -> str:
    """A cell, or its beginning, as errors quote it."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")


def _text(path: Path, name: str, most: int, too_large: str) -> str:
    try:
        content = files.read(path, most)
    except files.TooLargeError as error:
        raise ConfigurationError(f"{name}: {error.strerror}; {too_large}") from None
    except OSError as error:
        raise ConfigurationError(f"{name}: cannot be read ({error.strerror}); name a readable CSV file") from None
    kind = next((kind for start, kind in _BINARY if content.startswith(start)), None)
    if kind is None:
        try:
            text = decode(content)
        except EncodingError as error:
            raise ConfigurationError(f"{name}, {error}; save it as CSV in UTF-8") from None
        kind = next((kind for start, kind in _MARKUP if start.match(text)), None)
        if kind is None:
            return text
    raise ConfigurationError(f"{name}: is {kind}, not CSV; {_EXPORT}")
