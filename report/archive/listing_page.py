"""The page of all runs in a folder: one file, which sorts and searches where scripts run and is a table where not."""

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from quadnet import __version__
from quadnet.config import assignment
from quadnet.errors import one_line
from quadnet.phases import Phase

from ..pages import render
from ..pages.publish import page_time
from ..pages.view import Frame
from ..pages.view import title as page_title
from ..record import writing
from ..words.language import Language
from . import listing
from .listing import Damaged, Item, Listing, Sheets, Sweep

_MARK = b"<!-- written by quadnet list, which may write it anew -->\n"
_START = b"<!DOCTYPE html>\n"
_WIDTH, _HEIGHT = 80, 20  # of a curve's drawing
_FIRST = 200  # lines that show at first where scripts run
_NONE = "–"


@dataclass(frozen=True)
class Line:
    """A line of the table.

    Attributes:
        title: Of the report; empty for what is damaged.
        name: Of the folder or zip.
        page: Where its title leads, a relative address, if it has a report.
        links: Names and addresses of its other files.
        cells: The texts of the columns between the curve and the links.
        curve: The points of its loss curve, as SVG has them; empty without one.
        problem: What is damaged, which then stands in place of the rest.
    """

    title: str
    name: str
    page: str = ""
    links: tuple[tuple[str, str], ...] = ()
    cells: tuple[str, ...] = ()
    curve: str = ""
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Gallery(Frame):
    """All that the page says and shows.

    Attributes:
        columns: The names of those that `Line.cells` fills.
        parts: What there is, a line each: those that the page shows at first, and the rest.
        count: How many lines, in words of the language.
    """

    template = "gallery.html.j2"

    columns: tuple[str, ...]
    parts: tuple[tuple[Line, ...], ...]
    count: str

    @property
    def scripts(self) -> Mapping[str, Sequence[str]]:
        """What sorts and searches."""
        return {"gallery": ("gallery",)}


def check_free(target: Path, *, force: bool) -> None:
    """Makes sure that no file is lost to a gallery.

    Raises:
        QuadnetError: There is a file that is none, and it is not to be replaced.
    """
    writing.check_free(target, _MARK, "gallery of runs", "name another file with --html", force=force)


def write(found: Listing, target: Path, environment: Mapping[str, str], language: Language) -> None:
    """Writes the page.

    Args:
        found: What it shows.
        target: The file. Its links lead from there to the runs.
        environment: Whose SOURCE_DATE_EPOCH the page states.
        language: How it speaks.

    Raises:
        QuadnetError: It cannot be written.
    """
    created = page_time(environment)
    base = Path(os.path.relpath(os.path.realpath(found.folder), Path(os.path.realpath(target)).parent)).as_posix()
    page = render.html(compose(found, base, language), "screen", created).encode()
    writing.replace(target, _START + _MARK + page.removeprefix(_START), "name another file with --html")


def compose(found: Listing, base: str, language: Language) -> Gallery:
    """Puts a folder's runs into words and small drawings.

    Args:
        found: The runs.
        base: The folder's relative path from where the page is, `.` if it is there.
        language: How to speak.
    """
    _ = language.gettext
    lines = tuple(_line(item, "" if base == "." else f"{base}/", language) for item in found.items)
    return Gallery(
        language=language,
        title=_("Runs in %(folder)s") % {"folder": one_line(found.folder.resolve().name or "/")},
        subtitle=_subtitle(found.items, language),
        version=__version__,
        columns=(
            _("kind"),
            _("seeds of data, weights"),
            _("hidden units"),
            _("epochs"),
            _("accuracy on fresh points"),
            _("best possible"),
            _("phases"),
            _("verdicts"),
            _("other settings"),
        ),
        parts=tuple(part for part in (lines[:_FIRST], lines[_FIRST:]) if part),
        count=language.integer(len(found.items)),
    )


def _subtitle(items: Sequence[Item], language: Language) -> str:
    counts = Counter(map(listing.kind, items))
    words = {
        "run": language.ngettext("%(count)s run", "%(count)s runs", counts["run"]),
        "sweep": language.ngettext("%(count)s sweep", "%(count)s sweeps", counts["sweep"]),
        "handout": language.ngettext("%(count)s handout", "%(count)s handouts", counts["handout"]),
        "class": language.ngettext("%(count)s class set", "%(count)s class sets", counts["class"]),
        "damaged": language.gettext("%(count)s damaged"),
    }
    shown = [kind for kind in words if counts[kind] or kind == "run"]
    return language.enumeration([words[kind] % {"count": language.integer(counts[kind])} for kind in shown])


def _line(item: Item, base: str, language: Language) -> Line:
    _ = language.gettext
    name = one_line(item.name)
    if isinstance(item, Damaged):
        return Line("", name, problem=item.problem)
    config = item.config
    addresses = {kind: quote(os.fsencode(base + path)) for kind, path in item.files.items()}
    page = addresses.pop("html", "")
    links = tuple((kind.upper() if kind in ("pdf", "zip") else kind, address) for kind, address in addresses.items())
    shape = " · ".join(map(str, config.network.hidden)) or _("none"), language.integer(config.training.epochs)
    settings = ", ".join(
        assignment(key, value) for key, value in listing.changed(config).items() if key != "report.title"
    )
    if isinstance(item, Sweep):
        runs = language.ngettext("%(count)s run", "%(count)s runs", item.runs) % {"count": language.integer(item.runs)}
        cells = (_("sweep"), runs, *shape, *[_NONE] * 4, settings)
        return Line(page_title(config, language), name, page, links, cells)
    seeds = f"{config.data.seed}, {config.network.seed}"
    if isinstance(item, Sheets):
        cells = (_("handout"), seeds, *shape, *[_NONE] * 4, settings)
        if item.students is not None:
            students = language.ngettext("%(count)s student", "%(count)s students", item.students)
            cells = (_("class set"), students % {"count": language.integer(item.students)}, *cells[2:])
        return Line(page_title(config, language), name, page, links, cells)
    phases = item.shown or _NONE
    cells = (
        _("run"),
        seeds,
        *shape,
        language.percent(item.metrics.accuracy_fresh, 2),
        language.percent(item.metrics.bayes_accuracy, 2),
        phases if item.status == "ok" else f"{phases} ({one_line(item.status)})",
        " · ".join(map(str, item.verdicts.values())),
        settings,
    )
    return Line(page_title(config, language), name, page, links, cells, _curve(item.phases))


def _curve(phases: Sequence[Phase]) -> str:
    """The loss at the borders of the phases, joined by straight lines, from 0 at the lower edge."""
    if not phases:
        return ""
    corners = [(phase.start, phase.loss_start) for phase in phases] + [(phases[-1].end, phases[-1].loss_end)]
    last = max(1, max(epoch for epoch, _ in corners))
    most = max(loss for _, loss in corners)
    return " ".join(_points(corners, last, most if most > 0 else 1.0))


def _points(corners: Iterable[tuple[int, float]], last: int, most: float) -> Iterable[str]:
    for epoch, loss in corners:
        yield f"{_WIDTH * max(0, epoch) / last:.3g},{_HEIGHT * (1 - max(0.0, loss) / most):.3g}"
