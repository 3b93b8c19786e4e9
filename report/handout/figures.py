"""The drawings of a handout, which say nothing that an exercise asks for."""

from functools import partial
from typing import TYPE_CHECKING

from quadnet.experiment import Course

from ..figures import curves, network_diagram, regions
from ..figures.figure import Figure, drawn
from ..words.language import Language

if TYPE_CHECKING:
    pass


_SHEET_PANEL, _SHEET_NETWORK = 60.0, 98.0  # beside each other on a handout


_MOST_NAMES = 5  # layers whose names find room there


def points(run: Course, language: Language) -> Figure:
    """The training points on white paper, without a word on how to divide them."""
    _ = language.gettext
    canvas = regions.canvas(run.dataset, _SHEET_PANEL)
    return drawn(
        "points",
        partial(regions.scale, canvas),
        _("Scatter plot of the training points: four classes, each around its centre."),
        _("The points by label: 0 ● 1 ■ 2 ▲ 3 ◆."),
        regions.behind(canvas, regions.blank(canvas, run.dataset.mixture.centres)),
    )


def shape(run: Course, language: Language) -> Figure:
    """The layers of the network, without its weights."""
    _ = language.gettext
    widths = run.config.network.widths
    hidden = [language.ngettext("%(count)s unit", "%(count)s units", n) % {"count": n} for n in widths[1:-1]]
    names = (_("2 inputs"), *hidden, _("4 outputs"))
    written = names if len(names) <= _MOST_NAMES else tuple(map(str, widths))
    return drawn(
        "shape",
        partial(network_diagram.shape, widths, written, _SHEET_NETWORK),
        _("Diagram of the network, layer by layer: %(layers)s; every unit is joined to all of the next layer.")
        % {"layers": language.habits.comma.join(names)},
        _("The network. Every line is a weight; every unit of a hidden layer and every output has a bias, too."),
    )


def numbered_curve(run: Course, language: Language) -> Figure:
    """The loss with its phases numbered, and nothing else said of them; for a curve of two values or more."""
    _ = language.gettext
    phases = run.phases.phases
    return drawn(
        "curve",
        partial(curves.numbered, run.history.loss, phases, _("epoch"), _("epoch, each phase stretched"), _("loss")),
        _("Loss curve with %(count)s numbered phases, whose borders are at epochs %(borders)s.")
        % {
            "count": len(phases),
            "borders": language.enumeration([language.integer(p.start) for p in phases[1:]]) or "–",
        },
        _("The loss of each epoch: as it is, and cut into numbered phases, each stretched to a scale of its own."),
    )
