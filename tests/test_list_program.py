"""`quadnet list` as a user meets it: another process, another folder, nothing replaced."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-P", "-m", "quadnet"]
SMALL = ["--epochs", "200", "--set", "evaluation.points=500", "--set", "replicates.runs=1", "--to", "html"]


def quadnet(folder: Path, *arguments: object, **changes: str) -> subprocess.CompletedProcess[str]:
    values = {key: value for key, value in os.environ.items() if key != "SOURCE_DATE_EPOCH"}
    if path := values.get("PYTHONPATH"):
        values["PYTHONPATH"] = os.pathsep.join(str(Path(part).resolve()) for part in path.split(os.pathsep))
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=folder,
        env=values | changes,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose `outputs` holds a run, a damaged copy of it, a sweep, and a folder of something else."""
    home = tmp_path_factory.mktemp("home")
    run = quadnet(home, "report", *SMALL, "--set", "report.title=<b>Lecture</b> {{ 3 }}")
    assert run.returncode == 0, run.stderr
    shutil.copytree(home / run.stdout.rstrip("\n"), home / "outputs" / "damaged")
    (home / "outputs" / "damaged" / "metrics.json").write_text("{}")
    swept = quadnet(home, "sweep", "--epochs", "50", "--weight-seeds", "0:3", "--to", "html")
    assert swept.returncode == 0, swept.stderr
    (home / "outputs" / "slides").mkdir()
    return home


def test_the_table_has_a_line_for_each(home: Path) -> None:
    done = quadnet(home, "list")
    assert done.returncode == 0
    assert done.stderr == "passed over, since they are no runs or links: 1\n"
    head, damaged, run, sweep = done.stdout.splitlines()
    assert head.split()[:4] == ["name", "kind", "seeds", "hidden"]
    assert damaged.split(maxsplit=1) == ["damaged", "damaged: metrics.json is not that of a run"]
    assert run.split()[1:5] == ["run", "0,0", "3,3", "200"]
    assert 'report.title="<b>Lecture</b> {{ 3 }}"' in run
    assert sweep.split()[1:6] == ["sweep", "3", "runs", "3,3", "50"]
    assert quadnet(home, "list", "outputs", "-q").stderr == ""


def test_json_is_one_list(home: Path) -> None:
    done = quadnet(home, "list", "--json")
    damaged, run, sweep = json.loads(done.stdout)
    assert [each["kind"] for each in (damaged, run, sweep)] == ["damaged", "run", "sweep"]
    metrics = json.loads((home / "outputs" / run["name"] / "metrics.json").read_text())
    assert (run["accuracy_fresh"], run["bayes_accuracy"]) == (metrics["accuracy_fresh"], metrics["bayes_accuracy"])
    assert (home / "outputs" / run["files"]["html"]).is_file()


def test_the_page_is_written_the_same_again_and_over_nothing_else(home: Path) -> None:
    done = quadnet(home, "list", "--html", "all.html")
    assert (done.returncode, done.stdout) == (0, "all.html\n")
    first = (home / "all.html").read_bytes()
    assert b"&lt;b&gt;Lecture&lt;/b&gt; {{ 3 }}" in first
    again = quadnet(home, "list", "outputs", "--html", "all.html", TZ="Asia/Tokyo", LC_ALL="C", PYTHONHASHSEED="7")
    assert (again.returncode, (home / "all.html").read_bytes()) == (0, first)
    (home / "all.html").write_text("mine")
    taken = quadnet(home, "list", "--html", "all.html")
    assert (taken.returncode, taken.stdout, (home / "all.html").read_text()) == (1, "", "mine")
    assert "is there and no gallery of runs" in taken.stderr
    forced = quadnet(home, "list", "--html", "all.html", "--force")
    assert (forced.returncode, (home / "all.html").read_bytes()) == (0, first)


def test_wrong_usage_and_a_missing_folder_are_one_line(home: Path) -> None:
    both = quadnet(home, "list", "--json", "--html", "both.html")
    assert (both.returncode, both.stdout) == (2, "")
    assert both.stderr == "quadnet: --json and --html both.html: name one of the two\n"
    missing = quadnet(home, "list", "nowhere")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert missing.stderr.startswith("quadnet: nowhere: cannot be read (No such file or directory)")
