import json
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from quadnet.config import Config
from quadnet.errors import QuadnetError
from quadnet.report.archive import packing
from quadnet.report.archive.listing import Damaged, Run, Sweep, changed, find
from quadnet.report.record import reading

SMALL = ("config.toml", "metrics.json", "phases.json", "claims.json", "manifest.json")


@pytest.fixture
def small_copy(short_run: Path, tmp_path: Path) -> Callable[..., Path]:
    """Makes folders that hold but a run's small files, some of them with other content."""

    def make(name: str, **contents: bytes) -> Path:
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        for file in SMALL:
            shutil.copy(short_run / file, folder / file)
        for stem, content in contents.items():
            file = next(file for file in SMALL if file.startswith(stem))
            (folder / file).write_bytes(content)
        return folder

    return make


def only(folder: Path) -> Any:
    (item,) = find(folder).items
    return item


# what is listed


def test_a_run_is_listed_with_what_its_files_say(short_run: Path) -> None:
    item = only(short_run.parent)
    metrics = json.loads((short_run / "metrics.json").read_text())
    claims = json.loads((short_run / "claims.json").read_text())
    assert isinstance(item, Run)
    assert item.files == {"html": f"{short_run.name}/report.html", "pdf": f"{short_run.name}/report.pdf"}
    assert item.metrics.model_dump() == {name: metrics[name] for name in item.metrics.model_dump()}
    assert item.config.run_name == short_run.name
    for outcome, count in item.verdicts.items():
        assert count == sum(claim["verdict"] == outcome for claim in claims.values())
    assert sum(item.verdicts.values()) == len(claims) > 0
    assert len(item.letters) == len(json.loads((short_run / "phases.json").read_text())["phases"]) > 0


def test_a_zip_is_a_line_of_its_own_only_without_its_folder(short_run: Path, copied_run: Path) -> None:
    folder = copied_run.parent
    (path,) = packing.archive([copied_run])
    assert only(folder).files["zip"] == path.name
    shutil.rmtree(copied_run)
    item = only(folder)
    assert (item.name, item.files) == (path.name, {"zip": path.name})
    assert item.metrics == only(short_run.parent).metrics


def test_a_zip_beside_a_folder_of_its_name_that_is_no_run_is_listed(copied_run: Path) -> None:
    (path,) = packing.archive([copied_run])
    shutil.rmtree(copied_run)
    copied_run.mkdir()
    found = find(copied_run.parent)
    assert ([item.name for item in found.items], found.others) == ([path.name], 1)


def test_a_sweep_is_one_line_with_the_number_of_its_runs(short_run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine-sweep-01234567"
    folder.mkdir()
    shutil.copy(short_run / "config.toml", folder)
    (folder / "runs.csv").write_text('data_seed,weight_seed,status\n0,0,ok\n0,1,"failed: two\nlines"\n')
    item = only(tmp_path)
    assert isinstance(item, Sweep)
    assert (item.runs, item.files) == (2, {})
    assert find(tmp_path).entries()[0]["runs"] == 2


def test_what_is_no_run_is_counted_and_files_are_not(short_run: Path, tmp_path: Path) -> None:
    (tmp_path / "lecture").mkdir()
    (tmp_path / "link").symlink_to(short_run)
    (tmp_path / "link.zip").symlink_to(short_run / "report.pdf")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as file:
        file.writestr("slides.txt", "")
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / ".quadrants.partial").mkdir()
    found = find(tmp_path)
    assert (found.items, found.others) == ((), 4)


def test_the_order_is_that_of_the_names_however_the_disk_has_them(small_copy: Callable[..., Path]) -> None:
    for name in ("c", "a", "d", "b"):
        folder = small_copy(name).parent
    assert [item.name for item in find(folder).items] == ["a", "b", "c", "d"]
    assert find(folder).table() == find(folder).table()


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(QuadnetError, match=r"none: cannot be read \(No such file or directory\); name a folder"):
        find(tmp_path / "none")


def test_hundreds_of_runs_are_a_line_each_and_aligned(small_copy: Callable[..., Path], short_run: Path) -> None:
    config = (short_run / "config.toml").read_text()
    for k in range(300):
        seed = config.replace("[network]\nseed = 0", f"[network]\nseed = {k}")
        folder = small_copy(f"run-{k:03d}", config=seed.encode()).parent
    found = find(folder)
    assert [item.config.network.seed for item in found.items if isinstance(item, Run)] == list(range(300))
    head, *lines = found.table().splitlines()
    assert len(lines) == 300
    assert {line.index("-", 8) for line in lines} == {head.index("files")}


# what is damaged


DEEP = b"[" * 100_000


@pytest.mark.parametrize(
    ("contents", "problem"),
    [
        ({"metrics": b"[]"}, "metrics.json is not that of a run"),
        ({"metrics": b'{"accuracy": NaN}'}, "metrics.json is not that of a run"),
        ({"metrics": DEEP}, "metrics.json is not that of a run"),
        ({"phases": b'{"status": "ok", "phases": [{"kind": "<b>"}]}'}, "phases.json is not that of a run"),
        ({"claims": b'{"N1": {"verdict": "<script>"}}'}, "claims.json is not that of a run"),
        ({"claims": b"\xff\xfe"}, "claims.json is not that of a run"),
        ({"config": b"name = 1"}, "config.toml: name = 1 is not allowed"),
        ({"config": b"\xff"}, "config.toml, line 1: not UTF-8 text"),
        ({"config": b"a." * 60_000}, "config.toml is longer than 64000 bytes"),
        ({"config": b"k" * 9000 + b" = 1"}, "config.toml: unknown key kkk"),
    ],
)
def test_a_damaged_run_is_a_line_that_says_so(
    small_copy: Callable[..., Path], contents: dict[str, bytes], problem: str
) -> None:
    small_copy("whole")
    folder = small_copy("damaged", **contents).parent
    damaged, whole = find(folder).items
    assert isinstance(damaged, Damaged)
    assert isinstance(whole, Run)
    assert damaged.problem.startswith(problem)
    assert len(damaged.problem) <= 200
    assert find(folder).table().splitlines()[1].split() == f"damaged damaged: {damaged.problem}".split()


def test_a_missing_file_is_named(small_copy: Callable[..., Path]) -> None:
    folder = small_copy("a")
    (folder / "claims.json").unlink()
    assert only(folder.parent) == Damaged("a", "claims.json is missing")


def test_a_file_that_is_a_link_is_not_read(small_copy: Callable[..., Path], tmp_path: Path) -> None:
    folder = small_copy("a")
    (folder / "metrics.json").rename(tmp_path / "outside.json")
    (folder / "metrics.json").symlink_to(tmp_path / "outside.json")
    (folder / "report.html").symlink_to("/etc/passwd")
    assert only(folder.parent) == Damaged("a", "metrics.json is missing")


def test_what_would_never_end_is_not_read(small_copy: Callable[..., Path]) -> None:
    folder = small_copy("a")
    (folder / "phases.json").unlink()
    os.mkfifo(folder / "phases.json")
    assert only(folder.parent) == Damaged("a", "phases.json is missing")


def test_a_file_beyond_all_bounds_is_not_read(small_copy: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = small_copy("a")
    with (folder / "metrics.json").open("wb") as file:
        file.truncate(reading.MOST_JSON + 1)
    assert only(folder.parent) == Damaged("a", "metrics.json is larger than 4 MB; that of no run is")


def test_a_zip_that_unfolds_beyond_all_bounds_is_not_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("manifest.json", "{}")
        file.writestr("config.toml", bytes(reading.MOST_JSON + 1))
    assert only(tmp_path) == Damaged("bomb.zip", "config.toml is larger than 4 MB; that of no run is")
    (tmp_path / "bomb.zip").write_bytes(b"PK junk")
    assert only(tmp_path).problem.startswith("damaged zip (BadZipFile")


def test_a_name_cannot_write_to_the_terminal(tmp_path: Path, short_run: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/\x1b[2J\n\xff"
    Path(os.fsdecode(folder)).mkdir()
    shutil.copy(short_run / "manifest.json", Path(os.fsdecode(folder)))
    assert find(tmp_path).table().splitlines()[1].startswith("\\x1b[2J\\n\\udcff  damaged: config.toml is missing")


# settings


def test_settings_are_named_only_where_they_differ_and_have_no_column() -> None:
    config = Config()
    assert changed(config) == {}
    data = config.data.model_copy(update={"seed": 3, "spread": 0.7})
    named = config.model_copy(update={"name": "other", "data": data})
    assert changed(named) == {"data.spread": 0.7}
