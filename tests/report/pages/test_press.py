import inspect
import io
import os
import re
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cffi
import pypdf
import pytest
from fontTools.ttLib import TTFont
from PIL import Image
from weasyprint.images import RasterImage
from weasyprint.pdf import fonts
from weasyprint.text import ffi

from quadnet.report.pages import press
from quadnet.report.pages.press import PdfError, Press

DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" width="20pt" height="10pt"><rect width="20" height="10"/></svg>'


def page(body: str) -> str:
    return (
        '<!DOCTYPE html><html lang="en"><head><title>Small page</title>'
        '<style>body { font-family: "Quadnet Sans" }</style></head>'
        f"<body><h1>Head</h1>{body}</body></html>"
    )


def png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (2, 2), "red").save(buffer, "PNG")
    return buffer.getvalue()


def print_page(html: str, images: dict[str, bytes] | None = None) -> bytes:
    with Press() as machine:
        machine.send(html, images or {})
        return machine.pdf()


def test_a_page_with_its_images_becomes_a_pdf() -> None:
    body = '<p>Words</p><img alt="A box" src="asset:box.svg"><img alt="A dot" src="asset:dot.png">'
    formula = '<img alt="A sum" src="asset:formulas/loss.svg">'
    output = print_page(page(body + formula), {"box.svg": DRAWING, "dot.png": png()})
    reader = pypdf.PdfReader(io.BytesIO(output))
    assert reader.metadata is not None
    assert reader.metadata.title == "Small page"
    assert reader.trailer["/Root"]["/Lang"] == "en"
    assert "Words" in reader.pages[0].extract_text()
    assert [outline["/Title"] for outline in reader.outline] == ["Head"]


def test_the_process_says_what_it_sets_with() -> None:
    with Press() as machine:
        assert machine.versions() is machine.versions()
        versions = dict(machine.versions())
        machine.send(page("<p>Words"), {})
        assert machine.pdf().startswith(b"%PDF-")
    assert versions.pop("subsetter") in ("HarfBuzz-Subset", "fontTools")
    assert set(versions) == {"Pango", "HarfBuzz", "fonttools", "pydyf", "tinycss2", "tinyhtml5", "zlib"}
    assert all(re.match(r"\d+\.\d+", version) for version in versions.values())
    assert versions["zlib"] == zlib.ZLIB_RUNTIME_VERSION


@pytest.mark.usefixtures("without_pango")
def test_where_pango_is_missing_nothing_is_said_of_versions() -> None:
    with Press() as machine:
        assert machine.versions() == {}


def test_the_same_page_gives_the_same_bytes() -> None:
    html = page('<p>Words</p><img alt="A box" src="asset:box.svg">')
    assert print_page(html, {"box.svg": DRAWING}) == print_page(html, {"box.svg": DRAWING})


class Listener(HTTPServer):
    asked: list[str]


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A server on this machine that has a picture for everyone, and notes who asks."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that the class asks for
            server.asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.end_headers()
            self.wfile.write(png())

        def log_message(self, *arguments: Any) -> None:
            """Says nothing."""

    with Listener(("127.0.0.1", 0), Answer) as server:
        server.asked = []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


# Each part of other packages that is private and used all the same. Where one of these fails, the release that it names
# has moved it, and the slower way, with other bytes, is taken: tests/world/test_fresh_machine.py.


def test_weasyprint_compresses_pictures_where_we_replace_it() -> None:
    way = inspect.getattr_static(RasterImage, "_get_png_data", None)
    place = "_keep_pictures in report/pages/press.py"
    moved = f"WeasyPrint {version('weasyprint')} moved RasterImage._get_png_data: see {place}"
    assert isinstance(way, staticmethod), moved
    assert list(inspect.signature(way).parameters) == ["pillow_image"], moved


def test_weasyprint_loads_its_libraries_where_we_ask_them() -> None:
    names = ("ffi", "pango", "harfbuzz", "harfbuzz_subset")
    missing = [name for name in names if not hasattr(ffi, name)]
    assert not missing, f"WeasyPrint {version('weasyprint')} moved {missing}: see _versions in report/pages/press.py"


def test_cffi_looks_for_libraries_by_the_function_that_we_replace() -> None:
    moved = f"cffi {version('cffi')} looks for libraries otherwise: see load in report/pages/press.py"
    assert "ctypes.util.find_library" in inspect.getsource(cffi.api), moved


def test_weasyprint_warns_of_the_environment_in_the_words_we_know() -> None:
    source = inspect.getsource(fonts)
    for words in press._ENVIRONMENT:
        assert f"'{words}" in source, (
            f"WeasyPrint {version('weasyprint')} no longer says {words!r}: see report/pages/press.py"
        )


def test_nothing_is_to_be_known_where_nothing_has_moved(caplog: pytest.LogCaptureFixture) -> None:
    body = '<table><thead><tr><th>Head</th></tr></thead><tr><td>Cell</td></tr></table><img alt="A" src="asset:a.png">'
    assert print_page(page(body), {"a.png": png()}).startswith(b"%PDF-")
    said = [line for line in caplog.messages if "HarfBuzz-Subset" not in line]  # which this machine may lack
    assert said == [], f"pydyf {version('pydyf')} or WeasyPrint {version('weasyprint')} lay their objects out anew"


def test_no_time_gets_into_fonts_that_fonttools_subset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text("import weasyprint.pdf.fonts as fonts; fonts.harfbuzz_subset = None\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]).rstrip(":"))
    reader = pypdf.PdfReader(io.BytesIO(print_page(page("<p>Words</p>"))))
    items = [reader.get_object(number) for number in range(1, int(reader.trailer["/Size"]))]
    files = [item["/FontFile2"] for item in items if isinstance(item, dict) and "/FontFile2" in item]
    times = {TTFont(io.BytesIO(file.get_object().get_data()))["head"].modified for file in files}
    assert times == {2_082_844_800}  # 1970 in seconds since 1904


def test_nothing_is_fetched_from_the_network(listener: Listener) -> None:
    address = f"http://127.0.0.1:{listener.server_port}/a.png"
    with pytest.raises(PdfError, match=r"typesetter ended with code 1: .*a\.png"):
        print_page(page(f'<img alt="A dot" src="{address}">'))
    assert listener.asked == []


def test_no_file_of_this_machine_gets_into_the_page(tmp_path: Path) -> None:
    file = tmp_path / "dot.png"
    file.write_bytes(png())
    with pytest.raises(PdfError, match=r"typesetter ended with code 1: .*dot\.png"):
        print_page(page(f'<img alt="A dot" src="{file.as_uri()}">'))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<p>ᠮ</p>", "ᠮ|U\\+182E|glyph"),
        ('<img alt="A dot" src="asset:none.png">', "none.png"),
        ('<img alt="A dot" src="asset:../pyproject.toml">', "pyproject"),
        ('<img alt="A box" src="asset:broken.svg">', "broken.svg"),
    ],
    ids=["missing glyph", "missing image", "file beside the templates", "broken drawing"],
)
def test_a_page_that_cannot_be_set_without_loss_is_an_error(body: str, said: str) -> None:
    with pytest.raises(PdfError, match=f"typesetter ended with code 1: .*({said})") as caught:
        print_page(page(body), {"broken.svg": b"<svg"})
    assert caught.value.exit_code == 3
    assert len(str(caught.value).splitlines()) == 1


def test_a_picture_within_a_drawing_may_be_data() -> None:
    inner = '<image width="2" height="2" href="data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22/%3E"/>'
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{inner}</svg>'
    assert print_page(page('<img alt="A box" src="asset:a.svg">'), {"a.svg": drawing.encode()})[:5] == b"%PDF-"


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P"])
def test_a_picture_comes_out_pixel_for_pixel(mode: str) -> None:
    sample = Image.effect_noise((200, 150), 90)  # too much for one chunk of the file
    given = Image.merge("RGB", (sample, sample.rotate(180), sample)).convert(mode)
    if mode == "RGBA":
        given.putalpha(sample)
    file = io.BytesIO()
    given.save(file, "PNG")
    reader = pypdf.PdfReader(
        io.BytesIO(print_page(page('<img alt="A" src="asset:a.png">'), {"a.png": file.getvalue()}))
    )
    (found,) = reader.pages[0].images
    assert found.image is not None
    assert found.image.convert("RGBA").tobytes() == given.convert("RGBA").tobytes()


def test_a_drawing_cannot_fetch_either(listener: Listener) -> None:
    inner = f'<image width="2" height="2" href="http://127.0.0.1:{listener.server_port}/b.png"/>'
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{inner}</svg>'
    with pytest.raises(PdfError):
        print_page(page('<img alt="A box" src="asset:a.svg">'), {"a.svg": drawing.encode()})
    assert listener.asked == []


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("kill -9 $$", "ended with code -9: no message"),
        ("cat > /dev/null; echo first >&2; echo last >&2; exit 7", "ended with code 7: last$"),
        ("exec 0<&-; sleep 0.1; exit 1", "ended with code 1: no message"),
    ],
    ids=["killed", "failed after reading", "failed without reading"],
)
def test_a_crash_of_the_process_is_an_error_of_the_pdf(
    press_made_of: Callable[[str], None], script: str, said: str
) -> None:
    press_made_of(script)
    with pytest.raises(PdfError, match=said):
        print_page(page("<p>Long</p>" * 20_000))


@pytest.mark.usefixtures("without_pango")
def test_where_pango_is_missing_the_error_names_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(press, "install_command", lambda: "get pango now")
    with pytest.raises(PdfError) as caught:
        print_page(page("<p>Words</p>" * 20_000))
    assert str(caught.value) == "no PDF: the library Pango is missing; install it with: get pango now"
    assert caught.value.exit_code == 3


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("error", [None, RuntimeError, KeyboardInterrupt])
def test_leaving_the_context_ends_the_process(
    tmp_path: Path, press_made_of: Callable[[str], None], error: type[BaseException] | None
) -> None:
    note = tmp_path / "process"
    press_made_of(f"echo $$ > {note}.new; mv {note}.new {note}; exec sleep 600")

    def work() -> int:
        while not note.exists():
            time.sleep(0.01)
        process = int(note.read_text())
        assert alive(process)
        if error is not None:
            raise error
        return process

    if error is None:
        with Press():
            process = work()
    else:
        with pytest.raises(error), Press():
            work()
        process = int(note.read_text())
    assert not alive(process)


def test_the_process_finds_the_fonts_of_the_package(press_made_of: Callable[[str], None]) -> None:
    press_made_of('cat > /dev/null; echo "$FONTCONFIG_FILE" >&2; exit 9')
    with pytest.raises(PdfError) as caught:
        print_page(page("<p>Words</p>"))
    assert Path(str(caught.value).partition("code 9: ")[2]) == press.TEMPLATES / "fonts" / "fonts.conf"


DEBIAN = "apt-get install libpango-1.0-0 libpangoft2-1.0-0 $(apt-cache pkgnames libharfbuzz-subset0)"


@pytest.mark.parametrize(
    ("platform", "release", "command"),
    [
        ("darwin", None, "brew install pango"),
        ("win32", None, "pacman -S mingw-w64-x86_64-pango (in MSYS2)"),
        ("linux", 'NAME="Debian GNU/Linux"\nID=debian\nHOME_URL="https://www.debian.org/"', DEBIAN),
        ("linux", "NAME=Ubuntu\nID=ubuntu\nID_LIKE=debian", DEBIAN),
        ("linux", 'NAME="Fedora Linux"\nID=fedora', "dnf install pango"),
        ("linux", 'NAME="Rocky Linux"\nID=rocky\nID_LIKE="rhel centos fedora"', "dnf install pango"),
        (
            "linux",
            'NAME="openSUSE Leap"\nID="opensuse-leap"\nID_LIKE="suse opensuse"',
            "zypper install libpango-1_0-0 libpangoft2-1_0-0",
        ),
        ("linux", 'NAME="Arch Linux"\nID=arch', "pacman -S pango"),
        ("linux", 'NAME="Alpine Linux"\nID=alpine', "apk add pango"),
        ("linux", None, DEBIAN),
    ],
)
def test_each_system_has_its_install_command(
    monkeypatch: pytest.MonkeyPatch, platform: str, release: str | None, command: str
) -> None:
    def opened(path: str, *arguments: Any, **options: Any) -> Any:
        assert path == "/etc/os-release"
        if release is None:
            raise FileNotFoundError(path)
        return io.StringIO(release)

    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(press, "open", opened, raising=False)
    assert press.install_command() == command
