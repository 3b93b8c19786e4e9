import os
import shutil
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from quadnet.config import parse
from quadnet.experiment import Experiment, conduct
from quadnet.replicates import Replicates
from quadnet.report.record import manifest
from quadnet.report.run import build as run_build
from quadnet.report.run.page import Document, compose
from quadnet.report.words.language import Language

_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Page(HTMLParser):
    """A page taken apart: its elements in order and its texts with the elements they stand in.

    Attributes:
        elements: Name and attributes of each element.
        texts: The names of the open elements and the text, for each piece of text; a formula's svg is called formula.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[tuple[str, ...], str]] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == [], "elements that are never closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {key: value or "" for key, value in attrs}))
        if tag not in _VOID:
            self._open.append("formula" if dict(attrs).get("role") == "math" else tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {key: value or "" for key, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert {"formula": "svg"}.get(opened := self._open.pop(), opened) == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((tuple(self._open), data))

    def text(self, *, without: tuple[str, ...] = ("style", "script", "svg", "formula")) -> str:
        """The text outside some elements, white space as single spaces."""
        pieces = [text for path, text in self.texts if not set(path) & set(without)]
        return " ".join(" ".join(pieces).replace("\u202f", "\0").split()).replace("\0", "\u202f")


@pytest.fixture(scope="session")
def read_page() -> type[Page]:
    return Page


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No fixed time from outside, and a search path that holds in every folder."""
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    if path := os.environ.get("PYTHONPATH"):
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(str(Path(p).resolve()) for p in path.split(os.pathsep)))


@pytest.fixture
def without_pango(no_pango: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The typesetter that new processes find says what it says where Pango is missing."""
    monkeypatch.setenv("PYTHONPATH", no_pango["PYTHONPATH"])


@pytest.fixture
def press_made_of(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Lets a shell script stand for the process that typesets, once it has said that it sets with nothing."""

    def replace(script: str) -> None:
        file = tmp_path_factory.mktemp("press") / "python"
        file.write_text(f"#!/bin/sh\necho '{{}}'\n{script}\n")
        file.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(file))

    return replace


SHORT = parse({"training": {"epochs": 200}, "evaluation": {"points": 500}, "replicates": {"runs": 1}})


@pytest.fixture(scope="session")
def short_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a short run with both pages, made on the second day of 1970; do not change it."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SOURCE_DATE_EPOCH", "86400")
        return run_build.build(SHORT, tmp_path_factory.mktemp("short"), ("html", "pdf")).path


@pytest.fixture
def copied_run(short_run: Path, tmp_path: Path) -> Path:
    """A copy of it to spoil."""
    return Path(shutil.copytree(short_run, tmp_path / short_run.name))


@pytest.fixture(scope="session")
def english() -> Language:
    return Language.load("en")


@pytest.fixture(scope="session")
def small_run() -> Experiment:
    """A run too short to leave its plateau; do not change it."""
    return conduct(parse({"training": {"epochs": 300}, "evaluation": {"points": 2000}}))


@pytest.fixture(scope="session")
def small_document(small_run: Experiment, english: Language) -> Document:
    return compose(small_run, english, manifest.versions())


@pytest.fixture(scope="session")
def default_document(default_run: Experiment, default_replicates: Replicates, english: Language) -> Document:
    return compose(default_run, english, manifest.versions(), lambda: default_replicates)
