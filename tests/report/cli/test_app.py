import gc
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from quadnet import __version__
from quadnet.config import Config, dumps, parse
from quadnet.errors import QuadnetError
from quadnet.experiment import Experiment
from quadnet.report.archive import comparison, verification
from quadnet.report.archive.comparison import Comparison
from quadnet.report.archive.verification import Outcome, Verification
from quadnet.report.cli import app
from quadnet.report.curve import phases as curve_phases
from quadnet.report.pages.press import PdfError, Press
from quadnet.report.progress import SILENT
from quadnet.report.run import build as run_build
from quadnet.report.run.build import Built

Command = Callable[..., Any]  # gives what CliRunner.invoke gives


@pytest.fixture(autouse=True)
def _collecting() -> Iterator[None]:
    """The command stops the collection of cycles, as its process ends soon; that of the tests does not."""
    yield
    gc.enable()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Calls `quadnet report` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, ["report", *map(str, arguments)])


class Builds:
    """Stands for the pipeline: notes what it is asked for, and answers."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[dict[str, Any]] = []
        self.path = folder / "outputs" / "run-1"
        self.path.mkdir(parents=True)
        (self.path / "metrics.json").write_text('{"accuracy": 0.5, "loss_last": null}')
        (self.path / "phases.json").write_text('{"status": "diverged"}')
        (self.path / "run.log.json").write_text('{"seconds": 1.234}')
        self.answer: Built | BaseException = Built(self.path, reused=False)

    def __call__(self, config: Config, output_dir: Path, formats: tuple[str, ...], **options: Any) -> Built:
        self.asked.append({"config": config, "output_dir": output_dir, "formats": formats, **options})
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer

    @property
    def config(self) -> Config:
        (call,) = self.asked
        config = call["config"]
        assert isinstance(config, Config)
        return config


@pytest.fixture
def builds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Builds:
    stand_in = Builds(tmp_path)
    monkeypatch.setattr(run_build, "build", stand_in)
    return stand_in


def test_without_arguments_the_note_s_experiment_is_built_into_outputs(run: Command, builds: Builds) -> None:
    result = run()
    (call,) = builds.asked
    assert result.exit_code == 0
    assert call["config"] == Config()
    assert call["output_dir"] == Path("outputs")
    assert call["formats"] == ("html", "pdf")
    assert call["force"] is False


@pytest.mark.parametrize(
    ("arguments", "values"),
    [
        (["--seed", 7], {"data": {"seed": 7}}),
        (["--weight-seed", 3], {"network": {"seed": 3}}),
        (["--epochs", 25], {"training": {"epochs": 25}}),
        (["--learning-rate", 0.1], {"training": {"learning_rate": 0.1}}),
        (["--learning-rate", 2], {"training": {"learning_rate": 2.0}}),
        (["--hidden", "8,8,8"], {"network": {"hidden": [8, 8, 8]}}),
        (["--hidden", "1"], {"network": {"hidden": [1]}}),
        (["--hidden", ""], {"network": {"hidden": []}}),
        (["--momentum", 0.9], {"training": {"momentum": 0.9, "optimizer": "heavy_ball"}}),
        (["--momentum", 0], {}),
        (
            ["--momentum", 0.9, "--set", "training.optimizer=nesterov"],
            {"training": {"momentum": 0.9, "optimizer": "nesterov"}},
        ),
        (["--set", "data.samples_per_class=50"], {"data": {"samples_per_class": 50}}),
        (["--set", "data.samples_per_class=[1,2,3,4]"], {"data": {"samples_per_class": [1, 2, 3, 4]}}),
        (["--set", "report.title=A title"], {"report": {"title": "A title"}}),
        (["--set", "name=mine", "--set", "data.spread=0"], {"name": "mine", "data": {"spread": 0.0}}),
        (["--set", "data.seed=1", "--set", "data.seed=2"], {"data": {"seed": 2}}),
        (["--seed", 1, "--set", "data.seed=2"], {"data": {"seed": 2}}),
        (["--set", "data.seed=2", "--seed", 1], {"data": {"seed": 2}}),
        (
            ["--seed", 1, "--weight-seed", 2, "--epochs", 3, "--hidden", "4"],
            {"data": {"seed": 1}, "network": {"seed": 2, "hidden": [4]}, "training": {"epochs": 3}},
        ),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, list) else "",
)
def test_flags_and_assignments_change_the_configuration(
    run: Command, builds: Builds, arguments: list[Any], values: dict[str, Any]
) -> None:
    assert run(*arguments).exit_code == 0
    assert builds.config == parse(values)


def test_a_file_gives_settings_flags_win_over_it_and_assignments_over_flags(
    run: Command, builds: Builds, tmp_path: Path
) -> None:
    (tmp_path / "mine.toml").write_text(
        'name = "mine"\n[data]\nseed = 1\nspread = 0.25\n[training]\nepochs = 11\nlearning_rate = 0.1\n'
    )
    run("--config", "mine.toml", "--epochs", 12, "--seed", 2, "--set", "data.seed=3")
    assert builds.config == parse(
        {"name": "mine", "data": {"seed": 3, "spread": 0.25}, "training": {"epochs": 12, "learning_rate": 0.1}}
    )


def test_momentum_keeps_the_optimizer_of_the_file(run: Command, builds: Builds, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('[training]\noptimizer = "averaging"\nmomentum = 0.5\n')
    run("--config", "mine.toml", "--momentum", 0.8)
    assert builds.config == parse({"training": {"optimizer": "averaging", "momentum": 0.8}})


def test_the_configuration_of_a_run_builds_the_same_run(run: Command, builds: Builds, tmp_path: Path) -> None:
    config = parse({"network": {"hidden": [5]}, "report": {"title": 'Quotes " and \\ ≤'}})
    (tmp_path / "config.toml").write_text(dumps(config), encoding="utf-8")
    run("--config", "config.toml")
    assert builds.config.digest == config.digest


@pytest.mark.parametrize(
    ("text", "formats"),
    [("html", ("html",)), ("pdf", ("pdf",)), ("pdf,html", ("pdf", "html")), (" html , html ", ("html",))],
)
def test_the_pages_to_make_can_be_chosen(run: Command, builds: Builds, text: str, formats: tuple[str, ...]) -> None:
    run("--to", text, "--output-dir", "elsewhere", "--force")
    (call,) = builds.asked
    assert call["formats"] == formats
    assert call["output_dir"] == Path("elsewhere")
    assert call["force"] is True


WRONG = [
    (["--to", "docx"], "--to docx: 'docx' is no format; write html, pdf or html,pdf"),
    (["--to", ""], "'' is no format"),
    (["--to", "html,,pdf"], "'' is no format"),
    (["--to", "HTML"], "'HTML' is no format"),
    (["--epochs", "0"], "training.epochs = 0 is not allowed: a whole number at least 1"),
    (["--epochs", "many"], 'training.epochs = "many" is not allowed'),
    (["--epochs", "2.5"], "training.epochs = 2.5 is not allowed"),
    (["--seed", "-1"], "data.seed = -1 is not allowed"),
    (["--weight-seed", "1e3"], "network.seed = 1000.0 is not allowed"),
    (["--learning-rate", "nan"], "training.learning_rate = NaN is not allowed"),
    (["--learning-rate", "0"], "training.learning_rate = 0 is not allowed: a number above 0"),
    (["--hidden", "3,x"], "network.hidden"),
    (["--hidden", "0"], "network.hidden"),
    (["--momentum", "1"], "training.momentum = 1 is not allowed"),
    (["--set", "epochs"], "no '='"),
    (["--set", "data.sprad=1"], "did you mean data.spread?"),
    (["--set", "quite.another=1"], "unknown key quite.another"),
    (["--set", "training.optimizer=adam"], "gradient_descent, heavy_ball, nesterov or averaging"),
    (["--set", "training.optimizer=nesterov"], "nesterov needs one above 0"),
    (["--set", "training.momentum=0.5"], "gradient_descent has none"),
    (["--lang", "fr"], 'report.language = "fr" is not allowed: en or zh'),
    (["--config", "missing.toml"], "missing.toml: cannot be read (No such file or directory)"),
    (["--config", "."], "cannot be read (Is a directory)"),
    (["--config", "broken.toml"], "broken.toml: not valid TOML"),
    (["--config", "latin.toml"], "latin.toml, line 1: not UTF-8 text"),
    (["--config", "typo.toml"], "typo.toml: unknown key training.epoch; did you mean training.epochs?"),
    (["--config", "flat.toml"], "data"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG, ids=[" ".join(arguments) for arguments, _ in WRONG])
def test_a_wrong_value_is_refused_in_one_line_with_exit_code_2(
    run: Command, builds: Builds, tmp_path: Path, arguments: list[str], said: str
) -> None:
    (tmp_path / "broken.toml").write_text("data = [")
    (tmp_path / "latin.toml").write_bytes('name = "é"'.encode("latin-1"))
    (tmp_path / "typo.toml").write_text("[training]\nepoch = 3\n")
    (tmp_path / "flat.toml").write_text("data = 3\n")
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("quadnet: ")
    assert said in line
    assert builds.asked == []


@pytest.mark.parametrize("arguments", [["--bogus"], ["extra"], ["--epochs"], ["--force=maybe"]])
def test_wrong_usage_is_exit_code_2(run: Command, builds: Builds, arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert arguments[0].partition("=")[0] in result.stderr
    assert builds.asked == []


def test_an_unknown_command_is_exit_code_2() -> None:
    result = CliRunner().invoke(app, ["reprot"])
    assert result.exit_code == 2
    assert "reprot" in result.stderr


def test_the_version_is_printed() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.stdout) == (0, f"quadnet {__version__}\n")


def test_help_names_every_option_and_the_exit_codes() -> None:
    text = " ".join(CliRunner().invoke(app, ["report", "--help"]).stdout.split())
    for option in (
        "--config",
        "--set",
        "--seed",
        "--weight-seed",
        "--epochs",
        "--learning-rate",
        "--hidden",
        "--momentum",
        "--to",
        "--output-dir",
        "--force",
        "--json",
        "--quiet",
        "--verbose",
        "--no-progress",
    ):
        assert option in text
    assert "Exit codes: 0 done, 1 failed, 2 wrong usage" in text


def test_the_path_is_the_last_line_on_standard_output(run: Command, builds: Builds, small_run: Experiment) -> None:
    builds.answer = Built(builds.path, reused=False, experiment=small_run)
    result = run()
    assert result.stdout == f"{builds.path}\n"
    assert result.stderr.startswith("accuracy 0.25")
    assert len(result.stderr.splitlines()) == 1


def test_an_unsound_training_gives_a_warning_and_exit_code_0(
    run: Command, builds: Builds, small_run: Experiment
) -> None:
    failed = replace(small_run, phases=replace(small_run.phases, status="non-finite at epoch 7"))
    builds.answer = Built(builds.path, reused=False, experiment=failed)
    result = run()
    assert result.exit_code == 0
    assert "warning: the training is not sound: non-finite at epoch 7" in result.stderr


def test_a_run_that_is_there_is_told_with_the_way_to_build_it_again(run: Command, builds: Builds) -> None:
    builds.answer = Built(builds.path, reused=True)
    result = run()
    assert result.exit_code == 0
    assert result.stdout == f"{builds.path}\n"
    assert "is there already" in result.stderr
    assert "--force" in result.stderr


def test_verbose_tells_how_long_it_took(run: Command, builds: Builds, small_run: Experiment) -> None:
    builds.answer = Built(builds.path, reused=False, experiment=small_run)
    assert "1.23 s" in run("-v").stderr
    assert "1.23 s" not in run().stderr


@pytest.mark.parametrize("reused", [False, True])
def test_quiet_says_nothing_on_standard_error(
    run: Command, builds: Builds, small_run: Experiment, reused: bool
) -> None:
    failed = replace(small_run, phases=replace(small_run.phases, status="diverged"))
    builds.answer = Built(builds.path, reused=reused, experiment=failed)
    result = run("-q")
    assert (result.stdout, result.stderr) == (f"{builds.path}\n", "")


@pytest.mark.parametrize("reused", [False, True])
def test_json_is_for_machines(run: Command, builds: Builds, reused: bool) -> None:
    builds.answer = Built(builds.path, reused=reused)
    assert json.loads(run("--json", "-q").stdout) == {
        "path": str(builds.path),
        "reused": reused,
        "status": "diverged",
        "metrics": {"accuracy": 0.5, "loss_last": None},
    }


def test_a_missing_pdf_is_exit_code_3_with_path_and_reason(run: Command, builds: Builds) -> None:
    builds.answer = Built(builds.path, reused=False, failure=PdfError("no PDF: get pango"))
    for options in ([], ["-q"]):
        result = run(*options)
        assert result.exit_code == 3
        assert result.stdout == f"{builds.path}\n"
        assert result.stderr == "quadnet: no PDF: get pango\n"


def test_a_failure_is_exit_code_1_with_one_line(run: Command, builds: Builds) -> None:
    builds.answer = QuadnetError("outputs: is full; empty it")
    result = run("-q")
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", "quadnet: outputs: is full; empty it\n")


def test_a_crash_is_exit_code_70_with_one_line(run: Command, builds: Builds) -> None:
    builds.answer = ZeroDivisionError("planted")
    for options in ([], ["-q"], ["-v"]):
        result = run(*options)
        assert result.exit_code == 70
        assert result.stdout == ""
        (line,) = result.stderr.splitlines()
        assert "ZeroDivisionError: planted" in line
        assert "-vv" in line


def test_a_traceback_of_a_crash_is_shown_only_when_asked_for(run: Command, builds: Builds) -> None:
    builds.answer = ZeroDivisionError("planted")
    result = run("-vv")
    assert result.exit_code == 70
    assert "Traceback (most recent call last)" in result.stderr
    assert "in __call__" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("quadnet: a fault of the program")


def test_an_interruption_is_exit_code_130(run: Command, builds: Builds) -> None:
    builds.answer = KeyboardInterrupt()
    result = run()
    assert (result.exit_code, result.stdout) == (130, "")
    assert result.stderr == "quadnet: interrupted; nothing is half-written\n"


@pytest.mark.parametrize(("to", "running"), [("html,pdf", True), ("pdf", True), ("html", False)])
def test_a_press_runs_before_the_pipeline_if_a_pdf_is_asked_for(
    run: Command, builds: Builds, to: str, running: bool
) -> None:
    assert run("--to", to).exit_code == 0
    (call,) = builds.asked
    assert isinstance(call["press"], Press) == running


def test_help_loads_nothing_of_what_a_run_needs() -> None:
    code = "import sys, quadnet.report.cli; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "typer" in loaded
    assert not {"numpy", "pydantic", "matplotlib", "jinja2", "weasyprint", "PIL"} & set(loaded)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def drawn(monkeypatch: pytest.MonkeyPatch, builds: Builds, stream: io.StringIO, *options: str) -> str:
    """What a run of 400 epochs writes to a stream that stands for standard error."""

    def work(config: Config, output_dir: Path, formats: tuple[str, ...], **given: Any) -> Built:
        given["progress"].stage("training", 400, "epochs")
        for done in (100, 200, 300, 400):
            given["progress"](done)
        return Built(builds.path, reused=False)

    monkeypatch.setattr(run_build, "build", work)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, "stderr", stream)
    app(["report", "--epochs", "400", *options], standalone_mode=False)
    return stream.getvalue()


def test_a_terminal_shows_a_bar_with_count_and_rate(monkeypatch: pytest.MonkeyPatch, builds: Builds) -> None:
    text = drawn(monkeypatch, builds, Terminal())
    assert "epochs/s" in text
    assert "400/400" in text


@pytest.mark.parametrize(
    ("stream", "options"), [(io.StringIO, []), (Terminal, ["--no-progress"]), (Terminal, ["--quiet"])]
)
def test_no_bar_is_drawn_where_nobody_looks_or_wants_it(
    monkeypatch: pytest.MonkeyPatch, builds: Builds, stream: type[io.StringIO], options: list[str]
) -> None:
    assert drawn(monkeypatch, builds, stream(), *options) == ""


def called(*arguments: object) -> Any:
    return CliRunner().invoke(app, list(map(str, arguments)))


FOUND = Verification(Outcome.OTHER_BYTES, "same numbers, other bytes", ("a.svg: differs", "b\n\x1b: differs"))


@pytest.mark.parametrize("outcome", list(Outcome))
def test_what_a_verification_found_is_the_exit_code(monkeypatch: pytest.MonkeyPatch, outcome: Outcome) -> None:
    asked: list[Any] = []

    def verify(path: Path, **options: bool) -> Verification:
        asked.append((path, options))
        return replace(FOUND, outcome=outcome)

    monkeypatch.setattr(verification, "verify", verify)
    loud, quiet, machine = (called("verify", "a run", *options) for options in ([], ["-q"], ["--json", "--quick"]))
    assert loud.exit_code == quiet.exit_code == machine.exit_code == outcome
    assert loud.stdout == "same numbers, other bytes\na.svg: differs\nb\\n\\x1b: differs\n"
    assert loud.stderr == quiet.stdout == quiet.stderr == ""
    assert json.loads(machine.stdout) == {"result": FOUND.headline, "findings": list(FOUND.findings)}
    called("verify", "a run", "--anyway")
    assert asked[1:] == [
        (Path("a run"), {"quick": False, "anyway": False, "progress": SILENT}),
        (Path("a run"), {"quick": True, "anyway": False, "progress": SILENT}),
        (Path("a run"), {"quick": False, "anyway": True, "progress": SILENT}),
    ]


def test_a_rebuilt_run_s_path_is_the_last_line_on_standard_output(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def rebuild(*arguments: Any, **options: bool) -> tuple[Verification, Path]:
        asked.append((*arguments, options))
        return FOUND, Path("outputs/run-1")

    monkeypatch.setattr(verification, "rebuild", rebuild)
    loud, quiet = called("rebuild", "a.pdf"), called("rebuild", "a.pdf", "-q", "--force", "--output-dir", "there")
    assert loud.exit_code == quiet.exit_code == 1
    assert loud.stdout == quiet.stdout == "outputs/run-1\n"
    assert loud.stderr == "same numbers, other bytes\na.svg: differs\nb\\n\\x1b: differs\n"
    assert quiet.stderr == ""
    assert asked == [
        (Path("a.pdf"), Path("outputs"), {"force": False, "anyway": False, "progress": SILENT}),
        (Path("a.pdf"), Path("there"), {"force": True, "anyway": False, "progress": SILENT}),
    ]


def recorded(*paths: str) -> Any:
    """Records of which nothing counts but where they are."""
    return tuple(SimpleNamespace(path=Path(path), passed=()) for path in paths)


def test_runs_that_differ_are_exit_code_1(monkeypatch: pytest.MonkeyPatch) -> None:
    paths, records = (Path("a"), Path("b")), recorded("a", "b")
    answer = Comparison(records, {"metrics": {"y": (2, 2)}})
    monkeypatch.setattr(comparison, "compare", lambda *_: answer)
    result = called("diff", *paths)
    assert (result.exit_code, result.stdout) == (0, "A: a\nB: b\nmetrics: same\n")
    answer = Comparison(records, {"metrics": {"x": (1, None), "y": (2, 2)}})
    result = called("diff", *paths)
    assert (result.exit_code, result.stdout) == (1, "A: a\nB: b\nmetrics\n  x  1  -\n")
    assert called("diff", *paths, "-q").stdout == ""
    assert json.loads(called("diff", *paths, "--json").stdout)["differing"] == {"metrics": {"x": [1, None]}}


def test_the_path_of_a_comparison_s_page_is_the_last_line(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    answer = Comparison(recorded("a", "b"), {"metrics": {}})
    monkeypatch.setattr(comparison, "compare", lambda *_: answer)
    monkeypatch.setattr(comparison, "check_free", lambda *arguments, **options: asked.append((*arguments, options)))
    monkeypatch.setattr(comparison, "write_page", lambda *arguments, **options: asked.append((*arguments, options)))
    assert called("diff", "a", "b", "--html", "c.html").stdout == "A: a\nB: b\nmetrics: same\nc.html\n"
    assert called("diff", "a", "b", "--html", "c.html", "-q", "--force", "--anyway").stdout == "c.html\n"
    said = json.loads(called("diff", "a", "b", "--html", "c.html", "--json").stdout)
    assert (said["page"], said["equal"]) == ("c.html", True)
    assert json.loads(called("diff", "a", "b", "--json").stdout)["page"] is None
    page, runs = Path("c.html"), (Path("a"), Path("b"))
    assert asked[:2] == [(page, runs, {"force": False}), (answer, page, {"anyway": False})]
    assert asked[2:4] == [(page, runs, {"force": True}), (answer, page, {"anyway": True})]
    assert len(asked) == 6


@pytest.mark.parametrize("option", ["--force", "--anyway"])
def test_what_is_for_a_comparison_s_page_alone_needs_one(option: str) -> None:
    result = called("diff", "a", "b", option)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "name it with --html FILE.html" in result.stderr


@pytest.mark.parametrize("command", [["verify", "a"], ["rebuild", "a"], ["diff", "a", "b"]])
@pytest.mark.parametrize(
    ("error", "code"), [(QuadnetError("a\nb"), 1), (PdfError("no PDF"), 3), (ZeroDivisionError("planted"), 70)]
)
def test_an_error_never_looks_like_a_difference_of_numbers(
    monkeypatch: pytest.MonkeyPatch, command: list[str], error: Exception, code: int
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    for module, name in ((verification, "verify"), (verification, "rebuild"), (comparison, "compare")):
        monkeypatch.setattr(module, name, fail)
    result = called(*command)
    assert (result.exit_code, result.stdout) == (code, "")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("arguments", [["verify"], ["rebuild"], ["diff", "a"], ["verify", "a", "b"]])
def test_a_command_without_its_run_is_wrong_usage(arguments: list[str]) -> None:
    assert called(*arguments).exit_code == 2


@pytest.fixture
def phases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Calls `quadnet phases` in a folder with the curve `fall.csv`."""
    monkeypatch.chdir(tmp_path)
    Path("fall.csv").write_text("epoch,loss\n" + "".join(f"{10 * k},{0.5 + 0.9**k!r}\n" for k in range(300)))
    return lambda *arguments, **options: CliRunner().invoke(app, ["phases", *map(str, arguments)], **options)


def test_phases_are_printed_as_a_table_with_the_drawing_s_path_as_last_line(phases: Command) -> None:
    result = phases("fall.csv")
    assert (result.exit_code, result.stderr) == (0, "")
    head, first, second, path = result.stdout.splitlines()
    assert head.split("  ")[0] == "phase"
    assert first.split()[:4] == ["1", "descent", "0", second.split()[3]]
    assert second.split()[:3] == ["2", "open", "plateau"]
    assert second.split()[4:6] == ["2990", first.split()[-1]]
    assert path == "fall-phases.svg"
    assert Path(path).read_text().startswith("<?xml")
    assert len(first) <= len(second) == len(head)


def test_phases_as_json_are_entries_as_in_a_run_s_record(phases: Command) -> None:
    said = json.loads(phases("fall.csv", "--json").stdout)
    assert (said["path"], said["status"]) == ("fall-phases.svg", "ok")
    assert [(p["kind"], p["open"]) for p in said["phases"]] == [("descent", False), ("plateau", True)]
    assert set(said["phases"][0]) == {
        "kind", "grade", "open", "start", "end", "loss_start", "loss_end", "contrast"
    }  # fmt: skip
    assert said["phases"][1]["end"] == 2990
    assert json.loads(phases("fall.csv", "--json", "--no-plot").stdout)["path"] is None


def test_the_drawing_can_go_elsewhere_or_be_left_out(phases: Command) -> None:
    assert phases("fall.csv", "--plot", "other.svg").stdout.endswith("\nother.svg\n")
    assert Path("other.svg").exists()
    assert not phases("fall.csv", "--no-plot").stdout.endswith(".svg\n")
    assert not Path("fall-phases.svg").exists()
    both = phases("fall.csv", "--no-plot", "--plot", "other.svg")
    assert (both.exit_code, both.stdout) == (2, "")
    assert "--no-plot and --plot other.svg: name one of the two" in both.stderr


def test_a_curve_comes_from_standard_input_too(phases: Command) -> None:
    result = phases("-", input="3\n2\n1\n")
    assert result.exit_code == 0
    assert result.stdout.endswith("\nphases.svg\n")


def test_a_drawing_of_phases_is_drawn_anew_but_no_other_file_is_lost(phases: Command) -> None:
    target = Path("fall-phases.svg")
    assert phases("fall.csv").exit_code == phases("fall.csv").exit_code == 0
    target.write_text("<svg>mine</svg>")
    refused = phases("fall.csv")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr == (
        "quadnet: fall-phases.svg: is there and no drawing of phases; name another file with --plot, or use --force\n"
    )
    assert target.read_text() == "<svg>mine</svg>"
    assert phases("fall.csv", "--force").exit_code == 0
    assert "mine" not in target.read_text()


UNWRITABLE = r"quadnet: \S+: cannot be written \(.*\); name another file with --plot\n"


def test_a_drawing_that_cannot_be_written_is_exit_code_1_after_the_table(phases: Command) -> None:
    options = ("fall.csv", "--plot", "missing/plot.svg")
    result = phases(*options)
    assert (result.exit_code, result.stdout) == (1, phases("fall.csv", "--no-plot").stdout)
    assert re.fullmatch(UNWRITABLE, result.stderr)
    told = json.loads(phases(*options, "--json").stdout)
    assert (told["path"], len(told["phases"])) == (None, result.stdout.count("\n") - 1)


def test_a_drawing_in_the_place_of_a_folder_is_refused(phases: Command) -> None:
    result = phases("fall.csv", "--plot", ".", "--force")
    assert (result.exit_code, result.stdout) == (1, "")
    assert re.fullmatch(UNWRITABLE, result.stderr)


def test_what_is_not_sound_is_told_on_standard_error_unless_quiet(phases: Command) -> None:
    lines = "".join(f"{loss}\n" for loss in [*np.linspace(2, 1, 50), *np.linspace(3, 4, 50)])
    loud, quiet = (phases("-", "--no-plot", *options, input=lines) for options in ([], ["-q"]))
    assert loud.stderr == "warning: the curve is not sound: diverged\n"
    assert quiet.stderr == ""
    assert loud.exit_code == quiet.exit_code == 0
    assert loud.stdout == quiet.stdout


def test_a_file_without_a_curve_is_exit_code_2_in_one_line(phases: Command) -> None:
    Path("words.csv").write_text("epoch,words\n1,many\n")
    for name, said in (("words.csv", "line 1: no column called loss"), ("none.csv", "No such file")):
        result = phases(name)
        assert (result.exit_code, result.stdout) == (2, "")
        assert said in result.stderr
        assert len(result.stderr.splitlines()) == 1
    assert list(Path().glob("*.svg")) == []


def test_a_fault_in_drawing_phases_is_exit_code_70(phases: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curve_phases, "plot", lambda *_: 1 / 0)
    assert phases("fall.csv").exit_code == 70
