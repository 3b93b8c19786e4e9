"""The record in outputs/ that an earlier program wrote: this one makes its numbers again, bit for bit."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from quadnet.report.archive.verification import NUMBERS, Outcome, verify
from quadnet.report.record import manifest

(GOLDEN,) = (Path(__file__).parents[1] / "outputs").glob("golden-*")


def test_its_files_are_those_of_its_manifest() -> None:
    found = verify(GOLDEN, quick=True)
    assert found.outcome == Outcome.SAME_BYTES, found.findings
    assert set(NUMBERS) <= {path.name for path in GOLDEN.iterdir()}


def test_its_numbers_are_made_again_bit_for_bit() -> None:
    """Its figures too, unless other versions or sources made them; the manifest tells."""
    found = verify(GOLDEN)
    assert found.outcome != Outcome.OTHER_NUMBERS, found.findings
    assert found.outcome == Outcome.SAME_BYTES or any("likely cause" in each for each in found.findings), found.findings


@pytest.mark.parametrize("name", ["config.toml", *NUMBERS])
def test_another_bit_in_a_stored_number_is_found(tmp_path: Path, name: str) -> None:
    copy = Path(shutil.copytree(GOLDEN, tmp_path / "copy"))
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    found = verify(copy, quick=True)
    assert found.outcome == Outcome.OTHER_BYTES
    assert found.findings == (f"{name}: its SHA-256 differs from the manifest's",)


def test_another_number_is_found_and_its_place_named_though_its_manifest_fits(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(GOLDEN, tmp_path / "copy"))
    content = bytearray((copy / "history.csv").read_bytes())
    content[-2] ^= 1  # the last digit of the last loss
    (copy / "history.csv").write_bytes(content)
    value = json.loads((copy / manifest.NAME).read_text())
    value["files"]["history.csv"]["sha256"] = hashlib.sha256(content).hexdigest()
    del value["manifest_sha256"]
    (copy / manifest.NAME).write_bytes(manifest.sealed(value))
    assert verify(copy, quick=True).outcome == Outcome.SAME_BYTES
    found = verify(copy)
    assert found.outcome == Outcome.OTHER_NUMBERS
    assert found.findings[:2] == ("differing: history.csv", f"history.csv: differs from byte {len(content) - 2} on")
