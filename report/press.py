"""HTML → PDF, in a process of its own. The only module that imports weasyprint, and only in that process.

Loading the typesetter takes longer than training the default network, so it happens meanwhile, on another core. And a
crash in a native library ends only the press: the record is still written.

The process is `python -m report.press`. As soon as it is loaded it says in one line on standard output what it sets
with; it takes a page with its images on standard input, and the PDF follows on standard output. Where that fails, there
is one line on standard error and exit code 3 (Pango is missing) or 1.
"""

import atexit
import gc
import html
import io
import json
import logging
import os
import re
import subprocess
import sys
import zlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import version
from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, Self

from quadnet.errors import QuadnetError
from report import archival, assets, seal
from report.archival import Attachment
from report.assets import TEMPLATES

if TYPE_CHECKING:
    from PIL.Image import Image

EXIT_NO_PANGO = 3  # of the process

_FOREIGN = ("FONTCONFIG_", "HB_")  # variables that make Fontconfig and HarfBuzz find or shape glyphs otherwise
_FORMULA = re.compile(r'<img alt="([^"]*)" src="asset:formulas/(\w+)\.svg">')


class PdfError(QuadnetError):
    """The PDF could not be made, while everything else could."""

    exit_code: ClassVar[int] = 3


def environment() -> dict[str, str]:
    """That of this process, without what would change how the page is set, and with our own fonts alone."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    return {**kept, "FONTCONFIG_FILE": str(TEMPLATES / "fonts" / "fonts.conf"), "PYTHONUTF8": "1"}


class Press:
    """Prints one page; use it as a context, entered as early as possible.

    `send` the page, do something else meanwhile, then ask for the `pdf`.
    """

    def __enter__(self) -> Self:
        """Starts the process."""
        self._versions: dict[str, str] | None = None
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "report.press"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
            start_new_session=True,  # Ctrl-C is for the program, which then ends the press
        )
        atexit.register(self._process.kill)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends the process, whatever it is doing."""
        atexit.unregister(self._process.kill)
        self._process.kill()
        self._process.communicate()

    def versions(self) -> dict[str, str]:
        """Versions of the libraries that shape the PDF, once they are loaded; none where they cannot be."""
        if self._versions is None:
            assert self._process.stdout is not None
            line = self._process.stdout.readline()  # nothing follows it before a page is sent
            self._versions = json.loads(line) if line else {}
        return self._versions

    def send(self, page: str, images: Mapping[str, bytes], attachments: Sequence[Attachment] = ()) -> None:
        """Hands over a page made for print, once the process is loaded; it takes all of it before it starts to work.

        Args:
            page: HTML whose images are `asset:NAME`: one of `images`, or a formula among the templates.
            images: Files by name.
            attachments: Files that the PDF carries.
        """
        self.versions()  # or what is left of its line would be lost to `pdf`
        job = {
            "page": page,
            "images": {name: content.decode("latin-1") for name, content in images.items()},
            "attachments": [asdict(each) | {"content": each.content.decode("latin-1")} for each in attachments],
        }
        pipe, self._process.stdin = self._process.stdin, None  # `communicate` would flush it again
        assert pipe is not None
        with suppress(BrokenPipeError), pipe:  # `pdf` tells why a process is gone
            pipe.write(json.dumps(job).encode())

    def pdf(self) -> bytes:
        """The PDF of the page that was sent.

        Raises:
            PdfError: It could not be made; says why and, if a library is missing, how to install it.
        """
        output, errors = self._process.communicate()
        if self._process.returncode == 0:
            return output
        last = (errors.decode(errors="replace").strip().splitlines() or ["no message"])[-1]
        if self._process.returncode == EXIT_NO_PANGO:
            raise PdfError(f"no PDF: the library Pango is missing; install it with: {install_command()}")
        raise PdfError(f"no PDF: the typesetter ended with code {self._process.returncode}: {last}")


def pdf(page: str, images: Mapping[str, bytes], attachments: Sequence[Attachment] = ()) -> bytes:
    """The PDF/A-3a and PDF/UA-1 file of a page made for print.

    Nothing but the given files and the templates' formulas can get into it.

    Args:
        page: See `Press.send`; the time it states is that of the attachments, too.
        images: Files by name.
        attachments: Files to carry.

    Raises:
        OSError: Pango, the library that sets the text, is not installed.
        ValueError: The page cannot be set without loss: a drawing, a glyph or an alternative text is missing.
    """
    import weasyprint
    from weasyprint.images import RasterImage
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class Assets(URLFetcher):  # type: ignore[misc]  # weasyprint has no types
        def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:
            scheme, _, name = url.partition(":")
            if scheme == "data":  # a picture within a drawing
                return super().fetch(url, headers)
            if scheme != "asset" or not (name in images or name in formulas):
                raise ValueError(f"{url}: is no image of this page")
            kind = "image/svg+xml" if name.endswith(".svg") else "image/png"
            return URLFetcherResponse(url, images.get(name) or assets.data(name), {"Content-Type": kind})

    formulas = {f"formulas/{path.name}" for path in (TEMPLATES / "formulas").glob("*.svg")}
    RasterImage._get_png_data = staticmethod(_png_data)  # its own compresses every picture anew
    # Drawing an SVG swallows exceptions, and a missing glyph is only logged: a warning is a fault of the page.
    problems: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: problems.append(record.getMessage())  # type: ignore[method-assign]  # the one method
    logger = logging.getLogger("weasyprint")
    logger.addHandler(handler)
    try:
        fetcher = Assets(allowed_protocols={"data"}, allow_redirects=False, fail_on_errors=True)
        document = weasyprint.HTML(string=page, url_fetcher=fetcher).render(pdf_variant=archival.VARIANT)
        created = document.metadata.created or ""
        document.metadata.attachments = archival.attached(attachments, created) if attachments else []
        texts = {alt: _formula_text(name) for alt, name in _FORMULA.findall(page)}
        result = document.write_pdf(finisher=lambda _, pdf: archival.finish(pdf, texts), pdf_variant=archival.VARIANT)
    finally:
        logger.removeHandler(handler)
    if problems:
        raise ValueError(problems[0])
    return seal.sealed(bytes(result or b""))


def _versions() -> dict[str, str]:
    """Versions of the libraries below the typesetter that shape its PDF, by name."""
    from weasyprint.text import ffi

    ffi.ffi.cdef("char *pango_version_string(void); char *hb_version_string(void);", override=True)
    pango = ffi.ffi.string(ffi.pango.pango_version_string()).decode()
    harfbuzz = ffi.ffi.string(ffi.harfbuzz.hb_version_string()).decode()
    below = {name: version(name) for name in ("fonttools", "pydyf", "tinycss2", "tinyhtml5")}
    return {"Pango": pango, "HarfBuzz": harfbuzz, **below, "zlib": zlib.ZLIB_RUNTIME_VERSION}


def _formula_text(name: str) -> str:
    """A formula in plain Unicode: what follows the character that draws it."""
    (text,) = re.findall(r"<text[^>]*>.(.*)</text>", assets.text(f"formulas/{name}.svg"))
    return html.unescape(text)


def _png_data(picture: "Image") -> bytes:
    """The compressed pixels of a picture as PDF takes them: those of the PNG file that it is, if it is one."""
    file = getattr(picture, "fp", None)
    if file is None:
        picture.save(file := io.BytesIO(), "PNG")
    content: bytes = file.getvalue()
    chunks, place = [], 8
    while place < len(content):
        end = place + 12 + int.from_bytes(content[place : place + 4], "big")  # length, name, data, checksum
        if content[place + 4 : place + 8] == b"IDAT":
            chunks.append(content[place + 8 : end - 4])
        place = end
    return b"".join(chunks)


def install_command() -> str:
    """The command that installs Pango on this system."""
    if sys.platform == "darwin":
        return "brew install pango"
    if sys.platform == "win32":
        return "pacman -S mingw-w64-x86_64-pango (in MSYS2)"
    try:
        with open("/etc/os-release", encoding="utf-8") as file:  # noqa: PTH123  # one line a key, read as it stands
            system = file.read().lower()
    except OSError:
        system = ""
    if any(name in system for name in ("fedora", "rhel", "suse")):
        return "dnf install pango" if "suse" not in system else "zypper install libpango-1_0-0 libpangoft2-1_0-0"
    if "arch" in system:
        return "pacman -S pango"
    if "alpine" in system:
        return "apk add pango"
    return "apt-get install --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"


def load() -> None:
    """Loads the typesetter, which takes longer than anything it does.

    Raises:
        OSError: Pango is not installed.
    """
    if sys.platform == "linux":
        # Each library is tried by many names. Those that are no file name run ldconfig and a C compiler, in vain, for
        # longer than all else that is loaded; the loader finds the others, such as libpango-1.0.so.0, by itself.
        import ctypes.util

        ctypes.util.find_library = lambda name: None
    import weasyprint  # noqa: F401  # for `pdf`


def main() -> None:
    """Standard input to standard output."""
    gc.disable()  # one page and the process ends: collecting its cycles would cost a tenth of the time
    try:
        load()  # before the page is there, as that takes longest
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(EXIT_NO_PANGO)
    sys.stdout.write(json.dumps(_versions()) + "\n")
    sys.stdout.flush()
    job = sys.stdin.buffer.read()
    if not job:
        return
    content = json.loads(job)
    images = {name: text.encode("latin-1") for name, text in content["images"].items()}
    attachments = [
        Attachment(**each | {"content": each["content"].encode("latin-1")}) for each in content["attachments"]
    ]
    try:
        sys.stdout.buffer.write(pdf(content["page"], images, attachments))
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)
    gc.freeze()  # nor is there a last collection when the process ends


if __name__ == "__main__":
    main()
