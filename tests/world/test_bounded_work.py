"""Work is bounded, not only bytes: what would take too long is refused before it starts, whoever asks for it."""

import os
import zlib
from pathlib import Path
from typing import Any

import pypdf
import pytest
from pypdf.generic import DictionaryObject, NameObject, NumberObject

LONGEST, LARGEST = 10, 1000  # seconds and megabytes that a refusal may take


def refused(said: Any, code: int, fragment: str) -> None:
    assert said.code == code, said
    assert fragment in said.err
    assert said.err.count("\n") == 1
    assert len(said.err) <= 320
    assert said.out == ""
    assert said.seconds < LONGEST
    assert said.megabytes < LARGEST


@pytest.mark.parametrize(
    ("arguments", "code", "fragment"),
    [
        ("report --config /dev/zero", 2, "larger than 64 kB"),
        ("report --config /proc", 2, "cannot be read"),
        ("handout --roster /dev/zero", 2, "larger than 1 MB"),
        ("handout --roster .", 2, "directory"),
        ("phases /dev/urandom", 2, "larger than 100 MB"),
        ("phases /proc/self", 2, "directory"),
        ("list /dev -q --html /dev/null --force", 1, "No regular file"),
    ],
)
def test_what_never_ends_or_is_no_file(quadnet: Any, arguments: str, code: int, fragment: str) -> None:
    refused(quadnet(*arguments.split()), code, fragment)


def test_no_pipe_is_a_target(quadnet: Any, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    refused(quadnet("list", ".", "--html", "pipe", cwd=tmp_path), 1, "No regular file")


@pytest.mark.parametrize("verb", ["report --config -", "handout --roster -"])
def test_standard_input_is_bounded(quadnet: Any, verb: str) -> None:
    refused(quadnet(*verb.split(), stdin=b"#" * 1_000_001), 2, "standard input: ")


@pytest.mark.parametrize("key", ["a" + ".a" * 30_000, '"a"' + '."a"' * 15_000, "[x" + " . b" * 15_000 + "]\na"])
def test_a_key_of_thousands_of_parts_is_not_taken_apart(quadnet: Any, tmp_path: Path, key: str) -> None:
    (tmp_path / "long.toml").write_text(f"{key} = 1\n")
    said = quadnet("report", "--config", "long.toml", cwd=tmp_path)
    refused(said, 2, "long.toml: nested too deeply")
    assert said.megabytes < 300  # the parser takes 4 GB


def test_a_word_of_thousands_of_letters_is_read_once(quadnet: Any, tmp_path: Path) -> None:
    (tmp_path / "word.toml").write_text("a" * 60_000)
    refused(quadnet("report", "--config", "word.toml", cwd=tmp_path), 2, "word.toml: not valid TOML")


def test_a_table_of_a_sweep_that_is_too_long_is_left_alone(quadnet: Any, tmp_path: Path) -> None:
    sweep = ["sweep", "--weight-seeds", "0:1", "--epochs", "20", "-q", "--to", "html"]
    made = quadnet(*sweep, cwd=tmp_path)
    assert made.code == 0, made.err
    table = tmp_path / made.out.strip() / "runs.csv"
    os.truncate(table, 65 * 2**20)
    refused(quadnet(*sweep, cwd=tmp_path), 1, "runs.csv: is larger than 64 MB")
    assert table.stat().st_size == 65 * 2**20


@pytest.mark.parametrize(
    ("arguments", "lower"),
    [
        ("report --epochs 10000000 --set data.samples_per_class=1000", "training.epochs"),
        ("report --hidden 1024 --set evaluation.points=10000000", "evaluation.points"),
        ("report --set data.samples_per_class=1000000", "data.samples_per_class"),
        ("handout --hidden 512,512", "network.hidden"),
        ("handout --hidden 1024,1024,1024,1024,1024,1024,1024,1024 --epochs 100", "network.hidden"),
        ("sweep --seeds 0:10000000 --weight-seeds 0:10000000", "--seeds"),
        ("sweep --weight-seeds 0:1000000", "--seeds"),
        ("sweep --epochs 10000000 --seeds 0:100", "training.epochs"),
    ],
)
def test_long_work_is_refused_before_it_starts(quadnet: Any, tmp_path: Path, arguments: str, lower: str) -> None:
    said = quadnet(*arguments.split(), cwd=tmp_path)
    refused(said, 1, "would take about")
    assert lower in said.err
    assert not any(tmp_path.iterdir())


def carrying(target: Path, packed: bytes, **more: int) -> Path:
    """A PDF with an attachment as somebody packed it."""
    writer = pypdf.PdfWriter()
    writer.add_blank_page(10, 10)
    stream = writer.add_attachment("manifest.json", b"").pdf_object["/EF"]["/F"].get_object()
    stream._data = packed
    stream[NameObject("/Filter")] = NameObject("/FlateDecode")
    if more:
        numbers = {NameObject(f"/{name}"): NumberObject(value) for name, value in more.items()}
        stream[NameObject("/DecodeParms")] = DictionaryObject(numbers)
    writer.write(target)
    return target


@pytest.mark.parametrize("verb", ["verify", "rebuild", "verify --quick"])
def test_a_bomb_in_an_attachment(quadnet: Any, tmp_path: Path, verb: str) -> None:
    bomb = carrying(tmp_path / "bomb.pdf", zlib.compress(bytes(2**28)))
    refused(quadnet(*verb.split(), bomb), 1, "unfolds to more than 128 MB")


@pytest.mark.parametrize("predictor", [2, 10, 15])
def test_a_predictor_in_an_attachment(quadnet: Any, tmp_path: Path, predictor: int) -> None:
    bomb = carrying(tmp_path / "bomb.pdf", zlib.compress(bytes(2**26)), Predictor=predictor, Columns=4)
    refused(quadnet("verify", bomb), 1, "another filter than deflate")
