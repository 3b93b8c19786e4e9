import numpy as np
import pytest

from quadnet import random
from quadnet.arrays import FloatArray
from quadnet.random import Stream


def _distance(ours: FloatArray, theirs: FloatArray) -> float:
    """Largest difference in units of the last place."""
    return float((np.abs(ours - theirs) / np.spacing(np.abs(theirs))).max())


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1, [0, 0], [3, 5]])
def test_normals_are_those_of_the_raw_stream(seed: int | list[int]) -> None:
    ours, theirs = Stream(seed).normals(100_001), np.random.RandomState(seed).randn(100_001)
    # One unit of the logarithm's last place can become two of a normal number's, by rounding in between; 2 units at the
    # end of a binade are 1 at its beginning.
    assert (np.abs(ours - theirs) / np.spacing(np.abs(theirs)) > 1).mean() < 2e-3
    assert (np.abs(ours / theirs - 1)).max() <= 2 * 2.0**-52


def test_the_check_sees_another_stream() -> None:
    assert _distance(Stream(0).normals(100), np.random.RandomState(1).randn(100)) > 2


def test_every_kind_of_number_stays_in_step() -> None:
    ours, theirs = Stream(7), np.random.RandomState(7)
    for count in (3, 1, 2, 5, 1, 1, 101, 7):
        assert _distance(ours.normals(count), theirs.randn(count)) <= 2
        assert ours.permutation(10).tolist() == theirs.permutation(10).tolist()
        assert ours.normals(2, 3).shape == theirs.randn(2, 3).shape
        assert ours.uniforms(4).tolist() == theirs.random_sample(4).tolist()


def test_a_lost_partner_is_seen() -> None:
    ours, theirs = Stream(7), np.random.RandomState(7)
    ours.normals(3)
    theirs.randn(3)
    ours._spare = np.empty(0)
    assert _distance(ours.normals(4), theirs.randn(4)) > 2


def test_pieces_are_the_whole() -> None:
    stream = Stream(5)
    pieces = [stream.normals(count) for count in (1, 2, 3, 5, 8, 13)]
    assert np.concatenate(pieces).tolist() == Stream(5).normals(32).tolist()


def test_the_logarithm_is_this_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = Stream(0).normals(10)
    monkeypatch.setattr(random, "log", lambda x: np.log(x) * (1 + 1e-12))
    assert Stream(0).normals(10).tolist() != expected.tolist()
