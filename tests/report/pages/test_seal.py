import random

import pytest

from quadnet.report.pages import press, seal

PAGE = "<!DOCTYPE html><html lang=en><title>a</title><p>a"
PLAIN = b"%PDF-1.7\n1 0 obj\n<</ID [(" + b"0" * 32 + b") (" + b"0" * 32 + b")]>>\nendobj\n%%EOF\n"


@pytest.fixture(scope="module")
def printed() -> bytes:
    """What the press prints."""
    with press.Press() as running:
        running.send(PAGE, {})
        return running.pdf()


def test_what_the_press_prints_is_sealed(printed: bytes) -> None:
    assert printed.count(b"(quadnet:") == 2
    assert seal.sealed(printed) == printed
    assert not seal.is_broken(printed)


def test_any_other_bit_breaks_the_seal(printed: bytes) -> None:
    """But in the few that say where it is."""
    chance = random.Random(0)
    start = printed.index(b"/ID [(")
    frame = {*range(start, start + 6), *range(start + 38, start + 41), *range(start + 73, start + 75)}
    assert {printed[place] for place in frame} == set(b"/ID [() ]")
    for place in {*range(start - 500, len(printed)), *(chance.randrange(len(printed)) for _ in range(500))} - frame:
        other = printed[:place] + bytes([printed[place] ^ 1 << chance.randrange(8)]) + printed[place + 1 :]
        assert seal.is_broken(other)


def test_a_pdf_without_a_seal_is_not_broken() -> None:
    assert not seal.is_broken(PLAIN)
    assert not seal.is_broken(PLAIN.replace(b"/ID", b"/No"))
    assert not seal.is_broken(b"")


def test_sealing_moves_nothing() -> None:
    one = seal.sealed(PLAIN)
    assert len(one) == len(PLAIN)
    assert one[: PLAIN.index(b"(0")] == PLAIN[: PLAIN.index(b"(0")]
    assert one.endswith(b")]>>\nendobj\n%%EOF\n")
    assert seal.sealed(one) == one


def test_what_has_no_identifier_of_that_form_stays_as_it_is() -> None:
    other = PLAIN.replace(b"(" + b"0" * 32, b"(" + b"0" * 16)
    assert seal.sealed(other) == other


@pytest.mark.parametrize("half", [0, 1])
def test_half_a_seal_is_a_broken_one(half: int) -> None:
    pieces = seal.sealed(PLAIN).split(b"quadnet:")
    assert seal.is_broken(
        pieces[0] + (b"quadnet:", b"quadnex:")[half] + pieces[1] + (b"quadnex:", b"quadnet:")[half] + pieces[2]
    )
