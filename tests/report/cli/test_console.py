import json
from pathlib import Path

import pytest

from quadnet.errors import QuadnetError
from quadnet.report.cli import console
from quadnet.report.pages.press import PdfError


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
def test_the_stages_are_for_a_terminal_that_wants_them(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, shown: bool, drawn: bool
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: terminal)
    with console.stages(shown=shown) as progress:
        assert isinstance(progress, console.Line) == drawn


def test_the_line_grows_by_stages_and_gives_way_to_what_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter((0.0, 0.0, 8.0, 8.05, 40.0, 40.0, 40.0))
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with console.stages(shown=True) as progress:
        progress.stage("students", 100, "students", done=20)
        progress(40)
        progress(41)
        progress(100)
        progress.stage("key")
        console.say("warning: said")
    drawn = [line.rstrip(" ") for line in capsys.readouterr().err.split("\r")]
    assert drawn == [
        "",
        "students 20/100",
        "students 40/100, 2.5 students/s, 0:24 left",
        "students 100/100, 2.0 students/s, 0:00 left",
        "students · key",
        "",
        "warning: said\n",
    ]
