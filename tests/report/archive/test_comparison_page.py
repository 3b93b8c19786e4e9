from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest

from quadnet.config import Config, parse
from quadnet.dataset import quadrants
from quadnet.phases import detect
from quadnet.report.archive import comparison_page
from quadnet.report.archive.comparison_page import ComparisonDocument, Region, Side, Trained
from quadnet.report.pages import render
from quadnet.report.words.language import Language
from quadnet.training import train

CREATED = "2000-01-01T00:00:00Z"
SECTIONS = {
    "configuration": {"network.seed": (0, 3), "network.hidden": ([3, 3], [3, 3])},
    "versions": {"numpy": ("2.0", None), "quadnet": ("0.1.0", "0.1.0")},
    "metrics": {},
    "phases": {"1": ("descent 0–7", "descent 0–7")},
    "verdicts": {"N1 It falls.": ("holds", "fails"), "N2 It stands.": ("holds", "holds")},
}


def side(letter: str, seed: int) -> Side:
    config = parse({"training": {"epochs": 300}, "data": {"samples_per_class": 20}, "network": {"seed": seed}})
    dataset = quadrants(config)
    history = train(config, dataset)
    phases = detect(history.loss).phases
    return Side(letter, f"folder-{letter}", "0.1.0", config, history.loss, phases, Trained(dataset, history))


@pytest.fixture(scope="module")
def sides() -> tuple[Side, Side]:
    return side("A", 0), side("B", 3)


@pytest.fixture(scope="module")
def document(sides: tuple[Side, Side], english: Language) -> ComparisonDocument:
    return comparison_page.compose(sides, SECTIONS, english, "9.9")


def test_both_losses_come_first_and_then_the_regions_of_either_run(document: ComparisonDocument) -> None:
    assert list(document.figures) == ["losses", "regions-a", "regions-b"]
    assert document.regions == (Region("regions-a", None), Region("regions-b", None))
    losses = document.figures["losses"]
    assert "A goes from 2.77" in losses.alt
    assert "; plateaus: phase 2, epochs " in losses.alt
    assert "a thin bar is a plateau that was not left" in losses.caption
    assert "The two curves are the same" not in losses.caption
    assert document.figures["regions-b"].alt.startswith("Decision regions of B at epoch 300 under its training points")
    assert document.figures["regions-a"].content != document.figures["regions-b"].content


def test_rows_that_differ_stand_apart_from_those_that_do_not(document: ComparisonDocument) -> None:
    configuration, versions, metrics, phases, verdicts = document.sections
    assert configuration.differing == (("network.seed", "0", "3"),)
    assert configuration.equal == (("network.hidden", "[3, 3]"),)
    assert (configuration.tally, configuration.alike) == ("1 of 2 differ", "1 row is the same in both")
    assert versions.differing == (("numpy", "2.0", "–"),)
    assert (metrics.differing, metrics.equal) == ((), ())
    assert phases.tally == "no difference"
    assert verdicts.differing == (("N1 It falls.", "holds", "fails"),)
    assert document.summary == ("3 of the 7 values below differ between the runs.",)
    assert document.facts[0] == ("Configuration", "1 of 2 differ")


def test_verdicts_are_in_the_page_s_words(sides: tuple[Side, Side], english: Language) -> None:
    class Shouting(type(english.translations)):  # type: ignore[misc]  # the class of whatever catalog there is
        def gettext(self, message: str) -> str:
            return message.upper() if message in ("holds", "fails") else message

    shouting = Language("xx", Shouting())
    document = comparison_page.compose(sides, SECTIONS, shouting, "9.9")
    assert document.sections[-1].differing == (("N1 It falls.", "HOLDS", "FAILS"),)
    assert document.sections[-1].equal == (("N2 It stands.", "HOLDS"),)


def test_the_same_runs_are_said_to_be_the_same(sides: tuple[Side, Side], english: Language) -> None:
    twins = sides[0], replace(sides[0], letter="B")
    same = {key: {name: (a, a) for name, (a, _) in rows.items()} for key, rows in SECTIONS.items()}
    document = comparison_page.compose(twins, same, english, "9.9")
    assert document.summary == ("Nothing differs: all values below are the same in both runs.",)
    assert "The two curves are the same." in document.figures["losses"].caption
    assert "≠" not in render.html(document, "screen", CREATED)


@pytest.mark.parametrize(
    ("reason", "said"), [("long", "does only with the option --anyway"), ("other", "gave another loss than the one")]
)
def test_what_is_not_shown_has_its_reason_in_its_place(
    sides: tuple[Side, Side],
    reason: Literal["long", "other"],
    said: str,
    english: Language,
    read_page: Callable[[str], Any],
) -> None:
    unknown = replace(sides[0], loss=np.empty(0), phases=[], trained=reason)
    document = comparison_page.compose((unknown, sides[1]), SECTIONS, english, "9.9")
    assert list(document.figures) == ["losses", "regions-b"]
    assert "The record of A holds no history, so it has no curve." in document.figures["losses"].caption
    text = read_page(render.html(document, "screen", CREATED)).text()
    assert said in text.partition("The decision regions after training")[2].partition("Configuration")[0]


def test_neither_run_may_have_a_curve(sides: tuple[Side, Side], english: Language) -> None:
    bare = tuple(replace(side, loss=np.empty(0), phases=[], trained="other") for side in sides)
    document = comparison_page.compose(bare, SECTIONS, english, "9.9")
    assert "The record of B holds no history" in document.figures["losses"].alt
    assert "The two curves are the same" not in document.figures["losses"].alt


def test_a_training_that_broke_down_is_drawn_as_far_as_it_is_finite(english: Language) -> None:
    config = Config()
    broken = Side("A", "a", "0.1.0", config, np.array([2.0, 3.0, np.nan]), [], "other")
    document = comparison_page.compose((broken, replace(broken, letter="B")), SECTIONS, english, "9.9")
    assert "A goes from 2.000 to 3.000; plateaus: none." in document.figures["losses"].alt


def test_the_page_loads_nothing_and_lets_nothing_be_loaded(
    document: ComparisonDocument, read_page: Callable[[str], Any]
) -> None:
    page = read_page(render.html(document, "screen", CREATED))
    (policy,) = [a["content"] for tag, a in page.elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "script-src" not in policy
    tags = [tag for tag, _ in page.elements]
    assert not {"script", "link", "iframe", "object", "embed", "base", "form"} & set(tags)
    assert tags.index("meta") < tags.index("style")
    sources = [a[name] for _, a in page.elements for name in ("src", "href", "xlink:href") if name in a]
    assert sources
    assert all(source.startswith(("data:", "#")) for source in sources)


def test_differences_are_marked_by_a_sign_and_equal_rows_are_folded(
    document: ComparisonDocument, read_page: Callable[[str], Any]
) -> None:
    page = read_page(render.html(document, "screen", CREATED))
    assert sum("≠" in text and "b" in path for path, text in page.texts) == 3
    folded = " ".join(text for path, text in page.texts if "details" in path)
    assert "network." in folded
    assert "hidden" in folded
    assert "≠" not in folded
    assert [tag for tag, _ in page.elements].count("details") == 4
    assert all("scope" in attributes for tag, attributes in page.elements if tag == "th")


def test_hostile_texts_stay_texts(sides: tuple[Side, Side], english: Language, read_page: Callable[[str], Any]) -> None:
    hostile = "<script>{{ 7 * 7 }}</script>\x1b\u202e\ud800 & \" ' </td>"
    strange = replace(sides[0], source=hostile, version=hostile)
    sections = {
        "configuration": {hostile: (hostile, {hostile: [hostile]})},
        "versions": {hostile: (hostile, hostile)},
        "metrics": {hostile: (None, hostile)},
        "phases": {},
        "verdicts": {hostile: ([hostile], hostile)},
    }
    html = render.html(comparison_page.compose((strange, sides[1]), sections, english, "9.9"), "screen", CREATED)
    page = read_page(html)
    assert "script" not in {tag for tag, _ in page.elements}
    assert not set("\x1b\u202e\ud800") & set(html)
    assert "<script>{{ 7 * 7 }}</script>\\x1b\\u202e\\ud800 & \" ' </td>" in page.text()


def test_the_same_comparison_is_the_same_page(document: ComparisonDocument, sides: Any, english: Language) -> None:
    again = comparison_page.compose(sides, SECTIONS, english, "9.9")
    assert render.html(again, "screen", CREATED) == render.html(document, "screen", CREATED)
