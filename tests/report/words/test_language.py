import gettext
import math
import re
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quadnet.report.words.language import MINUS, NARROW_SPACE, Language, superscript

ENGLISH = Language.load("en")
CHINESE = Language.load("zh")

_DIGITS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


class Shouting(gettext.NullTranslations):
    def gettext(self, message: str) -> str:
        return message.upper()

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        return (singular if n == 1 else plural).upper()


def read_back(text: str) -> tuple[Decimal, Decimal]:
    """The number that a text says, and the unit of its last digit."""
    mantissa, _, exponent = text.replace(MINUS, "-").replace(NARROW_SPACE, "").partition("·10")
    scale = Decimal(10) ** int(exponent.translate(_DIGITS) or "0")
    places = len(mantissa.partition(".")[2])
    return Decimal(mantissa) * scale, scale * Decimal(10) ** -places


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1658, "1658"),
        (9999, "9999"),
        (10_000, "10\u202f000"),
        (1_234_567, "1\u202f234\u202f567"),
        (-7, "−7"),
        (-12_345, "−12\u202f345"),
    ],
)
def test_integers_from_ten_thousand_on_stand_in_groups_of_three(value: int, text: str) -> None:
    assert ENGLISH.integer(value) == text


@given(st.integers())
def test_an_integer_reads_back(value: int) -> None:
    text = ENGLISH.integer(value)
    assert int(text.replace(NARROW_SPACE, "").replace(MINUS, "-")) == value
    assert "-" not in text
    assert all(len(group) == 3 for group in text.split(NARROW_SPACE)[1:])


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (2.775489, 4, "2.7755"),
        (0.0, 2, "0.00"),
        (-1.5, 1, "−1.5"),
        (-0.0001, 2, "0.00"),
        (-0.0, 1, "0.0"),
        (12345.6, 0, "12346"),
        (math.inf, 3, "∞"),
        (-math.inf, 3, "−∞"),
        (math.nan, 3, "not a number"),
    ],
)
def test_a_decimal_has_its_places_a_true_minus_and_no_negative_zero(value: float, places: int, text: str) -> None:
    assert ENGLISH.decimal(value, places) == text


@given(st.floats(-1e15, 1e15), st.integers(0, 8))
def test_a_decimal_reads_back_to_half_a_unit_of_its_last_place(value: float, places: int) -> None:
    read, unit = read_back(ENGLISH.decimal(value, places))
    assert abs(read - Decimal(value)) <= unit / 2
    assert unit == Decimal(10) ** -places


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.0, 4, "0"),
        (2.249341, 4, "2.249"),
        (0.174681230461, 4, "0.1747"),
        (1567.7, 4, "1568"),
        (0.0001, 2, "0.00010"),
        (0.00009, 2, "9.0·10⁻⁵"),
        (1015754.4, 2, "1.0·10⁶"),
        (9876.0, 2, "9876"),
        (115204.0, 2, "1.2·10⁵"),
        (115204.0, 4, "115\u202f204"),
        (-1.2345e9, 3, "−1.23·10⁹"),
        (3e-300, 1, "3·10⁻³⁰⁰"),
        (math.inf, 4, "∞"),
        (math.nan, 4, "not a number"),
    ],
)
def test_significant_digits_with_a_power_of_ten_where_a_number_is_very_small_or_large(
    value: float, digits: int, text: str
) -> None:
    assert ENGLISH.significant(value, digits) == text


@given(st.floats(1e-300, 1e300), st.booleans(), st.integers(1, 8))
def test_a_significant_number_reads_back_to_half_a_unit_of_its_last_digit(
    size: float, negative: bool, digits: int
) -> None:
    value = -size if negative else size
    read, unit = read_back(ENGLISH.significant(value, digits))
    slack = Decimal("0.000001")  # scaling by a power of ten rounds too, far behind the last digit
    assert abs(read - Decimal(value)) <= unit * (Decimal("0.5") + slack)
    rounded_up = 1 / (1 - Decimal("0.05") * Decimal(10) ** (1 - digits))  # 9.96 with two digits is 10
    assert unit <= max(Decimal(size) * Decimal(10) ** (1 - digits) * rounded_up, 1) * (1 + slack)


@pytest.mark.parametrize(
    ("value", "digits", "rounding", "text"),
    [
        (0.0067438, 3, ROUND_CEILING, "0.00675"),
        (0.02, 3, ROUND_CEILING, "0.0200"),
        (0.9991, 3, ROUND_CEILING, "1.00"),
        (35.807, 2, ROUND_FLOOR, "35"),
        (213.549, 2, ROUND_FLOOR, "213"),
        (1461542.6, 2, ROUND_FLOOR, "1.4·10⁶"),
    ],
)
def test_a_bound_is_rounded_to_its_own_side(value: float, digits: int, rounding: str, text: str) -> None:
    assert ENGLISH.significant(value, digits, rounding) == text


@pytest.mark.parametrize(
    ("share", "places", "text"),
    [
        (0.995, 0, "99.5\u202f%"),
        (0.994, 0, "99\u202f%"),
        (0.99999943, 1, "99.9999\u202f%"),
        (0.00001, 1, "0.001\u202f%"),
        (1.0, 1, "100.0\u202f%"),
        (0.0, 0, "0\u202f%"),
        (1e-300, 1, "0.000000000\u202f%"),
    ],
)
def test_not_quite_all_is_never_all_and_not_quite_none_never_none(share: float, places: int, text: str) -> None:
    assert ENGLISH.percent(share, places) == text


@pytest.mark.parametrize(
    ("share", "places", "text"),
    [
        (0.97125, 3, "97.125\u202f%"),
        (1.0, 1, "100.0\u202f%"),
        (0.25, 0, "25\u202f%"),
        (0.0, 1, "0.0\u202f%"),
        (math.nan, 1, "not a number\u202f%"),
    ],
)
def test_a_share_in_per_cent_is_kept_together_by_a_narrow_space(share: float, places: int, text: str) -> None:
    assert ENGLISH.percent(share, places) == text


@pytest.mark.parametrize(
    ("items", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_an_enumeration_ends_with_and(items: list[str], text: str) -> None:
    assert ENGLISH.enumeration(items) == text


@given(st.lists(st.from_regex(r"[0-9]+", fullmatch=True), min_size=1))
def test_an_enumeration_holds_every_item_in_order(items: list[str]) -> None:
    assert re.split(", | and ", ENGLISH.enumeration(items)) == items


@given(st.integers(-400, 400))
def test_superscripts_read_back(exponent: int) -> None:
    text = superscript(exponent)
    assert int(text.translate(_DIGITS)) == exponent
    assert not re.search("[0-9-]", text)


@pytest.mark.parametrize(
    ("text", "chinese"),
    [
        (CHINESE.integer(12_345), "12\u202f345"),
        (CHINESE.percent(0.97125), "97.1%"),
        (CHINESE.significant(-9e-5, 2), "−9.0·10⁻⁵"),
        (CHINESE.decimal(math.nan, 1), "NaN"),
        (CHINESE.enumeration(["a", "b", "c"]), "a、b、c"),
        (CHINESE.paragraph(["甲。", "乙。"]), "甲。乙。"),
        (ENGLISH.paragraph(["A.", "B."]), "A. B."),
        (CHINESE.ngettext("%(count)s epoch", "%(count)s epochs", 1), "%(count)s 轮"),
        (CHINESE.ngettext("%(count)s epoch", "%(count)s epochs", 2), "%(count)s 轮"),
    ],
)
def test_chinese_has_its_own_habits(text: str, chinese: str) -> None:
    assert text == chinese


def test_only_chinese_has_its_own_punctuation() -> None:
    assert ENGLISH.habits == Language("xx", Shouting()).habits != CHINESE.habits


def test_english_is_its_own_translation() -> None:
    assert ENGLISH.code == "en"
    assert ENGLISH.gettext("loss") == "loss"
    assert [ENGLISH.ngettext("one", "many", n) for n in (0, 1, 2)] == ["many", "one", "many"]


def test_words_inside_numbers_and_lists_come_from_the_catalog() -> None:
    other = Language("xx", Shouting())
    assert other.decimal(math.nan, 1) == "NOT A NUMBER"
    assert other.ngettext("one", "many", 2) == "MANY"
    assert Language("yy", Swapped()).enumeration(["a", "b", "c"]) == "c after a, b"


class Swapped(gettext.NullTranslations):
    def gettext(self, message: str) -> str:
        return "%(last)s after %(list)s" if message == "%(list)s and %(last)s" else message


def test_a_language_without_a_catalog_is_refused() -> None:
    with pytest.raises(FileNotFoundError):
        Language.load("xx")
