"""Document → HTML → PDF. The only module that imports weasyprint, and that only when a PDF is asked for.

As a program (`python -m report.render`) it reads a page from standard input and writes its PDF to standard output; see
`report.press` for why printing has a process of its own.
"""

import base64
import logging
import re
import sys

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from report import assets
from report.document import Document, Figure
from report.figures.style import ROLES

FONTS = (
    ("Quadnet Serif", 400, "normal", "QuadnetSerif-Regular"),
    ("Quadnet Serif", 400, "italic", "QuadnetSerif-Italic"),
    ("Quadnet Serif", 600, "normal", "QuadnetSerif-SemiBold"),
    ("Quadnet Sans", 400, "normal", "QuadnetSans-Regular"),
    ("Quadnet Sans", 600, "normal", "QuadnetSans-SemiBold"),
    ("Quadnet Mono", 400, "normal", "QuadnetMono-Regular"),
)
EXIT_NO_PANGO = 3


def html(document: Document, medium: str, created: str) -> str:
    """The report as a page.

    Args:
        document: What to say and show.
        medium: `screen`, one self-contained file for browsers, or `print`, what `pdf` takes.
        created: Time to state in the page, ISO 8601 in UTC.
    """
    environment = Environment(
        loader=FileSystemLoader(assets.TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(document.language.translations, newstyle=True)  # type: ignore[attr-defined]  # from the i18n extension
    environment.filters.update(
        font=_font,
        stylesheet=lambda name: Markup(assets.text(f"style/{name}")),
        drawing=_drawing if medium == "screen" else _printed_drawing,
        formula=_formula if medium == "screen" else _printed_formula,
    )
    template = environment.get_template("report.html.j2")
    return template.render(document=document, medium=medium, created=created, fonts=FONTS if medium == "screen" else ())


def pdf(page: str) -> bytes:
    """The PDF of a page made for print.

    Raises:
        OSError: Pango, the library that sets the text, is not installed.
        ValueError: The page cannot be set without loss: a drawing, a glyph or an alternative text is missing.
    """
    import weasyprint
    from weasyprint.urls import URLFetcher

    # Drawing an SVG swallows exceptions, and a missing glyph is only logged: a warning is a fault of the page.
    problems: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: problems.append(record.getMessage())  # type: ignore[method-assign]  # the one method
    logger = logging.getLogger("weasyprint")
    logger.addHandler(handler)
    try:
        fetcher = URLFetcher(allowed_protocols={"data"}, allow_redirects=False, fail_on_errors=True)
        result = weasyprint.HTML(string=page, url_fetcher=fetcher).write_pdf(pdf_variant="pdf/ua-1")
    finally:
        logger.removeHandler(handler)
    if problems:
        raise ValueError(problems[0])
    return bytes(result or b"")


def _font(name: str) -> str:
    return _uri("font/woff2", assets.data(f"fonts/{name}.woff2"))


def _uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _drawing(figure: Figure) -> Markup:
    """An SVG in the page, whose colours follow the page's scheme."""
    return _inline(figure.svg, figure.alt, "img")


def _formula(name: str, spoken: str) -> Markup:
    return _inline(assets.text(f"formulas/{name}.svg"), spoken, "math")


def _inline(svg: str, alt: str, role: str) -> Markup:
    svg = re.sub("|".join(ROLES), lambda match: f"var({ROLES[match[0]]})", svg)
    # `fill="…"` takes no variable, `style="fill: …"` does.
    svg = re.sub(r'\bfill="(var\([^"]*\))"', r'style="fill: \1"', svg)
    return Markup(svg.strip().replace("<svg ", f'<svg role="{role}" aria-label="{escape(alt)}" ', 1))


def _printed_drawing(figure: Figure) -> Markup:
    return _image(figure.svg, figure.alt)


def _printed_formula(name: str, spoken: str) -> Markup:
    return _image(assets.text(f"formulas/{name}.svg"), spoken)


def _image(svg: str, alt: str) -> Markup:
    return Markup('<img alt="{}" src="{}">').format(alt, _uri("image/svg+xml", svg.encode()))


def main() -> None:
    """Standard input to standard output; one line on standard error and exit code 3 or 1 where that fails."""
    try:
        import weasyprint  # noqa: F401  # loading it takes longest, so before the page is there
    except OSError as error:
        sys.stdin.buffer.read()
        sys.stderr.write(f"{error}\n")
        sys.exit(EXIT_NO_PANGO)
    page = sys.stdin.buffer.read().decode()
    if not page:
        return
    try:
        sys.stdout.buffer.write(pdf(page))
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
