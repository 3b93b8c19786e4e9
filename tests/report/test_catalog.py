"""The catalog of sentences, and that every visible sentence goes through it."""

import gettext
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from quadnet.experiment import Experiment
from quadnet.phases import Phases
from report import render
from report.assets import TEMPLATES
from report.document import Document, compose
from report.language import Language
from report.record import manifest

CHECKOUT = Path(__file__).resolve().parents[2]
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
