"""Records of runs that were spoilt: by accident, byte by byte, and on purpose, with digests that fit."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

import hostile
import odd_pdf
import odd_zip
import resealed
from calls import SMALL
from trial import Trial

ODD_FILES = (
    *hostile.FILE_NAMES,
    *(".DS_Store", "Thumbs.db", ".git/HEAD", "figures/x/y.svg", "d/" * 300 + "x", "key.csv", "handout-x", "aux.txt"),
)


@dataclass(frozen=True)
class Whole:
    """A run that is whole, in its three shapes.

    Attributes:
        name: Of its folder.
        files: Contents by path below it.
        packed: The zip of it.
        printed: The PDF of the same run.
    """

    name: str
    files: Mapping[str, bytes]
    packed: bytes
    printed: bytes

    @classmethod
    def read(cls, run: Path, packed: Path, printed: Path) -> "Whole":
        """That of a run's folder, a zip of it, and its PDF."""
        files = {
            path.relative_to(run).as_posix(): path.read_bytes() for path in sorted(run.rglob("*")) if path.is_file()
        }
        return cls(run.name, files, packed.read_bytes(), printed.read_bytes())


def draw(chance: Random, whole: Whole) -> Trial:
    """A call that reads a spoilt record."""
    run, kind = f"runs/{whole.name}", chance.random()
    files: dict[str, bytes | None] = {}
    if kind < 0.6:
        files |= {f"{run}/{name}": content for name, content in _folder(chance, whole).items()}
        if chance.random() < 0.02:
            files[f"{run}/pipe"] = None
    elif kind < 0.8:
        run += ".zip"
        files[run] = chance.choice((_spoilt_zip, _odd_zip, _odd_zip))(chance, whole)
    else:
        run += ".pdf"
        files[run] = chance.choice((_spoilt_pdf, _carrier))(chance, whole)
    calls, weights = zip(
        *(call for call in _calls(run) if not (call[0][0] == "list" and run.endswith(".pdf"))), strict=True
    )
    verb, *rest = chance.choices(calls, weights)[0]
    if "good.zip" in rest:
        files["good.zip"] = whole.packed
    return Trial((verb, *rest), files, written=("runs",) if verb == "report" else ("out",))


def _calls(run: str) -> list[tuple[tuple[str, ...], int]]:
    """What is asked of a record, and how often."""
    return [
        (("verify", "--quick", run), 30),
        (("verify", "--quick", "--json", run), 10),
        (("diff", run, "good.zip"), 15),
        (("diff", "--json", run, run), 5),
        (("list", "runs"), 20),
        (("list", "runs", "--html", "out/list.html"), 4),
        (("archive", run, "--output", "out"), 12),
        (("rebuild", run, "--output-dir", "out"), 1),
        (("verify", run), 1),
        (("diff", run, "good.zip", "--html", "out/diff.html"), 1),
        (("report", *SMALL, "--to", "html", "--output-dir", "runs", "--json"), 2),
    ]


def _folder(chance: Random, whole: Whole) -> dict[str, bytes]:
    """The files of a run, with something wrong."""
    files = dict(whole.files)
    for _ in range(chance.choice((1, 1, 1, 2))):
        _FOLDERS[chance.randrange(len(_FOLDERS))](chance, files)
    return files


def _spoil(chance: Random, files: dict[str, bytes]) -> None:
    name = chance.choice(sorted(files) or ["metrics.json"])
    files[name] = hostile.spoilt(chance, files.get(name, b""))


def _swap(chance: Random, files: dict[str, bytes]) -> None:
    if len(files) > 1:
        one, other = chance.sample(sorted(files), 2)
        files[one], files[other] = files[other], files[one]


def _drop(chance: Random, files: dict[str, bytes]) -> None:
    for name in chance.sample(sorted(files), min(len(files), chance.choice((1, 1, 3, 12)))):
        del files[name]


def _add(chance: Random, files: dict[str, bytes]) -> None:
    """A file that no run has; half of them the manifest lists."""
    name = chance.choice(ODD_FILES)
    files[name] = chance.choice((b"", b"x", files.get("metrics.json", b"{}")))
    if chance.random() < 0.5:
        resealed.add(files, name)


def _misname(chance: Random, files: dict[str, bytes]) -> None:
    """A manifest that lists what lies elsewhere, or cannot be."""
    resealed.add(
        files,
        chance.choice(
            ("../x", "/etc/passwd", "C:\\x", "a/../../x", "CON", "", ".", "x\0y", "a" * 5000, "a/" * 2000 + "b")
        ),
    )


def _reseal(chance: Random, files: dict[str, bytes]) -> None:
    """Changes the manifest, which then fits itself."""
    content = resealed.read(files, "manifest.json")
    if not isinstance(content, dict):
        return
    content.pop("manifest_sha256", None)
    if chance.random() < 0.5 and isinstance(content.get("versions"), dict):
        content["versions"][chance.choice(("numpy", "weasyprint", hostile.text(chance)))] = hostile.text(chance)
        content["name"] = chance.choice((content.get("name"), hostile.text(chance)))
    else:
        content = hostile.mutated(chance, content)
    if isinstance(content, dict):
        files["manifest.json"] = resealed.sealed_or_old(content, files)


def _restructure(chance: Random, files: dict[str, bytes]) -> None:
    """Changes what stands in a file of JSON, and the manifest so that it fits."""
    name = chance.choice([name for name in sorted(files) if name.endswith(".json")] or ["metrics.json"])
    files[name] = resealed.written(hostile.mutated(chance, resealed.read(files, name)))
    resealed.fit(files)


def _deepen(chance: Random, files: dict[str, bytes]) -> None:
    """JSON that no run has: deep, long, of one huge number."""
    depth = chance.choice((100, 990, 20_000, 2_000_000))
    name = chance.choice(
        ("metrics.json", "phases.json", "claims.json", "manifest.json", "evidence.json", "run.log.json")
    )
    files[name] = chance.choice(
        (
            b"[" * depth + b"]" * depth,
            b'{"a":' * depth + b"1" + b"}" * depth,
            b"[" + b"9" * depth + b"]",
            b'{"' + b"x" * depth + b'": 1}',
            b'{"accuracy": 1e' + b"9" * min(depth, 5000) + b"}",
            b"[" + b"1," * depth + b"1]",
        )
    )
    resealed.fit(files)


def _retell(chance: Random, files: dict[str, bytes]) -> None:
    """Other words in the configuration or the tables, which the manifest then lists."""
    name = chance.choice(("config.toml", "config.toml", "history.csv", "trajectory.npz"))
    if name == "config.toml" and "config.toml" in files:
        lines = files[name].decode(errors="replace").splitlines()
        place = chance.randrange(len(lines) or 1)
        key = lines[place].partition("=")[0] if lines else "name"
        said = chance.choice((hostile.number, hostile.text))(chance)
        lines[place : place + 1] = [f"{key} = {said}"] * chance.choice((1, 1, 1, 2))
        files[name] = "\n".join(lines).encode(errors="replace")
    elif name in files:
        files[name] = hostile.spoilt(chance, files[name])
    resealed.fit(files)


_FOLDERS = (
    _spoil,
    _spoil,
    _spoil,
    _swap,
    _drop,
    _add,
    _reseal,
    _reseal,
    _misname,
    _restructure,
    _restructure,
    _restructure,
    _deepen,
    _retell,
    _retell,
)


def _odd_zip(chance: Random, whole: Whole) -> bytes:
    return odd_zip.packed(chance, _folder(chance, whole) if chance.random() < 0.7 else whole.files)


def _spoilt_zip(chance: Random, whole: Whole) -> bytes:
    return hostile.spoilt(chance, whole.packed)


def _spoilt_pdf(chance: Random, whole: Whole) -> bytes:
    return hostile.spoilt(chance, whole.printed)


def _carrier(chance: Random, whole: Whole) -> bytes:
    """A PDF of a few lines that carries the files of a run, with something wrong."""
    carried = {
        name: whole.files[name] for name in ("config.toml", "metrics.json", "history.csv", "phases.json", "claims.json")
    }
    files = {**carried, "manifest.json": whole.files["manifest.json"]}
    if chance.random() < 0.6:
        for _ in range(2):
            _FOLDERS[chance.randrange(len(_FOLDERS))](chance, files)
    content = odd_pdf.carrier(
        chance, {name.encode(errors="replace").decode(): content for name, content in files.items()}
    )
    return hostile.spoilt(chance, content) if chance.random() < 0.3 else content
