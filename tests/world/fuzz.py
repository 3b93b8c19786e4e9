"""Calls the program with thousands of odd and hostile inputs, and names whatever it does wrong.

    python -P tests/world/fuzz.py --configurations 10000 --records 7000 --rosters 2000 --tables 2000

tries that many of each kind; `--only records:1234 --keep FOLDER` repeats one, and leaves its files there. The same seed
gives the same inputs.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parent))

import odd_configurations
import odd_records
import odd_tables
from calls import SMALL, Quadnet
from trial import LONGEST, Trial, tried

from quadnet.errors import ConfigurationError
from quadnet.report.handout import roster

KINDS = ("configurations", "records", "rosters", "tables")
CALLED = 50  # one roster among so many goes to the command, which trains where it is good; the others to its reader


@dataclass
class Found:
    """What many trials showed.

    Attributes:
        codes: How often each exit code was seen.
        seconds: The longest call.
        megabytes: The largest.
        wrong: A line for each fault.
    """

    codes: Counter[object] = field(default_factory=Counter)
    seconds: float = 0.0
    megabytes: float = 0.0
    wrong: list[str] = field(default_factory=list)


class Fuzzer:
    """Draws inputs and calls the program with them."""

    def __init__(self, quadnet: Quadnet, folder: Path, whole: odd_records.Whole, seed: int = 0) -> None:
        self._quadnet, self._folder, self._seed = quadnet, folder, seed
        self._calls: dict[str, Callable[[Random], Trial]] = {
            "configurations": odd_configurations.draw,
            "records": lambda chance: odd_records.draw(chance, whole),
            "rosters": odd_tables.read_roster,
            "tables": odd_tables.read_curve,
        }

    def one(self, kind: str, number: int, found: Found, *, keep: bool = False) -> None:
        """Tries one input, which kind and number decide."""
        chance = Random(f"{self._seed} {kind} {number}")
        if kind == "rosters" and number % CALLED:
            wrong, command = list(self._read_roster(chance, found)), "the reader of rosters"
        else:
            trial, place = self._calls[kind](chance), self._folder / f"{kind}-{number}"
            said, wrong = tried(self._quadnet, trial, place)
            command = trial.command()
            found.codes[said.code] += 1
            found.seconds, found.megabytes = max(found.seconds, said.seconds), max(found.megabytes, said.megabytes)
            if keep:
                print(f"{command}\nin {place}: {said}")
            else:
                shutil.rmtree(place)
        found.wrong += [f"{kind}:{number}: {each}: {command}" for each in wrong]

    def _read_roster(self, chance: Random, found: Found) -> Iterator[str]:
        path = self._folder / "roster.csv"
        path.write_bytes(odd_tables.roster(chance))
        try:
            students = roster.read(path, "en").students
        except ConfigurationError as error:
            found.codes["refused"] += 1
            if len(str(error)) > LONGEST or not str(error).isprintable():
                yield f"a message of {len(str(error))} characters: {str(error)[:80]!r}"
        except Exception as error:
            yield f"a fault: {type(error).__name__}: {error}"[:160]
        else:
            found.codes["read"] += 1
            names = [student.id for student in students]
            if len({name.casefold() for name in names}) < len(names):
                yield "an id twice"
            if odd := [name for name in names if "/" in name or "\\" in name or name.startswith(".") or not name]:
                yield f"an id that names no file: {odd[0]!r}"


def whole_run(quadnet: Quadnet, folder: Path) -> odd_records.Whole:
    """A small run in all its shapes."""
    runs = []
    for pages in ("html", "pdf"):
        said = quadnet("report", *SMALL, "--to", pages, "--output-dir", folder / pages)
        assert said.code == 0, said.err
        runs.append(Path(said.out.strip()))
    packed = quadnet("archive", runs[0], "--output", folder / "run.zip")
    assert packed.code == 0, packed.err
    return odd_records.Whole.read(runs[0], folder / "run.zip", runs[1] / "report.pdf")


def main() -> int:
    """Tries as many of each kind as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    for kind in KINDS:
        parser.add_argument(f"--{kind}", type=int, default=0, metavar="N")
    parser.add_argument("--first", type=int, default=0, metavar="NUMBER")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", metavar="KIND:NUMBER")
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        quadnet = Quadnet(folder)
        (folder / "trials").mkdir()
        fuzzer = Fuzzer(quadnet, given.keep or folder / "trials", whole_run(quadnet, folder), given.seed)
        bad = 0
        for kind in KINDS:
            numbers = range(given.first, given.first + getattr(given, kind))
            if given.only:
                number = int(given.only.partition(":")[2])
                numbers = range(number, number + given.only.startswith(f"{kind}:"))
            found, began = Found(), time.monotonic()
            for number in numbers:
                before = len(found.wrong)
                fuzzer.one(kind, number, found, keep=given.keep is not None)
                for line in found.wrong[before:]:
                    print(line.encode(errors="backslashreplace").decode(), flush=True)
            if numbers:
                print(
                    f"{kind}: {len(numbers)} tried in {time.monotonic() - began:.0f} s, {dict(found.codes)}, at most "
                    f"{found.seconds:.1f} s and {found.megabytes:.0f} MB, {len(found.wrong)} wrong",
                    flush=True,
                )
            bad += len(found.wrong)
        quadnet.close()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
