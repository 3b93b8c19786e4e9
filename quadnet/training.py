"""The training loop."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError

import numpy as np

from quadnet import kernel, optimizers, workspace
from quadnet.config import Config
from quadnet.dataset import Dataset
from quadnet.history import History, Recording
from quadnet.network import Parameters, cross_entropy, forward, gradients, initial
from quadnet.optimizers import State

Progress = Callable[[int], None]
Advance = Callable[[State, Recording, int], State]

# Samples times parameters between two reports of progress, some 60 ms of the compiled loop: a thread that comes back
# sooner waits for the interpreter more often than it trains, when others are at work.
_STRETCH = 2 * 10**8


def train(config: Config, dataset: Dataset, progress: Progress | None = None) -> History:
    """Trains the seeded network on the whole data set at once.

    A loss that is not finite ends the training early; the history then ends with it.

    Args:
        config: Network and training.
        dataset: What to learn.
        progress: Called now and then with the number of epochs done.

    Raises:
        ConfigurationError: QUADNET_KERNEL asks for what there is not.
    """
    for recording in stretches(config, dataset, initial(config.network)):  # the last one is used below
        if progress is not None:
            progress(recording.done)
    return recording.history(config.network.widths)


def stretches(config: Config, dataset: Dataset, start: Parameters, epochs: int | None = None) -> Iterator[Recording]:
    """A training from any start, seen now and then: the same recording, a stretch of epochs longer each time.

    Args:
        config: Network and training; its seed of weights does not matter.
        dataset: What to learn.
        start: The parameters before the first update; the velocity is 0.
        epochs: How many to a stretch at most; as many as take a moment if not given.

    Raises:
        ConfigurationError: QUADNET_KERNEL asks for what there is not.
    """
    if kernel.name() == "compiled":
        advance = kernel.advance(config, dataset)
    elif workspace.fits(config.network.widths, len(dataset.points)):
        advance = _advance_in_place(config, dataset)
    else:
        advance = _advance(config, dataset)
    state = optimizers.init(start.vector)
    recording = Recording(config.training.epochs, state.theta)
    stretch = max(1, _STRETCH // (len(dataset.points) * state.theta.size))
    stretch = stretch if epochs is None else min(stretch, epochs)
    while recording.done < config.training.epochs and not recording.broken:
        state = advance(state, recording, min(recording.done + stretch, config.training.epochs))
        recording.end = state.theta
        yield recording


def unless(stop: threading.Event) -> Progress:
    """A report of progress that ends a training once nobody waits for it.

    Args:
        stop: Set by whoever does not wait any more.
    """

    def check(epochs: int) -> None:
        if stop.is_set():
            raise CancelledError(f"after {epochs} epochs")

    return check


def _advance(config: Config, dataset: Dataset) -> Advance:
    """The loop in NumPy: takes a training on to the given epoch, or to the first loss that is not finite."""
    training, widths = config.training, config.network.widths
    # Column by column, as the network works.
    points, one_hot = np.asfortranarray(dataset.points), np.asfortranarray(dataset.one_hot)

    def advance(state: State, recording: Recording, last: int) -> State:
        with workspace.quick():
            for epoch in range(recording.done, last):
                parameters = Parameters.from_vector(optimizers.look_ahead(training, state), widths)
                activations, logits = forward(parameters, points)
                seen = activations[-1], logits
                if training.optimizer == "nesterov":
                    at_theta, logits = forward(Parameters.from_vector(state.theta, widths), points)
                    seen = at_theta[-1], logits
                recording.loss[epoch] = cross_entropy(*seen, one_hot)
                recording.done = epoch + 1
                if recording.broken:
                    break
                state = optimizers.update(training, state, gradients(parameters, activations, one_hot).vector)
                if recording.done % recording.every == 0:
                    recording.parameters[recording.done // recording.every] = state.theta
        return state

    return advance


def _advance_in_place(config: Config, dataset: Dataset) -> Advance:
    """The same loop on a workspace, for data that fit it."""
    training = config.training
    room = workspace.Workspace(config.network.widths, dataset.points, dataset.one_hot)

    def advance(state: State, recording: Recording, last: int) -> State:
        with workspace.quick():
            while recording.done < last and not recording.broken:
                state = some(state, recording, min(recording.done + workspace.TOGETHER, last))
        return state

    def some(state: State, recording: Recording, last: int) -> State:
        first, states = recording.done, [state]
        for epoch in range(first, last):
            room.forward(state.theta)
            room.keep_loss(epoch - first)
            theta = optimizers.look_ahead(training, state)
            if theta is not state.theta:
                room.forward(theta)
            state = optimizers.update(training, state, room.gradient())
            states.append(state)
            if (epoch + 1) % recording.every == 0:
                recording.parameters[(epoch + 1) // recording.every] = state.theta
        loss = recording.loss[first:last] = room.losses(last - first)
        broken = np.flatnonzero(~np.isfinite(loss))
        # What came after a loss that is not finite did not happen.
        updates = int(broken[0]) if broken.size else len(loss)
        recording.done = first + updates + bool(broken.size)
        return states[updates]

    return advance
