"""The command as a user calls it: another process, another folder, nothing replaced."""

import csv
import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pypdf
import pytest
from pypdf.generic import ArrayObject, DictionaryObject

from quadnet import config
from quadnet.report import assets

CATCHING = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
MAIN = f"{CATCHING}; from quadnet.report.cli import main; main()"


def environment(**changes: str) -> dict[str, str]:
    """That of the tests, with a search path that holds in every folder and no fixed time."""
    values = {key: value for key, value in os.environ.items() if key != "SOURCE_DATE_EPOCH"}
    if path := values.get("PYTHONPATH"):
        values["PYTHONPATH"] = os.pathsep.join(str(Path(part).resolve()) for part in path.split(os.pathsep))
    return values | changes


def quadnet(folder: Path, *arguments: object, **changes: str) -> subprocess.CompletedProcess[str]:
    """Calls `quadnet report` in a folder."""
    return subprocess.run(
        [sys.executable, "-P", "-c", MAIN, "report", *map(str, arguments)],
        cwd=folder,
        env=environment(**changes),
        capture_output=True,
        text=True,
        check=False,
    )


class _Words(HTMLParser):
    """The visible text of a page, outside drawings."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self._depth = 0
        self._words: list[str] = []
        self.feed(html)
        self.text = re.sub("[ \n]+", " ", "".join(self._words))

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self._depth += tag in ("style", "script", "svg")

    def handle_endtag(self, tag: str) -> None:
        self._depth -= tag in ("style", "script", "svg")
        self._words.append(" " if tag in ("p", "td", "th", "div", "h1", "h2", "h3", "li", "caption") else "")

    def handle_data(self, data: str) -> None:
        if not self._depth:
            self._words.append(data)


@dataclass(frozen=True)
class Run:
    """A finished run, as it lies on the disk."""

    path: Path
    stderr: str

    def json(self, name: str) -> Any:
        return json.loads((self.path / name).read_text())

    @property
    def text(self) -> str:
        return _Words((self.path / "report.html").read_text()).text

    @property
    def loss(self) -> list[float]:
        with (self.path / "history.csv").open(newline="") as file:
            return [float(row["loss"]) for row in csv.DictReader(file)]


def built(folder: Path, *arguments: object) -> Run:
    done = quadnet(folder, *arguments)
    assert done.returncode == 0, done.stderr
    path = folder / done.stdout.splitlines()[-1]
    assert path.is_dir()
    return Run(path, done.stderr)


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The default report with both pages."""
    return built(tmp_path_factory.mktemp("default"))


def test_the_figures_of_the_default_run_are_the_note_s(whole: Run) -> None:
    metrics = whole.json("metrics.json")
    assert metrics["loss_first"] == pytest.approx(2.775489028568, abs=1e-9)
    assert metrics["loss_last"] == pytest.approx(0.174681230461, abs=1e-9)
    assert metrics["accuracy"] == 0.97125
    assert metrics["accuracy_note_formula"] == 1.0
    assert metrics["bayes_accuracy"] == pytest.approx(0.955017, abs=1e-6)
    assert metrics["bayes_accuracy_sample"] == 0.96625
    assert metrics["accuracy_fresh"] == pytest.approx(0.952, abs=0.003)


def test_the_phases_of_the_default_run_are_the_known_six(whole: Run) -> None:
    phases = whole.json("phases.json")
    assert phases["status"] == "ok"
    kinds = [(phase["kind"], phase["grade"], phase["open"]) for phase in phases["phases"]]
    assert kinds == [
        ("descent", None, False),
        ("plateau", "plateau", False),
        ("descent", None, False),
        ("plateau", "shoulder", False),
        ("descent", None, False),
        ("plateau", None, True),
    ]
    first = phases["phases"][1]
    assert abs(first["start"] - 7) <= 2
    assert abs(first["end"] - 1658) <= 10
    assert first["partition"] == [[0, 1, 2, 3]]
    assert whole.loss[(first["start"] + first["end"]) // 2] == pytest.approx(2.2493, abs=5e-5)
    assert [p["start"] for p in phases["phases"][1:]] == [p["end"] for p in phases["phases"][:-1]]


def test_the_default_run_is_laid_beside_sixteen_other_seeds(whole: Run) -> None:
    others = whole.json("replicates.json")
    assert [run["weight_seed"] for run in others["runs"]] == list(range(1, 17))
    own = [p["end"] - p["start"] for p in whole.json("phases.json")["phases"] if p["grade"]]
    theirs = [run["plateaus"][0]["end"] - run["plateaus"][0]["start"] for run in others["runs"]]
    assert own[0] < min(theirs)
    assert f"lasts {own[0]} epochs, shorter than in all of 16 others: unusually short." in whole.text


VERDICTS = {
    **dict.fromkeys(("N1", "N2", "N3", "N4a"), "holds"),
    **dict.fromkeys(("N4b", "N5"), "fails"),
    "N6a": "holds",
    **dict.fromkeys(("N6b", "N7"), "fails"),
    "N8a": "holds",
    **dict.fromkeys(("N8b", "N9"), "fails"),
}


def test_the_note_s_claims_have_their_known_verdicts_on_the_default_run(whole: Run) -> None:
    claims = whole.json("claims.json")
    assert [(number, entry["verdict"]) for number, entry in claims.items()] == list(VERDICTS.items())
    assert {tuple(entry) for entry in claims.values()} == {("claim", "verdict", "test", "measured", "because")}
    for number, entry in claims.items():
        assert f"{number} {entry['claim']} {entry['test']} {entry['because']}" in re.sub(" +", " ", whole.text)
    assert "6 hold and 6 fail on this one." in whole.text


def test_the_evidence_of_the_default_run_lies_beside_its_page(whole: Run) -> None:
    evidence = whole.json("evidence.json")
    phases = whole.json("phases.json")["phases"]
    assert [entry["kind"] for entry in evidence["phases"]] == [phase["kind"] for phase in phases]
    beside = evidence["prior_plateau"]["beside"]
    assert (beside["negative"], beside["zero"], beside["positive"]) == (6, 21, 10)
    assert beside["end_measured"] == phases[1]["end"]
    assert f"it comes at epoch {beside['end_by_reduced_flow']}." in whole.text
    assert [len(entry["rules"]) for entry in evidence["inertia"]] == [5, 5]
    claims = whole.json("claims.json")
    assert claims["N5"]["measured"]["least_eigenvalue"] == beside["least"]
    assert claims["N8a"]["measured"]["speed_up"] == evidence["inertia"][0]["rules"][1]["speed_up"]


def facts_hold(run: Run, text: str) -> None:
    """Whether the words of a page are those of the run's own files."""
    metrics, phases = run.json("metrics.json"), run.json("phases.json")
    config = tomllib.loads((run.path / "config.toml").read_text())
    loss = run.loss
    widths = [2, *config["network"]["hidden"], 4]

    def share(value: float, places: int) -> str:
        return f"{100 * value:.{places}f}\u202f%"

    def whole_number(value: int) -> str:
        return f"{value:,}".replace(",", "\u202f") if value >= 10_000 else str(value)

    assert metrics["loss_first"] == loss[0]
    assert metrics["loss_last"] == loss[-1]
    course = f"In {whole_number(len(loss))} epochs the loss went from {loss[0]:.4f} to {loss[-1]:.4f}, with"
    assert (f"a single step, from a loss of {loss[0]:.4f}." if len(loss) == 1 else course) in text
    best = f", where no classifier can expect more than {share(metrics['bayes_accuracy'], 1)}."
    assert (
        f"right on {share(metrics['accuracy'], 1)} of its {metrics['samples']} training points and on "
        f"{share(metrics['accuracy_fresh'], 1)} of {whole_number(metrics['fresh_points'])} fresh ones"
        + ("; the best rule is never wrong." if metrics["bayes_accuracy"] == 1 else best)
        in text
    )
    assert f"Layers {'-'.join(map(str, widths))} " in text
    parameters = sum((a + 1) * b for a, b in pairwise(widths))
    assert f"Parameters {whole_number(parameters)} " in text
    assert f"the trained network {share(metrics['accuracy'], 3)} {share(metrics['accuracy_fresh'], 3)} –" in text
    assert f"always the most frequent class {share(metrics['largest_share'], 3)} –" in text
    assert metrics["samples"] == sum(map(sum, metrics["confusion_matrix"]))
    for label, row in enumerate(metrics["confusion_matrix"]):
        assert f" {label} {' '.join(map(str, row))} " in text

    closed = [p for p in phases["phases"] if p["kind"] == "plateau" and not p["open"]]
    assert ("without a plateau that it left again" in text) == (not closed and len(loss) > 1)
    for plateau in closed:
        assert f"epoch {plateau['start']} to {plateau['end']} " in text
    for number, phase in enumerate(phases["phases"], start=1):
        assert f" {number} {name(phase)} {phase['start']}–{phase['end']} " in text
    assert f" {len(phases['phases']) + 1} descent " not in text
    assert ("The clouds reach into each other" in text) == (metrics["bayes_accuracy"] < 1)
    assert ("Mind:" in text) == (phases["status"] != "ok")
    assert ("The training diverged: " in text) == (phases["status"] == "diverged")
    assert ("lost ground again" in text) == (phases["status"] == "regressed")


def name(phase: dict[str, Any]) -> str:
    if phase["open"]:
        return "open descent" if phase["kind"] == "descent" else "open"
    return str(phase["grade"] or phase["kind"])


UNUSUAL: list[tuple[str, ...]] = [
    ("--epochs", "1"),
    ("--epochs", "25"),
    ("--set", "data.samples_per_class=1", "--epochs", "400"),
    ("--set", "data.samples_per_class=[1, 1, 2, 30]", "--epochs", "400"),
    ("--set", "data.spread=0", "--epochs", "400"),
    ("--hidden", "1", "--epochs", "3000"),
    ("--hidden", "2", "--epochs", "3000"),
    ("--hidden", "8,8,8", "--epochs", "400"),
    ("--hidden", "", "--epochs", "400"),
    ("--learning-rate", "100", "--epochs", "400"),
    ("--learning-rate", "1e6", "--epochs", "400"),
    ("--momentum", "0.9", "--epochs", "3000"),
]


@pytest.mark.parametrize("arguments", UNUSUAL, ids=" ".join)
def test_an_unusual_run_has_a_report_that_is_true(tmp_path: Path, arguments: Sequence[str]) -> None:
    run = built(tmp_path, "--to", "html", *arguments)
    facts_hold(run, run.text)
    lines = run.stderr.splitlines()
    status = run.json("phases.json")["status"]
    assert len(lines) == 1 + (status != "ok")
    assert (status != "ok") == lines[0].startswith("warning: the training is not sound: " + status)


def test_steps_that_are_much_too_long_are_reported_as_such(tmp_path: Path) -> None:
    run = built(tmp_path, "--to", "html", "--epochs", 300, "--learning-rate", "1e6")
    assert run.json("phases.json")["status"] == "diverged"
    assert "With a learning rate of 1e+06 the steps are too long" in run.text


def test_a_single_epoch_has_no_phases_to_tell_of(tmp_path: Path) -> None:
    run = built(tmp_path, "--to", "html", "--epochs", 1)
    assert len(run.loss) == 1
    assert run.json("phases.json")["phases"] == []
    assert "A curve of fewer than two finite values has no phases." in run.text


def test_the_default_page_is_true_and_sound(whole: Run) -> None:
    facts_hold(whole, whole.text)
    assert "Mind:" not in whole.text


@pytest.fixture(scope="session")
def pdf(whole: Run) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO((whole.path / "report.pdf").read_bytes()))


def test_the_pdf_says_what_the_page_says(whole: Run, pdf: pypdf.PdfReader) -> None:
    text = re.sub(r"\s+", "", "".join(page.extract_text() for page in pdf.pages))
    summary = re.search("Summary (In .*?) Contents|Summary (In .*?) The data", whole.text)
    assert summary is not None
    for sentence in (summary[1] or summary[2]).split(". "):
        assert re.sub(r"\s+", "", sentence) in text
    for row in whole.json("metrics.json")["confusion_matrix"]:
        assert "".join(map(str, row)) in text


def test_the_verdicts_are_on_one_page_of_the_pdf(whole: Run, pdf: pypdf.PdfReader) -> None:
    claims = [re.sub(r"\s+", "", entry["claim"]) for entry in whole.json("claims.json").values()]
    pages = [re.sub(r"\s+", "", page.extract_text()) for page in pdf.pages]
    counts = [sum(claim in page for claim in claims) for page in pages]
    assert sorted(counts)[-2:] == [0, 12]
    assert "Thenoteontrial" in pages[counts.index(12)]


def test_the_pdf_is_a4_with_running_heads_and_page_numbers(whole: Run, pdf: pypdf.PdfReader) -> None:
    count = len(pdf.pages)
    assert count >= 6
    for number, page in enumerate(pdf.pages, start=1):
        assert [float(part) for part in page.mediabox] == pytest.approx([0, 0, 595.28, 841.89], abs=0.1)
        text = page.extract_text()
        assert f"{number} / {count}" in text
        assert whole.path.name in text
        assert number == 1 or "Four quadrants" in text


def test_the_pdf_states_title_language_and_a_fixed_time(pdf: pypdf.PdfReader) -> None:
    root, data = pdf.trailer["/Root"], pdf.metadata
    assert data is not None
    assert root["/Lang"] == "en"
    assert data.title == "Four quadrants"
    assert str(data["/CreationDate"]).startswith("D:20000101000000")
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]


def titles(outline: Any) -> list[Any]:
    return [titles(item) if isinstance(item, list) else item["/Title"] for item in outline]


def test_the_pdf_has_a_bookmark_for_each_heading(pdf: pypdf.PdfReader) -> None:
    top, below = titles(pdf.outline)
    assert top == "Four quadrants"
    assert [title for title in below if isinstance(title, str)] == [
        "Summary",
        "The data",
        "The network",
        "The method",
        "The training and its phases",
        "Phase by phase",
        "Why the plateau at the class shares holds, and why it ends",
        "Ranks and bends, from border to border",
        "The note on trial",
        "The accuracy, beside the best possible",
        "The same start with inertia",
        "How typical is this run?",
        "Appendix: configuration, versions, rebuilding",
    ]
    assert ["How to build this report again", "Configuration", "Versions"] in below


def alternative_texts(node: Any) -> list[str | None]:
    """Those of all figures and formulas below a node of the structure tree."""
    node = node.get_object()
    if isinstance(node, ArrayObject):
        return [text for child in node for text in alternative_texts(child)]
    if not isinstance(node, DictionaryObject):
        return []
    own = [node.get("/Alt")] if node.get("/S") in ("/Figure", "/Formula") else []
    return own + (alternative_texts(node["/K"]) if "/K" in node else [])


def test_every_picture_in_the_pdf_says_what_it_shows(whole: Run, pdf: pypdf.PdfReader) -> None:
    texts = alternative_texts(pdf.trailer["/Root"]["/StructTreeRoot"])
    figures = len(list((whole.path / "figures").iterdir()))
    assert len(texts) > figures
    assert all(text is not None and len(text) > 20 for text in texts)
    assert any(text is not None and text.startswith("Loss curve with its phases: 1 descent") for text in texts)


def test_every_glyph_of_the_pdf_is_in_a_font_within_it(pdf: pypdf.PdfReader) -> None:
    fonts = [font.get_object() for page in pdf.pages for font in page["/Resources"].get("/Font", {}).values()]
    names = {str(font["/BaseFont"]).partition("+")[2] for font in fonts}
    assert names
    assert all("Quadnet" in name for name in names)


@pytest.fixture(scope="module")
def chinese(tmp_path_factory: pytest.TempPathFactory) -> Run:
    arguments = ("--lang", "zh", "--epochs", 2500, "--set", "replicates.runs=2")
    return built(tmp_path_factory.mktemp("chinese"), *arguments)


def test_a_chinese_report_is_chinese_in_the_page_the_pdf_and_the_record(chinese: Run) -> None:
    pdf = pypdf.PdfReader(chinese.path / "report.pdf")
    root, data = pdf.trailer["/Root"], pdf.metadata
    assert data is not None
    assert (root["/Lang"], data.title) == ("zh", "四个象限")
    text = "".join(page.extract_text() for page in pdf.pages)
    for words in (
        "摘要",
        "梯度下降",
        "二元交叉熵",
        "先验平台期",
        "贝叶斯分类器",
        "有效秩",
        "图 3",
        "损失从 2.7755 变为",
    ):
        assert words in text
        assert words in (chinese.path / "report.html").read_text()
    assert "Summary" not in text
    assert not any(line.lstrip().startswith(tuple("，。、；：）")) for line in text.split("\n"))
    assert any("损失曲线及其阶段" in (alt or "") for alt in alternative_texts(root["/StructTreeRoot"]))
    assert "损失一路下降。" in (chinese.path / "claims.json").read_text()
    assert "损失" in (chinese.path / "figures" / "training.svg").read_text()
    descriptions = {each.name: each.description for each in pdf.attachment_list}
    assert descriptions["history.csv"] == "每一轮的损失"


def test_the_bold_chinese_of_a_pdf_is_a_font_of_its_own(chinese: Run) -> None:
    pdf = pypdf.PdfReader(chinese.path / "report.pdf")
    fonts = [font.get_object() for page in pdf.pages for font in page["/Resources"].get("/Font", {}).values()]
    names = {str(font["/BaseFont"]).partition("+")[2] for font in fonts}
    assert {"Quadnet-Han", "Quadnet-Han-Semi-Bold"} <= names
    assert all("Quadnet" in name for name in names)


def test_a_chinese_title_is_set_in_an_english_report(tmp_path: Path) -> None:
    arguments = ("--to", "pdf", "--epochs", 20, "--set", "replicates.runs=0", "--set", "report.title=神经网络第三讲")
    pdf = pypdf.PdfReader(built(tmp_path, *arguments).path / "report.pdf")
    assert "神经网络第三讲" in pdf.pages[0].extract_text()
    assert "Summary" in pdf.pages[0].extract_text()


def test_the_same_configuration_gives_the_same_run_from_its_own_file(tmp_path: Path) -> None:
    first = built(tmp_path, "--to", "html", "--epochs", 150, "--hidden", "4", "--set", "report.title=Ünusual ≤ title")
    (tmp_path / "elsewhere").mkdir()
    second = built(tmp_path / "elsewhere", "--to", "html", "--config", first.path / "config.toml")
    assert second.path.name == first.path.name
    for file in first.path.rglob("*"):
        if file.is_file() and file.name != "run.log.json":
            assert (second.path / file.relative_to(first.path)).read_bytes() == file.read_bytes()


def test_a_second_call_says_so_and_leaves_every_file(tmp_path: Path) -> None:
    first = built(tmp_path, "--to", "html", "--epochs", 5)
    before = {file: (file.stat().st_ino, file.stat().st_mtime_ns) for file in first.path.rglob("*")}
    again = quadnet(tmp_path, "--to", "html", "--epochs", 5)
    assert (again.returncode, again.stdout) == (0, f"outputs/{first.path.name}\n")
    assert "is there already" in again.stderr
    assert {file: (file.stat().st_ino, file.stat().st_mtime_ns) for file in first.path.rglob("*")} == before
    quiet = quadnet(tmp_path, "--to", "html", "--epochs", 5, "-q", "--json")
    assert quiet.stderr == ""
    assert json.loads(quiet.stdout)["metrics"] == first.json("metrics.json")


def test_a_quiet_run_writes_the_path_and_nothing_else(tmp_path: Path) -> None:
    done = quadnet(tmp_path, "--to", "html", "--epochs", 5, "-q")
    assert done.returncode == 0
    assert done.stderr == ""
    assert (tmp_path / done.stdout.rstrip("\n") / "report.html").is_file()


def test_without_pango_the_rest_is_written_with_exit_code_3_and_the_command_to_install_it(
    tmp_path: Path, no_pango: dict[str, str]
) -> None:
    done = quadnet(tmp_path, "--epochs", 5, **no_pango)
    folder = tmp_path / done.stdout.splitlines()[-1]
    assert done.returncode == 3
    assert (folder / "report.html").is_file()
    assert (folder / "manifest.json").is_file()
    assert not (folder / "report.pdf").exists()
    assert re.search("no PDF: the library Pango is missing; install it with: .*pango", done.stderr)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "changes", "said"),
    [
        (["--epochs", "0"], {}, "training.epochs = 0 is not allowed: a whole number at least 1"),
        (["--learning-rate", "inf"], {}, "training.learning_rate"),
        (["--hidden", "3,-3"], {}, "network.hidden"),
        (["--set", "data.sprad=1"], {}, "did you mean data.spread?"),
        (["--config", "missing.toml"], {}, "missing.toml: cannot be read"),
        (["--to", "docx"], {}, "'docx' is no format; write html, pdf or html,pdf"),
        ([], {"SOURCE_DATE_EPOCH": "now"}, "SOURCE_DATE_EPOCH = 'now' is not allowed"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_bad_input_is_one_line_and_exit_code_2_and_nothing_is_made(
    tmp_path: Path, arguments: list[str], changes: dict[str, str], said: str
) -> None:
    done = quadnet(tmp_path, *arguments, **changes)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert said in line
    assert list(tmp_path.iterdir()) == []


def test_a_place_taken_by_something_else_is_exit_code_1(tmp_path: Path) -> None:
    (tmp_path / "outputs").write_text("mine")
    done = quadnet(tmp_path, "--epochs", 5)
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert (tmp_path / "outputs").read_text() == "mine"


def test_an_interruption_leaves_nothing_half_written(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", MAIN, "report", "--epochs", "5000000"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (tmp_path / "outputs").exists():
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(0.3)  # into the training, which takes minutes
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate()
    assert process.returncode == 130
    assert stdout == ""
    assert stderr.splitlines() == ["quadnet: interrupted; nothing is half-written"]
    assert list((tmp_path / "outputs").iterdir()) == []


def test_a_terminal_sees_a_bar_on_standard_error_only(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-P", "-c", MAIN, "report", "--to", "html", "--epochs", "500"],
        cwd=tmp_path,
        env=environment(TERM="xterm", COLUMNS="100"),
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
        check=False,
    )
    os.close(theirs)
    seen = ""
    with suppress(OSError):  # the end of a terminal's output
        while part := os.read(ours, 100_000):
            seen += part.decode()
    os.close(ours)
    assert done.returncode == 0
    assert re.fullmatch(r"outputs/quadrants-[0-9a-f]{8}\n", done.stdout)
    assert "training" in seen
    assert "/500" in seen


def test_the_program_runs_from_where_it_is_installed(tmp_path: Path) -> None:
    code = (
        "from quadnet import config; from quadnet.report import assets; print(config.__file__); print(assets.__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [config.__file__, assets.__file__]
