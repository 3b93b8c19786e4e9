"""Text as people have it: names, titles, configurations and rosters from any editor, spreadsheet and script."""

import html
import re
from pathlib import Path
from typing import Any

import pytest
from calls import SMALL

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
        (b"name = 7\n", "name = 7 is not allowed: lower-case letters, digits and hyphens"),
    ],
    ids=["Latin-1", "GBK", "UTF-16 without its mark", "a number", "a truth value", "a number for a name"],
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
