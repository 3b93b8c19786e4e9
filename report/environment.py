"""What a process inherits, and how little of it may reach the typesetter and the drawings."""

import os
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from typing import BinaryIO

from .assets import TEMPLATES

# By these libraries find, shape or draw otherwise, or write of their doings among what a process of ours answers.
_FOREIGN = (
    *("FC_", "FONTCONFIG_", "FREETYPE_", "G_", "GLIB_", "GOBJECT_", "HB_", "LANG", "LC_", "MATPLOTLIB", "MPL"),
    *("PANGO", "PYTHON"),
)
# But by these Python finds its modules, and knows where to compile them to.
_NEEDED = (
    *("PYTHONHOME", "PYTHONPATH", "PYTHONPLATLIBDIR", "PYTHONUSERBASE", "PYTHONNOUSERSITE", "PYTHONEXECUTABLE"),
    *("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"),
)


def shielded() -> dict[str, str]:
    """The environment of a process of ours: without what would change what it makes, and with our own fonts alone."""
    kept = {name: text for name, text in os.environ.items() if name in _NEEDED or not name.startswith(_FOREIGN)}
    fonts = {"FONTCONFIG_FILE": str(TEMPLATES / "fonts" / "fonts.conf")}
    fonts |= dict.fromkeys(("XDG_DATA_HOME", "XDG_DATA_DIRS"), str(TEMPLATES))  # where fonts.conf looks for `fonts`
    times = {"SOURCE_DATE_EPOCH": "0"}  # or fontTools writes the clock's time into fonts
    return {**kept, **fonts, **times, "LC_ALL": "C", "PYTHONUTF8": "1"}


def command(module: str, *arguments: str) -> list[str]:
    """Starts a module of ours, by its name beside this one, in a process that looks for modules as this one does."""
    start = f"runpy.run_module('{__package__}.{module}', run_name='__main__', alter_sys=True)"
    return [sys.executable, "-P", "-c", f"import sys; sys.path[:] = {sys.path}; import runpy; {start}", *arguments]


def own_output() -> BinaryIO:
    """Standard output for answers alone: what libraries print there goes to standard error from now on."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


@contextmanager
def without_settings() -> Iterator[None]:
    """While matplotlib is loaded: none of a user's settings, not even a matplotlibrc in the current folder.

    They may be in another encoding, or name a backend that is not there. Where its caches lie stays the user's choice.
    """
    kept = {name: os.environ.pop(name, None) for name in ("MATPLOTLIBRC", "MPLBACKEND")}
    os.environ["MATPLOTLIBRC"] = os.devnull
    with _elsewhere():
        try:
            yield
        finally:
            del os.environ["MATPLOTLIBRC"]
            os.environ.update({name: text for name, text in kept.items() if text is not None})


@contextmanager
def _elsewhere() -> Iterator[None]:
    """In a folder of ours meanwhile; the way back needs no name of the current one, which may be gone."""
    if sys.platform == "win32":
        with chdir(TEMPLATES):
            yield
        return
    here = os.open(".", getattr(os, "O_PATH", os.O_RDONLY))
    try:
        os.chdir(TEMPLATES)
        yield
    finally:
        os.chdir(here)
        os.close(here)
