"""What the phases of a run are called and what happened in them, in words made from the measured facts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR

from quadnet.config import CLASSES
from quadnet.evidence import NAMED, Snapshot, Split, separation
from quadnet.experiment import Observed
from quadnet.mixture import Partition
from quadnet.phases import Phase

from . import phase_names
from .language import Language

AT_ITS_LEVEL = 0.02  # a state is called settled while its loss is within this share of the best for its groups
CLEARLY = 0.1  # a change of accuracy or recall that is worth a word
_SWING = 1e-3  # of a loss that leaves the range between a phase's ends, as a share of it


@dataclass(frozen=True)
class Chapter:
    """A phase with what the network was before and after it.

    Attributes:
        number: From 1.
        phase: The phase.
        before: The network at the moment of the phase before, or at the start.
        snapshot: The network at the phase's own moment.
        loss: The loss at that moment.
        level: The lowest loss of a network that tells apart just the groups of that moment.
        splits: The groups of classes that came apart since the moment before.
        range: The lowest and the highest loss of the phase.
    """

    number: int
    phase: Phase
    before: Snapshot
    snapshot: Snapshot
    loss: float
    level: float
    splits: tuple[Split, ...]
    range: tuple[float, float]

    @property
    def steady(self) -> bool:
        """Whether the loss stays between those at the phase's ends, or next to them."""
        ends = self.phase.loss_start, self.phase.loss_end
        return self.range[0] >= min(ends) * (1 - _SWING) and self.range[1] <= max(ends) * (1 + _SWING)


def chapters(run: Observed) -> tuple[Chapter, ...]:
    """The phases of a run in order."""
    result = []
    levels: dict[Partition, float] = {}
    before = run.evidence.start
    for number, (phase, seen) in enumerate(zip(run.phases.phases, run.evidence.phases, strict=True), start=1):
        loss = float(run.history.loss[min(seen.epoch, run.history.loss.size - 1)])
        if seen.partition not in levels:
            levels[seen.partition] = run.dataset.mixture.level(seen.partition)
        splits = separation(before.partition, seen.partition, run.dataset.mixture.centres)
        within = extremes(run, phase)
        result.append(Chapter(number, phase, before, seen, loss, levels[seen.partition], splits, within))
        before = seen
    return tuple(result)


def extremes(run: Observed, phase: Phase) -> tuple[float, float]:
    """The lowest and the highest loss of a phase."""
    within = run.history.loss[phase.start : phase.end + 1]
    return float(within.min()), float(within.max())


def kind(chapter: Chapter, language: Language) -> str:
    """The phase's name where its place in the run says the rest: of an open plateau only that it is open."""
    phase = chapter.phase
    if phase.open and phase.kind == "plateau":
        return language.gettext("open")
    return phase_names.kind(phase, language)


def story(chapter: Chapter, language: Language) -> str:
    """The phase in about eight words."""
    return _descent(chapter, language) if chapter.phase.kind == "descent" else _plateau(chapter, language)


def _descent(chapter: Chapter, language: Language) -> str:
    _ = language.gettext
    before, after = chapter.before.partition, chapter.snapshot.partition
    if chapter.phase.loss_end > chapter.phase.loss_start:
        return _("The loss ends higher than it began")
    if len(after) == 1 and _beneath(chapter):
        return _("The classes move apart, but only faintly")
    if len(after) == 1 and chapter.loss > chapter.level * (1 + AT_ITS_LEVEL):
        return _("The outputs change alike for all classes")
    if len(after) == 1:
        return _("Every output moves to its class’s share")
    if len(after) == CLASSES and after == before and chapter.snapshot.accuracy > chapter.before.accuracy + CLEARLY:
        return _("The classes become clearly distinct")
    if after == before:
        return _("The groups stay the same, the loss falls")
    if len(after) < len(before):
        return _("Some classes fall together again")
    if len(after) == CLASSES and len(before) > 1:
        return _("The last groups come apart")
    if len(after) == CLASSES:
        return _("All four classes come apart")
    single = [str(group[0]) for group in after if len(group) == 1]
    merged = [group for group in after if len(group) > 1]
    if single:
        return language.ngettext(
            "%(single)s comes out; %(merged)s stay merged", "%(single)s come out; %(merged)s stay merged", len(single)
        ) % {"single": language.enumeration(single), "merged": _together(merged, language)}
    return _("Classes %(first)s part from %(second)s") % {
        "first": labels(merged[0], language),
        "second": labels(merged[1], language),
    }


def _plateau(chapter: Chapter, language: Language) -> str:
    _ = language.gettext
    groups = chapter.snapshot.partition
    if len(groups) == 1:
        if _beneath(chapter):
            return _("The classes differ, but only faintly")
        if chapter.loss <= chapter.level * (1 + AT_ITS_LEVEL) and not chapter.steady:
            return _("Every output swings about its class’s share")
        if chapter.loss <= chapter.level * (1 + AT_ITS_LEVEL):
            return _("Every output waits at its class’s share")
        return _("No class is told from another")
    if chapter.phase.open and chapter.splits:
        return _("Classes come apart; the loss falls slowly")
    if chapter.phase.open and chapter.phase.loss_end < chapter.phase.loss_start:
        return _("The loss falls slowly until the run ends")
    if chapter.phase.open:
        return _("The loss falls no further until the run ends")
    if len(groups) == CLASSES:
        if chapter.loss <= chapter.level * (1 + AT_ITS_LEVEL):
            return _("All four classes differ")
        return _("All four differ; the loss is above the best")
    if len(chapter.before.partition) > len(groups):
        return _("Some classes fall together again")
    merged = [group for group in groups if len(group) > 1]
    return _("Still merged: %(groups)s") % {"groups": _together(merged, language)}


def _beneath(chapter: Chapter) -> bool:
    """Whether the loss is clearly below the best for the groups, so that the outputs differ within them, too."""
    return chapter.loss < chapter.level * (1 - AT_ITS_LEVEL)


def _together(groups: Sequence[tuple[int, ...]], language: Language) -> str:
    """Groups whose classes are not told apart, such as `1 and 3`, or `0+1 and 2+3`."""
    if len(groups) == 1:
        return labels(groups[0], language)
    return language.enumeration(["+".join(map(str, group)) for group in groups])


def labels(group: tuple[int, ...], language: Language) -> str:
    """A group of classes, such as `0 and 3`."""
    return language.enumeration([str(c) for c in group])


def groups(partition: Partition) -> str:
    """A partition as digits and bars, such as `0 3 | 1 2`."""
    return " | ".join("\u202f".join(str(c) for c in group) for group in partition)


def reading(chapter: Chapter, language: Language, bends: int | None = None) -> str:
    """The phase's paragraph: what was measured, in whole sentences.

    Args:
        chapter: The phase.
        language: How to speak.
        bends: How many directions the loss bends down along at the end of the phase; None if that is not known.
    """
    return language.paragraph(_sentences(chapter, bends, language))


def _sentences(chapter: Chapter, bends: int | None, language: Language) -> Iterator[str]:
    _ = language.gettext
    phase, seen = chapter.phase, chapter.snapshot
    facts = {
        "start": language.integer(phase.start),
        "end": language.integer(phase.end),
        "length": language.integer(phase.end - phase.start),
        "first": language.significant(phase.loss_start),
        "last": language.significant(phase.loss_end),
        "epoch": language.integer(seen.epoch),
        "loss": language.significant(chapter.loss, 5),
        "level": language.significant(chapter.level, 5),
        "accuracy": language.percent(seen.accuracy),
        "classes": labels(seen.predicted, language),
        "groups": groups(seen.partition),
        "share": language.percent(float(seen.shares.max())),
        "contrast": language.significant(phase.contrast or 0.0, 2, ROUND_FLOOR),
        "ratio": language.significant(phase.contrast or 0.0, 2),
        "named": language.percent(NAMED, 0),
        "lowest": language.significant(chapter.range[0], rounding=ROUND_FLOOR),
        "highest": language.significant(chapter.range[1], rounding=ROUND_CEILING),
    }
    yield _("Between epochs %(start)s and %(end)s the loss goes from %(first)s to %(last)s.") % facts
    if not chapter.steady:
        yield _("On the way it lies between %(lowest)s and %(highest)s.") % facts
    elif phase.grade == "shoulder":
        yield (
            _(
                "At its flattest the curve is %(ratio)s times slower than in the slower descent beside it: a weak "
                "plateau, called a shoulder."
            )
            % facts
        )
    elif phase.grade == "plateau":
        yield (
            _("At its flattest the curve is at least %(contrast)s times slower than in the slower descent beside it.")
            % facts
        )
    if len(seen.predicted) == 1:
        yield (
            _("At epoch %(epoch)s class %(classes)s is predicted for %(share)s of the points; accuracy %(accuracy)s.")
            % facts
        )
    else:
        yield (
            _(
                "At epoch %(epoch)s classes %(classes)s are each predicted for %(named)s or more of the points; "
                "accuracy %(accuracy)s."
            )
            % facts
        )
    yield from _separation(chapter, language)
    yield from _recall(chapter, language)
    yield from _level(chapter, facts, language)
    yield from _outlook(chapter.phase, bends, language)


def _outlook(phase: Phase, bends: int | None, language: Language) -> Iterator[str]:
    """What the end of an open phase tells of what would follow."""
    _ = language.gettext
    if not phase.open:
        return
    if phase.loss_end > phase.loss_start:
        yield _("The run ends here, with a higher loss than at the start of the phase.")
    elif phase.kind == "descent":
        yield _("The run ends while the loss still falls fast.")
    elif bends is None:
        yield _("The run ends here; whether at a bottom or on one more plateau, a longer run would have to tell.")
    elif bends:
        yield (
            language.ngettext(
                "The run ends here, at no bottom yet: the loss still bends down along %(bends)s direction.",
                "The run ends here, at no bottom yet: the loss still bends down along %(bends)s directions.",
                bends,
            )
            % {"bends": bends}
        )
    else:
        yield _("The run ends here; the loss bends down along no direction, so this may be a bottom, or a flat place.")


def _separation(chapter: Chapter, language: Language) -> Iterator[str]:
    """What came apart, by where the classes lie."""
    _ = language.gettext
    sentences = {
        "left_right": _("Since epoch %(since)s left and right have come apart: %(parts)s."),
        "top_bottom": _("Since epoch %(since)s top and bottom have come apart: %(parts)s."),
        "diagonal": _("Since epoch %(since)s groups diagonal to each other have come apart: %(parts)s."),
        "one_from_rest": _("Since epoch %(since)s one class has come apart from the rest: %(parts)s."),
        "several": _("Since epoch %(since)s more than two groups have come apart: %(parts)s."),
    }
    for kind, sentence in sentences.items():
        parts = [groups(split.parts) for split in chapter.splits if split.kind == kind]
        if parts:
            since = language.integer(chapter.before.epoch)
            yield sentence % {"since": since, "parts": language.habits.semicolon.join(parts)}


def _recall(chapter: Chapter, language: Language) -> Iterator[str]:
    """Whose recall changed in a descent; nothing while the network only shifts one answer for all points."""
    _ = language.gettext
    before, after = chapter.before.recall, chapter.snapshot.recall
    if chapter.phase.kind != "descent" or len(chapter.snapshot.partition) == 1:
        return
    changes = {
        c: _("for class %(label)s from %(before)s to %(after)s")
        % {"label": c, "before": language.percent(float(before[c]), 0), "after": language.percent(float(after[c]), 0)}
        for c in range(CLASSES)
    }
    risen = [changes[c] for c in range(CLASSES) if after[c] > before[c] + CLEARLY]
    fallen = [changes[c] for c in range(CLASSES) if after[c] < before[c] - CLEARLY]
    facts = {
        "since": _("then")
        if chapter.splits
        else _("epoch %(epoch)s") % {"epoch": language.integer(chapter.before.epoch)},
        "risen": language.enumeration(risen),
        "fallen": language.enumeration(fallen),
    }
    if risen and fallen:
        yield _("Since %(since)s recall has risen %(risen)s; it has fallen %(fallen)s.") % facts
    elif risen:
        yield _("Since %(since)s recall has risen %(risen)s.") % facts
    elif fallen:
        yield _("Since %(since)s recall has fallen %(fallen)s.") % facts


def _level(chapter: Chapter, facts: dict[str, str], language: Language) -> Iterator[str]:
    _ = language.gettext
    if chapter.phase.kind == "descent":
        return
    facts = facts | {"within": language.percent(AT_ITS_LEVEL, 0)}
    alone = len(chapter.snapshot.partition) == 1
    if alone and _beneath(chapter):
        yield (
            _(
                "By their mean outputs the classes form one group, but the loss there, %(loss)s, is below the "
                "%(level)s of outputs that equal the class shares: the outputs do say something of the point."
            )
            % facts
        )
    elif alone and chapter.loss <= chapter.level * (1 + AT_ITS_LEVEL) and chapter.snapshot.informed:
        yield (
            _(
                "The mean outputs of all classes are alike and the loss there, %(loss)s, is to within %(within)s that "
                "of outputs which all equal the class shares, %(level)s; by the little in which the outputs differ "
                "from the shares they name more points rightly than one answer for all could."
            )
            % facts
        )
    elif alone and chapter.loss <= chapter.level * (1 + AT_ITS_LEVEL):
        yield (
            _(
                "The mean outputs of all classes are alike and the loss there, %(loss)s, is to within %(within)s that "
                "of outputs which all equal the class shares, %(level)s: the outputs say how frequent the classes are, "
                "and next to nothing of the point."
            )
            % facts
        )
    elif alone:
        yield (
            _(
                "The mean outputs of all classes are alike, but the loss there, %(loss)s, is above the %(level)s of "
                "outputs that equal the class shares."
            )
            % facts
        )
    elif len(chapter.snapshot.partition) < CLASSES and chapter.loss < chapter.level:
        yield (
            _(
                "By their mean outputs the classes form the groups %(groups)s. The loss there, %(loss)s, is already "
                "below the %(level)s that a network which tells just these groups apart can expect on fresh points: "
                "within the groups the outputs differ too, or they fit accidents of these points."
            )
            % facts
        )
    elif len(chapter.snapshot.partition) < CLASSES:
        yield (
            _(
                "By their mean outputs the classes form the groups %(groups)s. The loss there is %(loss)s; the best "
                "for a network that tells just these groups apart is %(level)s on average over fresh points."
            )
            % facts
        )
    elif chapter.phase.open or chapter.loss <= chapter.level * (1 + AT_ITS_LEVEL):
        yield (
            _(
                "The mean outputs of all four classes differ. The loss there is %(loss)s; Bayes-optimal outputs "
                "would have %(level)s on average over fresh points."
            )
            % facts
        )
    else:
        yield (
            _(
                "The mean outputs of all four classes differ already, but the loss there, %(loss)s, is above the "
                "%(level)s of Bayes-optimal outputs."
            )
            % facts
        )
