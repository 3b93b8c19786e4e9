"""What is said of a record is true, and what others planted in it comes nowhere."""

import hashlib
import json
import os
import re
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdf
import pytest

from quadnet.report.record import manifest

Deed = Callable[[Path], object]


def resealed(run: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Writes a manifest that fits itself, with something in it changed."""
    value = json.loads((run / "manifest.json").read_text())
    del value["manifest_sha256"]
    change(value)
    (run / "manifest.json").write_bytes(manifest.sealed(value))


# names that a manifest lists

PLANTED = {
    "a folder above": "../evil.bat",
    "a folder above, as Windows writes it": "..\\..\\evil.bat",
    "a path from the root": "/tmp/evil",
    "a drive": "C:evil.bat",
    "a device": "CON",
    "a device with an ending": "aux.txt",
    "a device in a folder": "figures/nul.svg",
    "a stream": "report.html:evil",
    "a dot at the end": "evil.",
    "a space at the end": "evil ",
    "a hidden name": ".bashrc",
    "an empty name": "",
    "an empty part": "figures//a.svg",
    "a line break": "a\nb",
    "a control character": "a\x1b[2J",
    "a letter that turns text around": "a\u202egpj.exe",
    "an option": "-rf",
    "a name as long as a message": "a" * 500,
    "another name of the manifest": "MANIFEST.JSON/a",
    "the same name in capitals": "Report.html",
    "the manifest itself": "manifest.json",
    "a file below a file": "config.toml/a",
}


@pytest.mark.parametrize("name", PLANTED.values(), ids=PLANTED)
def test_a_manifest_that_lists_what_no_run_has_is_damaged(quadnet: Any, run: Path, name: str) -> None:
    content = b"planted"
    entry = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    resealed(run, lambda value: value["files"].update({name: entry}))
    said = quadnet("verify", run, "--quick")
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith(f"quadnet: {run}: manifest.json is damaged: it lists ")
    assert len(said.err) - len(str(run)) < 200
    assert quadnet("archive", run).code == 1
    assert [path.name for path in run.parent.iterdir()] == [run.name]


@pytest.mark.parametrize("size", [0, 1, -1, 10**30])
def test_a_size_that_is_not_the_file_s_is_found(quadnet: Any, run: Path, size: int) -> None:
    resealed(run, lambda value: value["files"]["metrics.json"].update(bytes=size))
    said = quadnet("verify", run, "--quick")
    assert said.code == 1
    assert "metrics.json: its size is " in said.out
    assert quadnet("archive", run).code == 1


# what is no file of a run


def nest(run: Path) -> None:
    place = run
    for _ in range(200):  # no more than what clears up after the tests can bear
        place = place / "a"
        place.mkdir()


WRONG: dict[str, tuple[Deed, str]] = {
    "a link": (lambda run: (run / "link").symlink_to("report.html"), "link is a link or no file"),
    "a link to a folder": (lambda run: (run / "link").symlink_to("figures"), "link is a link or no file"),
    "a link in a file's place": (
        lambda run: ((run / "metrics.json").rename(run / "a"), (run / "metrics.json").symlink_to("a")),
        "metrics.json is a link or no file",
    ),
    "a link in a folder's place": (
        lambda run: (shutil.move(run / "figures", run.parent), (run / "figures").symlink_to("../figures")),
        "figures is a link or no file",
    ),
    "a pipe": (lambda run: os.mkfifo(run / "pipe"), "pipe is a link or no file"),
    "a pipe in the manifest's place": (
        lambda run: ((run / "manifest.json").unlink(), os.mkfifo(run / "manifest.json")),
        "manifest.json is a link or no file",
    ),
    "many folders": (nest, "holds folders more than 8 deep; no run does"),
}


@pytest.mark.parametrize(("deed", "said"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize(
    "verb", [["verify", "--quick"], ["archive"], ["rebuild"]], ids=["verify", "archive", "rebuild"]
)
def test_what_is_no_file_is_refused_in_a_line(quadnet: Any, run: Path, verb: list[str], deed: Deed, said: str) -> None:
    deed(run)
    found = quadnet(*verb, run)
    assert (found.code, found.out) == (1, "")
    assert found.err.startswith(f"quadnet: {run}: {said}")
    assert len(found.err.splitlines()) == 1


# a PDF that stands alone


@pytest.mark.parametrize("place", [0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 0.999])
def test_another_byte_in_a_lone_pdf_is_named(quadnet: Any, printed_run: Path, tmp_path: Path, place: float) -> None:
    content = bytearray((printed_run / "report.pdf").read_bytes())
    content[int(place * len(content))] ^= 4
    (tmp_path / "a.pdf").write_bytes(content)
    said = quadnet("verify", tmp_path / "a.pdf", "--quick")
    assert said.code == 1
    assert "damaged" in said.out + said.err or "is no run" in said.err or "neither a folder nor a PDF" in said.err


def test_a_lone_pdf_as_it_was_printed_agrees(quadnet: Any, printed_run: Path, tmp_path: Path) -> None:
    shutil.copy(printed_run / "report.pdf", tmp_path / "a.pdf")
    said = quadnet("verify", tmp_path / "a.pdf", "--quick")
    assert (said.code, said.out) == (0, "stored files agree with the manifest; not run again\n")


def test_a_pdf_that_another_program_saved_is_told_as_such(quadnet: Any, printed_run: Path, tmp_path: Path) -> None:
    content = (printed_run / "report.pdf").read_bytes().replace(b"quadnet:", b"whoever:")
    # Some end a stream without a line of its own, so that more seems to follow.
    long = max(re.findall(rb"\nstream\n(.*?\nendstream)", content, re.DOTALL), key=len)
    (tmp_path / "a.pdf").write_bytes(content.replace(long, long.replace(b"\nendstream", b" endstream")))
    quick, said = quadnet("verify", tmp_path / "a.pdf", "--quick"), quadnet("verify", tmp_path / "a.pdf")
    assert quick.code == 0
    assert "of its pages nothing is known: another program saved the PDF anew" in quick.out
    assert (said.code, said.out.splitlines()[0]) == (1, "same numbers, other bytes")
    assert "likely cause: another program saved the PDF anew" in said.out
    assert said.seconds < 10


# words and numbers

SAID: dict[str, tuple[Callable[[dict[str, Any]], object], int, str]] = {
    "other words": (lambda claim: claim.update(because="put otherwise"), 1, "same numbers, other bytes"),
    "another verdict": (lambda claim: claim.update(verdict="holds in part"), 2, "other numbers"),
}


@pytest.mark.parametrize(("change", "code", "headline"), SAID.values(), ids=SAID)
def test_words_are_told_from_numbers(
    quadnet: Any, run: Path, change: Callable[[dict[str, Any]], object], code: int, headline: str
) -> None:
    claims = json.loads((run / "claims.json").read_text())
    change(claims["N1"])
    content = json.dumps(claims).encode()
    (run / "claims.json").write_bytes(content)
    entry = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    resealed(run, lambda value: value["files"].update({"claims.json": entry}))
    said = quadnet("verify", run)
    assert (said.code, said.out.splitlines()[0]) == (code, headline)
    assert "claims.json" in said.out


# what is handed over instead of a run


def locked(run: Path, path: Path) -> Path:
    writer = pypdf.PdfWriter(clone_from=run / "report.pdf")
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(path / "locked.pdf")
    return path / "locked.pdf"


def merged(run: Path, path: Path) -> Path:
    writer = pypdf.PdfWriter()
    writer.append(run / "report.pdf", import_outline=False)
    writer.write(path / "printed.pdf")
    return path / "printed.pdf"


def two(run: Path, path: Path) -> Path:
    with zipfile.ZipFile(path / "two.zip", "w") as file:
        for name in ("a", "b"):
            file.write(run / "manifest.json", f"outputs/{name}/manifest.json")
    return path / "two.zip"


def cut(run: Path, path: Path) -> Path:
    (path / "cut.zip").write_bytes(two(run, path).read_bytes()[:300])
    return path / "cut.zip"


def tarred(run: Path, path: Path) -> Path:
    with tarfile.open(path / "run.tar", "w") as file:
        file.add(run, run.name)
    return path / "run.tar"


def above(run: Path, path: Path) -> Path:
    shutil.copytree(run, path / "runs" / run.name)
    (path / "runs" / "link").symlink_to(run)
    return path / "runs"


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (locked, "is locked with a password; name the report as quadnet wrote it, or the run's folder"),
        (merged, "carries no run; handouts never do, and what is printed or put together anew loses it: name the"),
        (two, "holds several records; unpack it, and name one of them"),
        (cut, "get it anew, or name the run's folder"),
        (tarred, "an archive, but no zip; unpack it, and name the run's folder"),
        (above, "a folder of records; name one of them, such as PLACE/RUN"),
        (lambda run, path: above(run, path).parent, "a folder of records; name one of them, such as PLACE/runs/RUN"),
        (lambda run, path: run / "report.html", "one file of a run; name its folder, FOLDER"),
    ],
    ids=["locked", "printed", "two in a zip", "cut off", "tar", "a folder of runs", "one above", "a page"],
)
@pytest.mark.parametrize("verb", ["verify", "rebuild"])
def test_what_is_no_run_is_told_with_a_remedy(
    quadnet: Any, printed_run: Path, tmp_path: Path, verb: str, make: Any, told: str
) -> None:
    place = make(printed_run, tmp_path)
    said = quadnet(verb, place)
    assert (said.code, said.out) == (1, "")
    (line,) = said.err.splitlines()
    assert line.startswith(f"quadnet: {place}: ")
    assert (
        told.replace("PLACE", str(place)).replace("RUN", printed_run.name).replace("FOLDER", str(printed_run)) in line
    )
