import json
import os
import re
import runpy
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pypdf
import pytest

from quadnet.config import Config, parse
from quadnet.errors import ConfigurationError, QuadnetError
from quadnet.report.handout import class_set, suitability
from quadnet.report.handout.class_set import candidate, choose, issue
from quadnet.report.handout.roster import Student
from quadnet.report.record import manifest
from quadnet.report.record.journal import Table

CLASS = (
    Student("s1", "Ada Lovelace", "en"),
    Student("s2", "李雷", "en"),
    Student("S-3", "=1+1", "en"),
    Student("s4", "Ernő Rubik", "en"),
)
BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "class_set.py"


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".gitattributes")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def issued(tmp_path_factory):
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("SOURCE_DATE_EPOCH", raising=False)
        return issue(Config(), CLASS, tmp_path_factory.mktemp("class"), formats=("html", "pdf"), workers=2)


@pytest.fixture
def copied(issued, tmp_path):
    """A copy to spoil: the folder that holds the set and what is remembered of it."""
    return Path(shutil.copytree(issued.path.parent, tmp_path / "class"))


# The seeds


def test_a_seed_is_the_same_on_every_machine():
    assert [candidate(Config(), "s1", number) for number in range(2)] == [1319509707, 3921718015]
    assert candidate(Config(), "é", 0) == 3895688861


def test_a_seed_comes_from_id_number_and_numbers_of_the_configuration():
    first = candidate(Config(), "a", 0)
    others = [candidate(Config(), "b", 0), candidate(Config(), "a", 1), candidate(parse({"name": "other"}), "a", 0)]
    others += [candidate(parse({"data": {"seed": 1}}), "a", 0), candidate(parse({"data": {"spread": 0.4}}), "a", 0)]
    assert len({first, *others}) == 6
    assert candidate(parse({"report": {"title": "Another title"}}), "a", 0) == first


def test_seeds_fill_their_range_evenly():
    seeds = [candidate(Config(), str(k), 0) for k in range(4096)]
    assert len(set(seeds)) == len(seeds)
    quarters = [sum(k * 2**30 <= seed < (k + 1) * 2**30 for seed in seeds) for k in range(4)]
    assert all(abs(count - 1024) < 140 for count in quarters)  # five standard deviations


def test_the_first_seed_without_faults_is_chosen(monkeypatch):
    found = iter([("unclear_groups",), ("no_second_plateau", "unclear_speeds"), ()])
    monkeypatch.setattr(suitability, "faults", lambda lesson, exercises: next(found))
    lesson, refused = choose(parse({"training": {"epochs": 50}}), CLASS[0])
    seeds = [candidate(parse({"training": {"epochs": 50}}), "s1", number) for number in range(3)]
    assert lesson.config.data.seed == seeds[2]
    assert refused == ((seeds[0], ("unclear_groups",)), (seeds[1], ("no_second_plateau", "unclear_speeds")))


def test_a_seed_that_somebody_has_is_passed_over(monkeypatch):
    monkeypatch.setattr(suitability, "faults", lambda lesson, exercises: ())
    config = parse({"training": {"epochs": 50}})
    first, second = (candidate(config, "s1", number) for number in range(2))
    lesson, refused = choose(config, CLASS[0], frozenset([first]))
    assert (lesson.config.data.seed, refused) == (second, ((first, ("taken",)),))


def test_an_experiment_that_suits_nobody_is_refused_in_one_line(monkeypatch):
    monkeypatch.setattr(class_set, "MOST_TRIES", 3)
    with pytest.raises(QuadnetError) as error:
        choose(parse({"training": {"epochs": 50}}), CLASS[0])
    assert str(error.value).startswith("student s1: no good handout among 3 seeds (no plateau at the class shares: 3,")
    monkeypatch.setattr(class_set, "MOST_TRIES", 2)
    with pytest.raises(QuadnetError, match="the training went wrong: 2"):
        choose(parse({"training": {"learning_rate": 1e6, "epochs": 50}}), CLASS[0])


# The set


def test_everybody_has_own_numbers_and_the_lecturer_the_key(issued):
    assert issued.failure is None
    assert (issued.found, issued.strangers) == (0, 0)
    assert [sheet.student for sheet in issued.sheets] == list(CLASS)
    assert len({sheet.seed for sheet in issued.sheets}) == len(CLASS)
    assert len({tuple(exercise.key for exercise in sheet.key) for sheet in issued.sheets}) == 1
    files = {f"students/{student.id}.{kind}" for student in CLASS for kind in ("html", "pdf")}
    common = {"config.toml", "key.csv", "key.html", "key.pdf", "manifest.json", "moodle.xml", "progress.csv"}
    assert set(contents(issued.path)) == files | common
    assert list(issued.path.parent.iterdir()) == [issued.path]


def test_the_manifest_lists_everything(issued):
    stored = contents(issued.path)
    listed = manifest.parse(stored.pop(manifest.NAME))
    assert set(listed.files) == set(stored)
    assert listed.files["key.pdf"] == manifest.Entry(**manifest._entry("key.pdf", stored["key.pdf"]))


def test_all_answers_computed_again_by_other_means(issued):
    answers = sum(len(exercise.answers) for exercise in issued.sheets[0].key)
    assert runpy.run_path(str(BENCHMARK))["check"](issued.path) == len(CLASS) * answers


def words_of(path: Path) -> str:
    if path.suffix == ".html":
        return path.read_text(encoding="utf-8")
    reader = pypdf.PdfReader(path)
    assert not list(reader.attachment_list)
    return "\n".join(page.extract_text() for page in reader.pages)


@pytest.mark.parametrize("kind", ["html", "pdf"])
def test_no_student_s_file_holds_an_answer_or_anything_of_another_s(issued, kind):
    texts = {
        sheet.student: words_of(issued.path / "students" / f"{sheet.student.id}.{kind}") for sheet in issued.sheets
    }
    for sheet in issued.sheets:
        (drill,) = (exercise for exercise in sheet.exercises if exercise.key == "back-propagation")
        secrets = [answer.text for answer in drill.answers]
        secrets += [paragraph for exercise in sheet.exercises for paragraph in (*exercise.solution, *exercise.marking)]
        (phases,) = (exercise.given for exercise in sheet.exercises if exercise.key == "phase-speeds")
        own = [cell for row in phases[2:4] for cell in row[3:]]
        for student, text in texts.items():
            assert not [secret for secret in secrets if secret in text]
            if student == sheet.student:
                assert all(number in text for number in own)
            else:
                assert sum(number in text for number in own) <= 1
                assert not re.search(rf"(?<![\w+/]){sheet.student.id}(?![\w+/])", text)  # fonts are base64
                assert sheet.student.name not in text


def test_names_and_ids_are_on_the_sheets_as_far_as_they_can_be_printed(issued):
    for student in CLASS:
        page = words_of(issued.path / "students" / f"{student.id}.html")
        assert f"<b>{student.name}</b> <code>{student.id}</code>" in page
    assert "Ada Lovelace" in words_of(issued.path / "students" / "s1.pdf")
    assert "李雷" in words_of(issued.path / "students" / "s2.pdf")


def test_another_number_of_workers_and_another_order_give_the_same_files(issued, tmp_path):
    again = issue(Config(), CLASS[1::-1], tmp_path, formats=("html", "pdf"), workers=1)
    first, second = contents(issued.path), contents(again.path)
    same = [name for name in second if name.startswith("students/")]
    assert len(same) == 4
    assert all(first[name] == second[name] for name in [*same, "config.toml"])
    assert again.sheets == issued.sheets[1::-1]


def test_a_set_that_is_there_stays_as_it_is(issued, copied):
    before = contents(copied)
    again = issue(Config(), CLASS, copied, formats=("html", "pdf"))
    assert again.found == len(CLASS)
    assert again.sheets == issued.sheets
    assert contents(copied) == before


def test_a_damaged_file_is_made_again_and_a_late_student_added(issued, copied):
    path = copied / issued.path.name
    (path / "students" / "s1.pdf").write_bytes(b"%PDF-1.7")
    late = Student("s5", "Late", "en")
    again = issue(Config(), (late, *CLASS), copied, formats=("html", "pdf"))
    assert again.found == len(CLASS) - 1
    assert again.sheets[1:] == issued.sheets
    after = contents(path)
    assert all(after[name] == content for name, content in contents(issued.path).items() if name.startswith("students"))
    assert after["key.csv"].decode("utf-8-sig").splitlines()[1].startswith("s5,Late,")


def test_a_student_who_left_is_left_out_but_the_files_stay(issued, copied):
    again = issue(Config(), CLASS[:3], copied, formats=("html", "pdf"))
    assert (again.found, again.strangers) == (3, 2)
    after = contents(again.path)
    assert "students/s4.pdf" in after
    assert "students/s4.pdf" not in manifest.parse(after[manifest.NAME]).files
    assert b"Rubik" not in after["key.csv"] + after["moodle.xml"]


def test_a_student_who_comes_back_gets_another_sheet_in_the_place_of_the_first(issued, copied):
    issue(Config(), CLASS[:3], copied, formats=("html",))
    again = issue(Config(), CLASS, copied, formats=("html", "pdf"), paper="letter")
    assert (again.changed, again.strangers) == ((), 0)
    assert not list(again.path.rglob("*~"))


def test_another_name_makes_a_sheet_anew(issued, copied):
    renamed = (Student("s1", "Ada King", "en"), *CLASS[1:])
    again = issue(Config(), renamed, copied, formats=("html", "pdf"))
    assert again.found == len(CLASS) - 1
    assert "Ada King" in words_of(again.path / "students" / "s1.pdf")


def test_a_damaged_memory_only_costs_time(issued, copied):
    (copied / issued.path.name / "progress.csv").write_text(
        "stamp,id,seed,refused,files\nx,s1,1,[1],{}\nx,s1,y,[],[]\nz\n"
    )
    again = issue(Config(), CLASS[:1], copied, formats=("html", "pdf"))
    assert again.found == 0
    assert contents(again.path)["students/s1.pdf"] == contents(issued.path)["students/s1.pdf"]


def test_what_earlier_versions_and_killed_builds_left_is_cleared_away(issued, copied):
    path = copied / issued.path.name
    left = [copied / f".{path.name}.csv", path / ".key.csv.partial", path / "students" / ".s1.pdf.partial"]
    for file in left:
        file.write_text("seed\n")
    issue(Config(), CLASS, copied, formats=("html", "pdf"))
    assert not any(file.exists() for file in left)
    assert contents(copied) == contents(issued.path.parent)


def test_what_somebody_changed_is_kept_under_another_name(issued, copied):
    path = copied / issued.path.name
    (path / "key.csv").write_text("id,mark\ns1,9\n")
    (path / "students" / "s2.html").write_text("seen")
    late = Student("s5", "Late", "en")
    again = issue(Config(), (*CLASS, late), copied, formats=("html", "pdf"))
    assert again.changed == (
        "students/s2.html is not what was written there; it is kept as s2.html.~1~",
        "key.csv is not what was written there; it is kept as key.csv.~1~",
    )
    assert (path / "key.csv.~1~").read_text() == "id,mark\ns1,9\n"
    assert (path / "students" / "s2.html.~1~").read_text() == "seen"
    assert not list(path.glob("moodle.xml.*"))
    assert contents(path)["students/s2.html"] == contents(issued.path)["students/s2.html"]


def test_a_second_build_at_once_is_refused_and_takes_nothing(issued, copied):
    path = copied / issued.path.name
    before = contents(copied)
    with Table(path / "progress.csv", class_set._COLUMNS):
        with pytest.raises(QuadnetError, match="another handout is writing to it"):
            issue(Config(), CLASS, copied, formats=("html",))
        assert contents(copied) == before


def test_what_cannot_run_at_all_is_no_fault_of_a_seed(monkeypatch, tmp_path):
    monkeypatch.setenv("QUADNET_KERNEL", "abacus")
    with pytest.raises(ConfigurationError, match="QUADNET_KERNEL=abacus is not allowed"):
        choose(Config(), CLASS[0])
    with pytest.raises(ConfigurationError, match="QUADNET_KERNEL=abacus is not allowed"):
        issue(Config(), CLASS, tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_earlier_key_stays_until_there_is_a_new_one(issued, copied, monkeypatch):
    path = copied / issued.path.name
    before = contents(path)

    def full(target, content, remedy=""):
        raise QuadnetError(f"{target}: cannot be written")

    monkeypatch.setattr(class_set.writing, "replace", full)
    with pytest.raises(QuadnetError, match="cannot be written"):
        issue(Config(), CLASS, copied, formats=("html", "pdf"))
    assert contents(path) == {name: content for name, content in before.items() if name != manifest.NAME}


def test_two_with_the_same_seed_are_parted_whatever_the_order(issued):
    class Pool:
        def submit(self, make, order, student, kept, taken):
            asked.append((student.id, taken))
            return self

        def result(self):
            return class_set.Result(fresh, {})

    twin, other = issued.sheets[0], issued.sheets[1]
    fresh = class_set.Sheet(CLASS[3], 5, ((twin.seed, ("taken",)),), twin.exercises, twin.key)
    same = class_set.Sheet(CLASS[3], twin.seed, (), twin.exercises, twin.key)
    sheets = {sheet.student: class_set.Result(sheet, {}) for sheet in (same, other, twin)}
    for results in (dict(sheets), dict(reversed(sheets.items()))):
        asked = []
        class_set._part_twins(results, Pool(), None)
        assert asked == [("s4", frozenset({twin.seed, other.seed}))]
        assert {results[student].sheet.seed for student in results} == {5, twin.seed, other.seed}


def running(group: int) -> bool:
    """Whether a process of the group is there that has not ended."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, its_group, *_ = path.read_text().rpartition(")")[2].split()
            if int(its_group) == group and state != "Z":
                return True
    return False


def test_a_set_that_was_killed_goes_on_where_it_stopped(issued, tmp_path):
    roster = tmp_path / "roster.csv"
    roster.write_text("id,name\n" + "".join(f"{s.id},{s.name}\n" for s in CLASS), encoding="utf-8")
    command = [
        sys.executable,
        "-P",
        "-m",
        "quadnet",
        "handout",
        "--roster",
        str(roster),
    ]
    command += ["--to", "html,pdf", "--output-dir", str(tmp_path)]
    memory = tmp_path / issued.path.name / "progress.csv"
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        while process.poll() is None and not (memory.exists() and memory.read_text(encoding="utf-8").count("\n") > 1):
            time.sleep(0.05)
    finally:
        process.kill()
        process.wait()
    deadline = time.monotonic() + 60
    while running(process.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    if running(process.pid):
        os.killpg(process.pid, signal.SIGKILL)
        pytest.fail("workers outlive their program")
    path = tmp_path / issued.path.name
    assert not (path / manifest.NAME).exists()
    done = memory.read_text(encoding="utf-8").count("\n") - 1
    assert 0 < done <= len(CLASS)
    result = subprocess.run([*command, "--json"], capture_output=True, check=True)
    assert json.loads(result.stdout)["found"] >= done
    assert contents(path) == contents(issued.path)


def test_without_pango_there_is_all_but_the_pdfs(without_pango, tmp_path):
    broken = issue(Config(), CLASS[:1], tmp_path, formats=("html", "pdf"))
    assert re.search("Pango is missing", str(broken.failure))
    assert {"students/s1.html", "key.csv", "key.html", "moodle.xml"} <= set(contents(broken.path))
    assert not list(broken.path.rglob("*.pdf"))
