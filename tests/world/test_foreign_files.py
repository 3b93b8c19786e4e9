"""What other programs add to a record is no damage, and what users put beside it is never lost."""

import json
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from calls import SMALL

from quadnet.config import Config
from quadnet.report.record import foreign, manifest, writing

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


# what other programs leave

LEFT = {
    "Finder": ".DS_Store",
    "Finder on another disk": "figures/._data.svg",
    "Finder's icon": "Icon\r",
    "Spotlight": ".Spotlight-V100/Store-V2/a",
    "the Explorer": "Thumbs.db",
    "the Explorer's settings": "Desktop.ini",
    "the media centre": "ehthumbs_vista.db",
    "KDE": ".directory",
    "a disk station": "@eaDir/report.html@SynoEAStream",
    "Emacs": "config.toml~",
    "Emacs's lock": ".#config.toml",
    "Emacs's own saving": "#config.toml#",
    "Vim": ".config.toml.swp",
    "LibreOffice": ".~lock.history.csv#",
    "Excel": "~$history.csv",
    "Word": "~WRL0001.tmp",
    "a merge": "config.toml.orig",
    "a download": "report.html:Zone.Identifier",
    "a download that broke off": "report.pdf.crdownload",
    "another": "report.pdf.part",
    "Apple's file sharing": "Network Trash Folder",
    "a synchronisation": "_gsdata_/a",
    "two that wrote at once": "a (conflicted copy 2026-11-02).pdf",
    "the same, by Syncthing": "a.sync-conflict-20261102-101010-A.toml",
    "a lock": "history.csv.lock",
    "a crash": "core.4711",
    "Cygwin's crash": "python.exe.stackdump",
    "an older Python": "figures/make.pyc",
    "nohup": "nohup.out",
    "Picasa": "figures/Picasa.ini",
    "nano": "config.toml.save",
    "a disk that was mended": "found.000/a",
    "a copy": "config.toml.bak",
    "Jupyter": ".ipynb_checkpoints/config-checkpoint.toml",
    "Python": "__pycache__/plot.cpython-311.pyc",
    "Git": ".git/objects/ab/cdef",
    "Git's keeper": "figures/.gitkeep",
    "Subversion": ".svn/wc.db",
    "Dropbox": ".dropbox.attr",
    "Syncthing": ".stfolder/a",
    "iCloud": ".slides.pdf.icloud",
    "NFS": ".nfs0000000000a1b2c3",
    "an environment": ".venv/lib/site-packages/manifest.json",
    "GNOME": ".goutputstream-ABC123",
}


def put(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\0left")


def shown(name: str) -> str:
    """How a message names it: down to the first folder or file that is foreign."""
    first, slash, _ = name.removeprefix("figures/").replace("\r", "\\r").partition("/")
    return ("figures/" if name.startswith("figures/") else "") + first + slash


@pytest.mark.parametrize("name", LEFT.values(), ids=LEFT)
def test_what_other_programs_leave_is_passed_over_and_named(quadnet: Any, run: Path, name: str) -> None:
    put(run / name)
    said = quadnet("verify", run, "--quick")
    assert (said.code, said.out) == (0, "stored files agree with the manifest; not run again\n")
    assert said.err == f"passed over: {shown(name)}\n"


def test_a_foreign_link_or_pipe_is_no_reason_to_refuse(quadnet: Any, run: Path) -> None:
    (run / ".git").symlink_to("/nowhere")
    os.mkfifo(run / ".pipe")
    said = quadnet("verify", run, "--quick", "--json")
    assert (said.code, said.err) == (0, "passed over: .git, .pipe\n")


@pytest.mark.parametrize("home", ["", "run/", ".cache/run/"])
def test_a_zip_with_what_other_programs_leave_is_read_and_packed_without(
    quadnet: Any, small_run: Path, tmp_path: Path, home: str
) -> None:
    path = tmp_path / "run.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name in LEFT.values():
            file.writestr(home + name, "left")
        file.writestr(f"__MACOSX/{home}._config.toml", "left")
        file.writestr(f"{home}figures/", "")
        for each in small_run.rglob("*.*"):
            file.write(each, home + each.relative_to(small_run).as_posix())
    said = quadnet("verify", path, "--quick")
    assert said.code == 0, said.out
    assert said.err.startswith("passed over: ")
    assert said.err.endswith(f" and {len(LEFT) + 1 - 5} more\n")
    packed, plain = tmp_path / "packed.zip", tmp_path / "plain.zip"
    assert quadnet("archive", path, "--output", packed).err == said.err
    assert quadnet("archive", small_run, "--output", plain).err == ""
    assert packed.read_bytes() == plain.read_bytes()


def test_no_name_of_ours_is_another_program_s(small_run: Path) -> None:
    ours = [path.name for path in small_run.rglob("*") if path.name != foreign.GIT]
    pages = [f"handout-{edition}.{kind}" for edition in ("student", "instructor") for kind in ("html", "pdf")]
    ours += [
        *pages,
        "students",
        "instructors",
        "key.csv",
        "key.html",
        "key.pdf",
        "moodle.xml",
        "progress.csv",
        "runs.csv",
    ]
    assert not [name for name in ours if foreign.is_foreign(name)]


@pytest.mark.parametrize("name", ["notes.md", "Thumbs.txt", "figures/a.svg", "config (1).toml", "~"])
def test_what_may_be_meant_as_a_part_is_a_finding(quadnet: Any, run: Path, name: str) -> None:
    put(run / name)
    said = quadnet("verify", run, "--quick")
    assert said.code == 1
    assert f"{name}: is not listed in the manifest\n" in said.out
    assert quadnet("archive", run).code == 1


def test_two_runs_are_compared_without_what_other_programs_left(quadnet: Any, run: Path, small_run: Path) -> None:
    put(run / "Thumbs.db")
    said = quadnet("diff", run, small_run)
    assert (said.code, said.err) == (0, "passed over: Thumbs.db\n")


# line endings


@pytest.mark.parametrize("ending", [b"\r\n", b"\r"], ids=["CRLF", "CR"])
@pytest.mark.parametrize("name", ["history.csv", "config.toml", "metrics.json", "figures/data.svg", "manifest.json"])
def test_line_endings_that_git_changed_are_told_as_such(quadnet: Any, run: Path, name: str, ending: bytes) -> None:
    (run / name).write_bytes((run / name).read_bytes().replace(b"\n", ending))
    said = quadnet("verify", run, "--quick")
    assert said.code == 1
    (line,) = (line for line in (said.out + said.err).splitlines() if name in line)
    assert "its line endings were changed (git's autocrlf or an editor)" in line
    assert "`* -text` in a .gitattributes" in line
    assert len(line) - len(str(run)) <= 250


EDITED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "a last line end": (lambda content: content.replace(b"\n", b"\r\n") + b"\r\n", "its line endings were changed"),
    "no last line end": (lambda content: content.removesuffix(b"\n"), "its line endings were changed"),
    "a byte order mark": (lambda content: b"\xef\xbb\xbf" + content, "an editor put a byte order mark before it"),
    "another letter": (lambda content: content.replace(b"e", b"f", 1), "its SHA-256 differs from the manifest's"),
}


@pytest.mark.parametrize(("change", "said"), EDITED.values(), ids=EDITED)
def test_what_an_editor_did_is_told(quadnet: Any, run: Path, change: Callable[[bytes], bytes], said: str) -> None:
    (run / "config.toml").write_bytes(change((run / "config.toml").read_bytes()))
    assert f"config.toml: {said}" in quadnet("verify", run, "--quick").out


def test_a_zip_as_windows_packs_it_is_read(quadnet: Any, small_run: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("run\\figures\\", "")
        for each in small_run.rglob("*.*"):
            file.write(each, "run\\" + str(each.relative_to(small_run)).replace("/", "\\"))
    assert quadnet("verify", path, "--quick").code == 0


def test_handouts_and_sweeps_tell_git_to_leave_them_alone(shelf: Path) -> None:
    for folder in shelf.iterdir():
        if (folder / "config.toml").is_file():
            assert (folder / ".gitattributes").read_text() == "* -text\n"


def test_git_leaves_a_run_s_line_endings_alone(quadnet: Any, run: Path) -> None:
    def git(*arguments: str) -> None:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "core.autocrlf=true", *arguments]
        subprocess.run(command, cwd=run.parent, check=True, capture_output=True)

    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    git("init")
    git("add", "--all")
    git("commit", "--message", "a run")
    shutil.rmtree(run)
    git("checkout", "--", ".")
    assert quadnet("verify", run, "--quick").code == 0
    assert b"\r" not in (run / "history.csv").read_bytes()


# the list


@pytest.fixture(scope="module")
def shelf(quadnet: Any, small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one of each kind, and with what others left in it."""
    shelf = tmp_path_factory.mktemp("shelf")
    shutil.copytree(small_run, shelf / small_run.name)
    settings = (small_run / "config.toml").read_bytes().replace(b"seed = 0", b"seed = 48151623", 1)
    names = ("students/a1.pdf", "students/b2.pdf", "instructor/a1.pdf", "key.csv", "key.html", "moodle.xml")
    files = dict.fromkeys(names, b"") | {"config.toml": settings}  # to make a real one takes seconds
    writing.write(shelf / "a-class", files | {"manifest.json": manifest.manifest(Config(), files, "", {})})
    for arguments in (
        ["handout", "--epochs", "3000", "--to", "html", "--edition", "student"],
        ["sweep", *SMALL, "--weight-seeds", "0:2", "--to", "html"],
    ):
        said = quadnet(*arguments, "--output-dir", shelf)
        assert said.code == 0, said.err
    for name in (".DS_Store", "Thumbs.db", ".ipynb_checkpoints/a", "__MACOSX/run/manifest.json"):
        put(shelf / name)
    for number, content in enumerate(OTHERS.values()):
        (shelf / f"app-{number}").mkdir()
        (shelf / f"app-{number}" / "manifest.json").write_text(content)
    return shelf


def test_each_kind_is_listed_as_what_it_is(quadnet: Any, shelf: Path) -> None:
    said = quadnet("list", shelf, "--json")
    assert said.code == 0
    assert said.err.splitlines() == [
        f"passed over, since they are no runs or links: {len(OTHERS)}",
        "passed over: .DS_Store, .ipynb_checkpoints/, Thumbs.db, __MACOSX/",
    ]
    found = {each["kind"]: each for each in json.loads(said.out)}
    assert found.keys() == {"run", "handout", "class", "sweep"}
    assert len(json.loads(said.out)) == 4
    assert found["class"]["students"] == 2
    assert found["class"]["files"].keys() == {"students/", "instructor/", "key.csv", "key.html", "moodle.xml"}
    assert found["handout"]["files"].keys() == {"student.html"}
    assert found["handout"]["epochs"] == 3000
    for each in found.values():
        assert all((shelf / path).exists() for path in each["files"].values())


def test_a_table_has_a_column_of_kinds(quadnet: Any, shelf: Path) -> None:
    head, *lines = quadnet("list", shelf, "-q").out.splitlines()
    assert head.split()[:3] == ["name", "kind", "seeds"]
    assert sorted(line.split()[1] for line in lines) == ["class", "handout", "run", "sweep"]
    assert "48151623" not in "".join(lines)


PAGES = {"en": ["class set", "2 students", "handout"], "zh": ["全班讲义", "2 名学生", "讲义"]}


@pytest.mark.parametrize(("language", "words"), PAGES.items(), ids=PAGES)
def test_the_page_leads_to_sheets_and_key(quadnet: Any, shelf: Path, language: str, words: list[str]) -> None:
    said = quadnet("list", shelf, "--html", shelf / "all.html", "--lang", language, "--force")
    assert said.code == 0
    page = (shelf / "all.html").read_text()
    assert all(f">{word}</td>" in page for word in words)
    assert "48151623" not in page
    links = re.findall('href="([^"]*)">', page)
    assert {link.partition("/")[2] for link in links} >= {"handout-student.html", "students/", "key.csv", "moodle.xml"}
    assert all((shelf / link).exists() for link in links if not link.startswith("data:"))


BROKEN: dict[str, Deed] = {
    "metrics.json is missing": lambda run: (run / "metrics.json").unlink(),
    "metrics.json is not that of a run": lambda run: (run / "metrics.json").write_text("{}"),
    "config.toml is missing": lambda run: (run / "config.toml").unlink(),
}


@pytest.mark.parametrize(("problem", "deed"), BROKEN.items(), ids=BROKEN)
def test_what_is_broken_is_called_damaged(quadnet: Any, run: Path, problem: str, deed: Deed) -> None:
    deed(run)
    (found,) = json.loads(quadnet("list", run.parent, "--json").out)
    assert (found["kind"], found["problem"].startswith(problem)) == ("damaged", True)


def test_a_run_of_many_phases_is_no_damaged_one(quadnet: Any, run: Path) -> None:
    content = json.loads((run / "phases.json").read_text())
    content["phases"] *= 1000 // len(content["phases"])
    (run / "phases.json").write_text(json.dumps(content))
    (found,) = json.loads(quadnet("list", run.parent, "--json").out)
    assert (found["kind"], len(found["phases"])) == ("run", len(content["phases"]))
    assert max(map(len, quadnet("list", run.parent).out.splitlines())) < 200


# what lies in a folder of runs


@pytest.mark.parametrize("name", ["slides", "run.zip", ".cache"])
def test_a_link_that_leads_round_in_a_circle_is_passed_over(quadnet: Any, run: Path, name: str) -> None:
    (run.parent / name).symlink_to("other")
    (run.parent / "other").symlink_to(name)
    said = quadnet("list", run.parent, "--json")
    assert said.code == 0, said.err
    assert [item["name"] for item in json.loads(said.out)] == [run.name]
    assert quadnet("list", run.parent, "--html", run.parent / "a.html").code == 0
