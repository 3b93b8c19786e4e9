"""What other programs add to a record is no damage, and what users put beside it is never lost."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from calls import SMALL

Deed = Callable[[Path], object]
Found = dict[str, tuple[int, int, str | bytes]]


def built(quadnet: Any, run: Path, *arguments: str) -> Any:
    return quadnet("report", *SMALL, "--to", "html", "--output-dir", run.parent, *arguments)


# a user's files

ADDED: dict[str, tuple[str, Deed]] = {
    "notes": ("notes.md", lambda path: path.write_text("mine")),
    "a folder": ("slides", lambda path: shutil.copytree(path.with_name("figures"), path)),
    "an empty folder": ("to do", Path.mkdir),
    "a file among the figures": ("figures/mine.svg", lambda path: path.write_text("mine")),
    "a link": ("host", lambda path: path.symlink_to("/etc/hostname")),
    "a link to a folder": ("disk", lambda path: path.symlink_to("/usr")),
    "a dangling link": ("link", lambda path: path.symlink_to("nowhere")),
    "a pipe": ("pipe", os.mkfifo),
    "a repository": (".git", lambda path: (path / "refs" / "heads").mkdir(parents=True)),
    "a secret": ("secret", lambda path: path.touch(0o600)),
    "a closed folder": ("closed", lambda path: (path.mkdir(), (path / "a").touch(), path.chmod(0o500))),
    "git's attributes": (".gitattributes", lambda path: path.write_text("*.npz filter=lfs\n")),
    "a name in Chinese": ("笔记", lambda path: path.write_text("mine")),
    "a name that is no UTF-8": ("\udcff", lambda path: path.write_text("mine")),
}


def seen(folder: Path) -> Found:
    """Mode, time and content of all below a folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        content = str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else ""
        found[path.relative_to(folder).as_posix()] = (status.st_mode, status.st_mtime_ns, content)
    return found


@pytest.fixture(scope="module")
def added(quadnet: Any, small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Found, Found]:
    """What is in a run's folder that users added to, before and after its page is made again."""
    run = Path(shutil.copytree(small_run, tmp_path_factory.mktemp("added") / small_run.name))
    (run / "report.html").unlink()
    for name, deed in ADDED.values():
        deed(run / name)
    before = seen(run)
    said = built(quadnet, run)
    assert (said.code, said.err.count("\n")) == (0, 1), said.err
    assert [path.name for path in run.parent.iterdir()] == [run.name]
    return before, seen(run)


@pytest.mark.parametrize("name", [name for name, _ in ADDED.values()], ids=ADDED)
def test_what_a_user_adds_stays_when_a_page_is_added(added: tuple[Found, Found], name: str) -> None:
    before, after = (
        {path: what for path, what in found.items() if f"{path}/".startswith(f"{name}/")} for found in added
    )
    assert before
    assert before == after
    assert "report.html" in added[1].keys() - added[0].keys()


CHANGED: dict[str, tuple[str, Deed]] = {
    "settings": ("config.toml", lambda path: path.write_text(path.read_text() + "# mine\n")),
    "a figure": ("figures/data.svg", lambda path: path.write_text("<svg/>")),
    "a figure that is a link": ("figures/network.svg", lambda path: (path.unlink(), path.symlink_to("mine.svg"))),
    "a table that is a folder": ("history.csv", lambda path: (path.unlink(), path.mkdir(), (path / "a").touch())),
    "a page": ("report.html", lambda path: path.write_text("mine")),
    "a page that is new": ("report.pdf", lambda path: path.write_text("printed by hand")),
}


@pytest.mark.parametrize(("name", "deed"), CHANGED.values(), ids=CHANGED)
def test_what_a_user_changed_is_not_replaced_unasked(quadnet: Any, run: Path, name: str, deed: Deed) -> None:
    deed(run / name)
    before = seen(run)
    said = quadnet("report", *SMALL, "--output-dir", run.parent)
    assert (said.code, said.out) == (1, "")
    assert said.err == (
        f"quadnet: {run}: {name} is not what the record wrote there; --force makes the record anew and keeps it under "
        "another name\n"
    )
    assert seen(run) == before


def test_what_a_user_changed_is_kept_under_another_name(quadnet: Any, run: Path) -> None:
    whole = seen(run)
    for name, deed in CHANGED.values():
        if name != "report.pdf":
            deed(run / name)
    (run / "config.toml.~1~").write_text("kept before")
    before = seen(run)
    said = built(quadnet, run, "--force")
    assert said.code == 0
    after = seen(run)
    names = {"config.toml": "config.toml.~2~", "history.csv/a": "history.csv.~1~/a"}
    for name, what in before.items():
        if what != whole.get(name) and name not in ("figures", "history.csv"):
            assert after[names.get(name, name if "~" in name else f"{name}.~1~")] == what
    assert "warning: config.toml is not the record's; it is kept as config.toml.~2~" in said.err
    contents = {name: what[2] for name, what in after.items()}
    assert {name: what[2] for name, what in whole.items() if name != "run.log.json"}.items() <= contents.items()


def test_a_record_whose_manifest_is_damaged_is_made_anew_if_asked(quadnet: Any, run: Path) -> None:
    damaged = (run / "manifest.json").read_bytes()[:-9]
    (run / "manifest.json").write_bytes(damaged)
    said = built(quadnet, run)
    assert (said.code, said.out) == (1, "")
    assert "manifest.json is damaged: it is no JSON; --force makes the record anew" in said.err
    assert built(quadnet, run, "--force").code == 0
    assert (run / "manifest.json.~1~").read_bytes() == damaged
    assert not (run / "report.html.~1~").exists()


# folders that are no runs

OTHERS = {
    "a web app's": '{"name": "App", "short_name": "App", "icons": [], "start_url": "/"}',
    "a browser extension's": '{"manifest_version": 3, "name": "Run", "version": "1.0"}',
    "an empty one": "",
    "no JSON": "words",
}


@pytest.mark.parametrize("force", [[], ["--force"]], ids=["", "forced"])
@pytest.mark.parametrize("content", OTHERS.values(), ids=OTHERS)
def test_a_folder_with_another_manifest_is_no_run(quadnet: Any, run: Path, content: str, force: list[str]) -> None:
    shutil.rmtree(run)
    run.mkdir()
    (run / "manifest.json").write_text(content)
    said = built(quadnet, run, *force)
    assert (said.code, said.out) == (1, "")
    assert "is there but is no run of quadnet; move it away" in said.err
    assert list(seen(run)) == ["manifest.json"]


# links at a run's place


@pytest.mark.parametrize("force", [True, False], ids=["forced", "a page added"])
def test_a_link_at_the_run_s_place_stays_and_what_it_leads_to_is_replaced(
    quadnet: Any, run: Path, tmp_path: Path, force: bool
) -> None:
    there = tmp_path / "disk" / "other name"
    there.parent.mkdir()
    run.rename(there)
    run.symlink_to(there)
    (there / "report.html").unlink()
    (there / "notes.md").write_text("mine")
    said = built(quadnet, run, *(["--force"] if force else []))
    assert (said.code, said.out) == (0, f"{run}\n"), said.err
    assert run.readlink() == there
    assert {"report.html", "notes.md"} < {path.name for path in there.iterdir()}
    assert [list(each.iterdir()) for each in (run.parent, there.parent)] == [[run], [there]]


@pytest.mark.parametrize("verb", ["report", "handout"])
@pytest.mark.parametrize("target", ["nowhere", "itself"])
def test_a_link_that_leads_nowhere_is_told(
    quadnet: Any, small_run: Path, tmp_path: Path, verb: str, target: str
) -> None:
    place = tmp_path / (small_run.name + ("-handout" if verb == "handout" else ""))
    place.symlink_to(place if target == "itself" else target)
    said = quadnet(verb, *SMALL, "--to", "html", "--output-dir", tmp_path, "--force")
    assert (said.code, said.out) == (1, "")
    assert f"{place}: is a link to" in said.err
    assert "where nothing is; remove it" in said.err
    assert [path.name for path in tmp_path.iterdir()] == [place.name]
