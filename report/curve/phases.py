"""The phases of a curve that comes from anywhere: as a table, as values, and as a drawing."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape, unescape

import numpy as np

from quadnet import files
from quadnet.errors import QuadnetError, one_line
from quadnet.phases import TOO_NOISY, Phase, detect, noise

from ..record import writing
from ..words.language import Language
from ..words.phase_names import kind
from . import file as curve_file
from .file import Curve

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MARK = b"<!-- drawn by quadnet phases, which may draw it anew -->\n"
_ANOTHER_FILE = "name another file with --plot"
_SHOWN = 100  # letters of a title that an error quotes
_COLUMNS = ("phase", "kind", "start", "end", "loss at start", "loss at end", "contrast")


@dataclass(frozen=True)
class Found:
    """A curve with its phases.

    Attributes:
        curve: The curve.
        status: What became of it, as in `quadnet.phases.Phases`, but by its own epochs.
        phases: Its phases, by row.
    """

    curve: Curve
    status: str
    phases: tuple[Phase, ...]

    def entries(self) -> list[dict[str, Any]]:
        """The phases as in a run's phases.json, by the curve's own epochs."""
        return [
            asdict(phase) | {"start": self._epoch(phase.start), "end": self._epoch(phase.end)} for phase in self.phases
        ]

    def table(self) -> str:
        """One aligned line for each phase below the names of the columns."""
        lines = [_COLUMNS]
        for number, (phase, entry) in enumerate(zip(self.phases, self.entries(), strict=True), start=1):
            contrast = "" if phase.contrast is None else f"{phase.contrast:.3g}"
            epochs = f"{entry['start']:.10g}", f"{entry['end']:.10g}"
            losses = f"{phase.loss_start:.6g}", f"{phase.loss_end:.6g}"
            lines.append((str(number), kind(phase, _ENGLISH), *epochs, *losses, contrast))
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(_aligned(line, widths) for line in lines)

    def warnings(self) -> list[str]:
        """What a reader of the phases should know, a line each."""
        found = [] if self.status == "ok" else [f"the curve is not sound: {self.status}"]
        if (self.curve.loss <= 0).any():
            found.append(
                "some losses are 0 or less; phases are those of ln(loss), so they count as the least positive number"
            )
        if (share := noise(self.curve.loss)) > TOO_NOISY:
            found.append(f"the losses are noisy, by {100 * share:.2g} % each; plateaus may be accidents of the noise")
        steps = np.diff(self.curve.epochs)
        if steps.max() > 1.01 * np.median(steps) or steps.min() < 0.99 * np.median(steps):
            found.append("the epochs are not evenly spaced; phases are found as if they were")
        return found

    def _epoch(self, row: int) -> int | float:
        epoch = float(self.curve.epochs[row])
        return int(epoch) if epoch.is_integer() else epoch


def find(path: Path) -> Found:
    """Finds the phases of the curve in a file, or of that on standard input for `-`.

    Raises:
        ConfigurationError: The file holds no curve.
    """
    curve = curve_file.read(path)
    phases = detect(curve.loss)
    found = Found(curve, phases.status, phases.phases)
    if phases.status.startswith("non-finite"):
        row = int(np.argmin(np.isfinite(curve.loss)))
        found = Found(curve, f"non-finite at epoch {found._epoch(row):.10g}", phases.phases)
    return found


def plot_beside(path: Path) -> Path:
    """Where the drawing of a file goes if nobody says: into the current folder."""
    return Path("phases.svg" if path == files.STANDARD_INPUT else f"{path.stem}-phases.svg")


def check_free(target: Path, path: Path, *, force: bool) -> None:
    """Makes sure that no file is lost to a drawing, least of all the curve's.

    Raises:
        QuadnetError: There is a file that is no drawing of this kind, and it is not to be replaced; or the drawing
            would lie in the folder of a run.
    """
    writing.check_free(target, _MARK, "drawing of phases", _ANOTHER_FILE, (path,), force=force)


def check_own(found: Found, path: Path, target: Path) -> None:
    """Makes sure that a drawing that nobody named takes the place of no other curve's.

    Args:
        found: The curve.
        path: The file that it was found in.
        target: A drawing of phases, if anything is there.

    Raises:
        QuadnetError: It was made of another file, or of another curve where no file is known.
    """
    try:
        there = target.read_bytes()
    except OSError:  # is not there, or writing will say why
        return
    named = re.search(b"<title>(.*?)</title>", there)
    name = unescape(named[1].decode(errors="replace")) if named else "another curve"
    if not _is_file(name, path) and there != _drawing(found):
        short = name if len(name) <= _SHOWN else f"…{name[-_SHOWN:]}"
        raise QuadnetError(f"{target}: is the drawing of {short}; {_ANOTHER_FILE}, or use --force")


def _is_file(name: str, path: Path) -> bool:
    """Whether a drawing's title names the file at a path, and that is one which has always the same curve."""
    with suppress(OSError, ValueError):
        return path.is_file() and (name == one_line(str(path)) or path.samefile(name))
    return False


def plot(found: Found, target: Path) -> None:
    """Draws the curve with its phases as an SVG that needs no fonts.

    Raises:
        QuadnetError: It cannot be written.
    """
    writing.replace(target, _drawing(found), _ANOTHER_FILE)


def _drawing(found: Found) -> bytes:
    from ..figures import style

    svg = style.draw("phases", partial(_figure, found, _ENGLISH))
    start = svg.index(b">") + 1
    title = f"\n<title>{escape(one_line(found.curve.name))}</title>".encode()
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + _MARK + svg[:start] + title + svg[start:]


def _figure(found: Found, language: Language) -> "Figure":
    import matplotlib

    from ..figures import curves, style

    _ = language.gettext
    words = curves.Texts(
        epoch=_("epoch"),
        stretched=_("epoch, at the borders of the phases; each phase is stretched to a scale of its own"),
        loss=_("loss"),
        kinds=[kind(phase, language) for phase in found.phases],
        stories=[_story(phase, language) for phase in found.phases],
    )
    finite = found.phases[-1].end + 1
    labels = [f"{entry['start']:.10g}" for entry in found.entries()] + [f"{found.entries()[-1]['end']:.10g}"]
    drawn = np.clip(found.curve.loss[:finite], -curve_file.LARGEST_NUMBER, curve_file.LARGEST_NUMBER)
    figure = curves.plain(found.curve.epochs[:finite], drawn, found.phases, labels, words)
    figure.set_facecolor(style.PAPER)  # whatever it is shown on
    matplotlib.rcParams["svg.fonttype"] = "path"  # the pages' font is not there elsewhere
    return figure


def _story(phase: Phase, language: Language) -> str:
    _ = language.gettext
    facts = {
        "first": language.significant(phase.loss_start),
        "last": language.significant(phase.loss_end),
        "contrast": language.significant(phase.contrast or 0.0, 2),
    }
    if phase.contrast is None:
        return _("loss %(first)s to %(last)s") % facts
    return _("loss %(first)s to %(last)s, contrast %(contrast)s") % facts


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    """The kind to the left, numbers to the right."""
    return "  ".join(
        cell.ljust(width) if column == 1 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ).rstrip()


_ENGLISH = Language.load("en")
