"""The archive as a user meets it: what a run's PDF carries; `verify`, `rebuild`, `diff`, `archive`."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pypdf
import pytest
from pypdf.generic import DictionaryObject, StreamObject
from rocrate.rocrate import ROCrate

from quadnet import config
from quadnet.report import assets

COMMAND = [sys.executable, "-P", "-m", "quadnet"]
BESIDE = ("run.log.json", ".gitattributes")  # are not in the manifest
SECOND_DAY = {"SOURCE_DATE_EPOCH": "86400"}
SMALL = ["--epochs", "300", "--set", "evaluation.points=500", "--set", "replicates.runs=1"]


def quadnet(folder: Path, *arguments: object, **changes: str) -> subprocess.CompletedProcess[str]:
    values = {key: value for key, value in os.environ.items() if key != "SOURCE_DATE_EPOCH"}
    if path := values.get("PYTHONPATH"):
        values["PYTHONPATH"] = os.pathsep.join(str(Path(part).resolve()) for part in path.split(os.pathsep))
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=folder,
        env=values | changes,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small run, made on the second day of 1970; do not change it."""
    folder = tmp_path_factory.mktemp("small")
    done = quadnet(folder, "report", *SMALL, **SECOND_DAY)
    assert done.returncode == 0, done.stderr
    return folder / done.stdout.rstrip("\n")


@pytest.fixture(scope="module")
def pdf(run: Path) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO((run / "report.pdf").read_bytes()), strict=True)


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# the PDF


def test_the_pdf_carries_the_run(run: Path, pdf: pypdf.PdfReader) -> None:
    carried = {each.name: each for each in pdf.attachment_list}
    kinds = {name: (each.subtype, each.associated_file_relationship) for name, each in carried.items()}
    assert kinds == {
        "config.toml": ("/application/toml", "/Source"),
        "metrics.json": ("/application/json", "/Data"),
        "history.csv": ("/text/csv", "/Data"),
        "phases.json": ("/application/json", "/Data"),
        "claims.json": ("/application/json", "/Data"),
        "manifest.json": ("/application/json", "/Supplement"),
    }
    for name, each in carried.items():
        assert each.creation_date == each.modification_date == datetime(1970, 1, 2, tzinfo=UTC)
        assert each.description
        assert name == "manifest.json" or each.content == (run / name).read_bytes()
    assert len(pdf.trailer["/Root"]["/AF"]) == 6


def test_the_manifest_in_the_pdf_is_that_beside_it_but_for_the_pdf_and_what_lies_below(
    run: Path, pdf: pypdf.PdfReader
) -> None:
    (inner,) = [json.loads(each.content) for each in pdf.attachment_list if each.name == "manifest.json"]
    outer = json.loads((run / "manifest.json").read_text())
    del outer["files"]["report.pdf"]
    for name in ("Python", "Pango", "HarfBuzz", "zlib", "subsetter"):
        del outer["versions"][name]
    for each in (inner, outer):
        del each["manifest_sha256"]
    assert inner == outer
    assert {"pydyf", "numpy"} <= set(inner["versions"])


def test_the_pdf_declares_both_standards(pdf: pypdf.PdfReader) -> None:
    root = pdf.trailer["/Root"]
    metadata = root["/Metadata"].get_object().get_data().decode()
    assert 'pdfaid:part="3" pdfaid:conformance="A"' in metadata
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
    assert "<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>" in metadata
    assert [intent["/S"] for intent in root["/OutputIntents"]] == ["/GTS_PDFA1"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]


def objects(pdf: pypdf.PdfReader) -> Iterator[Any]:
    """All objects of the file."""
    for number in range(1, pdf.trailer["/Size"]):
        yield pdf.get_object(number)


def test_every_font_is_in_the_file(pdf: pypdf.PdfReader) -> None:
    descriptors = [
        each for each in objects(pdf) if isinstance(each, DictionaryObject) and each.get("/Type") == "/FontDescriptor"
    ]
    fonts = [each for each in objects(pdf) if isinstance(each, DictionaryObject) and each.get("/Subtype") == "/Type0"]
    assert len(descriptors) == len(fonts) > 3
    assert all(each["/FontFile2"].get_object().get_data() for each in descriptors)
    assert all("/ToUnicode" in each for each in fonts)


def test_no_picture_is_smoothed(pdf: pypdf.PdfReader) -> None:
    pictures = [each for each in objects(pdf) if isinstance(each, StreamObject) and each.get("/Subtype") == "/Image"]
    assert pictures
    assert not any(each.get("/Interpolate", False) for each in pictures)


def test_header_cells_and_formulas_say_what_they_are(pdf: pypdf.PdfReader, tags: Any) -> None:
    assert {each["/A"]["/Scope"] for each in tags(pdf, "/TH")} == {"/Column", "/Row"}
    formulas = tags(pdf, "/Formula")
    assert len(formulas) > 3
    assert all(each["/Alt"] and each["/ActualText"] for each in formulas)
    assert all(each["/Alt"] for each in tags(pdf, "/Figure"))


@pytest.mark.skipif(shutil.which("qpdf") is None, reason="qpdf is not installed")
def test_qpdf_finds_no_fault(run: Path) -> None:
    done = subprocess.run(["qpdf", "--check", run / "report.pdf"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No syntax or stream encoding errors found" in done.stdout


# verify


@pytest.mark.usefixtures("subsetter")
def test_an_untouched_run_verifies(run: Path) -> None:
    done = quadnet(run, "verify", ".")
    assert (done.returncode, done.stdout, done.stderr) == (0, "same bytes\n", "")


def test_a_damaged_run_does_not(run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(run, folder)
    content = bytearray((folder / "history.csv").read_bytes())
    content[100] ^= 1
    (folder / "history.csv").write_bytes(content)
    for options in ([], ["--quick"]):
        done = quadnet(tmp_path, "verify", "run", *options)
        assert (done.returncode, done.stderr) == (1, "")
        assert done.stdout.splitlines()[1:] == ["history.csv: its SHA-256 differs from the manifest's"]
    said = json.loads(quadnet(tmp_path, "verify", "run", "--quick", "--json").stdout)
    assert said["findings"] == ["history.csv: its SHA-256 differs from the manifest's"]
    quiet = quadnet(tmp_path, "verify", "run", "--quick", "-q")
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (1, "", "")


def test_pages_that_other_sources_make_differ_with_their_cause(run: Path, tmp_path: Path) -> None:
    source = tmp_path / "site"
    package = source / "quadnet"
    here = assets.TEMPLATES.parent  # the checkout, or the package where it is installed
    parts = {here / "report": package / "report", here / "templates": package / "templates"}
    for origin, copy in {Path(config.__file__).parent: package, **parts}.items():
        shutil.copytree(origin, copy, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    style = next((package / "templates" / "style").glob("*.css"))
    style.write_text(style.read_text() + "\nbody { color: #123456 }\n")
    done = quadnet(tmp_path, "verify", run, PYTHONPATH=str(source))
    assert done.returncode == 1, done.stderr
    head, *findings = done.stdout.splitlines()
    assert head == "same numbers, other bytes"
    assert any(line.startswith("report.html: differs from byte ") for line in findings)
    assert findings[-1] == "likely cause: the program's own sources differ"


HOSTILE_ZIP = {"run/manifest.json": b"{}", "run/../../outside": b"planted"}


@pytest.mark.parametrize("command", [["verify"], ["rebuild"], ["diff", "."], ["archive"]])
@pytest.mark.parametrize("kind", ["nothing", "junk", "zip", "pdf", "deep"])
def test_what_is_no_run_is_one_line_and_exit_code_1(tmp_path: Path, command: list[str], kind: str) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    target = folder / "input"
    if kind == "junk":
        target.write_bytes(b"\x00\xff junk")
    elif kind == "zip":
        with zipfile.ZipFile(target, "w") as archive:
            for name, content in HOSTILE_ZIP.items():
                archive.writestr(name, content)
    elif kind == "pdf":
        target.write_bytes(b"%PDF-1.7\n" + b"<</Kids " * 10_000)
    elif kind == "deep":
        target.mkdir()
        (target / "manifest.json").write_bytes(b"[" * 100_000)
    before = tree(tmp_path)
    done = quadnet(folder, *command, "input")
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("quadnet: ")
    assert "a fault of the program" not in line
    assert tree(tmp_path) == before


def test_a_file_s_name_cannot_write_to_the_terminal(run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(run, folder)
    os.close(os.open(os.fsencode(folder) + b"/\x1b[2J\n\xff", os.O_CREAT))
    done = quadnet(tmp_path, "verify", "run", "--quick")
    assert done.returncode == 1
    assert done.stdout.splitlines()[1:] == ["\\x1b[2J\\n\\udcff: is not listed in the manifest"]


# rebuild and diff


@pytest.mark.usefixtures("subsetter")
def test_a_run_comes_back_from_its_pdf_in_an_empty_folder(run: Path, tmp_path: Path) -> None:
    (tmp_path / "report.pdf").write_bytes((run / "report.pdf").read_bytes())
    done = quadnet(tmp_path, "rebuild", "report.pdf", SOURCE_DATE_EPOCH="5", TZ="Asia/Tokyo", LC_ALL="C")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"outputs/{run.name}\n", "same bytes\n")
    expected = {name: content for name, content in tree(run).items() if name != "run.log.json"}
    assert tree(tmp_path / "outputs" / run.name) == expected
    again = quadnet(tmp_path, "rebuild", "report.pdf")
    assert (again.returncode, again.stdout) == (1, "")
    assert "is there already; --force replaces it" in again.stderr


def test_two_runs_are_laid_side_by_side(run: Path, tmp_path: Path) -> None:
    same = quadnet(run.parent, "diff", run.name, f"{run.name}/report.pdf")
    assert (same.returncode, same.stderr) == (0, "")
    assert same.stdout.splitlines()[2:] == [
        f"{heading}: same" for heading in ("configuration", "versions", "metrics", "phases", "verdicts")
    ]
    other = quadnet(tmp_path, "report", *SMALL, "--weight-seed", 3, "--to", "html")
    done = quadnet(tmp_path, "diff", run, other.stdout.rstrip("\n"))
    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    assert lines[2:4] == ["configuration", next(line for line in lines if line.split() == ["network.seed", "0", "3"])]
    said = quadnet(tmp_path, "diff", run, other.stdout.rstrip("\n"), "--json")
    assert said.returncode == 1
    assert json.loads(said.stdout)["differing"]["configuration"] == {"network.seed": [0, 3]}
    assert quadnet(tmp_path, "diff", run, other.stdout.rstrip("\n"), "-q").stdout == ""


def test_a_comparison_s_page_is_the_last_line_and_the_same_to_the_byte(run: Path, tmp_path: Path) -> None:
    other = quadnet(tmp_path, "report", *SMALL, "--weight-seed", 3, "--to", "html").stdout.rstrip("\n")
    done = quadnet(tmp_path, "diff", run / "report.pdf", other, "--html", "page.html")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines()[-1] == "page.html"
    page = (tmp_path / "page.html").read_bytes()
    assert all(f'id="{key}"'.encode() in page for key in ("losses", "regions-a", "regions-b"))
    changes = {"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7", "QUADNET_KERNEL": "numpy"}
    again = quadnet(tmp_path, "diff", run / "report.pdf", other, "--html", "page.html", "-q", **changes)
    assert (again.returncode, again.stdout, again.stderr) == (1, "page.html\n", "")
    assert (tmp_path / "page.html").read_bytes() == page
    same = quadnet(tmp_path, "diff", run, run / "report.pdf", "--html", "same.html", "--json")
    assert (same.returncode, json.loads(same.stdout)["page"]) == (0, "same.html")
    (tmp_path / "mine.html").write_text("mine")
    refused = quadnet(tmp_path, "diff", run, other, "--html", "mine.html")
    assert (refused.returncode, refused.stdout, (tmp_path / "mine.html").read_text()) == (1, "", "mine")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.html", "outputs", "page.html", "same.html"]


# archive


def test_each_archive_opens_as_a_crate_whose_entities_are_its_files(run: Path, tmp_path: Path) -> None:
    other = quadnet(tmp_path, "report", *SMALL, "--weight-seed", 3, "--to", "html").stdout.rstrip("\n")
    done = quadnet(tmp_path, "archive", run, other, "--output", "zips")
    names = [run.name, Path(other).name]
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [f"zips/{name}.zip" for name in names]
    for folder in (run, tmp_path / other):
        crate = ROCrate(tmp_path / "zips" / f"{folder.name}.zip")
        expected = {name: content for name, content in tree(folder).items() if name not in BESIDE}
        found = {each["name"]: each for each in crate.data_entities}
        assert set(found) == set(expected)
        for name, each in found.items():
            content = Path(each.source).read_bytes()
            assert content == expected[name]
            assert (each["sha256"], each["contentSize"]) == (hashlib.sha256(content).hexdigest(), str(len(content)))
        assert crate.name == folder.name
        assert crate.root_dataset["conformsTo"].id == "https://w3id.org/ro/wfrun/process/0.5"
        (action,) = crate.root_dataset["mentions"]
        assert [each.id for each in action["object"]] == ["config.toml"]
        assert {each.id for each in action["result"]} == set(expected) - {"config.toml"}
        assert action["instrument"]["name"] == "quadnet"


@pytest.mark.usefixtures("subsetter")
def test_the_same_run_is_the_same_archive_and_verifies(run: Path, tmp_path: Path) -> None:
    first = quadnet(tmp_path, "archive", run, "--output", "first.zip")
    assert (first.returncode, first.stdout, first.stderr) == (0, "first.zip\n", "")
    changes = {"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7", "SOURCE_DATE_EPOCH": "5"}
    again = quadnet(tmp_path, "rebuild", "first.zip", **changes)
    assert (again.returncode, again.stderr) == (0, "same bytes\n")
    second = quadnet(tmp_path, "archive", again.stdout.rstrip("\n"), **changes)
    assert second.stdout == f"outputs/{run.name}.zip\n"
    assert (tmp_path / second.stdout.rstrip("\n")).read_bytes() == (tmp_path / "first.zip").read_bytes()
    verified = quadnet(tmp_path, "verify", "first.zip")
    assert (verified.returncode, verified.stdout, verified.stderr) == (0, "same bytes\n", "")
    taken = quadnet(tmp_path, "archive", run, "--output", "first.zip")
    assert (taken.returncode, taken.stdout) == (1, "")
    assert "is there already; --force replaces it" in taken.stderr
    usage = quadnet(tmp_path, "archive", run, "first.zip", "--output", "both.zip")
    assert (usage.returncode, usage.stdout) == (2, "")
