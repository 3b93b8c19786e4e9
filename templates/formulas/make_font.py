"""Turns MathJax's drawings of the formulas into a font and into SVGs that are text set in it.

    npm install && node make.mjs FOLDER && python make_font.py FOLDER

A formula is one glyph of Quadnet Formulas. The text of its SVG is a private-use character, which draws that glyph, and
then the formula in plain Unicode, whose glyphs are blank: that part is what one finds, copies, and reads where the font
is missing. Ligatures would need no private character, but WeasyPrint sets the text of an SVG letter by letter.

Needed are fonttools and brotli; the files were made with fonttools 4.68.0 and brotli 1.2.1, the same bytes every time.
"""

import json
import re
import sys
from html import escape
from pathlib import Path
from xml.etree import ElementTree

from fontTools.fontBuilder import FontBuilder  # type: ignore[import-untyped]  # it has no type hints
from fontTools.misc.transform import Identity, Transform  # type: ignore[import-untyped]  # it has no type hints
from fontTools.pens.transformPen import TransformPen  # type: ignore[import-untyped]  # it has no type hints
from fontTools.pens.ttGlyphPen import TTGlyphPen  # type: ignore[import-untyped]  # it has no type hints
from fontTools.svgLib.path import parse_path  # type: ignore[import-untyped]  # it has no type hints
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # it has no type hints

FAMILY = "Quadnet Formulas"
COLOUR = "#1f2328"
EM = 11  # pt: MathJax's letters are smaller than those of a 10.5 pt text face
UNITS = 1000  # an em, in the font as in MathJax's drawings
BLANK = 370  # what a letter of the plain text advances: narrow enough for all but one to end where the formula does
FIRST = 0xE000  # the character of the first formula
DATE = 3_786_912_000  # 2024-01-01, in seconds since 1904
NAMES = {
    "copyright": "Copyright (c) 2018-2022 The MathJax Consortium",
    "familyName": FAMILY,
    "styleName": "Regular",
    "uniqueFontIdentifier": "1.000;QuadnetFormulas-Regular",
    "fullName": f"{FAMILY} Regular",
    "version": "Version 1.000",
    "psName": "QuadnetFormulas-Regular",
    "description": "Formulas set by MathJax 3.2.2, each one glyph made of the outlines of MathJax's TeX fonts.",
    "licenseDescription": "Licensed under the Apache License, Version 2.0.",
    "licenseInfoURL": "https://www.apache.org/licenses/LICENSE-2.0",
}


def draw(node: ElementTree.Element, pen: TTGlyphPen, outer: Transform) -> None:
    """Draws what is in a node of an SVG.

    Args:
        node: A group, a path or a rectangle.
        pen: What draws.
        outer: The transform of the node's surroundings.

    Raises:
        ValueError: The node is of another kind.
    """
    inner = outer
    for function, arguments in re.findall(r"(\w+)\(([^)]*)\)", node.get("transform", "")):
        inner = getattr(inner, function)(*map(float, re.split(r"[\s,]+", arguments)))
    tag = node.tag.rpartition("}")[2]
    if tag == "path":
        parse_path(node.get("d", ""), TransformPen(pen, inner))
    elif tag == "rect":
        x, y, width, height = (float(node.get(key, 0)) for key in ("x", "y", "width", "height"))
        parse_path(f"M{x} {y}v{height}h{width}v{-height}Z", TransformPen(pen, inner))
    elif tag not in ("g", "defs"):
        raise ValueError(f"<{tag}> cannot become an outline")
    for child in node:
        draw(child, pen, inner)


def svg(box: list[float], text: str) -> str:
    """A formula as an SVG of its own, with the ink's box for its size.

    Args:
        box: Left, top, width and height in the font's units; the formula starts at the left, its baseline is at 0.
        text: The text that draws the formula.
    """
    top, width, height = (f"{round(value * EM / UNITS, 3):g}" for value in box[1:])
    below = f"{round(-(box[1] + box[3]) * EM / UNITS, 3):g}"
    # Two places: the plain text starts where the formula does.
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}pt" height="{height}pt" '
        f'viewBox="0 {top} {width} {height}" style="vertical-align: {below}pt">'
        f'<text x="0 0" y="0" font-size="{EM}" font-family="{FAMILY}" fill="{COLOUR}">{escape(text)}</text></svg>\n'
    )


def main(drawings: Path) -> None:
    """Writes the SVGs beside this script and the font, as TTF and as WOFF2, beside the other fonts.

    Args:
        drawings: The folder with what make.mjs has drawn.
    """
    here = Path(__file__).parent
    formulas: dict[str, dict[str, str]] = json.loads((here / "formulas.json").read_text("utf-8"))
    letters = sorted({letter for formula in formulas.values() for letter in formula["text"]})
    characters = {ord(letter): f"u{ord(letter):04X}" for letter in letters}
    glyphs = {name: TTGlyphPen(None).glyph() for name in (".notdef", *characters.values())}
    widths = dict.fromkeys(glyphs, BLANK)
    for code, (name, formula) in enumerate(formulas.items(), FIRST):
        root = ElementTree.parse(drawings / f"{name}.svg").getroot()
        box = [float(value) for value in root.attrib["viewBox"].split()]
        pen = TTGlyphPen(None)
        for child in root:
            draw(child, pen, Identity.scale(1, -1))
        glyphs[name] = pen.glyph(dropImpliedOnCurves=True)
        widths[name] = round(box[2])
        characters[code] = name
        (here / f"{name}.svg").write_text(svg(box, chr(code) + formula["text"]), "utf-8")

    builder = FontBuilder(UNITS, isTTF=True)
    builder.updateHead(created=DATE, modified=DATE)
    builder.setupGlyphOrder(list(glyphs))
    builder.setupCharacterMap(characters)
    builder.setupGlyf(glyphs)
    builder.setupHorizontalMetrics({name: (width, glyphs[name].xMin) for name, width in widths.items()})
    top = max(glyph.yMax for glyph in glyphs.values())
    bottom = min(glyph.yMin for glyph in glyphs.values())
    builder.setupHorizontalHeader(ascent=top, descent=bottom)
    builder.setupNameTable(NAMES, mac=False)
    builder.setupOS2(sTypoAscender=top, sTypoDescender=bottom, usWinAscent=top, usWinDescent=-bottom, fsType=0)
    builder.setupPost(keepGlyphNames=False)
    target = here.parent / "fonts" / "QuadnetFormulas-Regular.ttf"
    builder.font.recalcTimestamp = False
    builder.save(target)
    compressed = TTFont(target, recalcTimestamp=False)
    compressed.flavor = "woff2"
    compressed.save(target.with_suffix(".woff2"))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python make_font.py FOLDER")
    main(Path(sys.argv[1]))
