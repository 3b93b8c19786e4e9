"""Results → drawings with captions and with words for those who cannot see them."""

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from quadnet.anatomy import Anatomy
from quadnet.arrays import FloatArray, IntArray
from quadnet.config import CLASSES
from quadnet.dataset import Dataset
from quadnet.escape import Escape
from quadnet.experiment import Experiment
from quadnet.history import History
from quadnet.metrics import accuracy
from quadnet.network import Parameters, outputs
from quadnet.replicates import Replicates, Standing
from quadnet.standstill import WayOut

from ..figures import curves, network_diagram, other_seeds, regions, spectra, two_runs
from ..figures.figure import Figure, drawn
from ..words import course, settings
from ..words import other_seeds as seed_words
from ..words import phases as phase_words
from ..words.language import Language
from ..words.phases import Chapter

if TYPE_CHECKING:
    pass

_PANEL, _WIDE_PANEL = 40.0, 68.0  # millimetres
_FAR = 1000  # times the way that was measured


def data(run: Experiment, language: Language) -> Figure:
    """The training points over the regions of the Bayes rule."""
    _ = language.gettext
    canvas = regions.canvas(run.dataset, _WIDE_PANEL)
    picture = regions.panel(canvas, run.dataset.mixture.bayes_rule)
    return drawn(
        "data",
        partial(regions.scale, canvas),
        _("Scatter plot of the training points: four classes, each around its centre."),
        _(
            "The training points by their label, 0 ● 1 ■ 2 ▲ 3 ◆, over the regions in which the Bayes rule, the best "
            "of all classifiers, names each class. Points on a foreign region are those that it gets wrong."
        ),
        regions.behind(canvas, picture),
    )


def network(run: Experiment, language: Language) -> Figure:
    """The layers with the trained weights."""
    _ = language.gettext
    hidden = [
        language.ngettext("%(count)s sigmoid unit", "%(count)s sigmoid units", width) % {"count": width}
        for width in run.config.network.hidden
    ]
    names = (_("2 inputs"), *hidden, _("4 sigmoid outputs"))
    return drawn(
        "network",
        partial(network_diagram.network, run.history.final, names),
        _("Diagram of the network, layer by layer: %(layers)s; every unit is joined to all of the next layer.")
        % {"layers": language.habits.comma.join(names)},
        _(
            "The network after training. Lines are weights: the thicker the larger within its layer, dashed if "
            "negative. Biases are not drawn."
        ),
    )


def loss_curve(
    run: Experiment, chapters: Sequence[Chapter], levels: Sequence[curves.Level], language: Language
) -> Figure:
    """The main figure: the loss with its phases, and what the network did meanwhile."""
    _ = language.gettext
    names = [_("class %(label)s") % {"label": c} for c in range(CLASSES)]
    words = curves.Words(
        epoch=_("epoch"),
        stretched=_("epoch, at the borders of the phases; each phase is stretched to a scale of its own"),
        loss=_("loss"),
        shares=_("predicted"),
        recall=_("recall"),
        gradient=_("gradient"),
        classes=(names[0], names[1], names[2], names[3]),
        kinds=[phase_words.kind(chapter, language) for chapter in chapters],
        stories=[phase_words.story(chapter, language) for chapter in chapters],
    )
    finite = run.history.loss[np.isfinite(run.history.loss)]
    told = language.habits.semicolon.join(
        _("%(number)s %(kind)s, epochs %(start)s to %(end)s: %(story)s")
        % {
            "number": chapter.number,
            "kind": words.kinds[chapter.number - 1],
            "start": chapter.phase.start,
            "end": chapter.phase.end,
            "story": words.stories[chapter.number - 1],
        }
        for chapter in chapters
    )
    return drawn(
        "training",
        partial(curves.curve, finite, run.phases.phases, run.evidence.track, levels, words),
        _("Loss curve with its phases: %(phases)s.") % {"phases": told},
        _(
            "Top: the loss of each epoch, as it is. Below: the same with each phase stretched to a readable width; "
            "shaded phases are slow, dashed lines are the losses that theory singles out. Then, over the same axis, "
            "the share of points for which each class is predicted, the recall of each class (the share of its points "
            "that are named rightly), and the norm of the gradient."
        ),
    )


def inertia(run: Experiment, language: Language) -> Figure:
    """The run and its companion."""
    _ = language.gettext
    companion = run.companion
    runs = [
        two_runs.Run(
            settings.optimizer(training, language),
            loss[np.isfinite(loss)],
            dict(enumerate(phases.closed_plateaus, start=1)),
        )
        for training, loss, phases in (
            (run.config.training, run.history.loss, run.phases),
            (companion.training, companion.loss, companion.phases),
        )
    ]
    return drawn(
        "inertia",
        partial(two_runs.curves, runs, _("epoch + 1, logarithmic"), _("loss")),
        _(
            "Loss curves of two runs from the same start, %(main)s and %(other)s, over a logarithmic time axis. "
            "%(result)s"
        )
        % {"main": runs[0].name, "other": runs[1].name, "result": course.inertia(run, language)},
        _("Two runs from the same start. The bars below are the plateaus that were left again, numbered.")
        if any(one.plateaus for one in runs)
        else _("Two runs from the same start. Neither leaves a plateau."),
    )


def replicates(run: Experiment, others: Replicates, standings: Sequence[Standing], language: Language) -> Figure:
    """The run among those from other weight seeds."""
    _ = language.gettext
    names = (_("first plateau"), _("second plateau"), _("third plateau"))
    strips = [
        other_seeds.Strip(name, standing.length, standing.left, standing.staying)
        for name, standing in zip(names, standings, strict=False)
    ]
    loss = run.history.loss[: others.epochs]
    words = other_seeds.Words(
        epoch=_("epoch + 1, logarithmic"),
        loss=_("loss"),
        length=_("length of the plateau in epochs"),
        run=_("this run"),
        others=seed_words.other_seeds(len(others.runs), language),
    )
    caption = [
        _("This run (thick) and the same training from other weight seeds (thin), over a logarithmic time axis.")
    ]
    if strips:
        caption.append(
            _("Below, the lengths of the plateaus: a dot for each other seed and a diamond for this run.")
            if len(standings) == len(strips)
            else _(
                "Below, the lengths of the first three plateaus: a dot for each other seed and a diamond for this run."
            )
        )
    if any(strip.staying for strip in strips):
        caption.append(_("A tail to the right means that the run was cut off on its plateau."))
    return drawn(
        "replicates",
        partial(
            other_seeds.curves,
            loss[np.isfinite(loss)],
            [other.loss[np.isfinite(other.loss)] for other in others.runs],
            strips,
            words,
        ),
        _("Loss curves of this run and of %(others)s. %(result)s")
        % {"others": words.others, "result": seed_words.comparison(run, others, standings, language)},
        language.paragraph(caption),
    )


def panel_canvas(run: Experiment) -> regions.Canvas:
    """What all panels of a run share."""
    return regions.canvas(run.dataset, _PANEL)


def panels(run: Experiment, canvas: regions.Canvas, chapters: Sequence[Chapter], language: Language) -> list[Figure]:
    """The decision regions at the moment of each phase, and those of the trained network.

    Does without matplotlib, so that it can run beside the other drawings.
    """
    epochs = [*(chapter.snapshot.epoch for chapter in chapters), int(run.history.epochs[-1])]
    return [_panel(run, canvas, epoch, language) for epoch in epochs]


def _panel(run: Experiment, canvas: regions.Canvas, epoch: int, language: Language) -> Figure:
    _ = language.gettext
    rule = partial(_predict, run.history.at(epoch))
    key = f"regions-{epoch:0{len(str(run.config.training.epochs))}d}"
    facts = _facts(rule, run.dataset, epoch, language)
    return Figure(
        key,
        f"{key}.png",
        regions.png(regions.panel(canvas, rule)),
        _("Decision regions at epoch %(epoch)s; classes predicted: %(classes)s; accuracy %(accuracy)s.") % facts,
        _("Epoch %(epoch)s: %(accuracy)s right.") % facts,
    )


def _facts(rule: regions.Rule, dataset: Dataset, epoch: int, language: Language) -> dict[str, str]:
    """What a panel's words say of it."""
    predicted = rule(dataset.points)
    return {
        "epoch": language.integer(epoch),
        "accuracy": language.percent(accuracy(predicted, dataset.labels)),
        "classes": language.enumeration([str(c) for c in sorted(set(predicted.tolist()))]),
    }


def trained(side: str, dataset: Dataset, history: History, language: Language) -> Figure:
    """The decision regions of a trained network, with coordinates, for a page that compares two.

    Args:
        side: The letter by which the page calls the run.
        dataset: What it learnt.
        history: Its training.
        language: How to speak.
    """
    _ = language.gettext
    canvas = regions.canvas(dataset, _WIDE_PANEL)
    rule = partial(_predict, history.final)
    facts = _facts(rule, dataset, int(history.epochs[-1]), language) | {"side": side}
    return drawn(
        f"regions-{side.lower()}",
        partial(regions.scale, canvas),
        _(
            "Decision regions of %(side)s at epoch %(epoch)s under its training points: predicted classes %(classes)s, "
            "accuracy %(accuracy)s."
        )
        % facts,
        _("%(side)s at epoch %(epoch)s: %(accuracy)s of its training points right.") % facts,
        regions.behind(canvas, regions.panel(canvas, rule)),
    )


def spectrum(number: int, anatomy: Anatomy, largest: float, language: Language) -> Figure | None:
    """The eigenvalues at the start, the middle and the end of a phase; None where they are not known.

    Args:
        number: Of the phase.
        anatomy: Its start, middle and end.
        largest: The largest size of any eigenvalue on the page.
        language: How to speak.
    """
    _ = language.gettext
    names = (_("start"), _("middle"), _("end"))
    rows = []
    for name, look in zip(names, anatomy.looks, strict=True):
        if look.eigenvalues is None or look.signs is None:
            return None
        counts = f"{look.signs.negative} / {look.signs.zero} / {look.signs.positive}"
        rows.append(spectra.Spectrum(name + language.habits.colon + counts, look.eigenvalues))
    return drawn(
        f"spectrum-{number}",
        partial(spectra.spectra, rows, largest),
        _("Eigenvalues in phase %(number)s, how many are negative, zero and positive: %(list)s.")
        % {"number": number, "list": language.habits.semicolon.join(row.label for row in rows)},
        _("Eigenvalues, with the counts of negative / zero / positive ones."),
    )


def saddle(run: Experiment, found: Escape, way: WayOut, language: Language) -> Figure:
    """The saddle beside the prior plateau: the loss around it, and the training's way out."""
    _ = language.gettext
    training, loss = run.config.training, run.history.loss
    level = float(way.profile[len(way.profile) // 2])
    frozen = None
    if training.optimizer == "gradient_descent":
        faster = 1 + training.learning_rate * max(-found.least, 0.0)
        start, farthest = abs(float(way.path[0])), _FAR * float(np.abs(way.path).max())
        # Not NumPy's power, whose bits depend on the processor. The line ends before it squeezes the measured one flat.
        most = math.log(farthest / start) / math.log(faster) if start > 0 and faster > 1 else math.inf
        steps = (way.epochs - found.epoch).tolist()
        frozen = np.array([start * faster**step if step <= most else math.nan for step in steps])
    visit = spectra.Visit(
        steps=way.steps,
        profile=way.profile - level,
        curvature=found.least,
        epochs=way.epochs,
        path=way.path,
        loss=loss[np.minimum(way.epochs, loss.size - 1)] - level,
        frozen=frozen,
        end=found.measured,
        predicted=found.reduced,
    )
    words = spectra.Words(
        direction=_("distance along the steepest way down"),
        loss=_("loss, less that of the saddle"),
        epoch=_("epoch"),
        profile=_("the loss"),
        parabola=_("its bend at the saddle"),
        training=_("the training"),
        frozen=_("growth by the bend at the saddle"),
        end=_("end of the plateau"),
        predicted=_("end by the reduced flow"),
    )
    return drawn(
        "saddle",
        partial(spectra.saddle, visit, words),
        _(
            "Left: the loss along the direction of the least eigenvalue is highest at the saddle and falls to both "
            "sides. Right: the training’s distance from the saddle along it, on a logarithmic scale, up to the end of "
            "the plateau at epoch %(end)s."
        )
        % {"end": found.measured},
        _(
            "The saddle beside the plateau at the class shares. Left: the loss on a straight line through it, in the "
            "direction in which it bends down most, and the training, which is not bound to that line. Right: how far "
            "the training has gone in that direction, epoch by epoch; steady growth is a straight line here."
        ),
    )


def _predict(parameters: Parameters, points: FloatArray) -> IntArray:
    predicted: IntArray = outputs(parameters, points).argmax(axis=1)
    return predicted
