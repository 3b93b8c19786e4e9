"""Words and numbers in the language of the pages.

Every sentence goes through `Language.gettext` with English as its key, so that a catalog in `templates/locale` is all
that another language needs.
"""

import gettext as catalogs
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from functools import cache
from typing import Any, Literal

from ..assets import TEMPLATES

NARROW_SPACE = "\u202f"
MINUS = "\u2212"
_MOST_PLACES = 9  # of a per cent

Rounding = Literal["ROUND_HALF_EVEN", "ROUND_CEILING", "ROUND_FLOOR"]


@dataclass(frozen=True)
class Habits:
    """What a language writes between words, sentences and numbers.

    Attributes:
        gap: Between two sentences.
        comma: Between the items of a list.
        semicolon: Between longer ones.
        colon: Between a thing and what is said of it.
        stop: At the end of a sentence.
        percent: Between a number and its per cent sign.
    """

    gap: str = " "
    comma: str = ", "
    semicolon: str = "; "
    colon: str = ": "
    stop: str = "."
    percent: str = NARROW_SPACE


_HABITS = {"zh": Habits(gap="", comma="、", semicolon="；", colon="：", stop="。", percent="")}


@dataclass(frozen=True)
class Language:
    """How the pages speak.

    Attributes:
        code: The language's code, as in `<html lang>`.
        translations: Its catalog; English sentences are their own translation.
    """

    code: str
    translations: catalogs.NullTranslations = field(repr=False)

    @classmethod
    @cache  # one object each, by which others keep what they make for a language
    def load(cls, code: str) -> "Language":
        """The language with its catalog from `templates/locale`."""
        return cls(code, catalogs.translation("quadnet", TEMPLATES / "locale", [code], fallback=code == "en"))

    @property
    def habits(self) -> Habits:
        """Its punctuation; the English one unless it has its own."""
        return _HABITS.get(self.code, Habits())

    def gettext(self, message: str) -> str:
        """The message in this language."""
        return self.translations.gettext(message)

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        """The message in the form that fits the count."""
        return self.translations.ngettext(singular, plural, count)

    def integer(self, value: int) -> str:
        """1658 as it is, 10 000 in groups of three, as ISO 80000-1 and GB/T 15835 have it."""
        text = f"{abs(value):,}".replace(",", NARROW_SPACE) if abs(value) >= 10_000 else str(abs(value))
        return MINUS + text if value < 0 else text

    def decimal(self, value: float, places: int) -> str:
        """A number with a fixed count of decimals; `∞` or `not a number` when it is not finite."""
        if not math.isfinite(value):
            return self.gettext("not a number") if math.isnan(value) else (MINUS if value < 0 else "") + "∞"
        text = f"{abs(value):.{places}f}"
        return MINUS + text if value < 0 and text.strip("0.") else text

    def significant(self, value: float, digits: int = 4, rounding: Rounding = ROUND_HALF_EVEN) -> str:
        """A number with some significant digits, as a power of ten where it is very small or large.

        Args:
            value: The number.
            digits: How many.
            rounding: ROUND_CEILING for what is said to be the most, ROUND_FLOOR for the least.
        """
        if not math.isfinite(value) or value == 0:
            return self.decimal(value, 0)
        # Rounded to one side, 0.02 must stay 0.02, whatever digits its binary fraction has further on.
        exact = Decimal(value) if rounding == ROUND_HALF_EVEN else Decimal(repr(float(value)))
        with localcontext(rounding=rounding):
            rounded, power = f"{exact:.{digits - 1}e}".split("e")
            exponent = int(power)
            if -4 <= exponent < min(6, digits + 2):
                places = max(0, digits - 1 - exponent)
                text = f"{exact:.{places}f}"
                return self.decimal(float(text), places) if places else self.integer(int(text))
        mantissa = self.decimal(float(rounded), digits - 1)
        return f"{mantissa}·10{superscript(exponent)}"

    def percent(self, share: float, places: int = 1) -> str:
        """A share of 1 in per cent, with more decimals where none or all would be said of what is not quite so."""
        while 0 < share < 1 and places < _MOST_PLACES and round(100 * share, places) in (0, 100):
            places += 1
        return f"{self.decimal(100 * share, places)}{self.habits.percent}%"

    def enumeration(self, items: Sequence[str]) -> str:
        """`a`, `a and b`, `a, b and c`."""
        if len(items) < 2:
            return "".join(items)
        return self.gettext("%(list)s and %(last)s") % {"list": self.habits.comma.join(items[:-1]), "last": items[-1]}

    def paragraph(self, sentences: Iterable[str]) -> str:
        """The sentences one after the other."""
        return self.habits.gap.join(sentences)


def as_text(value: Any) -> str:
    """A value from a file: texts as they are, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def superscript(exponent: int) -> str:
    """A whole number in raised digits."""
    return str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def subscript(number: int) -> str:
    """A whole number in lowered digits."""
    return str(number).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
