import io
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quadnet.errors import ConfigurationError
from quadnet.report.curve import file as curve_file
from quadnet.report.curve.file import Curve


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "curve.csv"


def read(file: Path, content: str | bytes) -> Curve:
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return curve_file.read(file)


@pytest.mark.parametrize(
    ("content", "epochs", "losses"),
    [
        ("epoch,loss\n0,3\n1,2.5\n2,1e-3\n", [0, 1, 2], [3, 2.5, 1e-3]),
        ("loss,epoch\n3,1\n2,2\n1,3\n", [1, 2, 3], [3, 2, 1]),
        ("epoch,accuracy,loss\n0,0.5,3\n10,x,2\n20,,1", [0, 10, 20], [3, 2, 1]),
        ("step,loss\n5,3\n6,2\n7,1\n", [0, 1, 2], [3, 2, 1]),
        (" Epoch ; LOSS \n0;3\n0.5;2\n1;1\n", [0, 0.5, 1], [3, 2, 1]),
        ('"epoch"\t"loss"\n0\t"3"\n1\t2\n2\t1\n', [0, 1, 2], [3, 2, 1]),
        ("# epoch,loss\n2,3\n4,2\n6,1\n", [2, 4, 6], [3, 2, 1]),
        ("3\n2\n1\n", [0, 1, 2], [3, 2, 1]),
        ("training loss\n3\n2\n1\n", [0, 1, 2], [3, 2, 1]),
        ("0,3\n1,2\n2,1\n", [0, 1, 2], [3, 2, 1]),
        ("-1;3\n0;2\n1;1\n", [-1, 0, 1], [3, 2, 1]),
        ("\r\n3\r\n\r\n2\r\n1\r\n\r\n", [0, 1, 2], [3, 2, 1]),
        ("\ufeffepoch,loss\n0,3\n1,2\n2,1\n", [0, 1, 2], [3, 2, 1]),
        ("epoch|loss|\n0|3|\n1|2\n2|1||\n", [0, 1, 2], [3, 2, 1]),
        ("sep=;\nepoch;loss\n0;3\n1;2\n", [0, 1], [3, 2]),
        ("epoch,loss,accuracy\n0,3\n1,2,\n", [0, 1], [3, 2]),
        ("loss\n3\n2\n".encode("utf-16"), [0, 1], [3, 2]),
        ("3\n2\nnan\ninf\n-Infinity\n", [0, 1, 2, 3, 4], [3, 2, np.nan, np.inf, -np.inf]),
    ],
)
def test_columns_are_found_by_name_or_place(file: Path, content: str, epochs: list[float], losses: list[float]) -> None:
    curve = read(file, content)
    np.testing.assert_array_equal(curve.epochs, epochs)
    np.testing.assert_array_equal(curve.loss, losses)
    assert curve.name == str(file)


@given(losses=st.lists(st.floats(0, 1e300), min_size=2, max_size=20), separator=st.sampled_from(",;\t"))
def test_every_digit_of_a_loss_is_read(
    tmp_path_factory: pytest.TempPathFactory, losses: list[float], separator: str
) -> None:
    file = tmp_path_factory.getbasetemp() / "digits.csv"
    lines = [f"epoch{separator}loss", *(f"{epoch}{separator}{loss!r}" for epoch, loss in enumerate(losses))]
    assert read(file, "\n".join(lines)).loss.tolist() == losses


def test_standard_input_is_read_for_a_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"3\n2\n1\n")))
    curve = curve_file.read(Path("-"))
    assert (curve.loss.tolist(), curve.name) == ([3, 2, 1], "standard input")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", ": is empty; write one loss a line"),
        ("\n \n", ": is empty"),
        ("epoch,loss\n", "no two finite losses"),
        ("loss\n3\n", "no two finite losses"),
        ("nan\n3\n2\n", "no two finite losses"),
        ("3\ninf\n2\n", "no two finite losses"),
        ("epoch,train,val\n0,3,4\n", "line 1: no column called loss among 'epoch, train, val'; rename one"),
        ("0,3,4\n1,2,3\n", "line 1: 3 columns without names; put a line such as epoch,loss above"),
        ("loss,loss\n3,4\n", "line 1: 2 columns called loss; keep one"),
        ("loss,epoch,epoch\n3,4,5\n", "line 1: 2 columns called epoch; keep one"),
        ("3\n2\nthree\n1\n", "line 3: 'three' is no number; write one such as 0.25 or nan, or drop the line"),
        ("epoch,loss\n0,3\n1,\n", "line 3: '' is no number"),
        ("epoch;loss\n0;3,5\n", "line 2: '3,5' is no number"),
        ("3\n2\n" + "x" * 1000, "line 3: '" + "x" * 30 + "…' is no number"),
        ("epoch,loss\n0,3\n1\n", "line 3: 1 columns where the first line has 2"),
        ("epoch,loss\n0,3\n1,2,1\n", "line 3: 3 columns where the first line has 2"),
        ("epoch,loss\n0,3\n2,2\n2,1\n", "line 4: epoch '2' does not come after the one before; sort the lines"),
        ("epoch,loss\n3,3\n2,2\n", "line 3: epoch '2' does not come after"),
        ("epoch,loss\nnan,3\n", "line 2: epoch 'nan' does not come after"),
        ("epoch,loss\n0,3\n1,2\x00\n", "line 3: "),
        ("loss\n" + '"' + "3\n" * 200_000, "not CSV (field larger than field limit (131072)); mend it"),
        ("loss\n3\né\n".encode("latin-1"), "line 3: not UTF-8 text (byte 0xE9); save it as CSV in UTF-8"),
        (bytes(range(256)) * 50, "not UTF-8 text"),
    ],
)
def test_what_is_no_curve_is_refused_with_place_and_remedy(file: Path, content: str | bytes, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(file, content)
    assert str(caught.value).startswith(str(file))
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_file_that_is_not_there_or_is_a_folder_is_refused(tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "none.csv", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(ConfigurationError, match=reason):
            curve_file.read(path)


def test_a_file_without_end_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curve_file, "_LARGEST", 2_000_000)
    with pytest.raises(ConfigurationError, match="larger than 2 MB; keep every tenth line"):
        curve_file.read(Path("/dev/zero") if Path("/dev/zero").exists() else _large(file))


def _large(file: Path) -> Path:
    file.write_bytes(bytes(3_000_000))
    return file
