"""What the page on screen explores a training with: parameters on the way, points, phases and words, as plain values.

The scripts in `templates/script` compute everything else from them, with the operations of `quadnet` in the same order.
"""

import base64
import json
import math
import shlex
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quadnet.config import Config, assignment
from quadnet.experiment import Experiment
from quadnet.history import History
from quadnet.network import cross_entropy, forward
from quadnet.phases import Phase

from ..figures import style
from ..words import phases as phase_words
from ..words.language import Language
from ..words.phase_names import kind
from ..words.phases import Chapter

_FRAMES = 400  # at most
_LEAST_FRAMES = 16  # fewer would be no film
_FRAME_BYTES = 2**18  # of all parameters in the page
_MOST_SAMPLES = 5000  # more would slow the page down

# By the id of their element, in the order in which they use each other. The first compute, in the page and its worker.
SCRIPTS = {
    "numbers": ("arithmetic", "random", "dataset", "network", "training", "worker"),
    "explorer": ("words", "curve", "regions", "scrubber", "settings", "trainer", "page"),
}

# Settings that the page's panel changes, by the name of its field; the others stay as the run has them.
FIELDS = {
    "seed": "data.seed",
    "weight-seed": "network.seed",
    "samples": "data.samples_per_class",
    "spread": "data.spread",
    "hidden": "network.hidden",
    "optimizer": "training.optimizer",
    "momentum": "training.momentum",
    "learning-rate": "training.learning_rate",
    "epochs": "training.epochs",
}


def explore(run: Experiment, chapters: Sequence[Chapter], language: Language) -> dict[str, Any] | None:
    """All that the scripts need, for JSON; None if the run has too few or too large states to film.

    Numbers with all their bits are base64 of little-endian float64.

    Args:
        run: The numbers.
        chapters: Its phases.
        language: How to speak.
    """
    if len(run.dataset.labels) > _MOST_SAMPLES:
        return None
    seen = {epoch: _loss(run, epoch) for epoch in _frames(run)}
    frames = [epoch for epoch, loss in seen.items() if math.isfinite(loss)]
    if len(frames) < _LEAST_FRAMES:
        return None
    rows = [int(np.searchsorted(run.history.epochs, epoch)) for epoch in frames]
    config = run.config
    return {
        "epochs": frames,
        "parameters": _encoded(run.history.parameters[rows]),
        "losses": _encoded(np.array([seen[epoch] for epoch in frames])),
        "lastLoss": float(run.history.loss[-1]) if math.isfinite(run.history.loss[-1]) else None,
        "points": _encoded(run.dataset.points),
        "labels": "".join(map(str, run.dataset.labels.tolist())),
        "widths": list(config.network.widths),
        "tints": list(style.CLASS_TINTS),
        "colours": list(style.CLASS_COLOURS),
        "phases": [
            {
                "start": chapter.phase.start,
                "end": chapter.phase.end,
                "moment": chapter.snapshot.epoch,
                "slow": chapter.phase.kind == "plateau",
                "name": name,
                "story": phase_words.story(chapter, language),
            }
            for chapter, name in zip(chapters, _names([chapter.phase for chapter in chapters], language), strict=True)
        ],
        "settings": {field: _short(config.settings[key]) for field, key in FIELDS.items()},
        "defaults": {field: _short(Config().settings[key]) for field, key in FIELDS.items()},
        "centres": [list(centre) for centre in config.data.centres],
        "scale": config.network.initial_scale,
        "command": " ".join(["quadnet report", *_kept(config)]),
        "texts": _texts(language),
        "habits": {key: getattr(language.habits, key) for key in ("gap", "comma", "percent")},
    }


def _frames(run: Experiment) -> list[int]:
    """Kept epochs to show: as many in a short phase as in a long one, closer together where a phase begins."""
    history = run.history
    last = _last_sound(history)
    count = min(_FRAMES, _FRAME_BYTES // (8 * history.parameters.shape[1]))
    if last < 0 or count < _LEAST_FRAMES:
        return []
    spans = [(phase.start, phase.end) for phase in run.phases.phases] or [(0, last)]
    each = max(1, (count - 1) // len(spans))
    epochs = {0, last}
    for start, end in spans:
        length = min(end, last) - start
        even = each - min(each // 3, length.bit_length())
        steps = [length * k // even for k in range(even)] + [2**k for k in range(each - even)]
        epochs |= {start + step for step in steps if 0 <= step <= length}
    epochs |= {snapshot.epoch for snapshot in run.evidence.phases if snapshot.epoch <= last}
    return sorted({history.nearest(epoch) for epoch in epochs})


def _last_sound(history: History) -> int:
    """The last kept epoch up to which everything is finite; −1 without any."""
    sound = np.isfinite(history.parameters).all(axis=1) & (history.epochs <= history.loss.size)
    if not np.isfinite(history.loss[-1]):
        sound &= history.epochs < history.loss.size - 1
    broken = np.flatnonzero(~sound)
    count = int(broken[0]) if broken.size else len(sound)
    return int(history.epochs[count - 1]) if count else -1


def _loss(run: Experiment, epoch: int) -> float:
    """The loss after so many updates, which the history does not have for the last one."""
    if epoch < run.history.loss.size:
        return float(run.history.loss[epoch])
    activations, logits = forward(run.history.at(epoch), run.dataset.points)
    return cross_entropy(activations[-1], logits, run.dataset.one_hot)


def _encoded(numbers: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(numbers, dtype="<f8").tobytes()).decode()


def _names(phases: Sequence[Phase], language: Language) -> list[str]:
    """What each phase is called among the others, such as `second descent`."""
    _ = language.gettext
    ordinals = (
        *(_("first %(kind)s"), _("second %(kind)s"), _("third %(kind)s"), _("fourth %(kind)s")),
        *(_("fifth %(kind)s"), _("sixth %(kind)s"), _("seventh %(kind)s"), _("eighth %(kind)s")),
    )
    kinds = [kind(phase, language) for phase in phases]
    most, seen, names = Counter(kinds), Counter[str](), []
    for name in kinds:
        place = seen[name]
        seen[name] += 1
        if most[name] == 1:
            names.append(name)
        elif place < len(ordinals):
            names.append(ordinals[place] % {"kind": name})
        else:
            names.append(_("%(kind)s %(number)s") % {"kind": name, "number": place + 1})
    return names


def _short(value: Any) -> str:
    """A setting as a field of the page shows it: lists without brackets, whole numbers without decimals."""
    if isinstance(value, str):
        return value
    return (
        json.dumps(int(value) if value == int(value) else value)
        if not isinstance(value, tuple)
        else ",".join(map(str, value))
    )


def _kept(config: Config) -> list[str]:
    """Arguments of the command line for settings that are not the default's and that the page does not change."""
    default = Config().settings
    return [
        f"--lang {value}" if key == "report.language" else shlex.join(["--set", assignment(key, value)])
        for key, value in config.settings.items()
        if key not in FIELDS.values() and value != default[key]
    ]


def _texts(language: Language) -> dict[str, str]:
    """Sentences that the scripts complete."""
    _ = language.gettext
    return {
        "moment": _("epoch %(epoch)s, %(phase)s"),
        "epoch": _("epoch %(epoch)s"),
        "regions": _("Decision regions at epoch %(epoch)s: predicted classes %(classes)s, accuracy %(accuracy)s."),
        "state": _("Loss %(loss)s, accuracy %(accuracy)s."),
        "play": _("Play"),
        "pause": _("Pause"),
        "next": _("Next phase"),
        "progress": _("Epoch %(epoch)s of %(epochs)s: loss %(loss)s."),
        "done": _("Done after %(epochs)s epochs: last loss %(loss)s, accuracy %(accuracy)s on these points."),
        "same": _("This is the report’s run: its last loss and all of its %(parameters)s parameters, to the last bit."),
        "other": _("The report’s last loss is %(loss)s."),
        "unlike": _("The settings are the report’s, but the numbers are not: this browser computes otherwise."),
        "broken": _("The loss of epoch %(epoch)s is not a finite number; the training ends there."),
        "cancelled": _("Stopped at epoch %(epoch)s."),
        "refused": _("This browser lets no page train in the background."),
        "refuse": _("Correct the marked settings first."),
        "copied": _("Copied."),
        "uncopied": _("Not copied; the command is selected."),
    }
