"""`quadnet doctor`: what this installation computes and prints with."""

import platform
from typing import TYPE_CHECKING

import typer

from .. import terminal
from ..pages.press import Press

if TYPE_CHECKING:
    pass


def doctor() -> None:
    """Say what this installation computes and prints with."""
    with terminal.explained(0):
        from quadnet import kernel

        from ..record import manifest

        for name, version in (*manifest.versions(), ("Python", platform.python_version())):
            typer.echo(f"{name:12s}{version}")
        typer.echo(f"{'kernel':12s}{kernel.name()}")
        with Press() as press:
            for name, version in press.versions().items():
                typer.echo(f"{name:12s}{version}")
            press.send("<!DOCTYPE html><html lang=en><title>doctor</title><p>PDF", {})
            press.pdf()
        typer.echo(f"{'PDF':12s}can be made")
