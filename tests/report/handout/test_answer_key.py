import csv
import io
from dataclasses import replace

import pytest

from quadnet.config import Config
from quadnet.report.handout import answer_key
from quadnet.report.handout.answer_key import STUDENTS_ABREAST, Sheet, compose, inert
from quadnet.report.handout.exercises.exercise import Answer, Exercise
from quadnet.report.handout.roster import Student
from quadnet.report.pages import render
from quadnet.report.record import manifest

UNKNOWN = "\U0001f600"  # a letter that no font of the report has


def exercise(key, *answers):
    return Exercise(key, f"About {key}", 3, ("?",), (), 2, answers, ("!",), (), ())


def sheet(number, name="Ada", refused=()):
    exercises = (
        exercise("same", Answer("(a) share", 0.25, 0.001, "0.250"), Answer("(b) count", 2.0, 0.0, "2")),
        exercise(
            "own",
            Answer("(a) groups", "{0, 1} {2, 3}", None, "{0, 1} {2, 3}"),
            Answer("(b) ratio", 1000.0 + number, 10.0 + number / 2, str(1000 + number)),
            Answer("(c) slope", -0.5, 0.001, "−0.5000"),
        ),
    )
    return Sheet(Student(f"s{number}", name, "en"), 7 + number, refused, exercises, exercises)


@pytest.fixture
def key(english):
    def make(sheets, medium="print"):
        return compose(Config(), "class", sheets, "a4", english, manifest.versions(), medium)

    return make


def read(content):
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def test_a_line_for_each_student_and_two_columns_for_each_answer(english):
    refused = ((5, ("no_second_plateau",)), (6, ("unclear_groups", "right_by_mistake")))
    head, first, second = read(answer_key.table([sheet(0), sheet(1, "李雷", refused)], english))
    assert head[:6] == ["id", "name", "language", "seed", "refused seeds", "why"]
    assert head[6:10] == ["1 (a) share", "± 1 (a) share", "1 (b) count", "± 1 (b) count"]
    assert first[:6] == ["s0", "Ada", "en", "7", "0", ""]
    assert second[:6] == [
        *("s1", "李雷", "en", "8", "2"),
        "no second plateau | groups of classes not clear; a common mistake gives the right answer",
    ]
    assert second[6:] == ["0.25", "0.001", "2", "0", "{0, 1} {2, 3}", "", "1001", "10.5", "-0.5", "0.001"]


def test_spreadsheets_see_that_it_is_utf_8(english):
    assert answer_key.table([sheet(0)], english).startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x","y")', "＝1"])
def test_no_name_is_a_formula(english, name):
    _, line = read(answer_key.table([sheet(0, name)], english))
    assert line[1] == inert(name) == f"'{name}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x;=HYPERLINK(A1)", "x;'=HYPERLINK(A1)"),
        ("x,=1+1", "x,'=1+1"),
        ("x\t@SUM(A1)", "x\t'@SUM(A1)"),
        ("x\n+1\r-2", "x\n'+1\r'-2"),
        ("x; =1", "x;' =1"),
        ('x;"=1"', 'x;\'"=1"'),
        (" =1", "' =1"),
        (";;=1", ";;'=1"),
        ("=1;=2", "'=1;'=2"),
        ("x;＝1", "x;'＝1"),
    ],
)
def test_no_part_of_a_text_is_a_formula_wherever_it_is_parted(text, expected):
    assert inert(text) == expected


@pytest.mark.parametrize(
    "name",
    [
        *("Ada = Lovelace", "Lovelace, Ada", "Müller-Lüdenscheidt", "O’Neil; Shaquille", "Anna-Maria, Dr.", "李雷", ""),
        *("C+", "a@b", "1;2", "x;", "“=1”"),
    ],
)
def test_other_texts_stay_as_they_are(name):
    assert inert(name) == name


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_no_cell_of_the_key_is_a_formula_whatever_parts_its_lines(english, separator):
    names = ("x;=HYPERLINK(A1)", "x,=1", 'x";=1', 'x;"=1', "x\t=1", "=1;=2", "a;;-1", "x; +1", '"x";@1')
    text = answer_key.table([sheet(number, name) for number, name in enumerate(names)], english).decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) for cell in row]
    computed = {cell for cell in cells if cell.strip().startswith(("=", "+", "-", "@"))}
    assert computed <= {"-0.5"}, computed
    assert inert("") == ""


def test_all_answers_of_all_students_are_on_the_pages(key, english):
    sheets = [sheet(number) for number in range(2 * STUDENTS_ABREAST + 1)]
    view = key(sheets)
    assert [len(block.students) for block in view.blocks] == [STUDENTS_ABREAST, STUDENTS_ABREAST, 1]
    assert [student for block in view.blocks for student, _ in block.students] == [s.student.id for s in sheets]
    ratios = [cell for block in view.blocks for cell in block.lines[3].cells]
    assert ratios[:3] == [("1000", "±10"), ("1001", "±10"), ("1002", "±11")]
    assert [text for text, _ in ratios] == [str(1000 + number) for number in range(15)]


def test_a_tolerance_that_is_everybody_s_is_said_once(key):
    lines = key([sheet(0), sheet(1)]).blocks[0].lines
    assert [line.tolerance for line in lines] == ["±0.001", "", "", "", "±0.001"]
    assert [line.number for line in lines] == ["1", "", "2", "", ""]
    assert lines[0].cells == (("0.250", ""), ("0.250", ""))


def test_why_students_have_another_seed(key):
    refused = ((5, ("no_second_plateau",)), (6, ("no_second_plateau", "unclear_groups")))
    view = key([sheet(0), sheet(1, refused=refused), sheet(2)])
    reasons = "no second plateau (2), groups of classes not clear (1)"
    assert view.exchanged == (("s1", "Ada", "8", "2", reasons),)
    assert "1 of 3 students have another than their first seed" in view.summary[1]
    assert reasons in view.summary[1]


def test_names_that_cannot_be_printed_are_left_out_and_that_is_said(key):
    view = key([sheet(0, UNKNOWN), sheet(1)])
    assert view.blocks[0].students == (("s0", ""), ("s1", "Ada"))
    assert "stand in key.csv" in view.summary[-1]
    assert "stand in key.csv" not in key([sheet(1)]).summary[-1]


def test_a_screen_shows_every_name(key):
    view = key([sheet(0, UNKNOWN), sheet(1, refused=((5, ("went_wrong",)),))], "screen")
    assert view.blocks[0].students == (("s0", UNKNOWN), ("s1", "Ada"))
    assert "stand in key.csv" not in " ".join(view.summary)


@pytest.mark.parametrize("medium", ["screen", "print"])
def test_names_from_right_to_left_keep_to_themselves(key, medium):
    page = render.html(key([sheet(0, "דנה"), sheet(1)], medium), medium, "2000-01-01T00:00:00Z")
    assert page.count("<bdi>") == 1
    assert "<small><bdi>דנה</bdi></small>" in page


@pytest.mark.parametrize("medium", ["screen", "print"])
def test_the_page_is_sound_and_shows_names_as_they_are(key, read_page, medium):
    hostile = sheet(0, '<script>alert("1")</script>', ((5, ("went_wrong",)),))
    page = read_page(render.html(key([hostile, sheet(1)], medium), medium, "2000-01-01T00:00:00Z"))
    assert "script" not in [name for name, _ in page.elements]
    assert hostile.student.name in page.text()
    assert page.text().count("1000 ±10") == 1
    assert "Students s0 to s1" in page.text()


def test_a_student_s_language_does_not_change_the_key(english):
    other = replace(sheet(0), exercises=())
    assert answer_key.table([other], english) == answer_key.table([sheet(0)], english)
