"""What a configuration asks of the machine, told before anything starts: seconds and bytes, for every verb.

The constants are measured on an ordinary processor of 2024; `tests/benchmarks/effort.py` prints estimates beside
what was measured. What depends on the course of a training, such as the number of its phases, is taken as in the
default run.
"""

import itertools
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from quadnet import kernel
from quadnet.arithmetic import padded
from quadnet.config import Config
from quadnet.errors import QuadnetError
from quadnet.history import thinning
from quadnet.program import processors
from quadnet.replicates import BUDGET

SECONDS = 300.0  # of what is built at once
SECONDS_OF_MANY = 3600.0  # of what grows piece by piece and goes on where it was cut off: sweeps and classes
BYTES = 4e9

_START, _BASE = 2.5, 1.4e8  # loading, figures and the PDF
_COMPILED, _NUMPY = 0.27e-9, 4e-9  # seconds a parameter, sample and epoch
_BEGIN_COMPILED, _BEGIN_NUMPY = 0.5e-6, 60e-6  # seconds an epoch takes however small it is
_FORWARD, _UNIT = 2.5e-9, 30e-9  # seconds a sample, by parameter and by unit, of NumPy's formulas
_LOOKS, _FEW_LOOKS, _LOOK = 110, 8, 1e-3  # at the network on the way; seconds of each however few the samples are
_PANELS, _CELLS = 7, 160**2  # pictures of decision regions, and places in each at which the network is asked
_TRAININGS, _FEW_TRAININGS = 4.0, 2.0  # as long as the main one: with other momentum, and off the plateaus
_FRESH = 0.8e-6, 150.0  # seconds and bytes that a fresh point takes to draw and to classify by the Bayes rule
_ROW = 2000.0  # bytes of a run in a sweep's table
_HOPELESS = 2.0  # times this machine's memory, since an estimate may be wrong by so much
_EPOCH = 1.5e-6, 110.0  # seconds and bytes that an epoch takes in the detector, tables and drawings


@dataclass(frozen=True)
class Effort:
    """Time and memory.

    Attributes:
        seconds: By the clock.
        bytes: The most that is held at a time.
    """

    seconds: float
    bytes: float

    def within(self, most: float) -> bool:
        """Whether it takes no more than so many seconds and `BYTES`."""
        return self.seconds <= most and self.bytes <= BYTES


@dataclass(frozen=True)
class _Size:
    """A configuration in the numbers that count."""

    samples: int
    units: int
    widest: int
    parameters: int
    epochs: int

    @classmethod
    def of(cls, config: Config) -> "_Size":
        widths = config.network.widths
        parameters = sum((rows + 1) * columns for rows, columns in itertools.pairwise(widths))
        return cls(sum(config.data.counts), sum(widths), max(widths), parameters, config.training.epochs)

    @property
    def training(self) -> float:
        """Seconds of one processor."""
        begin, each = (_BEGIN_COMPILED, _COMPILED) if kernel.name() == "compiled" else (_BEGIN_NUMPY, _NUMPY)
        return self.epochs * (begin + each * padded(self.samples) * self.parameters)

    @property
    def forward(self) -> float:
        """Seconds for one point."""
        return _FORWARD * self.parameters + _UNIT * self.units

    @property
    def kept(self) -> int:
        """Epochs whose parameters are kept."""
        return self.epochs // thinning(self.epochs, self.parameters) + 2

    def looks(self, most: int) -> float:
        """Seconds to look at the network on the way."""
        return min(most, self.kept) * (_LOOK + 2 * self.samples * self.forward)

    @property
    def bytes(self) -> float:
        """Held by a training and a look at the network."""
        states = 8 * self.parameters * (self.kept + 20)
        return 8 * self.samples * (2 * self.units + 3 * self.widest + 30) + 2 * states


def of_report(config: Config) -> Effort:
    """A run with all that a report says of it."""
    size = _Size.of(config)
    replicates = min(config.replicates.runs, BUDGET // (size.samples * size.parameters * size.epochs))
    training = size.training * (_TRAININGS + replicates) / min(2, processors())
    points = config.evaluation.points
    drawn = min(_PANELS, size.kept) * (_CELLS + size.samples) * size.forward
    seconds = _START + training + size.looks(_LOOKS) + drawn
    seconds += points * (_FRESH[0] + size.forward) + size.epochs * _EPOCH[0] * (1 + replicates / 8)
    return Effort(seconds, _BASE + size.bytes + points * _FRESH[1] + size.epochs * (_EPOCH[1] + 8 * replicates))


def of_handout(config: Config) -> Effort:
    """A run with its exercises, in two editions."""
    size = _Size.of(config)
    seconds = _START + size.training * _FEW_TRAININGS + size.looks(_LOOKS) + size.epochs * _EPOCH[0]
    return Effort(seconds, _BASE + size.bytes + size.epochs * _EPOCH[1])


def of_class(config: Config, students: int) -> Effort:
    """A handout for each, on all processors."""
    one, together = of_handout(config), min(students, processors())
    return Effort(_START + one.seconds * students / together, one.bytes * together)


def of_sweep(config: Config, runs: int) -> Effort:
    """So many runs, a line of a table each, on all processors."""
    size, together = _Size.of(config), min(runs, processors())
    one = size.training * _FEW_TRAININGS + size.looks(_FEW_LOOKS) + size.epochs * _EPOCH[0] / 4
    return Effort(_START + one * runs / together, _BASE + together * (size.bytes + 40 * size.epochs) + _ROW * runs)


def check(
    what: str,
    config: Config,
    estimate: Callable[[Config], Effort],
    *,
    most: float = SECONDS,
    usual: Mapping[str, Effort] | None = None,
    anyway: bool = False,
) -> None:
    """Refuses what would take too long or too much memory, before any of it is done.

    Args:
        what: The work, as a sentence begins.
        config: What is asked for.
        estimate: Of what a configuration takes.
        most: Seconds that are allowed.
        usual: What it would take with a usual number of runs, by what sets that number.
        anyway: Whether to do it all the same; what is far beyond the memory of this machine is refused even then.

    Raises:
        QuadnetError: It is too much; says how much, and which setting to lower.
    """
    asked, memory = estimate(config), _memory()
    hopeless = asked.bytes > _HOPELESS * memory
    if not hopeless and (anyway or asked.within(most)):
        return
    smaller = {**{key: estimate(_usual(config, key)) for key in _DRIVERS}, **(usual or {})}
    enough = [key for key, effort in smaller.items() if effort.within(most)]
    remedy = "lower " + (" or ".join(enough) or min(smaller, key=lambda key: smaller[key].seconds))
    said = f"{what} would take about {_duration(asked.seconds)} and {_gigabytes(asked.bytes)} of memory"
    if hopeless:
        raise QuadnetError(f"{said}, and this machine has {_gigabytes(memory)}; {remedy}")
    raise QuadnetError(f"{said}; {remedy}, or --anyway runs it all the same")


def _usual(config: Config, key: str) -> Config:
    """The configuration with the default of one setting."""
    section, name = key.split(".")
    part, default = getattr(config, section), getattr(getattr(Config(), section), name)
    return config.model_copy(update={section: part.model_copy(update={name: default})})


def _memory() -> float:
    """Bytes of this machine."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):  # not on every system
        return float("inf")


def _duration(seconds: float) -> str:
    for unit, length in _UNITS.items():
        if seconds >= 2 * length:
            return f"{seconds / length:.2g} {unit}" if seconds < 100 * length else f"{seconds / length:,.0f} {unit}"
    return "a moment"


def _gigabytes(count: float) -> str:
    return f"{count / 1e9:.2g} GB" if count < 1e11 else f"{count / 1e9:,.0f} GB"


_DRIVERS = ("training.epochs", "data.samples_per_class", "network.hidden", "evaluation.points", "replicates.runs")
_UNITS = {"years": 31_557_600, "days": 86_400, "h": 3600, "min": 60, "s": 1}
