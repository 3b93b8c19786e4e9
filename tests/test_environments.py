"""The default report under unlike environments: every file but the log has the same digest in all of them."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib
import pytest
from fontTools.ttLib import TTFont

COMMAND = [sys.executable, "-P", "-m", "quadnet", "report", "--epochs", "60"]
FEATURES = "from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__"
FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)


@dataclass(frozen=True)
class Environment:
    """How a place differs from that of the tests: variables set or, where None, taken away; launcher; mask; folder."""

    changes: Mapping[str, str | None] = field(default_factory=dict)
    launcher: tuple[str, ...] = ()
    umask: int = 0o022
    folder: str = "work"


def foreign_fonts(folder: Path) -> Environment:
    """A user's fonts that bear the names of ours, and a Fontconfig and HarfBuzz of the user's own setting."""
    fonts = folder / "share" / "fonts"
    fonts.mkdir(parents=True)
    for family in ("Serif", "Sans", "Mono"):
        font = TTFont(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans-Bold.ttf")
        for number, name in {1: f"Quadnet {family}", 2: "Regular", 4: f"Quadnet {family}"}.items():
            font["name"].setName(name, number, 3, 1, 0x409)
        font.save(fonts / f"{family}.ttf")
    settings = folder / "fonts.conf"
    settings.write_text(f"<fontconfig><dir>{fonts}</dir></fontconfig>")
    changes = {
        "XDG_DATA_HOME": str(folder / "share"),
        "FONTCONFIG_FILE": str(settings),
        "FONTCONFIG_PATH": str(folder),
        "FONTCONFIG_SYSROOT": str(folder),
        "HB_SHAPER_LIST": "fallback",
        "PANGO_LANGUAGE": "ja:ar",
    }
    return Environment(changes)


def foreign_style(folder: Path) -> Environment:
    """Matplotlib as somebody likes it."""
    style = folder / "matplotlibrc"
    style.write_text("font.size: 30\naxes.grid: True\nsavefig.bbox: tight\nlines.marker: x\nfigure.dpi: 50\n")
    return Environment({"MATPLOTLIBRC": str(style), "MPLCONFIGDIR": str(folder / "mpl"), "MPLBACKEND": "tkagg"})


def older_processor(folder: Path) -> Environment:
    """A single one, and NumPy and OpenBLAS without the instructions that this one has and others lack.

    Elsewhere the compiled loop trains, if it is built.
    """
    code = f"{FEATURES}; print(*(name for name in __cpu_dispatch__ if __cpu_features__.get(name)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    launcher = () if shutil.which("taskset") is None else ("taskset", "-c", str(min(os.sched_getaffinity(0))))
    features = {"NPY_DISABLE_CPU_FEATURES": found.strip(), "OPENBLAS_CORETYPE": "Prescott"}
    return Environment({**features, "QUADNET_KERNEL": "numpy"}, launcher)


def clock(time: str) -> Callable[[Path], Environment]:
    def at(folder: Path) -> Environment:
        if FAKETIME is None:
            pytest.skip("libfaketime is not installed")
        return Environment({"LD_PRELOAD": str(FAKETIME), "FAKETIME": f"@{time} 00:00:00"})

    return at


ENVIRONMENTS: dict[str, Environment | Callable[[Path], Environment]] = {
    "another home": Environment({"HOME": "/none", "XDG_CACHE_HOME": "/none", "TMPDIR": "/var/tmp"}, umask=0o077),
    "no user": Environment(dict.fromkeys(("HOME", "USER", "LOGNAME", "PATH")), folder="ein Ordner/für ≤ 1"),
    "another zone and language": Environment({"TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8", "LANGUAGE": "de:ja"}),
    "nothing but ASCII": Environment(
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "TERM": "dumb", "COLUMNS": "20"}
    ),
    "another hash, no docstrings, many threads": Environment(
        {"PYTHONHASHSEED": "7", "PYTHONOPTIMIZE": "2", "OMP_NUM_THREADS": "7"}
    ),
    "one older processor, NumPy's loop": older_processor,
    "foreign style": foreign_style,
    "foreign fonts": foreign_fonts,
    "1970": clock("1970-01-02"),
    "2100": clock("2100-01-01"),
}


def digests(place: Path, environment: Environment) -> dict[str, str]:
    """SHA-256 of each file of a run made there, but the log's."""
    values: dict[str, str | None] = {**os.environ, "SOURCE_DATE_EPOCH": None}
    if path := os.environ.get("PYTHONPATH"):
        values["PYTHONPATH"] = os.pathsep.join(str(Path(part).resolve()) for part in path.split(os.pathsep))
    values |= environment.changes
    folder = place / environment.folder
    folder.mkdir(parents=True)
    done = subprocess.run(
        [*environment.launcher, *COMMAND],
        cwd=folder,
        env={name: value for name, value in values.items() if value is not None},
        umask=environment.umask,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (run,) = (folder / "outputs").iterdir()
    files = {path.relative_to(run).as_posix(): path for path in run.rglob("*") if path.is_file()}
    del files["run.log.json"]
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The digests where the tests run."""
    found = digests(tmp_path_factory.mktemp("here"), Environment())
    assert {"report.html", "report.pdf", "manifest.json"} < set(found)
    return found


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_no_digest_differs(name: str, here: dict[str, str], tmp_path: Path) -> None:
    environment = ENVIRONMENTS[name]
    there = digests(tmp_path, environment if isinstance(environment, Environment) else environment(tmp_path))
    assert {file for file in {**here, **there} if here.get(file) != there.get(file)} == set()


def test_what_the_environment_may_change_is_seen(here: dict[str, str], tmp_path: Path) -> None:
    there = digests(tmp_path, Environment({"SOURCE_DATE_EPOCH": "86400"}))
    assert {file for file in here if here[file] != there[file]} == {"report.html", "report.pdf", "manifest.json"}
