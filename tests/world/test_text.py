"""Text as people have it: names, titles, configurations and rosters from any editor, spreadsheet and script."""

import csv
import html
import io
import re
from pathlib import Path
from typing import Any

import pytest
from calls import SMALL
from pypdf import PdfReader

# White space and format characters


def titled(quadnet: Any, folder: Path, title: str) -> str:
    """What becomes of a title."""
    setting = f"report.title={title}"
    said = quadnet("handout", *SMALL, "--edition", "student", "--to", "html", "--set", setting, "--output-dir", folder)
    assert said.code == 0, said.err
    (page,) = folder.glob("*/handout-student.html")
    return html.unescape(re.findall("<h1[^>]*>(.*)</h1>", page.read_text("utf-8"))[0])


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("四象限\u3000课程", "四象限 课程"),
        ("\ufeffFour\xa0quadrants\u200b", "Four quadrants"),
        ("\u202eFour\u2028quad\xadrants\u202c", "Four quadrants"),
        ("Que\u0301", "Qu\xe9"),
    ],
    ids=ascii,
)
def test_what_cannot_be_seen_does_not_count_in_a_title(quadnet: Any, tmp_path: Path, title: str, shown: str) -> None:
    assert titled(quadnet, tmp_path, title) == shown


@pytest.mark.parametrize(
    ("title", "told"),
    [
        ("Four\x07 quadrants", "U+0007, a control character, at place 5; take it out"),
        ("\x1b[31mFour", "U+001B, a control character, at place 1"),
        ("Four\ufffe", "U+FFFE, no character of any script, at place 5"),
        ("\u3000\u200b", "a line of 1 to 200 characters"),
    ],
    ids=ascii,
)
def test_what_has_no_place_in_a_title_is_named(quadnet: Any, title: str, told: str) -> None:
    said = quadnet("report", "--to", "html", "--set", f"report.title={title}")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("quadnet: configuration: report.title = ")
    assert told in said.err


# Configurations as editors write them

CONFIGURATION = "# mine\n[data]\nseed = 'x'\n"  # refused for its value alone: it was read


@pytest.mark.parametrize(
    "content",
    [
        CONFIGURATION.encode("utf-8-sig"),
        CONFIGURATION.replace("\n", "\r\n").encode(),
        CONFIGURATION.replace("\n", "\r").encode(),
        CONFIGURATION.replace("\n", "\r\n").encode("utf-16"),
        b"\xfe\xff" + CONFIGURATION.encode("utf-16-be"),
    ],
    ids=["byte order mark", "CRLF", "CR", "UTF-16", "UTF-16, other order"],
)
def test_a_configuration_is_read_as_editors_save_it(quadnet: Any, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "my.toml").write_bytes(content)
    said = quadnet("report", "--config", "my.toml", cwd=tmp_path)
    assert said.code == 2
    assert said.err.startswith('quadnet: my.toml: data.seed = "x" is not allowed')


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[report]\ntitle = 'Année'\n".encode("latin-1"), "my.toml, line 2: not UTF-8 text (byte 0xE9)"),
        ("[report]\r\n\r\ntitle = '四'\r\n".encode("gbk"), "my.toml, line 3: not UTF-8 text (byte 0xCB)"),
        (CONFIGURATION.encode("utf-16-le"), "my.toml, line 1: holds the byte 0"),
        (
            b"[report]\ntitle = 2026\n",
            "my.toml: report.title = 2026 is not allowed: a line of 1 to 200 characters; put",
        ),
        (
            b"[report]\ntitle = true\n",
            "report.title = true is not allowed: a line of 1 to 200 characters; put it in quot",
        ),
        (
            b"[report]\ntitle = 2026-12-01\n",
            "report.title = 2026-12-01 is not allowed: a line of 1 to 200 characters; put",
        ),
        ("[report]\ntitle = “Four”\n".encode(), "(at line 2, column 9)); U+201C stands there"),
        ("[data]\nseed\xa0= 3\n".encode(), "(at line 2, column 5)); U+00A0 stands there"),
        (b"name = 7\n", "name = 7 is not allowed: lower-case letters, digits and hyphens"),
    ],
    ids=["Latin-1", "GBK", "UTF-16 without its mark", "a number", "true", "a date", "quotes", "a space", "a name"],
)
def test_what_is_wrong_with_a_configuration_is_told_in_one_line(
    quadnet: Any, tmp_path: Path, content: bytes, told: str
) -> None:
    (tmp_path / "my.toml").write_bytes(content)
    said = quadnet("report", "--config", "my.toml", cwd=tmp_path)
    assert said.code == 2
    assert told in said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize("title", ["2026", "true", "[a]", "2026-12-01"])
def test_a_title_is_taken_as_it_stands(quadnet: Any, tmp_path: Path, title: str) -> None:
    assert titled(quadnet, tmp_path, title) == title


# Rosters as they come

BOOK = b"PK\x03\x04\x14\0\x06\0\x08\0" + bytes(300)


def listed(quadnet: Any, folder: Path, roster: str | bytes) -> list[tuple[str, str]]:
    """The ids and names that a class set has of a roster."""
    (folder / "class.csv").write_bytes(roster if isinstance(roster, bytes) else roster.encode())
    said = quadnet("handout", "--roster", folder / "class.csv", "--to", "html", "--output-dir", folder)
    assert said.code == 0, said.err
    (key,) = folder.glob("*/key.csv")
    return [(row["id"], row["name"]) for row in csv.DictReader(io.StringIO(key.read_text("utf-8-sig")))]


def test_an_export_is_a_roster(quadnet: Any, tmp_path: Path) -> None:
    canvas = """sep=,
Student,ID,SIS User ID,SIS Login ID,Section
    Points Possible,,,,
"Lovelace, Ada",311,s1,ada,A
"""
    assert listed(quadnet, tmp_path, canvas.encode("utf-16")) == [("s1", "Ada Lovelace")]


@pytest.mark.parametrize(
    ("head", "taken"),
    [
        ("First name,Last name,ID number", "id from “ID number”, name from “First name” and “Last name”, 1 student\n"),
        ("first_name;last_name;lms_user_id;id", "id from “id”, name from “first_name” and “last_name”"),
        ("Vorname\tNachname\tMatrikelnummer", "id from “Matrikelnummer”, name from “Vorname” and “Nachname”"),
        ("Prénom;Nom;Numéro d’identification", "id from “Numéro d’identification”, name from “Prénom” and “Nom”"),
        ("姓名,班级,学号", "id from “学号”, name from “姓名”"),
        ("STUDENT ID|Full Name|Email address", "id from “STUDENT ID”, name from “Full Name”"),
    ],
)
def test_which_columns_are_taken_is_said(quadnet: Any, tmp_path: Path, head: str, taken: str) -> None:
    mark = next(mark for mark in "\t;|," if mark in head)
    roster = f"{head}\n{mark.join(['1'] * (head.count(mark) + 1))}\n"
    said = quadnet("handout", "--roster", "-", "--output-dir", "/proc/none", stdin=roster.encode("utf-8-sig"))
    assert said.err.startswith("roster: ")
    assert taken in said.err


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (BOOK, "is a spreadsheet such as .xlsx or .ods (or another zip), not CSV; open it and save the sheet as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "is a spreadsheet such as .xls, not CSV; open it and save"),
        (b"%PDF-1.7\n%\xe2\xe3", "is a PDF, not CSV"),
        (b"<!DOCTYPE html>\n<title>Log in</title>", "is a web page (HTML), perhaps for logging in, not CSV"),
        (b'[{"id": 1, "name": "Ada"}]', "is JSON, not CSV"),
        ("id,name\n1,J\xf6rg\n".encode("cp1252"), "standard input, line 2: not UTF-8 text (byte 0xF6); save it as CSV"),
        ("id,name\n1,李雷\n".encode("gbk"), "standard input, line 2: not UTF-8 text"),
        ("id,name\n".encode("utf-16-le"), "standard input, line 1: holds the byte 0"),
        (b"id,name\n1,A\0\n", "standard input, line 2: holds the byte 0"),
        (b"id,name\n1,be\x07ll\n", "line 2: 'be\\x07ll' holds U+0007, a control character, at place 3; take it out"),
        (b"id,name\n1,A,B\n", "line 2: 3 columns where the first line has 2"),
        (b"id,group\n1,A\n", "line 1: no column called name among 'id, group'"),
        (b"", "standard input: is empty"),
    ],
    ids=["xlsx", "xls", "pdf", "html", "json", "1252", "gbk", "utf-16", "zero", "bell", "wide", "nameless", "empty"],
)
def test_what_is_no_roster_is_told_in_one_line(quadnet: Any, content: bytes, told: str) -> None:
    said = quadnet("handout", "--roster", "-", stdin=content)
    assert (said.code, said.out) == (2, "")
    assert told in said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (BOOK, "is a spreadsheet such as .xlsx"),
        (b'{"loss": [3, 2, 1]}', "is JSON, not CSV"),
        (b"3\n2\n\xff\n", "curve.csv, line 3: not UTF-8 text (byte 0xFF)"),
    ],
    ids=["xlsx", "json", "bytes"],
)
def test_what_is_no_curve_is_told_in_the_same_way(quadnet: Any, tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "curve.csv").write_bytes(content)
    said = quadnet("phases", "curve.csv", cwd=tmp_path)
    assert (said.code, said.out) == (2, "")
    assert told in said.err


def test_a_curve_as_excel_saves_it(quadnet: Any, tmp_path: Path) -> None:
    rows = "".join(f"{epoch};{3 * 0.9**epoch};;\r\n" for epoch in range(50))
    (tmp_path / "curve.csv").write_bytes(f"sep=;\r\nEpoch;Loss;;\r\n{rows}".encode("utf-16"))
    said = quadnet("phases", "curve.csv", "--no-plot", cwd=tmp_path)
    assert (said.code, said.err) == (0, "")
    assert "descent" in said.out


# Names and titles in any script


def test_a_name_in_many_scripts_is_on_every_page(quadnet: Any, tmp_path: Path) -> None:
    name = "Nguyễn 張偉 김철수 דנה 😀"
    roster = f"id,name\n1,{name}\n".encode("utf-16")
    said = quadnet("handout", "--roster", "-", "--to", "html,pdf", cwd=tmp_path, stdin=roster)
    assert said.code == 0, said.err
    folder = tmp_path / said.out.strip()
    for page in ("key.csv", "moodle.xml", "key.html", "students/1.html"):
        assert name in (folder / page).read_text("utf-8"), page
    for page in ("key.pdf", "students/1.pdf"):
        printed = "".join(each.extract_text() for each in PdfReader(folder / page).pages)
        found = set(re.findall("Nguyễn|張偉|김철수|😀", re.sub(r"\s", "", printed)))
        assert found == {"Nguyễn", "張偉", "김철수"}, page


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Nguyễn Văn Thảo", None),
        ("歐陽鋒 龘", None),
        ("محمد علي", None),
        ("ශ්\u200dරී", None),
        ("Ada 😀", "in the PDF the name Ada 😀 is shown without 😀 (U+1F600)"),
        ("ᠮᠣ 7", "in the PDF the name ᠮᠣ 7 is left to be written by hand: there is no font for ᠮ (U+182E), ᠣ (U+1823)"),
    ],
    ids=ascii,
)
def test_who_has_letters_that_print_lacks_is_told_before_the_training(
    quadnet: Any, name: str, told: str | None
) -> None:
    arguments = ("handout", "--roster", "-", "--output-dir", "/proc/none")
    said = quadnet(*arguments, stdin=f"id,name\ns6,{name}\n".encode())
    warnings = [line for line in said.err.splitlines() if line.startswith("warning")]
    assert warnings == ([f"warning: student s6: {told}"] if told else [])
    assert "warning" not in quadnet(*arguments, "--to", "html", stdin=f"id,name\ns6,{name}\n".encode()).err


@pytest.mark.parametrize(
    ("identity", "told"),
    [
        ("学生1", None),
        ("Nguyễn-1", None),
        ("محمد", None),
        ("दिव्या", None),
        ("ᠮᠣ", "id 'ᠮᠣ' cannot be printed: there is no font for ᠮ (U+182E), ᠣ (U+1823); use other letters"),
        ("a\u3000b", "id 'a b' cannot name a file"),
        ("😀", "id '😀' cannot name a file"),
    ],
    ids=ascii,
)
def test_an_id_in_any_script_that_print_knows(quadnet: Any, identity: str, told: str | None) -> None:
    # What is taken is refused later, for its second line.
    said = quadnet("handout", "--roster", "-", stdin=f"id,name\n{identity},A\n!,B\n".encode())
    assert said.code == 2
    assert f"line {2 if told else 3}: {told or 'id '}" in said.err


@pytest.mark.parametrize("verb", ["report", "handout", "sweep", "class"])
def test_a_title_that_cannot_be_set_is_told_first_of_all(quadnet: Any, tmp_path: Path, verb: str) -> None:
    arguments = ("handout", "--roster", "class.csv") if verb == "class" else (verb,)
    said = quadnet(*arguments, "--set", "report.title=Four 😀 ᠮ quadrants", cwd=tmp_path)
    assert (said.code, said.out, list(tmp_path.iterdir())) == (2, "", [])
    assert said.err == (
        "quadnet: report.title: the PDF has no font for 😀 (U+1F600), ᠮ (U+182E); write it in other letters, or make "
        "--to html alone\n"
    )


@pytest.mark.parametrize("title", ["Bốn góc phần tư", "四個象限", "네 사분면", "أربعة أرباع", "Четыре квадранта"])
def test_a_title_in_any_script_is_on_the_page(quadnet: Any, tmp_path: Path, title: str) -> None:
    assert titled(quadnet, tmp_path, title).removeprefix("<bdi>").removesuffix("</bdi>") == title


@pytest.mark.usefixtures("subsetter")
def test_a_title_in_another_script_is_printed(quadnet: Any, tmp_path: Path) -> None:
    title = "Bốn góc, 四個象限, 네 사분면"
    said = quadnet(
        "handout", *SMALL, "--edition", "student", "--to", "pdf", "--set", f"report.title={title}", cwd=tmp_path
    )
    assert (said.code, "warning" in said.err) == (0, False), said.err
    (page,) = tmp_path.glob("outputs/*/handout-student.pdf")
    assert title in PdfReader(page).pages[0].extract_text()
