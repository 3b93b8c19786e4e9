import pytest

from report.glyphs import printable


@pytest.mark.parametrize("text", ["", "Ada Lovelace", "Ernő Rubik", "Ægir Ðóri", "Σωκράτης", "李雷"])
def test_letters_that_the_fonts_have(text):
    assert printable(text)


@pytest.mark.parametrize("text", ["\U0001f600", "Ada \u0d05", "\u202e"])
def test_letters_that_they_have_not(text):
    assert not printable(text)
