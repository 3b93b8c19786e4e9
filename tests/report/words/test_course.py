from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from quadnet.config import Training
from quadnet.escape import Escape
from quadnet.experiment import Experiment
from quadnet.inertia import Pair, growth
from quadnet.mixture import merged_level
from quadnet.phases import Phase, Phases
from quadnet.report.words import course as prose
from quadnet.report.words import settings
from quadnet.report.words.language import Language

ENGLISH = Language.load("en")


def closed(start: int, end: int, grade: str = "plateau") -> Phase:
    return Phase("plateau", grade, False, start, end, 2.3, 2.2, 50.0)


def descent(start: int, end: int) -> Phase:
    return Phase("descent", None, False, start, end, 2.7, 2.3, None)


def with_plateaus(run: Experiment, ours: list[Phase], theirs: list[Phase]) -> Experiment:
    companion = replace(
        run.companion,
        phases=Phases("ok", tuple(theirs)),
        partitions=(run.evidence.start.partition,) * len(theirs),
    )
    evidence = replace(run.evidence, phases=(run.evidence.start,) * (1 + len(ours)))
    return replace(run, phases=Phases("ok", (descent(0, 5), *ours)), evidence=evidence, companion=companion)


@pytest.mark.parametrize(
    ("training", "text"),
    [
        (Training(), "gradient descent"),
        (Training(optimizer="heavy_ball", momentum=0.9), "heavy ball (β = 0.9)"),
        (Training(optimizer="nesterov", momentum=0.5), "Nesterov’s method (β = 0.5)"),
        (Training(optimizer="averaging", momentum=0.99), "the averaging form of momentum (β = 0.99)"),
    ],
)
def test_an_optimizer_is_named_with_its_momentum(training: Training, text: str) -> None:
    assert settings.optimizer(training, ENGLISH) == text


def test_a_sound_training_gives_no_warning(small_run: Experiment) -> None:
    assert small_run.phases.status == "ok"
    assert prose.warning(small_run, ENGLISH) is None


@pytest.mark.parametrize(
    ("status", "said", "not_said"),
    [
        ("non-finite at epoch 7", "The training broke down: at epoch 299 the loss", ["diverged", "lost ground"]),
        ("diverged", "The training diverged: the loss starts at 2.000 and ends at 9.000", ["broke", "lost ground"]),
        ("regressed", "lost ground again: its last loss, 9.000, is clearly above its lowest", ["broke", "diverged"]),
    ],
)
def test_each_kind_of_failure_gives_its_own_warning(
    small_run: Experiment, status: str, said: str, not_said: list[str]
) -> None:
    failed = replace(
        small_run,
        phases=replace(small_run.phases, status=status),
        metrics=replace(small_run.metrics, loss_first=2.0, loss_last=9.0),
    )
    text = prose.warning(failed, ENGLISH)
    assert text is not None
    assert said in text
    assert "learning rate of 0.5" in text
    assert not any(word in text for word in not_said)


def test_a_breakdown_names_the_epoch_and_the_largest_parameter(small_run: Experiment) -> None:
    history = small_run.history
    parameters = history.parameters[:3].copy()
    parameters[-1, 5] = -123.4
    broken = replace(
        small_run,
        history=replace(
            history, loss=np.array([2.0, 5.0, np.nan]), epochs=history.epochs[:3].copy(), parameters=parameters
        ),
        phases=replace(small_run.phases, status="non-finite at epoch 2"),
    )
    text = prose.warning(broken, ENGLISH)
    assert text is not None
    assert "at epoch 2 the loss is no finite number" in text
    assert "reach 123" in text


def test_the_summary_has_three_sentences(small_run: Experiment) -> None:
    course, achievement, inertia = prose.summary(small_run, ENGLISH)
    first, last = small_run.history.loss[[0, -1]]
    assert course == (
        f"In 300 epochs the loss went from {first:.4f} to {last:.4f}, without a plateau that it left again."
    )
    share = f"{100 * small_run.metrics.accuracy_fresh:.1f}\u202f%"
    assert f"of its 800 training points and on {share} of 2000 fresh ones" in achievement
    assert "more than 95.5\u202f%" in achievement
    assert inertia == prose.inertia(small_run, ENGLISH)


@pytest.mark.parametrize(
    ("ours", "said"),
    [
        ([], ", without a plateau that it left again."),
        ([closed(5, 20)], ", with one plateau on the way, from epoch 5 to 20 at "),
        ([closed(5, 20, "shoulder")], ", with one plateau on the way, from epoch 5 to 20 around "),
        ([closed(5, 20), descent(20, 40), closed(40, 90)], ", with plateaus on the way: from epoch 5 to 20 at "),
    ],
)
def test_the_course_counts_the_plateaus_in_singular_and_plural(
    small_run: Experiment, ours: list[Phase], said: str
) -> None:
    run = with_plateaus(small_run, ours, [])
    course = prose.summary(run, ENGLISH)[0]
    assert said in course
    for phase in run.phases.closed_plateaus:
        assert ENGLISH.significant(float(run.history.loss[phase.middle])) in course


@pytest.mark.parametrize(
    ("count", "text"), [(1, "The training is a single step, from a loss of "), (2, "In 2 epochs the loss")]
)
def test_the_course_counts_epochs_in_singular_and_plural(small_run: Experiment, count: int, text: str) -> None:
    short = replace(
        small_run, history=replace(small_run.history, loss=small_run.history.loss[:count]), phases=Phases("ok", ())
    )
    assert prose.summary(short, ENGLISH)[0].startswith(text)


@pytest.mark.parametrize(
    ("ours", "theirs", "text"),
    [
        (
            [],
            [],
            "From the same start neither gradient descent nor heavy ball (β = 0.9) meets a plateau that it leaves "
            "again.",
        ),
        (
            [],
            [closed(10, 11)],
            "From the same start heavy ball (β = 0.9) stays on its first plateau for 1 epoch, to epoch 11; gradient "
            "descent leaves no plateau.",
        ),
        (
            [closed(10, 12_010)],
            [],
            "From the same start heavy ball (β = 0.9) leaves no plateau; gradient descent stays on its first for "
            "12\u202f000 epochs, to epoch 12\u202f010.",
        ),
        (
            [closed(10, 110), closed(200, 201)],
            [closed(10, 30)],
            "From the same start heavy ball (β = 0.9) stays on its first plateau for 20 epochs, to epoch 30, and "
            "gradient descent for 100 epochs, to epoch 110.",
        ),
    ],
)
def test_inertia_is_told_for_no_plateau_for_either_run_s_and_for_both(
    small_run: Experiment, ours: list[Phase], theirs: list[Phase], text: str
) -> None:
    ends = ENGLISH.significant(float(small_run.companion.loss[-1])), ENGLISH.significant(small_run.metrics.loss_last)
    assert prose.inertia(with_plateaus(small_run, ours, theirs), ENGLISH) == (
        f"{text} In the last epoch the loss is {ends[0]} with heavy ball (β = 0.9) and {ends[1]} with gradient descent."
    )


def test_first_plateaus_of_other_groups_are_not_taken_for_the_same(small_run: Experiment) -> None:
    run = with_plateaus(small_run, [closed(9, 135)], [closed(77, 217)])
    other = replace(run, companion=replace(run.companion, partitions=(((0,), (1, 2, 3)),)))
    assert "not the same" not in prose.inertia(run, ENGLISH)
    assert "They are not the same plateau: on them the classes form different groups." in prose.inertia(other, ENGLISH)


def test_a_ratio_says_how_many_times_longer_the_main_run_stays() -> None:
    assert prose.ratio(Pair(closed(0, 1651), closed(0, 89)), ENGLISH) == "×18.6"
    assert prose.ratio(Pair(closed(0, 10), closed(0, 40)), ENGLISH) == "×0.250"
    assert prose.ratio(Pair(None, closed(0, 89)), ENGLISH) == "–"
    assert prose.ratio(Pair(closed(0, 89), None), ENGLISH) == "–"


DRIFT = (
    "In the middle of the plateau the slope is not zero: the gradient’s norm is 0.00040, at the start of the training "
    "it is 0.66. The largest singular value of the first layer’s weights, the most by which they lengthen any input, "
    "goes from 0.034 at the start of the plateau to 1.0 at its end, 30-fold."
)
SADDLE = (
    "At epoch 31 the network is 0.051 away from this saddle. At the saddle the loss bends down along 6 perpendicular "
    "directions, up along 10, and not at all along 21. The strongest bend down has the eigenvalue λ = −0.003212; the "
    "formula below puts it at −0.003209."
)
FACTOR = (
    " At a learning rate of α = 0.5 every epoch lengthens the distance along it 1.0016-fold, by 1 + α|λ|: little at a "
    "time, but it adds up."
)
END = "The plateau ends at epoch 1658."
FROZEN = " If the loss kept bending as it does at the saddle, the end would come at epoch 3145."
TANGENT = (
    " If the bend grows as the layers grow together, with every sigmoid replaced by its tangent (the reduced flow), "
)
REDUCED = TANGENT + "it comes at epoch 1619."


def test_the_standstill_of_the_default_run_in_three_paragraphs(default_run: Experiment) -> None:
    assert prose.standstill(default_run, ENGLISH) == (DRIFT, SADDLE + FACTOR, END + FROZEN + REDUCED)


def test_a_run_without_such_a_plateau_has_no_standstill(small_run: Experiment) -> None:
    assert prose.standstill(small_run, ENGLISH) == ()


def with_escape(run: Experiment, **change: Any) -> Experiment:
    assert run.standstill is not None
    assert run.standstill.escape is not None
    escape: Escape = replace(run.standstill.escape, **change)
    return replace(run, standstill=replace(run.standstill, escape=escape))


def test_without_a_saddle_only_the_drift_is_told(default_run: Experiment) -> None:
    assert default_run.standstill is not None
    alone = replace(default_run, standstill=replace(default_run.standstill, escape=None, way_out=None))
    assert prose.standstill(alone, ENGLISH) == (DRIFT,)


def test_weights_that_were_all_zero_have_no_growth(default_run: Experiment) -> None:
    assert default_run.standstill is not None
    still = replace(default_run, standstill=replace(default_run.standstill, stretch=(0.0, 1.0)))
    drift, *_ = prose.standstill(still, ENGLISH)
    assert drift == DRIFT.partition(" The largest")[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"frozen": None}, END + REDUCED),
        ({"reduced": None}, END + FROZEN),
        ({"frozen": None, "reduced": None}, END),
        ({"measured": 12_345, "frozen": None, "reduced": None}, "The plateau ends at epoch 12\u202f345."),
    ],
)
def test_only_predictions_that_could_be_made_are_told(
    default_run: Experiment, change: dict[str, int | None], said: str
) -> None:
    assert prose.standstill(with_escape(default_run, **change), ENGLISH)[2] == said


def test_a_saddle_without_a_bend_down_has_no_strongest_one(default_run: Experiment) -> None:
    bottom = with_escape(default_run, eigenvalues=np.array([0.0, 1.0, 2.0]))
    assert prose.standstill(bottom, ENGLISH)[1].endswith(
        "At the saddle the loss bends down along 0 perpendicular directions, up along 2, and not at all along 1."
    )


def test_the_growth_with_momentum_is_that_of_the_long_run(default_run: Experiment) -> None:
    training = Training(optimizer="nesterov", momentum=0.9)
    config = default_run.config.model_copy(update={"training": training})
    assert default_run.standstill is not None
    assert default_run.standstill.escape is not None
    factor = 1 + growth(training, default_run.standstill.escape.least)
    assert prose.standstill(replace(default_run, config=config), ENGLISH)[1] == (
        f"{SADDLE} At a learning rate of α = 0.5 and a momentum of β = 0.9 every epoch lengthens the distance along it "
        f"in the long run {factor:.4f}-fold: little at a time, but it adds up."
    )


def test_the_rank_of_the_last_hidden_layer_is_told_for_each_phase(default_run: Experiment) -> None:
    said = prose.ranks(default_run, ENGLISH)
    assert said == (
        "For the activations of the last hidden layer it is, moment by moment of the table of phases, 1.06, 1.01, "
        "1.00, 1.01, 2.09 and 2.06."
    )


def test_a_closed_plateau_s_rank_is_that_of_its_middle_any_other_phase_s_that_of_its_end(
    default_run: Experiment,
) -> None:
    looks = [
        anatomy.middle if phase.grade else anatomy.end
        for phase, anatomy in zip(default_run.phases.phases, default_run.anatomy, strict=True)
    ]
    *_, told = prose.ranks(default_run, ENGLISH).rstrip(".").partition("phases, ")
    assert told.replace(" and ", ", ").split(", ") == [f"{look.activation_ranks[1]:.2f}" for look in looks]


def test_a_network_without_a_hidden_layer_or_with_one_too_wide_has_no_rank_to_tell(default_run: Experiment) -> None:
    def only(run: Experiment, activations: Any) -> Experiment:
        anatomy = [
            replace(each, **{name: replace(getattr(each, name), activations=activations) for name in ("middle", "end")})
            for each in run.anatomy
        ]
        return replace(run, anatomy=tuple(anatomy))

    assert prose.ranks(only(default_run, (np.ones(4),)), ENGLISH) == ""
    assert prose.ranks(only(default_run, (np.ones(3), np.empty(0), np.ones(4))), ENGLISH) == ""
    assert " and 1.00." in prose.ranks(only(default_run, (np.array([2.0, 0.0]), np.ones(4))), ENGLISH)
    assert prose.ranks(replace(default_run, phases=Phases("ok", ()), anatomy=()), ENGLISH) == ""


def warned(run: Experiment, last: float, status: str = "ok") -> str | None:
    """What is said of too much inertia that ends at some loss."""
    companion = replace(run.warning, loss=np.array([2.7, last]), phases=replace(run.warning.phases, status=status))
    return prose.stuck(replace(run, warning=companion), ENGLISH)


LEVEL = "that of outputs which all equal the class shares (2.249)."
MORE = "More is not always better: from the same start heavy ball (β = 0.99) "


def test_the_default_run_warns_of_too_much_inertia(default_run: Experiment) -> None:
    assert prose.stuck(default_run, ENGLISH) == (f"{MORE}is still stuck at the end, at a loss of 2.249, {LEVEL}")


def test_too_much_inertia_is_told_where_it_did_harm_and_only_there(default_run: Experiment) -> None:
    ours, level = default_run.metrics.loss_last, merged_level(default_run.dataset.mixture.shares)
    assert warned(default_run, 0.5 * ours) is None
    assert warned(default_run, 1.04 * ours) is None
    assert warned(default_run, 1.0) == f"{MORE}ends at a loss of 1.000, this run at 0.1747."
    assert warned(default_run, 1.0009 * level) == (f"{MORE}is still stuck at the end, at a loss of 2.251, {LEVEL}")
    assert warned(default_run, 1.0011 * level) == f"{MORE}ends at a loss of 2.252, this run at 0.1747."
    assert warned(default_run, 9.0, "diverged") == f"{MORE}ends at 9.000, the steps being too long."
    assert warned(default_run, 9.0, "regressed") == f"{MORE}ends at a loss of 9.000, this run at 0.1747."
    assert warned(default_run, 0.5 * ours, "regressed") is None  # it lost ground, and still is the better one
    assert warned(default_run, float("nan"), "non-finite at epoch 1") == f"{MORE}ends at no finite loss."
