"""A table on disk that grows row by row and survives being cut off in the middle of one."""

import csv
import io
import itertools
import os
import re
import stat
import sys
from collections.abc import Iterable, Sequence
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Self

from quadnet.errors import QuadnetError

from . import writing

PROGRAM = "program"  # the column that says what made a row

_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")  # of byte order, which a table of ours never has
_MOST_BYTES = 64 * 2**20  # some 250 000 runs; twelve times as much while they are read
_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT
_FLAGS |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)  # by system


class Table:
    """A CSV file open for appending; use it as a context.

    Attributes:
        path: The file.
        rows: What it held when it was opened, a row of texts each; empty lines are none.
        earlier: Where a table now lies that another program made in this one's place; None if there was none.
    """

    def __init__(self, path: Path, columns: Sequence[str], writer: str = "sweep", program: str | None = None) -> None:
        """Opens the file, or makes it; a last line without its end is taken away.

        The whole is looked at before anything is changed. The first two columns tell tables of a kind.

        Args:
            path: The file.
            columns: Their names.
            writer: Who else may write to it, for messages.
            program: What makes the rows, as it stands in the column of that name. A table of this kind whose rows are
                another's, or do not say, gives way: it is kept under another name.

        Raises:
            QuadnetError: It cannot be opened or written, is no table of this kind, or another process writes to it;
                nothing has changed.
        """
        self.path, self._columns, self._writer = path, list(columns), writer
        self.earlier: Path | None = None
        try:
            if path.is_symlink():
                raise self._refused("is a link, through which nothing is written")
            self._file = self._locked(path)
            try:
                self.rows = self._checked(program)
            except BaseException:
                self._file.close()
                raise
        except OSError as error:
            raise QuadnetError(f"{path}: cannot be opened ({error.strerror}); name another --output-dir") from None

    def _locked(self, path: Path) -> FileIO:
        """Opens a file for this process alone, where the file system can; two would mix their rows."""
        handle = os.open(path, _FLAGS, 0o666)
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise self._refused("is no file")
        file = FileIO(handle, "a+")  # no buffer: a row that failed is not to be tried again at the end
        if sys.platform == "win32":
            return file
        import fcntl

        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise QuadnetError(
                f"{path}: another {self._writer} is writing to it; wait until it ends, or name another --output-dir"
            ) from None
        except OSError:
            pass
        return file

    def _checked(self, program: str | None) -> list[list[str]]:
        """The rows of a table of this kind; brings the file into order."""
        self._file.seek(0)
        if os.fstat(self._file.fileno()).st_size > _MOST_BYTES:
            raise self._refused(f"is larger than {_MOST_BYTES >> 20} MB, too much to read")
        content = self._file.read()
        head, end, _ = content.partition(b"\n")
        if not end and _encoded([self._columns]).startswith(content):  # new, or cut off in its first line
            self._file.truncate(0)
            self.append(self._columns)
            return []
        if not self._is_of_this_kind(head):
            raise self._refused("has other columns than this program writes")
        tidy = [name.strip() for name in head.decode(errors="replace").split(",") if name.strip()]
        padded = tidy == self._columns and head != _encoded([self._columns]).rstrip()
        if padded or b"\r" in content or re.search(rb'[;\t"]', head) or head.startswith(_MARKS):
            raise self._refused("was saved by another program, such as a spreadsheet, which may have changed numbers")
        whole = content[: content.rfind(b"\n") + 1]
        try:
            columns, *rows = csv.reader(io.StringIO((whole or content).decode(errors="replace")), strict=True)
        except csv.Error as error:
            raise self._refused(f"is damaged ({error})") from None
        if program is not None and (columns != self._columns or self._has_others(rows, program)):
            self._give_way()
            return []
        if columns != self._columns:
            raise self._refused("has other columns than this program writes")
        if whole != content:
            self._file.truncate(len(whole))
        return [row for row in rows if row]

    def _is_of_this_kind(self, head: bytes) -> bool:
        """Whether a first line, whatever a spreadsheet made of it, begins with the same two columns."""
        encoding = "utf-16" if head.startswith(_MARKS[1:]) else "utf-8-sig"
        names = re.split("[,;\t]", head.decode(encoding, errors="replace"))
        return [name.strip('" \r') for name in names[:2]] == self._columns[:2]

    def _has_others(self, rows: Iterable[Sequence[str]], program: str) -> bool:
        place = self._columns.index(PROGRAM)
        return any(row[place].strip() != program for row in rows if len(row) == len(self._columns))

    def _refused(self, fault: str) -> QuadnetError:
        return QuadnetError(f"{self.path}: {fault}; move it away to start anew, or name another --output-dir")

    def _give_way(self) -> None:
        """Keeps what is there under another name and starts an empty table."""
        names = (f"{self.path.stem}-earlier-{number}{self.path.suffix}" for number in itertools.count(1))
        earlier = next(path for path in map(self.path.with_name, names) if not os.path.lexists(path))
        self.path.rename(earlier)
        self.earlier = earlier
        self.keep([])

    def keep(self, rows: Iterable[Sequence[object]]) -> None:
        """Leaves these rows and no others in the table, in one step.

        Raises:
            QuadnetError: They could not be written; the table stays as it was.
        """
        partial = self.path.with_name(f".{self.path.name}.partial")
        try:
            partial.unlink(missing_ok=True)
            file = self._locked(partial)  # before anybody can know it by its name
            try:
                _write(file, [self._columns, *rows])
                partial.replace(self.path)
            except OSError:
                file.close()
                partial.unlink()
                raise
        except OSError as error:
            raise writing.explained(self.path, error) from None
        self._file.close()
        self._file = file

    def append(self, row: Sequence[object]) -> None:
        """Writes one row and hands it to the disk.

        Raises:
            QuadnetError: It could not be written; the rows before it stay.
        """
        try:
            _write(self._file, [row])
        except OSError as error:
            raise writing.explained(self.path, error) from None

    def __enter__(self) -> Self:
        """The table itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the file."""
        self._file.close()


def _encoded(rows: Iterable[Sequence[object]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue().encode()


def _write(file: FileIO, rows: Iterable[Sequence[object]]) -> None:
    rest = _encoded(rows)
    while rest:
        rest = rest[file.write(rest) :]
    os.fsync(file.fileno())
