"""Whether a sweep keeps every core at work, and whether its memory stays flat.

    pip install . && python -P tests/benchmarks/sweep.py [RUNS [RUNS …]]

Each sweep runs in a process of its own, without pages. Its rate is compared with the processors times that of one run
after the other in one thread, measured just before and just after, with the same work for each: data, training, phases,
groups of classes. Neither the start of Python nor imports count.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from quadnet import kernel
from quadnet.config import Config
from quadnet.report.sweep import build as sweep_build
from quadnet.sweep import run, seeded

ALONE = 10  # runs one after the other


def alone(seeds: range) -> float:
    """Runs per second, one after the other."""
    start = time.perf_counter()
    for seed in seeds:
        assert run(seeded(Config(), (0, seed))).status == "ok"
    return len(seeds) / (time.perf_counter() - start)


def measure(runs: int) -> None:
    """One sweep and what stands beside it."""
    alone(range(2))
    before = alone(range(ALONE))
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        swept = sweep_build.run(Config(), [(0, seed) for seed in range(runs)], Path(folder))
        rate = runs / (time.perf_counter() - start)
    after = alone(range(ALONE))
    cores = len(os.sched_getaffinity(0))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    share = rate / (cores * (before + after) / 2)
    print(
        f"{runs} runs, {swept.unsound} not sound: {rate:.2f} per second; one thread {before:.2f} before and {after:.2f}"
        f" after; {share:.2f} of {cores} cores (0.90 wanted); {peak:.0f} MB at most; load {os.getloadavg()[0]:.2f};"
        f" {kernel.name()}",
        flush=True,
    )


def main() -> None:
    """Measures sweeps of the given lengths, each in a new process."""
    lengths = sys.argv[1:] or ["200", "2000"]
    if len(lengths) == 1:
        measure(int(lengths[0]))
        return
    for runs in lengths:
        subprocess.run([sys.executable, "-P", __file__, runs], check=True)


if __name__ == "__main__":
    main()
