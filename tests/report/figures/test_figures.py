import base64
import io
import re
from dataclasses import replace
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle
from PIL import Image

from quadnet.config import Data, Network
from quadnet.dataset import Dataset
from quadnet.experiment import Experiment
from quadnet.mixture import Mixture
from quadnet.network import Parameters, initial
from quadnet.phases import Phase
from quadnet.report.assets import text as asset
from quadnet.report.figures import curves as training
from quadnet.report.figures import network_diagram, other_seeds, regions, spectra, style, two_runs

SVG = "{http://www.w3.org/2000/svg}"


def texts(part: Figure | Axes) -> list[str]:
    """All words of a figure or axes that are not empty."""
    return [t.get_text() for t in part.findobj(matplotlib.text.Text) if t.get_text()]


# style


def simple() -> Figure:
    figure = style.canvas(60, 40)
    axes = style.place(figure, 10, 10, 45, 25)
    axes.plot([0, 1, 2], [3, 1, 2], color=style.CLASS_COLOURS[0], marker="o", clip_on=True)
    axes.imshow(np.eye(3), extent=(0, 1, 0, 1))
    axes.set_xlabel("time & <tide>")
    return figure


def test_the_same_drawing_gives_the_same_bytes() -> None:
    assert style.draw("one", simple) == style.draw("one", simple)


def test_a_drawing_is_svg_of_the_size_asked_for_with_its_words_as_text() -> None:
    root = ElementTree.fromstring(style.draw("one", simple))
    assert root.tag == f"{SVG}svg"
    assert float(root.attrib["width"].removesuffix("pt")) == pytest.approx(60 * 72 / 25.4)
    assert float(root.attrib["height"].removesuffix("pt")) == pytest.approx(40 * 72 / 25.4)
    assert "time & <tide>" in ["".join(node.itertext()).strip() for node in root.iter(f"{SVG}text")]


def test_ids_begin_with_the_figure_s_name_and_every_reference_finds_its_own() -> None:
    svg = style.draw("one", simple).decode()
    ids = re.findall(r'\bid="([^"]*)"', svg)
    references = re.findall(r'(?:url\(|href=")#([^")]*)', svg)
    assert len(ids) == len(set(ids)) > 3
    assert all(name.startswith("one-") for name in ids)
    assert references
    assert set(references) <= set(ids)


def test_a_drawing_has_no_group_and_no_turn_that_changes_nothing() -> None:
    root = ElementTree.fromstring(style.draw("one", simple))
    groups = list(root.iter(f"{SVG}g"))
    assert all(set(group.attrib) - {"id"} for group in groups)
    assert not [node for node in root.iter() if re.match(r"rotate\(-?0 ", node.get("transform", ""))]
    assert any(group.get("clip-path") for group in groups), "those that do something stay"


def test_text_that_is_turned_stays_turned() -> None:
    def upward() -> Figure:
        figure = style.canvas(60, 40)
        figure.text(0.5, 0.5, "upward", rotation=90)
        return figure

    (text,) = ElementTree.fromstring(style.draw("one", upward)).iter(f"{SVG}text")
    assert "rotate(-90" in text.attrib["transform"]


def test_a_drawing_names_neither_date_nor_maker() -> None:
    svg = style.draw("one", simple).decode()
    assert "dc:date" not in svg
    assert "Matplotlib" not in svg
    assert "<?xml" not in svg


def test_the_chinese_font_is_named_where_it_draws_something_and_nowhere_else() -> None:
    def written(text: str) -> str:
        def draw() -> Figure:
            figure = style.canvas(40, 10)
            figure.text(0, 0.5, text)
            return figure

        return style.draw("one", draw).decode()

    assert "'Quadnet Sans', 'Quadnet Han', sans-serif" in written("损失 loss")
    assert "Quadnet Han" not in written("loss")


@pytest.mark.parametrize(
    ("text", "letters", "lines"),
    [
        ("All four differ, but only faintly", 12, ["All four", "differ, but", "only faintly"]),
        ("各输出趋向类别先验", 12, ["各输出趋向", "类别先验"]),
        ("四个类别各不相同，但还很微弱", 18, ["四个类别各不相", "同，但还很微弱"]),
        ("四个类别各不相同，但还", 20, ["四个类别各不相同，", "但还"]),
        ("类别 0、2 分离出来", 14, ["类别 0、2 分", "离出来"]),
    ],
)
def test_lines_of_words_and_of_chinese_characters_have_their_width(text: str, letters: int, lines: list[str]) -> None:
    assert style.wrap(text, letters).split("\n") == lines


@given(st.text("损失，。、一二ab7", min_size=1), st.integers(6, 30))
def test_a_chinese_line_keeps_every_character_and_starts_with_no_mark(text: str, letters: int) -> None:
    wrapped = style.wrap(text, letters)
    assert "".join(wrapped.split()) == "".join(text.split())
    assert not any(line.startswith(tuple("，。、")) for line in wrapped.split("\n")[1:])


def test_drawing_leaves_matplotlib_s_settings_as_they_were() -> None:
    before = dict(matplotlib.rcParams)
    seen: list[Any] = []

    def spy() -> Figure:
        seen.append(list(matplotlib.rcParams["font.family"]))
        return simple()

    style.draw("one", spy)
    assert seen == [["Quadnet Sans", "Quadnet Han"]]
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize(
    ("exponent", "text"), [(0, "1"), (1, "10"), (4, "10000"), (5, "10⁵"), (-1, "10⁻¹"), (-12, "10⁻¹²")]
)
def test_powers_of_ten_are_written_out_while_short(exponent: int, text: str) -> None:
    assert style.power_of_ten(exponent) == text


def test_a_place_is_given_in_millimetres() -> None:
    figure = style.canvas(100, 50)
    assert style.place(figure, 10, 5, 80, 40).get_position().bounds == pytest.approx((0.1, 0.1, 0.8, 0.8))


@pytest.mark.parametrize(("colour", "variable"), style.ROLES.items())
def test_each_colour_with_a_role_is_the_style_sheet_s(colour: str, variable: str) -> None:
    assert re.search(rf"{variable}: {colour};", asset("style/base.css"))


def lightness(colour: str) -> float:
    """L* of CIE Lab: what remains of a colour in grey."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in matplotlib.colors.to_rgb(colour)
    )
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return 116 * luminance ** (1 / 3) - 16


def test_classes_differ_by_more_than_colour() -> None:
    assert len(set(style.CLASS_MARKERS)) == 4
    assert len(set(style.CLASS_LINES)) == 4
    assert len(set(style.CLASS_COLOURS)) == 4


def test_points_stand_out_from_every_tint_in_grey() -> None:
    darkest_tint = min(map(lightness, style.CLASS_TINTS))
    assert all(lightness(colour) < darkest_tint - 20 for colour in style.CLASS_COLOURS)


# training


def words(count: int) -> training.Words:
    return training.Words(
        epoch="EPOCH",
        stretched="STRETCHED",
        loss="LOSS",
        shares="SHARES",
        recall="RECALL",
        gradient="GRADIENT",
        classes=("C0", "C1", "C2", "C3"),
        kinds=[f"KIND{n}" for n in range(count)],
        stories=[f"STORY{n}" for n in range(count)],
    )


def phases_of(borders: list[int]) -> list[Phase]:
    """Descents and plateaus by turns."""
    count = len(borders) - 1
    return [
        Phase("plateau" if n % 2 else "descent", None, n == count - 1, borders[n], borders[n + 1], 2.0, 1.0, None)
        for n in range(count)
    ]


def curve(run: Experiment, loss: np.ndarray, phases: list[Phase], levels: list[training.Level]) -> Figure:
    return training.curve(loss, phases, run.evidence.track, levels, words(len(phases)))


def test_the_main_figure_has_the_whole_curve_the_stretched_one_and_three_below(small_run: Experiment) -> None:
    loss = small_run.history.loss
    figure = curve(small_run, loss, list(small_run.phases.phases), [training.Level(2.2, "LEVEL")])
    said = texts(figure)
    assert len(figure.axes) == 5
    for word in ("EPOCH", "STRETCHED", "LOSS", "SHARES", "RECALL", "GRADIENT", "C0", "C3", "KIND1", "STORY1", "LEVEL"):
        assert word in said


def test_the_stretched_curve_keeps_the_highest_and_the_lowest_loss(small_run: Experiment) -> None:
    loss = np.linspace(2.0, 1.0, 300)
    loss[150] = 3.0
    loss[151] = 0.5
    figure = curve(small_run, loss, phases_of([0, 100, 299]), [])
    longest = max((line.get_ydata() for line in figure.axes[1].lines), key=len)
    assert np.nanmax(longest) == 3.0
    assert np.nanmin(longest) == 0.5


def test_every_border_of_the_phases_is_written_below(small_run: Experiment) -> None:
    figure = curve(small_run, small_run.history.loss, phases_of([0, 7, 50, 299]), [])
    labels = [label.get_text() for label in figure.axes[4].get_xticklabels()]
    assert labels == ["0", "7", "50", "299"]


def test_a_short_phase_is_stretched_to_a_readable_width(small_run: Experiment) -> None:
    figure = curve(small_run, small_run.history.loss, phases_of([0, 2, 299]), [])
    start, border, end = figure.axes[4].get_xticks()
    assert (border - start) / (end - start) > 0.12


def test_a_loss_that_explodes_is_drawn_on_a_logarithmic_scale(small_run: Experiment) -> None:
    phases = phases_of([0, 299])
    steady = curve(small_run, np.linspace(2, 1, 300), phases, [])
    exploding = curve(small_run, np.geomspace(2, 2e9, 300), phases, [])
    assert [axes.get_yscale() for axes in steady.axes[:2]] == ["linear", "linear"]
    assert [axes.get_yscale() for axes in exploding.axes[:2]] == ["log", "log"]


def test_the_labels_of_levels_that_lie_close_together_do_not_cover_each_other(small_run: Experiment) -> None:
    levels = [training.Level(loss, f"LEVEL{loss}") for loss in (1.00, 1.001, 1.002, 0.2)]
    figure = curve(small_run, np.linspace(2, 0.1, 300), phases_of([0, 299]), levels)
    places = sorted(t.get_position()[1] for t in figure.axes[1].texts if t.get_text().startswith("LEVEL"))
    assert len(places) == 4
    assert min(np.diff(places)) > 0.05


def test_a_level_outside_the_scale_is_left_out(small_run: Experiment) -> None:
    figure = curve(small_run, np.linspace(2, 1, 300), phases_of([0, 299]), [training.Level(50.0, "FAR")])
    assert "FAR" not in texts(figure)


def test_of_many_phases_only_the_numbers_are_written(small_run: Experiment) -> None:
    few = texts(curve(small_run, small_run.history.loss, phases_of([0, *range(30, 211, 30), 299]), []))
    many = texts(curve(small_run, small_run.history.loss, phases_of([0, *range(20, 281, 20), 299]), []))
    assert "STORY3" in few
    assert "8" in few
    assert not any("STORY" in text for text in many)
    assert "15" in many


@pytest.mark.parametrize("loss", [[2.7], [2.7, 2.6], [2.7, 0.0]])
def test_a_run_of_an_epoch_or_two_is_drawn_without_complaint(small_run: Experiment, loss: list[float]) -> None:
    last = len(loss) - 1
    phases = [Phase("plateau", None, True, 0, last, loss[0], loss[last], None)]
    first = [replace(small_run.evidence.start, epoch=0)]
    svg = style.draw(
        "training", lambda: training.curve(np.array(loss), phases, first, [training.Level(2.2, "L")], words(1))
    )
    assert b"STORY0" in svg


def test_a_numbered_curve_has_numbers_and_borders_and_no_kinds() -> None:
    loss = np.linspace(2.0, 1.0, 101)
    phases = phases_of([0, 10, 40, 100])
    figure = training.numbered(loss, phases, "EPOCH", "STRETCHED", "LOSS")
    whole, main = figure.axes
    assert [t.get_text() for t in main.texts] == ["1", "2", "3"]
    assert [t.get_text() for t in main.get_xticklabels()] == ["0", "10", "40", "100"]
    assert {"EPOCH", "LOSS"} <= set(texts(whole))
    assert "STRETCHED" in texts(main)
    others = [replace(phase, kind="descent", grade=None) for phase in phases]
    again = style.draw("curve", lambda: training.numbered(loss, others, "EPOCH", "STRETCHED", "LOSS"))
    assert again == style.draw("curve", lambda: training.numbered(loss, phases, "EPOCH", "STRETCHED", "LOSS"))


def test_of_many_borders_a_numbered_curve_labels_some() -> None:
    borders = list(range(0, 3100, 100))
    _, main = training.numbered(np.linspace(2, 1, 3001), phases_of(borders), "e", "s", "l").axes
    labels = [t.get_text() for t in main.get_xticklabels()]
    assert 5 <= len([label for label in labels if label]) <= 10
    assert [t.get_text() for t in main.texts] == [str(n) for n in range(1, 31)]


def plain(epochs: np.ndarray, loss: np.ndarray, borders: list[int]) -> Figure:
    labels = [f"EPOCH{epochs[border]:g}" for border in borders]
    return training.plain(epochs, loss, phases_of(borders), labels, words(len(borders) - 1))


def test_any_curve_is_drawn_over_its_own_epochs_and_stretched() -> None:
    epochs = np.arange(1, 3001, 10) / 2
    figure = plain(epochs, np.linspace(2, 1, 300), [0, 7, 50, 299])
    whole, main = figure.axes
    assert whole.get_xlim() == (0.5, 1495.5)
    assert [label.get_text() for label in main.get_xticklabels()] == [
        "EPOCH0.5",
        "EPOCH35.5",
        "EPOCH250.5",
        "EPOCH1495.5",
    ]
    assert {"EPOCH", "STRETCHED", "LOSS", "1", "KIND2", "STORY0"} <= set(texts(figure))
    assert whole.lines[0].get_xdata()[[0, -1]] == pytest.approx(epochs[[0, -1]], abs=5)


def test_of_very_many_borders_only_some_are_labelled() -> None:
    figure = plain(np.arange(900.0), np.linspace(2, 1, 900), [*range(0, 800, 20), 899])
    labels = [label.get_text() for label in figure.axes[1].get_xticklabels()]
    assert labels[::3] == [f"EPOCH{epoch}" for epoch in range(0, 800, 60)]
    assert set(labels[1::3] + labels[2::3]) == {""}


def test_a_long_curve_is_thinned_but_keeps_its_extremes() -> None:
    loss = np.linspace(2.0, 1.0, 100_000)
    loss[[50_000, 50_001]] = 3.0, 0.5
    figure = plain(np.arange(100_000.0), loss, [0, 100, 99_999])
    for axes in figure.axes:
        drawn = max((line.get_ydata() for line in axes.lines), key=len)
        assert len(drawn) <= 1202
        assert (np.nanmax(drawn), np.nanmin(drawn)) == (3.0, 0.5)


@pytest.mark.parametrize(
    ("last", "scale"),
    [(0.1, "linear"), (0.0, "linear"), (-5.0, "linear"), (0.05, "log"), (1e-200, "log"), (1e200, "log")],
)
def test_a_loss_over_decades_is_drawn_on_a_logarithmic_scale_and_all_of_it_is_seen(last: float, scale: str) -> None:
    figure = plain(np.arange(300.0), np.linspace(2, last, 300), [0, 100, 299])
    for axes in figure.axes:
        assert axes.get_yscale() == scale
        low, high = axes.get_ylim()
        assert low <= min(2, last) <= max(2, last) <= high
    assert style.draw("plain", lambda: figure).startswith(b"<svg")


# regions


def dataset(points: Any, labels: Any = (0, 1, 2, 3), spread: float = 0.5) -> Dataset:
    return Dataset(np.array(points, dtype=float), np.array(labels), Mixture.of(Data(spread=spread)))


FOUR = dataset([[1, 1], [-1, 1], [-1, -1], [1, -1]])
TINTS = [tuple(round(255 * part) for part in matplotlib.colors.to_rgb(tint)) for tint in style.CLASS_TINTS]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=4, max_size=4))
def test_every_point_lies_in_the_window_of_the_panels(points: list[tuple[float, float]]) -> None:
    window = regions.canvas(dataset(points), 5.0)
    for x, y in points:
        assert window.left <= x <= window.left + window.width
        assert window.bottom <= y <= window.bottom + window.width


def test_points_in_a_single_place_have_a_window_too() -> None:
    window = regions.canvas(dataset([[2, 3]] * 4), 10.0)
    assert window.width > 0
    assert window.left < 2 < window.left + window.width


def share_of(picture: np.ndarray, tint: tuple[int, ...]) -> float:
    return float((picture == np.array(tint)).all(axis=-1).mean())


def test_a_region_has_the_tint_of_its_class_at_its_place() -> None:
    picture = regions.panel(regions.canvas(FOUR, 20.0), FOUR.mixture.bayes_rule)
    height, width = picture.shape[:2]
    assert height == width
    corners = picture[[2, 2, -3, -3], [-3, 2, 2, -3]]  # upper right first, then counter-clockwise
    assert [tuple(corner.tolist()) for corner in corners] == TINTS
    for tint in TINTS:
        assert 0.15 < share_of(picture, tint) < 0.26


def test_a_rule_that_knows_one_class_gives_one_tint() -> None:
    picture = regions.panel(regions.canvas(FOUR, 20.0), lambda points: np.full(len(points), 2))
    assert share_of(picture, TINTS[2]) > 0.8
    assert [share_of(picture, TINTS[c]) for c in (0, 1, 3)] == [0, 0, 0]


def test_the_rule_is_asked_about_the_places_of_the_window() -> None:
    window = regions.canvas(FOUR, 20.0)
    asked: list[np.ndarray] = []

    def rule(points: np.ndarray) -> np.ndarray:
        asked.append(points)
        return np.zeros(len(points), dtype=np.int64)

    regions.panel(window, rule)
    points = np.concatenate(asked)
    low, high = np.array([window.left, window.bottom]), np.array([window.left, window.bottom]) + window.width
    assert ((points > low) & (points < high)).all()
    assert (points.min(axis=0) < low + window.width / 50).all()
    assert (points.max(axis=0) > high - window.width / 50).all()


def test_each_class_has_its_colour_where_its_points_are() -> None:
    window = regions.canvas(FOUR, 40.0)
    picture = regions.panel(window, FOUR.mixture.bayes_rule)
    pixels = picture.shape[0]
    for (x, y), label in zip(FOUR.points, FOUR.labels, strict=True):
        column = int((x - window.left) / window.width * pixels)
        row = pixels - 1 - int((y - window.bottom) / window.width * pixels)
        colour = tuple(round(255 * part) for part in matplotlib.colors.to_rgb(style.CLASS_COLOURS[label]))
        near = picture[row - 4 : row + 5, column - 4 : column + 5].reshape(-1, 3).astype(int)
        assert np.abs(near - colour).sum(axis=1).min() < 12


def test_a_panel_without_points_in_a_class_is_drawn() -> None:
    only = dataset([[1, 1], [0, 0]], [0, 0])
    assert regions.panel(regions.canvas(only, 20.0), only.mixture.bayes_rule).shape[2] == 3


@pytest.mark.parametrize(("place", "drawn"), [(0, True), (1, False)])
def test_of_thousands_of_points_only_every_second_is_drawn(place: int, drawn: bool) -> None:
    points = np.zeros((5000, 2))
    points[place] = 1.0
    points[2499] = -1.0  # keeps the window as it is
    window = regions.canvas(dataset(points, np.zeros(5000, dtype=int)), 20.0)
    pixels = window.points.shape[0]
    assert bool(window.points[: pixels // 4, -pixels // 4 :].any()) == drawn


def test_a_picture_is_written_as_png_without_loss_and_always_alike() -> None:
    picture = regions.panel(regions.canvas(FOUR, 10.0), FOUR.mixture.bayes_rule)
    file = regions.png(picture)
    assert file == regions.png(picture)
    assert (np.asarray(Image.open(io.BytesIO(file))) == picture).all()


def test_the_large_panel_has_a_scale_in_coordinates() -> None:
    window = regions.canvas(FOUR, 40.0)
    (axes,) = regions.scale(window).axes
    assert axes.get_xlim() == pytest.approx((window.left, window.left + window.width))
    assert axes.get_ylim() == pytest.approx((window.bottom, window.bottom + window.width))
    assert len(axes.get_xticks()) >= 3


def test_the_large_panel_fills_the_box_of_its_scale_without_loss_and_lies_under_it() -> None:
    window = regions.canvas(FOUR, 40.0)
    picture = regions.panel(window, FOUR.mixture.bayes_rule)
    root = ElementTree.fromstring(style.draw("data", lambda: regions.scale(window), regions.behind(window, picture)))
    order = [node.tag for node in root.iter()]
    (image,) = root.iter(f"{SVG}image")
    assert order.index(f"{SVG}image") < order.index(f"{SVG}path")
    data = base64.b64decode(image.attrib["{http://www.w3.org/1999/xlink}href"].partition(",")[2])
    assert (np.asarray(Image.open(io.BytesIO(data))) == picture).all()
    box = regions.scale(window).axes[0].get_position()
    left, top, width, height = (float(image.attrib[name]) for name in ("x", "y", "width", "height"))
    whole = (40 + 8) * 72 / 25.4, (40 + 6) * 72 / 25.4
    assert (left, left + width) == pytest.approx((box.x0 * whole[0], box.x1 * whole[0]), abs=0.01)
    assert (top, top + height) == pytest.approx(((1 - box.y1) * whole[1], (1 - box.y0) * whole[1]), abs=0.01)


def test_a_blank_panel_is_white_but_for_the_points_and_the_labels() -> None:
    window = regions.canvas(dataset([[0.2, 1.8], [-1.8, 0.2], [-0.2, -1.8], [1.8, -0.2]]), 40.0)
    centres = np.array([[1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]])
    picture = regions.blank(window, centres)
    for tint in TINTS:
        assert share_of(picture, tint) == 0
    assert share_of(picture, (255, 255, 255)) > 0.9
    pixels = len(picture)
    for point, colour in zip([[0.2, 1.8], [-1.8, 0.2], [-0.2, -1.8], [1.8, -0.2]], style.CLASS_COLOURS, strict=True):
        column, row = ((np.array(point) - [window.left, window.bottom]) / window.width * pixels).astype(int)
        assert picture[pixels - 1 - row, column].tolist() == [
            round(255 * part) for part in matplotlib.colors.to_rgb(colour)
        ]
    for x, y in centres:
        column, row = ((np.array([x, y]) - [window.left, window.bottom]) / window.width * pixels).astype(int)
        near = picture[pixels - row - 20 : pixels - row + 20, column - 20 : column + 20]
        assert near.min() < 60  # the label's ink


# diagram


@pytest.mark.parametrize("hidden", [(), (3, 3), (9,), (40,), (5,) * 16])
def test_the_shape_has_a_line_for_every_weight_that_is_drawn_all_alike(hidden: tuple[int, ...]) -> None:
    widths = (2, *hidden, 4)
    figure = network_diagram.shape(widths, tuple(f"LAYER{n}" for n in range(len(widths))), 98.0)
    shown = [width if width <= 9 else 8 for width in widths]
    (lines,) = figure.findobj(LineCollection)
    assert len(lines.get_segments()) == sum(a * b for a, b in pairwise(shown))
    assert len(set(lines.get_linewidths())) == 1
    assert [f"LAYER{n}" in texts(figure) for n in range(len(widths))] == [True] * len(widths)
    places = {round(c.center[0], 3) for c in figure.findobj(Circle)}
    radius = max(circles(figure))
    assert min(b - a for a, b in pairwise(sorted(places))) > 2 * radius  # layers do not touch
    assert figure.get_size_inches()[0] * 25.4 == pytest.approx(98.0)


def drawn_network(hidden: tuple[int, ...]) -> tuple[Figure, Network]:
    network = Network(hidden=hidden, initial_scale=1.0)
    names = tuple(f"LAYER{n}" for n in range(len(network.widths)))
    return network_diagram.network(initial(network), names), network


def circles(figure: Figure) -> list[float]:
    return [round(c.get_radius(), 3) for c in figure.findobj(Circle)]


@pytest.mark.parametrize("hidden", [(), (1,), (3, 3), (8, 8, 8), (9,)])
def test_every_unit_is_a_circle_and_every_weight_a_line(hidden: tuple[int, ...]) -> None:
    figure, network = drawn_network(hidden)
    assert len(circles(figure)) == sum(network.widths)
    weights = sum(a * b for a, b in zip(network.widths, network.widths[1:], strict=False))
    assert len(figure.axes[0].lines) == weights
    assert [t for t in texts(figure) if t.startswith("LAYER")] == [f"LAYER{n}" for n in range(len(network.widths))]
    assert {"x₁", "x₂", "0", "1", "2", "3"} <= set(texts(figure))


def test_of_a_wide_layer_the_first_and_last_units_are_drawn_with_dots_between() -> None:
    figure, _ = drawn_network((1000,))
    radii = circles(figure)
    assert radii.count(0.4) == 3
    assert 8 <= len(radii) - 3 - 2 - 4 <= 9


def test_a_negative_weight_is_dashed_and_a_larger_one_thicker() -> None:
    weights = np.array([[1.0, -2.0, 0.5, 0.1]] * 2)
    parameters = Parameters((weights,), (np.zeros(4),))
    first = network_diagram.network(parameters, ("in", "out")).axes[0].lines[:4]
    assert [line.get_linestyle() for line in first] == ["-", "--", "-", "-"]
    order = np.argsort([line.get_linewidth() for line in first]).tolist()
    assert order == [3, 2, 0, 1]


def test_weights_that_are_no_numbers_or_all_zero_are_drawn_without_complaint() -> None:
    for value in (np.nan, np.inf, 0.0):
        parameters = Parameters((np.full((2, 4), value),), (np.zeros(4),))
        svg = style.draw("network", lambda p=parameters: network_diagram.network(p, ("in", "out")))
        assert b"nan" not in svg


# comparison


def compared(ours: np.ndarray, theirs: np.ndarray, plateaus: list[Phase]) -> Figure:
    runs = [two_runs.Run("MAIN", ours, dict(enumerate(plateaus, start=1))), two_runs.Run("OTHER", theirs, {})]
    return two_runs.curves(runs, "EPOCH", "LOSS")


def test_both_runs_are_drawn_and_named_and_each_closed_plateau_is_a_numbered_bar() -> None:
    plateaus = [phase for phase in phases_of([0, 7, 50, 70, 90, 299]) if phase.kind == "plateau"]
    figure = compared(np.linspace(2, 1, 300), np.linspace(2, 0.5, 300), plateaus)
    upper, lower = figure.axes
    said = texts(figure)
    assert {"MAIN", "OTHER", "EPOCH", "LOSS"} <= set(said)
    assert upper.get_xscale() == lower.get_xscale() == "log"
    assert [line.get_xdata().tolist() for line in lower.lines] == [[8, 51], [71, 91]]
    assert [t.get_text() for t in lower.texts] == ["1", "2"]
    ends = [line.get_ydata()[-1] for line in upper.lines]
    assert ends == [1.0, 0.5]


def test_a_plateau_that_stays_open_is_a_thin_bar_with_its_own_number() -> None:
    closed, left_open = (Phase("plateau", None, o, 10, 90, 2.0, 1.0, None) for o in (False, True))
    loss = np.linspace(2, 1, 100)
    runs = [two_runs.Run("MAIN", loss, {2: closed, 6: left_open}), two_runs.Run("OTHER", loss, {})]
    lower = two_runs.curves(runs, "EPOCH", "LOSS").axes[1]
    thick, thin = (line.get_linewidth() for line in lower.lines)
    assert thick > 2 * thin
    assert [t.get_text() for t in lower.texts] == ["2", "6"]


def test_losses_are_on_a_logarithmic_scale_only_if_one_explodes() -> None:
    steady, exploding = np.linspace(2, 1, 300), np.geomspace(2, 2e6, 300)
    assert compared(steady, steady, []).axes[0].get_yscale() == "linear"
    assert compared(steady, exploding, []).axes[0].get_yscale() == "log"


@pytest.mark.parametrize("sizes", [(0, 300), (300, 0), (1, 1)])
def test_a_run_without_losses_leaves_its_curve_out(sizes: tuple[int, int]) -> None:
    svg = style.draw("comparison", lambda: compared(*(np.full(size, 2.0) for size in sizes), []))
    assert (b"MAIN" in svg) == (sizes[0] > 0)
    assert (b"OTHER" in svg) == (sizes[1] > 0)


def test_a_single_epoch_is_a_dot() -> None:
    single = np.full(1, 2.0)
    assert {line.get_marker() for line in compared(single, single, []).axes[0].lines} == {"o"}
    assert {line.get_marker() for line in spread_out(single, [single], []).axes[0].lines} == {"o"}
    longer = np.linspace(2, 1, 300)
    assert "o" not in {line.get_marker() for line in compared(longer, longer, []).axes[0].lines}
    assert "o" not in {line.get_marker() for line in spread_out(longer, [longer], []).axes[0].lines}


# spread

WORDS = other_seeds.Words("EPOCH", "LOSS", "LENGTH", "OWN", "OTHERS")


def spread_out(own: np.ndarray, others: list[np.ndarray], strips: list[other_seeds.Strip]) -> Figure:
    return other_seeds.curves(own, others, strips, WORDS)


def test_all_other_curves_are_one_line_with_gaps_behind_the_run_s_own() -> None:
    others = [np.linspace(2, end, 4000) for end in (1.5, 1.0)]
    figure = spread_out(np.linspace(2, 0.5, 3000), others, [])
    (axes,) = figure.axes
    behind, own = axes.lines
    assert behind.get_zorder() < own.get_zorder()
    assert behind.get_linewidth() < own.get_linewidth()
    x, y = behind.get_xdata(), behind.get_ydata()
    gaps = np.flatnonzero(np.isnan(y))
    assert (gaps == np.flatnonzero(np.isnan(x))).all()
    assert len(gaps) == 2
    assert [y[gap - 1] for gap in gaps] == [1.5, 1.0]
    assert len(x) <= 2 * 201
    assert own.get_ydata()[-1] == 0.5
    assert {"EPOCH", "LOSS", "OWN", "OTHERS"} <= set(texts(figure))
    assert "LENGTH" not in texts(figure)
    assert axes.get_xscale() == "log"
    assert axes.get_xlim() == (1, 4000)
    (above, _below) = spread_out(np.linspace(2, 0.5, 3000), others, [other_seeds.Strip("FIRST", 30, [10], [])]).axes
    assert above.get_xlim() == (40, 4000)  # the plateaus are at its end


def test_each_strip_has_a_dot_for_each_other_run_a_tail_where_it_was_cut_off_and_a_diamond() -> None:
    strips = [other_seeds.Strip("FIRST", 30, [10, 20], [40]), other_seeds.Strip("SECOND", 5, [], [7])]
    figure = spread_out(np.ones(50), [np.ones(50)], strips)
    lower = figure.axes[1]
    dots, tails, *second = (patch.get_path().vertices.reshape(-1, 2, 2) for patch in lower.patches)
    assert dots.tolist() == [[[x, 0], [x, 0]] for x in (10, 20, 40)]
    ((start, end),) = tails.tolist()
    assert start == [40, 0]
    assert end[0] > 40
    assert [path[0, 0].tolist() for path in second] == [[7, -1], [7, -1]]
    diamonds = [(line.get_marker(), list(line.get_xdata()), list(line.get_ydata())) for line in lower.lines]
    assert diamonds == [("D", [30], [0]), ("D", [5], [-1])]
    assert {"FIRST", "SECOND", "LENGTH"} <= set(texts(figure))


def test_dots_reach_the_page_however_many_there_are() -> None:
    def dots(count: int) -> int:
        strip = other_seeds.Strip("FIRST", 30, range(10, 10 + 10 * count, 10), [])
        svg = style.draw("spread", lambda: spread_out(np.ones(50), [np.ones(50)], [strip])).decode()
        return max(d.count("M") for d in re.findall(r'<path d="([^"]*)"[^>]*stroke-linecap: round', svg))

    assert [dots(count) for count in (3, 16, 64)] == [3, 16, 64]


def test_other_curves_may_explode_or_be_missing() -> None:
    own = np.linspace(2, 1, 300)
    assert spread_out(own, [own], []).axes[0].get_yscale() == "linear"
    assert spread_out(own, [np.geomspace(2, 2e6, 300)], []).axes[0].get_yscale() == "log"
    for curves in ((own[:0], [own]), (own, [own[:0], own[:2]]), (own[:0], [own[:0]]), (own[:1], [own[:1]])):
        assert b"nan" not in style.draw("spread", lambda curves=curves: spread_out(*curves, []))


# spectra


def spectrum(*values: float, name: str = "NAME") -> spectra.Spectrum:
    return spectra.Spectrum(f"{name}: COUNTS", np.array(values))


def lines_of(figure: Figure) -> list[Line2D]:
    """The lines that belong to no axes."""
    return [artist for artist in figure.artists if isinstance(artist, Line2D)]


def strokes(figure: Figure) -> list[tuple[str, list[float]]]:
    """The colour of each bundle of strokes and where they stand."""
    *bundles, _, _ = lines_of(figure)  # the last two are the ticks and their line
    return [(str(line.get_color()), list(np.asarray(line.get_xdata())[::3])) for line in bundles]


def edge(figure: Figure) -> float:
    """Where the largest eigenvalue of the page stands."""
    return float(np.asarray(lines_of(figure)[-1].get_xdata())[-1])


def test_negative_eigenvalues_stand_on_the_left_zeros_in_the_middle_each_in_its_colour() -> None:
    figure = spectra.spectra([spectrum(-1.0, -1e-3, 0.0, 1e-12, 1e-2, 1.0)], 1.0)
    found = dict(strokes(figure))
    assert set(found) == {style.MUTED, style.INK, style.ACCENT}
    assert found[style.MUTED] == [0, 0]
    assert found[style.ACCENT] == pytest.approx([-edge(figure), -edge(figure) + 3])
    assert found[style.INK] == pytest.approx([edge(figure) - 2, edge(figure)])


def test_the_smallest_eigenvalues_that_are_not_zero_stand_apart_from_it() -> None:
    ((_, zeros), (_, up), (_, down)) = strokes(spectra.spectra([spectrum(-1.01e-6, 0.0, 1.01e-6)], 1.0))
    assert zeros == [0]
    assert up[0] == -down[0] > 0.5


def test_without_negative_eigenvalues_nothing_stands_on_the_left() -> None:
    figure = spectra.spectra([spectrum(0.0, 0.5, 1.0)], 1.0)
    assert [colour for colour, _ in strokes(figure)] == [style.MUTED, style.INK]
    assert min(x for _, places in strokes(figure) for x in places) == 0


def test_every_row_has_its_name_its_counts_and_a_height_of_its_own() -> None:
    rows = [spectrum(-1.0, 0.0, 1.0, name=name) for name in ("FIRST", "SECOND", "THIRD")]
    figure = spectra.spectra(rows, 1.0)
    assert {"FIRST: COUNTS", "SECOND: COUNTS", "THIRD: COUNTS"} <= set(texts(figure))
    heights = [np.asarray(line.get_ydata()) for line in lines_of(figure)]
    spans = [(np.nanmin(y), np.nanmax(y)) for y in heights[:-2:3]]
    assert len(spans) == 3
    assert all(lower[1] < upper[0] for upper, lower in pairwise(spans))
    assert heights[-1][0] < spans[-1][0]


def test_figures_of_a_page_share_its_scale() -> None:
    small, large = (spectra.spectra([spectrum(0.01, largest)], 50.0) for largest in (0.02, 50.0))
    assert strokes(small)[0][1][0] == strokes(large)[0][1][0]
    assert texts(small)[1:] == ["−100", "−1", "−10⁻²", "0", "10⁻²", "1", "100"]


@pytest.mark.parametrize(
    "values", [(0.0, 0.0), (1.0,), (-1e-300, 0.0, 1e-302), (-1e307, -1e-307, 0.0, 1e308), (-3.0, -2.0), (1e-9, 1e9)]
)
def test_eigenvalues_of_any_size_stand_between_the_edges_and_are_drawn_the_same_twice(
    values: tuple[float, ...],
) -> None:
    def drawn() -> Figure:
        return spectra.spectra([spectrum(*values)], float(np.abs(values).max()))

    figure = drawn()
    places = [x for _, bundle in strokes(figure) for x in bundle]
    assert len(places) == len(values)
    assert all(abs(x) <= edge(figure) + 1e-9 for x in places)
    svg = style.draw("spectrum", drawn)
    assert svg == style.draw("spectrum", drawn)
    assert b"nan" not in svg.lower()


SADDLE_WORDS = spectra.Words(
    "DIRECTION", "LOSS", "EPOCH", "PROFILE", "PARABOLA", "TRAINING", "FROZEN", "END", "PREDICTED"
)


def visit(**change: Any) -> spectra.Visit:
    """A training that leaves x = 0, where the loss is -x² + x⁴, at a steady rate."""
    steps, epochs = np.linspace(-1, 1, 41), np.arange(10, 210)
    path = 1e-3 * 1.035 ** np.arange(200.0)
    values: dict[str, Any] = {
        "steps": steps,
        "profile": steps**4 - steps**2,
        "curvature": -2.0,
        "epochs": epochs,
        "path": path,
        "loss": path**4 - path**2,
        "frozen": 1e-3 * 1.04 ** np.arange(200.0),
        "end": 180,
        "predicted": 170.0,
    }
    return spectra.Visit(**(values | change))


def labelled(axes: Axes) -> dict[str, Any]:
    """The lines of axes by what the legend calls them."""
    return {str(line.get_label()): line for line in axes.lines if not str(line.get_label()).startswith("_")}


def legend(axes: Axes) -> list[str]:
    shown = axes.get_legend()
    assert shown is not None
    return [text.get_text() for text in shown.get_texts()]


def test_the_landscape_shows_loss_bend_and_training_in_one_unit_and_the_saddle_at_the_origin() -> None:
    left = spectra.saddle(visit(), SADDLE_WORDS).axes[0]
    lines = labelled(left)
    assert legend(left) == ["PROFILE", "PARABOLA", "TRAINING"]
    assert {name: line.get_color() for name, line in lines.items()} == {
        "PROFILE": style.INK,
        "PARABOLA": style.MUTED,
        "TRAINING": style.ACCENT,
    }
    steps = np.linspace(-1, 1, 41)
    assert lines["PROFILE"].get_ydata() == pytest.approx(steps**4 - steps**2)
    assert lines["PARABOLA"].get_ydata() == pytest.approx(-(steps**2))
    assert left.get_ylabel() == "LOSS (× 1)"
    origin = [line for line in left.lines if list(line.get_xdata()) == [0] and list(line.get_ydata()) == [0]]
    assert len(origin) == 1
    low, high = left.get_ylim()
    assert low < -1 < 0 < high
    assert left.get_xlim() == (-1, 1)


def test_the_unit_of_the_landscape_is_named() -> None:
    small = visit(profile=-1e-7 * np.linspace(-1, 1, 41) ** 2, curvature=-4e-7, loss=np.full(200, -1e-8))
    assert spectra.saddle(small, SADDLE_WORDS).axes[0].get_ylabel() == "LOSS (× 10⁻⁷)"


def test_the_growth_is_on_a_logarithmic_scale_with_the_end_and_both_predictions() -> None:
    right = spectra.saddle(visit(), SADDLE_WORDS).axes[1]
    lines = labelled(right)
    assert legend(right) == ["TRAINING", "FROZEN", "END", "PREDICTED"]
    assert right.get_yscale() == "log"
    assert lines["TRAINING"].get_color() == style.ACCENT
    assert lines["FROZEN"].get_color() == style.MUTED
    assert set(lines["END"].get_xdata()) == {180}
    assert set(lines["PREDICTED"].get_xdata()) == {170.0}
    assert right.get_xlim() == (10, 209)


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"frozen": None}, {"FROZEN"}),
        ({"predicted": None}, {"PREDICTED"}),
        ({"predicted": 5000.0}, {"PREDICTED"}),
        ({"frozen": None, "predicted": None}, {"FROZEN", "PREDICTED"}),
    ],
)
def test_what_is_not_known_or_too_far_off_is_not_drawn(change: dict[str, Any], missing: set[str]) -> None:
    right = spectra.saddle(visit(**change), SADDLE_WORDS).axes[1]
    assert set(legend(right)) == {"TRAINING", "FROZEN", "END", "PREDICTED"} - missing


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"frozen": None, "predicted": None},
        {"path": np.zeros(200)},
        {"path": -visit().path},
        {"path": 1e-200 * visit().path},
        {"path": 1e200 * visit().path},
        {"loss": np.full(200, -50.0)},
        {"profile": np.zeros(41), "curvature": 0.0},
        {"profile": np.linspace(-1, 1, 41) ** 2, "curvature": 2.0},
        {"profile": -1e-290 * np.linspace(-1, 1, 41) ** 2, "curvature": -1e-290},
    ],
    ids=lambda change: "-".join(change) or "all",
)
def test_a_saddle_is_drawn_the_same_twice_whatever_its_visit(change: dict[str, Any]) -> None:
    def drawn() -> Figure:
        return spectra.saddle(visit(**change), SADDLE_WORDS)

    svg = style.draw("saddle", drawn)
    assert svg == style.draw("saddle", drawn)
    assert b"nan" not in svg.lower()


def test_a_training_on_the_other_side_is_as_far_away() -> None:
    right, left = (spectra.saddle(visit(path=sign * visit().path), SADDLE_WORDS) for sign in (1, -1))
    ways = [labelled(figure.axes[1])["TRAINING"].get_ydata() for figure in (right, left)]
    assert list(ways[0]) == list(ways[1])
    assert min(labelled(left.axes[0])["TRAINING"].get_xdata()) < 0
