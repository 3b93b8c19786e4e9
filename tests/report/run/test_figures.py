import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from quadnet.anatomy import Anatomy
from quadnet.config import parse
from quadnet.escape import Escape
from quadnet.experiment import Experiment
from quadnet.network import outputs
from quadnet.replicates import Replicates, standings
from quadnet.report.figures import spectra, style
from quadnet.report.run import figures as run_figures
from quadnet.report.run.page import Document
from quadnet.report.words import course
from quadnet.report.words import other_seeds as seed_words
from quadnet.report.words import phases as phase_words
from quadnet.report.words.language import Language
from quadnet.spectrum import signs
from quadnet.standstill import WayOut


def test_every_drawing_has_a_key_of_its_own_an_alternative_text_and_a_caption(default_document: Document) -> None:
    drawings = default_document.drawings
    assert len({drawing.key for drawing in drawings}) == len(drawings) == 6 + 2 * len(default_document.episodes) + 1
    for drawing in drawings:
        beginning = {".svg": b"<svg ", ".png": b"\x89PNG"}[Path(drawing.file).suffix]
        assert drawing.content.startswith(beginning)
        assert Path(drawing.file).stem == drawing.key
        assert drawing.alt.endswith(".")
        assert len(drawing.caption) > 10
        assert "%(" not in drawing.alt + drawing.caption


def test_the_main_figure_s_alternative_text_tells_every_phase(default_document: Document) -> None:
    alt = default_document.figures["training"].alt
    for row in default_document.phases:
        start, end = row.epochs.split("–")
        assert f"{row.number} {row.kind}, epochs {start} to {end}: {row.story}" in alt


def expected_moments(run: Experiment) -> list[int]:
    """Middle of each closed plateau, end of any other phase."""
    closed = [phase.kind == "plateau" and not phase.open for phase in run.phases.phases]
    return [p.middle if middle else p.end for p, middle in zip(run.phases.phases, closed, strict=True)]


def moments(document: Document) -> list[int]:
    return [int(episode.panel.key.removeprefix("regions-")) for episode in document.episodes]


def test_each_phase_has_the_regions_of_its_moment_and_the_trained_network_its_own(
    default_document: Document, default_run: Experiment
) -> None:
    assert moments(default_document) == expected_moments(default_run)
    assert default_document.trained.key == "regions-10000"


def test_a_panel_tells_the_accuracy_and_the_classes_of_its_moment(
    default_document: Document, default_run: Experiment
) -> None:
    for panel in [*(episode.panel for episode in default_document.episodes), default_document.trained]:
        epoch = int(panel.key.removeprefix("regions-"))
        predicted = outputs(default_run.history.at(epoch), default_run.dataset.points).argmax(axis=1)
        accuracy = float((predicted == default_run.dataset.labels).mean())
        assert f"{100 * accuracy:.1f}\u202f% right" in panel.caption
        told = re.search(r"classes predicted: ([0-9, and]+); accuracy", panel.alt)
        assert told is not None
        assert {int(c) for c in re.findall(r"\d", told[1])} == set(predicted.tolist())


def test_the_network_s_alternative_text_names_every_layer(default_run: Experiment, english: Language) -> None:
    assert (
        "2 inputs, 3 sigmoid units, 3 sigmoid units, 4 sigmoid outputs" in run_figures.network(default_run, english).alt
    )


def test_a_layer_of_one_unit_is_told_in_the_singular(english: Language, small_run: Experiment) -> None:
    config = parse({"network": {"hidden": [1]}})
    history = replace(small_run.history, widths=(2, 1, 4), parameters=np.zeros((1, 11)))
    alt = run_figures.network(replace(small_run, config=config, history=history), english).alt
    assert "2 inputs, 1 sigmoid unit, 4 sigmoid outputs" in alt


def test_the_comparison_s_alternative_text_tells_its_result(default_run: Experiment, english: Language) -> None:
    alt = run_figures.inertia(default_run, english).alt
    assert "gradient descent and heavy ball (β = 0.9)" in alt
    assert alt.endswith(course.inertia(default_run, english))


def test_the_alternative_text_of_the_other_seeds_tells_their_number_and_the_result(
    default_run: Experiment, default_replicates: Replicates, english: Language
) -> None:
    both = standings(default_run, default_replicates)
    alt = run_figures.replicates(default_run, default_replicates, both, english).alt
    assert "this run and of 16 other weight seeds" in alt
    assert alt.endswith(seed_words.comparison(default_run, default_replicates, both, english))


def test_a_phase_s_eigenvalues_are_told_by_their_signs_at_start_middle_and_end(
    default_run: Experiment, english: Language
) -> None:
    anatomy = default_run.anatomy[1]
    figure = run_figures.spectrum(2, anatomy, 10.0, english)
    assert figure is not None
    assert (figure.key, figure.file) == ("spectrum-2", "spectrum-2.svg")
    told = []
    for name, look in zip(("start", "middle", "end"), anatomy.looks, strict=True):
        assert look.eigenvalues is not None
        counted = signs(look.eigenvalues)
        told.append(f"{name}: {counted.negative} / {counted.zero} / {counted.positive}")
    assert figure.alt == f"Eigenvalues in phase 2, how many are negative, zero and positive: {'; '.join(told)}."
    assert all(line.encode() in figure.content for line in told)


@pytest.mark.parametrize("place", ["start", "middle", "end"])
def test_eigenvalues_that_are_not_known_have_no_figure(default_run: Experiment, english: Language, place: str) -> None:
    whole = default_run.anatomy[1]
    anatomy: Anatomy = replace(whole, **{place: replace(getattr(whole, place), eigenvalues=None)})
    assert run_figures.spectrum(2, anatomy, 10.0, english) is None


def beside(run: Experiment) -> tuple[Escape, WayOut]:
    assert run.standstill is not None
    assert run.standstill.escape is not None
    assert run.standstill.way_out is not None
    return run.standstill.escape, run.standstill.way_out


def visit(run: Experiment, found: Escape, way: WayOut, language: Language) -> spectra.Visit:
    """What the saddle's figure is told to show."""
    told = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_figures.spectra, "saddle", lambda visit, words: told.append(visit))
        patch.setattr(style, "draw", lambda name, figure, behind: figure() or b"")
        run_figures.saddle(run, found, way, language)
    return told[0]


def test_the_saddle_s_figure_is_told_losses_less_that_of_the_saddle(default_run: Experiment, english: Language) -> None:
    found, way = beside(default_run)
    shown = visit(default_run, found, way, english)
    level = way.profile[20]
    assert way.steps[20] == shown.profile[20] == 0
    assert shown.curvature == found.least
    assert (shown.end, shown.predicted) == (found.measured, found.reduced)
    assert (shown.profile == way.profile - level).all()
    assert (shown.loss == default_run.history.loss[way.epochs] - level).all()
    assert shown.profile.argmax() == 20
    assert shown.profile[[0, -1]].max() < 0


def test_the_growth_by_the_bend_at_the_saddle_starts_with_the_training_and_is_slower(
    default_run: Experiment, english: Language
) -> None:
    found, way = beside(default_run)
    shown = visit(default_run, found, way, english)
    assert shown.frozen is not None
    assert shown.frozen[0] == abs(way.path[0])
    factor = 1 - 0.5 * found.least
    assert shown.frozen[1:] / shown.frozen[:-1] == pytest.approx(np.full(len(way.epochs) - 1, factor))
    end = int(np.flatnonzero(way.epochs == found.measured)[0])
    assert shown.frozen[end] < abs(way.path[end])


def test_a_growth_that_leaves_all_numbers_ends_where_it_is_far_off(default_run: Experiment, english: Language) -> None:
    found, way = beside(default_run)
    steep = replace(found, eigenvalues=np.array([-1e6, 0.0, 1.0]))
    shown = visit(default_run, steep, way, english)
    assert shown.frozen is not None
    seen = shown.frozen[~np.isnan(shown.frozen)]
    assert 0 < len(seen) < len(shown.frozen)
    assert seen.max() <= 1000 * np.abs(way.path).max()


def test_another_rule_has_no_growth_of_plain_descent(default_run: Experiment, english: Language) -> None:
    """Not even one that would be too large for a number."""
    found, way = beside(default_run)
    config = parse({"training": {"optimizer": "averaging", "momentum": 0.9}})
    steep = replace(found, eigenvalues=np.array([-10.0, 0.0, 1.0]))
    assert visit(replace(default_run, config=config), steep, way, english).frozen is None


def test_the_saddle_s_alternative_text_names_the_end_of_the_plateau(default_document: Document) -> None:
    figure = default_document.figures["saddle"]
    assert "the end of the plateau at epoch 1658" in figure.alt
    assert "highest at the saddle" in figure.alt
    assert b"end by the reduced flow" in figure.content


def test_panels_are_those_of_the_phases_and_then_of_the_trained_network(
    default_run: Experiment, default_document: Document, english: Language
) -> None:
    """They are the same wherever they are drawn, since they need no library's state."""
    chapters = phase_words.chapters(default_run)
    panels = run_figures.panels(default_run, run_figures.panel_canvas(default_run), chapters, english)
    shown = [*(episode.panel for episode in default_document.episodes), default_document.trained]
    assert panels == shown
    assert len({panel.content for panel in panels[:-1]}) == len(chapters)
    assert [panel.file for panel in panels] == [f"{panel.key}.png" for panel in panels]


def test_a_run_without_phases_has_the_panel_of_the_trained_network_only(
    small_run: Experiment, english: Language
) -> None:
    (panel,) = run_figures.panels(small_run, run_figures.panel_canvas(small_run), (), english)
    assert panel.key == "regions-300"


def test_the_bars_of_plateaus_are_named_only_where_there_are_some(small_run: Experiment, english: Language) -> None:
    assert "The bars below" in run_figures.inertia(small_run, english).caption  # those of the other run
    neither = replace(small_run, companion=replace(small_run.companion, phases=small_run.phases))
    assert run_figures.inertia(neither, english).caption.endswith("Neither leaves a plateau.")
