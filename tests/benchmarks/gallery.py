"""How long a list of many runs takes, and how large its page is.

    pip install . && python -P tests/benchmarks/gallery.py [RUNS]

One short run is made; the others are copies of its small files with other seeds. Each command runs in a process of its
own; the time is the least of three, with that of the processor beside it, which others on the machine disturb less.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMMAND = [sys.executable, "-P", "-m", "quadnet"]
SMALL = ("config.toml", "metrics.json", "phases.json", "claims.json", "manifest.json")
TIMES = 3


def quadnet(folder: Path, *arguments: str) -> tuple[float, float]:
    """Seconds by the clock and of the processor that a command takes."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([*COMMAND, *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    after, clock = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - start
    return clock, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def copies(folder: Path, count: int) -> None:
    """Fills `outputs` with as many runs."""
    quadnet(folder, "report", "--to", "html", "--set", "replicates.runs=0", "-q")
    (run,) = (folder / "outputs").iterdir()
    contents = {name: (run / name).read_bytes() for name in SMALL}
    config = contents["config.toml"]
    for seed in range(1, count):
        copy = folder / "outputs" / f"{run.name}-{seed}"
        copy.mkdir()
        contents["config.toml"] = config.replace(b"[network]\nseed = 0", b"[network]\nseed = %d" % seed)
        for name, content in contents.items():
            (copy / name).write_bytes(content)
        (copy / "report.html").touch()


def main() -> None:
    """Prints the figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copies(folder, count)
        for command in (["list"], ["list", "--json"], ["list", "--html", "all.html"]):
            clock, processor = map(min, zip(*(quadnet(folder, *command) for _ in range(TIMES)), strict=True))
            print(f"{count} runs, quadnet {' '.join(command)}: {clock:.2f} s, {processor:.2f} s of the processor")
        size = (folder / "all.html").stat().st_size / 1e6
        print(f"the page has {size:.1f} MB; load {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    main()
