"""The tables on their own; `test_document` reads them as they stand on the page."""

import numpy as np

from quadnet.experiment import Experiment
from quadnet.replicates import Standing
from quadnet.report.run import tables
from quadnet.report.words.language import Language


def test_a_confusion_matrix_is_shaded_by_the_share_of_each_label(english: Language) -> None:
    matrix = tables.confusion(np.array([[8, 0, 0, 0], [1, 1, 0, 0], [0, 0, 3, 1], [0, 0, 0, 5]]), english)
    assert [[cell.text for cell in row] for row in matrix.rows][1] == ["1", "1", "0", "0"]
    assert [[cell.heat for cell in row] for row in matrix.rows] == [
        [8, 0, 0, 0],
        [4, 4, 0, 0],
        [0, 0, 6, 2],
        [0, 0, 0, 8],
    ]


def test_the_makeup_has_a_row_for_each_border_and_middle_and_two_columns_for_each_layer(
    default_run: Experiment, english: Language
) -> None:
    head, *rows = tables.makeup(default_run, english)
    assert head[-6:] == ("W₁", "W₂", "W₃", "A₁", "A₂", "A₃")
    assert {len(row) for row in rows} == {len(head)}
    epochs = {look.snapshot.epoch for anatomy in default_run.anatomy for look in anatomy.looks}
    assert [row[0] for row in rows] == [str(epoch) for epoch in sorted(epochs)]


def test_lengths_of_plateaus_that_nobody_else_left_have_no_range(english: Language) -> None:
    row = tables.standing(2, Standing(100, (), (150,), 0), english)
    assert row[:3] == ("2", "100", "–")
    assert row[-1] == "0 of 0"
