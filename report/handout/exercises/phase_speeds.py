"""Which phase of the loss curve is the fastest, and which the slowest."""

from itertools import pairwise

from quadnet.lesson import Lesson

from ...words.language import Language
from ...words.phases import chapters, kind, story
from .exercise import Answer, Exercise, marking, worth

_MOST_PHASES = 12  # of which a table is worth reading


_LEAST_FALL = 0.01  # of a loss printed with four decimals, for its speed to be known to about 1 %


_RATIO = 0.02  # of a ratio of speeds, within which it is right


_ROUNDING = 1e-4  # of the difference of two losses as they are printed


def make(lesson: Lesson, language: Language) -> Exercise | None:
    """Makes the exercise of a run, or none if the run has no material for it."""
    _ = language.gettext
    phases = lesson.phases.phases
    borders = [(round(p.loss_start, 4), round(p.loss_end, 4)) for p in phases]
    lengths = [p.end - p.start for p in phases]
    speeds = [(a - b) / length for (a, b), length in zip(borders, lengths, strict=True)]
    order = sorted(range(len(phases) - 1), key=speeds.__getitem__)
    apart = [speeds[b] - speeds[a] > _ROUNDING * (1 / lengths[a] + 1 / lengths[b]) for a, b in pairwise(order)]
    if not (apart and apart[0] and apart[-1]) or len(phases) > _MOST_PHASES:
        return None
    slowest, fastest = order[0], order[-1]
    if borders[slowest][0] - borders[slowest][1] < _LEAST_FALL:
        return None
    ratio = speeds[fastest] / speeds[slowest]
    epochs = lesson.history.loss.size
    length = lengths[slowest]
    share = 100 * length / epochs
    facts = {
        "epochs": language.integer(epochs),
        "fastest": str(fastest + 1),
        "slowest": str(slowest + 1),
        "speed": language.significant(speeds[fastest], 3),
        "slow": language.significant(speeds[slowest], 3),
        "ratio": language.significant(ratio, 3),
        "share": f"{language.significant(share, 3)}{language.habits.percent}%",
        "length": language.integer(length),
        "within": language.percent(_RATIO, 0),
        "kinds": language.habits.semicolon.join(
            _("%(number)s %(kind)s: %(story)s")
            % {"number": each.number, "kind": kind(each, language), "story": story(each, language)}
            for each in chapters(lesson)
        ),
    }
    mistakes = [_("The phases are compared by how far the loss falls, not by how fast.")]
    if speeds[-1] < speeds[slowest]:
        mistakes.append(_("The last phase is taken for the slowest: nobody can tell from the run how it goes on."))
    head = (_("phase"), _("from epoch"), _("to epoch"), _("loss from"), _("loss to"))
    rows = tuple(
        (
            str(number),
            language.integer(phase.start),
            language.integer(phase.end),
            language.decimal(a, 4),
            language.decimal(b, 4),
        )
        for number, (phase, (a, b)) in enumerate(zip(phases, borders, strict=True), start=1)
    )
    marks = (
        (1, _("(a)")),
        (1, _("(b)")),
        (1, _("(c) within %(within)s of the value") % facts),
        (1, _("(d)")),
    )
    return Exercise(
        key="phase-speeds",
        title=_("Fast and slow"),
        points=worth(marks),
        question=(
            _(
                "The table gives the borders of the phases in the loss curve. The speed of a phase is the fall of its "
                "loss divided by the number of its epochs. Leave out the last phase, which the run cuts off."
            ),
            _("(a) Which phase is the fastest?"),
            _("(b) Which is the slowest?"),
            _("(c) How many times as fast as the slowest is the fastest?"),
            _("(d) What share of all %(epochs)s epochs is spent in the slowest?") % facts,
        ),
        given=(head, *rows),
        space=4,
        answers=(
            Answer(_("(a) fastest phase"), fastest + 1.0, 0.0, facts["fastest"]),
            Answer(_("(b) slowest phase"), slowest + 1.0, 0.0, facts["slowest"]),
            Answer(_("(c) ratio of the speeds"), ratio, _RATIO * ratio, facts["ratio"]),
            Answer(_("(d) share of the epochs, in per cent"), share, min(0.1, _RATIO * share), facts["share"]),
        ),
        solution=(
            _(
                "Phase %(fastest)s falls by %(speed)s an epoch, phase %(slowest)s by %(slow)s: %(ratio)s times as "
                "fast. Phase %(slowest)s takes %(length)s of %(epochs)s epochs, %(share)s."
            )
            % facts,
            _("What the phases are, by the program’s detector and by the network’s outputs: %(kinds)s.") % facts,
        ),
        marking=marking(marks, language),
        mistakes=tuple(mistakes),
    )
