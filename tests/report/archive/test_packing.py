import hashlib
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quadnet.errors import ConfigurationError, QuadnetError
from quadnet.report.archive.packing import archive
from quadnet.report.archive.verification import Outcome, verify
from quadnet.report.record import manifest
from quadnet.report.record.files import zipped


def packed(*arguments: Any, **options: Any) -> list[Path]:
    return list(archive(*arguments, **options))


# the zip


def test_it_holds_the_run_without_its_log_and_the_crate_at_its_root(short_run: Path, tmp_path: Path) -> None:
    (path,) = packed([short_run], tmp_path)
    assert path == tmp_path / f"{short_run.name}.zip"
    listed = json.loads((short_run / "manifest.json").read_text())["files"]
    with zipfile.ZipFile(path) as file:
        assert file.namelist() == sorted([*listed, "manifest.json", "ro-crate-metadata.json"])
        for name in (*listed, "manifest.json"):
            assert file.read(name) == (short_run / name).read_bytes()


def test_names_and_contents_alone_decide_its_bytes(copied_run: Path, tmp_path: Path) -> None:
    (first,) = packed([copied_run], tmp_path / "a")
    for path in copied_run.rglob("*"):
        os.utime(path, (2e9, 2e9))
        path.chmod(0o700)
    (copied_run / "run.log.json").unlink()
    mask = os.umask(0o077)
    try:
        (second,) = packed([copied_run], tmp_path / "b")
    finally:
        os.umask(mask)
    assert second.read_bytes() == first.read_bytes()


@given(st.dictionaries(st.from_regex(r"\A[a-zäß0-9/_.-]{1,20}\Z"), st.binary(max_size=50), max_size=5))
def test_the_order_of_the_files_does_not_count(files: dict[str, bytes]) -> None:
    assert zipped(dict(reversed(files.items()))) == zipped(files)


def test_time_and_mode_are_fixed_on_every_system(monkeypatch: pytest.MonkeyPatch) -> None:
    before = zipped({"a": b"1"})
    monkeypatch.setattr("sys.platform", "win32")
    assert zipped({"a": b"1"}) == before
    assert hashlib.sha256(before).hexdigest() == "ff7bcfadea03f673a7f7d3cc9bbda7475b29016681fc9fd85b548e9bc3a16974"


# what can be archived, and read again


def test_it_verifies_and_can_be_archived_again(short_run: Path, tmp_path: Path) -> None:
    (path,) = packed([short_run], tmp_path)
    assert verify(path).outcome == Outcome.SAME_BYTES
    before = path.read_bytes()
    assert packed([path], tmp_path / "again.zip") == [tmp_path / "again.zip"]
    assert (tmp_path / "again.zip").read_bytes() == before
    with zipfile.ZipFile(path) as file:
        file.extractall(tmp_path / "unpacked")
    assert verify(tmp_path / "unpacked", quick=True).outcome == Outcome.SAME_BYTES


def test_a_damaged_run_is_not_archived(copied_run: Path, tmp_path: Path) -> None:
    (copied_run / "history.csv").write_text("epoch,loss\n")
    with pytest.raises(QuadnetError, match=r"damaged: history\.csv: its SHA-256 differs"):
        packed([copied_run], tmp_path / "zips")
    assert not (tmp_path / "zips").exists()


def test_a_pdf_is_not_the_whole_run(short_run: Path, tmp_path: Path) -> None:
    with pytest.raises(QuadnetError, match="carries but some files of its run; `quadnet rebuild` makes the others"):
        packed([short_run / "report.pdf"], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_a_manifest_calls_itself_names_no_file(copied_run: Path, tmp_path: Path) -> None:
    value = json.loads((copied_run / "manifest.json").read_text()) | {"name": "../../planted"}
    del value["manifest_sha256"]
    (copied_run / "manifest.json").write_bytes(manifest.sealed(value))
    (path,) = packed([copied_run], tmp_path / "zips")
    assert path == tmp_path / "zips" / f"{copied_run.name}.zip"


# where it goes


@pytest.mark.parametrize("inside", [False, True])
def test_without_a_name_it_goes_beside_its_run(copied_run: Path, monkeypatch: pytest.MonkeyPatch, inside: bool) -> None:
    monkeypatch.chdir(copied_run if inside else copied_run.parent)
    (path,) = packed([Path() if inside else Path(copied_run.name)])
    assert path.resolve() == copied_run.parent.resolve() / f"{copied_run.name}.zip"
    assert path.is_absolute() == inside
    assert verify(copied_run, quick=True).outcome == Outcome.SAME_BYTES


def test_what_is_there_stays_without_force(short_run: Path, tmp_path: Path) -> None:
    target = tmp_path / "mine.zip"
    target.write_text("mine")
    with pytest.raises(QuadnetError, match="is there already; --force replaces it"):
        packed([short_run], target)
    assert target.read_text() == "mine"
    assert packed([short_run], target, force=True) == [target]
    assert zipfile.is_zipfile(target)
    assert [each.name for each in tmp_path.iterdir()] == ["mine.zip"]


def test_a_folder_may_be_called_like_a_zip(short_run: Path, tmp_path: Path) -> None:
    (tmp_path / "all.zip").mkdir()
    assert packed([short_run], tmp_path / "all.zip") == [tmp_path / "all.zip" / f"{short_run.name}.zip"]


def test_several_runs_do_not_go_into_one_file(short_run: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is one file, and there are 2 runs; name a folder"):
        packed([short_run, short_run], tmp_path / "all.zip")


def test_two_runs_of_one_name_do_not_overwrite_each_other(short_run: Path, copied_run: Path, tmp_path: Path) -> None:
    zips = archive([short_run, copied_run], tmp_path / "zips", force=True)
    assert next(zips) == tmp_path / "zips" / f"{short_run.name}.zip"
    with pytest.raises(QuadnetError, match="is called like another of these runs"):
        next(zips)


def test_a_write_that_fails_leaves_nothing(short_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(QuadnetError, match=r"\(No space left on device\); free some space, or name another place"):
        packed([short_run], tmp_path)
    assert list(tmp_path.iterdir()) == []
