import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quadnet.text import CharacterError, EncodingError, decode, line


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Ada Lovelace", "Ada Lovelace"),
        ("李\u3000雷", "李 雷"),
        ("\ufeffAda\xa0\u202fLovelace\t", "Ada Lovelace"),
        ("Ada\r\nLovelace", "Ada Lovelace"),
        ("\u2009Ada\u2028Lovelace\x85", "Ada Lovelace"),
        ("Love\xadlace", "Lovelace"),
        ("Ada\u200b\u2060 Lovelace\u200e", "Ada Lovelace"),
        ("\u202eAda\u202c", "Ada"),
        ("\u2067דנה\u2069", "דנה"),
        ("Nguye\u0302\u0303n", "Nguyễn"),
        ("e\u200b\u0301", "é"),
        ("\u3000", ""),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("می\u200c\u200cخواهم", "می\u200cخواهم"),
        ("Ann\u200dLee", "AnnLee"),
        ("علی\u200c", "علی"),
        ("ශ්\u200dරී", "ශ්\u200dරී"),
        ("র\u200d্যাম", "র\u200d্যাম"),
        ("ക്\u200d", "ക്\u200d"),
        ("👩\u200d🔬", "👩\u200d🔬"),
        ("🏳\ufe0f\u200d🌈", "🏳\ufe0f\u200d🌈"),
        ("👩🏽\u200d🔬", "👩🏽\u200d🔬"),
        ("👩\u200d Ann", "👩 Ann"),
        ("🏴\U000e0067\U000e0062\U000e007f", "🏴\U000e0067\U000e0062\U000e007f"),
        ("Ann\U000e0067\U000e0062\U000e007f", "Ann"),
        ("\u0600\u0661", "\u0600\u0661"),
        ("\U0003fffd\ue000", "\U0003fffd\ue000"),
    ],
)
def test_the_one_form_of_a_line(text: str, form: str) -> None:
    assert line(text) == form
    assert line(form) == form


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Ada\x07", "U+0007, a control character, at place 4"),
        ("\x1bAda", "U+001B, a control character, at place 1"),
        ("\u200bA\0", "U+0000, a control character, at place 3"),
        ("\x9f", "U+009F, a control character"),
        ("Ad\udce9", "U+DCE9, no character of any script, at place 3"),
        ("\uffff", "U+FFFF, no character of any script"),
        ("\U0010fffe", "U+10FFFE, no character of any script"),
    ],
)
def test_what_has_no_place_in_a_line(text: str, said: str) -> None:
    with pytest.raises(CharacterError) as error:
        line(text)
    assert said in str(error.value)


@given(st.text())
def test_the_form_is_one_and_shows_all_that_can_be_seen(text: str) -> None:
    try:
        form = line(text)
    except CharacterError:
        assert {"Cc", "Cs", "Cn"} & set(map(unicodedata.category, text))
        return
    assert line(form) == form
    assert unicodedata.is_normalized("NFC", form)
    assert not {"Cc", "Cs", "Zl", "Zp"} & set(map(unicodedata.category, form))
    if text.isascii():
        assert form == " ".join(text.split())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_text_as_editors_save_it(encoding: str, end: str) -> None:
    assert decode(f"á{end}{end}李{end}".encode(encoding)) == "á\n\n李\n"


def test_text_as_editors_save_it_on_other_processors() -> None:
    assert decode(b"\xfe\xff" + "李\r\n".encode("utf-16-be")) == "李\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a\nb\xe9", "line 2: not UTF-8 text (byte 0xE9)"),
        (b"a\r\rb\xe9", "line 3: not UTF-8 text (byte 0xE9)"),
        (b"a\r\nb\r\n\xff\xff", "line 3: not UTF-8 text (byte 0xFF)"),
        ("a\nb".encode("utf-16") + b"\n", "line 2: not UTF-16-LE text"),
        ("a\n".encode("utf-16-le"), "line 1: holds the byte 0"),
        (b"a\n\0", "line 2: holds the byte 0"),
    ],
)
def test_bytes_that_are_no_text(content: bytes, said: str) -> None:
    with pytest.raises(EncodingError) as error:
        decode(content)
    assert said in str(error.value)
