"""Nothing is lost, and what is said of it is true: tables of sweeps, drawings of curves, sets of a class."""

import fcntl
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from calls import Quadnet

SWEEP = ["sweep", "--epochs", "60", "--set", "data.samples_per_class=20", "--weight-seeds", "0:3", "--to", "html"]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="session")
def small_sweep(quadnet: Quadnet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep; do not change it."""
    done = quadnet(*SWEEP, "--output-dir", tmp_path_factory.mktemp("sweep"))
    assert done.code == 0, done.err
    return Path(done.out.strip())


@pytest.fixture
def swept(small_sweep: Path, tmp_path: Path) -> Path:
    """A sweep to do something to."""
    return shutil.copytree(small_sweep, tmp_path / "outputs" / small_sweep.name)


# A file in the sweep's folder that is not the sweep's

SAVED = "was saved by another program, such as a spreadsheet, which may have changed numbers; move it away"
DAMAGED = "is damaged; take it out to run it again"
COLUMNS = "has other columns than this program writes; move it away to start anew"
TABLES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "marks, the last line without its end": (lambda table: b"id,mark\n1,5\n2,6", COLUMNS),
    "a note of one line": (lambda table: b"do not touch", COLUMNS),
    "a note of one line, ended": (lambda table: b"do not touch\n", COLUMNS),
    "a picture": (lambda table: bytes(range(256)) * 40, COLUMNS),
    "empty lines": (lambda table: b"\n\n", COLUMNS),
    "one of our columns": (lambda table: b"data_seed\n1", COLUMNS),
    "columns in another order": (lambda table: b"weight_seed,data_seed\n1,2", COLUMNS),
    "Excel: a mark and semicolons": (lambda table: b"\xef\xbb\xbf" + table.replace(b",", b";"), SAVED),
    "Excel: a mark": (lambda table: b"\xef\xbb\xbf" + table, SAVED),
    "Excel: Unicode text": (lambda table: table.replace(b",", b"\t").decode().encode("utf-16"), SAVED),
    "Excel: semicolons and commas": (lambda table: table.replace(b",", b";").replace(b".", b","), SAVED),
    "Excel: ends of lines": (lambda table: table.replace(b"\n", b"\r\n"), SAVED),
    "Calc: quotes": (lambda table: b'"' + table.replace(b",", b'","').replace(b"\n", b'"\n"')[:-1], SAVED),
    "numbers without their zeros": (lambda table: table.replace(b",0.", b",."), DAMAGED),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_that_is_not_the_sweep_s_is_refused_as_it_is(quadnet: Quadnet, swept: Path, name: str) -> None:
    change, message = TABLES[name]
    (swept / "runs.csv").write_bytes(change((swept / "runs.csv").read_bytes()))
    before = contents(swept)
    said = quadnet(*SWEEP, "--output-dir", swept.parent)
    assert (said.code, said.out, said.err.count("\n")) == (1, "", 1)
    assert message in said.err
    assert contents(swept) == before


PLACES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a link to marks": (lambda path: path.symlink_to("../marks.csv"), "is a link"),
    "a link to a table": (lambda path: path.symlink_to("../table.csv"), "is a link"),
    "a link to nothing": (lambda path: path.symlink_to("../nothing.csv"), "is a link"),
    "a pipe": (os.mkfifo, "is no file"),
    "a folder": (Path.mkdir, "cannot be opened (Is a directory)"),
}


@pytest.mark.parametrize("name", PLACES)
def test_what_is_no_table_at_all_is_left_alone(quadnet: Quadnet, swept: Path, name: str) -> None:
    make, message = PLACES[name]
    (swept.parent / "marks.csv").write_bytes(b"id,mark\n1,5\n2,6")
    (swept / "runs.csv").rename(swept.parent / "table.csv")
    with (swept.parent / "table.csv").open("ab") as table:
        table.write(b"0,3,cut off")
    make(swept / "runs.csv")
    before = contents(swept.parent)
    said = quadnet(*SWEEP, "--output-dir", swept.parent)
    assert (said.code, said.err.count("\n")) == (1, 1)
    assert f"runs.csv: {message}" in said.err
    assert contents(swept.parent) == before


def test_settings_that_are_not_the_sweep_s_are_left_alone(quadnet: Quadnet, swept: Path) -> None:
    (swept / "config.toml").write_text("# mine\n")
    before = contents(swept)
    said = quadnet(*SWEEP, "--output-dir", swept.parent)
    assert said.code == 1
    assert "config.toml: is there and not this sweep's; move it away, or name another --output-dir" in said.err
    assert contents(swept) == before


PAGES: dict[str, Callable[[Path], object]] = {
    "a page of somebody else": lambda path: path.write_text("<!DOCTYPE html><title>mine</title>"),
    "nothing": Path.touch,
    "a PDF that names no program": lambda path: path.write_bytes(b"%PDF-1.7\n%mine\n"),
    "a link to a page": lambda path: path.symlink_to("../page.html"),
}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("kind", ["html", "pdf"])
def test_pages_that_are_not_the_sweep_s_are_left_alone(quadnet: Quadnet, swept: Path, name: str, kind: str) -> None:
    (swept / "report.html").rename(swept.parent / "page.html")
    PAGES[name](swept / f"report.{kind}")
    before = contents(swept.parent)
    said = quadnet(*SWEEP, "--to", kind, "--weight-seeds", "0:9", "--output-dir", swept.parent)
    assert said.code == 1
    assert f"report.{kind}: is there and not this sweep's; move it away, or name another --output-dir" in said.err
    assert contents(swept.parent) == before


# The rows of a table: of one program, and none of a run that failed


def without_program(table: str) -> str:
    """As earlier versions wrote it."""
    return "\n".join(",".join((*line.split(",")[:2], *line.split(",")[3:])) for line in table.splitlines()) + "\n"


OTHERS: dict[str, Callable[[str], str]] = {
    "of an earlier version": without_program,
    "of another program": lambda table: re.sub(r"(?m)^(\d,\d),\w{16}", r"\1,0123456789abcdef", table),
    "of two programs": lambda table: re.sub(r"(?m)^(\d,2),\w{16}", r"\1,0123456789abcdef", table),
    "of an earlier version, cut off": lambda table: without_program(table)[:-30],
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_table_of_another_program_is_kept_beside_the_new_one(quadnet: Quadnet, swept: Path, name: str) -> None:
    whole = (swept / "runs.csv").read_text()
    changed = OTHERS[name](whole)
    assert changed != whole
    (swept / "runs.csv").write_text(changed)
    (swept / "runs-earlier-1.csv").write_text("mine")
    said = quadnet(*SWEEP, "--output-dir", swept.parent)
    assert said.code == 0, said.err
    assert "runs.csv was another version's; it is kept as runs-earlier-2.csv, and every run is made anew" in said.err
    assert "3 runs, 0 of them there already" in said.err
    texts = [(swept / name).read_text() for name in ("runs.csv", "runs-earlier-1.csv", "runs-earlier-2.csv")]
    assert texts == [whole, "mine", changed]


def test_a_row_of_a_run_that_failed_is_tried_again(quadnet: Quadnet, swept: Path) -> None:
    whole = (swept / "runs.csv").read_text()
    program = whole.splitlines()[1].split(",")[2]
    empty = "," * (whole.split("\n")[0].count(",") - 3)
    failed = re.sub(r"(?m)^0,2,.*$", f"0,2,{program},failed: MemoryError{empty}", whole)
    (swept / "runs.csv").write_text(failed)
    said = quadnet(*SWEEP, "--output-dir", swept.parent)
    assert said.code == 0, said.err
    assert "3 runs, 2 of them there already" in said.err
    assert (swept / "runs.csv").read_text() == whole


@pytest.mark.parametrize(
    "arguments",
    [SWEEP, ["handout", "--roster", "roster.csv"], ["handout"], ["report"]],
    ids=["a sweep", "a class", "a handout", "a report"],
)
@pytest.mark.parametrize("value", ["nope", ""])
def test_a_wrong_setting_is_refused_before_anything_runs(
    quadnet: Quadnet, tmp_path: Path, arguments: list[str], value: str
) -> None:
    (tmp_path / "roster.csv").write_text("id,name\ns1,Ada\n")
    said = quadnet(*arguments, cwd=tmp_path, env={"QUADNET_KERNEL": value})
    assert (said.code, said.out) == (2, "")
    assert said.err == f"quadnet: QUADNET_KERNEL={value} is not allowed: set numpy or compiled, or unset it\n"
    assert [path.name for path in tmp_path.iterdir()] == ["roster.csv"]


# The drawings of curves


@pytest.fixture
def curves(tmp_path: Path) -> Path:
    """A folder with two curves of the same name."""
    for name, rate in (("a", 0.9), ("b", 0.8)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "history.csv").write_text("".join(f"{rate**k}\n" for k in range(40)))
    return tmp_path


@pytest.mark.parametrize(
    ("first", "second", "stdin", "target"),
    [
        (["a/history.csv"], ["b/history.csv"], b"", "history-phases.svg"),
        (["a/history.csv"], ["./b/../b/history.csv", "-q"], b"", "history-phases.svg"),
        (["a/history.csv", "--plot", "history-phases.svg"], ["b/history.csv", "--json"], b"", "history-phases.svg"),
        (["a/history.csv", "--plot", "phases.svg"], ["-"], b"3\n2\n1\n", "phases.svg"),
    ],
    ids=["another folder", "by a long way", "by its name", "from a pipe"],
)
def test_the_drawing_of_another_curve_is_not_lost(
    quadnet: Quadnet, curves: Path, first: list[str], second: list[str], stdin: bytes, target: str
) -> None:
    assert quadnet("phases", *first, cwd=curves).code == 0
    before = (curves / target).read_bytes()
    said = quadnet("phases", *second, cwd=curves, stdin=stdin)
    assert said.code == 1
    assert "descent" in said.out
    assert said.err == (
        f"quadnet: {target}: is the drawing of a/history.csv; name another file with --plot, or use --force\n"
    )
    assert (curves / target).read_bytes() == before
    assert quadnet("phases", *second, "--force", cwd=curves, stdin=stdin).code == 0
    assert (curves / target).read_bytes() != before


@pytest.mark.parametrize("again", ["a/history.csv", "./a/history.csv", "b/../a/history.csv", "link.csv"])
def test_the_drawing_of_the_same_file_gives_way(quadnet: Quadnet, curves: Path, again: str) -> None:
    (curves / "history.csv").symlink_to("a/history.csv")
    again = again.replace("link.csv", "history.csv")
    assert quadnet("phases", "a/history.csv", cwd=curves).code == 0
    (curves / "a" / "history.csv").write_text("3\n2\n1\n")
    said = quadnet("phases", again, cwd=curves)
    assert (said.code, said.err) == (0, "")
    assert said.out.endswith("\nhistory-phases.svg\n")


@pytest.mark.parametrize("place", ["missing/plot.svg", "a/history.csv/plot.svg", "/proc/plot.svg"])
def test_the_phases_are_told_where_no_drawing_can_be_written(quadnet: Quadnet, curves: Path, place: str) -> None:
    said = quadnet("phases", "a/history.csv", "--plot", place, cwd=curves)
    assert said.code == 1
    assert said.out == quadnet("phases", "a/history.csv", "--no-plot", cwd=curves).out
    assert re.fullmatch(r"quadnet: \S+: cannot be written \(.*\); name another file with --plot\n", said.err)


@pytest.mark.parametrize(
    "name", [b"a\x01b.csv", b"a\nb.csv", b"\x1b[31m.csv", b"caf\xe9.csv", "\ufffe<&>.csv".encode()]
)
def test_the_name_of_a_file_spoils_no_drawing(quadnet: Quadnet, curves: Path, name: bytes) -> None:
    path = os.fsencode(curves) + b"/" + name
    shutil.copy(curves / "a" / "history.csv", path)
    said = quadnet("phases", os.fsdecode(path), "--plot", "plot.svg", cwd=curves)
    assert said.code == 0, said.err
    title = ElementTree.parse(curves / "plot.svg").getroot()[0]
    assert title.tag.endswith("title")
    assert (title.text or "").isprintable()


def test_the_differences_are_told_where_no_page_can_be_written(
    quadnet: Quadnet, small_run: Path, tmp_path: Path
) -> None:
    said = quadnet("diff", small_run, small_run, "--html", tmp_path / "missing" / "page.html")
    assert said.code == 1
    assert said.out == quadnet("diff", small_run, small_run).out
    assert "page.html: cannot be written" in said.err


# The set of a class


def test_a_second_build_of_a_class_takes_nothing_away(quadnet: Quadnet, small_class: Path, tmp_path: Path) -> None:
    path = shutil.copytree(small_class, tmp_path / small_class.name)
    (tmp_path / "roster.csv").write_text("id,name\ns9,Somebody\n")
    before = contents(path)
    with (path / "progress.csv").open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        options = ("--seed", 48151623, "--roster", tmp_path / "roster.csv", "--to", "html", "--output-dir", tmp_path)
        said = quadnet("handout", *options)
    assert said.code == 1
    assert said.err.endswith(
        "progress.csv: another handout is writing to it; wait until it ends, or name another --output-dir\n"
    )
    assert contents(path) == before


# What would lie in a run's folder, or take the place of what it is made of

INTO_RUN: dict[str, tuple[list[str], str]] = {
    "a list": (["list", ".", "--html", "RUN/list.html"], "--html"),
    "a list that is forced": (["list", ".", "--html", "RUN/report.html", "--force"], "--html"),
    "a drawing": (["phases", "RUN/history.csv", "--plot", "RUN/figures/phases.svg"], "--plot"),
    "a comparison": (["diff", "RUN", "RUN", "--html", "LINK/a.html"], "--html"),
    "an archive": (["archive", "RUN", "--output", "RUN/run.zip"], "--output"),
    "an archive in a folder": (["archive", "RUN", "--output", "RUN/zips"], "--output"),
    "a run": (["report", "--to", "html", "--output-dir", "RUN"], "--output-dir"),
    "a run deeper": (["report", "--to", "html", "--output-dir", "LINK/figures/more"], "--output-dir"),
    "a handout": (["handout", "--to", "html", "--output-dir", "RUN/figures"], "--output-dir"),
    "a sweep": (["sweep", "--to", "html", "--output-dir", "RUN"], "--output-dir"),
    "a class": (["handout", "--roster", "class.csv", "--to", "html", "--output-dir", "RUN"], "--output-dir"),
}


@pytest.mark.parametrize(("call", "option"), INTO_RUN.values(), ids=INTO_RUN)
def test_nothing_is_written_into_a_run(
    quadnet: Quadnet, run: Path, tmp_path: Path, call: list[str], option: str
) -> None:
    (tmp_path / "link").symlink_to(run)
    (tmp_path / "class.csv").write_text("id,name\n1,Ann\n")
    before = contents(run)
    said = quadnet(*(part.replace("RUN", str(run)).replace("LINK", "link") for part in call), cwd=tmp_path)
    assert said.code == 1
    line = said.err.splitlines()[-1]
    assert "lies in a run's folder, which would not verify then; name another" in line
    assert line.endswith(option)
    assert contents(run) == before


def test_no_run_is_built_from_within_another(quadnet: Quadnet, run: Path) -> None:
    said = quadnet("report", "--to", "html", cwd=run)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("quadnet: outputs: lies in a run's folder")
    assert not (run / "outputs").exists()


def test_what_is_read_is_not_replaced_even_if_forced(quadnet: Quadnet, curves: Path, printed_run: Path) -> None:
    (curves / "link.csv").symlink_to("a/history.csv")
    shutil.copy(printed_run / "report.pdf", curves / "run.pdf")
    before = contents(curves)
    for call in (
        ("phases", "a/history.csv", "--plot", "a/history.csv"),
        ("phases", "link.csv", "--plot", "a/history.csv"),
        ("diff", "run.pdf", "run.pdf", "--html", "run.pdf"),
    ):
        said = quadnet(*call, "--force", cwd=curves)
        assert said.code == 1
        assert f"{call[-1]}: is what is read; name another file with " in said.err
    assert contents(curves) == before


NO_FOLDERS = {
    "a file": lambda place: place.write_text("mine"),
    "a link to nothing": lambda place: place.symlink_to("nothing"),
    "a link to itself": lambda place: place.symlink_to(place.name),
}


@pytest.mark.parametrize("name", NO_FOLDERS)
@pytest.mark.parametrize(
    ("call", "option"),
    [(["report", "--output-dir", "place"], "--output-dir"), (["archive", "RUN", "--output", "place/"], "--output")],
    ids=["report", "archive"],
)
def test_a_folder_that_is_none_is_told(
    quadnet: Quadnet, run: Path, tmp_path: Path, name: str, call: list[str], option: str
) -> None:
    NO_FOLDERS[name](tmp_path / "place")
    said = quadnet(*(part.replace("RUN", str(run)) for part in call), cwd=tmp_path)
    assert (said.code, said.out) == (1, "")
    assert "place: is a file, or a link that leads nowhere; name another " in said.err
    assert said.err.endswith(f"{option}\n")


@pytest.mark.parametrize(
    "call",
    [
        ["report", "--to", "html", "--output-dir", "-"],
        ["archive", "RUN", "--output", "-"],
        ["phases", "RUN/history.csv", "--plot", "-"],
        ["diff", "RUN", "RUN", "--html", "-"],
        ["list", ".", "--html", "-"],
        ["sweep", "--seeds", "0:2", "--output-dir", "-"],
        ["handout", "--output-dir", "-"],
    ],
    ids=lambda call: call[0],
)
def test_a_dash_is_no_file_to_write(quadnet: Quadnet, run: Path, tmp_path: Path, call: list[str]) -> None:
    (folder := tmp_path / "empty").mkdir()
    said = quadnet(*(part.replace("RUN", str(run)) for part in call), cwd=folder)
    assert said.code == 1
    assert re.fullmatch(r"quadnet: -.*: standard output takes no files; name another .*\n", said.err)
    assert not list(folder.iterdir())
