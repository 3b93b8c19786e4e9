"""How the time of an epoch grows with the samples and with the width of the hidden layers.

    pip install . && python tests/benchmarks/growth.py [FILE.svg]

Prints seconds per epoch, processor time, for both loops, and draws them.
"""

import itertools
import math
import os
import statistics
import sys
import time
from pathlib import Path

import matplotlib.pyplot as plt

from quadnet import kernel
from quadnet.config import Config, parse
from quadnet.dataset import Dataset, quadrants
from quadnet.training import train

LOOPS = {"compiled": "compiled kernel", "numpy": "NumPy path"}
SAMPLES = (200, 630, 2_000, 6_300, 20_000, 63_000, 200_000)  # per class
WIDTHS = (3, 8, 16, 32, 64, 128)
ROOM = 0.15  # seconds for one measurement
RUNS = 7


def per_epoch(choice: str, config: Config, dataset: Dataset) -> float:
    """Seconds that one more epoch takes: the least of some runs, their first epoch taken off."""
    os.environ[kernel.VARIABLE] = choice

    def seconds(epochs: int) -> float:
        some = config.model_copy(update={"training": config.training.model_copy(update={"epochs": epochs})})
        start = time.thread_time()
        train(some, dataset)
        return time.thread_time() - start

    once = min(seconds(1) for _ in range(RUNS))
    epochs = 4
    while seconds(epochs) < ROOM / 2 and epochs < 100_000:
        epochs *= 2
    return (min(seconds(epochs) for _ in range(RUNS)) - once) / (epochs - 1)


def slopes(sizes: tuple[int, ...], times: list[float]) -> list[float]:
    """Of the logarithm of the time over that of the size, from each to the next: 1 is linear."""
    pairs = list(zip(sizes, times, strict=True))
    return [math.log(t2 / t1) / math.log(n2 / n1) for (n1, t1), (n2, t2) in itertools.pairwise(pairs)]


def measure(title: str, sizes: tuple[int, ...], configs: list[Config], axes: plt.Axes) -> None:
    """Measures, prints and draws one kind of growth."""
    for choice, name in LOOPS.items():
        times = [per_epoch(choice, config, quadrants(config)) for config in configs]
        steps = slopes(sizes, times)
        print(f"\n{name}, {title}")
        for size, took, step in zip(sizes, times, [math.nan, *steps], strict=True):
            print(f"{size:>8}{took * 1e6:12.1f} µs per epoch   slope {step:.2f}")
        whole = slopes((sizes[0], sizes[-1]), [times[0], times[-1]])[0]
        print(f"slope from end to end {whole:.2f}, median of the steps {statistics.median(steps):.2f}")
        axes.loglog(sizes, times, "o-", label=name)
    axes.set_xlabel(title)
    axes.legend()


def main() -> None:
    """Measures both kinds of growth and writes the drawing."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path("outputs/growth.svg")
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "growth"})
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5), sharey=True, layout="constrained")
    many = [parse({"data": {"samples_per_class": count}}) for count in SAMPLES]
    wide = [parse({"network": {"hidden": [width, width]}}) for width in WIDTHS]
    measure("samples per class", SAMPLES, many, left)
    measure("units in each hidden layer", WIDTHS, wide, right)
    left.set_ylabel("seconds per epoch")
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, metadata={"Date": None})
    print(target)


if __name__ == "__main__":
    main()
