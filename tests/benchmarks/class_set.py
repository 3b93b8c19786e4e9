"""A class set: how long a student takes, how much memory, and every answer computed again by other means.

    pip install '.[test]' && python -P tests/benchmarks/class_set.py [STUDENTS]

`recomputed` knows only what a student is told, as it stands in moodle.xml, and the seed in key.csv. It makes the data
with NumPy's RandomState by the teaching note's recipe, trains with NumPy's own matrix products and exponentials, and
does the calculations by hand with mpmath, slopes as differences.
"""

import csv
import html
import io
import os
import re
import resource
import sys
import tempfile
import time
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import mpmath
import numpy as np

from quadnet.config import Config
from quadnet.report.handout import class_set
from quadnet.report.handout.roster import Student

CLASSES, SAMPLES, SPREAD, RATE, EPOCHS, SCALE = 4, 200, 0.5, 0.5, 10_000, 0.01  # the note's
CENTRES = ((1, 1), (-1, 1), (-1, -1), (1, -1))


def numbers(text: str) -> list[float]:
    """All numbers of a text, minus signs as they are printed."""
    text = text.replace("\u202f", "").replace("−", "-")
    return [float(number) for number in re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?", text)]


def rows(question: str) -> list[list[float]]:
    """The table of a question, without its head."""
    body = re.findall(r"<tr>(.*?)</tr>", question)[1:]
    return [[numbers(html.unescape(cell))[0] for cell in re.findall(r"<td>(.*?)</td>", row)] for row in body]


class Run:
    """The experiment by plain NumPy."""

    def __init__(self, seed: int) -> None:
        stream = np.random.RandomState(seed)
        clouds = []
        for centre in CENTRES:
            x, y, _ = (stream.randn(SAMPLES, 1) for _ in range(3))
            clouds.append(np.hstack([x * SPREAD + centre[0], y * SPREAD + centre[1]]))
        order = stream.permutation(CLASSES * SAMPLES)
        self.points = np.vstack(clouds)[order]
        self.labels = np.repeat(np.arange(CLASSES), SAMPLES)[order]
        self.one_hot = np.eye(CLASSES)[self.labels]
        stream = np.random.RandomState(0)
        start = [stream.randn(*shape) * SCALE for shape in ((2, 3), (1, 3), (3, 3), (1, 3), (3, 4), (1, 4))]
        self.loss, self.kept = self.train(start, EPOCHS)

    def forward(self, parameters: list) -> list:
        layers = [self.points]
        for w, b in zip(parameters[::2], parameters[1::2], strict=True):
            layers.append(1 / (1 + np.exp(-(layers[-1] @ w + b))))
        return layers

    def train(self, parameters: list, epochs: int, momentum: float = 0.0, goal: float = -1.0) -> tuple[list, list]:
        """Losses before each update and all parameters, until the goal is reached."""
        losses, kept = [], [parameters]
        velocity = [np.zeros_like(p) for p in parameters]
        for epoch in range(epochs):
            layers = self.forward(parameters)
            a = layers[-1]
            costs = self.one_hot * np.log(a) + (1 - self.one_hot) * np.log(1 - a)
            losses.append(-costs.sum() / len(self.points))
            if epoch > 0 and losses[-1] <= goal:
                break
            delta, slopes = (a - self.one_hot) / len(self.points), []
            for layer in (2, 1, 0):
                slopes[:0] = [layers[layer].T @ delta, delta.sum(axis=0, keepdims=True)]
                delta = delta @ parameters[2 * layer].T * layers[layer] * (1 - layers[layer])
            velocity = [momentum * v - RATE * slope for v, slope in zip(velocity, slopes, strict=True)]
            parameters = [p + v for p, v in zip(parameters, velocity, strict=True)]
            kept.append(parameters)
        return losses, kept

    def means(self, epoch: int) -> list:
        a = self.forward(self.kept[epoch])[-1]
        return [a[self.labels == c].mean(axis=0) for c in range(CLASSES)]


def grouped(means: list) -> list[set[int]]:
    """Classes whose mean outputs, to two decimals, differ by less than 0.15, each with another of its group."""
    means = [np.round(row, 2) for row in means]
    groups = [{c} for c in range(CLASSES)]
    for a, b in combinations(range(CLASSES), 2):
        if np.abs(means[a] - means[b]).max() < 0.149:
            one, other = (next(g for g in groups if c in g) for c in (a, b))
            if one is not other:
                groups.remove(other)
                one |= other
    return sorted(groups, key=min)


def parting(run: Run, phases: list[list[float]]) -> list[set[int]]:
    """The groups at the first phase in which some classes are told apart and others are not."""
    for number, start, end, *_ in phases:
        plateau = number % 2 == 0 and number < len(phases)
        groups = grouped(run.means(int(start + end) // 2 if plateau else int(end)))
        if 1 < len(groups) < CLASSES:
            return groups
    raise AssertionError("no parting")


def chain(question: str) -> list[float]:
    """h, o, L, both slopes and both new weights, slopes as differences."""
    facts = re.sub(r"<p>\(a\).*", "", question)
    x1, x2 = numbers(re.search(r"x = \((.*?)\)", facts)[1])
    y = numbers(re.search(r"the label y = (\d)", facts)[1])[0]
    w1, w2, b, v, c, rate = (
        numbers(re.search(rf"{name} = (−?[\d.]+\d)", facts)[1])[0] for name in ("w₁", "w₂", "b", "v", "c", "α")
    )

    def both(v: float, w1: float) -> tuple:
        h = 1 / (1 + mpmath.exp(-(w1 * x1 + w2 * x2 + b)))
        return h, 1 / (1 + mpmath.exp(-(v * h + c)))

    def loss(v: float, w1: float) -> mpmath.mpf:
        o = both(v, w1)[1]
        return -mpmath.log(o if y else 1 - o)

    with mpmath.workdps(40):
        slopes = [mpmath.diff(loss, (v, w1), order) for order in ((1, 0), (0, 1))]
        return [float(n) for n in (*both(v, w1), loss(v, w1), *slopes, v - rate * slopes[0], w1 - rate * slopes[1])]


def recomputed(seed: int, asked: dict[str, str]) -> list:
    """All answers of a sheet in order.

    Args:
        seed: Of the data.
        asked: The text of each question by its identifier in Moodle.
    """
    run = Run(seed)
    phases = rows(asked["phase-speeds-1"])
    for _, start, end, first, last in phases:
        assert abs(run.loss[int(start)] - first) < 1e-4
        assert abs(run.loss[int(end)] - last) < 1e-4
    level = 4 * -(mpmath.mpf(1) / 4 * mpmath.log(mpmath.mpf(1) / 4) + mpmath.mpf(3) / 4 * mpmath.log(mpmath.mpf(3) / 4))
    at_level = min(phases, key=lambda p: abs(run.loss[int(p[1] + p[2]) // 2] - level))
    speeds = [(first - last) / (end - start) for _, start, end, first, last in phases[:-1]]
    fastest, slowest = speeds.index(max(speeds)), speeds.index(min(speeds))
    table = np.array(rows(asked["accuracy-1"]))[:, 1:]
    named = run.forward(run.kept[-1])[-1].argmax(axis=1)
    assert abs(table - [[np.sum((run.labels == c) & (named == k)) for k in range(4)] for c in range(4)]).max() <= 1
    start, _, plain, beta, *_ = numbers(html.unescape(asked["inertia-1"].split("</p>")[1]))
    measured = numbers(html.unescape(asked["inertia-3"].split("(c)")[1]))[0]
    goal = run.loss[int(at_level[2])]
    assert abs(len(run.train(run.kept[int(start)], 1000, beta, goal)[0]) - 1 - measured) <= 1
    assert start + plain == at_level[2]
    return [
        *(2 * 3 + 3 + 3 * 3 + 3 + 3 * 4 + 4, float(4 * mpmath.log(2)), 0.25, float(level), at_level[0]),
        *(
            fastest + 1,
            slowest + 1,
            max(speeds) / min(speeds),
            (phases[slowest][2] - phases[slowest][1]) / EPOCHS * 100,
        ),
        " ".join("{" + ", ".join(map(str, sorted(group))) + "}" for group in parting(run, phases)),
        *chain(html.unescape(asked["back-propagation-1"])),
        *(float(np.trace(table) / table.sum()), 1.0, round(float(mpmath.ncdf(2)), 4) ** 2),
        *(1 / (1 - beta), plain * (1 - beta), plain / measured, plain),
    ]


def check(folder: Path) -> int:
    """Compares a set's key with answers computed again; gives their number."""
    lines = csv.reader(io.StringIO((folder / "key.csv").read_text(encoding="utf-8-sig")))
    next(lines)
    quiz = ElementTree.parse(folder / "moodle.xml").getroot()
    asked: dict[str, dict[str, str]] = {}
    right: dict[str, list[float]] = {}
    for question in quiz:
        if question.get("type") == "category":
            student = question.findtext("category/text").rpartition("/")[2]
            asked[student], right[student] = {}, []
        else:
            asked[student][question.findtext("idnumber")] = question.findtext("questiontext/text")
            right[student].append(float(question.findtext("answer/text")))
    count = 0
    for student, _name, _language, seed, _refused, _why, *cells in lines:
        given, tolerances = cells[::2], cells[1::2]
        assert [float(cell) for cell, off in zip(given, tolerances, strict=True) if off] == right[student]
        for own, cell, off in zip(recomputed(int(seed), asked[student]), given, tolerances, strict=True):
            if isinstance(own, str):
                assert own == cell, (student, own, cell)
            else:
                assert abs(own - float(cell)) <= 1e-8 * max(1, abs(own)), (student, own, cell, off)
            count += 1
    return count


def main() -> None:
    """Makes a set, says what it took, and checks its key."""
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    students = [Student(f"student-{k:03d}", f"Student {k}", "en") for k in range(size)]
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        issued = class_set.issue(Config(), students, Path(folder))
        seconds = time.perf_counter() - start
        refused = sum(len(sheet.refused) for sheet in issued.sheets)
        work = [resource.getrusage(who) for who in (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF)]
        spent = sum(usage.ru_utime + usage.ru_stime for usage in work)
        peaks = " and ".join(f"{usage.ru_maxrss / 1024:.0f} MB" for usage in work)
        load = os.getloadavg()[0]
        print(
            f"{size} students, {refused} runs refused: {seconds:.1f} s, {seconds / size:.2f} s each;"
            f" {spent / size:.2f} s of processor time each; at most {peaks} in workers and program; load {load:.1f}",
            flush=True,
        )
        assert issued.failure is None
        print(f"{check(issued.path)} answers computed again by other means: all the same", flush=True)


if __name__ == "__main__":
    main()
