"""One step of back propagation by hand."""

from quadnet.lesson import Lesson

from ...words.language import Language
from .exercise import Answer, Exercise, marking, worth


def make(lesson: Lesson, language: Language) -> Exercise:
    """Makes the exercise of a run."""
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
        points=worth(marks),
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
            *marking(marks, language),
            _("An error is counted once: what follows from it rightly gets its points."),
        ),
        mistakes=(
            _("The factor h(1 − h) is forgotten in δ′, or o(1 − o) is put into δ, where the loss has cancelled it."),
            _("The new v is used for δ′ already; all slopes belong to the old parameters."),
            _("The step goes uphill: + α instead of − α."),
        ),
    )


def _short(value: float, language: Language) -> str:
    """A given number with one decimal."""
    return language.decimal(value, 1)
