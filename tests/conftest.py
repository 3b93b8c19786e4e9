import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import settings
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject

from quadnet.config import Config
from quadnet.experiment import Experiment, conduct
from quadnet.replicates import Replicates, Replicating
from quadnet.report.pages.press import Press

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def default_run() -> Experiment:
    """The note's experiment, run once for all tests; do not change it."""
    return conduct(Config())


@pytest.fixture(scope="session")
def default_replicates(default_run: Experiment) -> Replicates:
    """Its runs from other weight seeds; do not change them."""
    with Replicating() as replicating:
        replicating.start(default_run)
        return replicating.result()


NO_PANGO = """
import sys
class Finder:
    def find_spec(self, name, *more):
        if name == "weasyprint": raise OSError("cannot load library 'libgobject-2.0-0'")
sys.meta_path.insert(0, Finder())
"""


@pytest.fixture
def first_lines(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, str]]:
    """The variables of a machine on which a few lines run first in each new Python process."""

    def variables(code: str) -> dict[str, str]:
        folder = tmp_path_factory.mktemp("first")
        (folder / "sitecustomize.py").write_text(code)
        return {"PYTHONPATH": os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])}

    return variables


@pytest.fixture
def no_pango(first_lines: Callable[[str], dict[str, str]]) -> dict[str, str]:
    """The variables of a machine on which the typesetter says what it says where Pango is missing."""
    return first_lines(NO_PANGO)


@pytest.fixture(scope="session")
def subsetter() -> None:
    """Skips a test of exact bytes and of silence where HarfBuzz-Subset is missing, of which the program warns."""
    with Press() as press:
        if press.versions().get("subsetter") != "HarfBuzz-Subset":
            pytest.skip("HarfBuzz-Subset is not installed")


def _elements(node: Any) -> Iterator[DictionaryObject]:
    node = node.get_object()
    if isinstance(node, ArrayObject):
        for child in node:
            yield from _elements(child)
    elif isinstance(node, DictionaryObject):
        if "/S" in node:
            yield node
        if "/K" in node:
            yield from _elements(node["/K"])


@pytest.fixture(scope="session")
def tags() -> Callable[[PdfReader, str], list[DictionaryObject]]:
    """Finds the elements with a tag, such as `/TH`, in the structure of a PDF."""
    return lambda pdf, tag: [each for each in _elements(pdf.trailer["/Root"]["/StructTreeRoot"]) if each["/S"] == tag]
