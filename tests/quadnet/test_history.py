import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quadnet import history as histories
from quadnet.config import Config, parse
from quadnet.dataset import quadrants
from quadnet.history import History, Recording, thinning
from quadnet.training import train

WIDTHS = (2, 4)  # 12 parameters


def _bytes(epochs: int, size: int, every: int) -> int:
    """Memory of the kept parameters: epochs 0, every, 2·every, … and the last."""
    rows = epochs // every + 1 + (epochs % every > 0)
    return rows * size * 8


def _history() -> History:
    kept = [0, 10, 20, 25]
    return History(np.zeros(25), np.array(kept), np.arange(48.0).reshape(4, 12), WIDTHS, 10)


@settings(deadline=None, max_examples=300)
@given(epochs=st.integers(1, 10_000_000), size=st.integers(1, histories.LIMIT_BYTES // 16))
def test_the_kept_parameters_fit_in_the_limit_and_no_finer_thinning_would(epochs: int, size: int) -> None:
    every = thinning(epochs, size)
    assert _bytes(epochs, size, every) <= histories.LIMIT_BYTES
    assert every == 1 or _bytes(epochs, size, every - 1) > histories.LIMIT_BYTES


def test_a_network_above_the_limit_still_keeps_its_start_and_its_end() -> None:
    assert thinning(1000, histories.LIMIT_BYTES) == 1000


def test_the_notes_experiment_is_not_thinned() -> None:
    assert thinning(Config().training.epochs, 37) == 1


def test_a_thinned_training_keeps_multiples_and_the_last_epoch_within_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(histories, "LIMIT_BYTES", 5000)
    config = parse({"data": {"samples_per_class": 3}, "training": {"epochs": 103}})
    history = train(config, quadrants(config))
    assert history.every > 1
    assert history.epochs.tolist() == [*range(0, 103, history.every), 103]
    assert history.parameters.nbytes <= 5000
    assert len(history.loss) == 103


@pytest.mark.parametrize(("epoch", "kept"), [(0, 0), (4, 0), (6, 10), (20, 20), (22, 20), (24, 25), (99, 25), (-3, 0)])
def test_nearest_names_the_closest_kept_epoch(epoch: int, kept: int) -> None:
    assert _history().nearest(epoch) == kept


@settings(deadline=None, max_examples=50)
@given(epoch=st.integers(-10, 40))
def test_no_kept_epoch_is_closer_than_the_nearest(epoch: int) -> None:
    history = _history()
    assert abs(history.nearest(epoch) - epoch) == min(abs(kept - epoch) for kept in history.epochs.tolist())


def test_at_gives_the_parameters_of_that_very_epoch() -> None:
    history = _history()
    for row, epoch in enumerate(history.epochs.tolist()):
        assert history.at(epoch).vector.tolist() == history.parameters[row].tolist()


@pytest.mark.parametrize(("epoch", "kept"), [(1, 0), (19, 20), (26, 25), (-1, 0)])
def test_at_an_epoch_not_kept_names_the_nearest_one(epoch: int, kept: int) -> None:
    with pytest.raises(KeyError, match=f"epoch {epoch} was not kept; the nearest kept one is {kept}"):
        _history().at(epoch)


def test_final_is_the_last_kept_row_in_the_networks_shapes() -> None:
    final = _history().final
    assert [w.shape for w in final.weights] == [(2, 4)]
    assert [b.shape for b in final.biases] == [(4,)]
    assert final.vector.tolist() == list(range(36, 48))


def _recorded(done: int, last_loss: float) -> History:
    """A recording of 12 parameters that keeps every third of up to ten epochs, the row's number in every place."""
    recording = Recording(10, np.zeros(12))
    recording.parameters[:] = np.arange(len(recording.parameters))[:, None]
    recording.loss[:done] = [*range(done - 1), last_loss]
    recording.done = done
    recording.end = np.full(12, 99.0)
    return recording.history(WIDTHS)


@pytest.fixture
def _three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histories, "LIMIT_BYTES", 5 * 12 * 8)
    assert thinning(10, 12) == 3


@pytest.mark.usefixtures("_three")
@pytest.mark.parametrize(
    ("done", "epochs", "rows"),
    [(10, [0, 3, 6, 9, 10], [0, 1, 2, 3, 99]), (9, [0, 3, 6, 9], [0, 1, 2, 3]), (1, [0, 1], [0, 99])],
)
def test_a_recording_ends_with_the_last_parameters(done: int, epochs: list[int], rows: list[float]) -> None:
    history = _recorded(done, 0.5)
    assert history.epochs.tolist() == epochs
    assert history.parameters[:, 0].tolist() == rows
    assert len(history.loss) == done


@pytest.mark.usefixtures("_three")
@pytest.mark.parametrize("loss", [np.nan, np.inf])
def test_a_recording_that_broke_down_ends_with_the_last_kept_parameters_before(loss: float) -> None:
    history = _recorded(9, loss)
    assert history.epochs.tolist() == [0, 3, 6]
    assert history.parameters[:, 0].tolist() == [0, 1, 2]
    assert len(history.loss) == 9
    assert not np.isfinite(history.loss[-1])
