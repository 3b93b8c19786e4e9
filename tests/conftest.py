import pytest
from hypothesis import settings

from quadnet.config import Config
from quadnet.experiment import Experiment, conduct
from quadnet.replicates import Replicates, Replicating

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def default_run() -> Experiment:
    """The note's experiment, run once for all tests; do not change it."""
    return conduct(Config())


@pytest.fixture(scope="session")
def default_replicates(default_run: Experiment) -> Replicates:
    """Its runs from other weight seeds; do not change them."""
    with Replicating() as replicating:
        replicating.start(default_run)
        return replicating.result()
