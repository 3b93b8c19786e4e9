import json
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from quadnet.config import Config, dumps, parse
from quadnet.errors import QuadnetError
from quadnet.report.archive import verification
from quadnet.report.archive.verification import Outcome, Verification, compare, rebuild, verify
from quadnet.report.pages import seal
from quadnet.report.record import files, foreign, manifest, reading
from quadnet.report.record.reading import Record, RecordError
from quadnet.report.run import build as run_build
from quadnet.report.run.build import Made


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


BESIDE = {manifest.LOG, foreign.GIT}


# what is stored


def test_an_untouched_run_is_the_same_to_the_byte(short_run: Path) -> None:
    before = tree(short_run)
    assert verify(short_run) == Verification(Outcome.SAME_BYTES, "same bytes", ())
    assert tree(short_run) == before


def test_a_pdf_alone_is_enough(short_run: Path, tmp_path: Path) -> None:
    path = tmp_path / "handout.pdf"
    path.write_bytes((short_run / "report.pdf").read_bytes())
    assert verify(path) == Verification(Outcome.SAME_BYTES, "same bytes", ())
    assert [each.name for each in tmp_path.iterdir()] == ["handout.pdf"]


@pytest.mark.parametrize("form", ["folder", "pdf"])
def test_quick_leaves_it_at_the_stored_files(short_run: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    monkeypatch.setattr(verification, "again", lambda *_, **__: 1 / 0)
    found = verify(short_run if form == "folder" else short_run / "report.pdf", quick=True)
    assert found.outcome == 0
    assert "not run again" in found.headline


def quick(path: Path) -> tuple[int, str]:
    """Exit code and all that is said of a run's stored files."""
    try:
        found = verify(path, quick=True)
    except QuadnetError as error:
        return error.exit_code, str(error)
    return int(found.outcome), "\n".join([found.headline, *found.findings])


def test_any_other_byte_in_any_file_is_found_and_its_file_named(copied_run: Path) -> None:
    chance = random.Random(0)
    names = sorted(set(tree(copied_run)) - {"run.log.json", ".gitattributes"})
    for number in range(200):
        path = copied_run / (names[number] if number < len(names) else chance.choice(names))
        content = path.read_bytes()
        place, bit = chance.randrange(len(content)), chance.randrange(8)
        path.write_bytes(content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :])
        code, said = quick(copied_run)
        assert code == 1
        assert path.relative_to(copied_run).as_posix() in said
        path.write_bytes(content)
    assert quick(copied_run)[0] == 0


def test_the_log_is_outside_the_record(copied_run: Path) -> None:
    (copied_run / "run.log.json").write_text("other")
    assert quick(copied_run)[0] == 0
    (copied_run / "run.log.json").unlink()
    assert quick(copied_run)[0] == 0


def test_a_file_that_is_missing_or_not_listed_is_named(copied_run: Path) -> None:
    (copied_run / "figures" / "data.svg").unlink()
    (copied_run / "notes.txt").write_text("mine")
    code, said = quick(copied_run)
    assert code == 1
    assert said.splitlines()[1:] == ["figures/data.svg: is missing", "notes.txt: is not listed in the manifest"]


def test_a_damaged_run_is_not_run_again(copied_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "again", lambda *_, **__: 1 / 0)
    (copied_run / "config.toml").write_text('name = "other"\n')
    found = verify(copied_run)
    assert found.outcome == Outcome.OTHER_BYTES
    assert found.findings == ("config.toml: its SHA-256 differs from the manifest's",)


def unnamed(folder: Path) -> str:
    """What is said of a PDF made here that comes out otherwise."""
    versions = json.loads((folder / "manifest.json").read_text())["versions"]
    below = ", ".join(f"{name} {versions[name]}" for name in ("Python", "Pango", "HarfBuzz", "zlib", "subsetter"))
    return f"possible cause: made with others than {below}, which a PDF does not name"


PAGES_DIFFER = "report.pdf: its pages are not as they were printed: its own digest differs"


def test_another_byte_in_a_lone_pdf_is_found(short_run: Path, tmp_path: Path) -> None:
    whole, chance = (short_run / "report.pdf").read_bytes(), random.Random(0)
    for _ in range(50):
        content = bytearray(whole)
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        (tmp_path / "a.pdf").write_bytes(content)
        code, said = quick(tmp_path / "a.pdf")
        assert code == 1
        assert PAGES_DIFFER in said or "damaged PDF" in said or "is damaged" in said or "no file of a run" in said


def test_a_pdf_whose_pages_are_others_is_found_by_making_it_again(short_run: Path, tmp_path: Path) -> None:
    content = bytearray((short_run / "report.pdf").read_bytes())
    place = content.index(b"\nstream\n") + 40
    content[place] ^= 1
    (tmp_path / "a.pdf").write_bytes(content)
    assert quick(tmp_path / "a.pdf") == (1, f"damaged: stored files differ from the manifest\n{PAGES_DIFFER}")
    (tmp_path / "a.pdf").write_bytes(seal.sealed(bytes(content)))  # as somebody does it who means to
    assert quick(tmp_path / "a.pdf")[0] == 0
    found = verify(tmp_path / "a.pdf")
    assert found.outcome == Outcome.OTHER_BYTES
    assert found.findings == (f"report.pdf: differs from byte {place} on", unnamed(short_run))


# what is made again


@pytest.fixture(scope="module")
def same(short_run: Path) -> tuple[Record, Made]:
    """The short run as read, and as if made again."""
    record = reading.read(short_run)
    contents = {name: content for name, content in record.files.items() if name not in BESIDE}
    return record, Made(None, contents, None)  # type: ignore[arg-type]  # the experiment does not count here


def resealed(contents: dict[str, bytes], **changes: Any) -> dict[str, bytes]:
    """The files with a manifest that fits them, some of its entries changed."""
    value = json.loads(contents["manifest.json"]) | changes
    del value["manifest_sha256"]
    digests = {name: manifest._entry(name, content) for name, content in contents.items() if name != "manifest.json"}
    return contents | {"manifest.json": manifest.sealed(value | {"files": digests})}


def other(made: Made, changes: dict[str, bytes], **entries: Any) -> Made:
    return replace(made, contents=resealed({**made.contents, **changes}, **entries))


def test_the_same_files_are_the_same_bytes(same: tuple[Record, Made]) -> None:
    assert compare(*same).outcome == Outcome.SAME_BYTES
    assert compare(same[0], other(same[1], {})) == Verification(Outcome.SAME_BYTES, "same bytes", ())


def test_other_pages_are_named_with_the_first_byte_that_differs(same: tuple[Record, Made]) -> None:
    record, made = same
    page = made.contents["report.html"]
    found = compare(record, other(made, {"report.html": page[:1234] + b"\0" + page[1235:], "figures/data.svg": b""}))
    assert found.outcome == Outcome.OTHER_BYTES
    assert found.headline == "same numbers, other bytes"
    assert set(found.findings) == {
        "report.html: differs from byte 1234 on",
        "figures/data.svg: differs from byte 0 on",
    }


def test_other_versions_are_named_as_the_likely_cause(same: tuple[Record, Made]) -> None:
    record, made = same
    versions = dict(record.manifest.versions) | {"Pango": "1.99", "numpy": "9.9"}
    del versions["pydyf"]
    program = {"version": "0.1.0", "source_sha256": "0" * 64}
    found = compare(record, other(made, {"report.html": b"other"}, versions=versions, program=program))
    assert found.outcome == Outcome.OTHER_BYTES
    before = record.manifest.versions
    assert found.findings[1:] == (
        f"likely cause: made with numpy {before['numpy']}, here 9.9",
        f"likely cause: made with Pango {before['Pango']}, here 1.99",
        f"likely cause: made with pydyf {before['pydyf']}, here none",
        "likely cause: the program's own sources differ",
    )


def test_a_pdf_of_other_bytes_may_come_from_what_it_does_not_name(short_run: Path) -> None:
    record = reading.read(short_run / "report.pdf")
    made = verification.again(record)
    found = compare(record, other(made, {"report.pdf": b"other"}))
    assert found.outcome == Outcome.OTHER_BYTES
    assert found.findings == ("report.pdf: differs from byte 0 on", unnamed(short_run))


def test_other_numbers_are_named_with_both_values(same: tuple[Record, Made]) -> None:
    record, made = same
    metrics = json.loads(made.contents["metrics.json"]) | {"loss_last": 0.125}
    changes = {"metrics.json": files.to_json(metrics), "history.csv": b"epoch,loss\n", "report.html": b"other"}
    found = compare(record, other(made, changes))
    assert found.outcome == Outcome.OTHER_NUMBERS
    assert found.headline == "other numbers"
    assert found.findings[0] == "differing: history.csv, metrics.json"
    before = json.loads(record.files["metrics.json"])["loss_last"]
    pairs = zip(record.files["metrics.json"], changes["metrics.json"], strict=False)
    place = [a == b for a, b in pairs].index(False)
    assert found.findings[1:] == (
        "history.csv: differs from byte 11 on",
        f"metrics.json: differs from byte {place} on",
        f"loss_last: {before!r} before, 0.125 now",
    )


def reworded(content: bytes, **entries: Any) -> bytes:
    """A claims.json with something else in its first claim."""
    claims = json.loads(content)
    first = next(iter(claims))
    return files.to_json({**claims, first: {**claims[first], **entries}})


WORDINGS: dict[str, Callable[[bytes], bytes]] = {
    "a claim": lambda content: reworded(content, claim="put otherwise"),
    "a reason": lambda content: reworded(content, because="put otherwise", test="too"),
    "the layout": lambda content: json.dumps(json.loads(content)).encode(),
    "the order": lambda content: files.to_json(dict(reversed(json.loads(content).items()))),
}


@pytest.mark.parametrize("change", WORDINGS.values(), ids=WORDINGS)
def test_other_words_of_the_same_numbers_are_other_bytes(
    same: tuple[Record, Made], change: Callable[[bytes], bytes]
) -> None:
    record, made = same
    content = made.contents["claims.json"]
    found = compare(record, other(made, {"claims.json": change(content)}))
    assert found.outcome == Outcome.OTHER_BYTES
    assert found.headline == "same numbers, other bytes"
    assert found.findings[0].startswith("claims.json: the same numbers, in other words or layout from byte ")


NUMBERINGS: dict[str, Callable[[bytes], bytes]] = {
    "a verdict": lambda content: reworded(content, verdict="holds in part"),
    "a measured number": lambda content: reworded(content, measured={"accuracy": 0.5}),
    "a claim that is a number": lambda content: reworded(content, claim=1),
    "a claim less": lambda content: files.to_json(dict(list(json.loads(content).items())[1:])),
    "no JSON": lambda content: content[1:],
}


@pytest.mark.parametrize("change", NUMBERINGS.values(), ids=NUMBERINGS)
def test_another_verdict_or_measurement_is_another_number(
    same: tuple[Record, Made], change: Callable[[bytes], bytes]
) -> None:
    record, made = same
    found = compare(record, other(made, {"claims.json": change(made.contents["claims.json"])}))
    assert found.outcome == Outcome.OTHER_NUMBERS
    assert found.findings[0] == "differing: claims.json"


@pytest.mark.parametrize("content", [b"[1, 2]", b"no JSON", b"[" * 10**5, b"{}"])
def test_metrics_that_are_none_are_other_numbers_too(same: tuple[Record, Made], content: bytes) -> None:
    record, made = same
    stored = replace(record, files=resealed({**made.contents, "metrics.json": content}))
    stored = replace(stored, manifest=manifest.parse(stored.files["manifest.json"]))
    assert verification.stored(stored) == ()
    assert compare(stored, made).outcome == Outcome.OTHER_NUMBERS


def test_a_planted_number_is_found_from_the_pdf_s_record(
    short_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = run_build.make

    def wrong(config: Config, *arguments: Any) -> Made:
        """The run of one epoch less, as a machine with other arithmetic would give another."""
        return make(
            config.model_copy(update={"training": config.training.model_copy(update={"epochs": 199})}), *arguments
        )

    monkeypatch.setattr(run_build, "make", wrong)
    found = verify(short_run / "report.pdf")
    assert found.outcome == Outcome.OTHER_NUMBERS
    assert any(finding.startswith("loss_last: ") for finding in found.findings)


# what can be made again


def with_configuration(folder: Path, text: str, digest: str | None = None) -> Path:
    """A run's folder with another configuration, its manifest made to fit."""
    contents = {name: content for name, content in tree(folder).items() if name not in BESIDE}
    inputs = json.loads(contents["manifest.json"])["inputs"] | ({"config_sha256": digest} if digest else {})
    contents = resealed({**contents, "config.toml": text.encode()}, inputs=inputs)
    for name in ("config.toml", "manifest.json"):
        (folder / name).write_bytes(contents[name])
    return folder


LONG = [
    {"training": {"epochs": 10_000_000}, "data": {"samples_per_class": 1000}},
    {"network": {"hidden": [1024] * 16}, "training": {"epochs": 1}, "evaluation": {"points": 10_000_000}},
]


@pytest.mark.parametrize("values", LONG, ids=["training", "fresh points"])
def test_long_work_is_refused_unless_wanted(
    copied_run: Path, monkeypatch: pytest.MonkeyPatch, values: dict[str, Any]
) -> None:
    config = parse(values)
    with_configuration(copied_run, dumps(config), config.digest)
    asked: list[Config] = []

    def make(config: Config, *_: Any) -> Made:
        asked.append(config)
        raise QuadnetError("started")

    monkeypatch.setattr(run_build, "make", make)
    with pytest.raises(QuadnetError, match=r"would take about .* (min|h|days) and .*--anyway runs it all the same"):
        verify(copied_run)
    with pytest.raises(QuadnetError, match="--anyway"):
        rebuild(copied_run, copied_run.parent / "out")
    assert asked == []
    with pytest.raises(QuadnetError, match="started"):
        verify(copied_run, anyway=True)
    assert asked == [config]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "not valid TOML"),
        ("name = 'x'\n" + "a" * 2**16, "is longer than"),
        ("data.sprad = 1", "unknown key data.sprad"),
        (".".join("a" * 5000) + " = 1", "nested too deeply|unknown key"),
        ("a = " + "[" * 30_000, "not valid TOML"),
        ("training.epochs = 0", "training.epochs = 0 is not allowed"),
        ('"a\\n\\u001b[2J" = 1', "unknown key"),
        ('name = "other"', "is not what the manifest was made from"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_a_damaged_run(copied_run: Path, text: str, said: str) -> None:
    with_configuration(copied_run, text)
    for work in (lambda: verify(copied_run), lambda: rebuild(copied_run, copied_run.parent / "out")):
        with pytest.raises(RecordError, match=said) as caught:
            work()
        assert caught.value.exit_code == 1
    assert not (copied_run.parent / "out").exists()


def test_a_run_without_its_configuration_cannot_be_made_again(short_run: Path) -> None:
    record = reading.read(short_run)
    bare = replace(record, files={name: c for name, c in record.files.items() if name != "config.toml"})
    with pytest.raises(RecordError, match=r"config\.toml is missing, so the run cannot be made again"):
        verification.resolved(bare)


@pytest.mark.usefixtures("without_pango")
def test_without_pango_a_run_with_a_pdf_cannot_be_compared(short_run: Path) -> None:
    with pytest.raises(QuadnetError, match="the library Pango is missing") as caught:
        verify(short_run)
    assert caught.value.exit_code == 3


@pytest.mark.usefixtures("without_pango")
def test_a_run_without_a_pdf_needs_no_pango(tmp_path: Path, short_run: Path) -> None:
    config = verification.resolved(reading.read(short_run))
    path = run_build.build(config, tmp_path, ("html",)).path
    assert verify(path).outcome == Outcome.SAME_BYTES


# rebuilding


def test_a_run_is_rebuilt_from_its_pdf_alone(short_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "777")  # the run's own counts
    found, path = rebuild(short_run / "report.pdf", tmp_path / "out")
    assert found.outcome == Outcome.SAME_BYTES
    assert path == tmp_path / "out" / short_run.name
    assert tree(path) == {name: content for name, content in tree(short_run).items() if name != "run.log.json"}


def test_what_is_there_is_replaced_only_if_wanted(
    short_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, same: tuple[Record, Made]
) -> None:
    monkeypatch.setattr(run_build, "make", lambda *_: same[1])
    target = tmp_path / short_run.name
    target.mkdir()
    for force in (False, True):
        with pytest.raises(QuadnetError, match="is there but is no run of quadnet"):
            rebuild(short_run, tmp_path, force=force)
    shutil.copy(short_run / "manifest.json", target)
    before = tree(target)
    with pytest.raises(QuadnetError, match="is there already; --force replaces it"):
        rebuild(short_run, tmp_path)
    assert tree(target) == before
    assert rebuild(short_run, tmp_path, force=True)[0].outcome == Outcome.SAME_BYTES
    assert tree(target) == {**same[1].contents, foreign.GIT: b"* -text\n"}


def test_a_damaged_run_is_rebuilt_and_said_to_be_damaged(
    copied_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, same: tuple[Record, Made]
) -> None:
    monkeypatch.setattr(run_build, "make", lambda *_: same[1])
    (copied_run / "report.html").write_text("damaged")
    found, path = rebuild(copied_run, tmp_path / "out")
    assert found.outcome == Outcome.OTHER_BYTES
    assert found.findings == ("report.html: its SHA-256 differs from the manifest's",)
    assert tree(path) == {**same[1].contents, foreign.GIT: b"* -text\n"}
