"""The last step to the terminal is as careful as the rest."""

from pathlib import Path
from typing import Any

import pytest


@pytest.mark.parametrize("fresh", [False, True])
def test_the_version_is_a_line(quadnet: Any, fresh: bool) -> None:
    said = quadnet("--version", fresh=fresh)
    assert (said.code, said.out, said.err) == (0, "quadnet 0.1.0\n", "")


def test_a_run_is_there(quadnet: Any, run: Path) -> None:
    said = quadnet("verify", run, "--quick")
    assert (said.code, said.err) == (0, ""), said


@pytest.mark.parametrize(
    "arguments",
    [
        ["report", "y" * 900],
        ["report", f"--{'y' * 900}"],
        ["y" * 900],
        ["phases", "a.csv", "\x1b[31m\r"],
        ["list", "--lang"],
    ],
    ids=["argument", "option", "command", "control characters", "no value"],
)
def test_wrong_usage_is_told_in_lines_that_can_be_read(quadnet: Any, arguments: list[str]) -> None:
    said = quadnet(*arguments)
    assert said.code == 2
    assert "Error: " in said.err
    assert all(len(line) <= 300 and line.isprintable() for line in said.err.splitlines())
