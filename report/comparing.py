"""Two runs side by side: configuration, versions, metrics, phases and verdicts."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from report import verification
from report.record import reading
from report.record.reading import Record, RecordError

Values = dict[str, Any]


@dataclass(frozen=True)
class Comparison:
    """What differs between two runs.

    Attributes:
        paths: Where they are.
        differing: For each section, by name, the value in either run, None where it has none.
    """

    paths: tuple[Path, Path]
    differing: dict[str, dict[str, tuple[Any, Any]]]

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return not any(self.differing.values())

    def lines(self) -> list[str]:
        """Text in columns, a heading for each section."""
        rows = [
            ("  " + name, *("-" if value is None else _shown(value) for value in pair))
            for section in self.differing.values()
            for name, pair in section.items()
        ]
        widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
        lines = [f"A: {self.paths[0]}", f"B: {self.paths[1]}"]
        for heading, section in self.differing.items():
            lines.append(heading if section else f"{heading}: same")
            lines += [f"{name:{widths[0]}}  {a:{widths[1]}}  {b}" for name, a, b in rows[: len(section)]]
            del rows[: len(section)]
        return lines

    def entries(self) -> dict[str, Any]:
        """The same as JSON takes it."""
        return {"paths": list(map(str, self.paths)), "equal": self.equal, "differing": self.differing}


def compare(first: Path, second: Path) -> Comparison:
    """Lays two runs side by side.

    Args:
        first: A run's folder, an archive of one, or its PDF.
        second: Another.

    Raises:
        RecordError: One of them is no run, or damaged.
    """
    claims: dict[str, str] = {}
    ours, theirs = (_sections(reading.read(path), claims) for path in (first, second))
    differing = {
        heading: {
            name: (before.get(name), now.get(name)) for name in {**before, **now} if before.get(name) != now.get(name)
        }
        for (heading, before), now in zip(ours.items(), theirs.values(), strict=True)
    }
    return Comparison((first, second), differing)


def _sections(record: Record, claims: dict[str, str]) -> dict[str, Values]:
    """What is compared of a run.

    Args:
        record: The run.
        claims: The claims by number as the runs before have them, to which this one's are added: runs may differ in
            their language.
    """
    if wrong := verification.stored(record):
        raise RecordError(f"{record.path}: damaged: {wrong[0]}; `quadnet verify` says more")
    try:
        return {
            "configuration": _flat(verification.resolved(record).model_dump()),
            "versions": {**record.manifest.versions, "sources": record.manifest.program.source_sha256[:8]},
            "metrics": _flat(record.json("metrics.json")),
            "phases": _phases(record.json("phases.json")),
            "verdicts": {
                f"{number} {claims.setdefault(number, claim['claim'])}": claim["verdict"]
                for number, claim in record.json("claims.json").items()
            },
        }
    except (AttributeError, KeyError, TypeError, RecursionError):
        raise RecordError(f"{record.path}: its numbers are not laid out like those of a run") from None


def _phases(found: Any) -> Values:
    phases = {
        f"{number}": f"{'open ' if phase['open'] else ''}{phase['grade'] or phase['kind']} "
        f"{phase['start']}–{phase['end']}, loss {phase['loss_start']!r} to {phase['loss_end']!r}"
        for number, phase in enumerate(found["phases"], start=1)
    }
    return {"status": found["status"], **phases}


def _flat(values: Mapping[str, Any], prefix: str = "") -> Values:
    """Nested tables as one with dotted names."""
    flat: Values = {}
    for name, value in values.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return flat


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
