import itertools

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from quadnet import network, workspace
from quadnet.arithmetic import padded
from quadnet.arrays import FloatArray
from quadnet.network import Parameters
from quadnet.workspace import TOGETHER, Workspace


def _case(widths: tuple[int, ...], samples: int, seed: int, scale: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    stream = np.random.RandomState(seed)
    size = sum((rows + 1) * columns for rows, columns in itertools.pairwise(widths))
    points = stream.randn(samples, widths[0])
    return stream.randn(size) * scale, points, np.eye(widths[-1])[stream.randint(widths[-1], size=samples)]


def _by_formulas(theta: FloatArray, widths: tuple[int, ...], points: FloatArray, one_hot: FloatArray) -> tuple:
    parameters = Parameters.from_vector(theta, widths)
    with np.errstate(over="ignore", invalid="ignore"):
        activations, logits = network.forward(parameters, points)
        loss = network.cross_entropy(activations[-1], logits, one_hot)
        return loss, network.gradients(parameters, activations, one_hot).vector


def _in_place(room: Workspace, theta: FloatArray) -> tuple:
    with workspace.quick():
        room.forward(theta)
        room.keep_loss(0)
        return room.losses(1)[0], room.gradient()


def _same(one: tuple, other: tuple) -> bool:
    return all(np.asarray(a).tobytes() == np.asarray(b).tobytes() for a, b in zip(one, other, strict=True))


@settings(max_examples=200, deadline=None)
@given(
    hidden=st.lists(st.integers(1, 9), max_size=3),
    samples=st.integers(1, 300),
    seed=st.integers(0, 2**32 - 1),
    scale=st.sampled_from([0.0, 0.01, 1.0, 30.0, 1e4]),
)
@example(hidden=[3, 3], samples=800, seed=0, scale=0.01)
@example(hidden=[3, 3], samples=64, seed=0, scale=1.0)  # no padding
def test_one_epoch_has_the_bits_of_the_formulas(hidden: list[int], samples: int, seed: int, scale: float) -> None:
    widths = (2, *hidden, 4)
    theta, points, one_hot = _case(widths, samples, seed, scale)
    assert _same(_in_place(Workspace(widths, points, one_hot), theta), _by_formulas(theta, widths, points, one_hot))


def test_one_more_bit_in_one_weight_is_seen() -> None:
    widths = (2, 3, 3, 4)
    theta, points, one_hot = _case(widths, 100, 0, 1.0)
    expected = _by_formulas(theta, widths, points, one_hot)
    theta[5] = np.nextafter(theta[5], np.inf)
    assert not _same(_in_place(Workspace(widths, points, one_hot), theta), expected)


def test_nothing_is_left_of_the_pass_before() -> None:
    widths = (2, 5, 4)
    theta, points, one_hot = _case(widths, 70, 1, 1.0)
    room = Workspace(widths, points, one_hot)
    with workspace.quick():
        room.forward(theta * 1e300)
        room.keep_loss(0)
        room.gradient()
    assert _same(_in_place(room, theta), _by_formulas(theta, widths, points, one_hot))


def test_losses_of_many_epochs_are_those_of_each() -> None:
    widths = (2, 3, 4)
    theta, points, one_hot = _case(widths, 90, 2, 1.0)
    room = Workspace(widths, points, one_hot)
    thetas = [theta * (k + 1) for k in range(TOGETHER)]
    with workspace.quick():
        for row, some in enumerate(thetas):
            room.forward(some)
            room.keep_loss(row)
        losses = room.losses(TOGETHER)
        assert room.losses(3).tobytes() == losses[:3].tobytes()
    assert losses.tolist() == [_by_formulas(some, widths, points, one_hot)[0] for some in thetas]


def test_the_parameters_and_the_data_stay_as_they_are() -> None:
    widths = (2, 3, 4)
    theta, points, one_hot = _case(widths, 10, 3, 1.0)
    before = theta.copy(), points.copy(), one_hot.copy()
    gradient = _in_place(Workspace(widths, points, one_hot), theta)[1]
    gradient[:] = 0  # the caller's own
    assert _same((theta, points, one_hot), before)


def test_numpy_is_as_before_afterwards() -> None:
    size, errors = np.getbufsize(), np.geterr()
    with workspace.quick():
        assert np.getbufsize() < size
    assert (np.getbufsize(), np.geterr()) == (size, errors)
    with pytest.raises(ZeroDivisionError), workspace.quick():
        raise ZeroDivisionError
    assert (np.getbufsize(), np.geterr()) == (size, errors)


def test_what_fits_follows_the_limit() -> None:
    widths = (2, 3, 3, 4)
    most = workspace.LIMIT // 37 // 64 * 64
    assert padded(most) == most
    assert workspace.fits(widths, most)
    assert not workspace.fits(widths, most + 1)
