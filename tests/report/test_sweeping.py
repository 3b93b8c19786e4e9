import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quadnet.claims import NUMBERS, OUTCOMES, Outcome
from quadnet.config import parse
from quadnet.errors import ConfigurationError, QuadnetError
from quadnet.sweep import Plateau, Row, run, seeded
from report import sweeping
from report.record.table import Table

SMALL = parse({"training": {"epochs": 60}, "data": {"samples_per_class": 20}})
PAIRS = [(data, weights) for data in range(2) for weights in range(5)]


def rows(path: Path) -> list[list[str]]:
    return list(csv.reader((path / sweeping.RUNS).read_text().splitlines()))


def test_each_run_is_a_line_with_all_digits(tmp_path: Path) -> None:
    swept = sweeping.run(SMALL, PAIRS, tmp_path)
    head, *lines = rows(swept.path)
    assert tuple(head) == sweeping.COLUMNS
    assert [(int(line[0]), int(line[1])) for line in lines] == PAIRS
    expected = run(seeded(SMALL, PAIRS[3]))
    assert float(lines[3][head.index("loss_last")]) == expected.loss_last
    assert (swept.wanted, swept.found, swept.unsound) == (10, 0, 0)
    assert sum(swept.phases.values()) == 10


def test_plateaus_and_their_groups_have_columns(tmp_path: Path) -> None:
    row = Row(1, 2, "ok", 2.0, 1.0, 0.5, 0.9, "DPd", (Plateau(3, 40, 1.5, ((0, 3), (1, 2))),))
    texts = dict(zip(sweeping.COLUMNS, sweeping._texts(row), strict=True))
    assert (texts["first_start"], texts["first_end"], texts["first_loss"]) == ("3", "40", "1.5")
    assert texts["first_partition"] == "0 3|1 2"
    assert texts["second_start"] == texts["third_partition"] == ""


def test_verdicts_have_a_column_for_each_claim_that_is_empty_for_a_run_that_failed() -> None:
    assert sweeping.COLUMNS[-len(NUMBERS) :] == NUMBERS
    verdicts: tuple[Outcome, ...] = tuple(OUTCOMES[k % len(OUTCOMES)] for k in range(len(NUMBERS)))
    texts = dict(zip(sweeping.COLUMNS, sweeping._texts(Row(1, 2, "ok", 2.0, verdicts=verdicts)), strict=True))
    assert tuple(texts[number] for number in NUMBERS) == verdicts
    failed = dict(zip(sweeping.COLUMNS, sweeping._texts(Row(1, 2, "failed: E: x")), strict=True))
    assert {failed[number] for number in NUMBERS} == {""}


def test_the_verdicts_of_a_line_are_those_of_its_run(tmp_path: Path) -> None:
    head, line = rows(sweeping.run(SMALL, [(0, 3)], tmp_path).path)
    texts = dict(zip(head, line, strict=True))
    assert tuple(texts[number] for number in NUMBERS) == run(seeded(SMALL, (0, 3))).verdicts
    assert texts["N3"] == "holds"


def test_a_second_sweep_adds_only_what_is_missing(tmp_path: Path) -> None:
    first = sweeping.run(SMALL, PAIRS[:4], tmp_path)
    before = (first.path / sweeping.RUNS).read_bytes()
    told: list[int] = []
    second = sweeping.run(SMALL, PAIRS, tmp_path, progress=told.append)
    assert second.path == first.path
    assert second.found == 4
    assert told == [5, 6, 7, 8, 9, 10]
    assert (second.path / sweeping.RUNS).read_bytes().startswith(before)


def test_a_row_reads_back_from_its_line() -> None:
    plateaus = (Plateau(3, 40, 1.5, ((0, 3), (1, 2))), Plateau(50, 90, 0.1, ((0,), (1,), (2,), (3,))))
    verdicts: tuple[Outcome, ...] = ("holds", "cannot be tested", *("partly",) * (len(NUMBERS) - 2))
    for row in (
        Row(1, 2, "ok", 2.0, 0.1 + 0.2, 0.5, 0.9, "DPDSd", plateaus, verdicts),
        Row(3, 4, "failed: Error: x, y"),
    ):
        assert sweeping._row(sweeping._texts(row)) == row


@pytest.mark.parametrize("change", [("loss_last", "x"), ("data_seed", ""), ("first_partition", "0|a"), ("N5", "maybe")])
def test_a_damaged_line_is_named(tmp_path: Path, change: tuple[str, str]) -> None:
    texts = sweeping._texts(Row(1, 2, "ok", 2.0, 1.0, 0.5, 0.9, "DPd", (Plateau(3, 40, 1.5, ((0, 3), (1, 2))),)))
    texts[sweeping.COLUMNS.index(change[0])] = change[1]
    with Table(tmp_path / sweeping.RUNS, sweeping.COLUMNS) as table:
        table.append(texts)
    with pytest.raises(QuadnetError, match=r"runs\.csv: the line '.*' is damaged"):
        sweeping._row(texts)


@pytest.mark.parametrize("cut", [1, 20, 100])
def test_a_line_that_was_cut_off_is_made_again(tmp_path: Path, cut: int) -> None:
    whole = sweeping.run(SMALL, PAIRS, tmp_path / "whole").path / sweeping.RUNS
    torn = sweeping.run(SMALL, PAIRS[:6], tmp_path / "torn").path / sweeping.RUNS
    torn.write_bytes(torn.read_bytes()[:-cut])
    sweeping.run(SMALL, PAIRS, tmp_path / "torn")
    assert torn.read_bytes() == whole.read_bytes()


def test_a_table_of_other_columns_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(QuadnetError, match="other columns"):
        Table(tmp_path / "t.csv", ["a", "c"])
    assert (tmp_path / "t.csv").read_text() == "a,b\n1,2\n"


def test_a_table_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QuadnetError, match="cannot be opened"):
        Table(tmp_path, ["a"])


def test_a_table_is_for_one_sweep_at_a_time(tmp_path: Path) -> None:
    with Table(tmp_path / "t.csv", ["a"]) as table:
        with pytest.raises(QuadnetError, match=r"t\.csv: another sweep is writing to it; wait until it ends"):
            Table(tmp_path / "t.csv", ["a"])
        table.append(["1"])
    with Table(tmp_path / "t.csv", ["a"]) as table:
        assert table.rows == [["1"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("7", [7]), ("0:3", [0, 1, 2]), ("0:2,9", [0, 1, 9]), (" 4 , 6:8", [4, 6, 7]), ("4294967295", [2**32 - 1])],
)
def test_seeds_are_read_as_written(text: str, expected: list[int]) -> None:
    assert sweeping.seeds("--seeds", text) == expected


@pytest.mark.parametrize(
    "text", ["", "a", "3:3", "5:2", "-1", "1.5", "0:", "4294967296", "0:4294967296", "1,,2", "0:1:2"]
)
def test_what_is_no_range_of_seeds_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="--seeds"):
        sweeping.seeds("--seeds", text)


@given(st.integers(0, 2**32 - 2), st.integers(1, 50))
def test_a_range_has_as_many_seeds_as_its_ends_are_apart(first: int, length: int) -> None:
    end = min(first + length, 2**32)
    assert sweeping.seeds("--seeds", f"{first}:{end}") == list(range(first, end))


def test_a_scheduler_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import distributed

    def unreachable(address: str, timeout: str) -> None:
        raise OSError("no answer")

    monkeypatch.setattr(distributed, "Client", unreachable)
    with pytest.raises(QuadnetError, match=r"--scheduler tcp://127\.0\.0\.1:1: cannot be reached \(no answer\)"):
        sweeping.run(SMALL, PAIRS, tmp_path, scheduler="tcp://127.0.0.1:1")
