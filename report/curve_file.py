"""Training curves from files that other programs wrote."""

import csv
import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from quadnet import files
from quadnet.arrays import FloatArray
from quadnet.errors import ConfigurationError

_LARGEST = 100_000_000  # bytes
_SHOWN = 30  # characters of a cell that an error quotes


@dataclass(frozen=True)
class Curve:
    """A training curve.

    Attributes:
        name: Where it came from, for messages.
        epochs: Increasing, shape (rows,).
        loss: Shape (rows,); may hold values that are not finite.
    """

    name: str
    epochs: FloatArray = field(repr=False)
    loss: FloatArray = field(repr=False)


def read(path: Path) -> Curve:
    """Reads a table with the columns `epoch` and `loss`, or one column of losses.

    Columns are separated by tabs, semicolons or commas. A first line that holds words names them: among several the
    loss is the one called `loss`, the epochs are those in `epoch`, and the others do not count. Without names, one
    column is the loss and two are epoch and loss. Without epochs, rows count from 0.

    Args:
        path: The file, or `-` for standard input.

    Raises:
        ConfigurationError: It cannot be read as that; says in which line.
    """
    name = files.name(path)
    lines = _text(path, name).splitlines()
    first = next((line for line in lines if line.strip()), None)
    if first is None:
        raise ConfigurationError(f"{name}: is empty; write one loss a line, or the columns epoch,loss")
    separator = next((mark for mark in "\t;" if mark in first), ",")
    rows = csv.reader(lines, delimiter=separator, skipinitialspace=True)
    epochs: list[float] = []
    losses: list[float] = []
    columns: tuple[int, int | None, int] | None = None
    try:
        for cells in rows:
            place = f"{name}, line {rows.line_num}"
            if not "".join(cells).strip():
                continue
            if columns is None:
                columns = _columns(cells, place)
                if not all(map(_is_number, cells)):
                    continue
            count, epoch, loss = columns
            if len(cells) != count:
                raise ConfigurationError(f"{place}: {len(cells)} columns where the first line has {count}; mend it")
            losses.append(_number(cells[loss], place))
            epochs.append(len(epochs) if epoch is None else _epoch(cells[epoch], epochs, place))
    except csv.Error as error:
        raise ConfigurationError(f"{name}, line {rows.line_num}: not CSV ({error}); mend it") from None
    if np.isfinite(losses[:2]).sum() < 2:
        raise ConfigurationError(f"{name}: has no two finite losses to begin with; phases need a curve")
    return Curve(name, np.array(epochs), np.array(losses))


def _text(path: Path, name: str) -> str:
    try:
        content = files.read(path, _LARGEST)
    except files.TooLargeError as error:
        raise ConfigurationError(f"{name}: {error.strerror}; keep every tenth line, say") from None
    except OSError as error:
        raise ConfigurationError(f"{name}: cannot be read ({error.strerror}); name a readable CSV file") from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigurationError(f"{name}: not UTF-8 text; save it as CSV in UTF-8") from None


def _columns(cells: list[str], place: str) -> tuple[int, int | None, int]:
    """How many columns there are, and which hold the epoch, if any, and the loss."""
    count = len(cells)
    if all(map(_is_number, cells)):
        if count > 2:
            raise ConfigurationError(f"{place}: {count} columns without names; put a line such as epoch,loss above")
        return count, 0 if count == 2 else None, count - 1
    if count == 1:
        return 1, None, 0
    names = [cell.strip(" #").lower() for cell in cells]  # NumPy puts a # before its header
    for wanted in ("loss", "epoch"):
        if names.count(wanted) > 1:
            raise ConfigurationError(f"{place}: {names.count(wanted)} columns called {wanted}; keep one")
    if "loss" not in names:
        raise ConfigurationError(f"{place}: no column called loss among {_quoted(', '.join(names))}; rename one")
    return count, names.index("epoch") if "epoch" in names else None, names.index("loss")


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _number(cell: str, place: str) -> float:
    if not _is_number(cell):
        raise ConfigurationError(
            f"{place}: {_quoted(cell)} is no number; write one such as 0.25 or nan, or drop the line"
        )
    return float(cell)


def _epoch(cell: str, before: list[float], place: str) -> float:
    epoch = _number(cell, place)
    if not math.isfinite(epoch) or (before and epoch <= before[-1]):
        raise ConfigurationError(
            f"{place}: epoch {_quoted(cell)} does not come after the one before; sort the lines and keep one for each"
        )
    return epoch


def _quoted(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")
