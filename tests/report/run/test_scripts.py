"""The page on screen in Chromium: what its scripts compute, show and leave alone."""

import shlex
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quadnet.arithmetic import log, sigmoid2, total, total_log
from quadnet.config import Config, parse
from quadnet.dataset import quadrants
from quadnet.evidence import snapshot
from quadnet.experiment import Experiment
from quadnet.network import cross_entropy, forward, initial, outputs
from quadnet.random import Stream
from quadnet.report.cli import options
from quadnet.report.figures import regions, style
from quadnet.report.pages import render
from quadnet.report.run import explorer
from quadnet.report.run.figures import panel_canvas
from quadnet.report.run.page import Document
from quadnet.report.words import phases as phase_words
from quadnet.report.words.language import Language
from quadnet.training import train

CHROMIUM = shutil.which("chromium")
if CHROMIUM is None:
    pytest.skip("no chromium is installed", allow_module_level=True)
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python", reason="axe is not installed")

CREATED = "2001-02-03T04:05:06Z"
AXE = Path(axe.__file__).parent / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LIMIT = 60_000  # milliseconds, where a training is waited for on a busy machine

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])  # root has no sandbox
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def file(default_document: Document, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(render.html(default_document, "screen", CREATED))
    return path


@pytest.fixture
def visit(chromium: Any, file: Path) -> Iterator[Open]:
    """Opens a page from which nothing may leave and in which nothing may fail."""
    contexts, faults = [], []

    def opened(path: Path = file, fragment: str = "", **options: Any) -> Any:
        context = chromium.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: faults.append(request.url) if foreign(request.url) else None)
        page.goto(path.as_uri() + fragment)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []


def foreign(url: str) -> bool:
    return not url.startswith(("file:", "data:", "blob:"))


@pytest.fixture(scope="module")
def calculator(chromium: Any, file: Path) -> Iterator[Any]:
    """A page to call the functions of the scripts in."""
    page = chromium.new_page()
    page.goto(file.as_uri())
    yield page
    page.close()


def show(page: Any, epoch: int) -> None:
    """Moves the slider to a kept epoch."""
    page.evaluate("epoch => { scrubber.frame = scrubber.frameAt(epoch); }", epoch)
    playwright.expect(page.locator("#film-moment")).to_contain_text(f"epoch {Language.load('en').integer(epoch)},")


# Arithmetic


def same(found: list[float], expected: Any) -> bool:
    """Whether all numbers have the same bits."""
    return np.array(found, dtype=np.float64).tobytes() == np.asarray(expected, dtype=np.float64).tobytes()


def test_sigmoids_and_logarithms_have_python_s_bits(calculator: Any) -> None:
    random = np.random.default_rng(0)
    u = np.concatenate([random.normal(size=4000) * 10.0 ** random.integers(-18, 4, 4000), [0.0, -1101.0, 101.0, 709.0]])
    u = np.concatenate([u, np.arange(-1080.5, 60)])
    x = np.concatenate([random.random(4000), 10.0 ** random.uniform(-300, 300, 4000), [1.0, 2.0**-1022, 0.5**0.5]])
    assert same(calculator.evaluate("numbers => numbers.map(sigmoid2)", u.tolist()), sigmoid2(u))
    assert same(calculator.evaluate("numbers => numbers.map(log)", x.tolist()), log(x))


def test_other_bits_would_be_noticed(calculator: Any) -> None:
    u = np.random.default_rng(0).normal(size=100)
    assert not same(calculator.evaluate("numbers => numbers.map((u) => 1 / (1 + 2 ** -u))", u.tolist()), sigmoid2(u))
    assert not same([0.0], [-0.0])


@pytest.mark.parametrize("count", [1, 63, 64, 65, 800, 1000])
def test_sums_have_python_s_bits(calculator: Any, count: int) -> None:
    random = np.random.default_rng(count)
    x, y, factors = random.normal(size=count), random.normal(size=count), random.uniform(0.5, 1, count)
    script = """([x, y, factors]) => {
        const size = padded(x.length);
        const room = (numbers, rest) => Float64Array.from({ length: size }, (_, i) => numbers[i] ?? rest);
        const [a, b] = [room(x, 0), room(y, 0)];
        return [total(a, 0, size), totalProducts(a, 0, b, 0, size), totalLog(room(factors, 1), size)];
    }"""
    found = calculator.evaluate(script, [x.tolist(), y.tolist(), factors.tolist()])
    assert same(found, [total(x), total(x * y), total_log(factors)])


@pytest.mark.parametrize("seed", [0, 1, 12345, 2**31, 2**32 - 1])
def test_streams_have_python_s_bits(calculator: Any, seed: int) -> None:
    script = """seed => {
        const stream = new Stream(seed);
        const first = [[...stream.normals(1001)], stream.uniform(), [...stream.permutation(777)]];
        return [...first, stream.normal(), stream.normal()];
    }"""
    stream = Stream(seed)
    normals, uniform, permutation, spare, fresh = calculator.evaluate(script, seed)
    assert same(normals, stream.normals(1001))
    assert same([uniform], stream.uniforms(1))
    assert permutation == stream.permutation(777).tolist()
    assert same([spare, fresh], stream.normals(2))


@pytest.mark.parametrize(
    "values",
    [
        {"data": {"seed": 5, "samples_per_class": 33}, "network": {"seed": 9, "hidden": [4]}},
        {"data": {"samples_per_class": [3, 70, 1, 40], "spread": 0.0}, "training": {"learning_rate": 3.0}},
        {"training": {"optimizer": "heavy_ball", "momentum": 0.9}, "network": {"hidden": [2, 5, 3]}},
        {"training": {"optimizer": "nesterov", "momentum": 0.7}, "data": {"spread": 0.8}},
        {"training": {"optimizer": "averaging", "momentum": 0.3}, "network": {"hidden": [], "initial_scale": 2.0}},
        {"training": {"learning_rate": 1e6}, "network": {"initial_scale": 900.0}},
    ],
)
def test_trainings_have_python_s_bits(calculator: Any, values: dict[str, Any]) -> None:
    config = parse(values | {"training": values.get("training", {}) | {"epochs": 40}})
    training = config.training
    settings = {
        "data": config.data.model_dump() | {"counts": config.data.counts},
        "network": {
            "seed": config.network.seed,
            "widths": config.network.widths,
            "scale": config.network.initial_scale,
        },
        "training": {
            "optimizer": training.optimizer,
            "rate": training.learning_rate,
            "momentum": training.momentum,
        },
    }
    script = """settings => {
        const training = new Training(settings);
        const start = [...training.theta];
        const losses = Array.from({ length: 40 }, () => training.epoch());
        return { points: [...quadrants(settings.data).points], start, losses, theta: [...training.theta] };
    }"""
    found = calculator.evaluate(script, settings)
    dataset = quadrants(config)
    history = train(config, dataset)
    assert same(found["points"], dataset.points.ravel())
    assert same(found["start"], initial(config.network).vector)
    assert same(found["losses"], history.loss)
    assert same(found["theta"], history.final.vector)


def test_a_training_that_breaks_leaves_its_parameters_alone(calculator: Any) -> None:
    script = """() => {
        const training = new Training(asked(understood(DATA.settings).values));
        training.theta[0] = NaN;
        const before = [...training.theta];
        const loss = training.epoch();
        return [Number.isNaN(loss), before.every((number, i) => Object.is(number, training.theta[i]))];
    }"""
    assert calculator.evaluate(script) == [True, True]


# The slider


@pytest.mark.parametrize("epoch", [0, 832, 1967, 10_000])
def test_a_moment_shows_what_python_computes(
    visit: Open, default_run: Experiment, english: Language, epoch: int
) -> None:
    page = visit()
    show(page, epoch)
    seen = snapshot(default_run.dataset, default_run.history, epoch)
    activations, logits = forward(default_run.history.at(epoch), default_run.dataset.points)
    loss = cross_entropy(activations[-1], logits, default_run.dataset.one_hot)
    assert page.inner_text("#film-state") == (
        f"Loss {english.decimal(loss, 4)}, accuracy {english.percent(seen.accuracy)}."
    )
    cells = page.locator("#film-confusion td").all_inner_texts()
    assert cells == [str(count) for count in seen.confusion.ravel().tolist()]
    cells = page.locator("#film-means td").all_inner_texts()
    assert cells == [english.decimal(mean, 2) for mean in seen.means.ravel().tolist()]
    cells = [text.strip() for text in page.locator("#film-shares td").all_inner_texts()]
    assert cells == [english.percent(share) for share in seen.shares.tolist()]
    assert same(page.evaluate("scrubber.network.observe().means.flat()"), seen.means.ravel())
    assert page.evaluate("scrubber.network.loss()") == loss


@pytest.mark.parametrize("epoch", [0, 832, 1967, 10_000])
def test_the_regions_on_the_canvas_are_python_s(visit: Open, default_run: Experiment, epoch: int) -> None:
    page = visit()
    show(page, epoch)
    script = """() => {
        const canvas = document.querySelector("#film-regions canvas");
        return [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data];
    }"""
    pixels = np.array(page.evaluate(script), dtype=np.uint8).reshape(160, 160, 4)
    canvas = panel_canvas(default_run)
    asked = []

    def rule(points: Any) -> Any:
        asked.append(outputs(default_run.history.at(epoch), points).argmax(axis=1))
        return asked[-1]

    regions.panel(canvas, rule)
    tints = np.array([[int(tint[i : i + 2], 16) for i in (1, 3, 5)] for tint in style.CLASS_TINTS])
    assert (pixels[..., :3] == tints[asked[0].reshape(160, 160)]).all()
    assert (pixels[..., 3] == 255).all()


def test_the_keyboard_moves_through_the_training(visit: Open) -> None:
    page = visit()
    slider, moment = page.locator("#film-slider"), page.locator("#film-moment")
    slider.focus()
    page.keyboard.press("ArrowRight")
    playwright.expect(moment).to_have_text("epoch 1, first descent")
    page.keyboard.press("End")
    playwright.expect(moment).to_have_text("epoch 10\u202f000, open plateau")
    page.keyboard.press("PageDown")
    playwright.expect(moment).not_to_contain_text("10\u202f000")
    page.keyboard.press("Home")
    playwright.expect(moment).to_have_text("epoch 0, first descent")
    show(page, 1658)
    assert slider.get_attribute("aria-valuetext") == "epoch 1658, second descent"
    label = page.locator("#film-regions canvas").first.get_attribute("aria-label")
    assert label == "Decision regions at epoch 1658: predicted classes 0, 2, 3, accuracy 32.5\u202f%."


def test_the_mouse_moves_through_the_training_on_slider_and_curve(visit: Open) -> None:
    page = visit()
    page.locator("#film-slider").scroll_into_view_if_needed()
    last = page.evaluate("DATA.epochs.length - 1")
    for part in ("#film-slider", "#film-curve"):
        box = page.locator(part).bounding_box()
        middle = box["y"] + box["height"] / 2
        page.mouse.move(box["x"] + 10, middle)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] / 2, middle)
        page.mouse.up()
        assert page.evaluate("scrubber.frame") == pytest.approx(last / 2, abs=2)
        dot = page.evaluate("[scrubber.dot.getAttribute('cx'), scrubber.curve.width].map(Number)")
        assert dot[0] == pytest.approx(dot[1] / 2, abs=4)
        page.evaluate("scrubber.frame = 0")


def test_it_plays_and_pauses(visit: Open) -> None:
    page = visit()
    button = page.locator("#film-play")
    assert button.inner_text() == "Play"
    button.click()
    playwright.expect(button).to_have_text("Pause")
    playwright.expect(page.locator("#film-moment")).not_to_contain_text("epoch 0,")
    button.click()
    playwright.expect(button).to_have_text("Play")
    page.evaluate("scrubber.frame = DATA.epochs.length - 3")
    button.click()
    playwright.expect(page.locator("#film-moment")).to_contain_text("open plateau")
    playwright.expect(button).to_have_text("Play")


def test_who_wants_no_motion_steps_from_phase_to_phase(visit: Open) -> None:
    page = visit(reduced_motion="reduce")
    button, moment = page.locator("#film-play"), page.locator("#film-moment")
    assert button.inner_text() == "Next phase"
    for epoch, phase in [(7, "plateau"), (1658, "second descent"), (1856, "shoulder"), (2079, "third descent")]:
        button.click()
        playwright.expect(moment).to_have_text(f"epoch {epoch}, {phase}")
        assert page.evaluate("scrubber.playing") is False


def test_a_phase_under_focus_or_mouse_shows_its_evidence(visit: Open, default_document: Document) -> None:
    page = visit()
    evidence = page.locator("#film-evidence")
    playwright.expect(evidence).to_contain_text("Phase 1: descent")
    button = page.get_by_role("button", name="2 plateau")
    button.focus()
    for part in (default_document.episodes[1].title, default_document.episodes[1].reading):
        playwright.expect(evidence).to_contain_text(part)
    button.blur()
    playwright.expect(evidence).to_contain_text("Phase 1: descent")
    page.get_by_role("button", name="3 second descent").hover()
    playwright.expect(evidence).to_contain_text("Phase 3: descent")
    page.get_by_role("button", name="3 second descent").click()
    playwright.expect(page.locator("#film-moment")).to_have_text("epoch 1856, shoulder")


# The training


def test_the_report_s_settings_end_in_the_report_s_numbers(visit: Open, default_run: Experiment) -> None:
    page = visit()
    page.get_by_role("button", name="Train", exact=True).click()
    end = page.locator("#train-end")
    playwright.expect(end).to_contain_text("to the last bit", timeout=LIMIT)
    assert repr(float(default_run.history.loss[-1])) in end.inner_text()
    assert page.evaluate("trainer.lastLoss") == default_run.history.loss[-1]
    assert same(page.evaluate("[...trainer.theta]"), default_run.history.final.vector)
    assert page.locator("#train-command").inner_text() == "quadnet report"


def test_other_settings_travel_in_the_address_and_make_the_command(visit: Open, file: Path) -> None:
    page = visit()
    changes = {
        "seed": "7",
        "weight-seed": "4294967295",
        "samples": "20, 30,40,5",
        "spread": ".25",
        "hidden": "4,2",
        "learning-rate": "1e-1",
        "momentum": "0.90",
        "epochs": "150",
    }
    page.select_option("#train-optimizer", "nesterov")
    for name, text in changes.items():
        page.fill(f"#train-{name}", text)
    command = page.inner_text("#train-command")
    fragment = page.evaluate("location.hash")
    assert configured(command) == parse(
        {
            "data": {"seed": 7, "samples_per_class": [20, 30, 40, 5], "spread": 0.25},
            "network": {"seed": 4294967295, "hidden": [4, 2]},
            "training": {"learning_rate": 0.1, "momentum": 0.9, "optimizer": "nesterov", "epochs": 150},
        }
    )
    other = visit(file, fragment)
    assert other.inner_text("#train-command") == command
    assert other.evaluate("trainer.texts") == page.evaluate("trainer.texts")
    playwright.expect(other.locator("#train")).to_be_in_viewport()
    other.get_by_role("button", name="Train", exact=True).click()
    playwright.expect(other.locator("#train-end")).to_contain_text("The report’s last loss is", timeout=LIMIT)
    config = configured(command)
    history = train(config, quadrants(config))
    assert other.evaluate("trainer.lastLoss") == history.loss[-1]
    other.get_by_role("button", name="The report’s settings").click()
    assert other.inner_text("#train-command") == "quadnet report"
    assert other.evaluate("location.hash") == "#train?"


def test_a_momentum_alone_is_the_command_s_heavy_ball(visit: Open) -> None:
    page = visit()
    page.select_option("#train-optimizer", "heavy_ball")
    page.fill("#train-momentum", "0.5")
    command = page.inner_text("#train-command")
    assert command == "quadnet report --momentum 0.5"
    assert configured(command) == parse({"training": {"optimizer": "heavy_ball", "momentum": 0.5}})


def configured(command: str) -> Config:
    """What `quadnet report` makes of a command line."""
    program, name, *arguments = shlex.split(command)
    assert (program, name) == ("quadnet", "report")
    given: dict[str, list[str]] = {}
    for flag, value in zip(arguments[::2], arguments[1::2], strict=True):
        given.setdefault(flag, []).append(value)
    names = ("--seed", "--weight-seed", "--epochs", "--learning-rate", "--hidden", "--momentum")
    flags = options.flags_of(*((given.pop(flag, None) or [None])[0] for flag in names), lang=None)
    settings = given.pop("--set", None)
    assert given == {}
    return options.resolved_of(None, settings, flags)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("seed", "-1"),
        ("weight-seed", "4294967296"),
        ("samples", "1,2,3"),
        ("samples", "5000,5001,1,1"),
        ("spread", "1e-7"),
        ("hidden", "3,,3"),
        ("learning-rate", "0"),
        ("learning-rate", "fast"),
        ("momentum", "0.9"),  # without an optimizer that has one
        ("epochs", "1.5"),
        ("epochs", ""),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_at_its_field(visit: Open, field: str, text: str) -> None:
    page = visit()
    page.fill(f"#train-{field}", text)
    message = page.locator(f"#train-{field}-error")
    playwright.expect(message).to_be_visible()
    assert page.locator(".error:visible").count() == 1
    assert page.locator(f"#train-{field}").get_attribute("aria-invalid") == "true"
    page.get_by_role("button", name="Train", exact=True).click()
    assert page.evaluate("[document.activeElement.id, trainer.worker ?? null]") == [f"train-{field}", None]
    page.get_by_role("button", name="The report’s settings").click()
    playwright.expect(message).to_be_hidden()


def test_the_fields_are_those_of_the_data(calculator: Any) -> None:
    assert calculator.evaluate("Object.keys(FIELDS)") == list(explorer.FIELDS)
    assert calculator.evaluate("Object.keys(trainer.texts)") == list(explorer.FIELDS)


@pytest.mark.parametrize("allowed", [True, False])
def test_the_command_is_copied_or_else_selected(visit: Open, allowed: bool) -> None:
    page = visit()
    page.fill("#train-seed", "5")
    script = "text => { window.copied = text; }" if allowed else "() => { throw new Error('no'); }"
    page.evaluate(f"() => {{ navigator.clipboard.writeText = async {script}; }}")
    page.get_by_role("button", name="Copy the command").click()
    said = "Copied." if allowed else "Not copied; the command is selected."
    playwright.expect(page.locator("#train-copied")).to_have_text(said)
    found = page.evaluate("window.copied" if allowed else "getSelection().toString()")
    assert found.strip() == "quadnet report --seed 5"


def test_a_training_can_be_stopped(visit: Open) -> None:
    page = visit()
    page.fill("#train-epochs", "10000000")
    page.get_by_role("button", name="Train", exact=True).click()
    playwright.expect(page.locator("#train-state")).to_contain_text("of 10\u202f000\u202f000", timeout=LIMIT)
    page.get_by_role("button", name="Stop").click()
    playwright.expect(page.locator("#train-end")).to_contain_text("Stopped at epoch")
    assert page.evaluate("trainer.worker") is None
    playwright.expect(page.get_by_role("button", name="Stop")).to_be_disabled()


# The page


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_object_to(visit: Open, width: int, scheme: str) -> None:
    page = visit(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.fill("#train-epochs", "-")  # with a message at a field
    show(page, 1967)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.evaluate(AXE.read_text())
    found = page.evaluate("rules => axe.run({ runOnly: { type: 'tag', values: rules } })", RULES)
    assert [(v["id"], [node["html"][:80] for node in v["nodes"]]) for v in found["violations"]] == []
    assert len(found["passes"]) > 40


def test_axe_would_object(visit: Open) -> None:
    page = visit()
    page.evaluate("document.getElementById('film-slider').removeAttribute('aria-label')")
    page.evaluate(AXE.read_text())
    found = page.evaluate("rules => axe.run('#explore', { runOnly: { type: 'tag', values: rules } })", RULES)
    assert [violation["id"] for violation in found["violations"]] == ["label"]


CONTRASTS = """() => {
    const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const linear = (x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
    const light = ([red, green, blue]) =>
        0.2126 * linear(red / 255) + 0.7152 * linear(green / 255) + 0.0722 * linear(blue / 255);
    const backdrop = (element) => {
        for (let e = element; e; e = e.parentElement) {
            const colour = numbers(getComputedStyle(e).backgroundColor);
            if (colour.length < 4 || colour[3] > 0) return colour;
        }
    };
    const said = (element) => [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    return [...document.querySelectorAll("body *")]
        .filter((element) => said(element) && element.getClientRects().length && !element.disabled)
        .map((element) => {
            const colour = getComputedStyle(element)[element instanceof SVGElement ? "fill" : "color"];
            const [one, other] = [numbers(colour), backdrop(element)].map(light).sort((a, b) => b - a);
            return [element.textContent.trim().slice(0, 40), (one + 0.05) / (other + 0.05)];
        });
}"""  # WCAG 2.2, relative luminance and contrast ratio


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_words_stand_out_even_in_drawings_which_axe_cannot_judge(visit: Open, scheme: str) -> None:
    page = visit(color_scheme=scheme)
    found = page.evaluate(CONTRASTS)
    assert len(found) > 800
    assert [(words, contrast) for words, contrast in found if contrast < 4.5] == []
    page.evaluate("() => { document.querySelector('main svg text').style.fill = 'var(--rule)'; }")
    assert [contrast < 4.5 for _, contrast in page.evaluate(CONTRASTS)].count(True) == 1


def test_what_scrolls_sideways_can_be_reached_by_keyboard_and_nothing_else_of_it(visit: Open) -> None:
    script = """() => [...document.querySelectorAll("main [role=region], main .formula")].map((part) =>
        [part.scrollWidth > part.clientWidth, part.tabIndex === 0])"""
    for width, some in ((390, True), (1280, False)):
        page = visit(viewport={"width": width, "height": 900})
        playwright.expect(page.locator("main [tabindex='0']")).to_have_count(
            sum(scrolls for scrolls, _ in page.evaluate(script))
        )
        parts = page.evaluate(script)
        assert all(scrolls == reached for scrolls, reached in parts)
        assert any(scrolls for scrolls, _ in parts) or not some
        assert page.evaluate("document.querySelector('.verdicts').scrollWidth") < width


def test_nothing_can_leave_the_page_even_if_it_wanted_to(chromium: Any, file: Path) -> None:
    page = chromium.new_page()
    left = []
    page.route("**/*", lambda route: route.continue_() if not foreign(route.request.url) else left.append(route))
    page.goto(file.as_uri())
    script = """async () => {
        const refused = [];
        document.addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));
        await fetch("https://example.org/").catch(() => {});
        const image = new Image(); image.src = "https://example.org/a.png";
        const script = document.createElement("script"); script.textContent = "window.planted = true";
        document.body.append(image, script);
        try { new Worker("data:text/javascript,1"); } catch {}
        await new Promise((done) => setTimeout(done, 100));
        return [refused.sort(), window.planted ?? null];
    }"""
    refused, planted = page.evaluate(script)
    assert {"connect-src", "img-src", "script-src-elem", "worker-src"} <= set(refused)
    assert planted is None
    assert left == []
    page.close()


def test_without_scripts_everything_but_the_explorer_is_there(visit: Open, default_document: Document) -> None:
    page = visit(java_script_enabled=False)
    assert page.locator("#explore").is_hidden()
    assert page.locator("#explore-link").is_hidden()
    for part in ("figure", "main > section:not(#explore)", "table:not(#explore table)", ".formula"):
        found = page.locator(part)
        assert found.count() >= 10
        assert all(one.is_visible() for one in found.all())
    assert not any(control.is_visible() for control in page.locator("button, input, select, progress, canvas").all())


def test_a_browser_that_lacks_something_shows_no_half_of_it(chromium: Any, file: Path) -> None:
    page = chromium.new_page()
    page.add_init_script("delete Array.prototype.findLastIndex")
    page.goto(file.as_uri())
    assert page.locator("#explore").is_hidden()
    assert page.locator("#explore-link").is_hidden()
    assert page.locator("#phases").is_visible()
    page.close()


def test_a_hostile_title_stays_text(
    visit: Open, small_run: Experiment, small_document: Document, english: Language, tmp_path: Path
) -> None:
    title = "</script><script>document.title = 'taken'</script><!--"
    config = small_run.config.model_copy(update={"report": small_run.config.report.model_copy(update={"title": title})})
    run = replace(small_run, config=config)
    explored = explorer.explore(run, phase_words.chapters(run), english)
    path = tmp_path / "hostile.html"
    path.write_text(render.html(replace(small_document, title=title, explorer=explored), "screen", CREATED))
    page = visit(path)
    assert page.title() == title
    assert configured(page.inner_text("#train-command")) == run.config


def test_a_run_without_phases_can_be_explored(
    visit: Open, small_run: Experiment, small_document: Document, english: Language, tmp_path: Path
) -> None:
    run = replace(
        small_run, phases=replace(small_run.phases, phases=()), evidence=replace(small_run.evidence, phases=())
    )
    figures = {key: figure for key, figure in small_document.figures.items() if key != "training"}
    document = replace(small_document, phases=(), episodes=(), standstill=(), figures=figures)
    path = tmp_path / "bare.html"
    path.write_text(render.html(replace(document, explorer=explorer.explore(run, (), english)), "screen", CREATED))
    page = visit(path)
    page.locator("#film-slider").focus()
    page.keyboard.press("End")
    playwright.expect(page.locator("#film-moment")).to_have_text("epoch 300")
