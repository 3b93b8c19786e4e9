"""HTML → PDF, in a process of its own. The only module that imports weasyprint, and only in that process.

Loading the typesetter takes longer than training the default network, so it happens meanwhile, on another core. And a
crash in a native library ends only the press: the record is still written.

The process runs this module. As soon as it is loaded it says in one line on standard output what it sets with; it takes
a page with its images on standard input. A line with what its user should know of the environment and the PDF follow on
standard output. Where that fails, there is one line on standard error and exit code 3 (Pango is missing) or 1.

What WeasyPrint warns of is a fault of the page, which then is not printed, but for what `_ENVIRONMENT` lists: that is a
fact of the machine, with which the page looks the same. Parts of WeasyPrint that are private and replaced for speed are
left alone where a release has none such; that is a fact of the environment, too, since the bytes become others.
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
from typing import TYPE_CHECKING, ClassVar, NoReturn, Self

from quadnet.errors import QuadnetError

from .. import assets, environment
from ..assets import TEMPLATES
from . import pdf_standards, seal
from .pdf_standards import Attachment

if TYPE_CHECKING:
    from PIL.Image import Image

EXIT_NO_PANGO = 3  # of the process

_LOG = logging.getLogger("quadnet")
_ENVIRONMENT = (  # what warnings of the environment start with, in `weasyprint.pdf.fonts`
    "Using fontTools instead of HarfBuzz-Subset",
    "Unable to subset",  # the whole font is embedded then
)
_LEAST_SUBSETTER = (4, 1, 0)  # of HarfBuzz, for WeasyPrint
_FORMULA = re.compile(r'<img alt="([^"]*)" src="asset:formulas/(\w+)\.svg">')


class PdfError(QuadnetError):
    """The PDF could not be made, while everything else could."""

    exit_code: ClassVar[int] = 3


class Press:
    """Prints one page; use it as a context, entered as early as possible.

    `send` the page, do something else meanwhile, then ask for the `pdf`.
    """

    def __enter__(self) -> Self:
        """Starts the process."""
        self._versions: dict[str, str] | None = None
        self._process = subprocess.Popen(
            environment.command("pages.press"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment.shielded(),
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
            lines = iter(self._process.stdout.readline, b"")  # nothing follows ours before a page is sent
            own = next((line for line in lines if line.startswith(b"{")), b"{}")  # before it an interpreter's own words
            self._versions = json.loads(own)
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
        """The PDF of the page that was sent; what users should know of the environment goes to the log.

        Raises:
            PdfError: It could not be made; says why and, if a library is missing, how to install it.
        """
        output, errors = self._process.communicate()
        if self._process.returncode == 0:
            facts, _, content = output.partition(b"\n")
            for fact in json.loads(facts):
                _LOG.warning(fact)
            return content
        last = (errors.decode(errors="replace").strip().splitlines() or ["no message"])[-1]
        if self._process.returncode == EXIT_NO_PANGO:
            raise PdfError(f"no PDF: the library Pango is missing; install it with: {install_command()}")
        raise PdfError(f"no PDF: the typesetter ended with code {self._process.returncode}: {last}")


def pdf(
    page: str, images: Mapping[str, bytes], attachments: Sequence[Attachment] = (), facts: set[str] | None = None
) -> bytes:
    """The PDF/A-3a and PDF/UA-1 file of a page made for print.

    Nothing but the given files and the templates' formulas can get into it.

    Args:
        page: See `Press.send`; the time it states is that of the attachments, too.
        images: Files by name.
        attachments: Files to carry.
        facts: Takes what users should know of the environment.

    Raises:
        OSError: Pango, the library that sets the text, is not installed.
        ValueError: The page cannot be set without loss: a drawing, a glyph or an alternative text is missing.
    """
    import weasyprint
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
    known = set() if facts is None else facts
    known |= _keep_pictures()
    # Drawing an SVG swallows exceptions, and a missing glyph is only logged.
    problems: list[str] = []

    def sort(record: logging.LogRecord) -> None:
        if record.getMessage().startswith(_ENVIRONMENT):
            known.add(_subset_fact())
        else:
            problems.append(record.getMessage())

    handler = logging.Handler(logging.WARNING)
    handler.emit = sort  # type: ignore[method-assign]  # the one method
    logger = logging.getLogger("weasyprint")
    logger.addHandler(handler)
    try:
        fetcher = Assets(allowed_protocols={"data"}, allow_redirects=False, fail_on_errors=True)
        document = weasyprint.HTML(string=page, url_fetcher=fetcher).render(pdf_variant=pdf_standards.VARIANT)
        created = document.metadata.created or ""
        document.metadata.attachments = pdf_standards.attached(attachments, created) if attachments else []
        texts = {alt: _formula_text(name) for alt, name in _FORMULA.findall(page)}

        def finish(_document: object, objects: object) -> None:
            try:
                pdf_standards.finish(objects, texts)
            except (AttributeError, LookupError, TypeError):  # of another layout than it knows
                releases = f"WeasyPrint {version('weasyprint')} and pydyf {version('pydyf')}"
                known.add(f"the PDF lacks what PDF/UA-1 asks for beyond PDF/A-3a, since {releases} write it otherwise")

        result = document.write_pdf(finisher=finish, pdf_variant=pdf_standards.VARIANT)
    finally:
        logger.removeHandler(handler)
    if problems:
        raise ValueError(problems[0])
    return seal.sealed(bytes(result or b""))


def _keep_pictures() -> set[str]:
    """Lets pictures be embedded as they are compressed already; WeasyPrint's own way compresses each anew.

    Returns:
        What is to be known where a release of WeasyPrint has another way.
    """
    from weasyprint.images import RasterImage

    if not hasattr(RasterImage, "_get_png_data"):
        return {f"WeasyPrint {version('weasyprint')} compresses pictures anew: the PDF looks the same in other bytes"}
    RasterImage._get_png_data = staticmethod(_png_data)
    return set()


def _versions() -> dict[str, str]:
    """Versions of the libraries below the typesetter that shape its PDF, by name, as far as it lets them be asked."""
    below = {name: version(name) for name in ("fonttools", "pydyf", "tinycss2", "tinyhtml5")}
    import cffi  # type: ignore[import-untyped]  # it has no type hints

    try:
        from weasyprint.text.ffi import ffi, harfbuzz, pango

        ffi.cdef("char *pango_version_string(void); char *hb_version_string(void);", override=True)
        harfbuzz_version = ffi.string(harfbuzz.hb_version_string()).decode()
        names = {"Pango": ffi.string(pango.pango_version_string()).decode(), "HarfBuzz": harfbuzz_version}
    except (ImportError, AttributeError, cffi.CDefError, cffi.FFIError):
        names = {}
    return {**names, **below, "zlib": zlib.ZLIB_RUNTIME_VERSION, "subsetter": _subsetter()}


def _subsetter() -> str:
    """What takes the letters that a page has out of the fonts: HarfBuzz-Subset, or fontTools where it is missing."""
    try:
        from weasyprint.text.ffi import harfbuzz, harfbuzz_subset

        if harfbuzz_subset and harfbuzz.hb_version_atleast(*_LEAST_SUBSETTER):
            return "HarfBuzz-Subset"
    except (ImportError, AttributeError):
        return "unknown"
    return "fontTools"


def _subset_fact() -> str:
    return (
        "the PDF looks the same in other bytes than elsewhere, since no HarfBuzz-Subset (4.1 or later) is there for"
        " its fonts; for the exact bytes install it (libharfbuzz-subset0 on Debian 12, Ubuntu 24.04 and later)"
    )


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
    return "apt-get install libpango-1.0-0 libpangoft2-1.0-0 $(apt-cache pkgnames libharfbuzz-subset0)"


def load() -> None:
    """Loads the typesetter, which takes longer than anything it does.

    Raises:
        OSError: Pango is not installed.
    """
    import ctypes.util

    find = ctypes.util.find_library
    if sys.platform == "linux":
        # Each library is tried by many names. Those that are no file name run ldconfig and a C compiler, in vain, for
        # longer than all else that is loaded; the loader finds the others, such as libpango-1.0.so.0, by itself.
        ctypes.util.find_library = lambda name: None
    try:
        import weasyprint
    except OSError:
        if ctypes.util.find_library is find:
            raise
        ctypes.util.find_library = find  # where the loader does not, such as on NixOS
        for name in [name for name in sys.modules if name.partition(".")[0] == "weasyprint"]:
            del sys.modules[name]
        import weasyprint  # noqa: F401  # for `pdf`


def main() -> None:
    """Standard input to standard output."""
    gc.disable()  # one page and the process ends: collecting its cycles would cost a tenth of the time
    output = environment.own_output()
    try:
        load()  # before the page is there, as that takes longest
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(EXIT_NO_PANGO)
    output.write(json.dumps(_versions()).encode() + b"\n")
    output.flush()
    job = sys.stdin.buffer.read()
    if not job:
        return
    content = json.loads(job)
    images = {name: text.encode("latin-1") for name, text in content["images"].items()}
    attachments = [
        Attachment(**each | {"content": each["content"].encode("latin-1")}) for each in content["attachments"]
    ]
    facts: set[str] = set()
    try:
        result = pdf(content["page"], images, attachments, facts)
    except ValueError as error:
        _end_with(str(error))
    except BaseException as error:  # one of WeasyPrint's is no Exception
        _end_with(f"{type(error).__name__}: {error}")
    output.write(json.dumps(sorted(facts)).encode() + b"\n" + result)
    output.close()
    gc.freeze()  # nor is there a last collection when the process ends


def _end_with(line: str) -> NoReturn:
    """Says why there is no PDF; ends at once, since libraries may crash when they are taken down in the middle."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
    os._exit(1)


if __name__ == "__main__":
    main()
