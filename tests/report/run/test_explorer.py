import base64
import json
import shlex
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from quadnet.arrays import FloatArray
from quadnet.config import known_keys, override, parse
from quadnet.experiment import Experiment
from quadnet.history import History
from quadnet.network import cross_entropy, forward
from quadnet.phases import Phase
from quadnet.report.run import explorer
from quadnet.report.words import phases as phase_words
from quadnet.report.words.language import Language


def explored(run: Experiment, english: Language) -> Any:
    return explorer.explore(run, phase_words.chapters(run), english)


@pytest.fixture(scope="module")
def data(default_run: Experiment, english: Language) -> Any:
    return explored(default_run, english)


def numbers(text: str) -> FloatArray:
    return np.frombuffer(base64.b64decode(text), dtype="<f8")


def configured(run: Experiment, values: dict[str, Any]) -> Experiment:
    return replace(run, config=parse(values))


def test_the_moments_are_kept_epochs_with_both_ends_all_borders_and_the_report_s_own_moments(
    data: Any, default_run: Experiment
) -> None:
    epochs = data["epochs"]
    assert 300 < len(epochs) < 450
    assert epochs == sorted(set(epochs))
    assert (epochs[0], epochs[-1]) == (0, 10_000)
    wanted = {p.start for p in default_run.phases.phases} | {s.epoch for s in default_run.evidence.phases}
    assert wanted <= set(epochs)


def test_long_and_short_phases_have_about_as_many_moments(data: Any, default_run: Experiment) -> None:
    epochs = np.array(data["epochs"])
    shares = [int(((epochs >= p.start) & (epochs < p.end)).sum()) for p in default_run.phases.phases]
    assert shares[0] == 7  # all there are
    assert min(shares[1:]) > 0.7 * max(shares)


def test_parameters_losses_and_points_keep_every_bit(data: Any, default_run: Experiment) -> None:
    history, dataset = default_run.history, default_run.dataset
    parameters = numbers(data["parameters"]).reshape(len(data["epochs"]), -1)
    for epoch, row, loss in zip(data["epochs"], parameters, numbers(data["losses"]), strict=True):
        assert (row == history.at(epoch).vector).all()
        if epoch < 10_000:
            assert loss == history.loss[epoch]
    activations, logits = forward(history.final, dataset.points)
    assert numbers(data["losses"])[-1] == cross_entropy(activations[-1], logits, dataset.one_hot)
    assert data["lastLoss"] == history.loss[-1]
    assert (numbers(data["points"]).reshape(-1, 2) == dataset.points).all()
    assert [int(label) for label in data["labels"]] == dataset.labels.tolist()


def test_phases_have_names_of_their_own(data: Any) -> None:
    names = [phase["name"] for phase in data["phases"]]
    assert names == ["first descent", "plateau", "second descent", "shoulder", "third descent", "open plateau"]
    assert [phase["slow"] for phase in data["phases"]] == [False, True, False, True, False, True]


def test_many_phases_still_have_names_of_their_own(english: Language) -> None:
    one = Phase("descent", None, False, 0, 1, 2.0, 1.0, None)
    names = explorer._names([one] * 30, english)
    assert names[7:9] == ["eighth descent", "descent 9"]
    assert len(set(names)) == 30


def test_the_same_run_gives_the_same_data_which_are_json(data: Any, default_run: Experiment, english: Language) -> None:
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert explored(default_run, english) == data
    assert len(json.dumps(data)) < 250_000


def test_the_settings_of_the_default_run_are_the_defaults(data: Any) -> None:
    assert data["settings"] == data["defaults"]
    assert data["settings"] == {
        "seed": "0",
        "weight-seed": "0",
        "samples": "200",
        "spread": "0.5",
        "hidden": "3,3",
        "optimizer": "gradient_descent",
        "momentum": "0",
        "learning-rate": "0.5",
        "epochs": "10000",
    }
    assert data["command"] == "quadnet report"


@pytest.mark.parametrize(
    "values",
    [
        {"network": {"initial_scale": 0.5}, "name": "other"},
        {"report": {"title": "</script> 'quoted' \"twice\" \\ é"}, "replicates": {"runs": 0}},
        {"data": {"centres": [[2, 1], [-1, 1.5], [-1, -1], [1, -1e-3]]}, "evaluation": {"points": 7}},
    ],
)
def test_the_command_keeps_the_settings_that_the_page_does_not_change(
    default_run: Experiment, english: Language, values: dict[str, Any]
) -> None:
    run = configured(default_run, values)
    program, name, *arguments = shlex.split(explored(run, english)["command"])
    assert (program, name) == ("quadnet", "report")
    assert set(arguments[::2]) == {"--set"}
    assert parse(override({}, arguments[1::2])) == run.config


def test_the_command_names_the_language_by_its_flag(default_run: Experiment, english: Language) -> None:
    config = parse({"report": {"language": "zh"}})
    assert explored(replace(default_run, config=config), english)["command"] == "quadnet report --lang zh"


def test_what_the_page_changes_is_left_out_of_the_command(default_run: Experiment, english: Language) -> None:
    values = {
        "data": {"seed": 4, "samples_per_class": [1, 2, 3, 4], "spread": 1e-5},
        "network": {"hidden": [4, 5]},
        "training": {"optimizer": "nesterov", "momentum": 0.25, "learning_rate": 2.0},
    }
    found = explored(configured(default_run, values), english)
    assert found["command"] == "quadnet report"
    assert found["settings"] | {"weight-seed": "0", "epochs": "10000"} == found["settings"]
    texts = [found["settings"][name] for name in ("samples", "spread", "hidden", "momentum", "learning-rate")]
    assert texts == ["1,2,3,4", "1e-05", "4,5", "0.25", "2"]


def with_history(run: Experiment, loss: Sequence[float], parameters: FloatArray) -> Experiment:
    history = History(np.array(loss), np.arange(len(parameters)), parameters, run.history.widths, 1)
    return replace(run, history=history)


def test_a_training_that_broke_is_shown_as_far_as_it_is_sound(small_run: Experiment, english: Language) -> None:
    parameters = small_run.history.parameters[:101].copy()
    parameters[100] = np.nan
    broken = with_history(small_run, [*small_run.history.loss[:100].tolist(), np.nan], parameters)
    calm = replace(broken, phases=replace(broken.phases, phases=()), evidence=replace(broken.evidence, phases=()))
    found = explored(calm, english)
    assert found["epochs"][-1] == 99
    assert np.isfinite(numbers(found["parameters"])).all()
    assert np.isfinite(numbers(found["losses"])).all()
    assert found["phases"] == []
    assert found["lastLoss"] is None
    assert json.dumps(found, allow_nan=False)


def test_a_last_update_to_an_infinite_loss_is_not_shown(
    small_run: Experiment, english: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explorer, "cross_entropy", lambda *_: np.inf)
    found = explored(small_run, english)
    assert found["epochs"][-1] < 300
    assert np.isfinite(numbers(found["losses"])).all()
    assert len(numbers(found["losses"])) == len(found["epochs"])


@pytest.mark.parametrize("sound", [0, 3])
def test_a_training_of_hardly_any_sound_epoch_is_not_explored(
    small_run: Experiment, english: Language, sound: int
) -> None:
    parameters = small_run.history.parameters[: sound + 1].copy()
    parameters[sound] = np.nan
    broken = with_history(small_run, [*small_run.history.loss[:sound].tolist(), np.nan], parameters)
    calm = replace(broken, phases=replace(broken.phases, phases=()), evidence=replace(broken.evidence, phases=()))
    assert explored(calm, english) is None


def test_neither_are_large_networks_and_many_points(small_run: Experiment, english: Language) -> None:
    wide = replace(small_run.history, parameters=np.zeros((301, 2049)))
    assert explored(replace(small_run, history=wide), english) is None
    many = replace(small_run.dataset, labels=np.zeros(5001, dtype=np.int64))
    assert explored(replace(small_run, dataset=many), english) is None
    assert explored(small_run, english) is not None


def test_every_field_is_a_setting(data: Any) -> None:
    assert set(explorer.FIELDS) == set(data["settings"]) == set(data["defaults"])
    assert set(explorer.FIELDS.values()) <= set(known_keys())
