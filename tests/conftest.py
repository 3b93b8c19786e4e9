import pytest
from hypothesis import settings

from quadnet.config import Config
from quadnet.experiment import Experiment, conduct

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def default_run() -> Experiment:
    """The note's experiment, run once for all tests; do not change it."""
    return conduct(Config())
