"""`quadnet handout` as a user calls it, and that nothing of an answer leaves with the student's files."""

import base64
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pypdf
import pytest
from pypdf.generic import (
    ArrayObject,
    ByteStringObject,
    DictionaryObject,
    IndirectObject,
    StreamObject,
    TextStringObject,
)

from quadnet.config import load, parse
from quadnet.lesson import prepare
from quadnet.report.handout.exercises import exercises
from quadnet.report.handout.exercises.exercise import Exercise
from quadnet.report.words.language import Language

FILES = {f"handout-{edition}.{kind}" for edition in ("student", "instructor") for kind in ("html", "pdf")}
DATA = re.compile(r"data:[\w/+.-]+;base64,[A-Za-z0-9+/=]*")
NUMBER = re.compile(r"\d+(?:\u202f\d{3})*(?:\.\d+)?")
CONFIGURATIONS = {
    "default": (),
    "unequal": ("--set", "data.samples_per_class=[200,150,50,50]", "--seed", "2"),
    "no second plateau": ("--set", "network.initial_scale=1", "--weight-seed", "1"),
    "momentum": ("--momentum", "0.9", "--weight-seed", "5"),
    "wide": ("--hidden", "12", "--paper", "letter"),
    "short": ("--epochs", "40"),
}


def quadnet(folder: Path, *arguments: object, **changes: str) -> subprocess.CompletedProcess[str]:
    """Calls `quadnet handout` in a folder."""
    command = [
        sys.executable,
        "-P",
        "-m",
        "quadnet",
        "handout",
        *map(str, arguments),
    ]
    values = {key: value for key, value in os.environ.items() if key != "SOURCE_DATE_EPOCH"} | changes
    return subprocess.run(command, cwd=folder, env=values, capture_output=True, text=True, check=False)


@dataclass(frozen=True)
class Folder:
    """A handout as it lies on the disk, and what it was made of."""

    path: Path
    stderr: str

    @property
    def exercises(self) -> tuple[Exercise, ...]:
        return _exercises(self.path / "config.toml")

    def read(self, name: str) -> bytes:
        return (self.path / name).read_bytes()


@cache
def _exercises(config: Path) -> tuple[Exercise, ...]:
    return exercises(prepare(parse(load(config))), Language.load("en"))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Folder]:
    made = {}
    for name, arguments in CONFIGURATIONS.items():
        place = tmp_path_factory.mktemp("handout")
        done = quadnet(place, *arguments)
        assert done.returncode == 0, done.stderr
        made[name] = Folder(place / done.stdout.strip(), done.stderr)
    return made


@pytest.fixture(params=CONFIGURATIONS)
def folder(request: pytest.FixtureRequest, folders: dict[str, Folder]) -> Folder:
    return folders[request.param]


# What may leak, and where it would be seen.


def plain(text: str) -> str:
    """Letters without the ways of writing them: spaces, minus signs and raised digits as the simplest of their kind."""
    return " ".join(unicodedata.normalize("NFKC", text.replace("\u202f", "")).replace("−", "-").split())


def numbers(text: str) -> set[str]:
    """The numbers in a text, thousands joined."""
    return {number.replace("\u202f", "") for number in NUMBER.findall(text)}


def asked(exercise: Exercise) -> str:
    return " ".join([exercise.title, *exercise.question, *(cell for row in exercise.given for cell in row)])


def key(exercise: Exercise) -> list[str]:
    """The pieces of the key: everything but the question."""
    return [
        *(answer.text for answer in exercise.answers),
        *(*exercise.solution, *exercise.marking, *exercise.mistakes),
    ]


def secret_numbers(all_exercises: tuple[Exercise, ...]) -> set[str]:
    """The numbers of all keys that no question gives; but one digit stands on any page, and the sum of points does."""
    given = numbers(" ".join(map(asked, all_exercises))) | {str(sum(exercise.points for exercise in all_exercises))}
    keys = numbers(" ".join(piece for exercise in all_exercises for piece in key(exercise)))
    return {number for number in keys - given if len(number.replace(".", "")) > 1}


def secret_sentences(all_exercises: tuple[Exercise, ...]) -> set[str]:
    """The sentences of all keys."""
    pieces = [
        piece for exercise in all_exercises for piece in (*exercise.solution, *exercise.marking, *exercise.mistakes)
    ]
    sentences = (sentence.strip() for piece in pieces for sentence in re.split(r"(?<=[.:;]) ", piece))
    return {plain(sentence) for sentence in sentences if len(sentence) > 12}


class Texts(HTMLParser):
    """All that a page's source says outside of what only draws: texts, comments, and attributes that are no shapes."""

    SHAPES = frozenset(
        {"d", "transform", "points", "x", "y", "width", "height", "viewbox", "style", "class", "clip-path"}
    )

    def __init__(self, html: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self._style = False
        self.feed(DATA.sub("", html))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._style = tag == "style"
        self.said += [value or "" for name, value in attrs if name not in self.SHAPES]

    handle_startendtag = handle_starttag

    def handle_endtag(self, tag: str) -> None:
        self._style = False

    def handle_data(self, data: str) -> None:
        if not self._style:
            self.said.append(data)

    def handle_comment(self, data: str) -> None:
        self.said.append(data)


def said_by_html(content: bytes) -> str:
    """All that stands in a page but the digest of its style sheet, whose letters may hold any two digits by chance."""
    return re.sub(r"sha256-[A-Za-z0-9+/]+=*", "", " ".join(Texts(content.decode()).said))


def strings(reader: pypdf.PdfReader) -> Iterator[str]:
    """Every text string in a PDF's objects, and its streams but fonts, pictures and what the pages draw."""
    for number in range(1, reader.trailer["/Size"]):
        item = reader.get_object(IndirectObject(number, 0, reader))
        yield from _strings(item)
        if isinstance(item, StreamObject) and item.get("/Type") in ("/Metadata", "/EmbeddedFile"):
            yield item.get_data().decode(errors="replace")


def _strings(item: Any) -> Iterator[str]:
    if isinstance(item, TextStringObject):
        yield str(item)
    elif isinstance(item, ByteStringObject):
        yield item.decode("utf-16" if item.startswith(b"\xfe\xff") else "latin-1", errors="replace")
    elif isinstance(item, DictionaryObject):
        for name, value in item.items():
            if name not in ("/ID", "/Checksum", "/CheckSum"):
                yield from _strings(value)
    elif isinstance(item, ArrayObject):
        for value in item:
            yield from _strings(value)


def said_by_pdf(content: bytes) -> str:
    reader = pypdf.PdfReader(io.BytesIO(content))
    pages = (page.extract_text() for page in reader.pages)
    return " ".join([*pages, *strings(reader)])


def leaks(said: str, all_exercises: tuple[Exercise, ...]) -> set[str]:
    """The numbers and sentences of the keys that a student's file says."""
    joined = plain(said)
    found = {sentence for sentence in secret_sentences(all_exercises) if sentence in joined}
    return found | (numbers(said) & secret_numbers(all_exercises))


def test_the_student_s_page_says_nothing_of_the_answers(folder: Folder) -> None:
    assert len(secret_numbers(folder.exercises)) > 15
    assert leaks(said_by_html(folder.read("handout-student.html")), folder.exercises) == set()


def test_the_student_s_pdf_says_nothing_of_the_answers(folder: Folder) -> None:
    assert leaks(said_by_pdf(folder.read("handout-student.pdf")), folder.exercises) == set()


def test_the_student_s_pdf_carries_no_file(folder: Folder) -> None:
    reader = pypdf.PdfReader(io.BytesIO(folder.read("handout-student.pdf")))
    assert not reader.attachments
    assert "/AF" not in reader.root_object
    assert "/EmbeddedFiles" not in reader.root_object.get("/Names", {})
    other = pypdf.PdfReader(io.BytesIO(folder.read("handout-instructor.pdf")))
    assert {name: content[0] for name, content in other.attachments.items()} == {
        "config.toml": folder.read("config.toml")
    }


def test_the_student_s_page_runs_no_script_and_asks_for_nothing(folder: Folder) -> None:
    page = folder.read("handout-student.html").decode()
    assert "<script" not in page
    assert not re.search(r"""(?:src|href)=["']?(?!["']?(?:#|data:))|url\((?!["']?(?:#|data:))""", page)


def test_the_same_check_finds_all_of_the_instructor_s_edition(folder: Folder) -> None:
    """The check is one that fails: of another file it finds each number and each sentence."""
    every = secret_numbers(folder.exercises) | secret_sentences(folder.exercises)
    assert leaks(said_by_html(folder.read("handout-instructor.html")), folder.exercises) == every
    found = leaks(said_by_pdf(folder.read("handout-instructor.pdf")), folder.exercises)
    assert len(found) > 0.8 * len(every)  # but those that a line break parts at a hyphen or a slash


@pytest.mark.parametrize("place", ["text", "comment", "attribute", "data", "drawing"])
def test_a_number_that_is_planted_in_the_page_is_found(folders: dict[str, Folder], place: str) -> None:
    page = folders["default"].read("handout-student.html").decode()
    plants = {
        "text": ("</main>", "<p>L = 2.2493</p></main>"),
        "comment": ("</main>", "<!-- 2.2493 --></main>"),
        "attribute": ("<main>", '<main data-key="2.2493">'),
        "data": ("<title>", '<meta name="key" content="2.2493"><title>'),
        "drawing": ("</svg>", "<text>2.2493</text></svg>"),
    }
    planted = page.replace(*plants[place])
    assert planted != page
    assert leaks(said_by_html(planted.encode()), folders["default"].exercises) == {"2.2493"}


@pytest.mark.parametrize("place", ["title", "keywords", "attachment", "alternative"])
def test_a_number_that_is_planted_in_the_pdf_is_found(folders: dict[str, Folder], place: str) -> None:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(folders["default"].read("handout-student.pdf")))
    if place == "attachment":
        writer.add_attachment("key.txt", b"the loss is 2.2493")
    elif place == "alternative":
        writer.pages[0][pypdf.generic.NameObject("/Alt")] = TextStringObject("a level of 2.2493")
    else:
        writer.add_metadata({f"/{place.title()}": "loss 2.2493"})
    content = io.BytesIO()
    writer.write(content)
    assert leaks(said_by_pdf(content.getvalue()), folders["default"].exercises) == {"2.2493"}


def test_the_student_s_edition_does_not_say_what_a_phase_is(folder: Folder) -> None:
    said = said_by_html(folder.read("handout-student.html")) + said_by_pdf(folder.read("handout-student.pdf"))
    assert not re.search("plateau|shoulder|(?<!gradient )descent", plain(said))


# The folder and its files.


def test_a_handout_is_four_pages_at_most(folder: Folder) -> None:
    for name in FILES:
        if name.endswith(".pdf"):
            reader = pypdf.PdfReader(io.BytesIO(folder.read(name)))
            assert 2 <= len(reader.pages) <= 4, name
            size = (612, 792) if folder.path.name.endswith("-letter") else (595.28, 841.89)
            for page in reader.pages:
                assert (page.mediabox.width, page.mediabox.height) == pytest.approx(size, abs=0.5)


def test_the_goals_are_a_list_for_those_who_cannot_see_it(folders: dict[str, Folder], tags: Any) -> None:
    (goals, *_others) = tags(pypdf.PdfReader(io.BytesIO(folders["default"].read("handout-student.pdf"))), "/L")
    items = [child.get_object()["/S"] for child in goals["/K"]]
    assert items == ["/LI"] * 7


def test_no_page_is_all_but_empty(folders: dict[str, Folder]) -> None:
    for name in ("handout-student.pdf", "handout-instructor.pdf"):
        reader = pypdf.PdfReader(io.BytesIO(folders["default"].read(name)))
        assert min(len(page.extract_text()) for page in reader.pages) > 800


def test_a_heading_and_its_first_words_are_on_one_page(folder: Folder) -> None:
    for name in ("handout-student.pdf", "handout-instructor.pdf"):
        pages = [plain(p.extract_text()) for p in pypdf.PdfReader(io.BytesIO(folder.read(name))).pages]
        for number, exercise in enumerate(folder.exercises, start=1):
            (on,) = [page for page in pages if plain(f"{number} {exercise.title}") in page]
            assert plain(exercise.question[-1])[:30] in on, exercise.key


def test_every_file_is_in_the_manifest(folder: Folder) -> None:
    listed = json.loads(folder.read("manifest.json"))["files"]
    assert set(listed) == FILES | {"config.toml"}
    assert {path.name for path in folder.path.iterdir()} == {*listed, "manifest.json", ".gitattributes"}
    for name, entry in listed.items():
        assert hashlib.sha256(folder.read(name)).hexdigest() == entry["sha256"]


def test_the_pdfs_declare_their_standards_and_their_fixed_time(folder: Folder) -> None:
    for name in ("handout-student.pdf", "handout-instructor.pdf"):
        reader = pypdf.PdfReader(io.BytesIO(folder.read(name)))
        metadata = reader.root_object["/Metadata"].get_data()
        assert b"<pdfaid:part>3</pdfaid:part>" in metadata or b'pdfaid:part="3"' in metadata
        assert b"<pdfuaid:part>1</pdfuaid:part>" in metadata
        assert reader.metadata is not None
        assert reader.metadata["/CreationDate"].startswith("D:20000101")
        assert reader.root_object["/Lang"] == "en"


def test_the_same_configuration_gives_the_same_bytes(folders: dict[str, Folder], tmp_path: Path) -> None:
    done = quadnet(tmp_path, "--config", folders["default"].path / "config.toml")
    again = Folder(tmp_path / done.stdout.strip(), done.stderr)
    assert again.path.name == folders["default"].path.name
    for name in (*FILES, "manifest.json"):
        assert again.read(name) == folders["default"].read(name), name


def test_the_student_s_edition_alone_is_the_same_as_beside_the_other(
    folders: dict[str, Folder], tmp_path: Path
) -> None:
    done = quadnet(tmp_path, "--edition", "student", "--quiet")
    path = tmp_path / done.stdout.strip()
    assert {p.name for p in path.iterdir()} == {
        *("config.toml", "manifest.json", ".gitattributes"),
        *("handout-student.html", "handout-student.pdf"),
    }
    assert done.stderr == ""
    for name in ("handout-student.html", "handout-student.pdf"):
        assert (path / name).read_bytes() == folders["default"].read(name)


def test_a_second_call_leaves_what_is_there_and_another_edition_joins_it(tmp_path: Path) -> None:
    arguments = ("--epochs", 20, "--to", "html")
    first = quadnet(tmp_path, *arguments, "--edition", "student", "--json")
    told = json.loads(first.stdout)
    assert told == {"path": told["path"], "reused": False, "files": ["handout-student.html"]}
    again = quadnet(tmp_path, *arguments, "--edition", "student", "--json")
    assert json.loads(again.stdout) == told | {"reused": True}
    assert "is there already" in again.stderr
    both = json.loads(quadnet(tmp_path, *arguments, "--edition", "instructor", "--json").stdout)
    assert both == told | {"files": ["handout-instructor.html", "handout-student.html"]}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--edition", "teacher"), 2, "--edition teacher: is not allowed; write student, instructor or both"),
        (("--paper", "a5"), 2, "--paper a5: is not allowed; write a4 or letter"),
        (("--to", "docx"), 2, "--to docx: 'docx' is no format; write html, pdf or html,pdf"),
        (
            ("--learning-rate", 500, "--epochs", 300),
            1,
            "no handout of a training that went wrong (diverged); take a smaller learning rate",
        ),
    ],
)
def test_what_cannot_be_made_is_one_line_and_leaves_nothing(
    tmp_path: Path, arguments: tuple[object, ...], code: int, message: str
) -> None:
    done = quadnet(tmp_path, *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", f"quadnet: {message}\n")
    assert not list(tmp_path.glob("outputs/*"))


def test_without_pango_the_rest_is_written_with_exit_code_3_and_never_in_the_place_of_a_whole_one(
    tmp_path: Path, no_pango: dict[str, str]
) -> None:
    done = quadnet(tmp_path, "--epochs", 5, **no_pango)
    folder = tmp_path / done.stdout.splitlines()[-1]
    assert done.returncode == 3
    assert {p.name for p in folder.glob("handout-*")} == {"handout-student.html", "handout-instructor.html"}
    assert "no PDF: the library Pango is missing; install it with: " in done.stderr
    assert quadnet(tmp_path, "--epochs", 5).returncode == 0
    whole = {p.name: p.read_bytes() for p in folder.iterdir()}
    assert set(whole) >= FILES
    again = quadnet(tmp_path, "--epochs", 5, "--force", **no_pango)
    assert (again.returncode, again.stdout) == (3, "")
    assert "the earlier handout stays as it was" in again.stderr
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == whole


@pytest.mark.parametrize("command", ["verify", "diff", "archive"])
def test_what_works_on_runs_says_that_a_handout_is_none(folders: dict[str, Folder], command: str) -> None:
    path = folders["default"].path
    names = [path.name] * (2 if command == "diff" else 1)
    call = [sys.executable, "-P", "-m", "quadnet", command, *names]
    done = subprocess.run(call, cwd=path.parent, capture_output=True, text=True, check=False)
    message = f"quadnet: {path.name}: is a handout and no run; name a run's folder, PDF or zip\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", message)


def test_pictures_within_the_page_are_drawings_of_the_points(folders: dict[str, Folder]) -> None:
    """The one thing in the student's page that cannot be read as text is looked at here: a picture and the fonts."""
    page = folders["default"].read("handout-student.html").decode()
    kinds = [uri.split(";")[0] for uri in DATA.findall(page)]
    assert sorted(set(kinds)) == ["data:font/woff2", "data:image/png"]
    (picture,) = [uri for uri in DATA.findall(page) if uri.startswith("data:image/png")]
    png = base64.b64decode(picture.split(",")[1])
    assert {png[at + 4 : at + 8] for at in _chunks(png)} == {b"IHDR", b"IDAT", b"IEND"}  # no text in it


def _chunks(png: bytes) -> Iterator[int]:
    place = 8
    while place < len(png):
        yield place
        place += 12 + int.from_bytes(png[place : place + 4], "big")
