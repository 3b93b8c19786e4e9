"""Privacy of the answers: a student's file tells no seed, a class leaves none behind, and its key computes nothing."""

import csv
import io
import re
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path

import pypdf
import pytest
from calls import Quadnet

from quadnet.config import Config, load, parse
from quadnet.report.handout.answer_key import inert
from quadnet.report.handout.class_set import candidate

SECRET = 48151623
KINDS = ("html", "pdf")


@pytest.fixture(scope="session")
def handout(quadnet: Quadnet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both editions of a handout on the secret seed; do not change it."""
    done = quadnet("handout", "--seed", SECRET, "--epochs", 500, "--output-dir", tmp_path_factory.mktemp("handout"))
    assert done.code == 0, done.err
    return Path(done.out.strip())


def held(path: Path) -> bytes:
    """All that a file holds: its bytes, and those of a PDF's streams."""
    content = path.read_bytes()
    if path.suffix != ".pdf":
        return content
    streams = re.findall(rb"stream\n(.*?)\nendstream", content, re.DOTALL)
    text = "".join(page.extract_text() for page in pypdf.PdfReader(path).pages)
    return b"\n".join([content, *map(unpacked, streams), text.encode()])


def unpacked(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return stream


def suspects(config: Config, student: str) -> Iterator[Config]:
    """Configurations whose digests somebody could try: of the class or a student, with any pages, by any seed."""
    seeds = {config.data.seed, SECRET, *range(20), *(candidate(config, student, number) for number in range(4))}
    for seed in seeds:
        for language in ("en", "zh"):
            yield config.model_copy(
                update={
                    "data": config.data.model_copy(update={"seed": seed}),
                    "report": config.report.model_copy(update={"language": language}),
                }
            )


def told(content: bytes, config: Config, student: str = "s1") -> set[str]:
    """Which of the suspects' digests a file begins to tell, in hexadecimal or decimal digits or as bytes."""
    found = set()
    for suspect in suspects(config, student):
        digest = suspect.digest
        ways = digest[:8], digest[-8:], digest[:8].upper(), str(int(digest[:8], 16))
        if any(way.encode() in content for way in ways) or bytes.fromhex(digest[:16]) in content:
            found.add(digest)
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("edition", ["student", "instructor"])
def test_only_the_instructor_s_edition_names_the_run(handout: Path, edition: str, kind: str) -> None:
    config = parse(load(handout / "config.toml"))
    found = told(held(handout / f"handout-{edition}.{kind}"), config)
    assert found == ({config.digest} if edition == "instructor" else set())


@pytest.mark.parametrize("student", ["s1", "s2"])
@pytest.mark.parametrize("edition", ["students", "instructor"])
def test_only_the_instructor_s_edition_names_a_student_s_run(small_class: Path, edition: str, student: str) -> None:
    config = parse(load(small_class / "config.toml"))
    found = told(held(small_class / edition / f"{student}.html"), config, student)
    assert len(found) == (edition == "instructor")


@pytest.mark.parametrize("kind", KINDS)
def test_no_seed_stands_on_a_student_s_file(handout: Path, kind: str) -> None:
    content = held(handout / f"handout-student.{kind}")
    assert str(SECRET).encode() not in content
    assert handout.name.encode() not in content
    assert b"quadrants" not in re.sub(b"[Ff]our quadrants", b"", content)


def test_both_editions_print_the_number_of_the_sheet(handout: Path) -> None:
    names = [f"handout-{edition}.{kind}" for edition in ("student", "instructor") for kind in KINDS]
    texts = [held(handout / name).decode(errors="replace") for name in names]
    (number,) = re.findall(r"Sheet <b>(\d{8})</b>", texts[0])
    assert all(number in text for text in texts)


def test_the_same_id_name_and_settings_give_the_same_bytes(quadnet: Quadnet, small_class: Path, tmp_path: Path) -> None:
    head, _, second = small_class.parent.with_name("roster.csv").read_text().splitlines()
    (tmp_path / "roster.csv").write_text(f"{head}\n{second}\n")
    said = quadnet("handout", "--seed", SECRET, "--roster", "roster.csv", "--to", "html", cwd=tmp_path)
    assert said.code == 0, said.err
    made = tmp_path / said.out.strip() / "students" / "s2.html"
    assert made.read_bytes() == (small_class / "students" / "s2.html").read_bytes()


def test_every_sheet_has_a_number_of_its_own(small_class: Path) -> None:
    texts = [(small_class / "students" / f"{name}.html").read_text() for name in ("s1", "s2")]
    numbers = [re.findall(r"Sheet <b>(\d{8})</b>", text) for text in texts]
    assert list(map(len, numbers)) == [1, 1]
    assert numbers[0] != numbers[1]


# What a class leaves behind


def everything(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_a_class_that_is_whole_leaves_nothing_beside_its_folder(small_class: Path) -> None:
    assert list(small_class.parent.iterdir()) == [small_class]
    assert not [name for name in everything(small_class) if "/." in f"/{name}" and name != ".gitattributes"]


LEFT = (
    "{name}/.key.csv.partial",
    "{name}/.moodle.xml.partial",
    "{name}/students/.s1.html.partial",
    "{name}/instructor/.s7.pdf.partial",
    ".{name}.csv",
)


def test_what_was_left_behind_goes_when_the_class_is_whole(quadnet: Quadnet, small_class: Path, tmp_path: Path) -> None:
    path = shutil.copytree(small_class, tmp_path / "outputs" / small_class.name)
    shutil.copy(small_class.parent.with_name("roster.csv"), tmp_path)
    before = everything(tmp_path)
    for place in LEFT:
        (path.parent / place.format(name=path.name)).write_text("stamp,id,seed\n,s1,7\n")
    options = ("--seed", SECRET, "--roster", "roster.csv", "--edition", "both", "--to", "html")
    said = quadnet("handout", *options, cwd=tmp_path)
    assert said.code == 0, said.err
    assert "2 students, 2 of them there already" in said.err
    assert everything(tmp_path) == before


# The key in a spreadsheet


def cells(table: str, separator: str) -> set[str]:
    return {cell.strip() for row in csv.reader(io.StringIO(table), delimiter=separator) for cell in row}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_cell_is_computed_wherever_lines_are_parted(small_class: Path, separator: str) -> None:
    found = cells((small_class / "key.csv").read_text(encoding="utf-8-sig"), separator)
    assert any("HYPERLINK" in cell for cell in found)
    computed = {cell for cell in found if re.match(r"[=+@＝＋＠－-]", cell)}
    assert not {cell for cell in computed if not re.fullmatch(r"-\d+(\.\d+)?", cell)}


NAMES = {
    "x;=HYPERLINK(A1)": "x;'=HYPERLINK(A1)",
    "x,=1+1": "x,'=1+1",
    "x; =1+1": "x;' =1+1",
    'x;"=1+1"': 'x;\'"=1+1"',
    "x;;@SUM(A1)": "x;;'@SUM(A1)",
    "x\t+1": "x\t'+1",
    "x\n-1": "x\n'-1",
    "x;＝1+1": "x;'＝1+1",
    "=1;=2,=3": "'=1;'=2,'=3",
    "Lovelace, Ada; King-Noel": "Lovelace, Ada; King-Noel",
    "C+ (a@b = c)": "C+ (a@b = c)",
}


@pytest.mark.parametrize("name", NAMES)
def test_what_would_be_a_formula_stands_behind_an_apostrophe(name: str) -> None:
    assert inert(name) == NAMES[name]


def test_an_ordinary_name_stays_as_it_is(small_class: Path) -> None:
    rows = csv.DictReader(io.StringIO((small_class / "key.csv").read_text(encoding="utf-8-sig")))
    assert next(rows)["name"] == "Lovelace, Ada"
