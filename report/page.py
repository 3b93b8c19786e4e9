"""What the view models of all pages have in common; the base template reads it."""

from dataclasses import dataclass
from typing import Any, ClassVar

from report.drawings import Figure
from report.language import Language


@dataclass(frozen=True, kw_only=True)
class Page:
    """The frame of a page.

    Attributes:
        language: How it speaks.
        title: From the configuration.
        subtitle: What it is about, in a line.
        run_name: The folder it lies in.
        digest: SHA-256 of the configuration.
        version: The program's version.
        facts: Names and values of the main settings.
        summary: The result in a few sentences.
        figures: The numbered figures by key, in the order of the page.
        config_toml: The whole configuration.
        versions: What shaped the numbers and the pages.
        explorer: What the scripts of the page on screen need; None without scripts.
    """

    template: ClassVar[str]

    language: Language
    title: str
    subtitle: str
    run_name: str
    digest: str
    version: str
    facts: tuple[tuple[str, str], ...]
    summary: tuple[str, ...]
    figures: dict[str, Figure]
    config_toml: str
    versions: tuple[tuple[str, str], ...]
    explorer: dict[str, Any] | None = None

    def number(self, key: str) -> int:
        """A figure's number, from 1 in the order of the page."""
        return list(self.figures).index(key) + 1

    @property
    def drawings(self) -> tuple[Figure, ...]:
        """All drawings of the page."""
        return tuple(self.figures.values())
