import base64
import hashlib
import html
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from quadnet.claims import NUMBERS
from quadnet.config import CLASSES
from quadnet.experiment import Experiment
from quadnet.report.assets import TEMPLATES
from quadnet.report.figures.style import CLASS_COLOURS, INK, ROLES
from quadnet.report.pages import render
from quadnet.report.record import manifest
from quadnet.report.run.page import Document, compose
from quadnet.report.words.language import Language

CREATED = "2001-02-03T04:05:06Z"
HOSTILE = ["<script>alert(1)</script>", "{{ 7 * 7 }}{% raw %}", "]]> & \" ' <!-- --> \\", "%(x)s %d 100 %"]

ReadPage = Callable[[str], Any]


@pytest.fixture(scope="module")
def screen(default_document: Document) -> str:
    return render.html(default_document, "screen", CREATED)


@pytest.fixture(scope="module")
def printed(default_document: Document) -> str:
    return render.html(default_document, "print", CREATED)


@pytest.fixture(params=["screen", "printed"])
def page(request: pytest.FixtureRequest, read_page: ReadPage) -> Any:
    return read_page(request.getfixturevalue(request.param))


def loads_from_elsewhere(html: str, page: Any) -> list[str]:
    """What a browser would fetch or offer to follow outside the page."""
    found = re.findall(r"url\(\s*['\"]?(?!#|data:)[^)]*\)|@import[^;]*", html)
    for tag, attributes in page.elements:
        for name in ("src", "href", "xlink:href", "srcset", "data", "poster", "action"):
            value = attributes.get(name)
            if value is not None and not value.startswith(("#", "data:")):
                found.append(f"{tag} {name}={value}")
    found += [script for script in running(html) if digest(script) not in policy(page)["script-src"]]
    return found + [tag for tag, _ in page.elements if tag in ("link", "iframe", "object", "embed", "base")]


def running(html: str) -> list[str]:
    """The scripts of a page that are no data."""
    return re.findall(r"<script(?! type=.application/json)[^>]*>(.*?)</script>", html, re.DOTALL)


def digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def policy(page: Any) -> dict[str, list[str]]:
    """What the page's Content-Security-Policy allows."""
    for _, attributes in page.elements:
        if attributes.get("http-equiv") == "Content-Security-Policy":
            parts = [part.split() for part in attributes["content"].split(";")]
            return {name: sources for name, *sources in parts}
    return {"script-src": []}


def test_the_screen_page_asks_nothing_of_anyone(screen: str, read_page: ReadPage) -> None:
    assert loads_from_elsewhere(screen, read_page(screen)) == []
    without_names = re.sub(r'\bxmlns(:\w+)?="[^"]*"', "", screen)
    assert not re.search("https?://|file:|asset:", re.sub(r"base64,[\w+/=]+", "", without_names))


def test_the_printed_page_asks_for_its_own_drawings_and_the_formulas_only(
    printed: str, read_page: ReadPage, default_document: Document
) -> None:
    own = {drawing.file for drawing in default_document.drawings}
    sources = [attributes["src"] for tag, attributes in read_page(printed).elements if tag == "img"]
    names = [source.removeprefix("asset:") for source in sources]
    assert all(source.startswith("asset:") for source in sources)
    assert own < set(names)
    assert all((TEMPLATES / name).is_file() for name in set(names) - own)
    inline = printed.replace('src="asset:', 'src="data:')
    assert loads_from_elsewhere(inline, read_page(inline)) == []


@pytest.mark.parametrize(
    "plant",
    [
        '<img src="https://example.org/a.png">',
        '<a href="other.html">x</a>',
        "<style>body { background: url(a.png) }</style>",
        "<script>1</script>",
    ],
)
def test_something_from_elsewhere_would_be_noticed(plant: str, screen: str, read_page: ReadPage) -> None:
    planted = screen.replace("</main>", f"{plant}</main>")
    assert loads_from_elsewhere(planted, read_page(planted)) != []


def test_the_screen_page_allows_nothing_but_what_is_in_it(screen: str, read_page: ReadPage) -> None:
    allowed = policy(read_page(screen))
    (sheet,) = re.findall("<style>(.*?)</style>", screen, re.DOTALL)
    assert allowed == {
        "default-src": ["'none'"],
        "style-src": [digest(sheet)],
        "img-src": ["data:"],
        "font-src": ["data:"],
        "script-src": [digest(script) for script in running(screen)],
        "worker-src": ["blob:"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
    }
    assert screen.index("Content-Security-Policy") < min(screen.index("<style"), screen.index("<script"))
    assert not re.search(r'<[^>]*\s(style|on\w+)="', screen.partition("</style>")[2].partition("<script")[0])


def test_a_page_that_explores_nothing_runs_no_script(default_document: Document, read_page: ReadPage) -> None:
    html = render.html(replace(default_document, explorer=None), "screen", CREATED)
    page = read_page(html)
    assert "script" not in [tag for tag, _ in page.elements]
    assert "script-src" not in policy(page)
    assert 'id="explore' not in html


def test_every_style_of_a_drawing_has_its_class(screen: str, default_document: Document) -> None:
    sheet, _, body = screen.partition("</style>")
    named = set(re.findall(r'class="(d\d+)"', body))
    assert len(named) > 40
    assert named == set(re.findall(r"^\.(d\d+) \{", sheet, re.MULTILINE))
    styles = dict(re.findall(r"^\.(d\d+) \{(.*)\}$", sheet, re.MULTILINE))
    found = Counter(styles[name] for name in re.findall(r'class="(d\d+)"', body))
    for drawing in default_document.drawings:
        if drawing.file.endswith(".svg"):
            found.subtract(re.findall(r'style="([^"]*)"', recoloured(drawing.content.decode())))
    assert min(found.values()) == 0
    # What is left comes of attributes and formulas.
    assert all(re.fullmatch(r"fill: [^;]*|vertical-align: [^;]*", style) for style in +found)


def recoloured(svg: str) -> str:
    for colour, variable in ROLES.items():
        svg = svg.replace(colour, f"var({variable})")
    return svg


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_does_not_leave_the_data_of_the_scripts(
    default_document: Document, read_page: ReadPage, text: str
) -> None:
    assert default_document.explorer is not None
    explorer = default_document.explorer | {"command": text, "texts": {"play": text}}
    page = render.html(replace(default_document, explorer=explorer), "screen", CREATED)
    (data,) = [words for path, words in read_page(page).texts if path[-1:] == ("script",) and words.startswith("{")]
    assert "<" not in data
    assert json.loads(data) == json.loads(json.dumps(explorer))


def test_the_fonts_of_the_screen_page_are_in_it(screen: str, printed: str) -> None:
    fonts = re.findall(r"url\(data:font/woff2;base64,([\w+/=]+)\)", screen)
    assert len(fonts) == len(render.FONTS["en"])
    assert all(base64.b64decode(font)[:4] == b"wOF2" for font in fonts)
    assert "@font-face" not in printed


def test_a_chinese_page_has_the_chinese_fonts_and_an_english_one_does_not(small_run: Experiment, screen: str) -> None:
    chinese = compose(small_run, Language.load("zh"), manifest.versions())
    for medium in ("screen", "print"):
        page = render.html(chinese, medium, "2000-01-01T00:00:00Z")
        assert '"Quadnet Han"' in page
        assert len(re.findall("@font-face", page)) == (len(render.FONTS["zh"]) if medium == "screen" else 0)
        assert len(page) < 2_000_000
    assert "Quadnet Han" not in screen


def test_ids_are_unique_and_every_link_finds_one(page: Any) -> None:
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    links = [attributes["href"] for tag, attributes in page.elements if tag == "a"]
    assert len(ids) == len(set(ids))
    assert len(links) >= 8
    assert {link.removeprefix("#") for link in links} <= set(ids)


def test_every_picture_says_what_it_shows(page: Any) -> None:
    pictures = [
        attributes.get("alt" if tag == "img" else "aria-label", "")
        for tag, attributes in page.elements
        if tag in ("img", "svg")
    ]
    roles = {attributes.get("role") for tag, attributes in page.elements if tag == "svg"}
    assert len(pictures) > 15
    assert all(len(label) > 20 for label in pictures)
    assert roles <= {"img", "math"}


def test_the_labels_of_drawings_are_their_alternative_texts(page: Any, default_document: Document) -> None:
    labels = [attributes.get("alt") or attributes.get("aria-label") for _, attributes in page.elements]
    for drawing in default_document.drawings:
        assert drawing.alt in labels


def test_headings_skip_no_level_and_there_is_one_title(page: Any) -> None:
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert levels.count(2) == (14 if any(a.get("id") == "explore" for _, a in page.elements) else 13)


def test_figures_are_numbered_as_they_come_and_references_agree(page: Any, default_document: Document) -> None:
    text = page.text()
    assert re.findall(r"Figure (\d+)\.", text) == ["1", "2", "3", "4", "5", "6"]
    anchors = [a["id"] for tag, a in page.elements if tag == "figure" and a["class"].startswith("figure ")]
    assert anchors == list(default_document.figures)
    assert "The drawing in figure 2 shows" in text
    assert "A detector finds the phases ( figure 3 )" in text
    assert "figure 1 shows the best division possible" in text


def test_table_headers_have_a_scope(page: Any) -> None:
    headers = [attributes for tag, attributes in page.elements if tag == "th"]
    assert len(headers) > 50
    assert {attributes["scope"] for attributes in headers} == {"col", "row"}


def test_the_head_states_language_title_and_the_time_it_was_given(page: Any, default_document: Document) -> None:
    elements = page.elements
    metas = {
        attributes["name"]: attributes["content"]
        for tag, attributes in elements
        if tag == "meta" and attributes.get("name")
    }
    assert ("html", {"lang": "en"}) in elements
    assert ("meta", {"charset": "utf-8"}) in elements
    assert metas["dcterms.created"] == metas["dcterms.modified"] == CREATED
    assert metas["description"] == default_document.subtitle
    assert metas["generator"] == f"quadnet {default_document.version}"
    assert "Four quadrants" in [text for path, text in page.texts if path[-1:] == ("title",)]


def test_the_same_document_gives_the_same_page(default_document: Document, screen: str, printed: str) -> None:
    assert render.html(default_document, "screen", CREATED) == screen
    assert render.html(default_document, "print", CREATED) == printed


def test_the_configuration_stands_in_two_halves_that_make_it_up(screen: str, default_document: Document) -> None:
    config = re.search(r'<pre class="config">(.*?)</pre>', screen, re.DOTALL)
    assert config is not None
    first, second = (html.unescape(half) for half in re.findall("<code>(.*?)</code>", config[1], re.DOTALL))
    assert first + second == default_document.config_toml
    assert second.startswith("[")
    assert abs(first.count("\n") - second.count("\n")) < 12


def test_both_pages_say_the_same(screen: str, printed: str, read_page: ReadPage) -> None:
    without = re.sub('<section id="explore".*?</section>|<li id="explore-link".*?</li>', "", screen, flags=re.DOTALL)
    assert without != screen
    assert read_page(without).text() == read_page(printed).text()


def test_no_placeholder_is_left_open(page: Any) -> None:
    assert not re.search(r"%\(|\{\{|\}\}|\{%|None|nan\b", page.text())


def test_drawings_follow_the_colours_of_the_screen_page(screen: str) -> None:
    style, _, body = screen.partition("</style>")
    drawings = "".join(re.findall(r"<svg.*?</svg>", body, re.DOTALL))
    for variable in ROLES.values():
        assert f"{variable}:" in style
    for c in range(CLASSES):
        assert f"var(--class-{c})" in style.partition(".d0 {")[2]
    assert not any(colour in drawings for colour in ROLES)
    assert "var(" not in drawings


def test_dark_mode_gives_every_role_another_colour(screen: str) -> None:
    dark = screen[screen.index("prefers-color-scheme: dark") :].partition("</style>")[0]
    assert all(re.search(rf"{variable}: #[0-9a-f]{{6}};", dark) for variable in ROLES.values())


def test_printed_drawings_keep_their_colours_and_take_no_variables(printed: str, default_document: Document) -> None:
    body = printed.partition("</style>")[2]
    drawings = b"".join(drawing.content for drawing in default_document.drawings if drawing.file.endswith(".svg"))
    assert "<svg" not in body
    assert "var(" not in body
    assert b"var(" not in drawings
    for colour in (INK, *CLASS_COLOURS):
        assert colour.encode() in drawings


@pytest.mark.parametrize("medium", ["screen", "print"])
@pytest.mark.parametrize("title", HOSTILE)
def test_a_hostile_text_stays_text(small_document: Document, read_page: ReadPage, medium: str, title: str) -> None:
    figures = {
        key: replace(figure, alt=f"{title} {figure.alt}", caption=f"{title} {figure.caption}")
        for key, figure in small_document.figures.items()
    }
    document = replace(
        small_document,
        title=title,
        figures=figures,
        subtitle=title,
        run_name=title,
        config_toml=f'title = "{title}"',
        facts=((title, title),),
        luck=title,
    )
    page = read_page(render.html(document, medium, CREATED))
    words = " ".join(title.split())
    assert [tag for tag, _ in page.elements].count("script") == (3 if medium == "screen" else 0)
    assert page.text().count(words) >= 9
    assert title in {a.get("aria-label", a.get("alt", ""))[: len(title)] for _, a in page.elements}
    assert {a["content"] for _, a in page.elements if a.get("name") == "description"} == {title}


def test_a_run_without_phases_says_so_and_has_three_figures(small_document: Document, read_page: ReadPage) -> None:
    figures = {key: figure for key, figure in small_document.figures.items() if key != "training"}
    document = replace(small_document, phases=(), episodes=(), standstill=(), figures=figures, warning="It broke.")
    text = read_page(render.html(document, "screen", CREATED)).text()
    assert "A curve of fewer than two finite values has no phases." in text
    assert "Mind: It broke." in text
    assert re.findall(r"Figure (\d+)\.", text) == ["1", "2", "3"]


def test_a_sound_run_has_no_warning(page: Any) -> None:
    assert "Mind:" not in page.text()


@pytest.mark.parametrize(
    ("optimizer", "spoken"),
    [
        ("gradient_descent", "Theta becomes theta minus alpha times the gradient"),
        ("heavy_ball", "v becomes beta v minus alpha times the gradient of L at theta; theta"),
        ("nesterov", "the gradient of L at theta plus beta v"),
        ("averaging", "v becomes beta v plus one minus beta times the gradient"),
    ],
)
def test_the_method_shows_the_formula_of_the_optimizer(
    small_document: Document, read_page: ReadPage, optimizer: str, spoken: str
) -> None:
    html = render.html(replace(small_document, optimizer=optimizer), "screen", CREATED)
    method = html[html.index('<section id="method">') : html.index('<section id="phases">')]
    labels = [a.get("aria-label", "") for tag, a in read_page(method).elements if tag == "svg"]
    assert any(spoken in label for label in labels)
    assert ("The momentum is β" in method) == (optimizer != "gradient_descent")


def test_templates_that_were_compiled_ahead_say_the_same(small_document: Document) -> None:
    fresh = replace(small_document, language=Language.load("en"))
    render.prepare(fresh.language)
    for medium in ("print", "screen", "print"):
        assert render.html(fresh, medium, CREATED) == render.html(small_document, medium, CREATED)


def test_nothing_is_compiled_after_the_preparation(small_document: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = replace(small_document, language=Language.load("en"))
    render.prepare(fresh.language)
    monkeypatch.delattr(render.Environment, "compile")
    assert render.html(fresh, "print", CREATED)


def test_only_clouds_that_overlap_are_said_to(small_document: Document, read_page: ReadPage) -> None:
    apart = read_page(render.html(replace(small_document, overlap=False), "screen", CREATED)).text()
    overlapping = read_page(render.html(replace(small_document, overlap=True), "screen", CREATED)).text()
    assert ("lie so far apart" in apart, "reach into each other" in apart) == (True, False)
    assert ("lie so far apart" in overlapping, "reach into each other" in overlapping) == (False, True)


def test_only_a_saddle_explains_why_the_plateau_holds(default_document: Document, read_page: ReadPage) -> None:
    figures = {key: drawn for key, drawn in default_document.figures.items() if key != "saddle"}
    unexplained = read_page(render.html(replace(default_document, figures=figures), "screen", CREATED)).text()
    explained = read_page(render.html(default_document, "screen", CREATED)).text()
    assert explained.count("Why the plateau at the class shares holds") == 2  # in the contents, too
    assert "Why the plateau" not in unexplained


def part(html: str, name: str) -> str:
    """A section of the page with what lies in it."""
    inner = html[html.index(f'<section id="{name}"') :]
    return inner[: inner.index("<section id=", 1)]


def rows(table: str, read_page: ReadPage) -> list[tuple[dict[str, str], str]]:
    """Attributes and words of each row of the body of a table."""
    found = re.findall(r"(<tr[^>]*>)(.*?)</tr>", table.partition("<tbody>")[2], re.DOTALL)
    return [
        (read_page(head + "</tr>").elements[0][1], read_page(f"<table>{cells}</table>").text()) for head, cells in found
    ]


@pytest.mark.parametrize("medium", ["screen", "print"])
def test_the_verdict_table_has_a_row_with_an_anchor_for_each_claim(
    default_document: Document, read_page: ReadPage, medium: str
) -> None:
    found = rows(part(render.html(default_document, medium, CREATED), "verdicts"), read_page)
    assert [attributes["id"] for attributes, _ in found] == list(NUMBERS)
    for (_, words), trial in zip(found, default_document.trials, strict=True):
        assert words.startswith(f"{trial.number} {trial.says} {trial.test} {trial.because}")
        assert words.endswith(f"{trial.mark} {trial.outcome}")


def test_a_verdict_points_to_the_figures_that_the_page_has(
    default_document: Document, small_document: Document
) -> None:
    def pointed(document: Document) -> dict[str, list[str]]:
        table = part(render.html(document, "screen", CREATED), "verdicts")
        found = re.findall(r'<tr id="(\w+)">(.*?)</tr>', table, re.DOTALL)
        return {number: re.findall(r'href="#([\w-]+)"', cells) for number, cells in found}

    whole, small = pointed(default_document), pointed(small_document)
    assert {number: tuple(keys) for number, keys in whole.items()} == {
        t.number: t.figures for t in default_document.trials
    }
    assert whole["N5"] == ["saddle"]
    assert small["N5"] == small["N6a"] == []
    assert small["N1"] == ["training"]
    assert {key for keys in small.values() for key in keys} <= set(small_document.figures)


@pytest.mark.parametrize("medium", ["screen", "print"])
def test_each_phase_lays_the_note_s_words_beside_what_was_measured(default_document: Document, medium: str) -> None:
    html = part(render.html(default_document, medium, CREATED), "episodes")
    episodes = html.split('<section class="episode" id="')[1:]
    assert len(episodes) == 6
    for text, episode in zip(episodes, default_document.episodes, strict=True):
        assert text.startswith(f'phase-{episode.number}">')
        sides = text[text.index('<div class="sides">') : text.index('<div class="strip">')]
        note, measured = sides.split('<div class="side note">')[1].split('<div class="side">')
        assert "The note’s explanation" in note
        assert "What was measured" in measured
        assert episode.note in note
        assert episode.reading in measured
        assert episode.reading not in note
        tags = re.findall(r'<a class="tag ([\w-]+)" href="#(\w+)">(.*?)</a>', note)
        assert tags == [(t.style, t.number, f"{t.number}&nbsp;{t.mark}") for t in episode.trials]
        assert "tag" not in re.findall(r'class="([\w-]+)', measured)


def test_the_tags_of_phases_lead_to_the_rows_of_their_claims(page: Any) -> None:
    anchors = [attributes["id"] for tag, attributes in page.elements if tag == "tr" and "id" in attributes]
    tags = [a["href"].removeprefix("#") for _, a in page.elements if a.get("class", "").startswith("tag ")]
    assert anchors == list(NUMBERS)
    assert len(tags) == 10
    assert set(tags) <= set(anchors)


def test_the_contents_name_the_sections_that_are_there(default_document: Document, small_document: Document) -> None:
    for document, standstill in ((default_document, True), (small_document, False)):
        html = render.html(document, "screen", CREATED)
        contents = re.findall(r'<a href="#([\w-]+)">', html[html.index("<nav") : html.index("</nav>")])
        sections = re.findall(r'<section id="([\w-]+)"', html)
        assert contents == [name for name in sections if name != "summary"]
        assert ("standstill" in sections) == standstill
        assert {"verdicts", "makeup", "episodes"} <= set(sections)


def test_the_standstill_has_its_figure_and_formula_only_beside_a_saddle(default_document: Document) -> None:
    whole = part(render.html(default_document, "screen", CREATED), "standstill")
    figures = {key: figure for key, figure in default_document.figures.items() if key != "saddle"}
    alone = replace(default_document, figures=figures, standstill=default_document.standstill[:1])
    bare = part(render.html(alone, "screen", CREATED), "standstill")
    for text, there in ((whole, True), (bare, False)):
        assert ('<figure id="saddle"' in text) == there
        assert ("Lambda min is about minus" in text) == there
        assert ("it is called a saddle" in text) == there
        assert default_document.standstill[0] in text


def test_the_tables_of_makeup_and_crossings_show_every_row(default_document: Document, read_page: ReadPage) -> None:
    html = render.html(default_document, "screen", CREATED)
    makeup = [words for _, words in rows(part(html, "makeup"), read_page)]
    assert makeup == [" ".join(row) for row in default_document.makeup[1:]]
    table = part(html, "with-inertia").partition('<table class="crossings">')[2]
    assert [words for _, words in rows(table, read_page)] == [" ".join(row) for row in default_document.crossings[1:]]


def test_without_crossings_there_is_no_word_of_them(small_document: Document) -> None:
    assert "Set rolling in the middle of a plateau" not in render.html(small_document, "screen", CREATED)
