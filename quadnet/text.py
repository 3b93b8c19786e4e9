"""Text as people have it: saved by any editor or spreadsheet, pasted, exported, typed in any script.

`decode` reads a file of it; `line` brings a line of it, such as a name or a title, into one form. What cannot be seen
is the same in all lines that look the same: white space of every kind is a space, and format characters stay only where
a script cannot do without them. Nothing that can be seen is lost.
"""

import codecs
import re
import unicodedata

_MARKS = (  # of byte order; that of UTF-16 begins the one of UTF-32
    (codecs.BOM_UTF8, "UTF-8"),
    (codecs.BOM_UTF32_LE, "UTF-32-LE"),
    (codecs.BOM_UTF32_BE, "UTF-32-BE"),
    (codecs.BOM_UTF16_LE, "UTF-16-LE"),
    (codecs.BOM_UTF16_BE, "UTF-16-BE"),
)

_WHITE = re.compile("[ \t\n\v\f\r\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
_NO_CHARACTERS = "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
_REFUSED = re.compile(f"[\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef{_NO_CHARACTERS}]")
# Zero-width space and byte order mark, soft hyphen, marks of direction, annotations; and tags, but those after a black
# flag, which make it the flag of a region.
_INVISIBLE = re.compile(
    "(\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f)|"
    "[\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_JOINERS = re.compile("[\u200c\u200d]+")  # the non-joiner and the joiner
_JOINED = frozenset({"Adlm", "Arab", "Mand", "Mong", "Nkoo", "Phag", "Rohg", "Syrc"})  # scripts of joined letters
_VIRAMA = 9  # combining class of the signs that take an Indic letter its vowel, and that joiners stand beside
_PICTURES = ("So", "Sk", "Cn")  # emoji, their skin tones, and those younger than Python's tables
_EMOJI_FORM = "\ufe0f"


class CharacterError(ValueError):
    """A character has no place in a line of text; the message says which and where."""


class EncodingError(ValueError):
    """Bytes are no text; the message says in which line and why, and wants a remedy behind it."""


def decode(content: bytes) -> str:
    """Reads text as editors and spreadsheets save it: UTF-8, or with its byte order mark UTF-16 or UTF-32.

    Args:
        content: A whole file; its lines may end as on any system.

    Returns:
        The text, without the mark; its lines end with a line feed.

    Raises:
        EncodingError: It is no such text.
    """
    mark, encoding = next((each for each in _MARKS if content.startswith(each[0])), (b"", "UTF-8"))
    content = content[len(mark) :]
    try:
        text = _with_line_feeds(content.decode(encoding))
    except UnicodeDecodeError as error:
        before, odd = content[: error.start].decode(encoding, "replace"), content[error.start]
        raise EncodingError(f"line {_number_of_last(before)}: not {encoding} text (byte 0x{odd:02X})") from None
    if "\0" in text:
        number = _number_of_last(text[: text.index("\0")])
        raise EncodingError(f"line {number}: holds the byte 0, as no text does but UTF-16 without its mark")
    return text


def _with_line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _number_of_last(lines: str) -> int:
    return _with_line_feeds(lines).count("\n") + 1


def line(text: str) -> str:
    """Brings a line of text into the form in which it is kept, shown and compared.

    That is the composed form (NFC), with single spaces within and none around, without zero-width spaces, byte order
    marks, soft hyphens and marks of direction. Zero-width joiners and non-joiners stay where Persian, Indic scripts and
    emoji need them.

    Args:
        text: Anything; a text that has this form is returned as it is.

    Raises:
        CharacterError: It holds a control character, or what is no character at all.
    """
    if refused := _REFUSED.search(text):
        kind = "a control character" if unicodedata.category(refused[0]) == "Cc" else "no character of any script"
        raise CharacterError(f"U+{ord(refused[0]):04X}, {kind}, at place {refused.start() + 1}")
    seen = _INVISIBLE.sub(lambda found: found[1] or "", text)
    return _WHITE.sub(" ", unicodedata.normalize("NFC", _JOINERS.sub(_needed, seen))).strip(" ")


def _needed(joiners: re.Match[str]) -> str:
    """The first of some joiners if what stands beside them is written otherwise with it."""
    text, (start, end) = joiners.string, joiners.span()
    before, after = text[max(0, start - 1) : start], text[end : end + 1]
    if any(unicodedata.combining(letter) == _VIRAMA for letter in before + after):
        return joiners[0][0]
    if not (before and after):
        return ""
    if before == _EMOJI_FORM or unicodedata.category(before) in _PICTURES:
        return "\u200d" if "\u200d" in joiners[0] and unicodedata.category(after) in _PICTURES else ""
    from fontTools.unicodedata import script  # type: ignore[import-untyped]  # it has no type hints; seldom needed

    return joiners[0][0] if {script(before), script(after)} & _JOINED else ""
