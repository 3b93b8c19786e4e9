import os
from pathlib import Path

import pytest

from quadnet.program import numbers_digest, processors, sources_digest


def test_a_digest_depends_on_names_and_contents_of_the_sources(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("1")
    first = sources_digest(tmp_path)
    (tmp_path / "a.pyc").write_text("no source")
    assert sources_digest(tmp_path) == first
    (tmp_path / "a.py").write_text("2")
    second = sources_digest(tmp_path)
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    assert len({first, second, sources_digest(tmp_path)}) == 3


def test_the_digest_of_the_numbers_is_short() -> None:
    assert len(numbers_digest()) == 16
    assert set(numbers_digest()) <= set("0123456789abcdef")


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processors cannot be chosen on this system")
def test_the_processors_are_those_that_the_process_may_use() -> None:
    allowed = os.sched_getaffinity(0)
    assert processors() == len(allowed)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert processors() == 1
    finally:
        os.sched_setaffinity(0, allowed)
