"""What the exercises of a handout need of a run, and no more: a lesson.

Beside the phases and a few looks at the network there are two calculations by hand whose small given numbers are drawn
from the run's seeds, so that every run has its own: a single unit, worked for the reader, and a chain of two units.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from quadnet.arithmetic import BITS_PER_NAT, log, normal, sigmoid2
from quadnet.claims import prior_plateau
from quadnet.config import CLASSES, Config, Training
from quadnet.dataset import Dataset, quadrants
from quadnet.errors import QuadnetError
from quadnet.evidence import MERGED, Evidence, Snapshot, observe, snapshot
from quadnet.experiment import Course, Observed
from quadnet.inertia import Crossing, cross
from quadnet.mixture import Partition
from quadnet.phases import detect
from quadnet.random import Stream
from quadnet.training import Progress, train

PLACES, UNITS = 2, 100  # decimals of mean outputs on paper, and how many units of the last one make 1
_WEIGHTS = (-1.5, -1.0, -0.5, 0.5, 1.0, 1.5)
_INPUTS = (0.3, 2.0)  # least and largest size of a coordinate that is worked with
_LOOKED_AT = 1000  # points among which one to work with is sought
_LARGEST_SUM = 2.5  # beyond, a sigmoid is too flat to work with
_LEAST_SLOPE = 0.02  # below, four decimals are too few
_RATES = (0.1, 2.0)  # least and largest learning rate with which a step can be seen
_RATE = 0.5  # of the calculations by hand where the run's is outside
_CLEARLY_RIGHT = 3.0  # standard deviations from the centre to the borders; beyond, the Bayes rule all but never errs


@dataclass(frozen=True)
class Unit:
    """A sigmoid unit with two inputs: a = σ(w₁x₁ + w₂x₂ + b).

    Attributes:
        inputs: x.
        weights: w.
        bias: b.
    """

    inputs: tuple[float, float]
    weights: tuple[float, float]
    bias: float

    @property
    def sum(self) -> float:
        """Of inputs and bias: z = w₁x₁ + w₂x₂ + b."""
        return self.weights[0] * self.inputs[0] + self.weights[1] * self.inputs[1] + self.bias

    @property
    def activation(self) -> float:
        """What the unit gives: a = σ(z)."""
        return _sigmoid(self.sum)


@dataclass(frozen=True)
class Example:
    """A step of gradient descent for a single unit, to be shown.

    Attributes:
        unit: The unit.
        target: y, 0 or 1.
        rate: The step length α.
    """

    unit: Unit
    target: int
    rate: float

    @property
    def loss(self) -> float:
        """−y ln a − (1−y) ln(1−a)."""
        return _binary_loss(self.unit.activation, self.target)

    @property
    def delta(self) -> float:
        """∂L/∂z = a − y."""
        return self.unit.activation - self.target

    @property
    def slope(self) -> float:
        """∂L/∂w₁ = (a − y) x₁."""
        return self.delta * self.unit.inputs[0]

    @property
    def values(self) -> tuple[float, ...]:
        """All that is computed, in its order."""
        return (self.unit.sum, self.unit.activation, self.loss, self.delta, self.slope, self.weight_after)

    @property
    def weight_after(self) -> float:
        """w₁ after the step."""
        return self.unit.weights[0] - self.rate * self.slope


@dataclass(frozen=True)
class Drill:
    """A step of back-propagation through a hidden unit h and an output unit o = σ(v h + c), to be done by hand.

    Attributes:
        hidden: The hidden unit, with a point as its input.
        weight: v.
        bias: c.
        target: y of the output unit.
        rate: The step length α.
    """

    hidden: Unit
    weight: float
    bias: float
    target: int
    rate: float

    @property
    def sum(self) -> float:
        """Of the output unit: z = v h + c."""
        return self.weight * self.hidden.activation + self.bias

    @property
    def output(self) -> float:
        """What the output unit gives: o = σ(z)."""
        return _sigmoid(self.sum)

    @property
    def loss(self) -> float:
        """−y ln o − (1−y) ln(1−o)."""
        return _binary_loss(self.output, self.target)

    @property
    def delta_output(self) -> float:
        """∂L/∂z of the output unit: o − y."""
        return self.output - self.target

    @property
    def delta_hidden(self) -> float:
        """∂L/∂z of the hidden unit: (o − y) v h (1 − h)."""
        h = self.hidden.activation
        return self.delta_output * self.weight * h * (1 - h)

    @property
    def slope_output(self) -> float:
        """∂L/∂v = (o − y) h."""
        return self.delta_output * self.hidden.activation

    @property
    def slope_hidden(self) -> float:
        """∂L/∂w₁ = δ x₁, with δ of the hidden unit."""
        return self.delta_hidden * self.hidden.inputs[0]

    @property
    def weight_after(self) -> float:
        """The weight v after the step."""
        return self.weight - self.rate * self.slope_output

    @property
    def values(self) -> tuple[float, ...]:
        """All that is computed, in its order."""
        forward = (self.hidden.sum, self.hidden.activation, self.sum, self.output, self.loss)
        backward = (self.delta_output, self.slope_output, self.delta_hidden, self.slope_hidden)
        return (*forward, *backward, self.weight_after, self.hidden_weight_after)

    @property
    def hidden_weight_after(self) -> float:
        """w₁ after the step."""
        return self.hidden.weights[0] - self.rate * self.slope_hidden


@dataclass(frozen=True)
class Lesson(Observed):
    """What a handout says of a run.

    Attributes:
        final: The trained network.
        parting: The first look at which some classes are told apart and others are not; None if there is none.
        prior: Index of the plateau at the class shares among the phases; None without it.
        crossing: How rules with inertia leave that plateau, heavy ball first; None without it.
        example: The calculation that is shown.
        drill: The calculation that is asked for.
    """

    final: Snapshot
    parting: Snapshot | None
    prior: int | None
    crossing: Crossing | None
    example: Example
    drill: Drill

    @cached_property
    def right_coordinate(self) -> tuple[float, float] | None:
        """a/s and Φ(a/s), the probability that a coordinate has the sign of its centre.

        None unless the centres are (±a, ±a) in the note's order, the classes equally frequent, and the clouds overlap.
        """
        data = self.config.data
        a = data.centres[0][0]
        if not data.square or a > _CLEARLY_RIGHT * data.spread:
            return None
        return a / data.spread, float(normal(np.array(a / data.spread)))


def prepare(config: Config, progress: Progress | None = None) -> Lesson:
    """Runs the experiment as far as a handout needs it.

    Args:
        config: What to run.
        progress: Called now and then with the number of epochs done.

    Raises:
        QuadnetError: The training went wrong, so there is nothing to learn from it.
    """
    dataset = quadrants(config)
    history = train(config, dataset, progress)
    phases = detect(history.loss)
    if phases.status.startswith("non-finite") or phases.status == "diverged":
        raise QuadnetError(f"no handout of a training that went wrong ({phases.status}); take a smaller learning rate")
    course = Course(config, dataset, history, phases)
    evidence = observe(dataset, history, phases, tracked=False)
    prior = prior_plateau(dataset, history, phases, evidence)
    example, drill = _calculations(config, dataset)
    return Lesson(
        config,
        dataset,
        history,
        phases,
        evidence=evidence,
        final=snapshot(dataset, history, int(history.epochs[-1])),
        parting=_parting(course, evidence),
        prior=prior,
        crossing=None if prior is None else cross(config, dataset, history, phases.phases[prior], _rolling(config)),
        example=example,
        drill=drill,
    )


def groups(rows: list[list[float]]) -> Partition:
    """Groups of classes whose mean outputs, as they stand on paper, are alike: what a reader of the table finds.

    Args:
        rows: Mean outputs, a row a class.
    """
    least = round(MERGED * UNITS)
    units = [[round(value * UNITS) for value in row] for row in rows]
    group = list(range(CLASSES))
    for a, b in combinations(range(CLASSES), 2):
        if max(abs(one - other) for one, other in zip(units[a], units[b], strict=True)) < least:
            old, new = max(group[a], group[b]), min(group[a], group[b])
            group = [new if each == old else each for each in group]
    return tuple(tuple(c for c in range(CLASSES) if group[c] == g) for g in sorted(set(group)))


def _rolling(config: Config) -> tuple[Training, ...]:
    """The rules with inertia that leave a plateau."""
    momentum: dict[str, object] = {"momentum": config.inertia.momentum}
    return tuple(
        config.training.model_copy(update=momentum | {"optimizer": rule}) for rule in ("heavy_ball", "averaging")
    )


def _parting(course: Course, evidence: Evidence) -> Snapshot | None:
    """Looks where phases stand, then at their ends."""
    ends = (snapshot(course.dataset, course.history, course.history.nearest(p.end)) for p in course.phases.phases)
    for looks in (evidence.phases, ends):
        for look in looks:
            if 1 < len(groups(look.means.tolist())) < CLASSES:
                return look
    return None


def _calculations(config: Config, dataset: Dataset) -> tuple[Example, Drill]:
    """The two calculations by hand, from a training point each and weights drawn from the run's seeds."""
    stream = Stream([config.data.seed, config.network.seed])
    rate = config.training.learning_rate
    rate = rate if _RATES[0] <= rate <= _RATES[1] else _RATE
    points = _points(dataset, stream)
    (first, first_label), (second, label) = next(points), next(points)
    while True:
        w1, w2, b = _drawn(stream, 3)
        example = Example(Unit(first, (w1, w2), b), int(first_label == 0), rate)
        if abs(example.unit.sum) < _LARGEST_SUM and abs(example.slope) > _LEAST_SLOPE:
            break
    while True:
        w1, w2, b, v, c = _drawn(stream, 5)
        drill = Drill(Unit(second, (w1, w2), b), v, c, int(label == 0), rate)
        sums, slopes = (drill.hidden.sum, drill.sum), (drill.slope_output, drill.slope_hidden)
        if not max(map(abs, sums)) < _LARGEST_SUM or not min(map(abs, slopes)) > _LEAST_SLOPE:
            continue
        if not _on_paper(example.values) & _on_paper(drill.values):  # or what is asked would stand in what is shown
            break
    return example, drill


def _on_paper(values: tuple[float, ...]) -> set[float]:
    """The sizes of numbers with four decimals."""
    return {round(abs(value), 4) for value in values}


def _points(dataset: Dataset, stream: Stream) -> Iterator[tuple[tuple[float, float], int]]:
    """Training points that can be worked with, to one decimal, with their labels; then invented ones."""
    for point, label in zip(dataset.points[:_LOOKED_AT].tolist(), dataset.labels[:_LOOKED_AT].tolist(), strict=True):
        x, y = (round(value, 1) for value in point)
        if min(abs(x), abs(y)) >= _INPUTS[0] and max(abs(x), abs(y)) <= _INPUTS[1]:
            yield (x, y), label
    while True:
        x, y = _drawn(stream, 2)
        yield (x, y), 0


def _drawn(stream: Stream, count: int) -> list[float]:
    return [_WEIGHTS[int(u * len(_WEIGHTS))] for u in stream.uniforms(count).tolist()]


def _sigmoid(z: float) -> float:
    return float(sigmoid2(np.array(z * BITS_PER_NAT)))


def _binary_loss(a: float, y: int) -> float:
    return -float(log(np.array(a if y else 1 - a)))
