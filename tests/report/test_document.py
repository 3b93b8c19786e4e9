import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from quadnet.config import dumps, parse
from quadnet.evidence import Evidence
from quadnet.experiment import Experiment
from quadnet.inertia import Pair, pairs
from quadnet.phases import Phase, Phases
from quadnet.replicates import Replicates, standings
from report import drawings
from report.document import Document, compose
from report.language import Language
from report.record import manifest

VERSIONS = (("quadnet", "9.9"), ("Python", "3"))


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves the drawings out: they take most of the time of composing."""
    monkeypatch.setattr(drawings.style, "draw", lambda name, figure: b"<svg/>")


def number(text: str) -> float:
    return float(text.replace("\u202f", "").replace("−", "-").rstrip("%").removesuffix(" epochs"))


def test_the_title_block_says_what_was_configured(default_document: Document, default_run: Experiment) -> None:
    config = default_run.config
    assert default_document.title == "Four quadrants"
    assert "2-3-3-4" in default_document.subtitle
    assert default_document.run_name == config.run_name
    assert default_document.digest == config.digest
    assert dict(default_document.facts) == {
        "Points of each class": "200",
        "Standard deviation": "0.5",
        "Layers": "2-3-3-4",
        "Parameters": "37",
        "Initial scale": "0.01",
        "Epochs": "10\u202f000",
        "Learning rate": "0.5",
        "Optimizer": "gradient descent",
        "Seeds of data, weights": "0, 0",
    }
    assert default_document.config_toml == dumps(config)


@pytest.mark.usefixtures("undrawn")
def test_the_title_block_follows_another_configuration(small_run: Experiment, english: Language) -> None:
    config = parse(
        {
            "data": {"samples_per_class": [1, 2, 3, 4], "seed": 5, "spread": 0.25},
            "network": {"seed": 6, "initial_scale": 2.0},
            "training": {"optimizer": "nesterov", "momentum": 0.5, "epochs": 12_345, "learning_rate": 1e-7},
            "report": {"title": "Elsewhere"},
        }
    )
    view = compose(replace(small_run, config=config), english, VERSIONS)
    facts = dict(view.facts)
    assert view.title == "Elsewhere"
    assert view.version == "9.9"
    assert view.versions == VERSIONS
    assert view.optimizer == "nesterov"
    assert facts["Points of each class"] == "1, 2, 3, 4"
    assert facts["Seeds of data, weights"] == "5, 6"
    assert facts["Standard deviation"] == "0.25"
    assert facts["Epochs"] == "12\u202f345"
    assert facts["Learning rate"] == "1e-07"
    assert facts["Optimizer"] == "Nesterov’s method 0.5"


def test_the_numbers_in_the_fixed_sentences_are_those_of_the_run(
    default_document: Document, default_run: Experiment
) -> None:
    numbers, metrics = default_document.numbers, default_run.metrics
    expected = {
        "samples": 800,
        "parameters": 37,
        "epochs": 10_000,
        "fresh_points": 100_000,
        "loss_first": metrics.loss_first,
        "note_accuracy": 1.0,
        "bayes": 100 * metrics.bayes_accuracy,
        "bayes_sample": 100 * metrics.bayes_accuracy_sample,
        "accuracy": 100 * metrics.accuracy,
        "start_accuracy": 100 * default_run.evidence.start.accuracy,
        "largest_share": 25.0,
        "error": 100 * metrics.accuracy_fresh_error,
    }
    for key, value in expected.items():
        places = len(numbers[key].rstrip("\u202f%").partition(".")[2])
        assert number(numbers[key]) == pytest.approx(value, abs=0.5 * 10**-places)
    assert numbers["centres"] == "(1, 1), (−1, 1), (−1, −1) and (1, −1)"


def test_the_accuracy_table_has_three_decimals_of_the_metrics(
    default_document: Document, default_run: Experiment
) -> None:
    m = default_run.metrics
    expected = [
        [m.accuracy, m.accuracy_fresh, None],
        [m.bayes_accuracy_sample, m.bayes_accuracy_fresh, m.bayes_accuracy],
        [m.largest_share, None, m.largest_share],
        [m.accuracy_note_formula, None, None],
    ]
    assert [list(row[1:]) for row in default_document.accuracies] == [
        ["–" if value is None else f"{100 * value:.3f}\u202f%" for value in row] for row in expected
    ]


def test_the_confusion_table_counts_the_training_points(default_document: Document, default_run: Experiment) -> None:
    cells = default_document.confusion.rows
    counts = [[int(cell.text) for cell in row] for row in cells]
    assert counts == default_run.metrics.confusion_matrix.tolist()
    assert np.sum(counts) == 800
    for row in cells:
        for cell in row:
            assert cell.heat == round(8 * int(cell.text) / 200)


def test_each_phase_is_a_row_with_its_epochs_losses_groups_and_accuracy(
    default_document: Document, default_run: Experiment
) -> None:
    rows = default_document.phases
    for row, phase, snapshot in zip(rows, default_run.phases.phases, default_run.evidence.phases, strict=True):
        assert row.epochs == f"{phase.start}–{phase.end}"
        first, last = map(number, row.loss.split(" → "))
        assert first == pytest.approx(phase.loss_start, rel=1e-3)
        assert last == pytest.approx(phase.loss_end, rel=1e-3)
        assert row.accuracy == f"{100 * snapshot.accuracy:.1f}\u202f%"
        groups = [tuple(map(int, group.split("\u202f"))) for group in row.groups.split(" | ")]
        assert tuple(groups) == snapshot.partition
    assert [row.number for row in rows] == ["1", "2", "3", "4", "5", "6"]


def test_the_levels_are_the_analytic_ones(default_document: Document) -> None:
    losses = [number(loss) for _, loss, _ in default_document.levels]
    entropy = 4 * (0.25 * math.log(4) + 0.75 * math.log(4 / 3))
    assert losses[0] == pytest.approx(4 * math.log(2), abs=5e-5)
    assert losses[1] == pytest.approx(entropy, abs=5e-5)
    assert losses[0] > losses[1] > losses[2] > losses[3] > 0


def test_each_phase_shows_the_mean_outputs_of_its_moment(default_document: Document, default_run: Experiment) -> None:
    for episode, snapshot in zip(default_document.episodes, default_run.evidence.phases, strict=True):
        assert episode.means.caption == f"Mean outputs at epoch {snapshot.epoch}."
        shown = [[float(cell.text) for cell in row] for row in episode.means.rows]
        assert np.abs(np.array(shown) - snapshot.means).max() <= 0.005 + 1e-12


def test_figures_are_numbered_in_the_order_of_the_page(default_document: Document) -> None:
    assert list(default_document.figures) == ["data", "network", "training", "saddle", "inertia", "replicates"]
    assert [default_document.number(key) for key in default_document.figures] == [1, 2, 3, 4, 5, 6]


def test_the_inertia_table_lays_the_plateaus_of_both_runs_side_by_side(
    default_document: Document, default_run: Experiment
) -> None:
    both = pairs(default_run.phases, default_run.companion.phases)
    assert len(default_document.plateaus) == len(both) >= 1

    def cells(phase: Phase | None) -> list[str]:
        return ["–", "–"] if phase is None else [f"{phase.start}–{phase.end}", str(phase.end - phase.start)]

    for place, (row, pair) in enumerate(zip(default_document.plateaus, both, strict=True), start=1):
        assert isinstance(pair, Pair)
        assert list(row[:5]) == [str(place), *cells(pair.main), *cells(pair.companion)]
        if pair.ratio is None:
            assert row[5] == "–"
        else:
            assert float(row[5].removeprefix("×")) == pytest.approx(pair.ratio, rel=5e-3)


def test_each_closed_plateau_has_a_row_that_ranks_it_among_the_other_seeds(
    default_document: Document, default_run: Experiment, default_replicates: Replicates
) -> None:
    both = standings(default_run, default_replicates)
    assert [list(map(number, row[:2])) for row in default_document.standings] == [[1, 1651], [2, 223]]
    for row, standing in zip(default_document.standings, both, strict=True):
        assert row[2] == f"{min(standing.left)}–{max(standing.left)}"
        assert list(map(number, row[3:6])) == [len(standing.staying), standing.shorter, standing.longer]
        assert row[6] == f"{standing.alike} of {len(standing.left)}"


def test_without_other_seeds_nothing_is_said_of_them(small_document: Document) -> None:
    assert small_document.replicates is None
    assert small_document.standings == ()
    assert "replicates" not in small_document.figures


@pytest.mark.usefixtures("undrawn")
def test_plateaus_that_no_other_run_left_have_no_range(
    default_run: Experiment, default_replicates: Replicates, english: Language
) -> None:
    runs = tuple(replace(other, plateaus=other.plateaus[:1]) for other in default_replicates.runs[:1])
    view = compose(default_run, english, VERSIONS, lambda: Replicates(3994, runs))
    assert [row[2] for row in view.standings] == ["2532", "–"]
    assert view.standings[1][6] == "0 of 0"


@pytest.mark.usefixtures("undrawn")
def test_the_other_seeds_are_waited_for_last_of_all(
    small_run: Experiment, english: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(drawings.style, "draw", lambda name, figure: drawn.append(name) or b"<svg/>")

    def waited() -> Replicates:
        assert drawn == ["data", "network", "training", "inertia", "spectrum-1", "spectrum-2"]
        return Replicates()

    compose(small_run, english, VERSIONS, waited)


@pytest.mark.usefixtures("undrawn")
def test_clouds_that_cannot_be_confused_are_said_to_be_apart(small_run: Experiment, english: Language) -> None:
    def overlap(bayes: float) -> bool:
        metrics = replace(small_run.metrics, bayes_accuracy=bayes)
        return compose(replace(small_run, metrics=metrics), english, VERSIONS).overlap

    assert [overlap(bayes) for bayes in (0.95, 0.99999, 0.999999, 1.0)] == [True, True, False, False]


def broken_at_once(run: Experiment) -> Experiment:
    """What a run would be whose very first loss is no number."""
    history = replace(run.history, loss=np.array([np.nan]), epochs=np.array([0]), parameters=run.history.parameters[:1])
    return replace(
        run,
        history=history,
        phases=Phases("non-finite at epoch 0", ()),
        evidence=Evidence(run.evidence.start, (), ()),
        anatomy=(),
        standstill=None,
        metrics=replace(run.metrics, loss_first=math.nan, loss_last=math.nan, loss_fresh=math.nan),
    )


def test_a_run_without_a_finite_loss_is_composed_without_phases(small_run: Experiment, english: Language) -> None:
    view = compose(broken_at_once(small_run), english, VERSIONS)
    assert view.phases == ()
    assert list(view.figures) == ["data", "network", "inertia"]
    assert view.episodes == ()
    assert view.trained.caption.startswith("Epoch 0:")
    assert view.warning is not None
    assert "not a number" in view.summary[0]


def test_the_same_run_gives_the_same_document(
    small_run: Experiment, small_document: Document, english: Language
) -> None:
    assert compose(small_run, english, manifest.versions()) == small_document


@pytest.mark.parametrize(
    ("change", "key", "text"),
    [
        ({"samples_per_class": [1, 1, 1, 3]}, "samples", "800"),
        ({"centres": [[0.5, 0.25], [-2.0, 1e6], [-1.0, -1.0], [3.0, -1e-7]]}, "centres", "(−2, 1e+06)"),
    ],
)
@pytest.mark.usefixtures("undrawn")
def test_counts_come_from_the_measured_run_and_centres_from_the_configuration(
    small_run: Experiment, english: Language, change: dict[str, Any], key: str, text: str
) -> None:
    view = compose(replace(small_run, config=parse({"data": change})), english, VERSIONS)
    assert text in view.numbers[key]
