"""Training curves from files that other programs wrote."""

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from quadnet import csv_input, files
from quadnet.arrays import FloatArray
from quadnet.csv_input import quoted
from quadnet.errors import ConfigurationError

_LARGEST = 100_000_000  # bytes
LARGEST_NUMBER = 1e300  # of what is drawn; the width of an axis has to be a number, too


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

    A first line that holds words names them: among several the
    loss is the one called `loss`, the epochs are those in `epoch`, and the others do not count. Without names, one
    column is the loss and two are epoch and loss. Without epochs, rows count from 0.

    Args:
        path: The file, or `-` for standard input.

    Raises:
        ConfigurationError: It cannot be read as that; says in which line.
    """
    name = files.name(path)
    epochs: list[float] = []
    losses: list[float] = []
    columns: tuple[int, int | None, int] | None = None
    for place, cells in csv_input.rows(
        path, _LARGEST, "keep every tenth line, say", "write one loss a line, or the columns epoch,loss"
    ):
        if columns is None:
            columns = _columns(cells, place)
            if not all(map(_is_number, cells)):
                continue
        count, epoch, loss = columns
        if len(cells) <= max(epoch or 0, loss):
            raise csv_input.misfit(place, len(cells), count)
        losses.append(_number(cells[loss], place))
        epochs.append(len(epochs) if epoch is None else _epoch(cells[epoch], epochs, place))
    if np.isfinite(losses[:2]).sum() < 2:
        raise ConfigurationError(f"{name}: has no two finite losses to begin with; phases need a curve")
    return Curve(name, np.array(epochs), np.array(losses))


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
        raise ConfigurationError(f"{place}: no column called loss among {quoted(', '.join(names))}; rename one")
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
            f"{place}: {quoted(cell)} is no number; write one such as 0.25 or nan, or drop the line"
        )
    return float(cell)


def _epoch(cell: str, before: list[float], place: str) -> float:
    epoch = _number(cell, place)
    if math.isfinite(epoch) and abs(epoch) > LARGEST_NUMBER:
        raise ConfigurationError(f"{place}: epoch {quoted(cell)} is beyond {LARGEST_NUMBER:g}; count epochs from 0")
    if not math.isfinite(epoch) or (before and epoch <= before[-1]):
        raise ConfigurationError(
            f"{place}: epoch {quoted(cell)} does not come after the one before; sort the lines and keep one for each"
        )
    return epoch
