"""The training loop."""

from collections.abc import Callable

import numpy as np

from quadnet import optimizers
from quadnet.config import Config
from quadnet.dataset import Dataset
from quadnet.history import History, thinning
from quadnet.network import Parameters, cross_entropy, forward, gradients, initial

Progress = Callable[[int], None]

_REPORT_EVERY = 100


def train(config: Config, dataset: Dataset, progress: Progress | None = None) -> History:
    """Trains the seeded network on the whole data set at once.

    A loss or parameter that is not finite ends the training early; the history then ends with it.

    Args:
        config: Network and training.
        dataset: What to learn.
        progress: Called now and then with the number of epochs done.
    """
    training, widths = config.training, config.network.widths
    one_hot = dataset.one_hot
    state = optimizers.init(initial(config.network).vector)
    every = thinning(training.epochs, state.theta.size)
    loss = np.empty(training.epochs)
    kept = {0: state.theta}
    done = 0
    with np.errstate(over="ignore", invalid="ignore"):
        for epoch in range(training.epochs):
            parameters = Parameters.from_vector(optimizers.look_ahead(training, state), widths)
            activations, logits = forward(parameters, dataset.points)
            if training.optimizer == "nesterov":
                logits = forward(Parameters.from_vector(state.theta, widths), dataset.points)[1]
            loss[epoch] = cross_entropy(logits, one_hot)
            done = epoch + 1
            if not np.isfinite(loss[epoch]):
                break
            state = optimizers.update(training, state, gradients(parameters, activations, one_hot).vector)
            if done % every == 0:
                kept[done] = state.theta
            if progress is not None and done % _REPORT_EVERY == 0:
                progress(done)
    if np.isfinite(loss[done - 1]):
        kept[done] = state.theta
    epochs = np.array(sorted(kept), dtype=np.int64)
    return History(loss[:done], epochs, np.stack([kept[epoch] for epoch in epochs.tolist()]), widths, every)
