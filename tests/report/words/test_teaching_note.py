import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quadnet.claims import NUMBERS
from quadnet.evidence import Snapshot
from quadnet.experiment import Experiment
from quadnet.mixture import Partition
from quadnet.phases import Phase
from quadnet.report.words import phases as phase_words
from quadnet.report.words import teaching_note
from quadnet.report.words.language import Language
from quadnet.report.words.phases import Chapter

ENGLISH = Language.load("en")
ALL: Partition = ((0, 1, 2, 3),)
FOUR: Partition = ((0,), (1,), (2,), (3,))
SEEN = Snapshot(0, np.zeros((4, 4)), ALL, np.zeros(4), np.zeros(4), 0.25, np.zeros((4, 4), np.int64), 0.1)


def chapters(letters: str) -> list[Chapter]:
    """Phases by one letter each: D descent, P plateau, S shoulder, small where the curve does not leave them.

    At its end an open plateau p has all classes apart and m none; a descent L brings them apart at once.
    """
    made = []
    for number, letter in enumerate(letters, start=1):
        kind = "descent" if letter in "DdL" else "plateau"
        seen = replace(SEEN, partition=FOUR if letter in "pL" else ALL)
        grade = {"P": "plateau", "S": "shoulder"}.get(letter)
        phase = Phase(kind, grade, letter.islower(), 10 * number, 10 * number + 10, 2.0, 1.0, None)
        made.append(Chapter(number, phase, SEEN, seen, 1.0, 1.0, (), (1.0, 2.0)))
    return made


def roles(letters: str) -> list[str]:
    told = chapters(letters)
    return [teaching_note.role(chapter, told) for chapter in told]


@pytest.mark.parametrize(
    ("letters", "expected"),
    [
        ("", ""),
        ("d", "drop"),
        ("p", "early"),
        ("Dp", "drop done"),
        ("DPd", "drop stuck cut"),
        ("DPDp", "drop stuck found done"),
        ("DSDp", "drop stuck found done"),
        ("DPDSd", "drop stuck found again cut"),
        ("DPDSDp", "drop stuck found again more done"),
        ("DPDPDPDPDp", "drop stuck found again more again more again more done"),
        ("Pd", "early drop"),
        ("PDp", "early drop done"),
        ("PDPDp", "early drop stuck found done"),
        ("SDPDSd", "early drop stuck found again cut"),
        ("Dm", "drop stuck"),
        ("DPDm", "drop stuck found again"),
        ("Lp", "learnt done"),
        ("LPDp", "learnt stuck found done"),
    ],
)
def test_each_phase_has_its_part_in_the_note_s_story(letters: str, expected: str) -> None:
    assert roles(letters) == expected.split()


SEQUENCES = st.tuples(st.booleans(), st.lists(st.sampled_from("PS"), max_size=6), st.booleans()).map(
    lambda made: (
        ("D" if made[0] else "")
        + "D".join(made[1])
        + ("D" if made[1] and made[2] else "")
        + ("p" if made[2] or not (made[0] or made[1]) else "d")
    )
)


@given(SEQUENCES)
def test_whatever_the_phases_each_has_a_part_and_the_end_has_one_of_its_own(letters: str) -> None:
    found = roles(letters)
    assert len(found) == len(letters)
    for once in ("drop", "stuck", "found", "early", "done", "cut"):
        assert found.count(once) <= 1
    assert not {"done", "cut"} & set(found[:-1])
    assert "early" not in found[1:]
    assert "drop" not in found[1 + ("early" in found) :]
    told = chapters(letters)
    for chapter in told:
        assert set(teaching_note.claims(chapter, told)) <= set(NUMBERS)
        assert re.fullmatch(r"[A-Z][^%{}]*\.", teaching_note.explanation(chapter, told, ENGLISH))


def test_each_part_has_an_explanation_of_its_own() -> None:
    told = [(chapter, chapters(letters)) for letters in ("DPDSDp", "p", "DPd", "Lp") for chapter in chapters(letters)]
    explained = {
        teaching_note.role(chapter, all_): teaching_note.explanation(chapter, all_, ENGLISH) for chapter, all_ in told
    }
    assert len(explained) == len(set(explained.values())) == 9


def test_a_phase_that_the_note_does_not_know_is_said_to_be_so_and_makes_no_claim() -> None:
    for letters, place in (("p", 0), ("PDp", 0), ("DPd", 2)):
        told = chapters(letters)
        assert teaching_note.claims(told[place], told) == ()
        assert "it has no phase like this one" in teaching_note.explanation(told[place], told, ENGLISH)


def test_the_default_run_s_phases_make_every_claim_that_is_about_a_phase(default_run: Experiment) -> None:
    told = phase_words.chapters(default_run)
    assert [teaching_note.role(chapter, told) for chapter in told] == [
        "drop",
        "stuck",
        "found",
        "again",
        "more",
        "done",
    ]
    made = [number for chapter in told for number in teaching_note.claims(chapter, told)]
    assert set(made) == set(NUMBERS) - {"N1", "N2", "N3"}
    assert [n for n in NUMBERS if made.count(n) > 1] == ["N7"]
