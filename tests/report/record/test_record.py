import hashlib
import io
import json
import math
import os
import platform
import re
import sys
import tomllib
import tracemalloc
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pypdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quadnet import __version__
from quadnet.config import Config, parse
from quadnet.errors import QuadnetError
from quadnet.experiment import Experiment
from quadnet.replicates import Replicates
from quadnet.report.record import files, manifest, writing
from quadnet.report.words.language import Language

ENGLISH = Language.load("en")

# files


def test_a_run_s_numbers_are_seven_files(small_run: Experiment) -> None:
    assert set(files.numbers(small_run, ENGLISH)) == {
        "config.toml",
        "metrics.json",
        "phases.json",
        "evidence.json",
        "claims.json",
        "history.csv",
        "trajectory.npz",
    }


def test_the_runs_from_other_seeds_are_written_with_their_phases_and_plateaus(default_replicates: Replicates) -> None:
    written = json.loads(files.to_json(files.replicates(default_replicates)))
    assert written["epochs"] == default_replicates.epochs
    for entry, other in zip(written["runs"], default_replicates.runs, strict=True):
        assert set(entry) == {"weight_seed", "status", "phases", "plateaus"}
        assert (entry["weight_seed"], entry["status"]) == (other.weight_seed, other.phases.status)
        assert [phase["end"] for phase in entry["phases"]] == [phase.end for phase in other.phases.phases]
        assert [plateau["loss"] for plateau in entry["plateaus"]] == [plateau.loss for plateau in other.plateaus]
        assert entry["plateaus"][0]["partition"] == [[0, 1, 2, 3]]
    assert json.loads(files.to_json(files.replicates(Replicates(10)))) == {"epochs": 10, "runs": []}


def test_the_same_run_gives_the_same_bytes(small_run: Experiment) -> None:
    assert files.numbers(small_run, ENGLISH) == files.numbers(small_run, ENGLISH)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (math.nan, None),
        (math.inf, None),
        (-math.inf, None),
        ({"a": [1.5, math.nan], "b": {"c": math.inf}}, {"a": [1.5, None], "b": {"c": None}}),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.array([1.0, math.nan]), [1.0, None]),
        (((0, 1), (2,)), [[0, 1], [2]]),
        ("Größe ≤ 1", "Größe ≤ 1"),
        ([True, None, 0], [True, None, 0]),
    ],
)
def test_json_holds_what_it_can_and_null_for_what_is_not_finite(value: Any, plain: Any) -> None:
    written = files.to_json(value)
    assert json.loads(written) == plain
    assert written.endswith(b"\n")
    assert b"NaN" not in written
    assert b"Infinity" not in written


def test_json_keeps_letters_as_they_are() -> None:
    assert files.to_json("Größe") == '"Größe"\n'.encode()


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_in_json_reads_back_to_the_same_bits(value: float) -> None:
    (read,) = json.loads(files.to_json([value]))
    assert np.float64(read).tobytes() == np.float64(value).tobytes()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.floats(), min_size=1, max_size=30))
def test_the_history_reads_back_to_the_same_bits(small_run: Experiment, losses: list[float]) -> None:
    loss = np.array([math.nan if math.isnan(value) else value for value in losses])
    run = replace(small_run, history=replace(small_run.history, loss=loss))
    lines = files.numbers(run, ENGLISH)["history.csv"].decode().splitlines()
    assert lines[0] == "epoch,loss"
    epochs, values = zip(*(line.split(",") for line in lines[1:]), strict=True)
    assert list(map(int, epochs)) == list(range(len(losses)))
    assert np.array(list(map(float, values))).tobytes() == loss.tobytes()


def test_the_history_of_a_run_has_every_epoch(small_run: Experiment) -> None:
    table = np.loadtxt(io.BytesIO(files.numbers(small_run, ENGLISH)["history.csv"]), delimiter=",", skiprows=1)
    assert (table[:, 0] == np.arange(300)).all()
    assert (table[:, 1] == small_run.history.loss).all()


def test_the_trajectory_holds_the_parameters_of_every_kept_epoch(small_run: Experiment) -> None:
    with np.load(io.BytesIO(files.numbers(small_run, ENGLISH)["trajectory.npz"]), allow_pickle=False) as arrays:
        assert set(arrays) == {"epochs", "parameters"}
        assert (arrays["epochs"] == small_run.history.epochs).all()
        assert (arrays["parameters"] == small_run.history.parameters).all()


def test_the_configuration_reads_back_to_an_equal_one(small_run: Experiment) -> None:
    text = files.numbers(small_run, ENGLISH)["config.toml"].decode()
    assert parse(tomllib.loads(text)) == small_run.config
    assert "weight_seed" not in text


def test_the_metrics_are_written_by_name_with_all_digits(default_run: Experiment) -> None:
    written = json.loads(files.numbers(default_run, ENGLISH)["metrics.json"])
    m = default_run.metrics
    assert written["loss_last"] == m.loss_last
    assert written["accuracy"] == m.accuracy
    assert written["confusion_matrix"] == m.confusion_matrix.tolist()
    assert {"loss_first", "accuracy_note_formula", "accuracy_fresh", "bayes_accuracy", "bayes_accuracy_sample"} <= set(
        written
    )


def test_the_phases_have_exactly_the_agreed_schema(default_run: Experiment) -> None:
    written = json.loads(files.numbers(default_run, ENGLISH)["phases.json"])
    assert set(written) == {"status", "phases"}
    assert written["status"] == "ok"
    for phase in written["phases"]:
        assert set(phase) == {
            "kind",
            "grade",
            "open",
            "start",
            "end",
            "loss_start",
            "loss_end",
            "contrast",
            "partition",
        }
        assert phase["kind"] in ("descent", "plateau")
        assert phase["grade"] in ("plateau", "shoulder", None)
        assert isinstance(phase["open"], bool)
        assert type(phase["start"]) is type(phase["end"]) is int
        assert type(phase["loss_start"]) is type(phase["loss_end"]) is float
        assert phase["contrast"] is None or type(phase["contrast"]) is float
        if phase["kind"] == "descent":
            assert phase["partition"] is None
            assert phase["grade"] is None
        else:
            assert sorted(label for group in phase["partition"] for label in group) == [0, 1, 2, 3]
            assert (phase["grade"] is None) == phase["open"]
    assert written["phases"][0]["start"] == 0
    assert written["phases"][-1]["end"] == 9999
    assert [p["open"] for p in written["phases"]] == [False] * 5 + [True]


# manifest


CREATED = "2000-01-01T00:00:00Z"


def made(contents: dict[str, bytes], typesetting: dict[str, str] | None = None) -> bytes:
    return manifest.manifest(Config(), contents, CREATED, typesetting or {})


def test_the_manifest_has_size_and_digest_of_every_file() -> None:
    contents = {"b.txt": b"two", "a/one.svg": b"", "c": bytes(range(256))}
    written = json.loads(made(contents))
    assert written["schema_version"] == 2
    assert written["name"] == Config().run_name
    assert written["inputs"] == {"config_sha256": Config().digest, "created": CREATED}
    assert list(written["files"]) == sorted(contents)
    for name, content in contents.items():
        entry = written["files"][name]
        assert entry == {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}


def test_the_manifest_does_not_depend_on_the_order_of_the_files() -> None:
    contents = {"a": b"1", "b": b"2"}
    assert made(contents) == made(dict(reversed(contents.items())))


def test_the_manifest_names_the_versions_of_what_made_the_run() -> None:
    versions = dict(manifest.versions())
    below = {"Python": platform.python_version(), "Pango": "1.2"}
    assert json.loads(made({}, {"Pango": "1.2"}))["versions"] == versions | below
    assert versions["quadnet"] == __version__
    assert versions["numpy"] == np.__version__
    assert {"matplotlib", "pillow", "jinja2", "weasyprint"} <= set(versions)


def test_a_carried_manifest_names_packages_alone() -> None:
    typesetting = {"Pango": "1.2", "HarfBuzz": "3", "zlib": "1.3", "pydyf": "0.12"}
    carried = manifest.manifest(Config(), {}, CREATED, typesetting, carried=True)
    assert json.loads(carried)["versions"] == dict(manifest.versions()) | {"pydyf": "0.12"}


def test_versions_are_compared_where_both_manifests_can_name_them() -> None:
    typesetting = {"Pango": "1.2", "pydyf": "0.12"}
    beside, carried = (
        manifest.parse(manifest.manifest(Config(), {}, CREATED, typesetting, carried=carried))
        for carried in (False, True)
    )
    assert manifest.comparable(beside, carried) == (carried.versions, carried.versions)
    assert manifest.comparable(carried, beside) == (carried.versions, carried.versions)
    assert manifest.comparable(beside, beside) == (beside.versions, beside.versions)
    other = manifest.parse(made({}, {"Pango": "1.3"}))
    assert manifest.comparable(beside, other) == (beside.versions, other.versions)


def test_fonts_can_be_left_out_of_the_digest_of_a_pdf() -> None:
    def pdf(font: bytes, page: bytes) -> bytes:
        packed = zlib.compress(font)
        head = b"%%PDF-1.7\n1 0 obj\n<</Length1 %d/Length %d>>" % (len(font), len(packed))
        return b"\nstream\n".join([head, packed + b"\nendstream\nendobj\n2 0 obj\n<<>>", page + b"\nendstream\n"])

    one, font, page = pdf(b"letters", b"a"), pdf(b"other letters", b"a"), pdf(b"letters", b"b")
    assert len({manifest.content_digest(each) for each in (one, font, page)}) == 3
    without = [manifest.content_digest(each, fonts=False) for each in (one, font, page)]
    assert without[0] == without[1] != without[2]


def test_a_manifest_reads_back_to_what_was_written() -> None:
    read = manifest.parse(made({"a": b"1"}, {"Pango": "1.2"}))
    assert read.inputs.created == CREATED
    assert read.files["a"].sha256 == hashlib.sha256(b"1").hexdigest()
    assert read.program.source_sha256 == manifest.source_digest()
    assert read.versions["Pango"] == "1.2"


@given(st.data())
def test_a_manifest_with_any_other_byte_is_damaged(data: st.DataObject) -> None:
    content = bytearray(made({"a": b"1"}))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ValueError, match="is damaged"):
        manifest.parse(bytes(content))


def resealed(**changes: Any) -> bytes:
    """A manifest with other entries whose own digest is right all the same."""
    value = json.loads(made({"a": b"1"})) | changes
    del value["manifest_sha256"]
    return manifest.sealed(value)


DEEP = json.loads("[" * 400 + "]" * 400)


@pytest.mark.parametrize(
    "changes",
    [
        {"files": None},
        {"files": {"a": 1}},
        {"files": {"a": {"sha256": "0" * 63, "bytes": 1}}},
        {"files": {"a": {"sha256": "0" * 64 + "\n", "bytes": 1}}},
        {"inputs": []},
        {"inputs": {"config_sha256": "0" * 64, "created": "yesterday"}},
        {"inputs": {"config_sha256": "0" * 64, "created": "1970-02-30T00:00:00Z"}},
        {"inputs": {"config_sha256": "0" * 64, "created": "1970-1-1T00:00:00Z"}},
        {"versions": {"numpy": 2}},
        {"versions": DEEP},
        {"more": DEEP},
        {"program": "quadnet"},
    ],
    ids=str,
)
def test_a_manifest_with_other_entries_is_refused_though_sealed(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="its entries are not those of a manifest"):
        manifest.parse(resealed(**changes))


@pytest.mark.parametrize("version", [1, 3, "2", None, {}])
def test_a_manifest_of_another_version_is_refused(version: Any) -> None:
    with pytest.raises(ValueError, match="of another version of quadnet"):
        manifest.parse(resealed(schema_version=version))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"2", b"\xff", b"[" * 10**5, b'{"a":' * 10**5, b"9" * 10**5])
def test_what_is_no_manifest_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="is damaged"):
        manifest.parse(content)


def test_the_digest_of_the_sources_is_that_of_this_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "page.html.j2").write_text("page")
    digests = set()
    for text in ("one", "two"):
        (folder / "style.css").write_text(text)
        (folder / "notes.bak").write_text(text)
        monkeypatch.setattr(manifest, "TEMPLATES", folder)
        manifest.source_digest.cache_clear()
        digests.add(manifest.source_digest())
    manifest.source_digest.cache_clear()
    assert len(digests) == 2


# content of a PDF


def rewritten(pdf: bytes, level: int, change: Callable[[bytes], bytes] = lambda content: content) -> bytes:
    """A PDF of the press with all its streams compressed anew, and so with all its objects at other places."""
    head, *objects = re.split(rb"^(?=\d+ 0 obj\n)", pdf[: pdf.rindex(b"startxref")], flags=re.MULTILINE)
    assert re.match(rb"\d+ 0 obj\n<<.*?/Type /XRef", objects[-1], re.DOTALL)
    output, places = head, {}
    for item in objects:
        number = int(item.split()[0])
        places[number] = len(output)
        before, mark, rest = item.partition(b"\nstream\n")
        if mark:
            stream, end = rest[: rest.rindex(b"\nendstream")], rest[rest.rindex(b"\nendstream") :]
            if b"/FlateDecode" in before:
                plain = change(zlib.decompress(stream))
                if item is objects[-1]:
                    plain, before = moved(plain, before, places)
                stream = zlib.compress(plain, level)
            before = re.sub(rb"/Length \d+", b"/Length %d" % len(stream), before)
            item = before + mark + stream + end
        output += item
    return output + b"startxref\n%d\n%%%%EOF\n" % places[number]


def moved(table: bytes, before: bytes, places: dict[int, int]) -> tuple[bytes, bytes]:
    """A table of positions, and what describes it, for new positions; they take a byte more than they need."""
    match = re.search(rb"/W \[(\d+) (\d+) (\d+)\]", before)
    assert match is not None
    first, second, third = map(int, match.groups())
    rows = [table[i : i + first + second + third] for i in range(0, len(table), first + second + third)]
    new = b""
    for number, row in enumerate(rows):
        kind, field = row[0], int.from_bytes(row[first : first + second], "big")
        place = places[number] if kind == 1 else field
        new += row[:first] + place.to_bytes(second + 1, "big") + row[first + second :]
    return new, before.replace(match[0], b"/W [%d %d %d]" % (first, second + 1, third))


def texts(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf), strict=True).pages]


@pytest.mark.parametrize("level", [0, 1, 9])
def test_a_pdf_s_content_has_the_same_digest_however_it_is_compressed(short_run: Path, level: int) -> None:
    pdf = (short_run / "report.pdf").read_bytes()
    other = rewritten(pdf, level)
    assert texts(other) == texts(pdf)
    assert abs(len(other) - len(pdf)) > 1000
    assert manifest.content_digest(other) == manifest.content_digest(pdf)


def without_a_letter(content: bytes) -> bytes:
    """A page's content with a space for its first letter; what is no page stays."""
    return re.sub(rb"\[<[0-9a-f]{4}>", b"[<0001>", content, count=1) if b"\nBT\n" in content else content


def test_a_pdf_s_content_has_another_digest_when_one_letter_is_another(short_run: Path) -> None:
    pdf = (short_run / "report.pdf").read_bytes()
    other = rewritten(pdf, 6, without_a_letter)
    assert texts(pdf)[0].startswith("Four quadrants")
    assert texts(other)[0].lstrip().startswith("our quadrants")
    assert manifest.content_digest(other) != manifest.content_digest(pdf)


def test_the_manifest_has_the_digest_of_a_pdf_s_content(short_run: Path) -> None:
    entry = json.loads((short_run / "manifest.json").read_text())["files"]["report.pdf"]
    assert entry["content_sha256"] == manifest.content_digest((short_run / "report.pdf").read_bytes())


@pytest.mark.parametrize(
    "pdf", [b"", b"%PDF-", b"\nstream\n" * 10**5, b"\nstream\n\nendstream" * 10**4, b"\nendstream"]
)
def test_whatever_the_bytes_they_have_a_digest_of_content(pdf: bytes) -> None:
    assert manifest.content_digest(pdf) != manifest.content_digest(pdf + b"x")


def test_a_stream_that_unfolds_to_much_takes_little_memory() -> None:
    tracemalloc.start()
    manifest.content_digest(b"%PDF-1.7\n1 0 obj\n<<>>\nstream\n" + zlib.compress(bytes(2**26)) + b"\nendstream")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**26 + 2**24  # the zeros themselves, which the test holds while it compresses them, and little more


# writing


def recorded(contents: dict[str, bytes]) -> dict[str, bytes]:
    """The files with a manifest of them."""
    return contents | {"manifest.json": manifest.manifest(Config(), contents, "2000-01-01T00:00:00Z", {})}


OLD = recorded({"report.html": b"old", "figures/a.svg": b"old figure", "gone.txt": b"old only"})
NEW = recorded({"report.html": b"new", "figures/a.svg": b"new figure", "figures/b.svg": b"another"})


def tree(folder: Path) -> dict[str, bytes]:
    """All files below a folder, hidden ones too."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def under(name: str, contents: dict[str, bytes]) -> dict[str, bytes]:
    """What lies below a folder that some files were written into."""
    beside = {".gitattributes": b"* -text\n"} if contents else {}
    return {f"{name}/{path}": content for path, content in (contents | beside).items()}


def test_a_folder_is_written_with_all_its_files(tmp_path: Path) -> None:
    writing.write(tmp_path / "run", NEW)
    assert tree(tmp_path) == under("run", NEW)
    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("at_once", [True, False], ids=["in one step", "in two"])
def test_a_folder_that_was_there_gives_way_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: bool
) -> None:
    if not at_once:
        monkeypatch.setattr(writing, "_swapped", lambda *_: False)
    writing.write(tmp_path / "run", OLD)
    writing.write(tmp_path / "run", NEW)
    assert tree(tmp_path) == under("run", NEW)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@pytest.mark.skipif(sys.platform != "linux", reason="the other systems' way needs two steps")
def test_on_linux_one_step_exchanges_two_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writing.write(tmp_path / "run", OLD)
    monkeypatch.setattr(Path, "rename", lambda *_: 1 / 0)
    writing.write(tmp_path / "run", NEW)
    assert tree(tmp_path) == under("run", NEW)


def test_what_a_killed_build_of_the_same_run_left_is_cleared_and_nothing_else(tmp_path: Path) -> None:
    for name in (".run.abc.partial", ".run-2.abc.partial", ".run.abc", "run.abc.partial"):
        (tmp_path / name / "figures").mkdir(parents=True)
    writing.write(tmp_path / "run", NEW)
    assert {path.name for path in tmp_path.iterdir()} == {"run", ".run-2.abc.partial", ".run.abc", "run.abc.partial"}


def fail_at_second_file(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    written: list[Path] = []
    write_bytes = Path.write_bytes

    def failing(self: Path, data: bytes) -> int:
        if written:
            raise error
        written.append(self)
        return write_bytes(self, data)

    monkeypatch.setattr(Path, "write_bytes", failing)


FULL = OSError(28, "No space left on device")


@pytest.mark.parametrize("before", [OLD, {}], ids=["over an old run", "first"])
@pytest.mark.parametrize(("error", "seen"), [(FULL, QuadnetError), (KeyboardInterrupt(), KeyboardInterrupt)])
def test_a_failure_half_way_leaves_everything_as_it_was(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    before: dict[str, bytes],
    error: BaseException,
    seen: type[BaseException],
) -> None:
    if before:
        writing.write(tmp_path / "run", before)
    fail_at_second_file(monkeypatch, error)
    with pytest.raises(seen):
        writing.write(tmp_path / "run", NEW)
    monkeypatch.undo()
    assert tree(tmp_path) == under("run", before)
    assert len(list(tmp_path.iterdir())) == bool(before)


def fail_at_renaming(monkeypatch: pytest.MonkeyPatch, which: int, error: BaseException) -> None:
    """Lets the given renaming fail, counted from 1, and no other."""
    done: list[Path] = []
    rename = Path.rename

    def failing(self: Path, target: str | os.PathLike[str]) -> Path:
        done.append(self)
        if len(done) == which:
            raise error
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)


def test_an_interrupt_between_two_renamings_brings_the_old_run_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing.write(tmp_path / "run", OLD)
    monkeypatch.setattr(writing, "_swapped", lambda *_: False)
    fail_at_renaming(monkeypatch, 2, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        writing.write(tmp_path / "run", NEW)
    assert tree(tmp_path) == under("run", OLD)


@pytest.mark.parametrize("which", [1, 2])
def test_an_old_run_comes_back_when_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: int
) -> None:
    writing.write(tmp_path / "run", OLD)
    monkeypatch.setattr(writing, "_swapped", lambda *_: False)
    fail_at_renaming(monkeypatch, which, PermissionError(13, "Permission denied"))
    with pytest.raises(QuadnetError, match="Permission denied"):
        writing.write(tmp_path / "run", NEW)
    assert tree(tmp_path) == under("run", OLD)
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_the_error_names_the_folder_the_reason_and_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_at_second_file(monkeypatch, FULL)
    with pytest.raises(QuadnetError) as caught:
        writing.write(tmp_path / "run", NEW)
    assert str(caught.value) == (
        f"{tmp_path / 'run'}: cannot be written (No space left on device); "
        "free some space, or name another folder with --output-dir"
    )


def test_a_folder_to_write_in_is_made_with_its_parents_and_left_empty(tmp_path: Path) -> None:
    writing.check_writable(tmp_path / "a" / "b")
    writing.check_writable(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    assert list((tmp_path / "a" / "b").iterdir()) == []


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_place_that_cannot_be_a_folder_is_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("here first")
    with pytest.raises(
        QuadnetError, match=r"is a file, or a link that leads nowhere|cannot be written \(Not a directory\)"
    ):
        writing.check_writable(tmp_path / place)
    assert (tmp_path / "file").read_text() == "here first"


def test_a_folder_without_the_right_to_write_is_refused_before_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: Any, **options: Any) -> Callable[[], None]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(writing.tempfile, "TemporaryFile", refuse)
    with pytest.raises(QuadnetError, match="Permission denied"):
        writing.check_writable(tmp_path)
