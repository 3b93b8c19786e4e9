import json
from collections.abc import Callable
from pathlib import Path

import pytest

from quadnet.errors import QuadnetError
from report import console
from report.press import PdfError


def unwanted() -> dict[str, object]:
    raise AssertionError("the summary is for JSON alone")


@pytest.mark.parametrize("failure", [None, PdfError("no PDF")])
def test_the_words_come_first_and_the_path_last_then_the_failure(
    capsys: pytest.CaptureFixture[str], failure: QuadnetError | None
) -> None:
    raised: QuadnetError | None = None
    try:
        console.end(Path("here"), ["one", "two"], unwanted, failure, quiet=False, as_json=False)
    except QuadnetError as error:
        raised = error
    said = capsys.readouterr()
    assert (said.out, said.err, raised) == ("here\n", "one\ntwo\n", failure)


def test_json_has_the_path_and_the_summary_and_quiet_no_words(capsys: pytest.CaptureFixture[str]) -> None:
    console.end(Path("here"), ["one"], lambda: {"runs": 3}, None, quiet=True, as_json=True)
    said = capsys.readouterr()
    assert (json.loads(said.out), said.err) == ({"path": "here", "runs": 3}, "")


@pytest.mark.parametrize(
    ("terminal", "shown", "drawn"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_a_bar_is_for_a_terminal_that_wants_one(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, shown: bool, drawn: bool
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal)
    progress: Callable[[int], None] | None
    with console.bar("epochs", 10, shown=shown) as progress:
        assert (progress is not None) == drawn
