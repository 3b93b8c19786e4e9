"""The compiled twin of the training loop, where it was built: the same bits, many times faster.

`pip install` compiles kernel.c if it finds a compiler. The environment variable QUADNET_KERNEL chooses between `numpy`
and `compiled`; without it the compiled loop runs wherever there is one.
"""

import ctypes
import functools
import importlib.util
import os
from collections.abc import Callable
from typing import Literal

import numpy as np

from quadnet.arithmetic import BLOCK, LANES, padded
from quadnet.arrays import FloatArray
from quadnet.config import Config
from quadnet.dataset import Dataset
from quadnet.errors import ConfigurationError
from quadnet.history import Recording
from quadnet.optimizers import State

VARIABLE = "QUADNET_KERNEL"

_PAGE = 512  # numbers
_OPTIMIZERS = ("gradient_descent", "heavy_ball", "nesterov", "averaging")  # in the order of kernel.c


def name() -> Literal["numpy", "compiled"]:
    """Which loop trains.

    Raises:
        ConfigurationError: QUADNET_KERNEL is neither `numpy` nor `compiled`, or asks for a loop that was not built.
    """
    choice = os.environ.get(VARIABLE)
    if choice is None:
        return "numpy" if _library() is None else "compiled"
    if choice == "numpy":
        return "numpy"
    if choice != "compiled":
        raise ConfigurationError(f"{VARIABLE}={choice} is not allowed: set numpy or compiled, or unset it")
    if _library() is None:
        raise ConfigurationError(f"{VARIABLE}=compiled: not built; install quadnet where a C compiler is, or set numpy")
    return "compiled"


def advance(config: Config, dataset: Dataset) -> Callable[[State, Recording, int], State]:
    """The compiled loop: takes a training on to the given epoch, or to the first loss that is not finite.

    Between two calls Python can report progress and be interrupted; within one, other threads run.
    """
    library = _library()
    assert library is not None
    training = config.training
    layers = len(config.network.widths) - 1
    widths = np.array(config.network.widths, dtype=np.int64)
    points, one_hot = _blocks(dataset.points), _blocks(dataset.one_hot)
    workspace = _room(library.quadnet_room(layers, widths.ctypes.data, len(points)))

    def advance(state: State, recording: Recording, last: int) -> State:
        theta, velocity = state.theta.copy(), state.velocity.copy()
        recording.done += library.quadnet_train(
            layers,
            widths.ctypes.data,
            len(dataset.points),
            len(points),
            points.ctypes.data,
            one_hot.ctypes.data,
            _OPTIMIZERS.index(training.optimizer),
            training.learning_rate,
            training.momentum,
            recording.done,
            last,
            recording.every,
            theta.ctypes.data,
            velocity.ctypes.data,
            recording.loss.ctypes.data,
            recording.parameters.ctypes.data,
            workspace.ctypes.data,
        )
        return State(theta, velocity)

    return advance


def _blocks(values: FloatArray) -> FloatArray:
    """Samples as kernel.c reads them, padded with zeros, shape (blocks, columns, 64).

    Args:
        values: Shape (samples, columns).
    """
    samples, columns = values.shape
    whole = np.zeros((columns, padded(samples)))
    whole[:, :samples] = values.T
    rows = whole.reshape(columns, BLOCK // LANES, -1, LANES).transpose(2, 0, 1, 3)  # block, column, row of it, lane
    blocks = _room(rows.size).reshape(rows.shape)
    blocks[:] = rows
    return blocks.reshape(-1, columns, BLOCK)


def _room(numbers: int) -> FloatArray:
    """An array that begins where a page does.

    Packs across two lines of the cache are slower, and so are loads whose place in the page is that of a fresh store.
    """
    room = np.empty(numbers + _PAGE)
    start = -room.ctypes.data // room.itemsize % _PAGE
    return room[start : start + numbers]


@functools.cache
def _library() -> ctypes.CDLL | None:
    """The compiled loop; none where it was not built."""
    spec = importlib.util.find_spec("quadnet._kernel")
    if spec is None or spec.origin is None:
        return None
    library = ctypes.CDLL(spec.origin)
    whole, number, array = ctypes.c_int64, ctypes.c_double, ctypes.c_void_p
    library.quadnet_room.restype = library.quadnet_train.restype = whole
    library.quadnet_room.argtypes = [whole, array, whole]
    library.quadnet_train.argtypes = [whole, array, whole, whole, array, array, whole, number, number]
    library.quadnet_train.argtypes += [whole, whole, whole, array, array, array, array, array]
    return library
