"""How near the compiled loop comes to what one core of this processor can do.

    pip install . && python tests/benchmarks/roofline.py [RUNS]

Needs gcc. Counts the loop's floating-point operations by formulas, measures the processor's peak with peak.c, and the
default training beside it. The two take turns, and the processor's time counts, not the clock's; both by their best.
"""

import ctypes
import os
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from quadnet import kernel
from quadnet.config import Config
from quadnet.dataset import quadrants
from quadnet.training import train

ROUNDS = 5_000_000
SIGMOID = 19  # of arithmetic.sigmoid2_into for bounded logits; the work on whole numbers is left out
LOGARITHM = 43  # of arithmetic.log
FOLDED = 8  # samples that share a logarithm


def counts(widths: tuple[int, ...]) -> dict[str, float]:
    """Operations per sample and epoch, counted from kernel.c; + − × ÷ and the larger of two count one each.

    A sum of n samples counts n operations: its foldings, its rows of lanes, and a first addition to nothing.
    """
    shapes = list(pairwise(widths))
    outputs = widths[-1]
    return {
        "sigmoids": SIGMOID * sum(widths[1:]),
        "forward products and sums": sum(2 * rows * columns for rows, columns in shapes),
        "loss": 3 * outputs + 2 * (outputs - 1) + 2 + LOGARITHM / FOLDED,
        "Δ of all layers": outputs + sum(rows * (2 * columns + 2) for rows, columns in shapes[1:]),
        "sums of the gradient": sum(2 * rows * columns + columns for rows, columns in shapes),
    }


def build() -> ctypes.CDLL:
    """Compiles peak.c for this processor."""
    flags = ["-O3", "-march=native", "-ffp-contract=off", "-shared", "-fPIC"]
    if os.uname().machine == "x86_64":
        flags.append("-mprefer-vector-width=512")
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "peak.so"
        subprocess.run(["gcc", *flags, "-o", str(library), str(Path(__file__).with_name("peak.c"))], check=True)
        loop = ctypes.CDLL(str(library))
    loop.peak.restype = ctypes.c_long
    loop.peak.argtypes = [ctypes.c_long, ctypes.c_double, ctypes.c_double, ctypes.c_void_p]
    return loop


def main() -> None:
    """Counts, measures and prints."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    os.environ[kernel.VARIABLE] = "compiled"
    config, loop, result = Config(), build(), ctypes.c_double()
    dataset, parts = quadrants(config), counts(config.network.widths)
    peak, best = 0.0, float("inf")
    for _ in range(runs):
        start = time.thread_time()
        done = loop.peak(ROUNDS, 1.0, 1e-9, ctypes.byref(result))
        peak = max(peak, done / (time.thread_time() - start))
        start = time.thread_time()
        train(config, dataset)
        best = min(best, time.thread_time() - start)
    each = sum(parts.values())
    samples = len(dataset.points)
    rate = each * samples * config.training.epochs / best
    for name, count in parts.items():
        print(f"{name:28s}{count:8.1f}")
    print(f"{'operations per sample, epoch':28s}{each:8.1f}   ({samples} samples, without padding)")
    print(f"peak        {peak / 1e9:6.1f} thousand million per second")
    print(f"training    {rate / 1e9:6.1f} thousand million per second ({best:.4f} s)")
    print(f"share       {rate / peak:6.1%}")


if __name__ == "__main__":
    main()
