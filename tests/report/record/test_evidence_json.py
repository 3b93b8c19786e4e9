import json
from typing import Any

import numpy as np
import pytest

from quadnet.claims import NUMBERS, OUTCOMES
from quadnet.config import parse
from quadnet.experiment import Experiment, conduct
from quadnet.report.record import evidence_json, files
from quadnet.report.words import claims as claim_words
from quadnet.report.words.language import Language

ENGLISH = Language.load("en")
LAYERS = ((2, 3), (3, 3), (3, 4))


def written(value: Any) -> Any:
    """What somebody reads who opens the file."""
    return json.loads(files.to_json(value))


@pytest.fixture(scope="module")
def claims(default_run: Experiment) -> dict[str, Any]:
    found: dict[str, Any] = written(evidence_json.claims(default_run, ENGLISH))
    return found


@pytest.fixture(scope="module")
def seen(default_run: Experiment) -> dict[str, Any]:
    found: dict[str, Any] = written(evidence_json.evidence(default_run))
    return found


# claims.json


def test_every_claim_is_there_in_order_with_the_same_five_entries(claims: dict[str, Any]) -> None:
    assert tuple(claims) == NUMBERS
    assert {tuple(entry) for entry in claims.values()} == {("claim", "verdict", "test", "measured", "because")}
    for entry in claims.values():
        assert entry["verdict"] in OUTCOMES
        assert all(isinstance(entry[name], str) and entry[name].endswith(".") for name in ("claim", "test", "because"))


def test_the_verdicts_on_the_default_run(claims: dict[str, Any]) -> None:
    assert {number: entry["verdict"] for number, entry in claims.items()} == {
        **dict.fromkeys(("N1", "N2", "N3", "N4a", "N6a", "N8a"), "holds"),
        **dict.fromkeys(("N4b", "N5", "N6b", "N7", "N8b", "N9"), "fails"),
    }


def test_what_was_measured_on_the_default_run(claims: dict[str, Any]) -> None:
    measured = {number: entry["measured"] for number, entry in claims.items()}
    assert measured["N1"] == {"steps": 9999, "rises": 0, "largest_rise": 0.0}
    assert measured["N2"] == {"closed_plateaus": 2, "of_them_shoulders": 1}
    assert measured["N3"] == {
        "loss": pytest.approx(2.775489028568, abs=1e-9),
        "level": pytest.approx(4 * np.log(2), abs=1e-12),
        "furthest_mean_output_from_half": pytest.approx(0.006744, abs=1e-6),
        "accuracy": 0.25,
        "mean_recall": 0.25,
    }
    assert measured["N4a"] == {
        "first_phase": "descent",
        "end": pytest.approx(7, abs=2),
        "drop_of_ln_loss": pytest.approx(0.1996, abs=1e-3),
    }
    assert measured["N4b"] == {
        "largest_share_at_start": 1.0,
        "largest_share_on_plateau": 1.0,
        "furthest_mean_output_from_share": pytest.approx(2.44e-4, abs=1e-5),
        "loss_on_plateau": pytest.approx(2.24932, abs=1e-5),
        "level_of_class_shares": pytest.approx(2.249340578, abs=1e-9),
    }
    assert measured["N5"] == {
        "gradient_norm": pytest.approx(4.0e-4, abs=1e-5),
        "negative_eigenvalues": 6,
        "zero_eigenvalues": 21,
        "positive_eigenvalues": 10,
        "least_eigenvalue": pytest.approx(-3.2116e-3, rel=1e-3),
        "distance_to_saddle": pytest.approx(0.0511, abs=1e-3),
    }
    assert measured["N6a"] == {
        "at_its_start": pytest.approx(0.0338, abs=1e-4),
        "at_its_end": pytest.approx(1.005, abs=0.02),
        "growth": pytest.approx(29.7, abs=0.5),
    }
    assert measured["N6b"] == {"first_groups": "0 | 1 3 | 2", "epoch": pytest.approx(1856, abs=10)}
    assert measured["N7"] == {"descents": 3, "classes": 4, "groups_at_the_end": 4}
    assert measured["N8a"]["speed_up"] == pytest.approx(7.06, abs=0.05)
    assert measured["N8b"]["speed_up"] == pytest.approx(0.948, abs=0.005)
    assert measured["N8a"].keys() == measured["N8b"].keys() == {"from_epoch", "plain_epochs", "speed_up"}
    assert measured["N9"] == {
        "accuracy": 0.97125,
        "note_formula": 1.0,
        "accuracy_on_random_labels": 0.24875,
        "note_formula_on_random_labels": 1.0,
    }


def test_the_file_says_what_the_page_says(default_run: Experiment, claims: dict[str, Any]) -> None:
    for trial in claim_words.trials(default_run, ENGLISH):
        entry = claims[trial.number]
        assert (entry["claim"], entry["test"], entry["because"]) == (trial.says, trial.test, trial.because)


def test_a_run_without_a_prior_plateau_has_every_claim_all_the_same(small_run: Experiment) -> None:
    found = written(evidence_json.claims(small_run, ENGLISH))
    assert tuple(found) == NUMBERS
    assert found["N4b"]["verdict"] == found["N5"]["verdict"] == "cannot be tested"
    assert found["N4b"]["measured"] == {}


# evidence.json


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], Any]]:
    """Every single value of a file with the way to it."""
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return [leaf for key, item in items for leaf in leaves(item, (*path, key))]
    return [(path, value)]


def holes(value: Any) -> list[tuple[Any, ...]]:
    return [path for path, leaf in leaves(value) if leaf is None]


def test_all_that_was_seen_of_the_default_run_is_finite(seen: dict[str, Any]) -> None:
    assert len(leaves(seen)) > 1000
    assert holes(seen) == []


def test_a_hole_would_be_noticed() -> None:
    assert holes(written({"a": [1.0, float("nan")], "b": {"c": np.array([np.inf])}})) == [("a", 1), ("b", "c", 0)]


def test_each_phase_has_its_kind_what_came_apart_and_three_moments(
    seen: dict[str, Any], default_run: Experiment
) -> None:
    assert set(seen) == {"phases", "prior_plateau", "inertia"}
    for entry, phase in zip(seen["phases"], default_run.phases.phases, strict=True):
        assert set(entry) == {"kind", "separated", "start", "middle", "end"}
        assert entry["kind"] == phase.kind
        moments = [entry[name]["epoch"] for name in ("start", "middle", "end")]
        assert moments == [default_run.history.nearest(t) for t in (phase.start, phase.middle, phase.end)]
    assert [entry["separated"] for entry in seen["phases"]] == [
        [],
        [],
        [{"kind": "several", "parts": [[0], [1, 3], [2]]}],
        [{"kind": "diagonal", "parts": [[1], [3]]}],
        [],
        [],
    ]
    borders = [(a["end"], b["start"]) for a, b in zip(seen["phases"], seen["phases"][1:], strict=False)]
    assert all(end == start for end, start in borders)


def test_a_moment_has_the_network_s_answers_its_bends_and_its_ranks(seen: dict[str, Any]) -> None:
    for entry in seen["phases"]:
        for moment in (entry[name] for name in ("start", "middle", "end")):
            assert np.shape(moment["mean_outputs"]) == np.shape(moment["confusion_matrix"]) == (4, 4)
            assert np.sum(moment["confusion_matrix"]) == 800
            assert np.shape(moment["predicted_shares"]) == np.shape(moment["recall"]) == (4,)
            assert sum(moment["predicted_shares"]) == pytest.approx(1)
            assert sorted(c for group in moment["partition"] for c in group) == [0, 1, 2, 3]
            assert moment["gradient_norm"] > 0
            hessian = moment["hessian"]
            values = hessian["eigenvalues"]
            assert len(values) == hessian["negative"] + hessian["zero"] + hessian["positive"] == 37
            assert values == sorted(values)
            assert values[0] == hessian["least"]
            for layers, shapes in ((moment["weights"], LAYERS), (moment["activations"], ((3,), (3,), (4,)))):
                for layer, shape in zip(layers, shapes, strict=True):
                    singular = layer["singular_values"]
                    assert len(singular) == min(shape)
                    assert singular == sorted(singular, reverse=True)
                    assert 1 <= layer["effective_rank"] <= min(shape) + 1e-9


def test_the_prior_plateau_is_laid_beside_its_saddle(seen: dict[str, Any], default_run: Experiment) -> None:
    plateau = seen["prior_plateau"]
    assert set(plateau) == {"gradient_norm_in_the_middle", "first_layer_singular_value", "beside"}
    stretch = plateau["first_layer_singular_value"]
    assert stretch["end"] / stretch["start"] == pytest.approx(29.7, abs=0.5)
    beside = plateau["beside"]
    assert (beside["negative"], beside["zero"], beside["positive"]) == (6, 21, 10)
    assert len(beside["eigenvalues"]) == len(beside["parameters"]) == 37
    assert beside["least"] == beside["eigenvalues"][0] == pytest.approx(beside["least_by_formula"], rel=1e-2)
    assert beside["parameters"][:6] == [0] * 6
    assert beside["end_measured"] == default_run.phases.phases[1].end
    assert beside["end_by_reduced_flow"] == pytest.approx(1619, abs=10)
    assert beside["end_by_frozen_hessian"] == pytest.approx(3145, abs=20)


def test_each_plateau_that_was_left_has_the_rules_that_leave_it(seen: dict[str, Any], default_run: Experiment) -> None:
    closed = default_run.phases.closed_plateaus
    for entry, phase in zip(seen["inertia"], closed, strict=True):
        assert set(entry) == {"plateau_start", "from_epoch", "plain_epochs", "rules"}
        assert entry["plateau_start"] == phase.start < entry["from_epoch"] < phase.end
        assert [(rule["optimizer"], rule["momentum"]) for rule in entry["rules"]] == [
            ("heavy_ball", 0.5),
            ("heavy_ball", 0.9),
            ("nesterov", 0.9),
            ("averaging", 0.9),
            ("gradient_descent", 0.0),
        ]
        assert [rule["learning_rate"] for rule in entry["rules"]] == [0.5] * 4 + [5.0]
        for rule in entry["rules"]:
            assert rule["speed_up"] == entry["plain_epochs"] / rule["epochs"]
    heavy = seen["inertia"][0]["rules"][1]
    assert heavy["speed_up_by_theory"] == pytest.approx(heavy["speed_up"], rel=0.25)


def test_a_run_that_leaves_no_plateau_has_neither_saddle_nor_rules(small_run: Experiment) -> None:
    found = written(evidence_json.evidence(small_run))
    assert found["prior_plateau"] is None
    assert found["inertia"] == []
    assert len(found["phases"]) == 2


@pytest.fixture(scope="module")
def wide() -> dict[str, Any]:
    """What is seen of a network too large for its Hessian, with a layer too wide for its singular values."""
    setting = {"training": {"epochs": 20}, "evaluation": {"points": 100}, "data": {"samples_per_class": 5}}
    found: dict[str, Any] = written(evidence_json.evidence(conduct(parse({**setting, "network": {"hidden": [80, 3]}}))))
    return found


def test_what_is_too_costly_for_a_network_is_null_or_empty(wide: dict[str, Any]) -> None:
    assert wide["phases"]
    for entry in wide["phases"]:
        for moment in (entry[name] for name in ("start", "middle", "end")):
            assert moment["hessian"] is None
            assert [len(layer["singular_values"]) for layer in moment["weights"]] == [0, 0, 3]
            assert [layer["effective_rank"] is None for layer in moment["weights"]] == [True, True, False]
            assert [len(layer["singular_values"]) for layer in moment["activations"]] == [0, 3, 4]
            assert moment["activations"][0]["effective_rank"] is None
