from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quadnet.config import Config
from quadnet.evidence import Snapshot, separation
from quadnet.experiment import Experiment
from quadnet.mixture import Partition
from quadnet.phases import Phase
from quadnet.report.words import phases as phase_words
from quadnet.report.words.language import Language
from quadnet.report.words.phases import Chapter

CENTRES = np.array(Config().data.centres)
ENGLISH = Language.load("en")
ALL: Partition = ((0, 1, 2, 3),)
PAIRS: Partition = ((0, 1), (2, 3))
MIXED: Partition = ((0,), (1, 3), (2,))
TRIPLE: Partition = ((0,), (1, 2, 3))
FOUR: Partition = ((0,), (1,), (2,), (3,))
PARTITIONS = [ALL, PAIRS, MIXED, TRIPLE, FOUR]


def seen(partition: Partition, **facts: Any) -> Snapshot:
    values: dict[str, Any] = {
        "epoch": 60,
        "means": np.zeros((4, 4)),
        "partition": partition,
        "recall": np.array([1.0, 0.0, 0.0, 0.0]),
        "shares": np.array([1.0, 0.0, 0.0, 0.0]),
        "accuracy": 0.25,
        "confusion": np.zeros((4, 4), np.int64),
        "gradient_norm": 0.1,
    }
    return Snapshot(**(values | facts))


def descent(
    before: Snapshot,
    after: Snapshot,
    *,
    is_open: bool = False,
    loss: float = 2.3,
    level: float = 2.28,
    swing: tuple[float, float] | None = None,
) -> Chapter:
    phase = Phase("descent", None, is_open, 10, 60, 2.7, loss, None)
    splits = separation(before.partition, after.partition, CENTRES)
    return Chapter(1, phase, before, after, loss, level, splits, swing or (loss, 2.7))


def plateau(
    snapshot: Snapshot,
    *,
    grade: str | None = "plateau",
    is_open: bool = False,
    loss: float = 2.25,
    level: float = 2.24,
    swing: tuple[float, float] = (2.2, 2.3),
) -> Chapter:
    phase = Phase("plateau", None if is_open else grade, is_open, 20, 100, 2.3, 2.2, 12.4)
    return Chapter(2, phase, seen(ALL), snapshot, loss, level, (), swing)


@pytest.mark.parametrize(
    ("chapter", "name"),
    [
        (descent(seen(ALL), seen(PAIRS)), "descent"),
        (descent(seen(ALL), seen(PAIRS), is_open=True), "open descent"),
        (plateau(seen(ALL)), "plateau"),
        (plateau(seen(ALL), grade="shoulder"), "shoulder"),
        (plateau(seen(ALL), is_open=True), "open"),
    ],
)
def test_a_phase_is_called_by_its_kind_its_grade_and_whether_it_is_open(chapter: Chapter, name: str) -> None:
    assert phase_words.kind(chapter, ENGLISH) == name


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (seen(ALL), seen(ALL), "Every output moves to its class’s share"),
        (seen(PAIRS), seen(ALL), "Every output moves to its class’s share"),
        (seen(ALL), seen(PAIRS), "Classes 0 and 1 part from 2 and 3"),
        (seen(ALL), seen(((0, 3), (1, 2))), "Classes 0 and 3 part from 1 and 2"),
        (seen(ALL), seen(MIXED), "0 and 2 come out; 1 and 3 stay merged"),
        (seen(ALL), seen(TRIPLE), "0 comes out; 1, 2 and 3 stay merged"),
        (seen(ALL), seen(FOUR), "All four classes come apart"),
        (seen(PAIRS), seen(FOUR), "The last groups come apart"),
        (seen(FOUR), seen(PAIRS), "Some classes fall together again"),
        (seen(MIXED), seen(MIXED), "The groups stay the same, the loss falls"),
        (seen(FOUR, accuracy=0.6), seen(FOUR, accuracy=0.65), "The groups stay the same, the loss falls"),
        (seen(FOUR, accuracy=0.6), seen(FOUR, accuracy=0.97), "The classes become clearly distinct"),
    ],
)
def test_the_story_of_a_descent_follows_the_groups_before_and_after(
    before: Snapshot, after: Snapshot, text: str
) -> None:
    assert phase_words.story(descent(before, after), ENGLISH) == text


def test_the_story_of_a_descent_that_ends_without_groups_follows_its_loss(english: Language) -> None:
    """Noisy classes begin to differ while their mean outputs are still alike; too long steps raise the loss."""
    begun = descent(seen(ALL), seen(ALL, accuracy=0.36), loss=2.11, level=2.25)
    assert phase_words.story(begun, english) == "The classes move apart, but only faintly"
    above = descent(seen(ALL), seen(ALL), loss=2.5, level=2.25)
    assert phase_words.story(above, english) == "The outputs change alike for all classes"
    risen = descent(seen(ALL), seen(ALL), loss=9.5, level=2.25)
    assert phase_words.story(risen, english) == "The loss ends higher than it began"


def test_classes_that_stay_merged_are_not_called_distinct() -> None:
    text = phase_words.story(descent(seen(MIXED, accuracy=0.6), seen(MIXED, accuracy=0.8)), ENGLISH)
    assert text == "The groups stay the same, the loss falls"


@pytest.mark.parametrize(
    ("chapter", "text"),
    [
        (plateau(seen(ALL)), "Every output waits at its class’s share"),
        (plateau(seen(ALL), is_open=True), "Every output waits at its class’s share"),
        (plateau(seen(ALL), swing=(2.1, 2.5)), "Every output swings about its class’s share"),
        (plateau(seen(ALL), loss=2.6), "No class is told from another"),
        (plateau(seen(ALL), loss=2.1), "The classes differ, but only faintly"),
        (plateau(seen(MIXED)), "Still merged: 1 and 3"),
        (plateau(seen(TRIPLE)), "Still merged: 1, 2 and 3"),
        (plateau(seen(FOUR), loss=2.6), "All four differ; the loss is above the best"),
        (plateau(seen(FOUR)), "All four classes differ"),
        (plateau(seen(FOUR), is_open=True), "The loss falls slowly until the run ends"),
        (plateau(seen(PAIRS), is_open=True), "The loss falls slowly until the run ends"),
    ],
)
def test_the_story_of_a_plateau_follows_its_groups_and_its_loss(chapter: Chapter, text: str) -> None:
    assert phase_words.story(chapter, ENGLISH) == text


def test_groups_that_were_finer_before_are_not_still_merged() -> None:
    again = replace(plateau(seen(MIXED)), before=seen(FOUR))
    assert phase_words.story(again, ENGLISH) == "Some classes fall together again"


def test_a_plateau_of_two_pairs_names_both() -> None:
    text = phase_words.story(plateau(seen(PAIRS)), ENGLISH)
    assert text.startswith("Still merged: ")
    assert "0+1" in text
    assert "2+3" in text


def test_a_network_counts_as_at_its_level_up_to_two_per_cent_above() -> None:
    waiting = phase_words.story(plateau(seen(ALL), loss=2.04, level=2.0), ENGLISH)
    above = phase_words.story(plateau(seen(ALL), loss=2.0401, level=2.0), ENGLISH)
    assert waiting != above


@pytest.mark.parametrize("before", PARTITIONS)
@pytest.mark.parametrize("after", PARTITIONS)
def test_every_story_has_at_most_ten_words(before: Partition, after: Partition) -> None:
    chapters = [
        descent(seen(before), seen(after)),
        plateau(seen(after)),
        plateau(seen(after), is_open=True),
        plateau(seen(after), loss=5.0),
    ]
    words = [len(phase_words.story(chapter, ENGLISH).split()) for chapter in chapters]
    assert all(1 < count <= 10 for count in words)


def test_groups_are_digits_between_bars() -> None:
    assert phase_words.groups(MIXED) == "0 | 1\u202f3 | 2"
    assert phase_words.groups(ALL) == "0\u202f1\u202f2\u202f3"
    assert phase_words.labels((1, 3), ENGLISH) == "1 and 3"


SINGLE = "one value has no phases"
SPEED = "Between epochs"
SHOULDER = "a weak plateau, called a shoulder"
FLAT = "times slower than in the slower descent beside it."
ONE_ANSWER = "is predicted for"
ANSWERS = "are each predicted for 5\u202f% or more of the points"
RECALL = "recall has risen"
SHARES = "how frequent the classes are"
ABOVE = "is above the 2.2400 of outputs"
NAMED_ALREADY = "rightly than one answer for all could"
BELOW = "say something of the point"
GROUPS = "form the groups"
WITHIN = "within the groups the outputs differ too"
DIFFER = "differ. The loss"
FAINT = "differ already"
OPEN = "on one more plateau, a longer run"
OPEN_DESCENT = "still falls fast"
SENTENCES = {
    SINGLE,
    SPEED,
    SHOULDER,
    FLAT,
    ONE_ANSWER,
    ANSWERS,
    RECALL,
    SHARES,
    ABOVE,
    NAMED_ALREADY,
    BELOW,
    GROUPS,
    WITHIN,
    DIFFER,
    FAINT,
    OPEN,
    OPEN_DESCENT,
}
SPREAD_OUT: dict[str, Any] = {
    "shares": np.array([0.3, 0.3, 0.2, 0.2]),
    "recall": np.array([0.9, 0.8, 0.7, 0.6]),
    "accuracy": 0.75,
}


@pytest.mark.parametrize(
    ("chapter", "expected"),
    [
        (descent(seen(ALL), seen(ALL)), {SPEED, ONE_ANSWER}),
        (descent(seen(ALL), seen(ALL, **SPREAD_OUT)), {SPEED, ANSWERS}),
        (descent(seen(ALL), seen(PAIRS, **SPREAD_OUT)), {SPEED, ANSWERS, RECALL}),
        (descent(seen(FOUR, **SPREAD_OUT), seen(FOUR, **SPREAD_OUT)), {SPEED, ANSWERS}),
        (descent(seen(ALL), seen(FOUR, **SPREAD_OUT), is_open=True), {SPEED, ANSWERS, RECALL, OPEN_DESCENT}),
        (plateau(seen(ALL)), {SPEED, FLAT, ONE_ANSWER, SHARES}),
        (plateau(seen(ALL), loss=2.6), {SPEED, FLAT, ONE_ANSWER, ABOVE}),
        (plateau(seen(ALL, **SPREAD_OUT)), {SPEED, FLAT, ANSWERS, NAMED_ALREADY}),
        (plateau(seen(ALL), loss=2.0), {SPEED, FLAT, ONE_ANSWER, BELOW}),
        (plateau(seen(PAIRS, **SPREAD_OUT), loss=2.0), {SPEED, FLAT, ANSWERS, GROUPS, WITHIN}),
        (plateau(seen(FOUR, **SPREAD_OUT)), {SPEED, FLAT, ANSWERS, DIFFER}),
        (plateau(seen(ALL), is_open=True), {SPEED, ONE_ANSWER, SHARES, OPEN}),
        (plateau(seen(PAIRS, **SPREAD_OUT), grade="shoulder"), {SPEED, SHOULDER, ANSWERS, GROUPS}),
        (plateau(seen(MIXED, **SPREAD_OUT), is_open=True), {SPEED, ANSWERS, GROUPS, OPEN}),
        (plateau(seen(FOUR, **SPREAD_OUT), loss=2.6), {SPEED, FLAT, ANSWERS, FAINT}),
        (plateau(seen(FOUR, **SPREAD_OUT), is_open=True), {SPEED, ANSWERS, DIFFER, OPEN}),
    ],
)
def test_a_reading_has_the_sentences_whose_facts_hold_and_no_other(chapter: Chapter, expected: set[str]) -> None:
    text = phase_words.reading(chapter, ENGLISH)
    assert {part for part in SENTENCES if part in text} == expected


def test_a_reading_states_the_numbers_of_its_chapter() -> None:
    snapshot = seen(MIXED, epoch=12_345, **SPREAD_OUT)
    text = phase_words.reading(plateau(snapshot, grade="shoulder", loss=1.56789, level=1.5), ENGLISH)
    assert "Between epochs 20 and 100 the loss goes from 2.300 to 2.200." in text
    assert "is 12 times slower" in text
    assert "At epoch 12\u202f345 classes 0, 1, 2 and 3 are each predicted for" in text
    assert "of the points; accuracy 75.0\u202f%." in text
    assert (
        "form the groups 0 | 1\u202f3 | 2. The loss there is 1.5679; the best for a network that tells just these "
        "groups apart is 1.5000 on average over fresh points." in text
    )


def test_only_recalls_that_changed_clearly_are_told_with_the_epoch_to_compare_with() -> None:
    before = seen(ALL, recall=np.array([0.2, 0.5, 0.9, 0.0]))
    after = seen(FOUR, recall=np.array([0.305, 0.6, 0.7, 1.0]), shares=np.array([0.25] * 4))
    text = phase_words.reading(descent(before, after), ENGLISH)
    assert (
        "Since then recall has risen for class 0 from 20\u202f% to 30\u202f% and for class 3 from 0\u202f% to "
        "100\u202f%; it has fallen for class 2 from 90\u202f% to 70\u202f%." in text
    )
    fallen = phase_words.reading(descent(replace(before, partition=FOUR), replace(after, recall=np.zeros(4))), ENGLISH)
    assert "Since epoch 60 recall has fallen for class 0 from 20\u202f% to 0\u202f%," in fallen
    assert "risen" not in fallen


def test_a_phase_that_ends_higher_than_it_began_promises_no_end() -> None:
    phase = Phase("plateau", None, True, 0, 99, 2.8, 18.7, None)
    text = phase_words.reading(Chapter(1, phase, seen(ALL), seen(ALL), 18.7, 2.25, (), (2.8, 18.7)), ENGLISH)
    assert text.endswith("with a higher loss than at the start of the phase.")
    assert OPEN not in text


@pytest.mark.parametrize(
    ("bends", "said"),
    [
        (None, "The run ends here; whether at a bottom or on one more plateau, a longer run would have to tell."),
        (0, "The run ends here; the loss bends down along no direction, so this may be a bottom, or a flat place."),
        (1, "The run ends here, at no bottom yet: the loss still bends down along 1 direction."),
        (3, "The run ends here, at no bottom yet: the loss still bends down along 3 directions."),
    ],
)
def test_the_bends_at_the_end_tell_whether_it_may_be_a_bottom(bends: int | None, said: str) -> None:
    assert phase_words.reading(plateau(seen(ALL), is_open=True), ENGLISH, bends).endswith(said)
    assert "bottom" not in phase_words.reading(plateau(seen(ALL)), ENGLISH, bends)


def test_a_loss_that_swings_is_told_by_its_range_and_not_called_flat() -> None:
    swinging = plateau(seen(ALL), swing=(2.1, 2.4))
    assert not swinging.steady
    text = phase_words.reading(swinging, ENGLISH)
    assert "goes from 2.300 to 2.200. On the way it lies between 2.100 and 2.400." in text
    assert FLAT not in text
    assert plateau(seen(ALL), swing=(2.199, 2.302)).steady
    down = descent(seen(ALL), seen(ALL), swing=(2.2, 2.7))
    assert "On the way it lies between 2.200 and 2.700." in phase_words.reading(down, ENGLISH)


def test_one_answer_for_nearly_all_points_names_its_share() -> None:
    snapshot = seen(ALL, shares=np.array([0.01, 0.02, 0.97, 0.0]))
    assert "class 2 is predicted for 97.0\u202f% of the points" in phase_words.reading(plateau(snapshot), ENGLISH)


@given(
    st.sampled_from(PARTITIONS),
    st.sampled_from(PARTITIONS),
    st.lists(st.floats(0, 1), min_size=4, max_size=4),
    st.floats(1e-6, 50),
    st.booleans(),
)
def test_every_reading_is_whole_sentences_without_an_open_placeholder(
    before: Partition, after: Partition, recall: list[float], loss: float, is_open: bool
) -> None:
    snapshot = seen(after, recall=np.array(recall))
    for chapter in (
        descent(seen(before), snapshot, is_open=is_open),
        plateau(snapshot, loss=loss, is_open=is_open),
        plateau(snapshot, loss=loss, is_open=is_open, grade="shoulder"),
    ):
        text = phase_words.reading(chapter, ENGLISH)
        assert text.endswith(".")
        assert "%(" not in text
        assert "  " not in text


def test_chapters_link_each_phase_with_what_came_before(default_run: Experiment) -> None:
    chapters = phase_words.chapters(default_run)
    assert [chapter.number for chapter in chapters] == list(range(1, len(chapters) + 1))
    assert [chapter.phase for chapter in chapters] == list(default_run.phases.phases)
    assert [c.before for c in chapters] == [default_run.evidence.start, *default_run.evidence.phases[:-1]]
    assert [c.snapshot for c in chapters] == list(default_run.evidence.phases)
    for chapter in chapters:
        assert chapter.loss == default_run.history.loss[min(chapter.snapshot.epoch, 9999)]
        assert chapter.level == default_run.dataset.mixture.level(chapter.snapshot.partition)


def test_the_stories_of_the_default_run(default_run: Experiment) -> None:
    chapters = phase_words.chapters(default_run)
    assert [phase_words.kind(chapter, ENGLISH) for chapter in chapters] == [
        "descent",
        "plateau",
        "descent",
        "shoulder",
        "descent",
        "open",
    ]
    assert [phase_words.story(chapter, ENGLISH) for chapter in chapters] == [
        "Every output moves to its class’s share",
        "Every output waits at its class’s share",
        "0 and 2 come out; 1 and 3 stay merged",
        "All four differ; the loss is above the best",
        "The classes become clearly distinct",
        "The loss falls slowly until the run ends",
    ]


TOP_BOTTOM: Partition = ((0, 1), (2, 3))
LEFT_RIGHT: Partition = ((0, 3), (1, 2))
DIAGONAL: Partition = ((0, 2), (1, 3))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (ALL, TOP_BOTTOM, ["Since epoch 60 top and bottom have come apart: 0 1 | 2 3."]),
        (ALL, LEFT_RIGHT, ["Since epoch 60 left and right have come apart: 0 3 | 1 2."]),
        (ALL, DIAGONAL, ["Since epoch 60 groups diagonal to each other have come apart: 0 2 | 1 3."]),
        (ALL, TRIPLE, ["Since epoch 60 one class has come apart from the rest: 0 | 1 2 3."]),
        (ALL, ((0, 1, 3), (2,)), ["Since epoch 60 one class has come apart from the rest: 0 1 3 | 2."]),
        (
            ((0,), (1, 2, 3)),
            ((0,), (1,), (2, 3)),
            ["Since epoch 60 one class has come apart from the rest: 1 | 2 3."],
        ),
        (ALL, MIXED, ["Since epoch 60 more than two groups have come apart: 0 | 1 3 | 2."]),
        (ALL, FOUR, ["Since epoch 60 more than two groups have come apart: 0 | 1 | 2 | 3."]),
        (MIXED, FOUR, ["Since epoch 60 groups diagonal to each other have come apart: 1 | 3."]),
        (PAIRS, FOUR, ["Since epoch 60 left and right have come apart: 0 | 1; 2 | 3."]),
        (LEFT_RIGHT, FOUR, ["Since epoch 60 top and bottom have come apart: 0 | 3; 1 | 2."]),
        (PAIRS, PAIRS, []),
        (FOUR, ALL, []),
        (PAIRS, LEFT_RIGHT, []),
    ],
)
def test_what_comes_apart_is_told_by_where_the_classes_lie(
    before: Partition, after: Partition, said: list[str]
) -> None:
    text = phase_words.reading(descent(seen(before), seen(after)), ENGLISH).replace("\u202f", " ")
    found = [part for part in text.replace(". ", ".\n").splitlines() if "apart" in part]
    assert found == said


def test_the_default_run_s_classes_come_apart_in_its_third_and_fourth_phase(default_run: Experiment) -> None:
    told = ["come apart" in phase_words.reading(chapter, ENGLISH) for chapter in phase_words.chapters(default_run)]
    readings = [
        phase_words.reading(chapter, ENGLISH).replace("\u202f", " ") for chapter in phase_words.chapters(default_run)
    ]
    assert told == [False, False, True, True, False, False]
    assert "Since epoch 832 more than two groups have come apart: 0 | 1 3 | 2. Since then recall" in readings[2]
    assert "Since epoch 1856 groups diagonal to each other have come apart: 1 | 3." in readings[3]
