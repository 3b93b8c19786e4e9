"""The default training beside what a user would write instead, float64, every loss recorded.

    pip install . && python tests/benchmarks/training.py [RUNS]

Peers that are not installed are left out. All take turns, since machines are noisy; prints the medians.
All but JAX are held to one thread. scikit-learn's MLPClassifier is not among the peers yet.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import numpy as np

from quadnet import kernel
from quadnet.config import Config
from quadnet.dataset import quadrants
from quadnet.network import initial
from quadnet.training import train

CONFIG = Config()
DATASET = quadrants(CONFIG)
EPOCHS, RATE = CONFIG.training.epochs, CONFIG.training.learning_rate
X, Y = DATASET.points, DATASET.one_hot
FIRST = "the note's loop"
START = [part.copy() for layer in initial(CONFIG.network).layers() for part in layer]


def note() -> float:
    """The note's loop: plain NumPy."""
    w1, b1, w2, b2, w3, b3 = START
    losses = []
    for _ in range(EPOCHS):
        a1 = 1 / (1 + np.exp(-(X @ w1 + b1)))
        a2 = 1 / (1 + np.exp(-(a1 @ w2 + b2)))
        a3 = 1 / (1 + np.exp(-(a2 @ w3 + b3)))
        losses.append(np.sum(-Y * np.log(a3) - (1 - Y) * np.log(1 - a3)) / len(X))
        d3 = (a3 - Y) / len(X)
        d2 = d3 @ w3.T * a2 * (1 - a2)
        d1 = d2 @ w2.T * a1 * (1 - a1)
        w3, b3 = w3 - RATE * a2.T @ d3, b3 - RATE * d3.sum(axis=0)
        w2, b2 = w2 - RATE * a1.T @ d2, b2 - RATE * d2.sum(axis=0)
        w1, b1 = w1 - RATE * X.T @ d1, b1 - RATE * d1.sum(axis=0)
    return float(losses[-1])


def loop(choice: str) -> Callable[[], float]:
    """Quadnet's training by one of its loops."""

    def run() -> float:
        os.environ[kernel.VARIABLE] = choice
        return float(train(CONFIG, DATASET).loss[-1])

    return run


def jax_scan() -> Callable[[], float]:
    """JAX, the whole loop compiled beforehand."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    x, y = jnp.asarray(X), jnp.asarray(Y)

    def loss(parts: list[jax.Array]) -> jax.Array:
        a = x
        for w, b in zip(parts[::2], parts[1::2], strict=True):
            z = a @ w + b
            a = jax.nn.sigmoid(z)
        return (jax.nn.softplus(z) - y * z).sum() / len(x)

    def step(parts: list[jax.Array], _: None) -> tuple[list[jax.Array], jax.Array]:
        value, slopes = jax.value_and_grad(loss)(parts)
        return [part - RATE * slope for part, slope in zip(parts, slopes, strict=True)], value

    whole = jax.jit(lambda parts: jax.lax.scan(step, parts, None, length=EPOCHS))
    start = [jnp.asarray(part) for part in START]
    return lambda: float(whole(start)[1][-1])


def torch_loop() -> Callable[[], float]:
    """PyTorch with its own optimizer, on one thread."""
    import torch

    torch.set_num_threads(1)
    x, y = torch.tensor(X), torch.tensor(Y)

    def run() -> float:
        parts = [torch.tensor(part, requires_grad=True) for part in START]
        optimizer = torch.optim.SGD(parts, lr=RATE)
        losses = []
        for _ in range(EPOCHS):
            a = x
            for w, b in zip(parts[::2], parts[1::2], strict=True):
                z = a @ w + b
                a = torch.sigmoid(z)
            loss = torch.nn.functional.binary_cross_entropy_with_logits(z, y, reduction="sum") / len(x)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
        return float(losses[-1])

    return run


def main() -> None:
    """Measures all in turn and prints the figures."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    jobs = {FIRST: note, "NumPy path": loop("numpy")}
    try:
        os.environ.pop(kernel.VARIABLE, None)
        if kernel.name() == "compiled":
            jobs["compiled kernel"] = loop("compiled")
        else:
            print("compiled kernel: not built")
    finally:
        os.environ.pop(kernel.VARIABLE, None)
    for name, peer in (("JAX", jax_scan), ("PyTorch", torch_loop)):
        try:
            jobs[name] = peer()
        except ImportError:
            print(f"{name}: not installed")
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for turn in range(runs + 1):  # the first one warms up
        for name, job in jobs.items():
            start = time.perf_counter()
            last = job()
            if turn:
                seconds[name].append(time.perf_counter() - start)
            assert abs(last - 0.17468123046084322) < 1e-9, name
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    for name, median in medians.items():
        times = ", ".join(f"{value:.4f}" for value in seconds[name])
        print(f"{name}: median {median:.4f} s of {times}; the note's loop takes {medians[FIRST] / median:.2f} ×")


if __name__ == "__main__":
    main()
