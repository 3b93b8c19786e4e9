import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from quadnet.config import parse
from quadnet.experiment import Experiment
from quadnet.network import outputs
from quadnet.replicates import Replicates, standings
from report import drawings, prose
from report.document import Document
from report.language import Language


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
        told = re.search(r"predicted classes ([0-9, and]+), accuracy", panel.alt)
        assert told is not None
        assert {int(c) for c in re.findall(r"\d", told[1])} == set(predicted.tolist())


def test_the_network_s_alternative_text_names_every_layer(default_run: Experiment, english: Language) -> None:
    assert "2 inputs, 3 sigmoid units, 3 sigmoid units, 4 sigmoid outputs" in drawings.network(default_run, english).alt


def test_a_layer_of_one_unit_is_told_in_the_singular(english: Language, small_run: Experiment) -> None:
    config = parse({"network": {"hidden": [1]}})
    history = replace(small_run.history, widths=(2, 1, 4), parameters=np.zeros((1, 11)))
    alt = drawings.network(replace(small_run, config=config, history=history), english).alt
    assert "2 inputs, 1 sigmoid unit, 4 sigmoid outputs" in alt


def test_the_comparison_s_alternative_text_tells_its_result(default_run: Experiment, english: Language) -> None:
    alt = drawings.inertia(default_run, english).alt
    assert "gradient descent and heavy ball 0.9" in alt
    assert alt.endswith(prose.inertia(default_run, english))


def test_the_alternative_text_of_the_other_seeds_tells_their_number_and_the_result(
    default_run: Experiment, default_replicates: Replicates, english: Language
) -> None:
    both = standings(default_run, default_replicates)
    alt = drawings.replicates(default_run, default_replicates, both, english).alt
    assert "this run and of 16 other weight seeds" in alt
    assert alt.endswith(prose.replicates(default_run, default_replicates, both, english))
