"""The numeric answers of a class as questions that Moodle imports.

Moodle's XML format is described at https://docs.moodle.org/en/Moodle_XML_format; what its importer reads is in
question/format/xml/format.php. Each student has a category, named by the id, and each question is tagged with the key
of its exercise, so that a quiz can take either all questions of a student or, by tag, one exercise of any student.
"""

from collections.abc import Iterable, Iterator, Sequence
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from markupsafe import escape

from ..words.language import Language
from .exercises.exercise import Answer, Exercise
from .roster import Student

_PENALTY = "0.3333333"  # Moodle's own default, for quizzes that allow another try


def export(course: str, sheets: Iterable[tuple[Student, Sequence[Exercise]]]) -> bytes:
    """The file, the same for the same exercises.

    Args:
        course: The category above those of the students; no `/` in it.
        sheets: Each student with the exercises of the handout, in its language.
    """
    parts = [b'<?xml version="1.0" encoding="UTF-8"?>\n<quiz>\n']
    for student, exercises in sheets:
        for question in (_category(course, student), *_questions(student, exercises)):
            ElementTree.indent(question, level=0)
            parts.append(ElementTree.tostring(question, encoding="utf-8") + b"\n")
    return b"".join([*parts, b"</quiz>\n"])


def _category(course: str, student: Student) -> Element:
    question = Element("question", type="category")
    _text(question, "category", f"$course$/{course}/{student.id}")
    _text(question, "info", student.name, "plain_text")
    return question


def _questions(student: Student, exercises: Sequence[Exercise]) -> Iterator[Element]:
    language = Language.load(student.language)
    _ = language.gettext
    for number, exercise in enumerate(exercises, start=1):
        heading = _("Handout %(id)s, exercise %(number)s: %(title)s") % {
            "id": student.id,
            "number": number,
            "title": exercise.title,
        }
        for place, answer in enumerate(exercise.answers, start=1):
            if not isinstance(answer.value, str):
                asked = _("Asked for here: %(label)s.") % {"label": answer.label}
                name = f"{heading}{language.habits.colon}{answer.label}"
                yield _question(f"{exercise.key}-{place}", name, heading, asked, exercise, answer)


def _question(number: str, name: str, heading: str, asked: str, exercise: Exercise, answer: Answer) -> Element:
    """One question; an exercise's points are shared evenly by its answers, also by those that are texts."""
    question = Element("question", type="numerical")
    _text(question, "name", name)
    body = _paragraphs(heading, *exercise.question) + _table(exercise.given) + _paragraphs(asked)
    _text(question, "questiontext", body, "html")
    _text(question, "generalfeedback", _paragraphs(*exercise.solution), "html")
    SubElement(question, "defaultgrade").text = f"{exercise.points / len(exercise.answers):.7f}"
    SubElement(question, "penalty").text = _PENALTY
    SubElement(question, "hidden").text = "0"
    SubElement(question, "idnumber").text = number
    right = SubElement(question, "answer", fraction="100", format="plain_text")
    SubElement(right, "text").text = f"{answer.value:.10g}"  # 10, not 10.000000000000002
    _text(right, "feedback", answer.text, "html")
    SubElement(right, "tolerance").text = f"{answer.tolerance:.10g}"
    _text(SubElement(question, "tags"), "tag", exercise.key)
    return question


def _text(parent: Element, name: str, text: str, form: str | None = None) -> None:
    child = SubElement(parent, name, {} if form is None else {"format": form})
    SubElement(child, "text").text = text


def _paragraphs(*texts: str) -> str:
    return "".join(f"<p>{escape(text)}</p>" for text in texts)


def _table(rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    head, *body = rows
    lines = [f"<tr>{''.join(f'<th>{escape(cell)}</th>' for cell in head)}</tr>"]
    lines += [f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in body]
    return f"<table>{''.join(lines)}</table>"
