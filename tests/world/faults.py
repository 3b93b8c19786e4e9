"""Harms runs in every way that can happen to them, and counts how often a record suffered.

    python -P tests/world/faults.py --flips 400 --pdf-flips 100 --kills 100 --builds 60 --surroundings

flips single bytes in a run's folder and in a lone PDF, kills the program at random moments, builds several runs at once
in one folder, and takes away disk, memory, processes, clock and folders while each of the commands writes.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parent))

import surroundings
from calls import PROGRAM, Quadnet, environment
from harm import SHORT, call, ends, is_consistent, names, report

EARLIER = "86400"  # the page time of a record that is there before, so that the same made now has other bytes
UNCOVERED = ("run.log.json", ".gitattributes")  # outside the manifest
NOTES = "what the lecturer thought of it\n"


def made(folder: Path, *arguments: str) -> Path:
    """A run made on another day."""
    done = call(report(folder, *arguments), SOURCE_DATE_EPOCH=EARLIER)
    assert done.returncode == 0, done.stderr
    return Path(done.stdout.strip())


def flipped(content: bytes, chance: Random) -> bytes:
    """The content with one bit of one byte changed."""
    spoilt = bytearray(content)
    spoilt[chance.randrange(len(spoilt))] ^= 1 << chance.randrange(8)
    return bytes(spoilt)


def flips(folder: Path, count: int, chance: Random) -> Iterator[str]:
    """Flips bytes of all files of a run that its manifest covers, and expects each file to be named."""
    run = made(folder)
    files = sorted(path for path in run.rglob("*") if path.is_file() and path.name not in UNCOVERED)
    quadnet = Quadnet(folder)
    for number in range(count):
        path = files[number % len(files)]
        before = path.read_bytes()
        path.write_bytes(flipped(before, chance))
        said = quadnet("verify", "--quick", run)
        if said.code != 1 or path.relative_to(run).as_posix() not in said.out + said.err:
            yield f"a flipped byte of {path.relative_to(run)} is told as {said.code} {said.out}{said.err}"
        path.write_bytes(before)
    quadnet.close()


def pdf_flips(folder: Path, count: int, chance: Random) -> Iterator[str]:
    """Flips bytes of a PDF without its folder, and expects it to be called damaged."""
    content, lone = (made(folder, "--to", "pdf") / "report.pdf").read_bytes(), folder / "lone.pdf"
    quadnet = Quadnet(folder)
    for _ in range(count):
        lone.write_bytes(flipped(content, chance))
        said = quadnet("verify", "--quick", lone)
        if said.code != 1:
            yield f"a flipped byte of a lone PDF is told as {said.code} {said.out}{said.err}"
    quadnet.close()


def kills(folder: Path, count: int, chance: Random) -> Iterator[str]:
    """Kills builds at random moments over a record, in a folder with notes of the user's, and in an empty one."""
    roster = folder / "roster.csv"
    roster.write_text("id,name\n1,Ada\n2,Emmy\n3,Sofia\n")
    ways = {
        "report": ["report", *SHORT, "--force"],
        "handout": ["handout", "-q", "--force"],
        "class": ["handout", "-q", "--roster", str(roster), "--force"],
        "sweep": ["sweep", *SHORT, "--weight-seeds", "0:20"],
    }
    lengths: dict[str, float] = {}
    for way, arguments in ways.items():
        began = time.monotonic()
        done = call([*arguments, "--output-dir", folder / way], SOURCE_DATE_EPOCH=EARLIER)
        assert done.returncode == 0, done.stderr
        lengths[way] = time.monotonic() - began
        Path(done.stdout.strip(), "notes.md").write_text(NOTES)
    killed = 0
    for number in range(count):
        way = chance.choice(("report", "report", "handout", "class", "sweep"))
        place = folder / (way if number % 3 else f"new-{number}")
        mark = uuid.uuid4().hex
        process = subprocess.Popen(
            [*PROGRAM, *ways[way], "--output-dir", str(place)],
            env=environment() | {"MARK": mark},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(chance.uniform(0, lengths[way]))
        process.kill()
        killed += process.wait() == -signal.SIGKILL
        if not ends(mark):
            yield f"a process of {way} stays behind"
        yield from harmed(way, place)
    print(f"{killed} of {count} were killed before their end")
    for way, arguments in ways.items():
        done = call([*arguments, "--output-dir", folder / way])
        if done.returncode:
            yield f"{way} does not go on after kills: {done.stderr}"
        yield from harmed(way, folder / way)
        if left := [name for name in names(folder / way) if name.startswith(".")]:
            yield f"{way} leaves {left}"


def harmed(way: str, place: Path) -> Iterator[str]:
    """What became of the records in a folder: whole, as their manifests say, and with the user's notes."""
    visible = [path for path in place.iterdir() if not path.name.startswith(".")] if place.exists() else []
    if not visible and not place.name.startswith("new-"):
        yield f"{way}: the record is gone"
    for path in visible:
        if not is_consistent(path):
            yield f"{way}: {path} is harmed"
        notes = path / "notes.md"
        if not place.name.startswith("new-") and (not notes.exists() or notes.read_text() != NOTES):
            yield f"{way}: the notes are gone"


def builds(folder: Path, count: int, chance: Random) -> Iterator[str]:
    """Builds runs at the same time, six at most, the same and others, into one folder."""
    ways = [report(folder, "--force"), report(folder), report(folder, "--to", "html", "--force", "--lang", "zh")]
    ways += [
        report(folder, "--to", "html", "--weight-seed", "3"),
        ["handout", "-q", "--force", "--output-dir", str(folder)],
    ]
    for begin in range(0, count, 6):
        together = [
            subprocess.Popen(
                [*PROGRAM, *chance.choice(ways)],
                env=environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(min(6, count - begin))
        ]
        for process in together:
            out, err = process.communicate()
            if process.returncode or err:
                yield f"a build beside others ends with {process.returncode}: {err}"
            elif not is_consistent(Path(out.strip())):
                yield f"a build beside others harms {out.strip()}"
    if left := [name for name in names(folder) if name.startswith(".")]:
        yield f"builds at once leave {left}"


def taken_away(folder: Path, wanted: Sequence[int]) -> Iterator[str]:
    """Takes away what a command needs, and expects it to say so in a line, or to do without it."""
    run = made(folder, "--to", "html,pdf")
    for number in wanted:
        fault = surroundings.FAULTS[number]
        for wrong in fault.wrong(folder / f"fault-{number}", run):
            yield f"{number}: {wrong.strip()}: {fault}"


def main() -> int:
    """Does as much of each as the command line says."""
    parts: dict[str, Callable[[Path, int, Random], Iterator[str]]] = {
        "flips": flips,
        "pdf-flips": pdf_flips,
        "kills": kills,
        "builds": builds,
    }
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in parts:
        parser.add_argument(f"--{name}", dest=name, type=int, metavar="N")
    parser.add_argument("--surroundings", type=int, nargs="*", metavar="NUMBER", help="all, or these")
    given = vars(parser.parse_args())
    bad = 0
    with tempfile.TemporaryDirectory() as made_folder:
        for name, part in parts.items():
            if given[name]:
                place = Path(made_folder, name)
                place.mkdir()
                bad += _told(f"{name}: {given[name]}", part(place, given[name], Random(0)))
        if (wanted := given["surroundings"]) is not None:
            wanted = wanted or range(len(surroundings.FAULTS))
            place = Path(made_folder, "surroundings")
            place.mkdir()
            bad += _told(f"surroundings: {len(wanted)}", taken_away(place, wanted))
    return 1 if bad else 0


def _told(what: str, wrong: Iterator[str]) -> int:
    """Prints what is wrong while it is found; how much that was."""
    began, count = time.monotonic(), 0
    for line in wrong:
        count += 1
        print(line.strip(), flush=True)
    print(f"{what} in {time.monotonic() - began:.0f} s, {count} wrong", flush=True)
    return count


if __name__ == "__main__":
    sys.exit(main())
