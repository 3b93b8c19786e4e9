from functools import partial
from typing import Any

import pytest

from quadnet import kernel
from quadnet.config import parse
from quadnet.errors import QuadnetError
from quadnet.report import effort
from quadnet.report.effort import SECONDS, SECONDS_OF_MANY, Effort

EXAMPLES: list[dict[str, Any]] = [
    {},
    {"network": {"hidden": [8, 8, 8]}, "training": {"epochs": 20_000}},
    {"training": {"momentum": 0.9, "optimizer": "nesterov"}},
    {"data": {"samples_per_class": 50, "spread": 0.8}},
]
LARGE: list[tuple[str, dict[str, Any]]] = [
    ("training.epochs or data.samples_per_class", {"training": {"epochs": 10**7}, "data": {"samples_per_class": 1000}}),
    ("data.samples_per_class", {"data": {"samples_per_class": 1_000_000}}),
    ("network.hidden", {"network": {"hidden": [1024] * 16}}),
    ("network.hidden or evaluation.points", {"network": {"hidden": [1024]}, "evaluation": {"points": 10_000_000}}),
]


@pytest.mark.parametrize("loop", ["compiled", "numpy"])
@pytest.mark.parametrize("values", EXAMPLES)
def test_what_the_readme_shows_is_far_within_the_budget(
    values: dict[str, Any], loop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel, "name", lambda: loop)
    config = parse(values)
    assert effort.of_report(config).within(SECONDS / 2)
    assert effort.of_class(config, 30).within(SECONDS_OF_MANY)
    assert effort.of_sweep(config, 200).within(SECONDS_OF_MANY)


@pytest.mark.parametrize(("driver", "values"), LARGE, ids=[driver for driver, _ in LARGE])
def test_what_is_too_much_is_told_with_the_setting_that_makes_it_so(driver: str, values: dict[str, Any]) -> None:
    config = parse(values)
    with pytest.raises(
        QuadnetError, match=rf"^the report would take about \d.*; lower {driver}, or --anyway"
    ) as caught:
        effort.check("the report", config, effort.of_report)
    assert len(str(caught.value)) <= 300
    effort.check("the report", config, effort.of_report, anyway=True)


@pytest.mark.parametrize("estimate", [effort.of_report, effort.of_handout, partial(effort.of_sweep, runs=20)])
@pytest.mark.parametrize(("driver", "values"), LARGE[:3], ids=[driver for driver, _ in LARGE[:3]])
def test_every_verb_takes_longer_for_more(estimate: Any, driver: str, values: dict[str, Any]) -> None:
    assert estimate(parse(values)).seconds > 10 * estimate(parse({})).seconds
    assert estimate(parse(values)).bytes > 2 * estimate(parse({})).bytes


def test_many_runs_are_told_by_what_asks_for_them() -> None:
    config = parse({})
    usual = {"--seeds": effort.of_sweep(config, 20)}
    check = partial(effort.check, "a sweep", config, usual=usual, most=SECONDS_OF_MANY)
    check(partial(effort.of_sweep, runs=2000))
    with pytest.raises(QuadnetError, match="lower --seeds, or --anyway"):
        check(partial(effort.of_sweep, runs=1_000_000))


def test_what_no_memory_holds_is_refused_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effort, "_memory", lambda: 8e9)
    check = partial(effort.check, "the report", parse({}), anyway=True)
    check(lambda config: Effort(1e9, 15e9))
    with pytest.raises(QuadnetError, match=r"about 32 years and 17 GB of memory, and this machine has 8 GB; lower "):
        check(lambda config: Effort(1e9, 17e9))
