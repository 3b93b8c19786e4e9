import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from quadnet import arithmetic, kernel, training, workspace
from quadnet.config import Config, parse
from quadnet.dataset import Dataset, quadrants
from quadnet.errors import ConfigurationError
from quadnet.history import History


def _built() -> bool:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(kernel.VARIABLE, raising=False)
        return kernel.name() == "compiled"


compiled_only = pytest.mark.skipif(not _built(), reason="the compiled loop was not built")


def _train(choice: str, config: Config, dataset: Dataset) -> History:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(kernel.VARIABLE, choice)
        return training.train(config, dataset)


def _digest(history: History) -> str:
    parts = (history.loss, history.epochs, history.parameters)
    return hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest()


def _differs(config: Config, dataset: Dataset) -> bool:
    return _digest(_train("numpy", config, dataset)) != _digest(_train("compiled", config, dataset))


@st.composite
def _configs(draw: st.DrawFn) -> Config:
    optimizer = draw(st.sampled_from(["gradient_descent", "heavy_ball", "nesterov", "averaging"]))
    momentum = 0.0 if optimizer == "gradient_descent" else draw(st.floats(0.05, 0.99))
    return parse(
        {
            "data": {"seed": draw(st.integers(0, 2**32 - 1)), "spread": draw(st.sampled_from([0.0, 0.5, 1e6]))},
            "network": {
                "seed": draw(st.integers(0, 2**32 - 1)),
                "hidden": draw(st.lists(st.integers(1, 9), max_size=3)),
                "initial_scale": draw(st.sampled_from([0.0, 0.01, 1.0, 1e3])),
            },
            "training": {
                "epochs": draw(st.integers(1, 12)),
                "learning_rate": draw(st.sampled_from([1e-3, 0.5, 10.0, 1e6])),
                "optimizer": optimizer,
                "momentum": momentum,
            },
        }
    )


def _some(dataset: Dataset, samples: int) -> Dataset:
    return Dataset(dataset.points[:samples], dataset.labels[:samples], dataset.mixture)


@compiled_only
@settings(max_examples=300, deadline=None)
@given(config=_configs(), samples=st.integers(1, 200))
@example(config=Config(training=Config().training.model_copy(update={"epochs": 300})), samples=800)
def test_both_loops_give_the_same_bits(config: Config, samples: int) -> None:
    assert not _differs(config, _some(quadrants(config), samples))


@compiled_only
@settings(max_examples=60, deadline=None)
@given(config=_configs(), samples=st.integers(1, 200))
def test_the_loop_for_large_data_gives_the_same_bits(config: Config, samples: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workspace, "LIMIT", 0)
        assert not _differs(config, _some(quadrants(config), samples))


@compiled_only
def test_another_order_of_one_sum_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    config = parse({"training": {"epochs": 50}})
    dataset = quadrants(config)
    assert not _differs(config, dataset)
    right = arithmetic._total

    def backwards(terms: np.ndarray) -> np.ndarray:
        rows = terms.reshape(*terms.shape[:-1], -1, arithmetic.LANES)[..., ::-1, :]
        return right(np.ascontiguousarray(rows).reshape(terms.shape))

    monkeypatch.setattr(arithmetic, "_total", backwards)
    assert _differs(config, dataset)


@compiled_only
def test_a_run_that_breaks_down_ends_alike() -> None:
    config = parse({"network": {"initial_scale": 1e3}, "training": {"learning_rate": 1e6, "epochs": 50}})
    points = quadrants(config)
    dataset = Dataset(points.points * 1e305, points.labels, points.mixture)
    assert not _differs(config, dataset)
    assert len(_train("compiled", config, dataset).loss) < 50


@compiled_only
def test_stretches_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    config = parse({"training": {"epochs": 20, "optimizer": "heavy_ball", "momentum": 0.9}})
    whole = _digest(_train("compiled", config, quadrants(config)))
    monkeypatch.setattr(training, "_STRETCH", 1)
    assert _digest(_train("compiled", config, quadrants(config))) == whole


_PROGRAM = """
import hashlib, sys
from quadnet.config import parse
from quadnet.dataset import quadrants
from quadnet.training import train
config = parse({"training": {"epochs": 100}})
history = train(config, quadrants(config))
print(hashlib.sha256(history.loss.tobytes() + history.parameters[-1].tobytes()).hexdigest())
"""


def _elsewhere(**variables: str) -> str:
    command = [sys.executable, "-P", "-c", _PROGRAM]  # -P: the package under test, not the folder pytest runs in
    run = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=True)
    return run.stdout.strip()


def _features() -> str:
    """Every instruction set that NumPy would choose on this processor beyond the one it was built for."""
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    return " ".join(found)


def test_the_processor_leaves_no_trace() -> None:
    here = _elsewhere(QUADNET_KERNEL="numpy")
    assert len(here) == 64
    assert _elsewhere(QUADNET_KERNEL="numpy", NPY_DISABLE_CPU_FEATURES=_features()) == here
    for core in ("Haswell", "Zen", "Sandybridge", "Nehalem", "Prescott"):
        assert _elsewhere(QUADNET_KERNEL="numpy", OPENBLAS_CORETYPE=core) == here
    for threads in ("1", "2"):
        assert _elsewhere(QUADNET_KERNEL="numpy", OMP_NUM_THREADS=threads, OPENBLAS_NUM_THREADS=threads) == here
    if _built():
        assert _elsewhere(QUADNET_KERNEL="compiled", NPY_DISABLE_CPU_FEATURES=_features()) == here


def _instruction_sets() -> list[list[str]]:
    """Compiler flags for what this processor can do, but for the most, which the loop that was built takes itself."""
    info = Path("/proc/cpuinfo")
    avx2 = platform.machine() == "x86_64" and "avx2" in info.read_text(encoding="utf-8").split()
    return [[], ["-mavx2"]] if avx2 else [[]]


def _compile(source: str, flags: list[str], folder: Path) -> Path:
    """Makes a loop from the source, for one instruction set."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
    usual = project["tool"]["setuptools"]["ext-modules"][0]["extra-compile-args"]
    code, library = folder / "kernel.c", folder / "kernel.so"
    code.write_text(source, encoding="utf-8")
    command = ["gcc", *usual, "-shared", "-fPIC", "-DONE_INSTRUCTION_SET", *flags, str(code), "-o", str(library)]
    subprocess.run(command, check=True)
    return library


def _trained_by(library: Path, config: Config) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel.importlib.util, "find_spec", lambda _: SimpleNamespace(origin=str(library)))
        loop = kernel._library.__wrapped__()
        patch.setattr(kernel, "_library", lambda: loop)
        return _digest(_train("compiled", config, quadrants(config)))


@pytest.mark.skipif(shutil.which("gcc") is None or sys.platform != "linux", reason="needs gcc on Linux")
def test_every_instruction_set_gives_the_same_bits_and_another_order_of_one_product_others(tmp_path: Path) -> None:
    config = parse({"training": {"epochs": 50}})
    here = _digest(_train("numpy", config, quadrants(config)))
    source = Path(kernel.__file__).with_name("kernel.c").read_text(encoding="utf-8")
    for flags in _instruction_sets():
        folder = tmp_path / "".join(["right", *flags])
        folder.mkdir()
        assert _trained_by(_compile(source, flags, folder), config) == here
    planted = source.replace("(sum[g] * a[g]) * (1.0 - a[g])", "sum[g] * (a[g] * (1.0 - a[g]))")
    assert planted != source
    assert _trained_by(_compile(planted, ["-O1"], tmp_path), config) != here


def test_the_environment_chooses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(kernel.VARIABLE, "numpy")
    assert kernel.name() == "numpy"
    monkeypatch.setenv(kernel.VARIABLE, "fortran")
    with pytest.raises(ConfigurationError, match=r"^QUADNET_KERNEL=fortran .*numpy or compiled.*$"):
        kernel.name()


def test_without_a_compiled_loop_numpy_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "_library", lambda: None)
    monkeypatch.delenv(kernel.VARIABLE, raising=False)
    assert kernel.name() == "numpy"
    monkeypatch.setenv(kernel.VARIABLE, "compiled")
    with pytest.raises(ConfigurationError, match=r"^QUADNET_KERNEL=compiled: not built; .*$"):
        kernel.name()
