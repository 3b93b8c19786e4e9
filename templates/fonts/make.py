"""Makes the report's fonts from Adobe's Source families: smaller, renamed, and the same bytes every time.

    python templates/fonts/make.py FOLDER_WITH_THE_ORIGINALS

The originals are the static TrueType files listed in `FONTS`, found anywhere below the folder: Source Serif 4 (4.004),
Source Sans 3 (3.052) and Source Code Pro (1.026) as the `@expo-google-fonts` packages 0.4.1 carry them, and Noto Sans
SC (2.004), which is Source Han Sans, from the package 0.4.3. Needed are fonttools and brotli; the files in this folder
were made with fonttools 4.68.0 and brotli 1.2.1.

The licence (OFL.txt) reserves the name "Source" to the originals. A subset is a modified version, so the families are
called Quadnet Serif, Quadnet Sans, Quadnet Mono and Quadnet Han, and the description inside each file says where it
comes from.

    python templates/fonts/make.py

makes the WOFF2 files of Quadnet Han alone, from its TTF files: a web page carries no more Chinese characters than the
catalog has, so they are made anew whenever the catalog has others.
"""

import sys
from pathlib import Path

from fontTools import subset  # type: ignore[import-untyped]  # it has no type hints
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # it has no type hints

HERE = Path(__file__).parent
HAN = "Quadnet Han"
# original file: (family, style)
FONTS = {
    "SourceSerif4_400Regular.ttf": ("Quadnet Serif", "Regular"),
    "SourceSerif4_400Regular_Italic.ttf": ("Quadnet Serif", "Italic"),
    "SourceSerif4_600SemiBold.ttf": ("Quadnet Serif", "SemiBold"),
    "SourceSans3_400Regular.ttf": ("Quadnet Sans", "Regular"),
    "SourceSans3_600SemiBold.ttf": ("Quadnet Sans", "SemiBold"),
    "SourceCodePro_400Regular.ttf": ("Quadnet Mono", "Regular"),
    "NotoSansSC_400Regular.ttf": (HAN, "Regular"),
    "NotoSansSC_600SemiBold.ttf": (HAN, "SemiBold"),
}
WEIGHTS = {"Regular": 400, "Italic": 400, "SemiBold": 600}

# Blocks of which a font keeps what it has.
BLOCKS = (
    (0x0020, 0x007E),  # Basic Latin
    (0x00A0, 0x00FF),  # Latin-1
    (0x0100, 0x017F),  # Latin Extended-A
    (0x0370, 0x03FF),  # Greek
    (0x2000, 0x206F),  # general punctuation
    (0x2070, 0x209F),  # superscripts and subscripts
)
# Single characters; those a font lacks are printed.
SYMBOLS = "€ℓℝ№™←↑→↓↔↦⇒⇔∂∆∇∈∏∑−∕∘∙√∝∞∧∨∩∪∫≈≠≡≤≥≪≫⊙⋮⋯⊤■□▲△▶◀▼◆◇○●◯✓✗①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
# All characters of GB 2312, which has Latin letters and digits in their wide forms only, and the space, which Pango
# takes from the font of what stands before it.
_PAIRS = (bytes((row, cell)) for row in range(0xA1, 0xF8) for cell in range(0xA1, 0xFF))
GB2312 = {ord(" "), *(ord(character) for pair in _PAIRS for character in pair.decode("gb2312", "ignore"))}
FEATURES = [
    "kern",
    "liga",
    "tnum",
    "lnum",
    "onum",
    "pnum",
    "sups",
    "subs",
    "frac",
    "ccmp",
    "locl",
    "mark",
    "mkmk",
    "halt",
]
KEPT_NAMES = (0, 9, 13, 14)  # copyright, designer, licence, its address


def rename(font: TTFont, family: str, style: str) -> None:
    """Gives a font its own names and keeps the originals' copyright, designer and licence.

    The family and the weight are found by CSS, by fontconfig and by matplotlib: names 16 and 17 carry a weight that the
    four-style names 1 and 2 cannot.

    Args:
        font: The font, changed in place.
        family: The new family.
        style: A key of `WEIGHTS`.
    """
    table = font["name"]
    origin = f"{table.getBestFullName()}, {table.getDebugName(5).split(';')[0].lower()}"
    version = f"{font['head'].fontRevision:.3f}"
    postscript = f"{family.replace(' ', '')}-{style}"
    full = family if style == "Regular" else f"{family} {style}"
    names = {
        1: full if style == "SemiBold" else family,
        2: "Regular" if style == "SemiBold" else style,
        3: f"{version};{postscript}",
        4: f"{family} {style}",
        5: f"Version {version}; subset",
        6: postscript,
        10: f"A subset of {origin}, renamed because the licence reserves the original's name.",
    }
    if style == "SemiBold":
        names |= {16: family, 17: style}
    table.names = [record for record in table.names if record.nameID in KEPT_NAMES]
    for number, text in names.items():
        table.setName(text, number, 3, 1, 0x409)
    font["OS/2"].usWeightClass = WEIGHTS[style]
    font["OS/2"].achVendID = "    "


def make(original: Path, family: str, style: str, folder: Path) -> list[str]:
    """Writes one font as TTF and as WOFF2.

    Args:
        original: The font as its designers publish it.
        family: The new family.
        style: A key of `WEIGHTS`.
        folder: Where the two files go.

    Returns:
        The wanted single characters that the font lacks: those of `SYMBOLS`, or of GB 2312.
    """
    blocks = {code for first, last in BLOCKS for code in range(first, last + 1)}
    single = GB2312 if family == HAN else {ord(symbol) for symbol in SYMBOLS}
    font = TTFont(original, recalcTimestamp=False)
    rename(font, family, style)
    keep(font, single if family == HAN else single | blocks)
    characters = font.getBestCmap()
    target = folder / f"{family.replace(' ', '')}-{style}.ttf"
    font.save(target)
    compress(target, catalog() if family == HAN else None)
    return [chr(code) for code in sorted(single) if code not in characters]


def keep(font: TTFont, wanted: set[int], features: list[str] = FEATURES) -> None:
    """Takes all but some characters out of a font.

    Args:
        font: The font, changed in place.
        wanted: Their code points.
        features: What of the font's ways to join and place letters stays.
    """
    options = subset.Options(
        layout_features=features,
        glyph_names=False,
        hinting=False,
        name_IDs=["*"],
        notdef_outline=True,
        recalc_timestamp=False,
    )
    options.drop_tables += ["STAT", "BASE", "gasp", "vhea", "vmtx"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=wanted)
    subsetter.subset(font)


def catalog() -> set[int]:
    """The code points of the Chinese catalog."""
    return set(map(ord, (HERE.parent / "locale" / "zh" / "LC_MESSAGES" / "quadnet.po").read_text("utf-8")))


def compress(path: Path, wanted: set[int] | None = None) -> None:
    """Writes a font as WOFF2 beside its TTF file, with some of its characters only if they are given."""
    font = TTFont(path, recalcTimestamp=False)
    if wanted is not None:
        keep(font, wanted)
    font.flavor = "woff2"
    font.save(path.with_suffix(".woff2"))


def main(originals: Path) -> None:
    """Makes every font of `FONTS` in this script's folder and tells what each one lacks.

    Args:
        originals: A folder with the original files at any depth.
    """
    for name, (family, style) in FONTS.items():
        found = sorted(originals.rglob(name))
        if not found:
            sys.exit(f"{name} is not below {originals}")
        missing = make(found[0], family, style, HERE)
        print(f"{family} {style} lacks {' '.join(missing) or 'nothing'}")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        sys.exit("usage: python templates/fonts/make.py [FOLDER_WITH_THE_ORIGINALS]")
    if len(sys.argv) == 2:
        main(Path(sys.argv[1]))
    else:
        for each in sorted(HERE.glob(f"{HAN.replace(' ', '')}-*.ttf")):
            compress(each, catalog())
