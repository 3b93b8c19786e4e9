"""A table on disk that grows row by row and survives being cut off in the middle of one."""

import csv
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from quadnet.errors import QuadnetError
from report.record import writing


class Table:
    """A CSV file open for appending; use it as a context.

    Attributes:
        rows: What it held when it was opened, a row of texts each.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        """Opens the file, or makes it; a last line without its end is taken away.

        Raises:
            QuadnetError: It cannot be opened or written, has other columns, or another process writes to it.
        """
        self._path = path
        try:
            self._file = path.open("a+b", buffering=0)  # a row that failed is not to be tried again at the end
            self._lock()
            self._file.seek(0)
            content = self._file.read()
        except OSError as error:
            raise QuadnetError(f"{path}: cannot be opened ({error.strerror}); name another --output-dir") from None
        whole = content[: content.rfind(b"\n") + 1]
        self._file.truncate(len(whole))
        lines = list(csv.reader(io.StringIO(whole.decode("utf-8", errors="replace"))))
        if not lines:
            self.append(columns)
        elif lines[0] != list(columns):
            self._file.close()
            raise QuadnetError(f"{path}: has other columns than this version writes; move it away to start anew")
        self.rows = lines[1:]

    def _lock(self) -> None:
        """Keeps the file for this process, where the file system can; two would mix their rows."""
        if sys.platform == "win32":
            return
        import fcntl

        try:
            fcntl.flock(self._file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise QuadnetError(
                f"{self._path}: another sweep is writing to it; wait until it ends, or name another --output-dir"
            ) from None
        except OSError:
            return

    def append(self, row: Sequence[object]) -> None:
        """Writes one row and hands it to the disk.

        Raises:
            QuadnetError: It could not be written; the rows before it stay.
        """
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerow(row)
        rest = buffer.getvalue().encode()
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
            os.fsync(self._file.fileno())
        except OSError as error:
            raise writing.explained(self._path, error) from None

    def __enter__(self) -> Self:
        """The table itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the file."""
        self._file.close()
