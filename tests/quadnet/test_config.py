import math
import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from quadnet.config import Config, assignment, dumps, known_keys, load, loads, override, parse
from quadnet.errors import ConfigurationError

NESTED = {"seed": 1}


def _refusal(attempt: Callable[[], object]) -> str:
    """The one line with which an attempt is refused."""
    with pytest.raises(ConfigurationError) as caught:
        attempt()
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    return message


BROKEN: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    # Whole numbers
    ({"data": {"seed": -1}}, ("data.seed = -1 ", "a whole number at least 0 and at most 4294967295")),
    ({"data": {"seed": 2**32}}, ("data.seed = 4294967296 ", "at most 4294967295")),
    ({"data": {"seed": 1.0}}, ("data.seed = 1.0 ", "a whole number")),
    ({"data": {"seed": True}}, ("data.seed = true ", "a whole number")),
    ({"data": {"seed": "0"}}, ('data.seed = "0" ', "a whole number")),
    ({"data": {"seed": [0]}}, ("data.seed = [0] ", "a whole number")),
    ({"data": {"seed": NESTED}}, ('data.seed = {"seed": 1} ', "a whole number")),
    ({"network": {"seed": -5}}, ("network.seed = -5 ", "a whole number at least 0")),
    ({"evaluation": {"seed": math.nan}}, ("evaluation.seed = NaN ", "a whole number at least 0")),
    ({"evaluation": {"points": 0}}, ("evaluation.points = 0 ", "at least 1 and at most 10000000")),
    ({"training": {"epochs": 0}}, ("training.epochs = 0 ", "a whole number at least 1 and at most 10000000")),
    ({"training": {"epochs": 10_000_001}}, ("training.epochs = 10000001 ", "at most 10000000")),
    ({"training": {"epochs": 1e4}}, ("training.epochs = 10000.0 ", "a whole number")),
    ({"training": {"epochs": False}}, ("training.epochs = false ", "a whole number")),
    ({"training": {"epochs": 10**400}}, ("training.epochs = 1000", "…", "at most 10000000")),
    # Numbers
    ({"data": {"spread": -0.5}}, ("data.spread = -0.5 ", "0, or a number from 1e-06 to 1e+06")),
    ({"data": {"spread": math.nan}}, ("data.spread = NaN ", "0, or a number from 1e-06")),
    ({"data": {"spread": math.inf}}, ("data.spread = Infinity ", "to 1e+06")),
    ({"data": {"spread": 1e-7}}, ("data.spread = 1e-07 ", "0, or a number from 1e-06")),
    ({"data": {"spread": "wide"}}, ('data.spread = "wide" ', "a number")),
    ({"data": {"spread": True}}, ("data.spread = true ", "a number")),
    ({"network": {"initial_scale": -1}}, ("network.initial_scale = -1 ", "at least 0 and at most 1000")),
    ({"network": {"initial_scale": 1001.0}}, ("network.initial_scale = 1001.0 ", "at most 1000")),
    ({"training": {"learning_rate": 0}}, ("training.learning_rate = 0 ", "above 0 and at most 1e+06")),
    ({"training": {"learning_rate": -0.5}}, ("training.learning_rate = -0.5 ", "above 0")),
    ({"training": {"learning_rate": -math.inf}}, ("training.learning_rate = -Infinity ", "above 0")),
    ({"training": {"momentum": 1.0}}, ("training.momentum = 1.0 ", "at least 0 and below 1")),
    ({"training": {"momentum": math.nan}}, ("training.momentum = NaN ", "at least 0 and below 1")),
    ({"inertia": {"momentum": 0}}, ("inertia.momentum = 0 ", "above 0 and below 1")),
    ({"inertia": {"momentum": 1}}, ("inertia.momentum = 1 ", "above 0 and below 1")),
    ({"replicates": {"runs": -1}}, ("replicates.runs = -1 ", "a whole number at least 0 and at most 64")),
    ({"replicates": {"runs": 65}}, ("replicates.runs = 65 ", "at most 64")),
    # Lists
    ({"data": {"samples_per_class": 0}}, ("data.samples_per_class = 0 ", "from 1 to 1000000, or four of them")),
    ({"data": {"samples_per_class": True}}, ("data.samples_per_class = true ", "a whole number from 1")),
    ({"data": {"samples_per_class": [1, 2, 3]}}, ("data.samples_per_class = [1, 2, 3] ", "or four of them")),
    ({"data": {"samples_per_class": [1, 2, 3, 4, 5]}}, ("data.samples_per_class = [1, 2, 3, 4, 5] ", "four of them")),
    ({"data": {"samples_per_class": [1, 2, 3, 0]}}, ("data.samples_per_class = [1, 2, 3, 0] ", "from 1 to 1000000")),
    ({"data": {"samples_per_class": 1_000_001}}, ("data.samples_per_class = 1000001 ", "from 1 to 1000000")),
    ({"data": {"centres": [[1, 1], [2, 2], [3, 3]]}}, ("data.centres = [[1, 1], [2, 2], [3, 3]] ", "four pairs")),
    ({"data": {"centres": [[1, 1]] * 5}}, ("data.centres = [[1, 1], ", "four pairs of numbers")),
    ({"data": {"centres": [[1, 1]] * 3 + [[1, 2, 3]]}}, ("data.centres = [1, 2, 3] (in 3) ", "four pairs")),
    ({"data": {"centres": [[1, 1]] * 3 + [[1, math.nan]]}}, ("data.centres = NaN (in 3.1) ", "four pairs")),
    ({"data": {"centres": [[1, 1]] * 3 + [[2e6, 0]]}}, ("data.centres = 2000000.0 (in 3.0) ", "to 1e+06")),
    ({"data": {"centres": 1}}, ("data.centres = 1 ", "four pairs of numbers")),
    ({"network": {"hidden": 3}}, ("network.hidden = 3 ", "a list of at most 16 widths")),
    ({"network": {"hidden": [3, 0]}}, ("network.hidden = 0 (in 1) ", "from 1 to 1024")),
    ({"network": {"hidden": [1025]}}, ("network.hidden = 1025 (in 0) ", "from 1 to 1024")),
    ({"network": {"hidden": [3.0]}}, ("network.hidden = 3.0 (in 0) ", "a whole number")),
    ({"network": {"hidden": [3] * 17}}, ("network.hidden = [3, 3, ", "at most 16 widths")),
    ({"network": {"hidden": "3,3"}}, ('network.hidden = "3,3" ', "a list")),
    # Words
    ({"name": "Quadrants"}, ('name = "Quadrants" ', "lower-case letters, digits and hyphens")),
    ({"name": "-a"}, ('name = "-a" ', "a letter or digit first")),
    ({"name": "../up"}, ('name = "../up" ', "lower-case letters")),
    ({"name": "a\nb"}, ('name = "a b" ', "lower-case letters")),
    ({"name": "a" * 65}, ('name = "aaa', "at most 64")),
    ({"name": ""}, ('name = "" ', "lower-case letters")),
    ({"name": 7}, ("name = 7 ", "lower-case letters")),
    ({"report": {"title": ""}}, ('report.title = "" ', "1 to 200 characters")),
    ({"report": {"title": "\u3000"}}, ("report.title = ", "1 to 200 characters")),
    ({"report": {"title": "be\x07ll"}}, ("report.title = ", "U+0007, a control character, at place 3; take it out")),
    ({"report": {"title": "x" * 201}}, ('report.title = "xxx', "…", "1 to 200 characters")),
    ({"report": {"title": 1984}}, ("report.title = 1984 ", "put it in quotation marks")),
    ({"report": {"title": date(2026, 12, 1)}}, ("report.title = 2026-12-01 ", "put it in quotation marks")),
    ({"name": "四"}, ('name = "四" ', "lower-case letters")),
    ({"report": {"language": "fr"}}, ('report.language = "fr" ', "en or zh")),
    ({"training": {"optimizer": "adam"}}, ('"adam" ', "gradient_descent, heavy_ball, nesterov or averaging")),
    ({"training": {"optimizer": 1}}, ("training.optimizer = 1 ", "gradient_descent, heavy_ball")),
    # Optimizer and momentum that do not go together
    ({"training": {"momentum": 0.9}}, ("training.momentum = 0.9", "gradient_descent has none", "heavy_ball")),
    ({"training": {"optimizer": "heavy_ball"}}, ("training.momentum = 0.0", "heavy_ball needs one above 0", "below 1")),
    ({"training": {"optimizer": "nesterov"}}, ("training.momentum = 0.0", "nesterov needs one above 0", "below 1")),
    ({"training": {"optimizer": "averaging", "momentum": 0}}, ("training.momentum = 0.0", "averaging needs one")),
    # Unknown keys
    ({"trainig": {"epochs": 1}}, ("unknown key trainig", "did you mean training.")),
    ({"epochs": 5}, ("unknown key epochs", "did you mean training.epochs?")),
    ({"data": {"sed": 0}}, ("unknown key data.sed", "did you mean data.seed?")),
    ({"training": {"learning-rate": 0.1}}, ("unknown key training.learning-rate", "training.learning_rate?")),
    ({"network": {"hiden": [3]}}, ("unknown key network.hiden", "did you mean network.hidden?")),
    ({"@": 1}, ("unknown key @", "the keys are name, data.seed", "report.language")),
    # A table for a value and the reverse
    ({"data": 5}, ("data = 5 ", "it is a table, [data]")),
    ({"training": "fast"}, ('training = "fast" ', "it is a table, [training]")),
    ({"network": [{"seed": 1}]}, ('network = [{"seed": 1}] ', "it is a table, [network]")),
    ({"name": NESTED}, ('name = {"seed": 1} ', "lower-case letters")),
    ({"training": {"epochs": NESTED}}, ('training.epochs = {"seed": 1} ', "a whole number")),
]


@pytest.mark.parametrize(("values", "fragments"), BROKEN, ids=[str(values)[:60] for values, _ in BROKEN])
def test_a_broken_configuration_is_refused_in_one_telling_line(
    values: dict[str, Any], fragments: tuple[str, ...]
) -> None:
    message = _refusal(lambda: parse(values, source="quadnet.toml"))
    assert message.startswith("quadnet.toml: ")
    assert all(fragment in message for fragment in fragments), message


@pytest.mark.parametrize(
    "values",
    [
        {"data": {"seed": 2**32 - 1, "spread": 0, "samples_per_class": 1_000_000}},
        {"data": {"samples_per_class": [1, 2, 3, 1_000_000], "centres": [[0, 0]] * 3 + [[1e6, -1e6]]}},
        {"network": {"hidden": [], "initial_scale": 0}},
        {"network": {"hidden": [1024] * 16, "initial_scale": 1000}},
        {"training": {"epochs": 10_000_000, "learning_rate": 1e6, "optimizer": "nesterov", "momentum": 0.999999}},
        {"training": {"epochs": 1, "learning_rate": 5e-324}},
        {"replicates": {"runs": 0}},
        {"replicates": {"runs": 64}},
        {"evaluation": {"points": 1}, "inertia": {"momentum": 1e-9}, "name": "0-" + "a" * 62},
        {"report": {"title": "四象限 𝔔 " + "x" * 190}},
    ],
)
def test_the_values_at_the_edges_are_allowed(values: dict[str, Any]) -> None:
    config = parse(values).model_dump()
    for section, changes in values.items():
        expected = {key: _tuples(value) for key, value in changes.items()} if isinstance(changes, dict) else changes
        assert (config[section] | expected if isinstance(expected, dict) else expected) == config[section]


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def test_the_default_is_the_notes_experiment() -> None:
    config = Config()
    assert config == parse({})
    assert config.data.counts == (200, 200, 200, 200)
    assert config.data.centres == ((1, 1), (-1, 1), (-1, -1), (1, -1))
    assert config.data.spread == 0.5
    assert config.network.widths == (2, 3, 3, 4)
    assert config.network.initial_scale == 0.01
    assert (config.training.epochs, config.training.learning_rate) == (10_000, 0.5)
    assert (config.training.optimizer, config.training.momentum) == ("gradient_descent", 0)
    assert (config.data.seed, config.network.seed) == (0, 0)


def test_a_configuration_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Config().training.epochs = 5


# Files


def test_a_file_gives_its_values(tmp_path: Path) -> None:
    path = tmp_path / "quadnet.toml"
    path.write_text('name = "two"\n[data]\nseed = 4\n[report]\ntitle = "四象限"\n', encoding="utf-8")
    config = parse(load(path))
    assert (config.name, config.data.seed, config.report.title) == ("two", 4, "四象限")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_file_as_editors_save_it(tmp_path: Path, encoding: str, end: str) -> None:
    path = tmp_path / "saved.toml"
    path.write_bytes(f"# mine{end}[data]{end}seed = 4{end}[report]{end}title = '四象限'{end}".encode(encoding))
    assert load(path) == {"data": {"seed": 4}, "report": {"title": "四象限"}}


@pytest.mark.parametrize(
    ("content", "fragment"),
    [
        (b"epochs = ", "not valid TOML (Invalid value"),
        (b"[data\nseed = 1", "not valid TOML (Expected"),
        (b"[data]\nseed = 1\nseed = 2", "not valid TOML (Cannot overwrite a value"),
        (b'title = "no end\n', "not valid TOML (Illegal character"),
        (b"x = " + b"[" * 60_000, "not valid TOML ("),
        ("a = 1\n[data]\nseed\xa0= 1".encode(), "at line 3, column 5)); U+00A0 stands there"),
        ("title = “Four”".encode(), "U+201C stands there"),
        ("\u200b[data]\n".encode(), "U+200B stands there"),
        (b"#" * 64_001, "cannot be read (larger than 64 kB)"),
        ("title = 'Qu\xe4'".encode("latin-1"), "line 1: not UTF-8 text (byte 0xE4); save it as UTF-8"),
        ("name = 'a'".encode("utf-16-le"), "line 1: holds the byte 0, as no text does but UTF-16 without its mark"),
    ],
)
def test_a_broken_file_is_refused_in_one_line_that_names_it(tmp_path: Path, content: bytes, fragment: str) -> None:
    path = tmp_path / "broken.toml"
    path.write_bytes(content)
    message = _refusal(lambda: load(path))
    assert message.startswith(str(path))
    assert fragment in message


def test_an_unreadable_file_is_refused_in_one_line_that_names_it(tmp_path: Path) -> None:
    missing = _refusal(lambda: load(tmp_path / "none.toml"))
    assert missing.startswith(f"{tmp_path / 'none.toml'}: cannot be read (No such file")
    assert "name a readable TOML file" in missing
    assert f"{tmp_path}: cannot be read (Is a directory)" in _refusal(lambda: load(tmp_path))


# Assignments


@pytest.mark.parametrize(
    ("assignment", "value"),
    [
        ("data.samples_per_class=50", 50),
        ("data.samples_per_class = [1, 2, 3, 4]", (1, 2, 3, 4)),
        ("data.spread=1", 1.0),
        ("network.hidden=[]", ()),
        ("training.learning_rate=1e-2", 0.01),
        ("name=four-quadrants", "four-quadrants"),
        ("report.title=Four quadrants, once more", "Four quadrants, once more"),
        ('report.title="1984"', "1984"),
        *((f"report.title={text}", text) for text in ("1984", "1e3", "true", "[a]", "[1, 2]", "2026-12-01", "inf")),
        ("report.title=\u3000four\xa0quadrants\u200b", "four quadrants"),
        ("name=2026", "2026"),
        ("report.title=a = b", "a = b"),
        ("report.title='a \"quoted\" word'", 'a "quoted" word'),
        (" data.seed = 7 ", 7),
    ],
)
def test_an_assignment_sets_its_value(assignment: str, value: object) -> None:
    found: Any = parse(override({}, [assignment]))
    for part in assignment.partition("=")[0].strip().split("."):
        found = getattr(found, part)
    assert found == value


def test_an_assignment_wins_over_the_file_and_a_later_one_over_an_earlier() -> None:
    values = {"data": {"seed": 1, "spread": 0.25}, "name": "a"}
    result = override(values, ["data.seed=2", "name=b", "data.seed=3", "training.epochs=5"])
    assert result == {"data": {"seed": 3, "spread": 0.25}, "name": "b", "training": {"epochs": 5}}
    assert values == {"data": {"seed": 1, "spread": 0.25}, "name": "a"}


@pytest.mark.parametrize(
    ("assignment", "fragments"),
    [
        ("data.seed", ("no '='", "write key=value", "data.samples_per_class=50")),
        ("", ("no '='",)),
        ("data.sede=1", ("unknown key data.sede", "did you mean data.seed?")),
        ("sed=1", ("unknown key sed", "did you mean data.seed?")),
        ("data=5", ("unknown key data;", "did you mean data.")),
        ("data.seed.x=1", ("unknown key data.seed.x", "did you mean data.seed?")),
        ("@=1", ("unknown key @", "the keys are name, data.seed")),
        ("=1", ("unknown key", "the keys are name, data.seed")),
    ],
)
def test_a_broken_assignment_is_refused_in_one_line_that_quotes_it(assignment: str, fragments: tuple[str, ...]) -> None:
    message = _refusal(lambda: override({}, [assignment]))
    assert message.startswith(f"--set {assignment}: ")
    assert all(fragment in message for fragment in fragments), message


def test_an_assignment_into_what_the_file_says_is_no_table_is_refused() -> None:
    message = _refusal(lambda: override({"data": 5}, ["data.seed=1"]))
    assert message == "--set data.seed=1: data is no table in the configuration file"


@pytest.mark.parametrize(
    ("assignment", "fragment"),
    [
        ("training.epochs=0", "training.epochs = 0 is not allowed"),
        ("training.epochs=many", 'training.epochs = "many" is not allowed'),
        ("training.epochs=", 'training.epochs = "" is not allowed'),
        ("data.spread=nan", "data.spread = NaN is not allowed"),
        ("data.seed=2020-01-01", "data.seed = 2020-01-01 is not allowed"),
    ],
)
def test_an_assigned_value_is_checked_like_any_other(assignment: str, fragment: str) -> None:
    assert fragment in _refusal(lambda: parse(override({}, [assignment])))


@pytest.mark.parametrize(
    "attempt",
    [
        lambda: parse({"a\nb": 1}),
        lambda: override({}, ["a\nb=1"]),
        lambda: override({}, ["data.seed\nx"]),
        lambda: load(Path("none\nsuch.toml")),
    ],
)
def test_a_line_break_in_a_name_does_not_break_the_line(attempt: Callable[[], object]) -> None:
    assert "\n" not in _refusal(attempt)


@pytest.mark.parametrize("text", ["9" * 5000, "0x" + "f" * 5000])
def test_a_number_of_thousands_of_digits_is_refused_like_any_other(text: str, tmp_path: Path) -> None:
    path = tmp_path / "huge.toml"
    path.write_text(f"[data]\nseed = {text}\n")
    assert "data.seed" in _refusal(lambda: parse(override({}, [f"data.seed={text}"])))
    assert str(path) in _refusal(lambda: parse(load(path), source=str(path)))


# Round trip and digest


def _floats(low: float, high: float, **options: Any) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False, **options) | st.integers(math.ceil(low), math.floor(high)).filter(
        lambda n: not (options and n in (low, high))
    )


SEEDS = st.integers(0, 2**32 - 1)
COUNTS = st.integers(1, 1_000_000)
POINTS = st.lists(_floats(-1e6, 1e6), min_size=2, max_size=2)
MOMENTUM = st.floats(0, 1, exclude_min=True, exclude_max=True)
TITLES = st.text(st.characters(codec="utf-8").filter(str.isprintable), min_size=1, max_size=40)
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "name": st.from_regex(r"[a-z0-9][a-z0-9-]{0,63}", fullmatch=True),
        "data": st.fixed_dictionaries(
            {},
            optional={
                "seed": SEEDS,
                "samples_per_class": COUNTS | st.lists(COUNTS, min_size=4, max_size=4),
                "spread": _floats(1e-6, 1e6),
                "centres": st.lists(POINTS, min_size=4, max_size=4),
            },
        ),
        "network": st.fixed_dictionaries(
            {},
            optional={
                "seed": SEEDS,
                "hidden": st.lists(st.integers(1, 1024), max_size=16),
                "initial_scale": _floats(0, 1e3),
            },
        ),
        "training": st.builds(
            lambda rest, rule: rest | rule,
            st.fixed_dictionaries(
                {},
                optional={
                    "epochs": st.integers(1, 10_000_000),
                    "learning_rate": st.floats(0, 1e6, exclude_min=True),
                },
            ),
            st.just({})
            | st.fixed_dictionaries(
                {"optimizer": st.sampled_from(["heavy_ball", "nesterov", "averaging"]), "momentum": MOMENTUM}
            ),
        ),
        "evaluation": st.fixed_dictionaries({}, optional={"seed": SEEDS, "points": st.integers(1, 10_000_000)}),
        "inertia": st.fixed_dictionaries({}, optional={"momentum": MOMENTUM}),
        "report": st.fixed_dictionaries({}, optional={"title": TITLES, "language": st.sampled_from(["en", "zh"])}),
    },
)


@settings(deadline=None, max_examples=100)
@given(values=VALUES)
@example(values={"report": {"title": r'"quotes" \ and \n and \u0041'}})
@example(values={"report": {"title": "'''\"\"\" # [table] 四象限 𝔔uadrants 🎯"}})
@example(values={"data": {"spread": 1e-6, "centres": [[1e6, -1e-6]] * 4}, "network": {"hidden": []}})
def test_what_is_written_as_toml_is_read_back_the_same(values: dict[str, Any]) -> None:
    config = parse(values)
    again = parse(tomllib.loads(dumps(config)))
    assert again == config
    assert again.digest == config.digest


@settings(deadline=None, max_examples=50)
@given(values=VALUES, random=st.randoms(use_true_random=False))
def test_the_digest_does_not_depend_on_the_order_of_the_keys(values: dict[str, Any], random: Any) -> None:
    def shuffled(table: dict[str, Any]) -> dict[str, Any]:
        items = [(key, shuffled(value) if isinstance(value, dict) else value) for key, value in table.items()]
        random.shuffle(items)
        return dict(items)

    assert parse(shuffled(values)).digest == parse(values).digest


def test_toml_names_every_key() -> None:
    table = tomllib.loads(dumps(Config()))
    names = [f"{key}.{name}" for key, value in table.items() if isinstance(value, dict) for name in value]
    assert sorted(["name", *names]) == sorted(known_keys())


def test_a_title_of_any_printable_text_can_be_assigned_without_quotation_marks() -> None:
    title = r"it's 5 o'clock: \o/ 四象限 𝔔"
    assert parse(override({}, [f"report.title={title}"])).report.title == title


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"data": {"spread": 1}}, {"data": {"spread": 1.0}}),
        ({"training": {"learning_rate": 2}}, {"training": {"learning_rate": 2.0}}),
        ({"data": {"centres": [[1, 0]] * 4}}, {"data": {"centres": [[1.0, 0.0]] * 4}}),
        ({}, {"data": {"spread": 0.5}, "report": {"title": "Four quadrants"}}),
        ({"data": {"spread": 0.0}}, {"data": {"spread": -0.0}}),
    ],
)
def test_equal_configurations_have_equal_digests(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert parse(one) == parse(other)
    assert parse(one).digest == parse(other).digest


def test_the_digest_changes_with_every_value() -> None:
    rule = {"optimizer": "heavy_ball", "momentum": 0.9}
    changes = {
        "name": {"name": "other"},
        "data.seed": {"data": {"seed": 1}},
        "data.samples_per_class": {"data": {"samples_per_class": 201}},
        "data.spread": {"data": {"spread": math.nextafter(0.5, 1)}},
        "data.centres": {"data": {"centres": [[1, 1], [-1, 1], [-1, -1], [1, math.nextafter(-1, 0)]]}},
        "network.seed": {"network": {"seed": 1}},
        "network.hidden": {"network": {"hidden": [3, 3, 3]}},
        "network.initial_scale": {"network": {"initial_scale": 0.02}},
        "training.epochs": {"training": {"epochs": 9999}},
        "training.learning_rate": {"training": {"learning_rate": 0.25}},
        "training.optimizer": {"training": rule},
        "training.momentum": {"training": rule | {"momentum": 0.8}},
        "evaluation.seed": {"evaluation": {"seed": 1}},
        "evaluation.points": {"evaluation": {"points": 1}},
        "inertia.momentum": {"inertia": {"momentum": 0.8}},
        "replicates.runs": {"replicates": {"runs": 15}},
        "report.title": {"report": {"title": "four quadrants"}},
        "report.language": {"report": {"language": "zh"}},
    }
    assert set(changes) == set(known_keys())
    digests = [Config().digest, *(parse(values).digest for values in changes.values())]
    assert len(set(digests)) == len(digests)


def test_the_runs_folder_is_named_after_the_experiment_and_its_digest() -> None:
    config = parse({"name": "mine"})
    assert config.run_name == f"mine-{config.digest[:8]}"
    assert set(config.digest) <= set("0123456789abcdef")
    assert len(config.digest) == 64


@pytest.mark.parametrize("content", [b"a = [" * 2, b"a = " + b"[" * 30_000, b"a = " + b"{b = " * 30_000])
def test_text_that_is_no_toml_is_refused_with_its_source(content: bytes) -> None:
    with pytest.raises(ConfigurationError, match=r"^somewhere: not valid TOML"):
        loads(content, "somewhere")


def test_text_is_read_like_a_file() -> None:
    assert loads('name = "ä"\n[data]\nseed = 3\n'.encode(), "somewhere") == {"name": "ä", "data": {"seed": 3}}
    with pytest.raises(ConfigurationError, match=r"^somewhere, line 1: not UTF-8 text"):
        loads(b'name = "\xe4"', "somewhere")


@pytest.mark.parametrize("depth", [50, 400, 5000])
def test_tables_nested_by_dots_are_refused_however_deep(depth: int) -> None:
    with pytest.raises(ConfigurationError, match=r"unknown key a|nested too deeply"):
        parse(loads(b".".join([b"a"] * depth) + b" = 1", "somewhere"))
    with pytest.raises(ConfigurationError, match=r"nested too deeply|is not allowed"):
        parse(loads(b"data.spread." + b".".join([b"a"] * depth) + b" = 1", "somewhere"))


def test_its_settings_as_assignments_give_it_again() -> None:
    config = parse({"report": {"title": "Übung"}, "data": {"centres": [[2, 1], [-1, 1.5], [-1, -1], [1, -1e-3]]}})
    assert parse(override({}, [assignment(key, value) for key, value in config.settings.items()])) == config
    assert list(config.settings) == known_keys()
