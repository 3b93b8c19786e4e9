import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from quadnet.claims import NUMBERS, OUTCOMES, Outcome
from quadnet.config import Config, parse
from quadnet.report.pages import render
from quadnet.report.sweep import build as sweep_build
from quadnet.report.sweep import page as sweep_page
from quadnet.report.sweep.page import SweepDocument
from quadnet.report.words import claims as claim_words
from quadnet.report.words.language import Language
from quadnet.sweep import Plateau, Row

CREATED = "2000-01-01T00:00:00Z"
VERSIONS = (("quadnet", "9.9"), ("Python", "3"))
ALL = ((0, 1, 2, 3),)
PAIRS = ((0, 1), (2, 3))
VERDICTS: tuple[Outcome, ...] = ("holds", "fails", *["partly"] * (len(NUMBERS) - 2))  # type: ignore[assignment]  # a list of one literal


def row(data: int, weights: int, length: int, accuracy: float = 0.9) -> Row:
    plateaus = (Plateau(7, 7 + length, 2.25, ALL), Plateau(2000, 2100 + length, 1.46, PAIRS))
    return Row(data, weights, "ok", 2.77, 0.2, accuracy, 0.95, "DPDPDp", plateaus, VERDICTS)


def composed(rows: Sequence[Row], language: Language) -> SweepDocument:
    return sweep_page.compose(Config(), rows, "a-sweep", sweep_build.COLUMNS, language, VERSIONS)


@pytest.fixture(scope="module")
def document(english: Language) -> SweepDocument:
    odd = Row(1, 3, "diverged", 2.77, 9.0, 0.25, 0.95, "d", verdicts=("cannot be tested",) * len(NUMBERS))
    rows = [row(0, 0, 1000), row(0, 1, 2000, 0.96), row(1, 2, 3000), odd, Row(1, 4, "failed: E: x")]
    return composed(rows, english)


def test_the_summary_counts_and_measures(document: SweepDocument) -> None:
    first, second, third = document.summary
    assert first.startswith("Of 5 runs 3 end soundly; 3 of the 5 go through the phases descent, plateau, descent,")
    assert "2000 epochs at the median; the shortest 1000, the longest 3000" in second
    assert "between 25.00\u202f% and 96.00\u202f%" in third
    assert "95.00\u202f% of the same points" in third


def test_no_sequence_is_named_where_two_are_as_frequent(english: Language) -> None:
    other = Row(0, 1, "ok", 2.77, 0.2, 0.9, 0.95, "Dp", (), VERDICTS)
    first, *_ = composed([row(0, 0, 1000), other], english).summary
    assert first == "Of 2 runs 2 end soundly; no sequence of phases is the commonest."


def test_plateaus_beyond_the_levels_are_counted_at_the_end_of_the_scale(english: Language) -> None:
    high = Row(0, 1, "ok", 99.0, 0.2, 0.9, 0.95, "DPDp", (Plateau(7, 90, 42.0, ALL),), VERDICTS)
    within, beyond = (composed(rows, english).figures["levels"] for rows in ([row(0, 0, 9)], [row(0, 0, 9), high]))
    assert "beyond the scale" in beyond.caption
    assert "+1 →" in beyond.content.decode()
    assert "beyond the scale" not in within.caption
    assert "→" not in within.content.decode()


def test_sequences_and_groups_are_counted_by_frequency(document: SweepDocument) -> None:
    assert document.sequences[0][1:] == ("3", "75.0\u202f%")
    assert document.sequences[1] == ("open descent", "1", "25.0\u202f%")
    assert [entry[1:3] for entry in document.partitions] == [
        ("0\u202f1\u202f2\u202f3", "3"),
        ("0\u202f1 | 2\u202f3", "3"),
    ]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("en", ("non-finite at epoch 7", "diverged", "regressed", "failed: E: x")),
        ("zh", ("损失在第 7 轮不再有限", "发散", "倒退", "失败：E: x")),
    ],
)
def test_runs_that_did_not_end_well_say_why(code: str, words: tuple[str, ...]) -> None:
    statuses = ("non-finite at epoch 7", "diverged", "regressed", "failed: E: x")
    odd = [Row(0, seed, status) for seed, status in enumerate(statuses)]
    found = composed(odd, Language.load(code)).unsound
    assert found == tuple(("0", str(seed), word) for seed, word in enumerate(words))


def test_the_verdicts_on_each_claim_are_counted(document: SweepDocument) -> None:
    assert [entry[0] for entry in document.verdicts] == list(NUMBERS)
    assert document.verdicts[0][2:] == ("3", "0", "0", "1")
    assert document.verdicts[1][2:] == ("0", "3", "0", "1")
    assert document.verdicts[2][2:] == ("0", "0", "3", "1")


def test_the_page_has_a_row_of_counts_for_each_claim_in_the_note_s_words(
    document: SweepDocument, english: Language
) -> None:
    html = render.html(document, "screen", CREATED).partition('<section id="verdicts">')[2].partition("</section>")[0]
    head = re.findall(r'<th scope="col">([^<]*)</th>', html)
    assert head == ["#", "claim", "holds", "fails", "partly", "cannot be tested"]
    assert [*head[2:]] == [claim_words.outcomes(english)[outcome] for outcome in OUTCOMES]
    rows = re.findall(r'<tr><th scope="row">(\w+)</th><td>([^<]*)</td>', html)
    assert rows == list(claim_words.says(english).items())
    assert html.count("<td>3</td>") == len(NUMBERS)


def test_runs_that_failed_have_no_verdict_to_count(english: Language) -> None:
    failed = composed([Row(0, 0, "failed: E: x")], english)
    assert failed.verdicts == ()
    assert "The note on trial" not in render.html(failed, "screen", CREATED)


def test_runs_that_did_not_end_well_are_named(document: SweepDocument) -> None:
    assert document.unsound == (("1", "3", "diverged"), ("1", "4", "failed: E: x"))


def test_the_run_of_the_configurations_seeds_is_marked(document: SweepDocument, english: Language) -> None:
    assert b"diamond: seeds 0, 0" in document.figures["accuracies"].content
    assert b"line: seeds 0, 0" in document.figures["lengths"].content
    elsewhere = composed([row(5, 5, 100), row(5, 6, 200)], english)
    assert b"diamond" not in elsewhere.figures["accuracies"].content
    assert b"line: seeds" not in elsewhere.figures["lengths"].content


def test_without_plateaus_there_is_only_the_accuracy(english: Language) -> None:
    document = composed([Row(0, k, "ok", 2.77, 2.5, 0.25, 0.95, "d", verdicts=VERDICTS) for k in range(3)], english)
    assert list(document.figures) == ["accuracies"]
    page = render.html(document, "screen", CREATED)
    assert "Groups of classes on each plateau" not in page


def test_when_every_run_failed_the_page_says_so(english: Language) -> None:
    document = composed([Row(0, 0, "failed: E: x"), Row(0, 1, "failed: E: y")], english)
    page = render.html(document, "screen", CREATED)
    assert "None of the 2 runs could be finished." in page
    assert "failed: E: y" in page


def test_hostile_text_of_a_status_stays_text(english: Language) -> None:
    page = render.html(
        composed([row(0, 0, 9), Row(0, 1, "failed: <script>{{7*7}}</script>")], english), "screen", CREATED
    )
    assert "<script" not in page
    assert "&lt;script&gt;{{7*7}}" in page


def test_a_sweep_writes_both_pages_the_same_every_time(tmp_path: Path) -> None:
    config = parse({"training": {"epochs": 300}, "data": {"samples_per_class": 20}})
    pairs = [(0, k) for k in range(4)]
    paths = [sweep_build.run(config, pairs, tmp_path / name, ("html", "pdf")).path for name in ("a", "b")]
    for name in ("report.html", "report.pdf", "runs.csv", "config.toml"):
        assert (paths[0] / name).read_bytes() == (paths[1] / name).read_bytes()
    assert [path.name for path in paths[0].glob(".*")] == [".gitattributes"]
