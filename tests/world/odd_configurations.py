"""Configurations that nobody should write, and some that are merely odd."""

import json
from random import Random
from typing import Any

import hostile
from trial import Trial

from quadnet.config import known_keys

KEYS = known_keys()
QUICK = {  # what keeps a call short that is not refused
    "training.epochs": (1, 2, 20, 30),
    "data.samples_per_class": (1, 3, [1, 2, 3, 4], [5, 1, 1, 1]),
    "evaluation.points": (1, 10),
    "replicates.runs": (0,),
}
ODD = {  # allowed, though
    "name": ("a", "0", "con", "nul", "a-", "x" * 64),
    "data.seed": (0, 2**32 - 1),
    "data.spread": (0, 1e-6, 0.7, 1e6),
    "data.centres": (
        [[0, 0]] * 4,
        [[1e6, 1e6], [-1e6, 1e6], [-1e6, -1e6], [1e6, -1e6]],
        [[1, 1], [1, 1], [-1, 0], [0, 0]],
    ),
    "network.hidden": ([], [1], [1] * 16, [64], [2, 9]),
    "network.initial_scale": (0, 5e-324, 1e3, 1e-30),
    "training.learning_rate": (5e-324, 1e-300, 1e6, 0.1),
    "evaluation.seed": (2**32 - 1,),
    "inertia.momentum": (1e-300, 0.9999999999999999),
    "report.language": ("en", "zh"),
    "report.title": tuple(text for text in hostile.TEXTS if text.isprintable() and 0 < len(text) <= 200),
}
FLAGS = {
    "--seed": "data.seed",
    "--weight-seed": "network.seed",
    "--epochs": "training.epochs",
    "--learning-rate": "training.learning_rate",
    "--hidden": "network.hidden",
    "--momentum": "training.momentum",
    "--lang": "report.language",
}
WORK = ("training.epochs", "data.samples_per_class", "evaluation.points", "replicates.runs")
TOO_MUCH = (  # years of work, or more memory than there is
    ("training.epochs=10000000", "data.samples_per_class=1000000"),
    ("training.epochs=10000000", "network.hidden=[1024, 1024, 1024]"),
    ("training.epochs=10000000", "replicates.runs=64", "data.samples_per_class=100000"),
    ("evaluation.points=10000000", f"network.hidden={[1024] * 16}"),
    ("data.samples_per_class=[1000000, 1000000, 1, 1]", f"network.hidden={[512] * 16}", "training.epochs=1000"),
)
ASKS_TOO_MUCH = 0.01
TRAINS = 0.03  # the share that is allowed and trains


def draw(chance: Random) -> Trial:
    """A call that is refused, mostly."""
    kind = chance.random()
    if kind < TRAINS:
        return _allowed(chance)
    if kind > 1 - ASKS_TOO_MUCH:
        return _too_much(chance)
    return chance.choice((_set, _set, _flags, _file, _file, _file, _options))(chance)


def _allowed(chance: Random) -> Trial:
    settings: dict[str, Any] = {key: chance.choice(values) for key, values in QUICK.items()}
    settings |= {key: chance.choice(ODD[key]) for key in chance.sample(sorted(ODD), chance.randint(1, 4))}
    if chance.random() < 0.3:
        settings |= {"training.optimizer": "nesterov", "training.momentum": chance.choice((1e-300, 0.5, 1 - 2**-53))}
    pages = chance.choice(("html",) * 7 + ("html,pdf", "html,html", " html "))
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in settings.items()]
    if chance.random() < 0.5:
        return _call(chance, ["--config", "in", "--to", pages], {"in": "\n".join(lines).encode()})
    return _call(chance, [*(part for line in lines for part in ("--set", line)), "--to", pages], {})


def _too_much(chance: Random) -> Trial:
    asked = chance.choice(TOO_MUCH)
    if chance.random() < 0.5:
        return _call(chance, ["--config", "in"], {"in": "\n".join(asked).encode()})
    return _call(chance, [part for setting in asked for part in ("--set", setting)], {})


def _set(chance: Random) -> Trial:
    wanted, attacked = [], set()
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        key = chance.choice(KEYS)
        attacked.add(key)
        written = key if chance.random() < 0.8 else _misspelt(chance, key)
        wanted += [
            "--set",
            chance.choice(("{}={}",) * 8 + ("{} = {}", "{}", "={}", "{}=={}")).format(written, _value(chance, key)),
        ]
    return _call(chance, [*wanted, *_quick(attacked)], {})


def _flags(chance: Random) -> Trial:
    flags = chance.sample(sorted(FLAGS), chance.choice((1, 1, 2)))
    wanted = [part for flag in flags for part in (flag, _value(chance, FLAGS[flag]))]
    return _call(chance, [*wanted, *_quick({FLAGS[flag] for flag in flags})], {})


def _options(chance: Random) -> Trial:
    option = chance.choice(
        ("--to", "--lang", "--edition", "--paper", "--seeds", "--weight-seeds", "--unknown", "--conf", "-z")
    )
    wanted = [option, _argument(chance.choice((hostile.text, hostile.number))(chance))]
    if chance.random() < 0.3:
        wanted.append(_argument(hostile.text(chance)))
    if chance.random() < 0.1:
        return Trial((_argument(hostile.text(chance)), *wanted))
    return _call(chance, [*wanted, *_quick(set())], {})


def _file(chance: Random) -> Trial:
    lines, attacked = [], set()
    for _ in range(chance.choice((0, 1, 1, 2, 6))):
        key = chance.choice(KEYS)
        attacked.add(key)
        written = key if chance.random() < 0.85 else _misspelt(chance, key)
        lines.append(f"{written} = {_value(chance, key, toml=True)}")
        section, _, rest = written.partition(".")
        if rest and chance.random() < 0.3:
            lines[-1:] = [f"[{section}]", lines[-1].partition(".")[2]]
    lines += chance.choices(_LINES, k=chance.choice((0, 0, 1, 2)))
    chance.shuffle(lines)
    content = hostile.encoded(chance, "\n".join(lines) + "\n")
    if chance.random() < 0.2:
        content = hostile.spoilt(chance, content)
    name = chance.choice(hostile.FILE_NAMES) if chance.random() < 0.2 else "in"
    said = chance.choice((f"--config={name}", f"--config=./{name}"))
    return _call(chance, [said, *_quick(attacked)], {name: content})


_LINES = (
    *(
        "[data]",
        "[data]",
        "[[data]]",
        "[training]",
        "[data.seed]",
        "[report.title.x]",
        "[]",
        "[ ]",
        "[a",
        '["data"]',
        "data = 3",
    ),
    *(
        "data.seed.x = 1",
        "name = {a = 1}",
        "data = {seed = 1}",
        "data = []",
        "= 1",
        "a",
        "# " + "x" * 9000,
        '"" = 1',
        "'' = ''",
    ),
    *("x = " + "[" * 500 + "]" * 500, "x = " + "[" * 5000, "x." * 400 + "y = 1", "x." * 3000 + "y = 1", "a = 1\na = 2"),
    *(
        'report = "x"',
        "report.title = '''a\nb'''",
        "training = 1979-05-27",
        "x = {" + "a = {" * 300 + "}" * 301,
        "k" * 9000 + " = 1",
    ),
    *(
        "y" * 30 + " = '" + "z" * 5000 + "'",
        "\ufeff",
        "\x00",
        'report.title = "\\uD800"',
        "__proto__ = 1",
        "model_config = {}",
    ),
)


def _call(chance: Random, arguments: list[str], files: dict[str, bytes]) -> Trial:
    verb = chance.choice(("report",) * 8 + ("handout", "sweep"))
    if verb == "sweep" and "--seeds" not in arguments and "--weight-seeds" not in arguments:
        arguments = [*arguments, "--weight-seeds", "0:2"]
    if "--to" not in arguments:
        arguments = [*arguments, "--to", "html"]
    given = (verb, *map(_argument, arguments), chance.choice(("--no-progress", "-q", "--json")))
    return Trial((*given, "--output-dir", "out"), files)


def _quick(attacked: set[str]) -> list[str]:
    settings = [(key, values[1 % len(values)]) for key, values in QUICK.items() if key not in attacked]
    return [part for key, value in settings for part in ("--set", f"{key}={json.dumps(value)}")]


def _value(chance: Random, key: str, *, toml: bool = False) -> str:
    """A value for a key: a number, a text, a list; where it counts work it is small, or larger than is allowed."""
    kind = chance.randrange(6)
    if kind < 2:
        said = hostile.number(chance)
        return said if key not in WORK or len(said) < 3 or not said.isdigit() else f"{said}0000000000"
    if kind == 2:
        return hostile.text(chance)
    if kind == 3:
        return json.dumps(hostile.text(chance), ensure_ascii=chance.random() < 0.5)
    if kind == 4:
        return "[" + ",".join(hostile.number(chance) for _ in range(chance.choice((0, 1, 4, 17, 500)))) + "]"
    if toml or chance.random() < 0.5:
        return chance.choice(
            ("{a = 1}", "[[1, 2], [3, 4], [5, 6], [7, 8]]", "1979-05-27", "07:32:00", "true", "['a', 1]", "'''\nx'''")
        )
    return json.dumps(hostile.value(chance))


def _misspelt(chance: Random, key: str) -> str:
    return chance.choice(
        (
            key + chance.choice((".x", "s", " ", ".", ".0", "[0]")),
            key[: chance.randrange(len(key))],
            key.upper(),
            key.replace(".", ".."),
            key.replace("e", "е"),  # a Cyrillic letter that looks the same
            hostile.text(chance),
            f'"{key}"',
        )
    )


def _argument(text: str) -> str:
    """What can stand in a command line: no zero byte, and no more than the system takes."""
    return text.replace("\0", "")[:100_000]
