from xml.etree import ElementTree

import pytest

from quadnet.report.handout.exercises.exercise import Answer, Exercise
from quadnet.report.handout.moodle import export
from quadnet.report.handout.roster import Student

# The elements of a numerical question in the order in which Moodle writes them (question/format/xml/format.php).
WRITTEN = ["name", "questiontext", "generalfeedback", "defaultgrade", "penalty", "hidden", "idnumber", "answer", "tags"]
NASTY = 'x < 1 & y > 2 "]]>" <script>alert(1)</script>'


@pytest.fixture
def exercise():
    return Exercise(
        key="chain",
        title="A chain",
        points=4,
        question=("Take x = 0.5.", NASTY),
        given=(("unit", "w"), ("a<b", "0.5")),
        space=3,
        answers=(
            Answer("sum z", -0.25, 0.005, "−0.25"),
            Answer("groups", "0 1 | 2 3", None, "{0, 1}, {2, 3}"),
            Answer("loss L", 1e-05, 1e-06, "10⁻⁵"),
        ),
        solution=("z = −0.25",),
        marking=("1 point: sum",),
        mistakes=("the sign: 0.25",),
    )


@pytest.fixture
def students():
    return Student("s1", "Ada <b>Lovelace</b>", "en"), Student("学号2", "李雷", "en")


@pytest.fixture
def quiz(exercise, students):
    return ElementTree.fromstring(export("class", [(student, [exercise]) for student in students]))


def text(question, path):
    return question.findtext(f"{path}/text")


def test_the_first_line_is_the_declaration_of_utf_8(exercise, students):
    content = export("class", [(students[1], [exercise])])
    assert content.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<quiz>\n')
    assert "学号2" in content.decode("utf-8")


def test_each_student_has_a_category_before_the_questions(quiz):
    assert [question.get("type") for question in quiz] == ["category", "numerical", "numerical"] * 2
    categories = quiz.findall("question[@type='category']")
    assert [text(each, "category") for each in categories] == ["$course$/class/s1", "$course$/class/学号2"]
    assert [text(each, "info") for each in categories] == ["Ada <b>Lovelace</b>", "李雷"]
    assert all(each.find("info").get("format") == "plain_text" for each in categories)


def test_a_numerical_question_has_what_the_importer_reads(quiz):
    for question in quiz.findall("question[@type='numerical']"):
        assert [element.tag for element in question] == WRITTEN
        assert question.find("questiontext").get("format") == "html"
        assert question.find("generalfeedback").get("format") == "html"
        assert [text(question, "tags/tag")] == ["chain"]
        (answer,) = question.findall("answer")
        assert answer.attrib == {"fraction": "100", "format": "plain_text"}
        assert [element.tag for element in answer] == ["text", "feedback", "tolerance"]


def test_only_numbers_are_asked_for_and_read_back_exactly(quiz):
    answers = [
        (float(question.findtext("answer/text")), float(question.findtext("answer/tolerance")))
        for question in quiz[:3]
        if question.get("type") == "numerical"
    ]
    assert answers == [(-0.25, 0.005), (1e-05, 1e-06)]
    assert [question.findtext("idnumber") for question in quiz[1:3]] == ["chain-1", "chain-3"]
    assert [float(question.findtext("defaultgrade")) for question in quiz[1:3]] == pytest.approx([4 / 3, 4 / 3])


def test_names_and_identifiers_are_unique(quiz):
    names = [text(question, "name") for question in quiz.findall("question[@type='numerical']")]
    assert names[0] == "Handout s1, exercise 1: A chain: sum z"
    assert len(set(names)) == len(names)


def test_texts_are_html_that_shows_them_as_they_are(quiz):
    body = text(quiz[1], "questiontext")
    html = ElementTree.fromstring(f"<body>{body}</body>")  # what the browser gets after Moodle's own reading
    assert [paragraph.text for paragraph in html.findall("p")][2] == NASTY
    assert not list(html.iter("script"))
    assert [cell.text for cell in html.iter("th")] == ["unit", "w"]
    assert [cell.text for cell in html.iter("td")] == ["a<b", "0.5"]
    assert html.findall("p")[-1].text == "Asked for here: sum z."


def test_a_question_tells_nothing_of_the_answer(quiz, exercise):
    for question in quiz.findall("question[@type='numerical']"):
        shown = text(question, "name") + text(question, "questiontext")
        assert not any(answer.text in shown for answer in exercise.answers)
        assert "the sign" not in ElementTree.tostring(question, encoding="unicode")


def test_the_same_exercises_give_the_same_bytes(exercise, students):
    sheets = [(student, [exercise]) for student in students]
    assert export("class", sheets) == export("class", iter(sheets))
