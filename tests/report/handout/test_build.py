"""Handouts in memory: what each edition says, and that the student's is made without the answers."""

import gettext
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from fontTools.ttLib import TTFont

from quadnet.config import Config, parse
from quadnet.errors import QuadnetError
from quadnet.lesson import Lesson, prepare
from quadnet.report.assets import TEMPLATES
from quadnet.report.handout import build as handout_build
from quadnet.report.handout import page as handout_page
from quadnet.report.handout.build import EDITIONS, Made, make_handout
from quadnet.report.handout.exercises import exercises
from quadnet.report.handout.exercises.exercise import Answer, Exercise
from quadnet.report.handout.page import Edition, Handout, Paper
from quadnet.report.pages import render
from quadnet.report.pages.pdf_standards import Attachment
from quadnet.report.pages.press import PdfError
from quadnet.report.words.language import Language

TIME = "2000-01-01T00:00:00Z"
ENGLISH = Language.load("en")
SECRET = "planted-secret"
ACCENTS = str.maketrans("aeiouyAEIOUY", "àéîõûÿÀÉÎÕÛÝ")


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    return prepare(Config())


def view(
    lesson: Lesson,
    edition: Edition,
    asked: Sequence[Exercise],
    paper: Paper = "a4",
    language: Language = ENGLISH,
) -> Handout:
    figures = handout_page.draw(lesson, language)
    return handout_page.compose(lesson, asked, figures, edition, paper, {"quadnet": "0"}, language)


def planted(exercise: Exercise) -> Exercise:
    """An exercise with secrets in all that a student must not see."""
    return replace(
        exercise,
        answers=(*exercise.answers, Answer(SECRET, SECRET, None, SECRET)),
        solution=(*exercise.solution, SECRET),
        marking=(*exercise.marking, SECRET),
        mistakes=(*exercise.mistakes, SECRET),
    )


@pytest.mark.parametrize(("medium", "code"), [("screen", "en"), ("print", "en"), ("print", "zh")])
def test_a_student_s_page_does_not_depend_on_any_answer(lesson: Lesson, medium: str, code: str) -> None:
    language = Language.load(code)

    def page(edition: Edition, shown: Sequence[Exercise]) -> str:
        return render.html(view(lesson, edition, shown, language=language), medium, TIME)

    asked = exercises(lesson, language)
    secret = tuple(map(planted, asked))
    assert page("student", secret) == page("student", asked)
    assert page("student", asked) == page("student", [each.question_only for each in asked])
    # The same secrets are all on the instructor's page, so the planting works.
    assert page("instructor", secret).count(SECRET) == 5 * len(asked)


def test_no_part_of_a_student_s_view_holds_an_answer(lesson: Lesson) -> None:
    """Nor could a template that is changed later bring one out."""
    secret = tuple(map(planted, exercises(lesson, ENGLISH)))
    assert SECRET not in repr(view(lesson, "student", secret))
    assert SECRET in repr(view(lesson, "instructor", secret))


def test_the_drawings_are_the_same_whatever_the_phases_are_called(lesson: Lesson) -> None:
    """A plateau is numbered and not shaded: the curve's drawing does not know one from a descent."""
    renamed = replace(
        lesson, phases=replace(lesson.phases, phases=tuple(replace(p, kind="descent") for p in lesson.phases.phases))
    )
    assert handout_page.draw(renamed, ENGLISH) == handout_page.draw(lesson, ENGLISH)
    moved = replace(lesson, phases=replace(lesson.phases, phases=lesson.phases.phases[:-2]))
    assert handout_page.draw(moved, ENGLISH) != handout_page.draw(lesson, ENGLISH)


def test_both_editions_ask_the_same(lesson: Lesson, read_page: Any) -> None:
    asked = exercises(lesson, ENGLISH)
    for edition in EDITIONS:
        said = read_page(render.html(view(lesson, edition, asked), "screen", TIME)).text()
        for number, exercise in enumerate(asked, start=1):
            assert f"{number} {exercise.title}" in said
            for paragraph in exercise.question:
                assert " ".join(paragraph.split(" ")) in said
            for row in exercise.given:
                assert " ".join(row) in said


def test_the_instructor_s_edition_says_all_there_is(lesson: Lesson, read_page: Any) -> None:
    asked = exercises(lesson, ENGLISH)
    page = view(lesson, "instructor", asked)
    said = read_page(render.html(page, "screen", TIME)).text()
    assert "with answers" in said
    for exercise in asked:
        for text in (*exercise.solution, *exercise.marking, *exercise.mistakes, *(a.text for a in exercise.answers)):
            assert text in said


def test_a_student_has_lines_to_write_on(lesson: Lesson) -> None:
    asked = exercises(lesson, ENGLISH)
    page = render.html(view(lesson, "student", asked), "print", TIME)
    assert page.count('<div class="line"></div>') == sum(exercise.space for exercise in asked)
    assert "Name" in page
    assert f"Points (of {sum(exercise.points for exercise in asked)})" in page
    assert 'class="line"' not in render.html(view(lesson, "instructor", asked), "print", TIME)


def test_the_worked_example_is_worked_rightly(lesson: Lesson) -> None:
    page = view(lesson, "student", ())
    example = lesson.example
    values = [float(value.replace("−", "-")) for _, _, value in page.steps]
    unit = example.unit
    assert values == pytest.approx(
        [unit.sum, unit.activation, example.loss, example.delta, example.slope, example.weight_after], abs=5.1e-5
    )
    functions = {"exp": math.exp, "ln": math.log, "__builtins__": {}}
    for _, calculation, value in page.steps:  # and each line follows from the numbers that stand in it
        terms = calculation.replace("−", "-").replace("·", "*")
        terms = re.sub(r"\b(exp|ln) ([\d.]+)", r"\1(\2)", terms).replace("exp (", "exp(")
        assert eval(terms, functions) == pytest.approx(float(value.replace("−", "-")), abs=1.5e-4), calculation


def test_every_character_is_in_the_fonts_of_the_pages(lesson: Lesson) -> None:
    """What they lack would be taken from the font of the formulas, whose letters are blank."""
    fonts = [TTFont(TEMPLATES / "fonts" / f"Quadnet{family}-Regular.ttf") for family in ("Serif", "Sans")]
    known = {letter for font in fonts for letter in font.getBestCmap()}
    for edition in EDITIONS:
        page = view(lesson, edition, exercises(lesson, ENGLISH))
        texts = [page.story, page.example, *page.goals, *(cell for step in page.steps for cell in step)]
        for exercise in page.exercises:
            texts += [exercise.title, *exercise.question, *exercise.solution, *exercise.marking, *exercise.mistakes]
            texts += [cell for row in exercise.given for cell in row]
            texts += [part for answer in exercise.answers for part in (answer.label, answer.text)]
        assert {letter for text in texts for letter in text if ord(letter) not in known} == set()
    assert ord("∇") not in known  # which is why the check is needed


@pytest.mark.parametrize("paper", ["a4", "letter"])
def test_the_paper_is_the_one_asked_for(lesson: Lesson, paper: Paper) -> None:
    page = render.html(view(lesson, "student", (), paper), "print", TIME)
    assert f"@page {{ size: {paper};" in page


def test_goals_are_those_of_the_exercises_at_hand(lesson: Lesson) -> None:
    short = prepare(parse({"training": {"epochs": 1}}))
    few, all_goals = (view(each, "student", exercises(each, ENGLISH)).goals for each in (short, lesson))
    assert len(all_goals) == 7
    assert set(few) < set(all_goals)
    assert not [goal for goal in few if "inertia" in goal or "curve by" in goal]


class Accented(gettext.NullTranslations):
    """A language that puts an accent on every vowel, but for those of placeholders."""

    def gettext(self, message: str) -> str:
        parts = re.split(r"(%\(\w+\)s)", message)
        return "".join(part if part.startswith("%(") else part.translate(ACCENTS) for part in parts)

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        return self.gettext(singular if n == 1 else plural)


@pytest.mark.parametrize("edition", EDITIONS)
def test_every_word_goes_through_the_catalog(lesson: Lesson, edition: Edition, read_page: Any) -> None:
    language = Language("xx", Accented())
    figures = handout_page.draw(lesson, language)
    asked = exercises(lesson, language)
    page = handout_page.compose(lesson, asked, figures, edition, "a4", {"quadnet": "0"}, language)
    seen = read_page(render.html(page, "screen", TIME))
    texts = [seen.text(without=("style", "formula"))]
    texts += [a.get(name, "") for tag, a in seen.elements for name in ("alt", "aria-label", "title")]
    texts += [a["content"] for tag, a in seen.elements if tag == "meta" and a.get("name") == "description"]
    words = re.findall(r"[^\W\d_]{2,}", re.sub(r"quadrants-[0-9a-f]{8}", "", " ".join(texts)))
    assert {word for word in words if re.search("[aeiouy]", word)} - {"Four", "quadrants", "quadnet", "exp"} == set()


@pytest.mark.parametrize("edition", EDITIONS)
def test_a_chinese_handout_is_chinese(lesson: Lesson, edition: Edition, read_page: Any) -> None:
    language = Language.load("zh")
    page = read_page(render.html(view(lesson, edition, exercises(lesson, language), language=language), "screen", TIME))
    texts = [page.text(without=("style", "formula"))]
    texts += [a.get(name, "") for tag, a in page.elements for name in ("alt", "aria-label", "title")]
    words = set(re.findall(r"[A-Za-z]{2,}", re.sub(r"quadrants-[0-9a-f]{8}", "", " ".join(texts))))
    assert words <= {"quadnet", "sigmoid", "exp", "ln", "log", "argmax", "vh"}


@pytest.mark.parametrize("name", ["data", "network", "evaluation"])
def test_a_student_s_files_depend_on_no_seed_but_through_their_numbers(lesson: Lesson, name: str) -> None:
    section = getattr(lesson.config, name).model_copy(update={"seed": 123456789})
    other = replace(lesson, config=lesson.config.model_copy(update={name: section}))
    assert other.config.digest != lesson.config.digest
    sent: dict[Edition, list[object]] = {edition: [] for edition in EDITIONS}
    for edition in EDITIONS:
        for each in (lesson, other):

            def typeset(
                page: str, images: Mapping[str, bytes], attachments: Sequence[Attachment], edition: Edition = edition
            ) -> bytes:
                sent[edition].append((page, dict(images), [each.content for each in attachments]))
                return b""

            made = handout_build.make_pages(each, [edition], ["html", "pdf"], "a4", TIME, typeset)
            sent[edition].append(made.contents)
    assert sent["student"][:2] == sent["student"][2:]
    assert sent["instructor"][:2] != sent["instructor"][2:]


def test_both_editions_have_the_number_of_the_sheet_and_another_sheet_has_another(lesson: Lesson) -> None:
    asked = exercises(lesson, ENGLISH)
    student, instructor = (view(lesson, edition, asked) for edition in EDITIONS)
    assert re.fullmatch(r"\d{8}", student.sheet)
    assert student.sheet == instructor.sheet
    assert (student.run_name, instructor.run_name) == ("", lesson.config.run_name)
    changed = replace(asked[0], question=("What else?",))
    assert view(lesson, "student", [changed, *asked[1:]]).sheet != student.sheet
    assert view(lesson, "student", asked, language=Language.load("zh")).sheet != student.sheet


def test_parts_of_a_chinese_exercise_are_found_and_long_ones_stand_alone(lesson: Lesson) -> None:
    english, chinese = (exercises(lesson, Language.load(code)) for code in ("en", "zh"))
    assert [len(each.parts) for each in chinese] == [len(each.parts) for each in english]
    assert [each.key for each in chinese if each.parts and each.short] == ["blind-start", "back-propagation"]
    assert {each.key for each in english if each.short} >= {"blind-start", "back-propagation"}


def test_a_run_of_one_epoch_has_no_curve_and_a_page_all_the_same(read_page: Any) -> None:
    made = make_handout(parse({"training": {"epochs": 1}}), EDITIONS, ["html"], "a4", TIME)
    assert sorted(made.contents) == ["handout-instructor.html", "handout-student.html"]
    said = read_page(made.contents["handout-student.html"].decode()).text()
    assert "The loss curve" not in said
    assert "lasts 1 epoch." in said


def test_a_page_asks_nothing_of_anyone(read_page: Any) -> None:
    made = make_handout(parse({"training": {"epochs": 30}}), ["student"], ["html"], "a4", TIME)
    page = read_page(made.contents["handout-student.html"].decode())
    for tag, attributes in page.elements:
        assert tag not in ("script", "link", "iframe", "object", "embed")
        for name in ("src", "href", "xlink:href"):
            assert attributes.get(name, "#").startswith(("#", "data:"))
    assert "<!--" not in made.contents["handout-student.html"].decode().replace("<!DOCTYPE", "")


def typeset(seen: list[tuple[str, list[str]]], fault: str = "") -> handout_build.Typesetter:
    def make(page: str, images: Mapping[str, bytes], attachments: Sequence[Attachment]) -> bytes:
        edition = "instructor" if "with answers" in page else "student"
        seen.append((edition, [attachment.name for attachment in attachments]))
        if edition == fault:
            raise PdfError("no PDF: out of ink")
        assert {f"asset:{name}" for name in images} <= set(re.findall(r'src="([^"]*)"', page))
        return b"pdf of " + edition.encode()

    return make


def made_with(fault: str = "") -> tuple[Made, list[tuple[str, list[str]]]]:
    seen: list[tuple[str, list[str]]] = []
    config = parse({"training": {"epochs": 3}})
    return make_handout(config, EDITIONS, ["html", "pdf"], "a4", TIME, typeset(seen, fault)), seen


def test_only_the_instructor_s_pdf_carries_the_configuration() -> None:
    made, seen = made_with()
    assert sorted(seen) == [("instructor", ["config.toml"]), ("student", [])]
    assert made.contents["handout-student.pdf"] == b"pdf of student"
    assert made.contents["handout-instructor.pdf"] == b"pdf of instructor"
    assert made.failure is None


def test_one_pdf_that_fails_leaves_the_other_and_is_told_of() -> None:
    made, _ = made_with("student")
    assert "handout-student.pdf" not in made.contents
    assert {"handout-student.html", "handout-instructor.html", "handout-instructor.pdf"} == set(made.contents)
    assert str(made.failure) == "no PDF: out of ink"


def test_a_training_that_went_wrong_makes_no_handout() -> None:
    config = parse({"training": {"learning_rate": 500.0, "epochs": 300}})
    with pytest.raises(QuadnetError, match="no handout of a training that went wrong"):
        make_handout(config, EDITIONS, ["html"], "a4", TIME)
