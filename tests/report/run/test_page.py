import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from quadnet.config import dumps, parse
from quadnet.evidence import Evidence
from quadnet.experiment import Experiment
from quadnet.inertia import Crossing, Pair, pairs
from quadnet.phases import Phase, Phases
from quadnet.replicates import Replicates, standings
from quadnet.report.figures import style
from quadnet.report.record import manifest
from quadnet.report.run import figures as run_figures
from quadnet.report.run.page import Document, compose
from quadnet.report.words import claims as claim_words
from quadnet.report.words import phases as phase_words
from quadnet.report.words import teaching_note
from quadnet.report.words.language import Language

VERSIONS = (("quadnet", "9.9"), ("Python", "3"))


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves the drawings out: they take most of the time of composing."""
    monkeypatch.setattr(style, "draw", lambda name, figure, behind: b"<svg/>")


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
    assert facts["Optimizer"] == "Nesterov’s method (β = 0.5)"


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
    monkeypatch.setattr(style, "draw", lambda name, figure, behind: drawn.append(name) or b"<svg/>")

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


def test_each_phase_has_the_note_s_words_and_its_claims_beside_what_was_measured(
    default_document: Document, default_run: Experiment, english: Language
) -> None:
    chapters = phase_words.chapters(default_run)
    assert [episode.number for episode in default_document.episodes] == ["1", "2", "3", "4", "5", "6"]
    for episode, chapter in zip(default_document.episodes, chapters, strict=True):
        assert episode.note == teaching_note.explanation(chapter, chapters, english)
        bends = 3 if chapter.number == 6 else 0  # what is said of the open phase alone
        assert episode.reading == phase_words.reading(chapter, english, bends)
        assert tuple(trial.number for trial in episode.trials) == teaching_note.claims(chapter, chapters)
        assert set(episode.trials) <= set(default_document.trials)
        assert episode.spectrum is not None
        assert episode.spectrum.key == f"spectrum-{episode.number}"
    titles = [episode.title for episode in default_document.episodes]
    assert titles[:2] == ["Phase 1: descent, epochs 0 to 7", "Phase 2: plateau, epochs 7 to 1658"]
    assert titles[-1] == "Phase 6: open, epochs 2663 to 9999"


def test_the_trials_and_their_tally_are_those_of_the_verdicts(
    default_document: Document, default_run: Experiment, english: Language
) -> None:
    assert default_document.trials == claim_words.trials(default_run, english)
    assert default_document.tally == claim_words.tally(default_run, english)
    assert "6 hold and 6 fail" in default_document.tally


@pytest.mark.usefixtures("undrawn")
def test_the_eigenvalues_of_all_phases_share_the_scale_of_the_largest(
    default_run: Experiment, english: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    scales: list[float] = []
    monkeypatch.setattr(run_figures, "spectrum", lambda number, anatomy, largest, language: scales.append(largest))
    last = default_run.anatomy[-1]
    steep = replace(last, end=replace(last.end, eigenvalues=np.array([-700.0, 0.0, 5.0])))
    view = compose(replace(default_run, anatomy=(*default_run.anatomy[:-1], steep)), english, VERSIONS)
    assert scales == [700.0] * 6
    assert [episode.spectrum for episode in view.episodes] == [None] * 6


def test_the_makeup_has_a_row_for_each_border_and_middle(default_document: Document, default_run: Experiment) -> None:
    head, *rows = default_document.makeup
    assert head == (
        *("epoch", "loss", "gradient", "least eigenvalue", "− / 0 / +"),
        *("W₁", "W₂", "W₃", "A₁", "A₂", "A₃"),
    )
    looks = {look.snapshot.epoch: look for anatomy in default_run.anatomy for look in anatomy.looks}
    assert [int(number(row[0])) for row in rows] == sorted(looks)
    assert len(rows) == 13
    for row, (epoch, look) in zip(rows, sorted(looks.items()), strict=True):
        assert number(row[1]) == pytest.approx(default_run.history.loss[epoch], rel=1e-3)
        assert look.least is not None
        assert look.signs is not None
        assert [int(count) for count in row[4].split(" / ")] == [
            look.signs.negative,
            look.signs.zero,
            look.signs.positive,
        ]
        ranks = [rank for rank in (*look.weight_ranks, *look.activation_ranks) if rank is not None]
        assert [float(cell) for cell in row[5:]] == pytest.approx(ranks, abs=0.00501)


@pytest.mark.usefixtures("undrawn")
def test_a_least_eigenvalue_that_counts_as_zero_has_no_digits(small_run: Experiment, english: Language) -> None:
    """A network whose sigmoids are at their ends bends by nothing but rounding."""

    def flat(look: Any) -> Any:
        return replace(look, eigenvalues=np.array([-3.4e-19, 0.0, 1.0]))

    anatomy = tuple(
        replace(each, start=flat(each.start), middle=flat(each.middle), end=flat(each.end))
        for each in small_run.anatomy
    )
    view = compose(replace(small_run, anatomy=anatomy), english, VERSIONS)
    assert {row[3:5] for row in view.makeup[1:]} == {("0", "0 / 2 / 1")}


@pytest.mark.usefixtures("undrawn")
def test_what_is_not_known_of_a_network_is_a_dash_in_its_makeup(small_run: Experiment, english: Language) -> None:
    def unknown(look: Any) -> Any:
        return replace(look, eigenvalues=None, weights=(np.empty(0),) * 3, activations=(np.empty(0),) * 3)

    anatomy = tuple(
        replace(each, start=unknown(each.start), middle=unknown(each.middle), end=unknown(each.end))
        for each in small_run.anatomy
    )
    view = compose(replace(small_run, anatomy=anatomy), english, VERSIONS)
    assert all(row[3:] == ("–",) * 8 for row in view.makeup[1:])
    assert view.ranks == ""
    assert all(episode.spectrum is None for episode in view.episodes)


def test_the_crossings_lay_the_rules_side_by_side_for_each_plateau_that_was_left(
    default_document: Document, default_run: Experiment
) -> None:
    head, plain, *rows = default_document.crossings
    crossed = [crossing for crossing in default_run.crossings if crossing is not None]
    assert head == (
        "rule",
        *(text for c in crossed for text in (f"epochs from {c.start}", "times as fast", "by theory")),
    )
    assert plain == ("plain gradient descent", *(text for c in crossed for text in (str(c.plain), "1", "1")))
    assert [row[0] for row in rows] == [
        *("heavy ball (β = 0.5)", "heavy ball (β = 0.9)", "Nesterov’s method (β = 0.9)"),
        "the averaging form of momentum (β = 0.9)",
        "gradient descent, α = 5",
    ]
    assert [row[1] for row in rows] == ["420", "117", "114", "871", "85"]
    for k, crossing in enumerate(crossed):
        for row, trial in zip(rows, crossing.trials, strict=True):
            epochs, fast, _ = map(number, row[1 + 3 * k : 4 + 3 * k])
            assert epochs == trial.epochs
            assert fast == pytest.approx(trial.speed_up, rel=5e-3)
    assert [row[3] for row in rows] == ["1.99", "8.42", "8.55", "0.980", "9.90"]


def given_up(crossing: Crossing) -> Crossing:
    """What it would be if its last rule did not leave the plateau."""
    *others, last = crossing.trials
    return replace(crossing, trials=(*others, replace(last, epochs=None, speed_up=0.0)))


@pytest.mark.usefixtures("undrawn")
def test_a_rule_that_was_given_up_has_a_dash_and_a_plateau_that_plain_descent_does_not_leave_no_column(
    default_run: Experiment, english: Language
) -> None:
    first, second = default_run.crossings
    assert first is not None
    assert second is not None
    view = compose(replace(default_run, crossings=(None, given_up(second))), english, VERSIONS)
    assert view.crossings[0] == ("rule", f"epochs from {second.start}", "times as fast", "by theory")
    assert view.crossings[-1][1:3] == ("–", "–")
    assert view.crossings[-1][3] != "–"
    assert compose(replace(default_run, crossings=(None, None)), english, VERSIONS).crossings == ()


@pytest.mark.usefixtures("undrawn")
def test_theory_has_nothing_to_say_where_the_bends_are_not_known(default_run: Experiment, english: Language) -> None:
    anatomy = tuple(replace(each, middle=replace(each.middle, eigenvalues=None)) for each in default_run.anatomy)
    view = compose(replace(default_run, anatomy=anatomy), english, VERSIONS)
    assert [row[3] for row in view.crossings[2:]] == ["–"] * 5
    assert not any("–" in row[1:3] for row in view.crossings[2:])


def test_a_run_that_leaves_no_plateau_has_neither_saddle_nor_crossings(small_document: Document) -> None:
    assert small_document.crossings == ()
    assert small_document.standstill == ()
    assert "saddle" not in small_document.figures
    assert len(small_document.trials) == 12
