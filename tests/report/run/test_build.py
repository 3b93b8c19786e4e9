import gc
import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quadnet import kernel
from quadnet.config import Config, parse
from quadnet.errors import ConfigurationError, QuadnetError
from quadnet.report.pages import publish
from quadnet.report.pages.press import PdfError, Press
from quadnet.report.progress import Stages
from quadnet.report.record import foreign, manifest
from quadnet.report.run import build as run_build
from quadnet.report.words.language import Language

CONFIG = parse({"training": {"epochs": 200}, "evaluation": {"points": 500}})
BOTH = ("html", "pdf")


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def state(folder: Path) -> dict[str, tuple[int, int]]:
    """What would change if a file were written again."""
    return {str(path): (path.stat().st_ino, path.stat().st_mtime_ns) for path in [folder, *folder.rglob("*")]}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> run_build.Built:
    """A run with both pages; do not change it."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("SOURCE_DATE_EPOCH", raising=False)
        return run_build.build(CONFIG, tmp_path_factory.mktemp("whole"), BOTH)


def test_a_build_has_the_pages_the_numbers_the_figures_and_the_record(whole: run_build.Built) -> None:
    files = set(tree(whole.path))
    figures = {name for name in files if name.startswith("figures/")}
    assert whole.failure is None
    assert not whole.reused
    assert whole.path.name == CONFIG.run_name
    assert files - figures == {
        "report.html",
        "report.pdf",
        "config.toml",
        "metrics.json",
        "evidence.json",
        "claims.json",
        "phases.json",
        "replicates.json",
        "history.csv",
        "trajectory.npz",
        "manifest.json",
        "run.log.json",
        ".gitattributes",
    }
    drawn = ("data", "network", "training", "inertia", "replicates")
    assert {f"figures/{name}.svg" for name in drawn} <= figures
    assert len([name for name in figures if name.startswith("figures/regions-")]) >= 2


def test_the_manifest_holds_the_digest_of_every_file_but_its_own_and_the_log_s(whole: run_build.Built) -> None:
    contents = tree(whole.path)
    written = json.loads(contents["manifest.json"])["files"]
    assert set(written) == set(contents) - {"manifest.json", "run.log.json", ".gitattributes"}
    for name, entry in written.items():
        assert entry["sha256"] == hashlib.sha256(contents[name]).hexdigest()
        assert entry["bytes"] == len(contents[name])


def test_only_the_log_tells_time_and_host(whole: run_build.Built) -> None:
    log = json.loads((whole.path / "run.log.json").read_text())
    began = datetime.fromisoformat(log["began"])
    assert abs(datetime.now(UTC) - began).days < 1
    assert log["seconds"] > 0
    assert log["kernel"] == kernel.name()
    for name, content in tree(whole.path).items():
        if name != "run.log.json":
            assert log["began"][:10].encode() not in content


def test_a_run_is_made_in_memory(whole: run_build.Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Press() as press:
        made = run_build.make(CONFIG, BOTH, "2000-01-01T00:00:00Z", press)
    assert made.failure is None
    assert made.experiment.config == CONFIG
    beside = {manifest.LOG, foreign.GIT}
    assert made.contents == {name: content for name, content in tree(whole.path).items() if name not in beside}
    assert list(tmp_path.iterdir()) == []


def test_a_history_of_huge_length_is_not_carried(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("config.toml", "metrics.json", "history.csv", "phases.json", "claims.json", "manifest.json")
    contents = dict.fromkeys(names, b"few") | {"history.csv": b"epoch,loss\n", "report.html": b"page"}
    english = Language.load("en")
    assert [each.name for each in run_build._attachments(contents, english)] == list(names)
    monkeypatch.setattr(run_build, "MOST_ATTACHED", 10)
    carried = [each.name for each in run_build._attachments(contents, english)]
    assert carried == [name for name in names if name != "history.csv"]


def test_the_manifest_names_what_set_the_pdf_if_there_is_one(whole: run_build.Built, tmp_path: Path) -> None:
    bare = run_build.build(CONFIG, tmp_path, ("html",))
    versions = [json.loads((built.path / "manifest.json").read_text())["versions"] for built in (whole, bare)]
    assert "Pango" in versions[0]
    assert "Pango" not in versions[1]
    assert versions[0].items() > versions[1].items()


def test_pages_do_not_name_what_may_be_another_below_them(
    whole: run_build.Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = Press.versions
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    monkeypatch.setattr("platform.python_version", lambda: "3.99.1")
    others = {"Pango": "1.99", "HarfBuzz": "99.1", "zlib": "1.99"}
    monkeypatch.setattr(Press, "versions", lambda press: versions(press) | others)
    elsewhere = run_build.build(CONFIG, tmp_path, BOTH).path
    differing = {name for name, content in tree(whole.path).items() if tree(elsewhere)[name] != content}
    assert differing == {"manifest.json", "run.log.json"}
    told = json.loads((elsewhere / "manifest.json").read_text())["versions"]
    assert told.items() >= ({"Python": "3.99.1"} | others).items()


def test_a_package_of_another_version_shows_in_the_pages(
    whole: run_build.Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = Press.versions
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    monkeypatch.setattr(Press, "versions", lambda press: versions(press) | {"pydyf": "99"})
    elsewhere = run_build.build(CONFIG, tmp_path, ("pdf",)).path
    assert (elsewhere / "report.pdf").read_bytes() != (whole.path / "report.pdf").read_bytes()


def test_a_second_run_says_it_is_there_and_writes_nothing(whole: run_build.Built) -> None:
    before = state(whole.path)
    for formats in (BOTH, ("html",), ("pdf",)):
        again = run_build.build(CONFIG, whole.path.parent, formats)
        assert again.reused
        assert again.path == whole.path
        assert again.experiment is None
    assert state(whole.path) == before
    assert [path.name for path in whole.path.parent.iterdir()] == [whole.path.name]


def test_force_builds_again_with_the_same_bytes(whole: run_build.Built, tmp_path: Path) -> None:
    first = tree(whole.path)
    run_build.build(CONFIG, tmp_path, ("html",))
    again = run_build.build(CONFIG, tmp_path, BOTH, force=True)
    assert not again.reused
    second = tree(again.path)
    assert first.keys() == second.keys()
    different = {name for name in first if first[name] != second[name]}
    assert different <= {"run.log.json"}


def test_a_page_that_is_missing_is_added(tmp_path: Path) -> None:
    first = run_build.build(CONFIG, tmp_path, ("html",))
    assert "report.pdf" not in tree(first.path)
    assert "report.pdf" not in json.loads((first.path / "manifest.json").read_text())["files"]
    second = run_build.build(CONFIG, tmp_path, BOTH)
    assert not second.reused
    assert {"report.html", "report.pdf"} <= set(tree(second.path))


def test_asking_for_another_page_keeps_the_first(tmp_path: Path) -> None:
    first = run_build.build(CONFIG, tmp_path, ("html",))
    before = tree(first.path)["report.html"]
    assert not run_build.build(CONFIG, tmp_path, ("pdf",)).reused
    assert tree(first.path)["report.html"] == before
    assert (first.path / "report.pdf").is_file()


def test_a_pdf_that_cannot_be_made_again_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, press_made_of: Callable[[str], None]
) -> None:
    path = run_build.build(CONFIG, tmp_path, BOTH).path
    before = tree(path)
    press_made_of("cat >/dev/null; exit 3")
    with pytest.raises(PdfError, match="the earlier record stays as it was"):
        run_build.build(CONFIG, tmp_path, BOTH, force=True)
    assert tree(path) == before


def test_another_configuration_has_a_folder_of_its_own(tmp_path: Path) -> None:
    longer = CONFIG.model_copy(update={"training": CONFIG.training.model_copy(update={"epochs": 201})})
    paths = {run_build.build(config, tmp_path, ("html",)).path for config in (CONFIG, longer)}
    assert set(tmp_path.iterdir()) == paths
    assert len(paths) == 2


@pytest.mark.parametrize("foreign", ["file", "folder", "folder with files"])
@pytest.mark.parametrize("force", [False, True])
def test_what_is_no_run_is_left_alone(tmp_path: Path, foreign: str, force: bool) -> None:
    place = tmp_path / CONFIG.run_name
    if foreign == "file":
        place.write_text("mine")
    else:
        place.mkdir()
    if foreign == "folder with files":
        (place / "report.html").write_text("mine")
    before = state(place)
    with pytest.raises(QuadnetError, match="is there but is no run of quadnet"):
        run_build.build(CONFIG, tmp_path, ("html",), force=force)
    assert state(place) == before


def test_an_output_place_that_is_no_folder_is_refused_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "outputs").write_text("mine")
    told = Told()
    with pytest.raises(QuadnetError, match="is a file, or a link that leads nowhere"):
        run_build.build(CONFIG, tmp_path / "outputs", ("html",), progress=told)
    assert told.stages == []


@pytest.fixture
def idle_press(tmp_path: Path, press_made_of: Callable[[str], None]) -> Path:
    """A process that notes its number, then waits for ever."""
    note = tmp_path / "process"
    press_made_of(f"echo $$ > {note}.new; mv {note}.new {note}; exec sleep 600")
    return note


def test_an_interruption_in_training_leaves_no_folder_and_no_process(idle_press: Path, tmp_path: Path) -> None:
    class Interrupted(Stages):
        def __call__(self, done: int) -> None:
            while not idle_press.exists():
                time.sleep(0.01)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_build.build(CONFIG, tmp_path / "outputs", BOTH, progress=Interrupted())
    assert list((tmp_path / "outputs").iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.kill(int(idle_press.read_text()), 0)


class Told(Stages):
    """What was told, stage by stage."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, int, list[int]]] = []

    def stage(self, name: str, total: int = 0, unit: str = "", done: int = 0) -> None:
        self.stages.append((name, total, []))

    def __call__(self, done: int) -> None:
        self.stages[-1][2].append(done)


def test_each_stage_is_told_and_how_much_of_it_is_done(tmp_path: Path) -> None:
    told = Told()
    run_build.build(CONFIG, tmp_path, ("html",), progress=told)
    runs = CONFIG.replicates.runs
    assert [(name, total) for name, total, _ in told.stages] == [
        ("training", 200),
        ("evidence", 0),
        *([(f"{runs} other seeds", runs)] if runs else []),
        ("figures", 0),
        ("HTML written", 0),
    ]
    training = told.stages[0][2]
    assert training == sorted(training)
    assert 0 < training[0] <= training[-1] <= 200
    assert told.stages[2][2] == list(range(1, runs + 1))


def test_a_press_that_runs_already_is_used(tmp_path: Path, press_made_of: Callable[[str], None]) -> None:
    with Press() as press:
        press_made_of("exit 9")
        built = run_build.build(CONFIG, tmp_path, BOTH, press=press)
    assert built.failure is None
    assert (built.path / "report.pdf").read_bytes().startswith(b"%PDF-")


@pytest.mark.usefixtures("without_pango")
def test_without_pango_all_but_the_pdf_is_written(tmp_path: Path) -> None:
    built = run_build.build(CONFIG, tmp_path, BOTH)
    files = set(tree(built.path))
    assert isinstance(built.failure, PdfError)
    assert "install it with: " in str(built.failure)
    assert {"report.html", "metrics.json", "history.csv", "figures/training.svg"} <= files
    assert "report.pdf" not in files
    assert "report.pdf" not in json.loads((built.path / "manifest.json").read_text())["files"]


def test_the_time_in_the_pages_is_the_one_from_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    html = (run_build.build(CONFIG, tmp_path, ("html",)).path / "report.html").read_text()
    assert re.findall('name="dcterms.created" content="([^"]*)"', html) == ["1970-01-02T00:00:00Z"]


def test_without_a_time_from_outside_the_pages_have_a_fixed_one(whole: run_build.Built) -> None:
    assert 'content="2000-01-01T00:00:00Z"' in (whole.path / "report.html").read_text()
    assert publish.page_time({}) == "2000-01-01T00:00:00Z"


@given(st.integers(0, 253_402_300_799))
def test_every_second_up_to_the_year_9999_is_a_time(seconds: int) -> None:
    text = publish.page_time({"SOURCE_DATE_EPOCH": str(seconds)})
    assert datetime.fromisoformat(text).timestamp() == seconds


@pytest.mark.parametrize(
    "text", ["", "now", "-1", "1.5", " 1", "1e3", "²", "٣", "253402300800", "9" * 400, "0x10", "1_000"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"SOURCE_DATE_EPOCH = .* is not allowed: a whole number"):
        publish.page_time({"SOURCE_DATE_EPOCH": text})


def test_a_malformed_time_is_refused_before_a_folder_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(ConfigurationError):
        run_build.build(Config(), tmp_path / "outputs", ("html",))
    assert not (tmp_path / "outputs").exists()


@pytest.fixture(autouse=True)
def _collect() -> Iterator[None]:
    """Shows a process or a file that nobody closed in the test that left it."""
    yield
    gc.collect()
