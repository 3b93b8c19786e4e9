"""The options that verbs share, and what they stand for."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from quadnet.errors import ConfigurationError

from ..pages.press import Press

if TYPE_CHECKING:
    from quadnet.config import Config

Choice = TypeVar("Choice")

ConfigFile = Annotated[Path | None, typer.Option("--config", metavar="FILE.toml", help="Read settings from a file.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change any setting, such as data.samples_per_class=50."),
]
Epochs = Annotated[str | None, typer.Option(metavar="N", help="Epochs of training.")]
LearningRate = Annotated[str | None, typer.Option(metavar="RATE", help="Learning rate.")]
Hidden = Annotated[str | None, typer.Option(metavar="3,3", help="Widths of the hidden layers.")]
Momentum = Annotated[
    str | None, typer.Option(metavar="BETA", help="Momentum; heavy ball unless --set training.optimizer says else.")
]
Lang = Annotated[str | None, typer.Option(metavar="en|zh", help="Language of the pages: English or Chinese.")]
To = Annotated[str, typer.Option(metavar="html,pdf", help="Which pages to make.")]
OutputDir = Annotated[Path, typer.Option(metavar="FOLDER", help="Where the run's folder goes.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]
Verbose = Annotated[int, typer.Option("--verbose", "-v", count=True, help="Say more; -vv shows tracebacks.")]
NoProgress = Annotated[bool, typer.Option("--no-progress", help="Show no line of progress.")]
Anyway = Annotated[bool, typer.Option("--anyway", help="Run it however much time and memory that takes.")]


@contextmanager
def uncollected() -> Iterator[None]:
    """No search for cycles of garbage, not even a last one: one run and the process ends. A tenth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()


@contextmanager
def press_for(to: str) -> Iterator[Press | None]:
    """A press for a run that asks for a PDF, started first of all: it takes as long to load as what makes its page."""
    with ExitStack() as stack:
        yield stack.enter_context(Press()) if "pdf" in to else None


def flags_of(
    seed: str | None,
    weight_seed: str | None,
    epochs: str | None,
    learning_rate: str | None,
    hidden: str | None,
    momentum: str | None,
    lang: str | None,
) -> dict[str, str]:
    """The settings behind the flags that were given."""
    flags = {
        "data.seed": seed,
        "network.seed": weight_seed,
        "training.epochs": epochs,
        "training.learning_rate": learning_rate,
        "network.hidden": None if hidden is None else f"[{hidden}]",
        "training.momentum": momentum,
        "report.language": lang,
    }
    return {key: value for key, value in flags.items() if value is not None}


def resolved_of(file: Path | None, settings: list[str] | None, flags: dict[str, str]) -> "Config":
    """The configuration that a file, flags and assignments make, each winning over those before it."""
    from quadnet import config as configuration

    values = configuration.load(file) if file is not None else {}
    values = configuration.override(values, [f"{key}={value}" for key, value in flags.items()])
    values = configuration.override(values, settings or [])
    training = values.get("training", {})
    if "training.momentum" in flags and isinstance(training, dict) and training.get("momentum"):
        training.setdefault("optimizer", "heavy_ball")
    return configuration.parse(values, source=str(file) if file is not None else "configuration")


def one_of(option: str, text: str, allowed: Mapping[str, Choice]) -> Choice:
    """What stands for the text of an option that allows a few."""
    if text not in allowed:
        *names, last = allowed
        raise ConfigurationError(f"{option} {text}: is not allowed; write {', '.join(names)} or {last}")
    return allowed[text]


def formats_of(text: str, config: "Config") -> tuple[str, ...]:
    """The pages that are asked for; a title that they cannot show is refused."""
    from ..pages import fonts, publish

    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    unknown = [name for name in names if name not in publish.PAGES]
    if unknown:
        raise ConfigurationError(f"--to {text}: {unknown[0]!r} is no format; write html, pdf or html,pdf")
    fonts.check_title(config, names)
    return names
