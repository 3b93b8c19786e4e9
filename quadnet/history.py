"""What a training leaves behind: the loss of every epoch and the parameters on the way."""

from dataclasses import dataclass

import numpy as np

from quadnet.arrays import FloatArray, IntArray
from quadnet.network import Parameters

LIMIT_BYTES = 64 * 2**20


def thinning(epochs: int, size: int) -> int:
    """The least `every` with which the saved parameters stay within 64 MB.

    Args:
        epochs: Updates of the training.
        size: Number of parameters.
    """
    rows = max(1, LIMIT_BYTES // (8 * size) - 1)
    return max(1, -(-epochs // rows))


class Recording:
    """A history in the making.

    Attributes:
        loss: Room for the loss of every epoch, shape (epochs,).
        parameters: Room for the parameters after 0, every, 2·every, … updates, one row each.
        every: Distance between kept epochs.
        done: Epochs whose loss is known.
        end: All parameters after the last update, shape (p,).
    """

    def __init__(self, epochs: int, start: FloatArray) -> None:
        """Makes the room.

        Args:
            epochs: How many there will be at most.
            start: All parameters before the first update, shape (p,).
        """
        self.every = thinning(epochs, start.size)
        self.loss = np.empty(epochs)
        self.parameters = np.empty((epochs // self.every + 1, start.size))
        self.parameters[0] = start
        self.done = 0
        self.end = start

    @property
    def broken(self) -> bool:
        """Whether the last loss is not finite: then its epoch has no update."""
        return self.done > 0 and not np.isfinite(self.loss[self.done - 1])

    def history(self, widths: tuple[int, ...]) -> "History":
        """What was recorded.

        Args:
            widths: Units of every layer.
        """
        updates = self.done - self.broken
        epochs = np.arange(0, updates + 1, self.every)
        parameters = self.parameters[: len(epochs)]
        if epochs[-1] != updates and not self.broken:
            epochs, parameters = np.append(epochs, updates), np.vstack([parameters, self.end])
        loss = self.loss[: self.done]
        # Processors differ in the bits of a result that is not a number.
        loss[np.isnan(loss)] = np.nan
        parameters[np.isnan(parameters)] = np.nan
        return History(loss, epochs.astype(np.int64), parameters, widths, self.every)


@dataclass(frozen=True)
class History:
    """A training, epoch by epoch.

    Attributes:
        loss: Loss before the update of each epoch, shape (epochs,); shorter, and ending with the first value that is
            not finite, when the training broke down.
        epochs: The epochs whose parameters are kept, shape (s,): 0, every, 2·every, … and the last.
        parameters: The parameters after that many updates, shape (s, number of parameters).
        widths: Units of every layer.
        every: Distance between kept epochs.
    """

    loss: FloatArray
    epochs: IntArray
    parameters: FloatArray
    widths: tuple[int, ...]
    every: int

    def nearest(self, epoch: int) -> int:
        """The kept epoch next to the given one."""
        return int(self.epochs[np.abs(self.epochs - epoch).argmin()])

    def at(self, epoch: int) -> Parameters:
        """The parameters after `epoch` updates.

        Raises:
            KeyError: That epoch was not kept; `nearest` tells which was.
        """
        row = int(np.searchsorted(self.epochs, epoch))
        if row == len(self.epochs) or self.epochs[row] != epoch:
            raise KeyError(f"epoch {epoch} was not kept; the nearest kept one is {self.nearest(epoch)}")
        return Parameters.from_vector(self.parameters[row], self.widths)

    @property
    def final(self) -> Parameters:
        """The parameters after the last update."""
        return Parameters.from_vector(self.parameters[-1], self.widths)
