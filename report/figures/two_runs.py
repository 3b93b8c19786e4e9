"""Two runs from the same start: their losses, and how long each stays on its plateaus."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from quadnet.arrays import FloatArray
from quadnet.phases import Phase

from . import style

_NAME = 22  # letters of a line beside the curves


@dataclass(frozen=True)
class Run:
    """One of the curves: its name, its finite losses and its plateaus by the number that they are marked with."""

    name: str
    loss: FloatArray
    plateaus: Mapping[int, Phase]


def curves(runs: Sequence[Run], epoch: str, loss: str) -> Figure:
    """Both curves over a logarithmic time axis, their plateaus as bars below, thin for those that stay open.

    Args:
        runs: The main run first.
        epoch: Name of the time axis.
        loss: Name of the loss axis.
    """
    figure = style.canvas(170, 76)
    upper = style.place(figure, 13, 27, 112, 46)
    lower = style.place(figure, 13, 11, 112, 14)
    looks = [(style.INK, "-"), (style.ACCENT, (0, (5, 2)))]
    longest = max(run.loss.size for run in runs)
    for row, (run, (colour, line)) in enumerate(zip(runs, looks, strict=True)):
        name = style.wrap(run.name, _NAME)
        if run.loss.size:
            shown = np.unique(np.geomspace(1, run.loss.size, 500).astype(np.int64))
            mark = "o" if shown.size == 1 else ""  # a single epoch makes no line
            upper.plot(shown, run.loss[shown - 1], marker=mark, color=colour, linestyle=line, label=name)
        for number, phase in run.plateaus.items():
            ends, width = [phase.start + 1, phase.end + 1], 2 if phase.open else 5
            lower.plot(ends, [-row, -row], color=colour, linewidth=width, solid_capstyle="butt")
            lower.text(phase.start + 1, -row + 0.32, str(number), size=7, color=colour, ha="left", va="bottom")
    for axes in (upper, lower):
        axes.set(xscale="log", xlim=(1, max(longest, 2)))
        style.decades(axes.xaxis)
    upper.set_xticklabels([])
    upper.set_ylabel(loss)
    top = max((float(run.loss.max()) for run in runs if run.loss.size), default=1.0)
    first = max((float(run.loss[0]) for run in runs if run.loss.size), default=1.0)
    style.loss_scale(upper, first, top)
    if upper.lines:
        upper.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, handlelength=2.6)
    lower.set(ylim=(-len(runs) + 0.4, 0.9), yticks=[])
    lower.spines["left"].set_visible(False)
    lower.set_xlabel(epoch, labelpad=2)
    return figure
