"""The losses that theory singles out, in words."""

import math
from dataclasses import dataclass

from quadnet.config import CLASSES
from quadnet.mixture import Mixture, Partition, merged_level

from .language import Language


@dataclass(frozen=True)
class Level:
    """A loss that theory singles out: name, value, and the state of the network behind it."""

    label: str
    loss: float
    meaning: str

    def row(self, language: Language) -> tuple[str, str, str]:
        """The level as a row of a table."""
        return self.label, language.decimal(self.loss, 4), self.meaning


_PAIRS: tuple[Partition, ...] = (((0, 1), (2, 3)), ((0, 3), (1, 2)), ((0, 2), (1, 3)))


def analytic_levels(mixture: Mixture, language: Language) -> tuple[Level, ...]:
    """The losses that theory singles out for a mixture, highest first."""
    _ = language.gettext
    return (
        Level(_("4 ln 2: all outputs ½"), CLASSES * math.log(2), _("a blind start: every output says one half")),
        Level(
            _("Σ H(π): class shares"),
            merged_level(mixture.shares),
            _("every output says how frequent its class is, whatever the point"),
        ),
        Level(
            _("two pairs apart"),
            min(mixture.level(pair) for pair in _PAIRS),
            _("two groups of two classes are told apart as well as can be, and nothing within a group"),
        ),
        Level(
            _("Bayes-optimal outputs"),
            mixture.level([[c] for c in range(CLASSES)]),
            _("every output is the true probability of its class at the point"),
        ),
    )
