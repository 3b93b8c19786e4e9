import pytest

from quadnet.config import parse
from quadnet.errors import ConfigurationError
from quadnet.report.pages.fonts import check_title, lacking, named, printed

NAMES = [
    *("", "Ada Lovelace", "Ernő Rubik", "Ægir Ðóri", "Σωκράτης", "Nguyễn Văn Ử", "Иван Петров", "Ἀθηνᾶ", "İbrahim Ș"),
    *(
        "李雷",
        "張偉",
        "龜 鬱 龘",
        "佐々木 さくら",
        "김철수",
        "محمد علي",
        "می\u200cخواهم",
        "דָּנָה כֹּהֵן",
        "สมชาย",
        "कृष्णा",
        "ශ්\u200dරී",
    ),
    *(
        "தமிழ்",
        "বাংলা",
        "ਸਿੰਘ",
        "ગુજરાત",
        "తెలుగు",
        "ಕನ್ನಡ",
        "മലയാളം",
        "ខ្មែរ",
        "አበበ",
        "Արամ",
        "გიორგი",
        "葛\U000e0100",
        "刘䶮 㛃 𬭎 髙﨑",
    ),
]


@pytest.mark.parametrize("name", NAMES)
def test_names_that_print_shows_as_they_are(name: str) -> None:
    assert lacking(name) == ""
    assert printed(name) == name


@pytest.mark.parametrize(
    ("name", "shown", "odd"),
    [
        ("Ada \U0001f600", "Ada", "\U0001f600"),
        ("Ann \U0001f469\u200d\U0001f469 Lee", "Ann Lee", "\U0001f469"),
        ("\U0001f469\U0001f3fd\u200d\U0001f52c Bo", "Bo", "\U0001f469\U0001f3fd\U0001f52c"),
        ("\U0001f600", "", "\U0001f600"),
        ("Ada ᠮᠮᠣ", "", "ᠮᠣ"),
        ("ᠮ \U0001f600", "", "ᠮ\U0001f600"),
    ],
)
def test_of_other_names_what_can_be_shown(name: str, shown: str, odd: str) -> None:
    assert lacking(name) == odd
    assert printed(name) == shown


def test_a_title_is_refused_for_the_pdf_alone() -> None:
    config = parse({"report": {"title": "Quadrants ☯ ᠮ"}})
    check_title(config, ["html"])
    check_title(parse({"report": {"title": "Vier Quadranten, 四象限"}}), ["html", "pdf"])
    with pytest.raises(
        ConfigurationError, match=r"^report.title: the PDF has no font for ☯ \(U\+262F\), ᠮ \(U\+182E\); "
    ):
        check_title(config, ["html", "pdf"])


def test_many_letters_are_named_by_the_first_few() -> None:
    assert named("abcdef") == "a (U+0061), b (U+0062), c (U+0063), d (U+0064), e (U+0065), …"
