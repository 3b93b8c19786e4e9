import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quadnet import claims
from quadnet.claims import NUMBERS, OUTCOMES, Outcome, Quantity, Verdict
from quadnet.evidence import BY_CHANCE
from quadnet.experiment import Experiment
from quadnet.report.assets import text as asset
from quadnet.report.words import claims as claim_words
from quadnet.report.words.language import Language

ENGLISH = Language.load("en")
NARROW = "\u202f"

FALLS: dict[str, Quantity] = {"steps": 9999, "rises": 0, "largest_rise": 0.0}
ONE_CLASS: dict[str, Quantity] = {
    "largest_share_at_start": 1.0,
    "largest_share_on_plateau": 1.0,
    "furthest_mean_output_from_share": 0.0002441,
    "loss_on_plateau": 2.24932,
    "level_of_class_shares": 2.24934,
}
SADDLE: dict[str, Quantity] = {
    "gradient_norm": 0.0004,
    "negative_eigenvalues": 6,
    "zero_eigenvalues": 21,
    "positive_eigenvalues": 10,
    "least_eigenvalue": -0.00321,
    "distance_to_saddle": 0.05,
}
CROSSING: dict[str, Quantity] = {"from_epoch": 832, "plain_epochs": 826, "speed_up": 7.0598}
RIGHT: dict[str, Quantity] = {
    "accuracy": 0.97,
    "note_formula": 1.0,
    "accuracy_on_random_labels": 0.25,
    "note_formula_on_random_labels": 1.0,
}
SHARES = "the mean outputs are up to 0.000245 away from the class shares, and the loss is 2.249 where exactly those"
NO_PLATEAU = "This run leaves no plateau on which all classes are alike, at the loss of the class shares."
NOT_CROSSED = (
    "Plain descent, started in the middle of the plateau from 5 to 94, does not leave it in at least three times the "
    "epochs that this run took: too long to compare with."
)

# Every claim with every outcome that its test can have, and what is to be said of it.
CASES: list[tuple[str, Any, Mapping[str, Quantity], str]] = [
    ("N1", "holds", FALLS, "Not one of 9999 steps raises the loss."),
    ("N1", "holds", FALLS | {"steps": 1}, "There is 1 step, and it does not raise the loss."),
    (
        "N1",
        "partly",
        FALLS | {"rises": 1, "largest_rise": 0.25},
        "In 1 of 9999 steps the loss rises by more than rounding. The largest rise is 0.250.",
    ),
    (
        "N1",
        "fails",
        FALLS | {"steps": 19_999, "rises": 12_345, "largest_rise": 12.5},
        f"In 12{NARROW}345 of 19{NARROW}999 steps the loss rises by more than rounding. The largest rise is 12.50.",
    ),
    (
        "N1",
        "fails",
        FALLS | {"rises": 1, "largest_rise": float("nan")},
        "In 1 of 9999 steps the loss rises by more than rounding. The largest rise is not a number.",
    ),
    ("N1", "cannot be tested", FALLS | {"steps": 0}, "A single epoch has no step."),
    (
        "N2",
        "holds",
        {"closed_plateaus": 2, "of_them_shoulders": 1},
        "The curve leaves 2 plateaus again. 1 of them is only a shoulder.",
    ),
    (
        "N2",
        "holds",
        {"closed_plateaus": 3, "of_them_shoulders": 2},
        "The curve leaves 3 plateaus again. 2 of them are only shoulders.",
    ),
    ("N2", "holds", {"closed_plateaus": 2, "of_them_shoulders": 0}, "The curve leaves 2 plateaus again."),
    ("N2", "partly", {"closed_plateaus": 1, "of_them_shoulders": 0}, "The curve leaves 1 plateau again."),
    (
        "N2",
        "partly",
        {"closed_plateaus": 1, "of_them_shoulders": 1},
        "The curve leaves 1 plateau again. It is only a shoulder.",
    ),
    ("N2", "fails", {"closed_plateaus": 0, "of_them_shoulders": 0}, "The curve leaves no plateau again."),
    (
        "N2",
        "cannot be tested",
        {"closed_plateaus": 0, "of_them_shoulders": 0},
        "The curve is too short to have phases.",
    ),
    *(
        (
            "N3",
            outcome,
            {"loss": loss, "level": 2.7726, "furthest_mean_output_from_half": 0.006741, "accuracy": 0.255},
            f"The first loss is {loss:.3f} against 2.773; the mean outputs are up to 0.00675 away from ½; "
            f"accuracy 25.5{NARROW}%.",
        )
        for outcome, loss in (("holds", 2.775), ("partly", 2.775), ("fails", 4.5))
    ),
    *(
        (
            "N4a",
            outcome,
            {"first_phase": "descent", "end": end, "drop_of_ln_loss": 0.2},
            f"The first descent ends at epoch {end}; at its lowest ln L is down by 0.200.",
        )
        for outcome, end in (("holds", 7), ("fails", 70))
    ),
    ("N4a", "fails", {"first_phase": "plateau"}, "The curve starts with no descent."),
    ("N4a", "cannot be tested", {"first_phase": None}, "The curve is too short to have phases."),
    (
        "N4b",
        "holds",
        ONE_CLASS | {"largest_share_at_start": 0.6, "furthest_mean_output_from_share": 0.02},
        "Several classes are named at epoch 0, one on the plateau. There a mean output is 0.0200 away from its "
        "class’s share.",
    ),
    (
        "N4b",
        "fails",
        ONE_CLASS,
        f"One class is named for all points at epoch 0 already, before the drop. On the plateau {SHARES} shares give "
        "2.249.",
    ),
    (
        "N4b",
        "fails",
        ONE_CLASS | {"largest_share_at_start": 0.6, "largest_share_on_plateau": 0.7},
        f"On the plateau more than one class is named. On the plateau {SHARES} shares give 2.249.",
    ),
    (
        "N4b",
        "fails",
        ONE_CLASS | {"largest_share_at_start": 0.6},
        f"On the plateau {SHARES} shares give 2.249.",
    ),
    ("N4b", "cannot be tested", {}, NO_PLATEAU),
    (
        "N5",
        "fails",
        SADDLE,
        "The saddle has 6 negative eigenvalues, down to −0.00321: the loss falls there, slowly at first. At the "
        "saddle itself the slope is zero; in mid-plateau the gradient’s norm is 0.000400.",
    ),
    (
        "N5",
        "fails",
        SADDLE | {"negative_eigenvalues": 1},
        "The saddle has 1 negative eigenvalue, down to −0.00321: the loss falls there, slowly at first. At the "
        "saddle itself the slope is zero; in mid-plateau the gradient’s norm is 0.000400.",
    ),
    ("N5", "holds", SADDLE | {"negative_eigenvalues": 0}, "The saddle has no negative eigenvalue."),
    (
        "N5",
        "cannot be tested",
        {"gradient_norm": 0.1},
        "No saddle was to be had: the loss is never near enough to its level, or the network is too large.",
    ),
    ("N5", "cannot be tested", {}, NO_PLATEAU),
    (
        "N6a",
        "holds",
        {"at_its_start": 0.0338, "at_its_end": 1.005, "growth": 29.72},
        "It goes from 0.0338 to 1.005, 29.72-fold.",
    ),
    (
        "N6a",
        "holds",
        {"at_its_start": 0.0, "at_its_end": 1.005, "growth": float("inf")},
        "It goes from 0 to 1.005, ∞-fold.",
    ),
    (
        "N6a",
        "fails",
        {"at_its_start": 1.0, "at_its_end": 0.5, "growth": 0.5},
        "It goes from 1.000 to 0.500, 0.500-fold.",
    ),
    ("N6a", "cannot be tested", {}, NO_PLATEAU),
    (
        "N6b",
        "holds",
        {"first_groups": "0 | 1 2 3", "epoch": 12_000},
        f"At epoch 12{NARROW}000, the first such moment, the groups are 0 | 1 2 3.",
    ),
    (
        "N6b",
        "fails",
        {"first_groups": "0 | 1 3 | 2", "epoch": 1856},
        "At epoch 1856, the first such moment, the groups are 0 | 1 3 | 2.",
    ),
    ("N6b", "cannot be tested", {}, "All classes stay one group in this run."),
    (
        "N6b",
        "cannot be tested",
        {"lowest_loss_of_one_group": 1.9434, "level_of_class_shares": 2.24934},
        "The loss falls to 1.943, below the 2.249 of the class shares, while all classes still form one group: groups "
        "do not show what comes apart first.",
    ),
    (
        "N7",
        "cannot be tested",
        {"descents": 1, "classes": 4, "groups_at_the_end": 1},
        "At the end of this run all classes form one group.",
    ),
    (
        "N7",
        "holds",
        {"descents": 4, "classes": 4, "groups_at_the_end": 4},
        "There are 4 descents for 4 classes.",
    ),
    (
        "N7",
        "fails",
        {"descents": 1, "classes": 4, "groups_at_the_end": 4},
        "There is 1 descent for 4 classes.",
    ),
    (
        "N7",
        "cannot be tested",
        {"descents": 1, "classes": 4, "groups_at_the_end": 2},
        "At the end of this run the classes form only 2 groups.",
    ),
    *(
        case
        for number in ("N8a", "N8b")
        for case in (
            (
                number,
                "holds",
                CROSSING,
                "From epoch 832 plain descent needs 826 epochs; this rule is 7.060 times as fast.",
            ),
            (
                number,
                "fails",
                CROSSING | {"from_epoch": 1, "plain_epochs": 1, "speed_up": 1.0},
                "From epoch 1 plain descent needs 1 epoch; this rule is 1.000 times as fast.",
            ),
            (
                number,
                "fails",
                CROSSING | {"speed_up": 0.0},
                "From epoch 832 plain descent needs 826 epochs; for this rule three times as many are not enough.",
            ),
            (number, "cannot be tested", {"plateau_start": 5, "plateau_end": 94}, NOT_CROSSED),
            (number, "cannot be tested", {}, NO_PLATEAU),
        )
    ),
    *(
        (
            "N9",
            outcome,
            RIGHT | {"accuracy": share},
            f"Compared with the labels it is {100 * share:.2f}{NARROW}%. The note compares the prediction with itself: "
            f"that gives 1.0 even for random labels, of which the network gets 25.00{NARROW}%.",
        )
        for outcome, share in (("holds", 1.0), ("fails", 0.97))
    ),
]


@pytest.mark.parametrize(("number", "outcome", "measured", "said"), CASES)
def test_each_claim_and_outcome_has_its_reason(
    number: str, outcome: Outcome, measured: dict[str, Quantity], said: str
) -> None:
    assert claim_words.because(number, Verdict(outcome, measured), ENGLISH) == said


def test_the_cases_are_those_of_every_claim() -> None:
    """Claims 3 and 9 can always be tested; some hold or fail and nothing between."""
    told = {number: {outcome for name, outcome, *_ in CASES if name == number} for number in NUMBERS}
    never = {number: set(OUTCOMES) - told[number] for number in NUMBERS}
    assert {number for number in NUMBERS if "cannot be tested" in never[number]} == {"N3", "N9"}
    assert {number for number in NUMBERS if "partly" not in never[number]} == {"N1", "N2", "N3"}
    assert not any(never[number] & {"holds", "fails"} for number in NUMBERS)


def is_whole(text: str) -> bool:
    """Whether a text is one or more sentences, all of whose placeholders are filled."""
    sentences = re.split(r"(?<=\.) (?=[A-Z0-9])", text)
    return all(
        re.fullmatch(r"[A-Z0-9½](?!.*  )[^%{}]*(\u202f%[^%{}]*)*\.", part) for part in sentences
    ) and not re.search(r"None|\bnan\b|\binf\b", text)


@pytest.mark.parametrize(("number", "outcome", "measured", "said"), CASES)
def test_reasons_are_whole_sentences(number: str, outcome: Outcome, measured: dict[str, Quantity], said: str) -> None:
    assert is_whole(claim_words.because(number, Verdict(outcome, measured), ENGLISH))


@pytest.mark.parametrize("text", ["", "it is.", "It is", "It is %(x)s.", "It  is.", "It is. ", "It is None."])
def test_what_is_no_whole_sentence_would_be_noticed(text: str) -> None:
    assert not is_whole(text)


def test_what_the_note_says_and_how_it_is_tested_are_whole_sentences(default_run: Experiment) -> None:
    said = claim_words.trials(default_run, ENGLISH)
    assert tuple(trial.number for trial in said) == NUMBERS
    assert all(is_whole(trial.says) and is_whole(trial.test) and is_whole(trial.because) for trial in said)
    assert len({trial.says for trial in said}) == len({trial.test for trial in said}) == len(NUMBERS)


def numerals(text: str) -> list[tuple[float, float, bool]]:
    """Each number of a text, half a unit of its last digit (one if rounded up), and whether it is a percentage."""
    found = []
    for up, sign, digits, power, percent in re.findall(
        r"(up to )?(−?)((?:\d{1,3}(?:\u202f\d{3})+|\d+)(?:\.\d+)?)(?:·10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?(\u202f%)?", text
    ):
        scale = 10.0 ** int(power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))) if power else 1.0
        value = float(digits.replace(NARROW, "")) * scale * (-1 if sign else 1)
        found.append(
            (value, (1.0 if up else 0.5) * 10.0 ** -len(digits.partition(".")[2]) * scale * (1 + 1e-9), bool(percent))
        )
    return found


def unmeasured(text: str, measured: Mapping[str, Quantity]) -> list[float]:
    """The numbers of a text that are no measured quantity, to the digits shown; epoch 0 is every run's."""
    text = text.replace("epoch 0", "the start")
    known = [float(value) for value in measured.values() if isinstance(value, int | float)]
    known += [
        float(digit) for value in measured.values() if isinstance(value, str) for digit in re.findall(r"\d", value)
    ]
    return [
        value
        for value, half, percent in numerals(text)
        if not any(abs((100 * quantity if percent else quantity) - value) <= half for quantity in known)
    ]


def test_every_number_in_a_reason_was_measured(default_run: Experiment, small_run: Experiment) -> None:
    counted = 0
    for run in (default_run, small_run):
        for trial in claim_words.trials(run, ENGLISH):
            assert unmeasured(trial.because, run.verdicts[trial.number].measured) == []
            counted += len(numerals(trial.because))
    assert counted > 40


def test_a_number_that_was_not_measured_would_be_noticed(default_run: Experiment) -> None:
    for trial in claim_words.trials(default_run, ENGLISH):
        measured = default_run.verdicts[trial.number].measured
        others = {
            name: value * 1.01 + 1 if isinstance(value, int | float) else "none" for name, value in measured.items()
        }
        assert len(unmeasured(trial.because, others)) >= len(numerals(trial.because.replace("epoch 0", ""))) - 1 > -1


@given(st.floats(1e-12, 1e9), st.floats(1e-12, 1e9), st.integers(1, 10**6))
def test_reasons_state_whatever_is_measured(first: float, second: float, count: int) -> None:
    measured: dict[str, Quantity] = {"at_its_start": first, "at_its_end": second, "growth": second / first}
    text = claim_words.because("N6a", Verdict("holds", measured), ENGLISH)
    assert is_whole(text)
    assert unmeasured(text, measured) == []
    measured = {"from_epoch": count, "plain_epochs": count + 1, "speed_up": first}
    text = claim_words.because("N8a", Verdict("holds", measured), ENGLISH)
    assert is_whole(text)
    assert unmeasured(text, measured) == []


@pytest.mark.parametrize(
    ("number", "constants"),
    [
        ("N1", [100 * claims.SELDOM]),
        ("N3", [100 * claims.BLIND, 4, 2, 100 * (0.25 + BY_CHANCE)]),
        ("N4a", [claims.SHARP_END, claims.SHARP_DROP]),
        ("N4b", [claims.OFF_PRIORS]),
        ("N6a", [claims.DRIFT]),
        ("N8a", [claims.MOMENTUM, claims.FASTER]),
        ("N8b", [claims.MOMENTUM, claims.BEYOND_STEP]),
    ],
)
def test_the_words_of_a_test_have_its_thresholds(
    default_run: Experiment, number: str, constants: Sequence[float]
) -> None:
    (trial,) = (trial for trial in claim_words.trials(default_run, ENGLISH) if trial.number == number)
    assert [value for value, *_ in numerals(trial.test)] == constants


def judged(run: Experiment, *outcomes: Outcome) -> Experiment:
    """The run with these verdicts, and the measured quantities that it has."""
    told = zip(run.verdicts.items(), outcomes, strict=True)
    return replace(run, verdicts={name: replace(verdict, outcome=outcome) for (name, verdict), outcome in told})


def test_each_verdict_has_a_word_a_sign_and_a_style_of_its_own(default_run: Experiment) -> None:
    seen = {}
    for outcome in OUTCOMES:
        verdict = replace(default_run.verdicts["N2"], outcome=outcome)
        (trial,) = claim_words.trials(replace(default_run, verdicts={"N2": verdict}), ENGLISH)
        seen[outcome] = trial.outcome, trial.mark, trial.style
    assert seen == {
        "holds": ("holds", "✓", "holds"),
        "fails": ("fails", "✗", "fails"),
        "partly": ("partly", "≈", "partly"),
        "cannot be tested": ("cannot be tested", "–", "cannot-be-tested"),
    }
    assert tuple(seen) == get_args(Outcome)
    for _, _, style in seen.values():
        assert f".{style}" in asset("style/base.css")


@pytest.mark.parametrize(
    ("counts", "listed"),
    [
        ((12, 0, 0, 0), "12 hold"),
        ((0, 12, 0, 0), "12 hold in part"),
        ((0, 0, 12, 0), "12 fail"),
        ((0, 0, 0, 12), "12 cannot be tested"),
        ((6, 0, 6, 0), "6 hold and 6 fail"),
        ((1, 11, 0, 0), "1 holds and 11 hold in part"),
        ((11, 0, 0, 1), "11 hold and 1 cannot be tested"),
        ((9, 1, 1, 1), "9 hold, 1 holds in part, 1 fails and 1 cannot be tested"),
        ((1, 2, 3, 6), "1 holds, 2 hold in part, 3 fail and 6 cannot be tested"),
    ],
)
def test_the_tally_lists_what_occurs_in_singular_and_plural(
    default_run: Experiment, counts: tuple[int, int, int, int], listed: str
) -> None:
    names: tuple[Outcome, ...] = ("holds", "partly", "fails", "cannot be tested")
    outcomes = [name for name, count in zip(names, counts, strict=True) for _ in range(count)]
    assert claim_words.tally(judged(default_run, *outcomes), ENGLISH) == (
        f"Of 12 claims that the teaching note makes about such a run, {listed} on this one."
    )
