import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from quadnet.config import parse
from report import comparing, pipeline
from report.comparing import compare
from report.record import files, manifest
from report.record.reading import RecordError

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
    return pipeline.build(config, tmp_path_factory.mktemp("longer"), ()).path


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
    chinese = pipeline.build(parse(values | {"report": {"language": "zh"}}), tmp_path, ()).path
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
    assert comparing.compare(short_run, short_run).entries()["equal"] is True
