"""The default training beside what a user would write instead, float64, every loss recorded.

    pip install . jax scikit-learn torch && python tests/benchmarks/training.py [RUNS]

Peers that are not installed are left out. All take turns, since machines are noisy; prints the medians. All but JAX are
held to one thread, and all must come to the same last loss. OpenBLAS chooses its kernels itself here.
"""

import ctypes
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
os.environ.pop("OPENBLAS_CORETYPE", None)  # either could slow down the note's loop
os.environ.pop("OPENBLAS_L2_SIZE", None)

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


def sklearn_fit() -> Callable[[], float]:
    """scikit-learn: indicators as labels give it four logistic outputs and the note's loss, one batch the note's steps.

    It takes no start of one's own, but with `warm_start` a second fit goes on from the weights that it finds.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    options = {"activation": "logistic", "solver": "sgd", "momentum": 0, "nesterovs_momentum": False, "alpha": 0}
    options |= {"batch_size": len(X), "shuffle": False, "tol": 0, "n_iter_no_change": EPOCHS, "warm_start": True}
    model = MLPClassifier(CONFIG.network.hidden, learning_rate_init=RATE, max_iter=1, **options)
    labels = Y.astype(int)

    def fit(epochs: int) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # it is to do all the epochs, converged or not
            model.set_params(max_iter=epochs).fit(X, labels)

    fit(1)

    def run() -> float:
        model.coefs_, model.intercepts_ = ([part.copy() for part in START[k::2]] for k in (0, 1))
        model.loss_curve_, model.n_iter_ = [], 0
        fit(EPOCHS)
        assert len(model.loss_curve_) == EPOCHS
        return float(model.loss_curve_[-1])

    return run


def plain_c() -> Callable[[], float]:
    """plain.c with the compiler's best: this processor's instructions, fused and reordered as it likes."""
    compiler = shutil.which("gcc")
    if compiler is None:
        raise ImportError
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "plain.so"
        flags = ["-O3", "-march=native", "-ffast-math", "-shared", "-fPIC", "-o", str(library)]
        subprocess.run([compiler, str(Path(__file__).with_name("plain.c")), *flags, "-lmvec", "-lm"], check=True)
        loop = ctypes.CDLL(str(library)).train
    array, whole = ctypes.c_void_p, ctypes.c_long
    loop.argtypes = [array, array, whole, whole, ctypes.c_double, array, array]
    x, y = np.ascontiguousarray(X.T), np.ascontiguousarray(Y.T)

    def run() -> float:
        theta, loss = initial(CONFIG.network).vector, np.empty(EPOCHS)
        loop(x.ctypes.data, y.ctypes.data, len(X), EPOCHS, RATE, theta.ctypes.data, loss.ctypes.data)
        return float(loss[-1])

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
    peers = (("plain C", plain_c), ("JAX", jax_scan), ("PyTorch", torch_loop), ("scikit-learn", sklearn_fit))
    for name, peer in peers:
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
    for name, peer, least in (
        ("compiled kernel", FIRST, 15),
        ("compiled kernel", "JAX", 5),
        ("NumPy path", FIRST, 1 / 1.5),
    ):
        if name in medians and peer in medians:
            faster = medians[peer] / medians[name]
            print(f"{name}: {faster:.2f} × as fast as {peer} ({least:.2f} wanted)")


if __name__ == "__main__":
    main()
