"""The drawings of a page that compares two runs."""

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from quadnet.phases import Phase

from ..figures import two_runs
from ..figures.figure import Figure, drawn
from ..words.language import Language

if TYPE_CHECKING:
    pass


def two_losses(runs: tuple[two_runs.Run, two_runs.Run], language: Language) -> Figure:
    """The losses of two runs that a page compares, with their plateaus.

    Args:
        runs: By the letters by which the page calls them.
        language: How to speak.
    """
    _ = language.gettext
    told = " ".join(
        _("%(run)s goes from %(first)s to %(last)s; plateaus: %(plateaus)s.")
        % {
            "run": run.name,
            "first": language.significant(float(run.loss[0])),
            "last": language.significant(float(run.loss[-1])),
            "plateaus": language.enumeration([_span(number, p, language) for number, p in run.plateaus.items()])
            or _("none"),
        }
        for run in runs
        if run.loss.size
    )
    missing = " ".join(
        _("The record of %(run)s holds no history, so it has no curve.") % {"run": run.name}
        for run in runs
        if not run.loss.size
    )
    caption = _(
        "The losses of A (solid) and B (dashed) over a logarithmic time axis. The bars below are their plateaus, those "
        "of A above those of B, with the numbers of the phases; a thin bar is a plateau that was not left."
    )
    first, second = runs
    alike = first.loss.size > 0 and np.array_equal(first.loss, second.loss)
    same = _("The two curves are the same.") if alike else ""
    return drawn(
        "losses",
        partial(two_runs.curves, runs, _("epoch + 1, logarithmic"), _("loss")),
        " ".join(filter(None, [_("Loss curves of two runs over a logarithmic time axis."), told, same, missing])),
        " ".join(filter(None, [caption, same, missing])),
    )


def _span(number: int, phase: Phase, language: Language) -> str:
    return language.gettext("phase %(number)s, epochs %(start)s to %(end)s") % {
        "number": number,
        "start": language.integer(phase.start),
        "end": language.integer(phase.end),
    }
