"""Printing in a process of its own.

Loading the typesetter takes longer than training the default network, so it happens meanwhile, on another core. And a
crash in a native library ends only the press: the record is still written.
"""

import os
import subprocess
import sys
from types import TracebackType
from typing import ClassVar, Self

from quadnet.errors import QuadnetError
from report.assets import TEMPLATES
from report.render import EXIT_NO_PANGO


class PdfError(QuadnetError):
    """The PDF could not be made, while everything else could."""

    exit_code: ClassVar[int] = 3


class Press:
    """Prints one page; use it as a context, entered as early as possible."""

    def __enter__(self) -> Self:
        """Starts the process."""
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "report.render"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "FONTCONFIG_FILE": str(TEMPLATES / "fonts" / "fonts.conf"), "PYTHONUTF8": "1"},
            start_new_session=True,  # Ctrl-C is for the program, which then ends the press
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends the process, whatever it is doing."""
        self._process.kill()
        self._process.communicate()

    def pdf(self, page: str) -> bytes:
        """The PDF of a page made for print.

        Raises:
            PdfError: It could not be made; says why and, if a library is missing, how to install it.
        """
        output, errors = self._process.communicate(page.encode())
        if self._process.returncode == 0:
            return output
        last = (errors.decode(errors="replace").strip().splitlines() or ["no message"])[-1]
        if self._process.returncode == EXIT_NO_PANGO:
            raise PdfError(f"no PDF: the library Pango is missing; install it with: {install_command()}")
        raise PdfError(f"no PDF: the typesetter ended with code {self._process.returncode}: {last}")


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
