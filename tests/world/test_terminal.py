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
