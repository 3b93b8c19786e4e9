import json
import math
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quadnet.config import parse
from quadnet.errors import QuadnetError
from quadnet.report import effort
from quadnet.report.archive import comparison, verification
from quadnet.report.archive.comparison import compare
from quadnet.report.record import files, manifest, reading
from quadnet.report.record.reading import RecordError
from quadnet.report.run import build as run_build

HEADINGS = ["configuration", "versions", "metrics", "phases", "verdicts"]


def resealed(folder: Path, changes: dict[str, Any], **entries: Any) -> None:
    """Changes JSON files of a run and lets its manifest fit."""
    value = json.loads((folder / "manifest.json").read_text()) | entries
    del value["manifest_sha256"]
    for name, content in changes.items():
        (folder / name).write_bytes(files.to_json(content))
        value["files"][name] = manifest._entry(name, files.to_json(content))
    (folder / "manifest.json").write_bytes(manifest.sealed(value))


@pytest.fixture(scope="module")
def longer_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run like the short one, but longer and without pages."""
    config = parse({"training": {"epochs": 2000}, "evaluation": {"points": 500}, "replicates": {"runs": 1}})
    return run_build.build(config, tmp_path_factory.mktemp("longer"), ()).path


@pytest.mark.parametrize("form", ["folder", "pdf", "zip"])
def test_a_run_does_not_differ_from_itself_in_whatever_form(short_run: Path, tmp_path: Path, form: str) -> None:
    other = short_run
    if form == "pdf":
        other = short_run / "report.pdf"
    if form == "zip":
        other = tmp_path / "run.zip"
        with zipfile.ZipFile(other, "w") as archive:
            for path in filter(Path.is_file, short_run.rglob("*")):
                archive.write(path, path.relative_to(short_run.parent))
    found = compare(short_run, other)
    assert found.equal
    assert found.differing == {heading: {} for heading in HEADINGS}
    assert found.lines() == [f"A: {short_run}", f"B: {other}", *(f"{heading}: same" for heading in HEADINGS)]


def test_the_language_of_the_pages_makes_no_other_difference(short_run: Path, tmp_path: Path) -> None:
    values = {"training": {"epochs": 200}, "evaluation": {"points": 500}, "replicates": {"runs": 1}}
    chinese = run_build.build(parse(values | {"report": {"language": "zh"}}), tmp_path, ()).path
    for pair in ((short_run, chinese), (chinese, short_run)):
        differing = compare(*pair).differing
        assert list(differing["configuration"]) == ["report.language"]
        assert differing["metrics"] == differing["phases"] == differing["verdicts"] == {}


def test_what_differs_stands_side_by_side(short_run: Path, longer_run: Path) -> None:
    found = compare(short_run, longer_run)
    assert not found.equal
    assert list(found.differing) == HEADINGS
    assert found.differing["configuration"] == {"training.epochs": (200, 2000)}
    both = [json.loads((run / "metrics.json").read_text()) for run in (short_run, longer_run)]
    assert found.differing["metrics"]["loss_last"] == tuple(each["loss_last"] for each in both)
    assert "bayes_accuracy" not in found.differing["metrics"]
    phases = found.differing["phases"]
    assert phases["2"][0].startswith("open plateau 7–199, loss 2.27")
    assert phases["3"][0] is None
    assert phases["3"][1].startswith(("descent ", "open descent "))
    assert "N2 On its way the loss stands still several times." in found.differing["verdicts"]


def test_the_other_way_round_the_sides_are_changed(short_run: Path, longer_run: Path) -> None:
    there, back = compare(short_run, longer_run), compare(longer_run, short_run)
    for heading in HEADINGS:
        swapped = {name: (b, a) for name, (a, b) in back.differing[heading].items()}
        assert swapped == there.differing[heading]


def test_the_lines_are_columns(short_run: Path, longer_run: Path) -> None:
    lines = compare(short_run, longer_run).lines()
    assert lines[:2] == [f"A: {short_run}", f"B: {longer_run}"]
    row = next(line for line in lines if "training.epochs" in line)
    loss = next(line for line in lines if line.startswith("  loss_last"))
    assert row.split() == ["training.epochs", "200", "2000"]
    assert row.index("200") == loss.index("2.2")
    assert row.index("2000") == loss.index(loss.split()[2])
    assert next(line for line in lines if line.startswith("  3 ")).split()[:2] == ["3", "-"]


def test_other_versions_and_sources_are_told(short_run: Path, copied_run: Path) -> None:
    versions = json.loads((short_run / "manifest.json").read_text())["versions"] | {"Pango": "1.99"}
    program = {"version": "0.1.0", "source_sha256": "0" * 64}
    resealed(copied_run, {}, versions=versions, program=program)
    found = compare(short_run, copied_run)
    assert set(found.differing["versions"]) == {"Pango", "sources"}
    assert found.differing["versions"]["Pango"][1] == "1.99"
    assert found.differing["versions"]["sources"][1] == "00000000"


def test_a_damaged_run_is_not_compared(short_run: Path, copied_run: Path) -> None:
    (copied_run / "metrics.json").write_text("{}")
    with pytest.raises(RecordError, match=r"damaged: metrics\.json: its SHA-256 differs .* `quadnet verify` says more"):
        compare(short_run, copied_run)


DEEP: Any = {}
for _ in range(400):
    DEEP = {"a": DEEP}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("metrics.json", [1]),
        ("phases.json", {"phases": 3, "status": "ok"}),
        ("phases.json", {"phases": [{}], "status": "ok"}),
        ("phases.json", None),
        ("phases.json", {"phases": [{"kind": "descent"}], "status": "ok"}),
        ("claims.json", {"N1": "holds"}),
        ("claims.json", {"N1": {}}),
        ("claims.json", [[]]),
    ],
)
def test_numbers_of_another_layout_are_refused(short_run: Path, copied_run: Path, name: str, content: Any) -> None:
    resealed(copied_run, {name: content})
    with pytest.raises(RecordError, match="not laid out like those of a run"):
        compare(short_run, copied_run)


def test_deep_numbers_are_compared_or_refused(short_run: Path, copied_run: Path) -> None:
    resealed(copied_run, {"metrics.json": DEEP})
    try:
        assert not compare(short_run, copied_run).equal
    except RecordError as error:
        assert "not laid out" in str(error)  # noqa: PT017  # either is right


def test_the_entries_are_json(short_run: Path, longer_run: Path) -> None:
    entries = json.loads(json.dumps(compare(short_run, longer_run).entries()))
    assert entries["paths"] == [str(short_run), str(longer_run)]
    assert entries["equal"] is False
    assert entries["differing"]["configuration"] == {"training.epochs": [200, 2000]}
    assert comparison.compare(short_run, short_run).entries()["equal"] is True


# the page


def written(first: Path, second: Path, target: Path, **options: bool) -> str:
    comparison.write_page(compare(first, second), target, **options)
    return target.read_text()


def test_a_page_is_the_same_from_a_folder_and_from_what_its_pdf_carries(
    short_run: Path, longer_run: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = Path(shutil.copytree(longer_run, tmp_path_factory.mktemp("other") / longer_run.name))
    resealed(
        other, {}, versions=reading.read(short_run / "report.pdf").manifest.versions
    )  # or Python would be compared
    pages = [written(run, other, tmp_path / f"{k}.html") for k, run in enumerate([short_run, short_run / "report.pdf"])]
    assert pages[0].replace(f"read from {short_run.name}", "read from report.pdf") == pages[1]
    assert pages[0].count("<figure ") == 3
    assert "1 of 18 differ" in pages[0]
    assert "the option --anyway" not in pages[0]
    again = written(short_run, other, tmp_path / "0.html")
    assert again == pages[0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.html", "1.html"]


def spoilt(folder: Path, history: bytes) -> None:
    """Gives a run another history that its manifest fits."""
    value = json.loads((folder / "manifest.json").read_text())
    del value["manifest_sha256"]
    (folder / "history.csv").write_bytes(history)
    value["files"]["history.csv"] = manifest._entry("history.csv", history)
    (folder / "manifest.json").write_bytes(manifest.sealed(value))


def test_regions_are_left_out_where_training_again_gives_another_loss_in_the_last_bit(
    short_run: Path, copied_run: Path, tmp_path: Path
) -> None:
    loss = [float(line.split(",")[1]) for line in (copied_run / "history.csv").read_text().splitlines()[1:]]
    loss[-1] = math.nextafter(loss[-1], 9)
    spoilt(copied_run, files.history(np.array(loss)))
    page = written(copied_run, short_run, tmp_path / "page.html")
    assert "The regions of A are not shown: training it again gave another loss" in page
    assert 'id="regions-a"' not in page
    assert 'id="regions-b"' in page
    assert "A goes from 2.77" in page


def test_a_pdf_that_carries_no_history_is_checked_by_the_digest_of_it(
    short_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = compare(short_run, short_run / "report.pdf")
    pdf = found.records[1]
    bare = replace(pdf, files={name: content for name, content in pdf.files.items() if name != "history.csv"})
    comparison.write_page(replace(found, records=(found.records[0], bare)), tmp_path / "page.html")
    assert 'id="regions-b"' in (tmp_path / "page.html").read_text()
    monkeypatch.setattr(effort, "SECONDS", 0)
    comparison.write_page(replace(found, records=(found.records[0], bare)), tmp_path / "page.html")
    assert "The record of B holds no history, so it has no curve." in (tmp_path / "page.html").read_text()


def test_long_work_is_done_only_if_told(short_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = effort.of_report(verification.resolved(reading.read(short_run))).seconds
    monkeypatch.setattr(effort, "SECONDS", told)
    assert "the option --anyway" not in written(short_run, short_run, tmp_path / "page.html")
    monkeypatch.setattr(effort, "SECONDS", 0.99 * told)
    with monkeypatch.context() as without:
        without.setattr(comparison, "train", lambda *_: pytest.fail("it was trained"))
        page = written(short_run, short_run, tmp_path / "page.html")
    assert page.count("the option --anyway") == 2
    assert "A goes from 2.77" in page
    assert 'id="regions-a"' in written(short_run, short_run, tmp_path / "page.html", anyway=True)


@pytest.mark.parametrize(
    "history",
    [
        b"",
        b"epoch,loss\n0,x\n",
        b"epoch,loss\n0,2.50\n",
        b"epoch,loss\n1,2.5\n",
        b"epoch,loss\n0,1_0\n",
        b"epoch,loss\r\n0,2.5\r\n",
        b"epoch,loss\n0,2.5",
        b"epoch,loss\n" + b"0,2.5\n" * 201,
        b"epoch,loss\n0,2.5\x851,2.0\n",
        b"epoch,loss\n0," + b"9" * 100_000 + b"\n",
        b"epoch,loss\n0,2.5\n1,2.0\n",
    ],
)
def test_a_history_of_another_layout_is_refused(
    short_run: Path, copied_run: Path, tmp_path: Path, history: bytes
) -> None:
    """The last one is a history, but shorter than the phases."""
    spoilt(copied_run, history)
    with pytest.raises(RecordError, match="not laid out like those of a run"):
        written(short_run, copied_run, tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


def phase(start: int, end: int) -> dict[str, Any]:
    names = {"kind": "plateau", "grade": None, "open": False, "contrast": None}
    return names | {"start": start, "end": end, "loss_start": 2.0, "loss_end": 1.0}


@pytest.mark.parametrize(
    "phases",
    [
        [phase(-1, 5)],
        [phase(7, 5)],
        [phase(0, 9), phase(8, 20)],
        [phase(0, 200)],
        [phase(0, 10**30)],
        [phase(3, 3)] * 1001,
    ],
)
def test_phases_that_no_curve_has_are_not_drawn(
    short_run: Path, copied_run: Path, tmp_path: Path, phases: list[Any]
) -> None:
    resealed(copied_run, {"phases.json": {"status": "ok", "phases": phases}})
    with pytest.raises(RecordError, match="not laid out like those of a run"):
        written(short_run, copied_run, tmp_path / "page.html")


def test_halves_of_characters_and_markup_reach_the_page_as_text(
    short_run: Path, copied_run: Path, tmp_path: Path
) -> None:
    claims = json.loads((copied_run / "claims.json").read_text())
    claims["N1"] |= {"claim": "<script>\ud800", "verdict": "<b>"}
    content = json.dumps(claims).encode()
    value = json.loads((copied_run / "manifest.json").read_text())
    del value["manifest_sha256"]
    (copied_run / "claims.json").write_bytes(content)
    value["files"]["claims.json"] = manifest._entry("claims.json", content)
    (copied_run / "manifest.json").write_bytes(manifest.sealed(value))
    page = written(copied_run, short_run, tmp_path / "page.html")
    assert "&lt;script&gt;\\ud800" in page
    assert "&lt;b&gt;" in page
    assert "<script" not in page


def test_only_an_earlier_comparison_is_replaced_unless_told(short_run: Path, tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    comparison.check_free(target, [short_run], force=False)
    target.write_text("<!DOCTYPE html>somebody's own")
    with pytest.raises(QuadnetError, match=r"is there and no comparison of quadnet; name another file with --html, or"):
        comparison.check_free(target, [short_run], force=False)
    comparison.check_free(target, [short_run], force=True)
    written(short_run, short_run, target)
    comparison.check_free(target, [short_run], force=False)


@pytest.mark.parametrize("force", [True, False])
def test_no_page_goes_into_a_run(copied_run: Path, tmp_path: Path, force: bool) -> None:
    other = tmp_path / "elsewhere"
    other.mkdir()
    for place in ("page.html", "figures/page.html", "report.html"):
        with pytest.raises(QuadnetError, match="lies in a run's folder"):
            comparison.check_free(copied_run / place, [other, copied_run], force=force)


def test_a_place_that_cannot_be_written_is_told(short_run: Path, tmp_path: Path) -> None:
    with pytest.raises(QuadnetError, match=r"cannot be written \(.*\); name another file with --html"):
        written(short_run, short_run, tmp_path / "missing" / "page.html")
    with pytest.raises(QuadnetError, match=r"cannot be written \(.*\); name another file with --html"):
        comparison.check_free(tmp_path, [short_run], force=True)
