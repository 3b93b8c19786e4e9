import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from quadnet.config import parse
from quadnet.experiment import Experiment
from quadnet.network import outputs
from quadnet.phases import Phases
from quadnet.replicates import Replicates, standings
from report import drawings, prose
from report.document import Document, compose
from report.language import Language
from report.record import manifest


def test_every_drawing_has_a_key_of_its_own_an_alternative_text_and_a_caption(default_document: Document) -> None:
    drawings = default_document.drawings
    assert len({drawing.key for drawing in drawings}) == len(drawings) == 5 + len(default_document.panels)
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
    """Start, middle of each closed plateau, end of each descent, trained."""
    moments = {0, int(run.history.epochs[-1])}
    for phase in run.phases.phases:
        if phase.kind == "descent":
            moments.add(phase.end)
        elif not phase.open:
            moments.add((phase.start + phase.end) // 2)
    return sorted(moments)


def test_panels_show_start_middles_of_plateaus_ends_of_descents_and_the_end(
    default_document: Document, default_run: Experiment
) -> None:
    moments = expected_moments(default_run)
    assert [int(panel.key.removeprefix("regions-")) for panel in default_document.panels] == moments
    assert moments[0] == 0
    assert moments[-1] == 10_000
    assert len(moments) == 7
    words = [panel.caption.partition(", ")[2].partition(":")[0] for panel in default_document.panels]
    assert words == [
        "start",
        "end of descent",
        "middle of plateau",
        "end of descent",
        "middle of plateau",
        "end of descent",
        "trained",
    ]


def test_a_panel_tells_the_accuracy_and_the_classes_of_its_moment(
    default_document: Document, default_run: Experiment
) -> None:
    for panel in default_document.panels:
        epoch = int(panel.key.removeprefix("regions-"))
        predicted = outputs(default_run.history.at(epoch), default_run.dataset.points).argmax(axis=1)
        accuracy = float((predicted == default_run.dataset.labels).mean())
        assert f"{100 * accuracy:.1f}\u202f% right" in panel.caption
        told = re.search(r"predicted classes ([0-9, and]+), accuracy", panel.alt)
        assert told is not None
        assert {int(c) for c in re.findall(r"\d", told[1])} == set(predicted.tolist())


def test_a_run_that_ends_in_a_descent_shows_its_end_once(default_run: Experiment, english: Language) -> None:
    phases = default_run.phases.phases[:5]
    ending = Phases("ok", (*phases[:4], replace(phases[4], open=True)))
    evidence = replace(default_run.evidence, phases=default_run.evidence.phases[:5])
    document = compose(replace(default_run, phases=ending, evidence=evidence), english, manifest.versions())
    shown = [int(panel.key.removeprefix("regions-")) for panel in document.panels]
    assert shown[-1] == 10_000
    assert phases[4].end not in shown


def test_a_thinned_history_shows_the_kept_epochs_next_to_the_moments(
    default_run: Experiment, english: Language
) -> None:
    history = default_run.history
    kept = np.arange(0, 10_001, 40)
    thinned = replace(history, epochs=kept, parameters=history.parameters[kept], every=40)
    document = compose(replace(default_run, history=thinned), english, manifest.versions())
    shown = [int(panel.key.removeprefix("regions-")) for panel in document.panels]
    assert shown == sorted({thinned.nearest(moment) for moment in expected_moments(default_run)})


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
