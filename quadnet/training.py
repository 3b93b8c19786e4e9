"""The training loop."""

from collections.abc import Callable

import numpy as np

from quadnet import kernel, optimizers
from quadnet.config import Config
from quadnet.dataset import Dataset
from quadnet.history import History, Recording
from quadnet.network import Parameters, cross_entropy, forward, gradients, initial
from quadnet.optimizers import State

Progress = Callable[[int], None]
Advance = Callable[[State, Recording, int], State]

_STRETCH = 2 * 10**7  # samples times parameters between two reports of progress


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
    advance = kernel.advance(config, dataset) if kernel.name() == "compiled" else _advance(config, dataset)
    state = optimizers.init(initial(config.network).vector)
    recording = Recording(config.training.epochs, state.theta)
    stretch = max(1, _STRETCH // (len(dataset.points) * state.theta.size))
    while recording.done < config.training.epochs and not recording.broken:
        state = advance(state, recording, min(recording.done + stretch, config.training.epochs))
        if progress is not None:
            progress(recording.done)
    return recording.history(state.theta, config.network.widths)


def _advance(config: Config, dataset: Dataset) -> Advance:
    """The loop in NumPy: takes a training on to the given epoch, or to the first loss that is not finite."""
    training, widths = config.training, config.network.widths
    # Column by column, as the network works.
    points, one_hot = np.asfortranarray(dataset.points), np.asfortranarray(dataset.one_hot)

    def advance(state: State, recording: Recording, last: int) -> State:
        with np.errstate(over="ignore", invalid="ignore"):
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
