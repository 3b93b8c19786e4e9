import base64
import gettext
import hashlib
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from quadnet.errors import QuadnetError
from quadnet.report.archive import listing, listing_page
from quadnet.report.archive.listing import Damaged, Listing, Run, Sheets, Sweep
from quadnet.report.words.language import Language

HOSTILE = ["<script>alert(1)</script>", "{{ 7 * 7 }}{% raw %}", '"><svg onload=alert(1)>', "]]> & \" ' <!-- --> %(x)s"]


@pytest.fixture(scope="session")
def found(short_run: Path) -> Listing:
    return listing.find(short_run.parent)


@pytest.fixture(scope="session")
def run(found: Listing) -> Run:
    (item,) = found.items
    assert isinstance(item, Run)
    return item


def written(found: Listing, target: Path) -> str:
    listing_page.write(found, target, {}, Language.load("en"))
    return target.read_text()


def titled(run: Run, title: str, name: str = "a") -> Run:
    config = run.config.model_copy(update={"report": run.config.report.model_copy(update={"title": title})})
    return replace(run, name=name, config=config)


def many(found: Listing, run: Run, count: int) -> Listing:
    return replace(found, items=tuple(titled(run, f"Number {k}", f"run-{k:05d}") for k in range(count)))


# what it says


def test_each_run_is_a_row_without_any_script(found: Listing, run: Run, tmp_path: Path, read_page: Any) -> None:
    page = read_page(written(many(found, run, 450), tmp_path / "all.html"))
    text = page.text(without=("style", "script"))
    assert all(f"Number {k} run-{k:05d}" in text for k in range(450))
    assert sum(tag == "tr" for tag, _ in page.elements) == 451
    assert not any("hidden" in attributes for tag, attributes in page.elements if tag in ("tr", "tbody", "table"))
    assert "450 runs" in text


def test_accuracy_stands_beside_the_best_possible(found: Listing, run: Run, english: Language) -> None:
    ((line,),) = listing_page.compose(found, ".", english).parts
    cells = dict(zip(listing_page.compose(found, ".", english).columns, line.cells, strict=True))
    assert cells["accuracy on fresh points"] == english.percent(run.metrics.accuracy_fresh, 2)
    assert cells["best possible"] == english.percent(run.metrics.bayes_accuracy, 2)


def test_the_curve_goes_from_the_first_loss_to_the_last(run: Run, found: Listing, english: Language) -> None:
    ((line,),) = listing_page.compose(found, ".", english).parts
    points = [tuple(map(float, point.split(","))) for point in line.curve.split()]
    assert len(points) == len(run.phases) + 1
    assert (points[0][0], points[-1][0]) == (0, 80)
    assert all(0 <= x <= 80 and 0 <= y <= 20 for x, y in points)


@pytest.mark.parametrize("loss", [0.0, -1.0, 1e308])
def test_no_loss_leads_out_of_the_drawing(run: Run, loss: float) -> None:
    phases = [replace(phase, start=-3, end=10**30, loss_start=loss) for phase in run.phases]
    for point in listing_page._curve(phases).split():
        x, y = map(float, point.split(","))
        assert 0 <= x <= 80
        assert 0 <= y <= 20


def test_sweeps_and_damaged_ones_are_rows_too(run: Run, found: Listing, tmp_path: Path, read_page: Any) -> None:
    items = (
        Damaged("a", "metrics.json is <b>not</b>"),
        Sweep("s", {"html": "s/report.html"}, run.config, 12_000),
        Sheets("h", {"student.pdf": "h/handout-student.pdf"}, run.config, None),
        Sheets("c", {"students/": "c/students/", "key.csv": "c/key.csv"}, run.config, 31),
    )
    page = read_page(written(replace(found, items=items), tmp_path / "all.html"))
    text = page.text()
    assert "a damaged: metrics.json is <b>not</b>" in text
    assert "sweep 12\u202f000 runs" in text
    assert "handout 0, 0" in text
    assert "class set 31 students" in text
    assert "0 runs, 1 sweep, 1 handout, 1 class set and 1 damaged" in text
    links = " ".join(attributes["href"] for tag, attributes in page.elements if tag == "a")
    assert all(f"/{path}" in links for path in ("h/handout-student.pdf", "c/students/", "c/key.csv"))


def test_the_page_speaks_chinese(found: Listing, tmp_path: Path, read_page: Any) -> None:
    listing_page.write(found, tmp_path / "all.html", {}, Language.load("zh"))
    page = read_page((tmp_path / "all.html").read_text("utf-8"))
    assert [attributes["lang"] for tag, attributes in page.elements if tag == "html"] == ["zh"]
    assert all(word in page.text() for word in ("搜索", "阶段", "判定", "四个象限"))


def test_an_empty_folder_is_a_page_too(found: Listing, tmp_path: Path, read_page: Any) -> None:
    page = read_page(written(replace(found, items=()), tmp_path / "all.html"))
    assert "There are no runs in this folder." in page.text()
    assert not any(tag == "table" for tag, _ in page.elements)


# where its links lead


@pytest.mark.parametrize("place", ["all.html", "runs/all.html", "other/all.html"])
def test_the_links_lead_to_the_pages_from_wherever_it_is(
    run: Run, copied_run: Path, tmp_path: Path, place: str, read_page: Any
) -> None:
    folder = tmp_path / "runs"
    folder.mkdir()
    (tmp_path / "other").mkdir()
    shutil.move(copied_run, folder / "a b#?%41:ü")
    target = tmp_path / place
    page = read_page(written(listing.find(folder), target))
    links = [attributes["href"] for tag, attributes in page.elements if tag == "a"]
    assert len(links) == 2
    for link in links:
        assert re.fullmatch(r"[A-Za-z0-9_./%~-]+", link)
        assert (target.parent / unquote(link)).is_file()


# what others' files cannot do


@pytest.mark.parametrize("title", HOSTILE)
def test_a_title_is_text(run: Run, found: Listing, tmp_path: Path, read_page: Any, title: str) -> None:
    plain = read_page(written(replace(found, items=(titled(run, "T"),)), tmp_path / "plain.html"))
    page = read_page(written(replace(found, items=(titled(run, title, title),)), tmp_path / "all.html"))
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in plain.elements]
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    texts = [text for path, text in page.texts if "tbody" in path]
    assert title in texts


def test_a_name_that_is_no_text_can_be_written(run: Run, found: Listing, tmp_path: Path) -> None:
    odd = replace(run, name="\udcff\n", files={"html": "\udcff\n/report.html"})
    page = written(replace(found, items=(odd,)), tmp_path / "all.html")
    assert 'href="' in page
    assert "%FF%0A/report.html" in page
    assert "\\udcff\\n" in page


def test_its_policy_allows_its_own_style_and_script_alone(found: Listing, tmp_path: Path, read_page: Any) -> None:
    page = written(found, tmp_path / "all.html")
    (policy,) = [
        attributes["content"]
        for tag, attributes in read_page(page).elements
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    for tag in ("style", "script"):
        (content,) = re.findall(f"<{tag}[^>]*>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert rules[f"{tag}-src"] == f"'sha256-{digest}'"
    assert page.index("Content-Security-Policy") < page.index("<style>") < page.index("<script ")
    assert ' style="' not in page


# the file


def test_the_same_runs_are_the_same_bytes(found: Listing, tmp_path: Path) -> None:
    first = written(found, tmp_path / "a.html")
    assert written(listing.find(found.folder), tmp_path / "b.html") == first


def test_no_other_file_is_lost(found: Listing, tmp_path: Path) -> None:
    target = tmp_path / "all.html"
    listing_page.check_free(target, force=False)
    written(found, target)
    listing_page.check_free(target, force=False)
    target.write_text("<!DOCTYPE html>\n<html>mine")
    with pytest.raises(
        QuadnetError, match="is there and no gallery of runs; name another file with --html, or use --f"
    ):
        listing_page.check_free(target, force=False)
    listing_page.check_free(target, force=True)


def test_a_place_that_cannot_be_written_to_is_one_line(found: Listing, tmp_path: Path) -> None:
    with pytest.raises(QuadnetError, match=r"cannot be written \(No such file or directory\); name another file with"):
        listing_page.write(found, tmp_path / "none" / "all.html", {}, Language.load("en"))
    assert list(tmp_path.iterdir()) == []


# words


class Capitals(gettext.NullTranslations):
    """A language that is English in capitals."""

    def gettext(self, message: str) -> str:
        return re.sub(r"%\(\w+\)s|[a-zé’]", lambda m: m[0] if m[0].startswith("%") else m[0].upper(), message)

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        return self.gettext(singular if n == 1 else plural)


def test_every_word_goes_through_the_catalog(
    run: Run, found: Listing, tmp_path: Path, read_page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    items: tuple[listing.Item, ...] = (
        titled(run, "T", "N"),
        Damaged("B", "X"),
        Sweep("S", {}, titled(run, "T").config, 2),
    )
    items += (Sheets("H", {}, titled(run, "T").config, None), Sheets("C", {}, titled(run, "T").config, 2))
    monkeypatch.setattr(Language, "load", lambda code: Language("xx", Capitals()))
    page = read_page(written(Listing(tmp_path / "F", items, 0), tmp_path / "all.html"))
    said = " ".join(text for path, text in page.texts if not {"style", "script"} & set(path))
    said += " ".join(attributes.get("aria-label", "") for _, attributes in page.elements)
    said = re.sub(r"[a-z]+\.[a-z_]+=|DP?d|Dd|[DPS]+[dp]", "", said)
    assert re.findall(r"[a-z]{2,}", said) == []
