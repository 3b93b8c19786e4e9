from dataclasses import replace

import pytest

from quadnet.config import parse
from quadnet.experiment import Experiment
from quadnet.replicates import Replicate, Replicates, Standing, Ways, standings
from quadnet.report.words import other_seeds as seed_words
from quadnet.report.words.language import Language
from quadnet.sweep import Plateau

ENGLISH = Language.load("en")


def standing(length: int, left: list[int], staying: list[int] | None = None) -> Standing:
    return Standing(length, tuple(left), tuple(staying or []), 0)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (standing(30, [40] * 16), "lasts 30 epochs, shorter than in all of 16 others: unusually short."),
        (standing(30, [20] * 16), "lasts 30 epochs, longer than in all of 16 others: unusually long."),
        (standing(30, [20] * 9 + [40] * 7), "lasts 30 epochs, longer than in 9 of 16 others: typical."),
        (standing(30, [20] * 2 + [40] * 14), "lasts 30 epochs, longer than in 2 of 16 others."),
        (standing(30, [30] * 2), "lasts 30 epochs, as long as in all of 2 others."),
        (standing(30, [20] * 2, [25, 31]), "lasts 30 epochs, longer than in 2 of 3 others."),
        (standing(30, [40]), "lasts 30 epochs, shorter than in 1 of 1 other."),
        (standing(30, [20]), "lasts 30 epochs, longer than in 1 of 1 other."),
        (standing(30, [], [20]), "No other run can be compared in its first plateau; here it lasts 30 epochs."),
    ],
)
def test_a_plateau_s_rank_is_a_count_and_a_word_only_where_it_is_true(
    small_run: Experiment, found: Standing, said: str
) -> None:
    others = Replicates(300, (replicate(small_run),))
    first, *_ = seed_words.comparison(small_run, others, [found], ENGLISH).split(" Of 1 other")
    assert first.endswith(said)


def replicate(run: Experiment, status: str = "ok") -> Replicate:
    return Replicate(1, run.history.loss, replace(run.phases, status=status), ())


def test_other_runs_on_the_same_way_and_on_a_part_of_it_are_told(
    default_run: Experiment, default_replicates: Replicates
) -> None:
    both = standings(default_run, default_replicates)
    text = seed_words.comparison(default_run, default_replicates, both, ENGLISH)
    assert text.endswith(
        "Of 16 other weight seeds, within 3994 epochs, 8 went through the same sequence of descents and plateaus; 8 "
        "came only part of that way."
    )
    assert "The second plateau of this run" in text


def test_a_run_without_plateaus_tells_who_left_one(small_run: Experiment) -> None:
    sound, broken = replicate(small_run), replicate(small_run, "non-finite at epoch 3")
    leaver = replace(sound, plateaus=(Plateau(1, 2, 1.0, ()),))
    text = seed_words.comparison(small_run, Replicates(300, (sound, broken, leaver)), [], ENGLISH)
    assert text == (
        "This run leaves no plateau; of 3 other weight seeds, 1 left one within 300 epochs. In 1 of them the loss rose "
        "far above its start. More than that, of the 16 wanted, would have taken too long."
    )


def test_each_way_that_somebody_went_is_counted(monkeypatch: pytest.MonkeyPatch, default_run: Experiment) -> None:
    def told(*counts: int) -> str:
        monkeypatch.setattr(seed_words, "ways", lambda *_: Ways(*counts))
        others = Replicates(100, (replicate(default_run),) * sum(counts))
        text = seed_words.comparison(default_run, others, [standing(30, [20])], ENGLISH)
        return text.partition(" within 100 epochs, ")[2]

    same, more = "went through the same sequence of descents and plateaus", "went through the same sequence and more"
    assert told(16, 0, 0, 0, 0) == f"all 16 {same}."
    assert told(0, 4, 5, 6, 7) == (
        f"6 {more}; 4 came only part of that way; 5 came as low through fewer plateaus; 7 went another way."
    )
    assert told(1, 0, 0, 0, 0).startswith(f"1 {same}. More than that, of the 16 wanted, ")


def test_the_length_is_told_only_where_it_differs(default_run: Experiment) -> None:
    assert seed_words.repeated(default_run, Replicates(10_000, ()), ENGLISH).endswith(
        "nothing changed but the seed of the weights."
    )
    assert "3994 epochs are enough" in seed_words.repeated(default_run, Replicates(3994, ()), ENGLISH)


def test_who_failed_is_counted(small_run: Experiment) -> None:
    broken = replicate(small_run, "diverged")
    few = replace(small_run, config=parse({"replicates": {"runs": 2}}))
    text = seed_words.comparison(few, Replicates(300, (broken, broken)), [], ENGLISH)
    assert text == (
        "This run leaves no plateau; of 2 other weight seeds, none left one within 300 epochs either. In all of them "
        "the loss rose far above its start."
    )
