"""The environment that a process inherits changes neither what it makes nor what it says."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from calls import SMALL, environment

CURVE = "\n".join(f"{3 * 0.9**epoch + 0.1:.6f}" for epoch in range(40)).encode()
MODULES = ("json", "logging", "matplotlib", "multiprocessing", "numpy", "queue", "report", "signal", "typing")
LINE = "raise SystemExit('a file of the user was run')\n"


def drawing(quadnet: Any, folder: Path, env: Mapping[str, str] | None = None, **how: Any) -> tuple[int, str, str, str]:
    """What `quadnet phases` in a folder says, and a digest of what it draws."""
    said = quadnet("phases", "-", cwd=folder, stdin=CURVE, env=env, fresh=True, **how)
    svg = folder / "phases.svg"
    return said.code, said.out, said.err, hashlib.sha256(svg.read_bytes()).hexdigest() if svg.exists() else ""


@pytest.fixture(scope="module")
def plain(quadnet: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str, str, str]:
    """The same where nothing is odd."""
    found = drawing(quadnet, tmp_path_factory.mktemp("plain"))
    assert (found[0], found[2]) == (0, ""), found
    return found


@pytest.mark.parametrize(
    "env",
    [
        {
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "MPLCONFIGDIR": "/proc/nowhere",
            "PYTHONOPTIMIZE": "2",
        },
        {"MPLBACKEND": "nonsense", "MATPLOTLIBRC": "/dev/full", "HOME": "/nowhere", "XDG_CACHE_HOME": "/nowhere"},
        {"PYTHONWARNINGS": "error", "PYTHONDEVMODE": "1", "PYTHONINSPECT": "1", "PYTHONSTARTUP": "/nowhere"},
        {"LC_ALL": "tr_TR", "LANGUAGE": "zh", "COLUMNS": "7", "TERM": "dumb", "FORCE_COLOR": "1"},
        {"PYTHONIOENCODING": "utf-16", "PYTHONUTF8": "0", "OPENBLAS_NUM_THREADS": "many", "OMP_NUM_THREADS": "-1"},
    ],
    ids=lambda env: ",".join(f"{name}={value}" for name, value in env.items()),
)
def test_variables_change_no_drawing(quadnet: Any, plain: Any, tmp_path: Path, env: dict[str, str]) -> None:
    code, out, err, svg = drawing(quadnet, tmp_path, env)
    assert (code, err, svg) == (plain[0], plain[2], plain[3])
    assert out == plain[1] or "utf-16" in env.values()


def latin(folder: Path) -> None:
    (folder / "matplotlibrc").write_bytes(b"font.family: caf\xe9\n")


def unknown(folder: Path) -> None:
    (folder / "matplotlibrc").write_text("nothing.known: 1\nfont.size: 40\nno colon\n")


def modules(folder: Path) -> None:
    for name in MODULES:
        (folder / f"{name}.py").write_text(LINE)
    (folder / "templates").mkdir()


@pytest.mark.parametrize("spoil", [latin, unknown, modules])
def test_files_in_the_current_folder_change_no_drawing(
    quadnet: Any, plain: Any, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(tmp_path)
    assert drawing(quadnet, tmp_path) == plain


@pytest.mark.usefixtures("subsetter")
@pytest.mark.parametrize(
    "env",
    [
        {"FC_DEBUG": "1", "FONTCONFIG_FILE": "/nowhere"},
        {"G_MESSAGES_DEBUG": "all", "G_DEBUG": "fatal-warnings", "PANGO_LANGUAGE": "ja"},
        {"HB_SHAPER_LIST": "nonsense", "FREETYPE_PROPERTIES": "truetype:interpreter-version=35"},
        {"PYTHONVERBOSE": "0", "PYTHONPROFILEIMPORTTIME": "1", "PYTHONWARNINGS": "error"},
    ],
    ids=lambda env: ",".join(env),
)
def test_variables_do_not_reach_the_press(quadnet: Any, tmp_path: Path, env: dict[str, str]) -> None:
    modules(tmp_path)
    said = quadnet("doctor", cwd=tmp_path, env=env)
    assert (said.code, said.err) == (0, "")
    assert said.out.endswith("can be made\n")


@pytest.mark.usefixtures("subsetter")
def test_modules_of_the_user_hide_none_of_the_program_s(tmp_path: Path) -> None:
    modules(tmp_path)
    variables = environment()
    variables["PYTHONPATH"] = os.pathsep.join([str(tmp_path), *filter(None, [variables.get("PYTHONPATH")])])
    command = [sys.executable, "-m", "quadnet", "doctor"]  # which starts a process for the typesetter, too
    done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr[-300:]
    assert done.stdout.endswith("can be made\n")


def test_workers_need_no_semaphores_and_run_no_file_of_the_user_s(quadnet: Any, tmp_path: Path) -> None:
    modules(tmp_path)
    (tmp_path / "class.csv").write_text("id,name\n1,Ann\n")
    small = ("--set", "evaluation.points=100", "--to", "html", "--no-progress")
    said = quadnet("handout", "--roster", "class.csv", *small, cwd=tmp_path, env={"FC_DEBUG": "1", "PYTHONPATH": "."})
    assert said.code == 0, said.err
    assert (tmp_path / said.out.strip() / "students" / "1.html").is_file()


@pytest.mark.parametrize(("umask", "folder", "file"), [(0o077, 0o700, 0o600), (0o027, 0o750, 0o640), (0, 0o777, 0o666)])
def test_a_run_has_the_rights_that_the_umask_leaves(
    quadnet: Any, tmp_path: Path, umask: int, folder: int, file: int
) -> None:
    said = quadnet("report", *SMALL, "--to", "html", cwd=tmp_path, umask=umask)
    assert said.code == 0, said.err
    path = tmp_path / said.out.strip()
    for place in (path, path / "figures"):
        assert place.stat().st_mode & 0o777 == folder
    assert {each.stat().st_mode & 0o777 for each in path.rglob("*") if each.is_file()} == {file}


@pytest.mark.parametrize(
    "closed",
    [("stderr",), ("stdout",), ("stdin", "stdout", "stderr")],
    ids="+".join,
)
def test_closed_streams_harm_no_run(quadnet: Any, tmp_path: Path, small_run: Path, closed: tuple[str, ...]) -> None:
    said = quadnet("report", *SMALL, "--to", "html", cwd=tmp_path, **dict.fromkeys(closed))
    assert said.code == 0, said.err
    (run,) = (tmp_path / "outputs").iterdir()
    for name in ("manifest.json", "report.html"):
        assert (run / name).read_bytes() == (small_run / name).read_bytes()


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"NOFILE": 5}, "Too many open files"),
        ({"NOFILE": 3}, "Too many open files"),
        ({"FSIZE": 10_000}, "File too large"),
    ],
    ids=str,
)
def test_a_limit_is_told_in_one_line(quadnet: Any, tmp_path: Path, limits: dict[str, int], told: str) -> None:
    said = quadnet("report", *SMALL, "--to", "html", cwd=tmp_path, limits=limits)
    assert said.code == 1
    (line,) = said.err.splitlines()
    assert told in line
    assert not [path for path in tmp_path.glob("outputs/*") if path.is_dir()]
