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
