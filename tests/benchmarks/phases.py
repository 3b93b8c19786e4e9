"""The detector beside what a user would do instead: SciPy's peaks of the slope of a smoothed curve.

    pip install '.[test]' && python tests/benchmarks/phases.py [RUNS]

Both get the default run's 10 000 losses. They take turns, since machines are noisy; prints the least processor time of
each and the ratio.
"""

import sys
import time
from collections.abc import Callable

import numpy as np
from scipy.ndimage import uniform_filter1d
from scipy.signal import find_peaks

from quadnet.config import Config
from quadnet.dataset import quadrants
from quadnet.phases import detect
from quadnet.training import train

FIRST = "SciPy's peaks"
LOSS = train(Config(), quadrants(Config())).loss
NOISY = LOSS * np.exp(1e-3 * np.random.RandomState(0).randn(LOSS.size))


def peaks(loss: np.ndarray) -> int:
    """The number of descents; window and prominence are chosen for this very curve."""
    slope = -np.gradient(uniform_filter1d(np.log(loss), 51))
    return len(find_peaks(slope, prominence=slope.max() / 20)[0])


def main() -> None:
    """Measures all in turn and prints the figures."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    jobs: dict[str, Callable[[], object]] = {
        FIRST: lambda: peaks(LOSS),
        "detect": lambda: detect(LOSS),
        "detect, noisy": lambda: detect(NOISY),
    }
    least = dict.fromkeys(jobs, float("inf"))
    for _ in range(runs):
        for name, job in jobs.items():
            start = time.process_time()
            job()
            least[name] = min(least[name], time.process_time() - start)
    for name, seconds in least.items():
        print(f"{name}: {1000 * seconds:.2f} ms, {seconds / least[FIRST]:.2f} × {FIRST}")


if __name__ == "__main__":
    main()
