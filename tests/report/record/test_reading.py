import io
import json
import os
import random
import re
import resource
import shutil
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pypdf
import pytest
from pypdf.generic import DictionaryObject, NameObject, NumberObject

from quadnet.report.record import manifest, reading
from quadnet.report.record.reading import RecordError, read


def packed(path: Path, files: dict[str, bytes], **options: Any) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, **options)
    return path


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".gitattributes")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def below(name: str, files: dict[str, bytes]) -> dict[str, bytes]:
    return {f"{name}/{path}": content for path, content in files.items()}


# what is read


def test_a_folder_is_read_whole(short_run: Path) -> None:
    record = read(short_run)
    assert record.whole
    assert record.path == short_run
    assert dict(record.files) == contents(short_run)
    assert record.manifest.name == short_run.name


@pytest.mark.parametrize("home", ["", "run/", "some/where/run/"])
def test_a_zip_is_read_like_the_folder_in_it(short_run: Path, tmp_path: Path, home: str) -> None:
    files = {home + name: content for name, content in contents(short_run).items()}
    record = read(packed(tmp_path / "run.zip", files))
    assert record.whole
    assert dict(record.files) == contents(short_run)


def test_a_zip_with_folders_of_their_own_is_read(short_run: Path, tmp_path: Path) -> None:
    path = shutil.make_archive(str(tmp_path / "run"), "zip", short_run.parent, short_run.name)
    assert dict(read(Path(path)).files) == contents(short_run)


def test_a_pdf_is_read_with_what_it_carries(short_run: Path, tmp_path: Path) -> None:
    path = tmp_path / "elsewhere.bin"
    path.write_bytes((short_run / "report.pdf").read_bytes())
    record = read(path)
    assert not record.whole
    files = contents(short_run)
    names = {"config.toml", "metrics.json", "history.csv", "phases.json", "claims.json"}
    assert set(record.files) == {*names, "manifest.json", "report.pdf"}
    assert all(record.files[name] == files[name] for name in {*names, "report.pdf"})
    whole = json.loads(files["manifest.json"])
    assert record.manifest.files.keys() == whole["files"].keys() - {"report.pdf"}


def test_a_json_file_is_read_on_demand(short_run: Path) -> None:
    record = read(short_run)
    assert record.json("metrics.json") == json.loads((short_run / "metrics.json").read_text())
    with pytest.raises(RecordError, match=r"none\.json is missing"):
        record.json("none.json")
    with pytest.raises(RecordError, match=r"history\.csv is no JSON"):
        record.json("history.csv")


def test_a_json_file_that_would_fill_the_memory_is_not_read(short_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = read(short_run)
    monkeypatch.setattr(reading, "MOST_JSON", 100)
    with pytest.raises(RecordError, match=r"metrics\.json is larger than"):
        record.json("metrics.json")


# what is no run


def refused(path: Path, said: str) -> None:
    with pytest.raises(RecordError, match=said) as caught:
        read(path)
    assert str(caught.value).startswith(str(path))
    assert caught.value.exit_code == 1


def test_what_is_no_run_is_refused_with_the_reason(tmp_path: Path) -> None:
    refused(tmp_path / "none", "No such file")
    refused(tmp_path, r"has no manifest\.json, so it is no run")
    for content in (b"", b"%PD", b"\x89PNG\r\n", b"words"):
        (tmp_path / "file").write_bytes(content)
        refused(tmp_path / "file", "neither a folder nor a PDF nor a zip")
    os.mkfifo(tmp_path / "pipe")
    refused(tmp_path / "pipe", "neither a folder nor a file")


def test_a_pdf_of_something_else_is_no_run(tmp_path: Path) -> None:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    writer.write(tmp_path / "other.pdf")
    refused(tmp_path / "other.pdf", "carries no run; handouts never do")


def test_a_link_in_the_folder_is_refused(copied_run: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    for target in (copied_run / "report.html", tmp_path / "elsewhere", tmp_path / "nowhere"):
        link = copied_run / "figures" / "link"
        link.symlink_to(target)
        refused(copied_run, "figures/link is a link or no file")
        link.unlink()
    shutil.move(copied_run / "config.toml", tmp_path / "config.toml")
    (copied_run / "config.toml").symlink_to(tmp_path / "config.toml")
    refused(copied_run, r"config\.toml is a link")


def test_a_pipe_in_the_folder_is_refused(copied_run: Path) -> None:
    os.mkfifo(copied_run / "pipe")
    refused(copied_run, "pipe is a link or no file")


@pytest.mark.parametrize(("name", "said"), [("figures", "cannot be read"), ("metrics.json", "metrics.json is a link")])
def test_a_link_put_in_a_place_while_it_is_read_is_not_followed(
    copied_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    def swap(found: str) -> bool:
        """Comes between the look at an entry and its opening."""
        if found == name:
            shutil.move(copied_run / name, tmp_path / name)
            (copied_run / name).symlink_to(tmp_path / name)
        return False

    (copied_run / ".gitattributes").unlink()
    monkeypatch.setattr(reading.foreign, "is_foreign", swap)
    refused(copied_run, said)


def test_a_folder_that_may_not_be_read_is_refused(copied_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scandir = os.scandir

    def closed(place: Any) -> Any:
        if Path(place).name == "figures":
            raise PermissionError(13, "Permission denied", str(place))
        return scandir(place)

    monkeypatch.setattr(os, "scandir", closed)
    refused(copied_run, "Permission denied")


@pytest.mark.parametrize("what", ["MOST_BYTES", "MOST_FILES"])
def test_a_run_without_bounds_is_refused(
    short_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    archive = packed(tmp_path / "run.zip", contents(short_run))
    monkeypatch.setattr(reading, what, 5)
    monkeypatch.setattr(reading, "MOST_CARRIED", 5)
    refused(short_run, "holds more than")
    refused(archive, "holds more than")
    refused(short_run / "report.pdf", "holds more than")


def deflated(target: Path, content: bytes, **more: object) -> Path:
    """A PDF that carries something, deflated."""
    writer = pypdf.PdfWriter()
    writer.add_blank_page(10, 10)
    stream = writer.add_attachment("manifest.json", b"").pdf_object["/EF"]["/F"].get_object()
    stream._data = zlib.compress(content)
    stream[NameObject("/Filter")] = NameObject("/FlateDecode")
    if more:
        numbers = {NameObject(f"/{name}"): NumberObject(value) for name, value in more.items()}
        stream[NameObject("/DecodeParms")] = DictionaryObject(numbers)
    writer.write(target)
    return target


def test_what_a_pdf_carries_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_CARRIED", 2**20)
    refused(deflated(tmp_path / "a.pdf", bytes(2**20)), "manifest.json is damaged")
    refused(deflated(tmp_path / "a.pdf", bytes(2**20 + 1)), "unfolds to more than 1 MB")
    refused(deflated(tmp_path / "a.pdf", b"", Predictor=12), "packed by another filter than deflate")
    monkeypatch.setattr(reading, "_MOST_SECONDS", 0)
    refused(deflated(tmp_path / "a.pdf", b""), "takes longer than 0 s to read")


# hostile zips

HOSTILE = [
    "../config.toml",
    "run/../../config.toml",
    "/etc/passwd",
    "other/config.toml",
    "C:\\config.toml",
    "config.toml",
    "run/./metrics.json",
    "..",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_zip_with_a_file_outside_the_run_is_refused(short_run: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    files = below("run", contents(short_run))
    path = packed(folder / "run.zip", files | {name: b"planted"})
    refused(path, "which is no file of a run")
    assert [each.name for each in tmp_path.rglob("*")] == ["here", "run.zip"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_zip_that_holds_a_file_twice_is_refused(short_run: Path, tmp_path: Path) -> None:
    path = packed(tmp_path / "run.zip", contents(short_run))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("config.toml", "name = 'other'")
    refused(path, "or twice")


def test_a_zip_that_unfolds_to_too_much_is_refused_unread(short_run: Path, tmp_path: Path) -> None:
    path = packed(tmp_path / "run.zip", contents(short_run) | {"zeros": bytes(2**20)})
    content = bytearray(path.read_bytes())
    place = content.rindex(b"PK\x01\x02")  # the entry of the last file
    content[place + 24 : place + 28] = struct.pack("<I", 2**32 - 2)
    path.write_bytes(content)
    refused(path, "holds more than 384 MB")


def test_a_zip_that_lies_about_sizes_gives_no_more_than_it_says(short_run: Path, tmp_path: Path) -> None:
    path = packed(tmp_path / "run.zip", contents(short_run) | {"zeros": bytes(2**24)})
    content = bytearray(path.read_bytes())
    place = content.rindex(b"PK\x01\x02")
    content[place + 24 : place + 28] = struct.pack("<I", 1000)
    path.write_bytes(content)
    refused(path, "damaged zip")


def test_a_zip_of_millions_of_files_is_refused_unread(short_run: Path, tmp_path: Path) -> None:
    path = packed(tmp_path / "run.zip", contents(short_run))
    content = bytearray(path.read_bytes())
    end = content.rindex(b"PK\x05\x06")
    (start,) = struct.unpack_from("<I", content, end + 16)
    table = bytes(content[start:end]) * 6000
    tail = bytearray(content[end:])
    tail[12:20] = struct.pack("<II", len(table), start)
    path.write_bytes(bytes(content[:start]) + table + bytes(tail))
    refused(path, "its table of contents is too long")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_compressed_by_a_method_without_bounds_is_refused(short_run: Path, tmp_path: Path, method: int) -> None:
    refused(packed(tmp_path / "run.zip", contents(short_run), compress_type=method), "another method than deflate")


# hostile PDFs


def pdf_of(*objects: bytes, root: int = 1) -> bytes:
    """A PDF of given objects, numbered from 1."""
    output, places = b"%PDF-1.7\n", []
    for number, item in enumerate(objects, start=1):
        places.append(len(output))
        output += b"%d 0 obj\n%s\nendobj\n" % (number, item)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    tail = b"trailer\n<</Size %d /Root %d 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, root, len(output))
    return output + head + tail


PAGES = b"<</Type /Pages /Kids [] /Count 0>>"


def carrying(*names: bytes, stream: bytes | None = None) -> bytes:
    """A PDF that carries files of these names, all with the same content."""
    tree = b" ".join(b"(%s) <</Type /Filespec /F (%s) /EF <</F 3 0 R>>>>" % (name, name) for name in names)
    return pdf_of(
        b"<</Type /Catalog /Pages 2 0 R /Names <</EmbeddedFiles <</Names [%s]>>>>>>" % tree,
        PAGES,
        stream or b"<</Length 2>>\nstream\n{}\nendstream",
    )


def test_a_made_up_pdf_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(carrying(b"manifest.json"))
    refused(tmp_path / "a.pdf", r"manifest\.json is damaged, or no manifest")


@pytest.mark.parametrize("name", [b"../a", b"/etc/passwd", b"a/b", b"..", b"", b"."])
def test_an_attachment_whose_name_is_a_path_is_refused(tmp_path: Path, name: bytes) -> None:
    (tmp_path / "a.pdf").write_bytes(carrying(b"manifest.json", name))
    refused(tmp_path / "a.pdf", "which is no file of a run")


def test_an_attachment_there_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(carrying(b"a.json", b"a.json"))
    refused(tmp_path / "a.pdf", "or twice")


CATALOG = b"<</Type /Catalog /Pages 2 0 R /Names <</EmbeddedFiles 3 0 R>>>>"
STRANGE = {
    "cyclic name tree": pdf_of(CATALOG, PAGES, b"<</Kids [3 0 R]>>"),
    "cyclic name tree of two": pdf_of(CATALOG, PAGES, b"<</Kids [4 0 R]>>", b"<</Kids [3 0 R 3 0 R]>>"),
    "name tree of itself": pdf_of(CATALOG, PAGES, b"3 0 R"),
    "names that are numbers": pdf_of(CATALOG, PAGES, b"<</Names [1 2 3]>>"),
    "odd names": pdf_of(CATALOG, PAGES, b"<</Names [(a)]>>"),
    "null file": pdf_of(CATALOG, PAGES, b"<</Names [(a) null]>>"),
    "file that is a list": pdf_of(CATALOG, PAGES, b"<</Names [(a) [1]]>>"),
    "file without content": pdf_of(CATALOG, PAGES, b"<</Names [(a) <</F (a)>>]>>"),
    "content that is no stream": pdf_of(CATALOG, PAGES, b"<</Names [(a) <</F (a) /EF <</F 2 0 R>>>>]>>"),
    "object of a huge number": pdf_of(CATALOG.replace(b"3 0 R", b"99999999999999999999 0 R"), PAGES),
    "catalog of itself": pdf_of(b"1 0 R", PAGES),
    "no catalog": pdf_of(b"null", root=77),
    "huge table": pdf_of(CATALOG, PAGES).replace(b"xref\n0 3", b"xref\n0 99999999999"),
    "cyclic tables": pdf_of(CATALOG, PAGES).replace(b"/Size 3", b"/Size 3 /Prev 9"),
    "unknown filter": carrying(b"manifest.json", stream=b"<</Length 2 /Filter /Own>>\nstream\n{}\nendstream"),
    "deep lists": pdf_of(CATALOG, PAGES, b"[" * 10**5 + b"]" * 10**5),
    "deep dictionaries": pdf_of(CATALOG, PAGES, b"<</Kids " * 10**5),
    "negative length": carrying(b"manifest.json", stream=b"<</Length -5>>\nstream\n{}\nendstream"),
    "huge length": carrying(b"manifest.json", stream=b"<</Length 99999999999>>\nstream\n{}\nendstream"),
    "name over lines": carrying(b"manifest.json", b"a\n\x1b[2Jb/c"),
}


@pytest.mark.parametrize("content", STRANGE.values(), ids=STRANGE)
def test_a_strange_pdf_is_one_error(tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "a.pdf").write_bytes(content)
    refused(tmp_path / "a.pdf", "damaged|carries no run|no file of a run")
    assert caplog.records == []


def test_a_carried_file_that_unfolds_to_gigabytes_is_refused(tmp_path: Path) -> None:
    once = zlib.compress(bytes(2**27), 9)
    stream = b"<</Length %d /Filter /FlateDecode>>\nstream\n%s\nendstream" % (len(once), once)
    (tmp_path / "a.pdf").write_bytes(carrying(*(b"%d" % i for i in range(100)), stream=stream))
    refused(tmp_path / "a.pdf", "damaged PDF|holds more than")


# chance


def spoilt(content: bytes, chance: random.Random) -> bytes:
    """A file with something wrong with it."""
    if not content:
        return chance.randbytes(5)
    spoiled = bytearray(content)
    kind = chance.randrange(6)
    place = chance.randrange(len(spoiled) or 1)
    if kind == 0:
        return bytes(spoiled[:place])
    if kind == 1:
        del spoiled[place : place + chance.randrange(1, 200)]
    elif kind == 2:
        spoiled[place:place] = chance.randbytes(chance.randrange(1, 50))
    elif kind == 3:
        end = place + chance.randrange(1, 200)
        spoiled[place:place] = spoiled[place:end]
    elif kind == 4 and (numbers := list(re.finditer(rb"\d+", content))):
        match = chance.choice(numbers)
        spoiled[match.start() : match.end()] = str(chance.choice([0, -1, 7, 2**31, 2**64, 10**30])).encode()
    else:
        for _ in range(chance.randrange(1, 9)):
            spoiled[chance.randrange(len(spoiled))] = chance.randrange(256)
    return bytes(spoiled)


def fuzzed(folder: Path, samples: list[bytes], count: int, seed: int) -> int:
    """Reads so many spoilt samples; how many of them were refused. Whatever else happens is an error."""
    chance = random.Random(seed)
    path = folder / "input"
    refusals = 0
    for _ in range(count):
        path.write_bytes(spoilt(chance.choice(samples), chance))
        try:
            read(path)
        except RecordError as error:
            refusals += str(error).startswith(str(path))
    assert [each.name for each in folder.iterdir()] == ["input"]
    return refusals


def small_pdf(short_run: Path) -> bytes:
    """The attachments of a run's PDF in a PDF that has nothing else."""
    writer = pypdf.PdfWriter()
    writer.add_blank_page(100, 100)
    for name, content in read(short_run / "report.pdf").files.items():
        if name != "report.pdf":
            writer.add_attachment(name, content)
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def samples_of(short_run: Path, folder: Path) -> list[bytes]:
    few = {name: content for name, content in contents(short_run).items() if len(content) < 10_000}
    return [
        small_pdf(short_run),
        carrying(b"manifest.json", b"a.json"),
        *list(STRANGE.values())[:10],
        packed(folder / "run.zip", below("run", few)).read_bytes(),
        packed(folder / "run.zip", below("run", {"manifest.json": few["manifest.json"]})).read_bytes(),
    ]


def test_spoilt_files_are_read_or_refused_and_nothing_else(
    short_run: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    samples = samples_of(short_run, tmp_path_factory.mktemp("samples"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refusals = fuzzed(tmp_path, samples, 1000, seed=1)
    assert 500 < refusals <= 1000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kB


def test_the_readers_hold_whatever_a_manifest_may_say(copied_run: Path) -> None:
    chance = random.Random(2)
    content = (copied_run / "manifest.json").read_bytes()
    for _ in range(300):
        (copied_run / "manifest.json").write_bytes(spoilt(content, chance))
        if (copied_run / "manifest.json").read_bytes() != content:
            refused(copied_run, r"manifest\.json is damaged")


def test_the_check_of_chance_would_see_a_crash(
    short_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    def careless(content: bytes) -> Any:
        return json.loads(content)["schema_version"]

    monkeypatch.setattr(manifest, "parse", careless)
    samples = samples_of(short_run, tmp_path_factory.mktemp("samples"))
    with pytest.raises((KeyError, TypeError)):
        fuzzed(tmp_path, samples, 300, seed=3)
