import csv
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from quadnet.claims import NUMBERS, OUTCOMES

COMMAND = [sys.executable, "-P", "-m", "quadnet", "sweep"]
SMALL = [
    "--set",
    "data.samples_per_class=50",
    "--epochs",
    "3000",
    "--seeds",
    "0:3",
    "--weight-seeds",
    "0:20",
    "--to",
    "html",
]


def environment() -> dict[str, str]:
    values = dict(os.environ)
    if path := values.get("PYTHONPATH"):
        values["PYTHONPATH"] = os.pathsep.join(str(Path(part).resolve()) for part in path.split(os.pathsep))
    return values


def sweep(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    call = [*COMMAND, *SMALL, "--output-dir", str(folder), *arguments]
    return subprocess.run(call, env=environment(), capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    done = sweep(folder)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.splitlines()[-1])


def test_a_sweep_has_a_line_for_each_pair_of_seeds(whole: Path) -> None:
    lines = (whole / "runs.csv").read_text().splitlines()
    assert len(lines) == 1 + 3 * 20
    assert sorted(path.name for path in whole.iterdir()) == [".gitattributes", "config.toml", "report.html", "runs.csv"]


def test_a_sweep_has_a_column_for_the_verdicts_on_each_claim_and_counts_them_on_its_page(whole: Path) -> None:
    with (whole / "runs.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0])[-len(NUMBERS) :] == NUMBERS
    assert {row[number] for row in rows for number in NUMBERS} <= set(OUTCOMES)
    assert {row["N3"] for row in rows} == {"holds"}
    assert {row["N9"] for row in rows} == {"fails"}
    table = (whole / "report.html").read_text().partition('<section id="verdicts">')[2].partition("</section>")[0]
    found = re.findall(r'<tr><th scope="row">(\w+)</th><td>[^<]+</td>((?:<td>\d+</td>)+)</tr>', table)
    assert [(number, [int(count) for count in re.findall(r"\d+", counts)]) for number, counts in found] == [
        (number, [sum(row[number] == outcome for row in rows) for outcome in OUTCOMES]) for number in NUMBERS
    ]


def test_a_sweep_that_is_killed_again_and_again_ends_with_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    chance = random.Random(0)
    table = tmp_path / whole.name / "runs.csv"
    kills = 0
    for _ in range(8):
        call = [*COMMAND, *SMALL, "--output-dir", str(tmp_path), "-q"]
        process = subprocess.Popen(call, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wanted = (table.stat().st_size if table.exists() else 0) + chance.randint(1, 1200)  # bytes
        while process.poll() is None and (not table.exists() or table.stat().st_size < wanted):
            time.sleep(0.001)
        kills += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert kills > 2
    assert sweep(tmp_path).returncode == 0
    for name in ("runs.csv", "report.html", "config.toml"):
        assert (table.parent / name).read_bytes() == (whole / name).read_bytes()


def test_a_sweep_that_is_there_is_only_told_of(whole: Path) -> None:
    before = (whole / "runs.csv").read_bytes()
    done = sweep(whole.parent, "--json", "-q")
    told = json.loads(done.stdout)
    assert told["found"] == told["runs"] == 60
    assert sum(told["phases"].values()) == 60
    assert done.stderr == ""
    assert (whole / "runs.csv").read_bytes() == before


def test_wrong_seeds_are_refused_in_one_line(tmp_path: Path) -> None:
    done = sweep(tmp_path, "--seeds", "ten")
    assert done.returncode == 2
    assert done.stderr.splitlines() == ["quadnet: --seeds ten: 'ten' is no range of seeds; write 7, 0:10 or 0:10,20:30"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.filterwarnings("default")  # those of Dask are not ours
def test_a_cluster_gives_the_same_rows_even_when_a_worker_dies(whole: Path, tmp_path: Path) -> None:
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        call = [*COMMAND, *SMALL, "--output-dir", str(tmp_path), "--scheduler", cluster.scheduler_address, "-q"]
        process = subprocess.Popen(call, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        table = tmp_path / whole.name / "runs.csv"
        while process.poll() is None and (not table.exists() or table.read_bytes().count(b"\n") < 5):
            time.sleep(0.02)
        os.kill(cluster.workers[0].pid, signal.SIGKILL)
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert table.read_bytes() == (whole / "runs.csv").read_bytes()


def doctor(**variables: str) -> subprocess.CompletedProcess[str]:
    call = [*COMMAND[:-1], "doctor"]
    return subprocess.run(call, env={**environment(), **variables}, capture_output=True, text=True, check=False)


def test_the_doctor_tells_versions_kernel_and_whether_a_pdf_can_be_made() -> None:
    done = doctor(QUADNET_KERNEL="numpy")
    assert done.returncode == 0, done.stderr
    told = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert told["kernel"] == "numpy"
    assert told["PDF"] == "can be made"
    assert {"quadnet", "Python", "numpy", "matplotlib", "weasyprint"} <= set(told)


def test_the_doctor_names_what_a_pdf_needs(no_pango: dict[str, str]) -> None:
    done = doctor(**no_pango)
    assert done.returncode == 3
    assert done.stderr.startswith("quadnet: no PDF: the library Pango is missing; install it with: ")
    assert "kernel" in done.stdout


def test_an_unknown_kernel_is_refused_in_one_line() -> None:
    done = doctor(QUADNET_KERNEL="abacus")
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "quadnet: QUADNET_KERNEL=abacus is not allowed: set numpy or compiled, or unset it"
    ]
