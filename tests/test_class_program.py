import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-P", "-m", "quadnet"]


def quadnet(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "SOURCE_DATE_EPOCH"}
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], cwd=folder, env=environment, capture_output=True, encoding="utf-8"
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("class")
    names = ("Ada Lovelace", "李雷", "=1+1", "Ernő Rubik", "")
    lines = [f"s{k};{name};group A" for k, name in enumerate(names)]
    (folder / "roster.csv").write_text("\ufeffID;Name;Group\r\n" + "\r\n".join(lines), encoding="utf-8", newline="")
    return folder


@pytest.fixture(scope="module")
def made(folder):
    return quadnet("handout", "--roster", "roster.csv", "--to", "html", "--seed", "7", "--json", folder=folder)


def test_a_class_gets_its_handouts(folder, made):
    assert made.returncode == 0, made.stderr
    answer = json.loads(made.stdout)
    path = folder / answer["path"]
    assert answer["found"] == 0
    assert path.parent == folder / "outputs"
    assert sorted(file.name for file in (path / "students").iterdir()) == [f"s{k}.html" for k in range(5)]
    assert not (path / "instructor").exists()
    with (path / "key.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == ["Ada Lovelace", "李雷", "'=1+1", "Ernő Rubik", ""]
    assert [(row["id"], int(row["seed"]), int(row["refused seeds"])) for row in rows] == [
        (student["id"], student["seed"], student["refused"]) for student in answer["students"]
    ]
    assert "5 students, 0 of them there already" in made.stderr


def test_both_editions_lie_apart_and_the_last_line_is_the_folder(folder, made):
    (folder / "one.csv").write_text("id,name\ns0,Ada Lovelace\n")
    arguments = ("--roster", "one.csv", "--to", "html", "--seed", "7", "--edition", "both", "--output-dir", "apart")
    done = quadnet("handout", *arguments, folder=folder)
    assert done.returncode == 0, done.stderr
    path = folder / done.stdout.splitlines()[-1]
    student, instructor = (path / name / "s0.html" for name in ("students", "instructor"))
    first = folder / json.loads(made.stdout)["path"] / "students" / "s0.html"
    assert student.read_bytes() == first.read_bytes()
    assert "with answers" in instructor.read_text(encoding="utf-8")
    assert "with answers" not in student.read_text(encoding="utf-8")


def test_a_class_is_no_run(folder, made):
    path = json.loads(made.stdout)["path"]
    done = quadnet("verify", path, folder=folder)
    assert done.returncode == 1
    assert "is a handout and no run" in done.stderr


@pytest.mark.parametrize(
    ("roster", "message"),
    [
        ("id,name\n../s1,x\n", "quadnet: bad.csv, line 2: id '../s1' cannot name a file"),
        ("id\ns1\n", "quadnet: bad.csv, line 1: no column called name"),
        ("id,name\ns1,x\nS1,y\n", "quadnet: bad.csv, line 3: id S1 is that of line 2"),
    ],
)
def test_a_bad_roster_is_wrong_usage_and_leaves_nothing(tmp_path, roster, message):
    (tmp_path / "bad.csv").write_text(roster)
    done = quadnet("handout", "--roster", "bad.csv", folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1
    assert [file.name for file in tmp_path.iterdir()] == ["bad.csv"]


def test_an_experiment_without_good_handouts_fails_in_one_line(tmp_path):
    (tmp_path / "roster.csv").write_text("id,name\ns1,x\n")
    done = quadnet("handout", "--roster", "roster.csv", "--to", "html", "--epochs", "50", folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("quadnet: student s1: no good handout among 64 seeds (no plateau at the class shares")
    assert done.stderr.count("\n") == 1
