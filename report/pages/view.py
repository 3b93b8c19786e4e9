"""What the view models of all pages have in common; the base template reads it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from quadnet.config import Config, Report

from ..figures.figure import Figure
from ..words.language import Language


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What the base template reads.

    Attributes:
        language: How the page speaks.
        title: Its title.
        subtitle: What it is about, in a line.
        version: The program's version.
    """

    template: ClassVar[str]

    language: Language
    title: str
    subtitle: str
    version: str

    @property
    def scripts(self) -> Mapping[str, Sequence[str]]:
        """What runs in the page on screen: files of `templates/script`, in order, by the id of their element."""
        return {}


@dataclass(frozen=True, kw_only=True)
class Page(Frame):
    """A page with figures.

    Attributes:
        facts: Names and values of what matters most.
        summary: The result in a few sentences.
        figures: The numbered figures by key, in the order of the page.
    """

    facts: tuple[tuple[str, str], ...]
    summary: tuple[str, ...]
    figures: dict[str, Figure]

    def number(self, key: str) -> int:
        """A figure's number, from 1 in the order of the page."""
        return list(self.figures).index(key) + 1

    @property
    def drawings(self) -> tuple[Figure, ...]:
        """All drawings of the page."""
        return tuple(self.figures.values())


@dataclass(frozen=True, kw_only=True)
class ExperimentPage(Page):
    """A page about one experiment, with the configuration that gives its title and its facts.

    Attributes:
        run_name: The folder it lies in.
        digest: SHA-256 of the configuration.
        config_toml: The whole configuration.
        versions: What shaped the numbers and the pages.
    """

    run_name: str
    digest: str
    config_toml: str
    versions: tuple[tuple[str, str], ...]


def title(config: Config, language: Language) -> str:
    """What the configuration calls the page; its default is said in the page's language."""
    own = config.report.title
    return language.gettext("Four quadrants") if own == Report().title else own
