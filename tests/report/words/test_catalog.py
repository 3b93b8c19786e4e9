"""The catalog of sentences, its translations, and that every visible sentence goes through it."""

import gettext
import io
import re
import runpy
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from fontTools.ttLib import TTFont

from quadnet.config import Report, parse
from quadnet.experiment import Experiment
from quadnet.phases import Phases
from quadnet.replicates import Replicates
from quadnet.report.archive import comparison_page
from quadnet.report.archive.comparison_page import Side, Trained
from quadnet.report.assets import TEMPLATES
from quadnet.report.pages import render
from quadnet.report.record import manifest
from quadnet.report.run.page import Document, compose
from quadnet.report.sweep import page as sweep_page
from quadnet.report.words.language import Language
from quadnet.sweep import Row
from quadnet.sweep import run as one_run

CHECKOUT = Path(__file__).resolve().parents[3]
PLACEHOLDER = re.compile(r"%\((\w+)\)s")
KEPT = re.compile(r"%\(\w+\)s|</?\w+>")
ACCENTS = str.maketrans("aeiouyAEIOUY", "àéîõûÿÀÉÎÕÛÝ")


def read_catalog(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file)


def messages(catalog: Catalog) -> set[tuple[str, ...]]:
    """Every message as a tuple of its forms."""
    return {(m.id,) if isinstance(m.id, str) else tuple(m.id) for m in catalog if m.id}


COMMITTED = messages(read_catalog(TEMPLATES / "locale" / "quadnet.pot"))


def extract(root: Path, target: Path) -> Catalog:
    """Collects the sentences by the command that the contributing guide gives."""
    lines = (CHECKOUT / "CONTRIBUTING.md").read_text().splitlines()
    (command,) = [line.split() for line in lines if line.strip().startswith("pybabel extract")]
    command[command.index("-o") + 1] = str(target)
    call = [sys.executable, "-m", "babel.messages.frontend", *command[1:]]
    done = subprocess.run(call, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return read_catalog(target)


def test_the_catalog_holds_the_sentences_of_the_code_and_the_templates_and_no_others(tmp_path: Path) -> None:
    assert messages(extract(CHECKOUT, tmp_path / "now.pot")) == COMMITTED
    assert len(COMMITTED) > 100


def test_collecting_finds_a_sentence_that_is_new(tmp_path: Path) -> None:
    (tmp_path / "report").mkdir()
    (tmp_path / "templates" / "locale").mkdir(parents=True)
    (tmp_path / "report" / "new.py").write_text('_("planted in the code")\n')
    (tmp_path / "templates" / "new.html.j2").write_text("{% trans %}planted in a template{% endtrans %}")
    (tmp_path / "templates" / "locale" / "babel.cfg").write_bytes((TEMPLATES / "locale" / "babel.cfg").read_bytes())
    found = messages(extract(tmp_path, tmp_path / "now.pot"))
    assert found == {("planted in the code",), ("planted in a template",)}


def badly_formed(forms: tuple[str, ...]) -> bool:
    """Whether a placeholder is incomplete or the forms have different ones."""
    return any("%" in PLACEHOLDER.sub("", form) for form in forms) or (
        len({frozenset(PLACEHOLDER.findall(form)) for form in forms}) > 1
    )


@pytest.mark.parametrize("forms", sorted(COMMITTED), ids=lambda forms: forms[0][:40])
def test_the_placeholders_of_each_message_are_well_formed(forms: tuple[str, ...]) -> None:
    assert not badly_formed(forms)


@pytest.mark.parametrize("forms", [("100 %",), ("%(a) s",), ("%s",), ("%(a)d",), ("%(a)s", "%(b)s"), ("%(a)s", "a")])
def test_a_placeholder_that_is_not_well_formed_is_noticed(forms: tuple[str, ...]) -> None:
    assert badly_formed(forms)


MAKE = runpy.run_path(str(TEMPLATES / "locale" / "make.py"))
TRANSLATED = sorted((TEMPLATES / "locale").glob("*/LC_MESSAGES/quadnet.po"))


@pytest.fixture(params=TRANSLATED, ids=lambda path: path.parent.parent.name)
def translated(request: pytest.FixtureRequest) -> Path:
    """A catalog of translations."""
    return request.param


def flaws(catalog: Catalog) -> list[str]:
    """What is wrong with the translations of a catalog."""
    found = []
    for message in catalog:
        if message.id:
            ids = (message.id,) if isinstance(message.id, str) else tuple(message.id)
            strings = (message.string,) if isinstance(message.id, str) else tuple(message.string)
            kept = sorted(set(KEPT.findall(ids[-1])))
            if message.fuzzy:
                found.append(f"fuzzy: {ids[0]}")
            if not all(string and string == string.strip() for string in strings):
                found.append(f"empty or with space around it: {ids[0]}")
            if any(sorted(set(KEPT.findall(string))) != kept or badly_formed((string,)) for string in strings):
                found.append(f"placeholders: {ids[0]}")
    return found


def test_every_sentence_has_a_translation_that_is_whole(translated: Path) -> None:
    catalog = MAKE["read"](translated)
    assert messages(catalog) == COMMITTED
    assert flaws(catalog) == []


@pytest.mark.parametrize(
    ("entry", "flaw"),
    [
        ('msgid "a %(b)s"\nmsgstr ""', "empty"),
        ('msgid "a %(b)s"\nmsgstr "b"', "placeholders"),
        ('msgid "a %(b)s"\nmsgstr "%(b)s %(c)s"', "placeholders"),
        ('msgid "a %(b)s"\nmsgstr "%(b) s"', "placeholders"),
        ('msgid "a <b>c</b>"\nmsgstr "d"', "placeholders"),
        ('#, fuzzy\nmsgid "a"\nmsgstr "d"', "fuzzy"),
        ('msgid "a"\nmsgid_plural "as"\nmsgstr[0] ""', "empty"),
    ],
)
def test_a_translation_that_is_not_whole_would_be_noticed(entry: str, flaw: str, tmp_path: Path) -> None:
    path = tmp_path / "zh" / "LC_MESSAGES" / "quadnet.po"
    path.parent.mkdir(parents=True)
    path.write_text('msgid ""\nmsgstr "Plural-Forms: nplurals=1; plural=0;"\n\n' + entry + "\n", "utf-8")
    assert any(found.startswith(flaw) for found in flaws(MAKE["read"](path)))


def test_the_compiled_catalog_is_that_of_the_translations(translated: Path) -> None:
    assert translated.with_suffix(".mo").read_bytes() == MAKE["compiled"](translated)
    catalog, language = MAKE["read"](translated), Language.load(translated.parent.parent.name)
    for message in catalog:
        if isinstance(message.id, str):
            assert not message.id or language.gettext(message.id) == message.string
        else:
            forms = {language.ngettext(*message.id, count) for count in range(200)}
            assert forms == set(message.string)


def test_what_is_not_translated_yet_stays_english(tmp_path: Path) -> None:
    path = tmp_path / "zh" / "LC_MESSAGES" / "quadnet.po"
    path.parent.mkdir(parents=True)
    entries = 'msgid "loss"\nmsgstr "损失"\n\nmsgid "new"\nmsgstr ""\n'
    path.write_text('msgid ""\nmsgstr "Plural-Forms: nplurals=1; plural=0;"\n\n' + entries, "utf-8")
    found = gettext.GNUTranslations(io.BytesIO(MAKE["compiled"](path)))
    assert [found.gettext(message) for message in ("loss", "new")] == ["损失", "new"]


def test_bringing_a_catalog_up_to_date_adds_what_is_new_and_takes_out_what_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "zh" / "LC_MESSAGES" / "quadnet.po"
    path.parent.mkdir(parents=True)
    path.write_bytes(TRANSLATED[-1].read_bytes())
    template = read_catalog(TEMPLATES / "locale" / "quadnet.pot")
    assert MAKE["update"](template, path) == []
    assert path.read_bytes() == TRANSLATED[-1].read_bytes()
    template.delete("loss")
    template.add("a new sentence")
    template.add(("one new thing", "%(count)s new things"))
    assert sorted(message.id[0] for message in MAKE["update"](template, path)) == ["a", "one new thing"]
    assert messages(MAKE["read"](path)) == messages(template)


# Chinese characters and punctuation; what stands beside them only with a space between, Latin, Greek and figures.
HAN = "[\u3001-\u9fff\uff01-\uff5e]"
LETTER = r"(?![\u3001-\u9fff\uff01-\uff5e])[\w(%½−]"
MARK = "[，。；：？！、（）]"
CROWDED = re.compile(rf"(?!{MARK}){HAN}{LETTER}|(?:{LETTER}|[)%½])(?!{MARK}){HAN}")
LOOSE = re.compile(rf"{HAN} +{HAN}|{MARK} | {MARK}|[,;:?!]{HAN}|{HAN}[,;:?!]|[“”‘’…—]")


@pytest.mark.parametrize(
    "text", ["第7轮", "轮7", "用sigmoid函数", "（0.9） 的", "轮 ， 损失", "轮,损失", "轮 次", "“轮”", "为½时"]
)
def test_chinese_that_is_set_too_tight_or_too_loose_is_noticed(text: str) -> None:
    assert CROWDED.search(text) or LOOSE.search(text)


def test_chinese_texts_have_chinese_punctuation_and_a_space_beside_latin() -> None:
    for message in MAKE["read"](TEMPLATES / "locale" / "zh" / "LC_MESSAGES" / "quadnet.po"):
        for string in (message.string,) if isinstance(message.string, str) else message.string:
            text = PLACEHOLDER.sub("\0", string)  # what stands for it decides, see the pages below
            assert (CROWDED.search(text) or LOOSE.search(text)) is None, string


def test_every_character_of_the_chinese_catalog_is_in_the_fonts_of_a_page() -> None:
    texts = (TEMPLATES / "locale" / "zh" / "LC_MESSAGES" / "quadnet.po").read_text("utf-8")
    for style in ("Regular", "SemiBold"):
        names = [f"QuadnetSans-{style}.woff2", f"QuadnetHan-{style}.woff2"]
        known = [set(TTFont(TEMPLATES / "fonts" / name).getBestCmap()) for name in names]
        assert {ord(character) for character in texts if not character.isspace()} <= set.union(*known)


def chinese(run: Experiment, replicates: Replicates | None = None) -> Document:
    return compose(run, Language.load("zh"), manifest.versions(), lambda: replicates or Replicates())


# What stands in Latin letters on a Chinese page: names of files, programs, rules and functions, and symbols.
LATIN = re.compile(
    r"quadrants-\w+|quadnet|sigmoid|Nesterov|SHA-256|(?:config\.toml|runs\.csv|history\.csv|\w+\.json)|outputs/|ln|log|min|NaN"
    r"|Python|numpy|matplotlib|pillow|jinja2|weasyprint|N\d[ab]?|(?<![A-Za-z])[A-Za-z](?![A-Za-z])|[WA][₁-₉]+"
)


def faults(page: object) -> list[str]:
    """Words of a Chinese page that are not Chinese, and places where two scripts or sentences stand badly together."""
    found = []
    texts = [text for path, text in page.texts if not set(path) & {"style", "script", "code", "pre", "formula"}]
    for tag, attributes in page.elements:
        texts += [attributes.get(name, "") for name in ("alt", "aria-label", "title")]
        if tag == "meta" and attributes.get("name") == "description":
            texts.append(attributes["content"])
    for text in texts:
        found += [match[0] for match in (CROWDED.search(text), LOOSE.search(" ".join(text.split()))) if match]
        found += re.findall(r"[A-Za-z]{2,}", LATIN.sub("", text))
    return found


def test_so_are_the_sentences_of_the_scripts(default_run: Experiment) -> None:
    explorer = chinese(default_run).explorer
    assert explorer is not None
    phases = [phase[key] for phase in explorer["phases"] for key in ("name", "story")]
    texts = [PLACEHOLDER.sub("0", text) for text in (*explorer["texts"].values(), *phases)]
    assert [match[0] for text in texts if (match := CROWDED.search(text) or LOOSE.search(text))] == []
    assert re.findall(r"[A-Za-z]{2,}", " ".join(texts)) == []


@pytest.mark.parametrize("medium", ["screen", "print"])
def test_a_chinese_page_is_chinese_and_its_pieces_fit_together(
    default_run: Experiment, default_replicates: Replicates, read_page: Callable[[str], object], medium: str
) -> None:
    page = made(chinese(default_run, default_replicates), read_page, medium)
    assert faults(page) == []
    assert [attributes["lang"] for tag, attributes in page.elements if tag == "html"] == ["zh"]


def test_so_is_that_of_an_unlucky_run(small_run: Experiment, read_page: Callable[[str], object]) -> None:
    document = chinese(with_momentum(small_run))
    assert faults(made(document, read_page)) == []
    planted = replace(document, luck="第7轮的loss ，")
    assert faults(made(planted, read_page)) == ["第7", " ，", "loss"]


def test_so_is_the_page_of_a_sweep(read_page: Callable[[str], object]) -> None:
    config = parse({"training": {"epochs": 300}, "evaluation": {"points": 500}})
    rows = [one_run(config), Row(1, 0, "diverged")]
    document = sweep_page.compose(config, rows, "quadrants-1", ("N1",), Language.load("zh"), manifest.versions())
    assert faults(made(document, read_page)) == []


def test_a_title_of_the_users_own_is_not_translated(small_run: Experiment) -> None:
    own = replace(small_run, config=small_run.config.model_copy(update={"report": Report(title="loss")}))
    assert chinese(own).title == "loss"
    assert chinese(small_run).title == "四个象限"


class Accented(gettext.NullTranslations):
    """A language that puts accents on all vowels, and notes what it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def gettext(self, message: str) -> str:
        self.asked.add(message)
        kept = KEPT.findall(message)
        parts = [part.translate(ACCENTS) for part in KEPT.split(message)]
        return "".join(part + keep for part, keep in zip(parts, [*kept, ""], strict=True))

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        return self.gettext(singular if n == 1 else plural)


# Words of the visible page that no language changes: names of things. Nor does it the names of matrices, such as A₁.
NAMES = {"Four", "quadrants", "quadnet", "Python", "numpy", "matplotlib", "jinja", "pillow", "weasyprint"}


def untranslated(page: object) -> set[str]:
    """Words with a plain vowel that a reader can see or hear and that are no names."""
    texts = [page.text(without=("style", "script", "code", "pre", "formula"))]
    for tag, attributes in page.elements:
        texts += [attributes.get(name, "") for name in ("alt", "aria-label", "title")]
        if tag == "meta" and attributes.get("name") == "description":
            texts.append(attributes["content"])
    text = re.sub(r"quadrants-[0-9a-f]{8}", "", " ".join(texts))
    words = re.findall(r"[^\W\d_]{2,}", re.sub(r"\b[WA][₀-₉]+", "", text))
    return {word for word in words if re.search("[aeiouyAEIOUY]", word)} - NAMES


def speaks(run: Experiment) -> tuple[Document, Accented]:
    accented = Accented()
    return compose(run, Language("xx", accented), manifest.versions()), accented


def made(document: Document, read_page: Callable[[str], object], medium: str = "screen") -> object:
    return read_page(render.html(document, medium, "2000-01-01T00:00:00Z"))


def with_momentum(run: Experiment) -> Experiment:
    """The same run as if an optimizer with momentum had made it, whose training then diverged."""
    training = run.config.training.model_copy(update={"optimizer": "averaging", "momentum": 0.9})
    other = run.companion.training.model_copy(update={"optimizer": "nesterov"})
    return replace(
        run,
        config=run.config.model_copy(update={"training": training}),
        companion=replace(run.companion, training=other),
        phases=replace(run.phases, status="diverged"),
        metrics=replace(run.metrics, bayes_accuracy=1.0, loss_last=float("nan")),
    )


@pytest.mark.parametrize("medium", ["screen", "print"])
def test_every_visible_sentence_goes_through_the_catalog(
    default_run: Experiment, read_page: Callable[[str], object], medium: str
) -> None:
    document, _ = speaks(default_run)
    assert untranslated(made(document, read_page, medium)) == set()


def test_the_sentences_of_the_scripts_go_through_the_catalog_too(default_run: Experiment) -> None:
    document, _ = speaks(default_run)
    assert document.explorer is not None
    phases = [phase[key] for phase in document.explorer["phases"] for key in ("name", "story")]
    sentences = PLACEHOLDER.sub("", " ".join([*document.explorer["texts"].values(), *phases]))
    assert len(sentences) > 500
    assert re.findall("[aeiouyAEIOUY]", sentences) == []


def test_the_sentences_of_an_unlucky_run_go_through_the_catalog_too(
    small_run: Experiment, read_page: Callable[[str], object]
) -> None:
    document, _ = speaks(with_momentum(small_run))
    assert untranslated(made(document, read_page)) == set()
    bare = replace(document, phases=(), figures={k: v for k, v in document.figures.items() if k != "training"})
    assert untranslated(made(bare, read_page)) == set()


def test_the_sentences_of_a_comparison_go_through_the_catalog_too(
    small_run: Experiment, read_page: Callable[[str], object]
) -> None:
    accented = Accented()
    trained = Trained(small_run.dataset, small_run.history)
    first = Side("A", "", "9.9", small_run.config, small_run.history.loss, small_run.phases.phases, trained)
    second = replace(first, letter="B", trained="other", loss=small_run.history.loss[:0], phases=())
    for last in (second, replace(second, trained="long"), replace(first, letter="B")):
        rows = {"1": ("1", "2"), "2": (None, None)}
        sections = dict.fromkeys(("configuration", "versions", "metrics", "phases"), rows)
        sections["verdicts"] = {"1": ("holds", "fails"), "2": ("partly", "partly")}
        document = comparison_page.compose((first, last), sections, Language("xx", accented), "9.9")
        assert untranslated(made(document, read_page)) == set()
    assert len(accented.asked) > 30
    assert accented.asked <= {form for forms in COMMITTED for form in forms}


def test_every_sentence_asked_for_is_in_the_catalog(
    default_run: Experiment, small_run: Experiment, read_page: Callable[[str], object]
) -> None:
    known = {form for forms in COMMITTED for form in forms}
    for run in (default_run, with_momentum(small_run), replace(small_run, phases=Phases("regressed", ()))):
        broken = run.phases.phases == ()
        run = replace(run, evidence=replace(run.evidence, phases=(), track=()), anatomy=()) if broken else run
        document, accented = speaks(run)
        made(document, read_page)
        assert len(accented.asked) > 80
        assert accented.asked <= known


@pytest.mark.parametrize(
    ("plant", "words"),
    [
        (lambda document: replace(document, luck="An English sentence."), {"An", "English", "sentence"}),
        (lambda document: replace(document, subtitle=document.subtitle + " of classes"), {"of", "classes"}),
        (lambda document: with_data_figure(document, alt="Alternative"), {"Alternative"}),
        (lambda document: with_data_figure(document, content=b"<svg ><text>label</text></svg>"), {"label"}),
    ],
    ids=["a sentence", "part of a sentence", "an alternative text", "a word in a drawing"],
)
def test_an_untranslated_sentence_would_be_caught(
    small_run: Experiment, read_page: Callable[[str], object], plant: Callable[[Document], Document], words: set[str]
) -> None:
    document, _ = speaks(small_run)
    assert untranslated(made(plant(document), read_page)) == words


def with_data_figure(document: Document, **changes: object) -> Document:
    figure = replace(document.figures["data"], **changes)
    return replace(document, figures=document.figures | {"data": figure})


def test_an_untranslated_heading_in_a_template_would_be_caught(
    small_run: Experiment, read_page: Callable[[str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(self: object, environment: object, template: str) -> tuple[str, str, Callable[[], bool]]:
        source = (TEMPLATES / template).read_text()
        return source.replace("{% trans %}The data{% endtrans %}", "The data"), template, lambda: True

    monkeypatch.setattr(render.FileSystemLoader, "get_source", load)
    document, _ = speaks(small_run)
    assert untranslated(made(document, read_page)) == {"The", "data"}
