import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from quadnet.arrays import FloatArray
from quadnet.errors import QuadnetError, one_line
from quadnet.phases import detect
from quadnet.report.curve import phases as curve_phases
from quadnet.report.curve.phases import Found

FALL = 0.5 + 0.9 ** np.arange(300)
SHAKEN = np.random.default_rng(0).standard_normal(300)


def found(folder: Path, loss: FloatArray, epochs: FloatArray | None = None) -> Found:
    epochs = np.arange(len(loss)) if epochs is None else epochs
    lines = [f"{epoch},{value}" for epoch, value in zip(epochs.tolist(), loss.tolist(), strict=True)]
    file = folder / "curve & more.csv"
    file.write_text("\n".join(["epoch,loss", *lines]))
    return curve_phases.find(file)


def test_phases_are_those_of_the_detector(tmp_path: Path) -> None:
    assert found(tmp_path, FALL).phases == detect(FALL).phases


def test_borders_are_given_by_the_epochs_of_the_file(tmp_path: Path) -> None:
    borders = [(p.start, p.end) for p in detect(FALL).phases]
    tens = found(tmp_path, FALL, 1 + 10 * np.arange(300)).entries()
    assert [(e["start"], e["end"]) for e in tens] == [(1 + 10 * start, 1 + 10 * end) for start, end in borders]
    assert all(isinstance(e["start"], int) for e in tens)
    halves = found(tmp_path, FALL, np.arange(300) / 2)
    assert [e["end"] for e in halves.entries()] == [end / 2 for _, end in borders]
    assert halves.table().splitlines()[2].split()[4] == "149.5"


def test_an_epoch_that_is_not_finite_is_named_by_the_file(tmp_path: Path) -> None:
    loss = FALL.copy()
    loss[250:] = np.nan
    broken = found(tmp_path, loss, 7 + 10 * np.arange(300))
    assert broken.status == "non-finite at epoch 2507"
    assert broken.entries()[-1]["end"] == 2497
    assert broken.warnings() == ["the curve is not sound: non-finite at epoch 2507"]


def test_columns_of_the_table_are_aligned(tmp_path: Path) -> None:
    steps = -sum(1 / (1 + np.exp(-(np.arange(2000) - centre) / (centre / 40))) for centre in (100, 400, 1600))
    table = found(tmp_path, np.exp(steps)).table().splitlines()
    assert len(table) == 8
    for name in ("phase", "start", "end", "loss at start", "loss at end"):
        end = table[0].index(name) + len(name)
        assert all(re.match(r"\S(  |$)", line[end - 1 :]) for line in table), name
    kinds = [line[table[0].index("kind") :].split("  ")[0] for line in table[1:]]
    assert kinds == ["plateau", "descent", "plateau", "descent", "plateau", "descent", "open plateau"]


@pytest.mark.parametrize(
    ("loss", "epochs", "said"),
    [
        (FALL, np.arange(300), []),
        (FALL, np.arange(300) / 3, []),
        (FALL, np.geomspace(1, 1000, 300), ["not evenly spaced"]),
        (FALL, np.where(np.arange(300) < 200, 1, 50) + np.arange(300), ["not evenly spaced"]),
        (np.maximum(np.linspace(1, -0.1, 300), 0), np.arange(300), ["0 or less"]),
        (np.linspace(1, -1, 300), np.arange(300), ["0 or less"]),
        (np.linspace(1, 2, 300), np.arange(300), ["diverged"]),
        (FALL * np.exp(0.002 * SHAKEN), np.arange(300), []),
        (FALL * np.exp(0.01 * SHAKEN), np.arange(300), ["noisy, by "]),
        (np.append(FALL * np.exp(0.01 * SHAKEN), np.nan), np.arange(301), ["non-finite", "noisy, by "]),
    ],
)
def test_a_reader_is_warned_of_what_the_phases_do_not_show(
    tmp_path: Path, loss: FloatArray, epochs: FloatArray, said: list[str]
) -> None:
    warnings = found(tmp_path, loss, epochs).warnings()
    assert len(warnings) == len(said)
    assert all(part in warning for part, warning in zip(said, warnings, strict=True))


def test_the_drawing_is_a_whole_svg_that_needs_no_font_and_names_its_source(tmp_path: Path) -> None:
    target = tmp_path / "plot.svg"
    curve_phases.plot(found(tmp_path, FALL), target)
    root = ElementTree.fromstring(target.read_bytes())
    title = root.find("{http://www.w3.org/2000/svg}title")
    assert title is not None
    assert (title.text or "").endswith("curve & more.csv")
    assert b"<text" not in target.read_bytes()
    first = target.read_bytes()
    curve_phases.plot(found(tmp_path, FALL), target)
    assert target.read_bytes() == first


@pytest.mark.parametrize("loss", [[2.0, 1.0], [1.0, 1.0], [1.0, 0.0], [1.0, -1.0], [1e-300, 1e300], [0.0, 0.0]])
@pytest.mark.parametrize("rest", [[], [np.nan]])
def test_the_shortest_and_widest_curves_are_drawn(tmp_path: Path, loss: list[float], rest: list[float]) -> None:
    curve_phases.plot(found(tmp_path, np.array(loss + rest)), tmp_path / "plot.svg")
    assert ElementTree.parse(tmp_path / "plot.svg").getroot().tag.endswith("svg")


def test_many_phases_are_drawn_with_their_numbers(tmp_path: Path) -> None:
    epochs = np.arange(200_000)
    centres = 40.0 * 4 ** np.arange(6)
    curve = np.exp(-sum(1.2 / (1 + np.exp(-np.clip((epochs - c) / (c / 27), -500, 500))) for c in centres))
    many = found(tmp_path, curve)
    assert len(many.phases) == 13
    curve_phases.plot(many, tmp_path / "plot.svg")
    assert (tmp_path / "plot.svg").stat().st_size < 200_000


@pytest.mark.parametrize(
    ("file", "plot"),
    [("a/history.csv", "history-phases.svg"), ("-", "phases.svg"), ("loss.tar.txt", "loss.tar-phases.svg")],
)
def test_the_drawing_goes_into_the_current_folder(file: str, plot: str) -> None:
    assert curve_phases.plot_beside(Path(file)) == Path(plot)


def test_only_the_drawing_of_the_same_curve_gives_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    target = Path("history-phases.svg")
    curves_of = {}
    for folder, rate in (("a", 1), ("b", 2)):
        path = Path(folder, "history.csv")
        path.parent.mkdir()
        path.write_text("\n".join(str(rate / (k + 1)) for k in range(20)))
        curves_of[path] = curve_phases.find(path)
    (first, one), (second, other) = curves_of.items()
    curve_phases.check_own(one, first, target)
    curve_phases.plot(one, target)
    for same in (first, first.resolve(), Path("a/../a/history.csv")):
        curve_phases.check_own(other, same, target)
    with pytest.raises(QuadnetError, match=r"phases\.svg: is the drawing of a/history\.csv; name .*--force"):
        curve_phases.check_own(other, second, target)
    piped = curve_phases.Found(replace(one.curve, name="standard input"), one.status, one.phases)
    curve_phases.plot(piped, target)
    curve_phases.check_own(piped, Path("-"), target)
    with pytest.raises(QuadnetError, match="is the drawing of standard input"):
        curve_phases.check_own(replace(piped, curve=replace(piped.curve, loss=other.curve.loss)), Path("-"), target)


@pytest.mark.parametrize("name", ["a\x01b.csv", "a\x0cb.csv", "tab\t.csv", "a\ufffeb.csv", "<&>.csv", "caf\udce9.csv"])
def test_the_name_of_a_file_spoils_no_drawing(tmp_path: Path, name: str) -> None:
    curve = found(tmp_path, FALL)
    curve_phases.plot(replace(curve, curve=replace(curve.curve, name=name)), tmp_path / "plot.svg")
    title = ElementTree.parse(tmp_path / "plot.svg").getroot().find("{http://www.w3.org/2000/svg}title")
    assert title is not None
    assert title.text == one_line(name)


@pytest.mark.filterwarnings("ignore:overflow")  # of matplotlib, which looks for ticks beyond the axis
@pytest.mark.parametrize("lowest_and_highest", ["1e-300\n0.5\n1e60", "5e-324\n0.5\n1e308", "3e-241\n0.5\n1e200"])
def test_a_curve_over_all_numbers_that_there_are_can_be_drawn(tmp_path: Path, lowest_and_highest: str) -> None:
    (tmp_path / "a.csv").write_text(f"0.8\n{lowest_and_highest}\n")
    curve_phases.plot(curve_phases.find(tmp_path / "a.csv"), tmp_path / "a.svg")
    assert (tmp_path / "a.svg").read_bytes().startswith(b"<?xml")
