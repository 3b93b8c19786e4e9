"""The experiment as frozen, validated values; every default is the teaching note's.

`Config()` is the note's experiment. Values come from TOML (`load`) and from single assignments such as
`data.samples_per_class=50` (`override`); `dumps` writes every value, defaults included, as TOML again.
"""

import difflib
import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, time
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from quadnet import files
from quadnet.errors import ConfigurationError, shortened
from quadnet.text import CharacterError, EncodingError, decode, line

LARGEST = 64_000  # bytes of a file
CLASSES = 4
_LEAST_SPREAD = 1e-6  # but for 0; distances are divided by its square

Optimizer = Literal["gradient_descent", "heavy_ball", "nesterov", "averaging"]


def _within(low: float, high: float, *, above: bool = False, below: bool = False, whole: bool = False) -> Any:
    """A field's bounds, with the sentence that tells a user what is allowed."""
    kind, form = ("a whole number", "d") if whole else ("a number", "g")
    start, end = "above" if above else "at least", "below" if below else "at most"
    bounds: dict[str, Any] = {"gt" if above else "ge": low, "lt" if below else "le": high}
    return Field(description=f"{kind} {start} {low:{form}} and {end} {high:{form}}", **bounds)


def _line(value: Any) -> Any:
    """A text in the one form of a line of text; all else is left to its field."""
    try:
        return line(value) if isinstance(value, str) else value
    except CharacterError as error:
        raise PydanticCustomError("character", "{reason}", {"reason": str(error)}) from None


Line = Annotated[str, BeforeValidator(_line)]
Seed = Annotated[int, _within(0, 2**32 - 1, whole=True)]
Count = Annotated[int, _within(1, 1_000_000, whole=True)]
Width = Annotated[int, _within(1, 1024, whole=True)]
Coordinate = Annotated[float, _within(-1e6, 1e6)]
Point = tuple[Coordinate, Coordinate]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Data(_Section):
    """Four normal clouds, one a quadrant."""

    seed: Seed = 0
    samples_per_class: Count | tuple[Count, Count, Count, Count] = Field(
        200, description="a whole number from 1 to 1000000, or four of them, one a class"
    )
    spread: Annotated[float, _within(0, 1e6)] = Field(0.5, description="0, or a number from 1e-06 to 1e+06")
    centres: tuple[Point, Point, Point, Point] = Field(
        ((1.0, 1.0), (-1.0, 1.0), (-1.0, -1.0), (1.0, -1.0)), description="four pairs of numbers from -1e+06 to 1e+06"
    )

    @field_validator("spread")
    @classmethod
    def _spread_can_be_computed_with(cls, spread: float) -> float:
        if 0 < spread < _LEAST_SPREAD:
            raise PydanticCustomError("tiny", "tiny")
        return spread

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Samples of each class, shape (4,)."""
        n = self.samples_per_class
        return (n, n, n, n) if isinstance(n, int) else n

    @property
    def square(self) -> bool:
        """Whether the classes are equally frequent noisy clouds around (±a, ±a) in the note's order."""
        a = self.centres[0][0]
        corners = ((a, a), (-a, a), (-a, -a), (a, -a))
        return a > 0 and self.centres == corners and len(set(self.counts)) == 1 and self.spread > 0


class Network(_Section):
    """The sigmoid network between two inputs and four outputs."""

    seed: Seed = 0
    hidden: tuple[Width, ...] = Field(
        (3, 3), max_length=16, description="a list of at most 16 widths, each a whole number from 1 to 1024"
    )
    initial_scale: Annotated[float, _within(0, 1e3)] = 0.01

    @property
    def widths(self) -> tuple[int, ...]:
        """Units of every layer, the two inputs and the four outputs included."""
        return (2, *self.hidden, CLASSES)


class Training(_Section):
    """Full-batch training."""

    epochs: Annotated[int, _within(1, 10_000_000, whole=True)] = 10_000
    learning_rate: Annotated[float, _within(0, 1e6, above=True)] = 0.5
    optimizer: Optimizer = Field("gradient_descent", description="gradient_descent, heavy_ball, nesterov or averaging")
    momentum: Annotated[float, _within(0, 1, below=True)] = 0.0

    @model_validator(mode="after")
    def _momentum_fits_the_optimizer(self) -> Self:
        if self.optimizer == "gradient_descent" and self.momentum:
            raise ValueError(
                f"training.momentum = {self.momentum!r}: gradient_descent has none; "
                "set training.optimizer to heavy_ball, nesterov or averaging"
            )
        if self.optimizer != "gradient_descent" and not self.momentum:
            raise ValueError(
                f"training.momentum = {self.momentum!r}: {self.optimizer} needs one above 0 and below 1, such as 0.9"
            )
        return self


class Evaluation(_Section):
    """Fresh points of the same mixture, which the training never sees."""

    seed: Seed = 0
    points: Annotated[int, _within(1, 10_000_000, whole=True)] = 100_000


class Inertia(_Section):
    """The run that is laid beside the main one: the same start with heavy ball."""

    momentum: Annotated[float, _within(0, 1, above=True, below=True)] = 0.9


class Replicates(_Section):
    """Runs that differ from the main one in the seed of the weights alone."""

    runs: Annotated[int, _within(0, 64, whole=True)] = 16


class Report(_Section):
    """What the pages say of themselves."""

    title: Line = Field("Four quadrants", min_length=1, max_length=200, description="a line of 1 to 200 characters")
    language: Literal["en", "zh"] = Field("en", description="en or zh")


class Config(_Section):
    """The whole experiment.

    Attributes:
        name: First part of the run's folder; lower-case letters, digits and hyphens.
        data: The training data.
        network: The network and its random start.
        training: Epochs, rate and optimizer.
        evaluation: The fresh points behind `accuracy_fresh`.
        inertia: The comparison with momentum.
        replicates: The comparison with other weight seeds.
        report: Title and language of the pages.
    """

    name: Line = Field(
        "quadrants",
        pattern=r"^[a-z0-9][a-z0-9-]{0,63}$",
        description="lower-case letters, digits and hyphens, at most 64, a letter or digit first",
    )
    data: Data = Data()
    network: Network = Network()
    training: Training = Training()
    evaluation: Evaluation = Evaluation()
    inertia: Inertia = Inertia()
    replicates: Replicates = Replicates()
    report: Report = Report()

    @property
    def digest(self) -> str:
        """SHA-256 (hexadecimal) of every value, independent of the order in which they were given."""
        canonical = json.dumps(self.model_dump(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    @property
    def settings(self) -> dict[str, Any]:
        """Every value by its dotted name, such as `training.epochs`."""
        flat: dict[str, Any] = {}
        for name, value in self.model_dump().items():
            flat |= {f"{name}.{key}": part for key, part in value.items()} if isinstance(value, dict) else {name: value}
        return flat

    @property
    def run_name(self) -> str:
        """Name of the run's folder: the experiment's name and the first eight digits of the digest."""
        return f"{self.name}-{self.digest[:8]}"


def parse(values: Mapping[str, Any], *, source: str = "configuration") -> Config:
    """Checks a nested mapping, as TOML gives it, and completes it with the defaults.

    Raises:
        ConfigurationError: A key is unknown or a value is not allowed; names the first of them.
    """
    try:
        return Config.model_validate(_canonical(values))
    except ValidationError as error:
        raise ConfigurationError(f"{source}: {_explain(error)}") from None
    except RecursionError:  # dotted keys nest as deep as they are long
        raise ConfigurationError(f"{source}: nested too deeply") from None


def load(path: Path) -> dict[str, Any]:
    """Reads a TOML file into a nested mapping for `override` and `parse`.

    Raises:
        ConfigurationError: The file cannot be read or is no TOML.
    """
    source = files.name(path)
    try:
        content = files.read(path, LARGEST)
    except OSError as error:
        raise ConfigurationError(f"{source}: cannot be read ({error.strerror}); name a readable TOML file") from None
    return loads(content, source)


def loads(content: bytes, source: str) -> dict[str, Any]:
    """Reads TOML into a nested mapping for `override` and `parse`.

    Args:
        content: Text as editors save it.
        source: Where it comes from, for messages.

    Raises:
        ConfigurationError: It is no TOML.
    """
    try:
        text = decode(content)
    except EncodingError as error:
        raise ConfigurationError(f"{source}, {error}; save it as UTF-8") from None
    if _LONG_KEY.search(text):  # takes the parser time and memory by the square of its length
        raise ConfigurationError(f"{source}: nested too deeply")
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of thousands of digits is a ValueError of its own
        raise ConfigurationError(
            f"{source}: not valid TOML ({error or 'nested too deeply'}){_odd(error, text)}"
        ) from None


_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')"""  # possessive, and from its start on: a search is linear then
_LONG_KEY = re.compile(rf"(?<![\w-]){_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{200}}")


def _odd(error: Exception, text: str) -> str:
    """Names what stands where TOML ends, if a keyboard seldom has it: nobody sees a wrong space or quotation mark."""
    if not (place := re.search(r"at line (\d+), column (\d+)", str(error))):
        return ""
    number, column = map(int, place.groups())
    letter = text.split("\n")[number - 1][column - 1 : column]
    return "" if letter.isascii() else f"; U+{ord(letter):04X} stands there"


def override(values: Mapping[str, Any], assignments: Iterable[str]) -> dict[str, Any]:
    """Lays assignments such as `training.epochs=500` over a nested mapping; the value is written as in TOML.

    A text may stand without quotation marks: a title is taken as it stands, be it a number. Later assignments win.

    Raises:
        ConfigurationError: An assignment has no `=` or its key is no setting.
    """
    result = {key: dict(value) if isinstance(value, Mapping) else value for key, value in values.items()}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        path = key.strip().split(".")
        if not equals:
            raise ConfigurationError(f"--set {assignment}: no '='; write key=value, such as data.samples_per_class=50")
        if ".".join(path) not in known_keys():
            raise ConfigurationError(f"--set {assignment}: {_unknown(key.strip())}")
        target = result
        for part in path[:-1]:
            target = target.setdefault(part, {})
            if not isinstance(target, dict):
                raise ConfigurationError(f"--set {assignment}: {part} is no table in the configuration file")
        target[path[-1]] = _value(text.strip(), is_text=".".join(path) in _TEXTS)
    return result


def assignment(key: str, value: Any) -> str:
    """A setting as `override` and `--set` take it."""
    return f"{key}={_toml(value)}"


def dumps(config: Config) -> str:
    """The configuration as TOML, every value included; `parse` reads it back to an equal one."""
    # Numbers, texts and lists of numbers are written alike in JSON and TOML.
    lines = []
    for key, value in config.model_dump().items():
        if isinstance(value, dict):
            lines += ["", f"[{key}]", *(f"{name} = {_toml(item)}" for name, item in value.items())]
        else:
            lines.append(f"{key} = {_toml(value)}")
    return "\n".join(lines) + "\n"


def known_keys() -> list[str]:
    """Every setting by its dotted name, such as `training.epochs`."""
    keys = []
    for name, field in Config.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, _Section):
            keys += [f"{name}.{key}" for key in section.model_fields]
        else:
            keys.append(name)
    return keys


_TEXTS = ("name", "report.title")  # settings in the user's own words


def _value(text: str, *, is_text: bool) -> Any:
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text
    return text if is_text and not isinstance(value, str) else value


def _toml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _canonical(value: Any) -> Any:
    """Lists as tuples, which the frozen sections hold, and -0.0 as 0.0, which means the same."""
    if isinstance(value, Mapping):
        return {key: _canonical(item) for key, item in value.items()}
    if isinstance(value, float):
        return value + 0.0
    return tuple(_canonical(item) for item in value) if isinstance(value, list) else value


def _unknown(key: str) -> str:
    near = difflib.get_close_matches(key, known_keys(), n=1, cutoff=0.5)
    remedy = f"did you mean {near[0]}?" if near else f"the keys are {', '.join(known_keys())}"
    return f"unknown key {key}; {remedy}"


def _explain(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    path = [str(part) for part in first["loc"]]
    if first["type"] == "value_error":
        return str(first["ctx"]["error"])
    if first["type"] == "extra_forbidden":
        return _unknown(".".join(path))
    key = ".".join(path[:2]) if path[0] in Config.model_fields and path[0] not in ("name",) else path[0]
    value = first["input"]
    if first["type"] == "character":
        return f"{key} = {_short(value)} holds {first['ctx']['reason']}; take it out"
    section = Config.model_fields[path[0]]
    if len(path) == 1 and section.description is None:
        return f"{key} = {_short(value)} is not allowed: it is a table, [{key}]"
    if len(path) > 1:
        section = section.annotation.model_fields[path[1]]  # type: ignore[union-attr]  # a section, as _Section above
    within = f" (in {'.'.join(path[2:])})" if len(path) > 2 and path[2].isdigit() else ""
    remedy = "; put it in quotation marks" if key in _TEXTS and not isinstance(value, str) else ""
    return f"{key} = {_short(value)}{within} is not allowed: {section.description}{remedy}"


def _short(value: Any) -> str:
    try:
        text = str(value) if isinstance(value, date | time) else json.dumps(value, default=str, ensure_ascii=False)
        return shortened(text, 60)
    except ValueError:  # it is, or holds, a number of more digits than Python writes
        return "a number of more than 3000 digits"
    except RecursionError:
        return "a list nested too deeply"
