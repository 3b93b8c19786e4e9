"""What momentum does to the plateaus."""

from quadnet.claims import BEYOND_STEP
from quadnet.lesson import Lesson

from ...words.language import Language
from .exercise import Answer, Exercise, marking, worth


def make(lesson: Lesson, language: Language) -> Exercise | None:
    """Makes the exercise of a run, or none if the run has no material for it."""
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
        points=worth(marks),
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
        marking=marking(marks, language),
        mistakes=(
            _("Inertia is thought to help in itself; (d) is there to tell it from longer steps."),
            _("The factor is taken as β or 1 + β, as if only the last step were kept."),
        ),
    )
