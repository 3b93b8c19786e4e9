"""A table on disk that grows row by row and survives being cut off in the middle of one."""

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from quadnet.errors import QuadnetError


class Table:
    """A CSV file open for appending; use it as a context.

    Attributes:
        rows: What it held when it was opened, a row of texts each.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        """Opens the file, or makes it; a last line without its end is taken away.

        Raises:
            QuadnetError: It cannot be opened, or has other columns.
        """
        try:
            self._file = path.open("a+b")
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

    def append(self, row: Sequence[object]) -> None:
        """Writes one row and hands it to the disk."""
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerow(row)
        self._file.write(buffer.getvalue().encode())
        self._file.flush()
        os.fsync(self._file.fileno())

    def __enter__(self) -> Self:
        """The table itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the file."""
        self._file.close()
