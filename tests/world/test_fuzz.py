"""A few of the inputs that `fuzz.py` tries by the thousand."""

from pathlib import Path
from typing import Any

import odd_records
import pytest
from fuzz import Found, Fuzzer
from trial import Trial, tried


@pytest.fixture(scope="module")
def whole(
    quadnet: Any, small_run: Path, printed_run: Path, tmp_path_factory: pytest.TempPathFactory
) -> odd_records.Whole:
    packed = tmp_path_factory.mktemp("packed") / "run.zip"
    assert quadnet("archive", small_run, "--output", packed).code == 0
    return odd_records.Whole.read(small_run, packed, printed_run / "report.pdf")


@pytest.mark.parametrize(("kind", "count"), [("configurations", 12), ("records", 12), ("rosters", 30), ("tables", 8)])
def test_odd_and_hostile_input_is_taken_or_refused_in_a_line(
    quadnet: Any, whole: odd_records.Whole, tmp_path: Path, kind: str, count: int
) -> None:
    fuzzer, found = Fuzzer(quadnet, tmp_path, whole), Found()
    for number in range(count):
        fuzzer.one(kind, number, found)
    assert not found.wrong
    assert sum(found.codes.values()) == count


def test_what_is_wrong_is_found(quadnet: Any, tmp_path: Path) -> None:
    said, wrong = tried(
        quadnet, Trial(("phases", "in", "--plot", "elsewhere.svg"), {"in": b"1\n2\n3\n"}), tmp_path / "a"
    )
    assert (said.code, wrong) == (0, ["writes elsewhere: 'elsewhere.svg'"])
