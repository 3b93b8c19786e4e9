from typing import Any

import pytest

from quadnet.phases import Phase
from quadnet.report.words.language import Language
from quadnet.report.words.phase_names import kind


@pytest.mark.parametrize(
    ("values", "name"),
    [
        (("descent", None, False), "descent"),
        (("descent", None, True), "open descent"),
        (("plateau", "plateau", False), "plateau"),
        (("plateau", "shoulder", False), "shoulder"),
        (("plateau", None, True), "open plateau"),
    ],
)
def test_every_kind_of_phase_has_a_name(values: tuple[Any, Any, bool], name: str, english: Language) -> None:
    assert kind(Phase(*values, start=0, end=9, loss_start=2.0, loss_end=1.0, contrast=None), english) == name
