import csv
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quadnet import sweep as sweeps
from quadnet.claims import NUMBERS, OUTCOMES, Outcome
from quadnet.config import Config, parse
from quadnet.dataset import Dataset
from quadnet.errors import ConfigurationError, QuadnetError
from quadnet.history import History
from quadnet.program import numbers_digest
from quadnet.report.progress import Stages
from quadnet.report.record.journal import Table
from quadnet.report.sweep import build as sweep_build
from quadnet.sweep import Plateau, Row, run, seeded
from quadnet.training import train

SMALL = parse({"training": {"epochs": 60}, "data": {"samples_per_class": 20}})
PAIRS = [(data, weights) for data in range(2) for weights in range(5)]


def rows(path: Path) -> list[list[str]]:
    return list(csv.reader((path / sweep_build.RUNS).read_text().splitlines()))


def test_each_run_is_a_line_with_all_digits(tmp_path: Path) -> None:
    swept = sweep_build.run(SMALL, PAIRS, tmp_path)
    head, *lines = rows(swept.path)
    assert tuple(head) == sweep_build.COLUMNS
    assert [(int(line[0]), int(line[1])) for line in lines] == PAIRS
    expected = run(seeded(SMALL, PAIRS[3]))
    assert float(lines[3][head.index("loss_last")]) == expected.loss_last
    assert (swept.wanted, swept.found, swept.unsound) == (10, 0, 0)
    assert sum(swept.phases.values()) == 10


def test_plateaus_and_their_groups_have_columns(tmp_path: Path) -> None:
    row = Row(1, 2, "ok", 2.0, 1.0, 0.5, 0.9, "DPd", (Plateau(3, 40, 1.5, ((0, 3), (1, 2))),))
    texts = dict(zip(sweep_build.COLUMNS, sweep_build._texts(row), strict=True))
    assert (texts["first_start"], texts["first_end"], texts["first_loss"]) == ("3", "40", "1.5")
    assert texts["first_partition"] == "0 3|1 2"
    assert texts["second_start"] == texts["third_partition"] == ""


def test_verdicts_have_a_column_for_each_claim_that_is_empty_for_a_run_that_failed() -> None:
    assert sweep_build.COLUMNS[-len(NUMBERS) :] == NUMBERS
    verdicts: tuple[Outcome, ...] = tuple(OUTCOMES[k % len(OUTCOMES)] for k in range(len(NUMBERS)))
    texts = dict(zip(sweep_build.COLUMNS, sweep_build._texts(Row(1, 2, "ok", 2.0, verdicts=verdicts)), strict=True))
    assert tuple(texts[number] for number in NUMBERS) == verdicts
    failed = dict(zip(sweep_build.COLUMNS, sweep_build._texts(Row(1, 2, "failed: E: x")), strict=True))
    assert {failed[number] for number in NUMBERS} == {""}


def test_the_verdicts_of_a_line_are_those_of_its_run(tmp_path: Path) -> None:
    head, line = rows(sweep_build.run(SMALL, [(0, 3)], tmp_path).path)
    texts = dict(zip(head, line, strict=True))
    assert tuple(texts[number] for number in NUMBERS) == run(seeded(SMALL, (0, 3))).verdicts
    assert texts["N3"] == "holds"


def test_a_second_sweep_adds_only_what_is_missing(tmp_path: Path) -> None:
    first = sweep_build.run(SMALL, PAIRS[:4], tmp_path)
    before = (first.path / sweep_build.RUNS).read_bytes()
    told: list[int] = []

    class Told(Stages):
        def __call__(self, done: int) -> None:
            told.append(done)

    second = sweep_build.run(SMALL, PAIRS, tmp_path, progress=Told())
    assert second.path == first.path
    assert second.found == 4
    assert told == [5, 6, 7, 8, 9, 10]
    assert (second.path / sweep_build.RUNS).read_bytes().startswith(before)


def test_a_row_reads_back_from_its_line() -> None:
    plateaus = (Plateau(3, 40, 1.5, ((0, 3), (1, 2))), Plateau(50, 90, 0.1, ((0,), (1,), (2,), (3,))))
    verdicts: tuple[Outcome, ...] = ("holds", "cannot be tested", *("partly",) * (len(NUMBERS) - 2))
    for row in (
        Row(1, 2, "ok", 2.0, 0.1 + 0.2, 0.5, 0.9, "DPDSd", plateaus, verdicts),
        Row(3, 4, "failed: Error: x, y"),
    ):
        assert sweep_build._row(sweep_build._texts(row)) == row


@pytest.mark.parametrize(
    "change",
    [
        *(("loss_last", "x"), ("data_seed", ""), ("data_seed", "0 "), ("first_partition", "0|a"), ("N5", "maybe")),
        *(("status", "bad"), ("status", "OK"), ("program", "PROGRAM ")),
    ],
)
def test_a_damaged_line_is_named(tmp_path: Path, change: tuple[str, str]) -> None:
    path = sweep_build.run(SMALL, PAIRS[:2], tmp_path).path / sweep_build.RUNS
    head, first, second = rows(path.parent)
    place = sweep_build.COLUMNS.index(change[0])
    second[place] = change[1].replace("PROGRAM", second[place])
    path.write_text("\n".join(map(",".join, (head, first, second))) + "\n")
    with pytest.raises(QuadnetError) as caught:
        sweep_build.run(SMALL, PAIRS[:3], tmp_path)
    assert str(caught.value).startswith(f"{path}: row 2, {','.join(second)[:60]!r}"[:-1])
    assert str(caught.value).endswith(", is damaged; take it out to run it again")


def test_a_line_with_more_columns_is_damaged(tmp_path: Path) -> None:
    path = sweep_build.run(SMALL, PAIRS[:2], tmp_path).path / sweep_build.RUNS
    path.write_text(path.read_text().rstrip("\n") + ",\n")
    with pytest.raises(QuadnetError, match=r"runs\.csv: row 2, '.*', is damaged"):
        sweep_build.run(SMALL, PAIRS[:2], tmp_path)


@pytest.mark.parametrize("end", [",\n", " \n", ",,\n"])
def test_a_head_that_was_padded_is_another_program_s(tmp_path: Path, end: str) -> None:
    path = sweep_build.run(SMALL, PAIRS[:2], tmp_path).path / sweep_build.RUNS
    path.write_text(padded := path.read_text().replace("\n", end, 1))
    with pytest.raises(QuadnetError, match=r"runs\.csv: was saved by another program"):
        sweep_build.run(SMALL, PAIRS[:2], tmp_path)
    assert path.read_text() == padded


def test_two_lines_of_the_same_seeds_are_refused(tmp_path: Path) -> None:
    path = sweep_build.run(SMALL, PAIRS[:2], tmp_path).path / sweep_build.RUNS
    path.write_text(path.read_text() + path.read_text().splitlines()[-1] + "\n")
    with pytest.raises(QuadnetError, match=r"runs\.csv: row 3, '.*', is the second of its seeds; take one of them out"):
        sweep_build.run(SMALL, PAIRS[:2], tmp_path)


def test_empty_lines_are_none(tmp_path: Path) -> None:
    path = sweep_build.run(SMALL, PAIRS[:2], tmp_path).path / sweep_build.RUNS
    path.write_text(path.read_text() + "\n\n")
    assert sweep_build.run(SMALL, PAIRS[:3], tmp_path).found == 2
    assert sweep_build.run(SMALL, PAIRS[:3], tmp_path).found == 3


@pytest.mark.parametrize("cut", [1, 20, 100])
def test_a_line_that_was_cut_off_is_made_again(tmp_path: Path, cut: int) -> None:
    whole = sweep_build.run(SMALL, PAIRS, tmp_path / "whole").path / sweep_build.RUNS
    torn = sweep_build.run(SMALL, PAIRS[:6], tmp_path / "torn").path / sweep_build.RUNS
    torn.write_bytes(torn.read_bytes()[:-cut])
    sweep_build.run(SMALL, PAIRS, tmp_path / "torn")
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
    assert [seed for part in sweep_build.seeds("--seeds", text) for seed in part] == expected


@pytest.mark.parametrize(
    "text", ["", "a", "3:3", "5:2", "-1", "1.5", "0:", "4294967296", "0:4294967296", "1,,2", "0:1:2"]
)
def test_what_is_no_range_of_seeds_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="--seeds"):
        sweep_build.seeds("--seeds", text)


@given(st.integers(0, 2**32 - 2), st.integers(1, 50))
def test_a_range_has_as_many_seeds_as_its_ends_are_apart(first: int, length: int) -> None:
    end = min(first + length, 2**32)
    assert sweep_build.seeds("--seeds", f"{first}:{end}") == [range(first, end)]


def test_a_scheduler_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import distributed

    def unreachable(address: str, timeout: str) -> None:
        raise OSError("no answer")

    monkeypatch.setattr(distributed, "Client", unreachable)
    with pytest.raises(
        QuadnetError, match=r"--scheduler tcp://127\.0\.0\.1:1: cannot be reached \(no answer\); start one"
    ):
        sweep_build.run(SMALL, PAIRS, tmp_path, scheduler="tcp://127.0.0.1:1")


# What is there already


FOREIGN = {
    "other columns": b"name,mark\nAda,1\nBob,2",
    "one line without its end": b"my only copy",
    "two words": b"data_seed,wrong\n1,2",
    "no text": bytes(range(256)),
    "an empty line": b"\n",
    "semicolons": b"name;mark\nAda;1\n",
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_a_file_of_somebody_else_is_refused_as_it_is(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(QuadnetError, match=r"t\.csv: has other columns"):
        Table(tmp_path / "t.csv", sweep_build.COLUMNS, program="p")
    assert (tmp_path / "t.csv").read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


@pytest.mark.parametrize("content", [b"", b"data_", ",".join(sweep_build.COLUMNS).encode()])
def test_a_table_cut_off_in_its_first_line_starts_anew(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with Table(tmp_path / "t.csv", sweep_build.COLUMNS, program="p") as table:
        assert table.rows == []
    assert (tmp_path / "t.csv").read_text() == ",".join(sweep_build.COLUMNS) + "\n"


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "theirs.csv").write_text(",".join(sweep_build.COLUMNS) + "\n1,2")
    (tmp_path / "t.csv").symlink_to("theirs.csv")
    (tmp_path / "nowhere.csv").symlink_to("none")
    for name in ("t.csv", "nowhere.csv"):
        with pytest.raises(QuadnetError, match="is a link"):
            Table(tmp_path / name, sweep_build.COLUMNS, program="p")
    assert (tmp_path / "theirs.csv").read_text().endswith("\n1,2")
    assert not (tmp_path / "none").exists()


def test_a_pipe_is_no_table(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "t.csv")
    with pytest.raises(QuadnetError, match="is no file"):
        Table(tmp_path / "t.csv", sweep_build.COLUMNS, program="p")


SAVED = {
    "a mark": lambda table: b"\xef\xbb\xbf" + table,
    "semicolons": lambda table: table.replace(b",", b";"),
    "a mark and semicolons": lambda table: b"\xef\xbb\xbf" + table.replace(b",", b";"),
    "tabs in UTF-16": lambda table: table.replace(b",", b"\t").decode().encode("utf-16"),
    "other ends of lines": lambda table: table.replace(b"\n", b"\r\n"),
    "those of old": lambda table: table.replace(b"\n", b"\r"),
    "quotes": lambda table: b'"' + table.replace(b",", b'","').replace(b"\n", b'"\n"'),
}


@pytest.mark.parametrize("change", SAVED.values(), ids=SAVED)
def test_a_table_that_a_spreadsheet_saved_is_told_for_that(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    path = sweep_build.run(SMALL, PAIRS[:2], tmp_path).path / sweep_build.RUNS
    saved = change(path.read_bytes())
    path.write_bytes(saved)
    with pytest.raises(QuadnetError, match=r"was saved by another program, such as a spreadsheet.*; move it away"):
        sweep_build.run(SMALL, PAIRS, tmp_path)
    assert path.read_bytes() == saved


@pytest.mark.parametrize(
    ("before", "after"), [(r",0\.(\d)", r",.\1"), (r"(\.\d{9}),", r"\g<1>0,"), (r"^0,1,", "0,01,")]
)
def test_a_number_that_is_written_otherwise_is_a_damaged_line(tmp_path: Path, before: str, after: str) -> None:
    path = sweep_build.run(SMALL, PAIRS[:2], tmp_path).path / sweep_build.RUNS
    text = re.sub(r"(\.\d{9})\d*,", r"\1,", path.read_text())
    path.write_text(text)
    sweep_build.run(SMALL, PAIRS[:2], tmp_path)
    changed = re.sub(before, after, text, flags=re.MULTILINE)
    assert changed != text
    path.write_text(changed)
    with pytest.raises(QuadnetError, match="is damaged; take it out"):
        sweep_build.run(SMALL, PAIRS[:2], tmp_path)
    assert path.read_text() == changed


def old(table: str) -> str:
    """A table as earlier versions wrote it, without the column of the program."""
    lines = list(csv.reader(table.splitlines()))
    place = lines[0].index("program")
    return "".join(",".join(cell for column, cell in enumerate(line) if column != place) + "\n" for line in lines)


@pytest.mark.parametrize("make", [old, lambda table: table.replace(numbers_digest(), "0" * 16)], ids=["old", "other"])
def test_the_table_of_another_program_is_kept_and_never_mixed(tmp_path: Path, make: Callable[[str], str]) -> None:
    path = sweep_build.run(SMALL, PAIRS[:3], tmp_path).path / sweep_build.RUNS
    ours = path.read_bytes()
    told: list[str] = []
    for number in (1, 2):
        path.write_text(make(ours.decode()))
        swept = sweep_build.run(SMALL, PAIRS[:3], tmp_path, warn=told.append)
        assert (swept.found, path.read_bytes()) == (0, ours)
        assert path.with_name(f"runs-earlier-{number}.csv").read_text() == make(ours.decode())
    assert told == [
        f"{path} was another version's; it is kept as runs-earlier-{number}.csv, and every run is made anew"
        for number in (1, 2)
    ]


def test_settings_of_somebody_else_stay(tmp_path: Path) -> None:
    path = sweep_build.run(SMALL, PAIRS[:1], tmp_path).path
    (path / "config.toml").write_text("mine = 1\n")
    before = (path / sweep_build.RUNS).read_bytes()
    with pytest.raises(QuadnetError, match=r"config\.toml: is there and not this sweep's"):
        sweep_build.run(SMALL, PAIRS, tmp_path)
    assert (path / "config.toml").read_text() == "mine = 1\n"
    assert (path / sweep_build.RUNS).read_bytes() == before


def test_runs_that_fail_are_told_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(config: Config, dataset: Dataset) -> History:
        if config.network.seed % 2:
            raise MemoryError
        return train(config, dataset)

    with monkeypatch.context() as patched:
        patched.setattr(sweeps, "train", broken)
        swept = sweep_build.run(SMALL, PAIRS, tmp_path)
    assert [(row.data_seed, row.weight_seed) for row in swept.failed] == [pair for pair in PAIRS if pair[1] % 2]
    assert str(swept.failure).startswith("4 of 10 runs failed, first that of seeds 0 and 1 (MemoryError); the others")
    assert len(rows(swept.path)) == 1 + 6
    again = sweep_build.run(SMALL, PAIRS, tmp_path)
    assert (again.found, again.failure) == (6, None)
    assert len(rows(again.path)) == 1 + 10


def test_a_line_of_a_run_that_failed_is_tried_again(tmp_path: Path) -> None:
    path = sweep_build.run(SMALL, PAIRS[:4], tmp_path).path / sweep_build.RUNS
    whole = path.read_bytes()
    failed = ",".join(sweep_build._texts(Row(0, 3, "failed: MemoryError: ", program=numbers_digest())))
    path.write_bytes(b"".join(whole.splitlines(keepends=True)[:-1]) + failed.encode() + b"\n")
    assert sweep_build.run(SMALL, PAIRS[:4], tmp_path).found == 3
    assert path.read_bytes() == whole


def test_rows_of_another_program_do_not_come_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeps, "numbers_digest", lambda: "1" * 16)
    with pytest.raises(QuadnetError, match="its workers run another version of quadnet"):
        sweep_build.run(SMALL, PAIRS[:2], tmp_path)


def test_a_fault_of_the_program_is_not_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(config: Config, dataset: Dataset) -> History:
        raise TypeError("planted")

    monkeypatch.setattr(sweeps, "train", broken)
    with pytest.raises(TypeError, match="planted"):
        sweep_build.run(SMALL, PAIRS[:2], tmp_path)


def test_an_unknown_kernel_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUADNET_KERNEL", "abacus")
    with pytest.raises(ConfigurationError, match="QUADNET_KERNEL=abacus is not allowed"):
        sweep_build.run(SMALL, PAIRS[:2], tmp_path)
    assert not list(tmp_path.iterdir())
    with pytest.raises(ConfigurationError, match="QUADNET_KERNEL=abacus is not allowed"):
        run(SMALL)
