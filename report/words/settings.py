"""Settings in words."""

from itertools import pairwise

from quadnet.config import Config, Training

from .language import Language


def optimizer(training: Training, language: Language) -> str:
    """The optimizer by its name, with its momentum."""
    _ = language.gettext
    names = {
        "gradient_descent": _("gradient descent"),
        "heavy_ball": _("heavy ball"),
        "nesterov": _("Nesterov’s method"),
        "averaging": _("the averaging form of momentum"),
    }
    name = names[training.optimizer]
    if not training.momentum:
        return name
    return _("%(optimizer)s (β = %(momentum)s)") % {"optimizer": name, "momentum": f"{training.momentum:g}"}


def epochs(count: int, language: Language) -> str:
    """A count of epochs in words."""
    return language.ngettext("%(count)s epoch", "%(count)s epochs", count) % {"count": language.integer(count)}


def main_settings(config: Config, language: Language) -> tuple[tuple[str, str], ...]:
    """Names and values of the main settings, but for the seeds."""
    _ = language.gettext
    counts = config.data.counts
    points = str(counts[0]) if len(set(counts)) == 1 else language.habits.comma.join(map(str, counts))
    return (
        (_("Points of each class"), points),
        (_("Standard deviation"), f"{config.data.spread:g}"),
        (_("Layers"), "-".join(map(str, config.network.widths))),
        (_("Parameters"), language.integer(sum((a + 1) * b for a, b in pairwise(config.network.widths)))),
        (_("Initial scale"), f"{config.network.initial_scale:g}"),
        (_("Epochs"), language.integer(config.training.epochs)),
        (_("Learning rate"), f"{config.training.learning_rate:g}"),
        (_("Optimizer"), optimizer(config.training, language)),
    )
