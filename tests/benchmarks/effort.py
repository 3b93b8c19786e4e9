"""How near the estimates of time and memory come: each beside what the program took.

    pip install . && python -P tests/benchmarks/effort.py [NUMBER…]

Runs one configuration after the other (or those of the given numbers), a quarter of an hour in all; prints ratios of
what was measured to the estimate, which should lie between a third and 3 for the time and a half and 2 for the memory.
Below the memory of a small run it is the largest process that counts.
"""

import os
import sys
import tempfile
import time

from quadnet.config import Config, override, parse
from quadnet.report import effort
from quadnet.report.effort import Effort

SAMPLES, POINTS = "data.samples_per_class", "evaluation.points"
CASES: tuple[tuple[str, dict[str, object]], ...] = (
    ("report", {}),
    ("report", {"training.epochs": 100}),
    ("report", {"training.epochs": 300_000}),
    ("report", {"training.epochs": 3_000_000, "network.hidden": "[1]", SAMPLES: 1}),
    ("report", {"training.epochs": 100, SAMPLES: 100_000}),
    ("report", {"training.epochs": 2000, SAMPLES: 20_000}),
    ("report", {"training.epochs": 2000, "network.hidden": "[32, 32]"}),
    ("report", {"training.epochs": 100, "network.hidden": "[256, 256]"}),
    ("report", {"training.epochs": 3, "network.hidden": "[1024, 1024]", POINTS: 100}),
    ("report", {"training.epochs": 2, "network.hidden": "[256, 16]", POINTS: 1_000_000}),
    ("report", {"training.epochs": 100, POINTS: 10_000_000}),
    ("report", {"training.epochs": 20, "network.hidden": "[128, 128]", SAMPLES: 10_000}),
    ("handout", {}),
    ("handout", {"training.epochs": 300_000, "network.initial_scale": 0.5}),
    ("handout", {"training.epochs": 3000, SAMPLES: 20_000, "network.initial_scale": 0.5}),
    ("sweep", {}),
    ("sweep", {"training.epochs": 100, SAMPLES: 20_000}),
    ("sweep", {"training.epochs": 300_000}),
)
ESTIMATES = {
    "report": effort.of_report,
    "handout": effort.of_handout,
    "sweep": lambda config: effort.of_sweep(config, 20),
}


def measured(verb: str, assignments: list[str]) -> tuple[Effort, float]:
    """What the program takes, and seconds of all processors."""
    with tempfile.TemporaryDirectory() as folder:
        settings = [part for assignment in assignments for part in ("--set", assignment)]
        command = [
            sys.executable,
            "-P",
            "-m",
            "quadnet",
            verb,
            *settings,
            "--output-dir",
        ]
        start, child = time.perf_counter(), os.fork()
        if not child:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os.dup2(1, 2)
            os.execv(sys.executable, [*command, folder])
        _, _, used = os.wait4(child, 0)
        return Effort(time.perf_counter() - start, used.ru_maxrss * 1024), used.ru_utime + used.ru_stime


def main() -> None:
    """Runs the cases."""
    wanted = [CASES[int(text)] for text in sys.argv[1:]] or CASES
    for verb, values in wanted:
        assignments = [f"{key}={value}" for key, value in values.items()]
        config: Config = parse(override({}, assignments))
        told, (took, work) = ESTIMATES[verb](config), measured(verb, assignments)
        seconds = f"{took.seconds:7.1f} s of {told.seconds:7.1f} ({took.seconds / told.seconds:4.2f})"
        memory = f"{took.bytes / 1e6:6.0f} MB of {told.bytes / 1e6:6.0f} ({took.bytes / told.bytes:4.2f})"
        print(
            f"{seconds}  {work:7.1f} s of processors  {memory}  {verb} {' '.join(assignments)}",
            flush=True,
        )


if __name__ == "__main__":
    main()
