"""Makes the fonts behind the report's own, for names and titles in more scripts, and the same bytes every time.

    python templates/fonts/make_wider.py FOLDER_WITH_THE_ORIGINALS

They have no letter that a font before them has, so that whatever was printed before they came is printed the same: a
font gives its letters other numbers if it gets more. Print finds them by itself; a web page shows such letters in fonts
of its reader's machine.

The originals are found anywhere below the folder: Source Sans 3 and Noto Sans SC as for `make.py`, Noto Sans KR (2.004)
from the package `@expo-google-fonts/noto-sans-kr` 0.4.3, and those of `SCRIPTS` from packages of that kind, in versions
0.4.1 to 0.4.4; each font file tells its own. Needed is fonttools; the files were made with 4.68.0.
"""

import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # it has no type hints
from make import FEATURES, HERE, keep, rename


def _characters(codec: str) -> set[int]:
    """All that have two bytes in an encoding."""
    pairs = (bytes((lead, trail)) for lead in range(0x81, 0xFF) for trail in range(0x40, 0xFF))
    return {ord(letter) for pair in pairs for letter in pair.decode(codec, "ignore") if ord(letter) > 0x7F}


def _used(font: TTFont) -> set[int]:
    """All characters of a font but those for private use."""
    return {code for code in font.getBestCmap() if unicodedata.category(chr(code)) != "Co"}


def _han(font: TTFont) -> set[int]:
    """Those of Chinese and Japanese computers, and those that China allows in names."""
    computers = [_characters(codec) for codec in ("gbk", "big5hkscs", "cp932", "shift_jisx0213")]
    return set.union(*computers, map(ord, STANDARD), (code for code in font.getBestCmap() if code > 0xFFFF))


def _hangul(_font: TTFont) -> set[int]:
    """The syllables of KS X 1001."""
    return _characters("euc_kr")


# Those of extension A in China's Table of General Standard Characters; of the others beyond GBK the font has few more.
STANDARD = (
    "㑇㑊㕮㘎㙍㙘㙦㛃㛚㛹㟃㠇㠓㤘㥄㧐㧑㧟㫰㬊㬎㬚㭎㭕㮾㰀㳇㳘㳚㴔㵐㶲㸆㸌㺄㻬㽏㿠䁖䂮䃅䃎䅟䌹䎃䎖䏝䏡䏲䐃"
    "䓖䓛䓨䓫䓬䗖䗛䗪䗴䜣䝙䢺䢼䣘䥽䦃䲟䲠䲢䴓䴔䴕䴖䴗䴘䴙䶮"
)
SCRIPTS = (  # of names, beyond Latin, Greek, Cyrillic and Chinese
    *("Hebrew", "Arabic", "Devanagari", "Bengali", "Gurmukhi", "Gujarati", "Tamil", "Telugu", "Kannada", "Malayalam"),
    *("Sinhala", "Thai", "Khmer", "Ethiopic", "Armenian", "Georgian"),
)
# original file: (family, style, which characters, which features)
WIDER: dict[str, tuple[str, str, Callable[[TTFont], set[int]], list[str]]] = {
    "SourceSans3_400Regular.ttf": ("Quadnet Letters", "Regular", _used, FEATURES),
    "SourceSans3_600SemiBold.ttf": ("Quadnet Letters", "SemiBold", _used, FEATURES),
    **{f"NotoSans{script}_400Regular.ttf": (f"Quadnet {script}", "Regular", _used, ["*"]) for script in SCRIPTS},
    "NotoSansSC_400Regular.ttf": ("Quadnet Ideographs", "Regular", _han, FEATURES),
    "NotoSansKR_400Regular.ttf": ("Quadnet Hangul", "Regular", _hangul, FEATURES),
}
_OF_ANY = {ord(" "), 0x200C, 0x200D}  # the space and the joiners, which Pango takes from the font of what they join


def main(originals: Path) -> None:
    """Makes every font of `WIDER` in this script's folder.

    Args:
        originals: A folder with the original files at any depth.
    """
    made = {f"{family.replace(' ', '')}-{style}.ttf" for family, style, _, _ in WIDER.values()}
    known: set[int] = set()
    for path in sorted(set(HERE.glob("*.ttf")) - {HERE / name for name in made}):
        known |= set(TTFont(path, lazy=True).getBestCmap())
    families: dict[str, set[int]] = {}
    for name, (family, style, characters, features) in WIDER.items():
        found = sorted(originals.rglob(name))
        if not found:
            sys.exit(f"{name} is not below {originals}")
        font = TTFont(found[0], recalcTimestamp=False)
        wanted = families.setdefault(family, characters(font) - known) | _OF_ANY
        known |= wanted & set(font.getBestCmap())
        rename(font, family, style)
        keep(font, wanted, features)
        font.save(HERE / f"{family.replace(' ', '')}-{style}.ttf")
        print(f"{family} {style} has {len(font.getBestCmap())} characters")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python templates/fonts/make_wider.py FOLDER_WITH_THE_ORIGINALS")
    main(Path(sys.argv[1]))
