"""The folder `templates`, which lies beside this package in the source tree and in an installation alike."""

from functools import cache
from pathlib import Path

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"


@cache
def text(name: str) -> str:
    """A text file of the folder, such as `style/base.css`."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


@cache
def data(name: str) -> bytes:
    """Any file of the folder as bytes."""
    return (TEMPLATES / name).read_bytes()
