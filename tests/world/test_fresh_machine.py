"""The first command works on a fresh machine: what is missing there, and what the user gets all the same."""

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from quadnet.report.assets import TEMPLATES
from quadnet.report.environment import shielded

ROOT = Path(__file__).parents[2]
# What stands first in each new process, and so in that of the typesetter.
NO_SUBSETTER = """
import weasyprint.pdf.fonts, weasyprint.text.ffi
weasyprint.pdf.fonts.harfbuzz_subset = weasyprint.text.ffi.harfbuzz_subset = None
"""
OLD_HARFBUZZ = """
import weasyprint.pdf.fonts, weasyprint.text.ffi
class Old:
    def __getattr__(self, name): return getattr(harfbuzz, name)
    def hb_version_atleast(self, *version): return 0
harfbuzz = weasyprint.text.ffi.harfbuzz
weasyprint.pdf.fonts.harfbuzz = weasyprint.text.ffi.harfbuzz = Old()
"""
NO_PICTURES = """
from weasyprint.images import RasterImage
anew = RasterImage._get_png_data
del RasterImage._get_png_data
def give(self, name):
    if name == "_get_png_data": return anew
    raise AttributeError(name)
RasterImage.__getattr__ = give
"""
OTHER_TREE = "import quadnet.report.pages.pdf_standards as a; a._referred = lambda pdf, reference: {}['moved']"
NO_VERSIONS = "import weasyprint.text.ffi as ffi; del ffi.pango"
TALKATIVE = """
import os, sys
os.write(1, b"an interpreter says this" + os.linesep.encode())
def speak(event, names):
    if event == "import" and names[0] == "weasyprint": os.write(1, b"so does a library")
sys.addaudithook(speak)
"""

SUBSET = r"warning: the PDF looks the same in other bytes .*libharfbuzz-subset0 on Debian"


HANDOUT = ["handout", "--edition", "student", "--to", "pdf", "--epochs", "60"]
SMALL = ["--epochs", "60", "--set", "replicates.runs=0", "--set", "evaluation.points=100"]


@pytest.mark.usefixtures("subsetter")
@pytest.mark.parametrize(
    ("missing", "said"),
    [
        pytest.param(NO_SUBSETTER, SUBSET, id="no harfbuzz-subset"),
        pytest.param(OLD_HARFBUZZ, SUBSET, id="a HarfBuzz before 4.1"),
        pytest.param(NO_PICTURES, "warning: WeasyPrint .* compresses pictures anew", id="another way of pictures"),
        pytest.param(OTHER_TREE, "warning: the PDF lacks what PDF/UA-1 asks for", id="another layout of its objects"),
        pytest.param(TALKATIVE, "", id="a library that prints"),
    ],
)
def test_the_pdf_is_made_all_the_same(quadnet: Any, first_lines: Any, tmp_path: Path, missing: str, said: str) -> None:
    done = quadnet(*HANDOUT, "--output-dir", tmp_path / "outputs", env=first_lines(missing))
    assert done.code == 0, done.err
    warnings = [line for line in done.err.splitlines() if line.startswith("warning")]
    assert len(warnings) == bool(said)
    assert re.search(said, done.err)
    assert (Path(done.out.strip()) / "handout-student.pdf").read_bytes().startswith(b"%PDF-")


def test_who_wants_to_hear_nothing_hears_nothing(quadnet: Any, first_lines: Any, tmp_path: Path) -> None:
    done = quadnet(*HANDOUT, "-q", "--output-dir", tmp_path / "outputs", env=first_lines(NO_SUBSETTER))
    assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["report", *SMALL], id="report"),
        pytest.param(["handout", *SMALL], id="handout of both editions"),
    ],
)
def test_it_is_said_once(quadnet: Any, first_lines: Any, tmp_path: Path, arguments: list[str]) -> None:
    done = quadnet(*arguments, "--output-dir", tmp_path / "outputs", env=first_lines(NO_SUBSETTER))
    assert done.code == 0, done.err
    assert len(re.findall("(?m)^warning", done.err)) == 1


@pytest.mark.usefixtures("subsetter")
@pytest.mark.parametrize(
    ("missing", "told"), [(None, "HarfBuzz-Subset"), (NO_SUBSETTER, "fontTools"), (OLD_HARFBUZZ, "fontTools")]
)
def test_the_doctor_says_what_subsets_fonts(quadnet: Any, first_lines: Any, missing: str | None, told: str) -> None:
    done = quadnet("doctor", env=first_lines(missing) if missing else {})
    assert done.code == 0, done.err
    assert f"\nsubsetter   {told}\n" in done.out
    assert done.out.endswith("can be made\n")


def test_where_versions_cannot_be_asked_the_doctor_leaves_them_out(quadnet: Any, first_lines: Any) -> None:
    done = quadnet("doctor", env=first_lines(NO_VERSIONS))
    assert done.code == 0, done.err
    assert "Pango" not in done.out
    assert "can be made" in done.out


@pytest.mark.usefixtures("subsetter")
def test_verify_names_the_subsetter_as_the_cause(quadnet: Any, first_lines: Any, printed: Path) -> None:
    assert json.loads((printed / "manifest.json").read_text())["versions"]["subsetter"] == "HarfBuzz-Subset"
    variables = first_lines(NO_SUBSETTER)
    folder = quadnet("verify", printed, env=variables)
    assert folder.code == 1
    assert folder.out.startswith("same numbers, other bytes\nreport.pdf: the same pages; the letters ")
    assert "likely cause: made with subsetter HarfBuzz-Subset, here fontTools" in folder.out
    alone = quadnet("verify", printed / "report.pdf", env=variables)
    assert alone.code == 1
    assert re.search("possible cause: .* subsetter fontTools", alone.out)


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        pytest.param(["report", *SMALL], "report.html", id="report"),
        pytest.param(["handout", *SMALL], "handout-student.html", id="handout"),
        pytest.param(["sweep", "--weight-seeds", "0:2", "--epochs", "60"], "runs.csv", id="sweep"),
    ],
)
def test_without_pango_all_but_the_pdf_is_written(
    quadnet: Any, no_pango: dict[str, str], tmp_path: Path, arguments: list[str], left: str
) -> None:
    done = quadnet(*arguments, "-q", "--output-dir", tmp_path / "outputs", env=no_pango)
    assert done.code == 3
    assert re.fullmatch("quadnet: no PDF: the library Pango is missing; install it with: .*\n", done.err)
    assert (Path(done.out.strip()) / left).is_file()


def test_a_broken_pango_is_told_in_a_line(quadnet: Any, first_lines: Any, tmp_path: Path) -> None:
    missing = "function/symbol 'pango_context_set_round_glyph_positions' not found in library 'libpango-1.0.so.0'"
    broken = f"import cffi.api\ndef fail(*names): raise AttributeError({missing!r})\ncffi.api.FFI.dlopen = fail\n"
    done = quadnet(*HANDOUT, "-q", "--output-dir", tmp_path / "outputs", env=first_lines(broken))
    assert done.code == 3
    assert done.err == f"quadnet: no PDF: the typesetter ended with code 1: AttributeError: {missing}\n"


def test_a_class_hears_it_once(quadnet: Any, first_lines: Any, tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text("id,name\n1,Ada\n")
    arguments = ["handout", "--roster", tmp_path / "roster.csv", "--output-dir", tmp_path / "outputs"]
    done = quadnet(*arguments, env=first_lines(NO_SUBSETTER))
    assert done.code == 0, done.err
    assert len(re.findall("(?m)^warning", done.err)) == 1
    assert len(list((tmp_path / "outputs").rglob("1.pdf"))) == 1


def test_without_pango_the_doctor_says_so(quadnet: Any, no_pango: dict[str, str]) -> None:
    done = quadnet("doctor", env=no_pango)
    assert done.code == 3
    assert "Pango is missing" in done.err


def commands() -> list[str]:
    """The lines of the README's three blocks of commands that set up and test."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(r"```sh\n(.*?)\n```", text, re.DOTALL)[:3]


def test_the_first_two_commands_of_the_readme_are_a_line_each() -> None:
    first, _others, second = commands()
    assert first.endswith(".venv/bin/quadnet report")
    assert second.endswith(".venv/bin/pytest")
    assert "\n" not in first + second


def test_a_release_that_was_not_tried_is_not_installed() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        wanted = {re.split("[<>=]", each)[0]: each for each in tomllib.load(file)["project"]["dependencies"]}
    assert re.fullmatch(r"weasyprint>=\d+,<\d+", wanted["weasyprint"])
    assert re.fullmatch(r"pydyf>=[\d.]+,<[\d.]+", wanted["pydyf"])


def test_the_fonts_are_found_by_fontconfig_of_any_age_and_no_others(tmp_path: Path) -> None:
    if shutil.which("fc-list") is None:
        pytest.skip("fc-list is not installed")
    found = subprocess.run(
        ["fc-list", "--format", "%{file}\n"], cwd=tmp_path, env=shielded(), capture_output=True, text=True, check=True
    ).stdout.split()
    assert {Path(file).resolve() for file in found} == set((TEMPLATES / "fonts").resolve().glob("*.[tw]*f*"))
    assert "relative" not in re.sub("<!--.*?-->", "", (TEMPLATES / "fonts" / "fonts.conf").read_text(), flags=re.DOTALL)
