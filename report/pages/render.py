"""Document → HTML: one self-contained page for browsers, or the page that `report.pages.press` makes a PDF of.

The page for browsers states in a Content-Security-Policy that it asks nothing of anyone and runs no script but its own,
which it names by their SHA-256. Style attributes have no place in such a page: what the drawings have of them becomes
classes.
"""

import base64
import hashlib
import re
import unicodedata
from collections.abc import Collection, Sequence
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from .. import assets
from ..figures.figure import Figure
from ..figures.style import ROLES
from ..words.language import Language
from .view import Frame

_SERIF = (
    ("Quadnet Serif", 400, "normal", "QuadnetSerif-Regular"),
    ("Quadnet Serif", 400, "italic", "QuadnetSerif-Italic"),
    ("Quadnet Serif", 600, "normal", "QuadnetSerif-SemiBold"),
)
_SANS = (
    ("Quadnet Sans", 400, "normal", "QuadnetSans-Regular"),
    ("Quadnet Sans", 600, "normal", "QuadnetSans-SemiBold"),
    ("Quadnet Mono", 400, "normal", "QuadnetMono-Regular"),
    ("Quadnet Formulas", 400, "normal", "QuadnetFormulas-Regular"),
)
_HAN = (
    ("Quadnet Han", 400, "normal", "QuadnetHan-Regular"),
    ("Quadnet Han", 600, "normal", "QuadnetHan-SemiBold"),
)
FONTS = {"en": _SERIF + _SANS, "zh": _SANS + _HAN}  # of a page by its language: family, weight, slant, file


def html(document: Frame, medium: str, created: str) -> str:
    """The report as a page.

    Args:
        document: What to say and show.
        medium: `screen`, one self-contained file for browsers, or `print`, for the press,
            which knows the images as `asset:` and their file's name.
        created: Time to state in the page, ISO 8601 in UTC.
    """
    template = _environment(document.language).get_template(document.template)
    fonts = FONTS.get(document.language.code, FONTS["en"]) if medium == "screen" else ()
    return template.render(document=document, medium=medium, created=created, fonts=fonts, drawing_styles={})


def prepare(language: Language) -> None:
    """Compiles all templates, which takes longer than `html` then does; worth a call while something else runs."""
    environment = _environment(language)
    for name in environment.list_templates(extensions=["j2"]):
        environment.get_template(name)


@cache
def _environment(language: Language) -> Environment:
    """The templates of a language; it keeps what it has compiled."""
    environment = Environment(
        loader=FileSystemLoader(assets.TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(language.translations, newstyle=True)  # type: ignore[attr-defined]  # from the i18n extension
    environment.globals["habits"] = language.habits
    environment.filters.update(font=_font, stylesheet=_stylesheet, drawing=_drawing, formula=_formula, halves=_halves)
    environment.filters.update(scripts=_scripts, policy=_policy, directed=_directed)
    return environment


def _font(name: str) -> str:
    return _uri("font/woff2", assets.data(f"fonts/{name}.woff2"))


def _directed(text: str) -> Markup:
    """A user's words, which may be written from right to left, without an effect on the order of what is around."""
    leftwards = any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in text)
    return Markup("<bdi>{}</bdi>" if leftwards else "{}").format(text)


def _halves(toml: str) -> tuple[str, str]:
    """A configuration parted at the table nearest to its middle, so that print can set it side by side."""
    places = [match.end() for match in re.finditer("\n\n", toml)]
    middle = min(places, key=lambda place: abs(toml.count("\n", 0, place) - toml.count("\n") / 2), default=0)
    return toml[:middle], toml[middle:]


def _uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _stylesheet(name: str) -> Markup:
    return Markup(assets.text(f"style/{name}"))


def _scripts(names: Sequence[str]) -> Markup:
    return Markup("\n".join(['"use strict";', *(assets.text(f"script/{name}.js") for name in names)]))


def _policy(style: str, scripts: Collection[Sequence[str]]) -> str:
    """The Content-Security-Policy of a page with one style sheet and some scripts, each named by its SHA-256."""
    running = " ".join(_digest(_scripts(names)) for names in scripts)
    parts = ["default-src 'none'", f"style-src {_digest(style)}", "img-src data:", "font-src data:"]
    parts += [f"script-src {running}", "worker-src blob:"] if scripts else []
    return "; ".join([*parts, "base-uri 'none'", "form-action 'none'"])


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@pass_context
def _drawing(context: Context, figure: Figure) -> Markup:
    """A drawing in the page; on screen those that are SVG follow the page's colours."""
    if context["medium"] == "print":
        return _img(figure.alt, f"asset:{figure.file}")
    if figure.file.endswith(".svg"):
        return _inline(context, figure.content.decode(), figure.alt, "img")
    return _img(figure.alt, _uri("image/png", figure.content))


@pass_context
def _formula(context: Context, name: str, spoken: str) -> Markup:
    if context["medium"] == "print":
        return _img(spoken, f"asset:formulas/{name}.svg")
    return _inline(context, assets.text(f"formulas/{name}.svg"), spoken, "math")


def _img(alt: str, source: str) -> Markup:
    return Markup('<img alt="{}" src="{}">').format(alt, source)


def _inline(context: Context, svg: str, alt: str, role: str) -> Markup:
    svg = re.sub("|".join(ROLES), lambda match: f"var({ROLES[match[0]]})", svg)
    svg = re.sub(r"<style[^>]*>.*?</style>", "", svg, flags=re.DOTALL)  # stands in screen.css
    # `fill="…"` takes no variable, `fill: …` does.
    svg = re.sub(r'\bfill="(var\([^"]*\))"', r'style="fill: \1"', svg)
    styles: dict[str, str] = context["drawing_styles"]
    svg = re.sub(r'\bstyle="([^"]*)"', lambda match: f'class="{styles.setdefault(match[1], f"d{len(styles)}")}"', svg)
    return Markup(svg.strip().replace("<svg ", f'<svg role="{role}" aria-label="{escape(alt)}" ', 1))
