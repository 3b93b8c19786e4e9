"""The exercises of a handout, each with its answers, all computed from the run.

`exercises` gives those that a run has material for, easiest first. A student's page is made of `question_only`, so
nothing of an answer can get into it. Answers with a number are right within `tolerance` of `value`; those without one
are text. Numbers that a question gives are rounded, and answers are computed from them as they stand on paper wherever
that matters.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from unicodedata import east_asian_width

from quadnet.claims import BEYOND_STEP, BLIND
from quadnet.config import CLASSES
from quadnet.evidence import MERGED
from quadnet.exercises import PLACES, Lesson, groups
from quadnet.mixture import Partition, merged_level

from ..words.language import Language, subscript
from ..words.phases import chapters, kind, story

_MOST_PHASES = 12  # of which a table is worth reading
_LEAST_FALL = 0.01  # of a loss printed with four decimals, for its speed to be known to about 1 %
_RATIO = 0.02  # of a ratio of speeds, within which it is right
_HALF_LINE = 56  # of a handout, in Latin letters
_HAN_WIDTH = 2.4  # of a Chinese character or a full-width comma, in Latin letters
_ROUNDING = 1e-4  # of the difference of two losses as they are printed


@dataclass(frozen=True)
class Answer:
    """What one part of an exercise asks for.

    Attributes:
        label: What is asked, such as `loss L`; says nothing of the answer.
        value: The answer, a number or a text.
        tolerance: How far a numeric answer may be off, absolute; None for texts.
        text: The answer as the page prints it, with its unit.
    """

    label: str
    value: float | str
    tolerance: float | None
    text: str


@dataclass(frozen=True)
class Exercise:
    """An exercise with all that is known of it.

    Attributes:
        key: Stable name.
        title: Its heading.
        points: What it is worth.
        question: Paragraphs, with the numbers that are given.
        given: A small table, the first row its head; empty without one.
        space: Lines of room to write.
        answers: What is asked for, in the order of the question.
        solution: The way there, in paragraphs.
        marking: What earns points.
        mistakes: What often goes wrong.
    """

    key: str
    title: str
    points: int
    question: tuple[str, ...]
    given: tuple[tuple[str, ...], ...]
    space: int
    answers: tuple[Answer, ...]
    solution: tuple[str, ...]
    marking: tuple[str, ...]
    mistakes: tuple[str, ...]

    @property
    def parts(self) -> tuple[str, ...]:
        """The paragraphs of the question that ask for something: those that start with a letter in parentheses.

        A translation keeps it: `(a)`.
        """
        return tuple(paragraph for paragraph in self.question if paragraph.startswith("("))

    @property
    def short(self) -> bool:
        """Whether two of the parts stand beside each other in a line."""
        return not self.given and max(map(_width, self.parts), default=0) < _HALF_LINE

    @property
    def question_only(self) -> "Exercise":
        """The exercise as a student sees it."""
        return replace(self, answers=(), solution=(), marking=(), mistakes=())


def exercises(lesson: Lesson, language: Language) -> tuple[Exercise, ...]:
    """The exercises for which a run has material, easiest first.

    Args:
        lesson: The numbers.
        language: How to speak.
    """
    makers: tuple[Callable[[Lesson, Language], Exercise | None], ...] = (
        _parameters,
        _blind_start,
        _prior_level,
        _speeds,
        _parting,
        _back_propagation,
        _accuracy,
        _bayes_rule,
        _inertia,
    )
    made = (make(lesson, language) for make in makers)
    return tuple(exercise for exercise in made if exercise is not None)


def _width(text: str) -> float:
    """How wide a text is, in Latin letters."""
    return sum(_HAN_WIDTH if east_asian_width(letter) in "FW" else 1 for letter in text)


def _worth(marks: Sequence[tuple[int, str]]) -> int:
    return sum(points for points, _ in marks)


def _marking(marks: Sequence[tuple[int, str]], language: Language) -> tuple[str, ...]:
    """What earns how many points, in words."""
    return tuple(
        language.ngettext("%(count)s point: %(what)s.", "%(count)s points: %(what)s.", points)
        % {"count": points, "what": what}
        for points, what in marks
    )


def _parameters(lesson: Lesson, language: Language) -> Exercise:
    _ = language.gettext
    pairs = tuple(pairwise(lesson.config.network.widths))
    count = sum((below + 1) * units for below, units in pairs)
    facts = {
        "shape": "-".join(map(str, lesson.config.network.widths)),
        "count": language.integer(count),
        "sum": " + ".join(f"({below} + 1)·{units}" for below, units in pairs),
        "without": language.integer(sum(below * units for below, units in pairs)),
    }
    marks = (
        (1, _("the weights")),
        (1, _("the biases and the sum")),
    )
    return Exercise(
        key="parameters",
        title=_("How much there is to learn"),
        points=_worth(marks),
        question=(
            _("How many parameters, weights and biases together, has the %(shape)s network? Count layer by layer.")
            % facts,
        ),
        given=(),
        space=2,
        answers=(Answer(_("parameters"), float(count), 0.0, facts["count"]),),
        solution=(
            _("Each unit has a weight for every unit of the layer before and one bias: %(sum)s = %(count)s.") % facts,
        ),
        marking=_marking(marks, language),
        mistakes=(_("The biases are left out: %(without)s.") % facts,),
    )


def _blind_start(lesson: Lesson, language: Language) -> Exercise:
    _ = language.gettext
    loss = CLASSES * math.log(2)
    facts = {
        "classes": str(CLASSES),
        "ln2": language.decimal(math.log(2), 5),
        "loss": language.decimal(loss, 4),
        "measured": language.decimal(float(lesson.history.loss[0]), 4),
        "one_hot": language.decimal(2 * math.log(2), 4),
    }
    start = _("The run itself starts at %(measured)s.")
    if abs(lesson.history.loss[0] / loss - 1) > BLIND:
        start = _("The run itself starts at %(measured)s: its weights are not close to 0.")
    marks = (
        (1, _("(a) ln 2 as the cost of one output")),
        (1, _("(a) the sum over the outputs")),
        (1, _("(b) the terms for the labels 0 and 1 are equal")),
    )
    return Exercise(
        key="blind-start",
        title=_("A blind start"),
        points=_worth(marks),
        question=(
            _(
                "With weights and biases close to 0 every output is close to ½, whatever the point. Suppose it is "
                "exactly ½."
            ),
            _("(a) Compute the loss L by hand, with ln 2 = %(ln2)s.") % facts,
            _("(b) Why do the labels not matter for it?"),
        ),
        given=(),
        space=3,
        answers=(Answer(_("(a) loss L"), loss, 0.001, facts["loss"]),),
        solution=(
            _(
                "(a) An output of ½ costs −ln ½ = ln 2 if its label is 1, and −ln(1 − ½) = ln 2 if it is 0. So every "
                "point costs %(classes)s ln 2 = %(loss)s, and so does their mean. (b) Both terms are equal, so it does "
                "not matter which output has the 1."
            )
            % facts,
            start % facts,
        ),
        marking=_marking(marks, language),
        mistakes=(
            _("Only the output of the true class is counted, which gives ln 2."),
            _("The outputs are taken as ¼, as if they had to sum to 1; they are separate sigmoids."),
        ),
    )


def _prior_level(lesson: Lesson, language: Language) -> Exercise:
    _ = language.gettext
    shares = lesson.dataset.mixture.shares.tolist()
    counts = lesson.config.data.counts
    level = merged_level(lesson.dataset.mixture.shares)
    even = len(set(counts)) == 1
    printed = [language.decimal(share, 3) for share in shares]
    facts = {
        "counts": language.enumeration([language.integer(count) for count in counts]),
        "all": language.integer(sum(counts)),
        "level": language.decimal(level, 4),
        "shares": printed[0] if even else language.enumeration(printed),
        "half": language.decimal(CLASSES * math.log(2), 4),
        "phase": "" if lesson.prior is None else str(lesson.prior + 1),
        "softmax": language.decimal(-sum(share * math.log(share) for share in shares), 4),
    }
    later = _(
        "A little later the outputs still do not look at the point, but they are no longer ½: for every point they are "
        "the same four numbers p₀, p₁, p₂, p₃. Classes 0 to 3 have %(counts)s points."
    )
    supposed = _(
        "Suppose that the outputs do not look at the point and need not be ½: for every point they are the same four "
        "numbers p₀, p₁, p₂, p₃. Classes 0 to 3 have %(counts)s points."
    )
    question = [
        (supposed if lesson.prior is None else later) % facts,
        _("(a) Which numbers make the loss smallest? Set its derivative with respect to each of them to 0."),
        _("(b) How large is the loss then?"),
    ]
    solution = [
        _(
            "(a) Let π be the share of a class and p its output. That output costs −π ln p − (1 − π) ln(1 − p) on "
            "average; the derivative −π/p + (1 − π)/(1 − p) is 0 at p = π. So the outputs are the class shares: "
            "%(shares)s."
        )
        % facts,
        _("(b) The sum of the four entropies −π ln π − (1 − π) ln(1 − π) is %(level)s.") % facts,
    ]
    marks = [
        (2, _("(a) the derivative, and the class shares as its zero")),
        (2, _("(b) both terms of the entropy, and the sum over the outputs")),
    ]
    answers = [
        Answer(_("(a) p%(k)s") % {"k": subscript(k)}, shares[k], 0.001, printed[k])
        for k in range(1 if even else CLASSES)
    ]
    answers.append(Answer(_("(b) loss"), level, 0.001, facts["level"]))
    if lesson.prior is not None:
        question.append(_("(c) Which phase of the loss curve lies at this level?"))
        answers.append(Answer(_("(c) number of the phase"), lesson.prior + 1.0, 0.0, facts["phase"]))
        solution.append(
            _(
                "(c) Phase %(phase)s. So in the first drop of the loss the network learns how frequent the classes "
                "are, not where they lie."
            )
            % facts
        )
        marks.append((1, _("(c)")))
    return Exercise(
        key="prior-level",
        title=_("What the outputs can know without looking"),
        points=_worth(marks),
        question=tuple(question),
        given=(),
        space=6,
        answers=tuple(answers),
        solution=tuple(solution),
        marking=_marking(marks, language),
        mistakes=(
            _("The term (1 − π) ln(1 − π) is forgotten, which gives %(softmax)s.") % facts,
            _("It is thought that the network must call all points one class; the outputs only say the shares."),
        ),
    )


def _speeds(lesson: Lesson, language: Language) -> Exercise | None:
    """How fast the loss falls in each phase, from the numbers as they are printed."""
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
        points=_worth(marks),
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
        marking=_marking(marks, language),
        mistakes=tuple(mistakes),
    )


def _parting(lesson: Lesson, language: Language) -> Exercise | None:
    _ = language.gettext
    look = lesson.parting
    if look is None:
        return None
    rows = look.means.tolist()
    found = groups(rows)
    alone = [group[0] for group in found if len(group) == 1]
    facts = {
        "epoch": language.integer(look.epoch),
        "least": language.decimal(MERGED, PLACES),
        "groups": _set_text(found),
    }
    if sorted(map(len, found)) == [1, CLASSES - 1]:
        comment = _(
            "(b) Here it is so: class %(one)s alone is told apart from the other three, which are still one group."
        ) % {"one": alone[0]}
    elif alone:
        comment = _(
            "(b) This table cannot tell: at its moment %(count)s classes, %(list)s, are each unlike all others, and "
            "which of them came first it does not show."
        ) % {"count": len(alone), "list": language.enumeration([str(c) for c in alone])}
    else:
        comment = _("(b) No: the classes come apart in pairs; at this moment none is told apart from all others.")
    marks = (
        (2, _("(a), or half of them if a single pair is judged wrongly")),
        (2, _("(b) with a reason from (a)")),
    )
    return Exercise(
        key="which-part",
        title=_("Which classes part first"),
        points=_worth(marks),
        question=(
            _(
                "The table gives the mean outputs for the points of each class after %(epoch)s epochs. Two classes are "
                "alike if their rows differ by less than %(least)s in every column. Classes that are alike, or that "
                "are both like a third, form a group; a class that is like no other is a group of its own."
            )
            % facts,
            _("(a) Which groups are there?"),
            _("(b) It is often said that such a network learns one class after another. Is that so here?"),
        ),
        given=(
            (_("class"), *(_("output %(k)s") % {"k": k} for k in range(CLASSES))),
            *((str(c), *(language.decimal(v, PLACES) for v in row)) for c, row in enumerate(rows)),
        ),
        space=4,
        answers=(Answer(_("(a) groups"), facts["groups"], None, facts["groups"]),),
        solution=(_("(a) The groups are %(groups)s.") % facts, comment),
        marking=_marking(marks, language),
        mistakes=(
            _("Columns are compared instead of rows."),
            _("The largest output of each row is read as the answer, although rows may differ elsewhere."),
        ),
    )


def _set_text(partition: Partition) -> str:
    """Groups such as {0, 2} {1} {3}."""
    return " ".join("{" + ", ".join(map(str, group)) + "}" for group in partition)


def _back_propagation(lesson: Lesson, language: Language) -> Exercise:
    _ = language.gettext
    drill = lesson.drill
    hidden = drill.hidden
    (x1, x2), (w1, w2) = hidden.inputs, hidden.weights

    def four(value: float) -> str:
        return language.decimal(value, 4)

    facts = {
        "x1": _short(x1, language),
        "x2": _short(x2, language),
        "w1": _short(w1, language),
        "w2": _short(w2, language),
        "b": _short(hidden.bias, language),
        "v": _short(drill.weight, language),
        "c": _short(drill.bias, language),
        "y": str(drill.target),
        "rate": f"{drill.rate:g}",
        "z1": four(hidden.sum),
        "h": four(hidden.activation),
        "z2": four(drill.sum),
        "o": four(drill.output),
        "loss": four(drill.loss),
        "delta_o": four(drill.delta_output),
        "delta_h": four(drill.delta_hidden),
        "slope_v": four(drill.slope_output),
        "slope_w": four(drill.slope_hidden),
        "v_after": four(drill.weight_after),
        "w_after": four(drill.hidden_weight_after),
    }
    steps = (
        (_("(a) hidden value h"), hidden.activation),
        (_("(b) output o"), drill.output),
        (_("(c) loss L"), drill.loss),
        (_("(d) ∂L/∂v"), drill.slope_output),
        (_("(e) ∂L/∂w₁"), drill.slope_hidden),
        (_("(f) new v"), drill.weight_after),
        (_("(f) new w₁"), drill.hidden_weight_after),
    )
    marks = (
        (1, _("(a)")),
        (1, _("(b)")),
        (1, _("(c)")),
        (2, _("(d)")),
        (2, _("(e)")),
        (1, _("(f)")),
    )
    return Exercise(
        key="back-propagation",
        title=_("One step of back-propagation"),
        points=_worth(marks),
        question=(
            _(
                "A network of one hidden unit, h = σ(w₁x₁ + w₂x₂ + b), and one output, o = σ(vh + c), is to find "
                "class 0. It is shown the single point x = (%(x1)s; %(x2)s) with the label y = %(y)s. Now "
                "w₁ = %(w1)s, w₂ = %(w2)s, b = %(b)s, v = %(v)s, c = %(c)s, and the learning rate is α = %(rate)s. "
                "Compute, to four decimals,"
            )
            % facts,
            _("(a) the hidden value h,"),
            _("(b) the output o,"),
            _("(c) the loss L = −y ln o − (1 − y) ln(1 − o),"),
            _("(d) the slope ∂L/∂v,"),
            _("(e) the slope ∂L/∂w₁, and"),
            _("(f) v and w₁ after one step of gradient descent."),
        ),
        given=(),
        space=9,
        answers=tuple(Answer(label, value, 0.001, four(value)) for label, value in steps),
        solution=(
            _("Forward: h = σ(%(z1)s) = %(h)s, o = σ(%(z2)s) = %(o)s, L = %(loss)s.") % facts,
            _(
                "Backward: δ = o − y = %(delta_o)s, so ∂L/∂v = δh = %(slope_v)s. For the hidden unit "
                "δ′ = δ·v·h(1 − h) = %(delta_h)s, so ∂L/∂w₁ = δ′x₁ = %(slope_w)s."
            )
            % facts,
            _("Step: v becomes %(v_after)s, w₁ becomes %(w_after)s.") % facts,
        ),
        marking=(
            *_marking(marks, language),
            _("An error is counted once: what follows from it rightly gets its points."),
        ),
        mistakes=(
            _("The factor h(1 − h) is forgotten in δ′, or o(1 − o) is put into δ, where the loss has cancelled it."),
            _("The new v is used for δ′ already; all slopes belong to the old parameters."),
            _("The step goes uphill: + α instead of − α."),
        ),
    )


def _accuracy(lesson: Lesson, language: Language) -> Exercise:
    _ = language.gettext
    matrix = lesson.final.confusion.tolist()
    samples = sum(map(sum, matrix))
    right = sum(matrix[c][c] for c in range(CLASSES))
    facts = {
        "samples": language.integer(samples),
        "right": language.integer(right),
        "accuracy": language.decimal(right / samples, 4),
        "diagonal": " + ".join(str(matrix[c][c]) for c in range(CLASSES)),
    }
    marks = (
        (1, _("(a)")),
        (1, _("(b)")),
        (2, _("(c) the labels are missing, and where they belong")),
    )
    return Exercise(
        key="accuracy",
        title=_("An accuracy that is always the same"),
        points=_worth(marks),
        question=(
            _(
                "The table counts the %(samples)s training points by label and by the class that the trained network "
                "names."
            )
            % facts,
            _("(a) Compute the accuracy."),
            _(
                "(b) A program computes the accuracy as the share of points for which “argmax A equals argmax A”, "
                "where argmax A is the class of the largest output. What does it print for a network that has not been "
                "trained at all?"
            ),
            _("(c) What is wrong, and what should be compared?"),
        ),
        given=(
            (_("label"), *(_("named %(k)s") % {"k": k} for k in range(CLASSES))),
            *((str(c), *map(language.integer, row)) for c, row in enumerate(matrix)),
        ),
        space=4,
        answers=(
            Answer(_("(a) accuracy"), right / samples, 0.0006, facts["accuracy"]),
            Answer(_("(b) what it prints"), 1.0, 0.0, language.decimal(1.0, 1)),
        ),
        solution=(
            _("(a) On the diagonal stand those named rightly: (%(diagonal)s) / %(samples)s = %(accuracy)s.") % facts,
            _(
                "(b) 1, for any network and any labels. (c) It compares the prediction with itself and never looks at "
                "the labels; argmax A must be compared with y."
            ),
        ),
        marking=_marking(marks, language),
        mistakes=(_("The formula is believed because it looks like a comparison: try it on random labels."),),
    )


def _bayes_rule(lesson: Lesson, language: Language) -> Exercise | None:
    _ = language.gettext
    known = lesson.right_coordinate
    if known is None:
        return None
    z, exact = known
    right = round(exact, 4)  # as it stands on paper
    best = right * right
    reached = lesson.final.accuracy
    facts = {
        "a": f"{lesson.config.data.centres[0][0]:g}",
        "s": f"{lesson.config.data.spread:g}",
        "phi": language.decimal(right, 4),
        "z": f"{z:.4g}",
        "best": language.decimal(best, 4),
        "reached": language.decimal(reached, 4),
        "twice": language.decimal(2 * right - 1, 4),
    }
    if reached > best:
        comment = _(
            "(b) The network has %(reached)s, more than the best can expect. %(best)s is an expectation, and a sample "
            "can lie above it: the draw is a lucky one, or the network has fitted its accidents. Many fresh points "
            "tell."
        )
        sample = _("(b) a sample is not an expectation")
    else:
        comment = _("(b) The network has %(reached)s, so it stays below the best that can be expected.")
        sample = _("(b) both figures, and which is the larger")
    marks = (
        (2, _("(a) the square of the given probability")),
        (2, sample),
    )
    return Exercise(
        key="bayes-rule",
        title=_("The best that is possible"),
        points=_worth(marks),
        question=(
            _(
                "The best rule names the quadrant in which a point lies. Each coordinate of a point is normal around "
                "±%(a)s with standard deviation %(s)s, independent of the other, so it has the sign of its centre with "
                "probability Φ(%(a)s/%(s)s) = Φ(%(z)s) = %(phi)s."
            )
            % facts,
            _("(a) With what probability is the best rule right?"),
            _("(b) Compare this with the accuracy of the trained network. How do the two go together?"),
        ),
        given=(),
        space=4,
        answers=(Answer(_("(a) probability"), best, min(0.0005, (1 - right) * (1 - right) / 2), facts["best"]),),
        solution=(_("(a) Both signs must be right: %(phi)s² = %(best)s.") % facts, comment % facts),
        marking=_marking(marks, language),
        mistakes=(_("The errors are added, 1 − 2(1 − %(phi)s) = %(twice)s, which counts some points twice.") % facts,),
    )


def _inertia(lesson: Lesson, language: Language) -> Exercise | None:
    _ = language.gettext
    crossing = lesson.crossing
    if crossing is None or lesson.prior is None:
        return None
    ball, averaging = crossing.trials
    if ball.epochs is None or averaging.epochs is None:
        return None
    beta = ball.training.momentum
    factor = 1 / (1 - beta)
    facts = {
        "start": language.integer(crossing.start),
        "phase": str(lesson.prior + 1),
        "plain": language.integer(crossing.plain),
        "beta": f"{beta:g}",
        "factor": f"{factor:.4g}",
        "guess": language.significant(crossing.plain / factor, 3),
        "measured": language.integer(ball.epochs),
        "ratio": language.decimal(ball.speed_up, 2),
        "averaged": language.integer(averaging.epochs),
    }
    if ball.speed_up <= factor:
        reason = _(
            "(c) It is %(ratio)s times as fast, less than %(factor)s: the ball starts from rest, and the slope is not "
            "steady but grows as the plateau ends, so the velocity lags behind its limit."
        )
    else:
        reason = _(
            "(c) It is %(ratio)s times as fast, more than %(factor)s: the slope is not steady, so the limit is a rough "
            "guide only."
        )
    marks = (
        (2, _("(a) the limit of v")),
        (1, _("(b)")),
        (1, _("(c) the number")),
        (1, _("(c) a reason")),
        (1, _("(d)")),
    )
    return Exercise(
        key="inertia",
        title=_("What inertia does"),
        points=_worth(marks),
        question=(
            _(
                "From epoch %(start)s, in the middle of phase %(phase)s, plain gradient descent needs %(plain)s epochs "
                "to bring the loss to that at the end of the phase. Now a ball with inertia starts there at rest: "
                "v ← βv − αg, then θ ← θ + v, with g the slope of the loss and β = %(beta)s."
            )
            % facts,
            _("(a) If the slope stays the same, v tends to a limit. How many times as long as αg is it?"),
            _("(b) Predict from this how many epochs the ball needs."),
            _(
                "(c) Now check: the program measured %(measured)s epochs. How many times as fast as gradient descent "
                "is that, and why is it not just the factor of (a)?"
            )
            % facts,
            _(
                "(d) Another rule with inertia is v ← βv + (1 − β)g, then θ ← θ − αv. How many epochs do you predict "
                "for it by the argument of (a)?"
            ),
        ),
        given=(),
        space=7,
        answers=(
            Answer(_("(a) factor"), factor, 0.01 * factor, facts["factor"]),
            Answer(_("(b) epochs"), crossing.plain / factor, max(1.0, 0.01 * crossing.plain / factor), facts["guess"]),
            Answer(_("(c) times as fast"), ball.speed_up, max(0.02, 0.01 * ball.speed_up), facts["ratio"]),
            Answer(_("(d) epochs"), float(crossing.plain), 1.0, facts["plain"]),
        ),
        solution=(
            _(
                "(a) At the limit v = βv − αg, so v = −αg/(1 − β), %(factor)s times as long. "
                "(b) %(plain)s/%(factor)s = %(guess)s."
            )
            % facts,
            reason % facts,
            _(
                "(d) Its limit is v = g, so its steps are no longer than those of gradient descent: %(plain)s epochs. "
                "The program measured %(averaged)s."
            )
            % facts
            + language.habits.gap
            + (
                _("So the ball is faster by its longer steps, not by rolling on.")
                if averaging.speed_up < BEYOND_STEP
                else _("So longer steps are not all: here rolling on helps as well.")
            ),
        ),
        marking=_marking(marks, language),
        mistakes=(
            _("Inertia is thought to help in itself; (d) is there to tell it from longer steps."),
            _("The factor is taken as β or 1 + β, as if only the last step were kept."),
        ),
    )


def _short(value: float, language: Language) -> str:
    """A given number with one decimal."""
    return language.decimal(value, 1)
