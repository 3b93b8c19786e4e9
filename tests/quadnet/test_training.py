import numpy as np
import pytest

from quadnet import history as histories
from quadnet import kernel, training, workspace
from quadnet.arrays import FloatArray
from quadnet.config import Config, parse
from quadnet.dataset import Dataset, quadrants
from quadnet.metrics import measure
from quadnet.network import forward, gradients, initial
from quadnet.training import stretches, train


@pytest.fixture(params=["numpy", "compiled"], autouse=True)
def _loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(kernel.VARIABLE, raising=False)
    if request.param == "compiled" and kernel.name() != "compiled":
        pytest.skip("the compiled loop was not built")
    monkeypatch.setenv(kernel.VARIABLE, request.param)


def _config(optimizer: str = "gradient_descent", momentum: float = 0.0, epochs: int = 50, **network: object) -> Config:
    chosen = {"optimizer": optimizer, "momentum": momentum, "epochs": epochs}
    return parse({"data": {"samples_per_class": 25}, "network": network, "training": chosen})


def _plain(config: Config, dataset: Dataset, sign: float = 1.0) -> tuple[FloatArray, FloatArray]:
    """The same training in a few lines of matrix algebra; `sign` plants an error."""
    x, y, rate, beta = dataset.points, dataset.one_hot, config.training.learning_rate, config.training.momentum
    theta = initial(config.network)
    w = [np.vstack(layer) for layer in theta.layers()]
    v = [np.zeros_like(layer) for layer in w]
    losses = []
    ones = np.ones((len(x), 1))
    for _ in range(config.training.epochs):
        for look_ahead in (0.0, beta if config.training.optimizer == "nesterov" else 0.0):
            a = [x]
            for layer, speed in zip(w, v, strict=True):
                a.append(1 / (1 + np.exp(-np.hstack([a[-1], ones]) @ (layer + look_ahead * speed))))
            if not look_ahead:
                loss = -(y * np.log(a[-1]) + (1 - y) * np.log(1 - a[-1])).sum() / len(x)
        losses.append(loss)
        delta = (a[-1] - y) / len(x)
        g: list[FloatArray] = []
        for k in reversed(range(len(w))):
            g.insert(0, np.hstack([a[k], ones]).T @ delta)
            delta = delta @ (w[k] + look_ahead * v[k])[:-1].T * a[k] * (1 - a[k])
        if config.training.optimizer == "averaging":
            v = [beta * s + (1 - beta) * d for s, d in zip(v, g, strict=True)]
            w = [p - sign * rate * s for p, s in zip(w, v, strict=True)]
        else:
            v = [beta * s - sign * rate * d for s, d in zip(v, g, strict=True)]
            w = [p + s for p, s in zip(w, v, strict=True)]
    return np.array(losses), np.concatenate([layer.ravel() for layer in w])


OPTIMIZERS = [("gradient_descent", 0.0), ("heavy_ball", 0.9), ("nesterov", 0.9), ("averaging", 0.9)]


@pytest.mark.parametrize(("optimizer", "momentum"), OPTIMIZERS)
def test_every_optimizer_is_its_formula(optimizer: str, momentum: float) -> None:
    config = _config(optimizer, momentum, initial_scale=1.0)
    dataset = quadrants(config)
    losses, theta = _plain(config, dataset)
    history = train(config, dataset)
    np.testing.assert_allclose(history.loss, losses, rtol=1e-9)
    np.testing.assert_allclose(history.parameters[-1], theta, rtol=1e-9, atol=1e-9)


def test_another_formula_is_seen() -> None:
    config = _config("nesterov", 0.9, initial_scale=1.0)
    dataset = quadrants(config)
    history = train(config, dataset)
    assert np.abs(history.loss - _plain(config, dataset, sign=1 + 1e-6)[0]).max() > 1e-9
    other = config.model_copy(update={"training": config.training.model_copy(update={"optimizer": "heavy_ball"})})
    assert np.abs(history.loss - _plain(other, dataset)[0]).max() > 1e-9


def test_the_default_run_keeps_the_notes_figures() -> None:
    if kernel.name() == "numpy":
        pytest.skip("the same bits as the compiled loop's, which test_kernel shows")
    config = Config()
    dataset = quadrants(config)
    history = train(config, dataset)
    assert history.loss[0] == pytest.approx(2.775489028568308, abs=1e-12)
    assert history.loss[-1] == pytest.approx(0.17468123046084322, abs=1e-12)
    assert measure(config, dataset, history).accuracy == 0.97125


def test_a_loss_that_is_not_finite_ends_the_training() -> None:
    config = _config(initial_scale=1e3)
    whole = quadrants(config)
    dataset = Dataset(whole.points * np.inf, whole.labels, whole.mixture)
    history = train(config, dataset)
    assert len(history.loss) == 1
    assert not np.isfinite(history.loss[-1])
    assert history.epochs.tolist() == [0]
    assert history.parameters.shape == (1, 37)


def test_a_break_down_on_the_way_keeps_what_was_before() -> None:
    config = _config(initial_scale=1e3)
    start = quadrants(config)
    dataset = Dataset(start.points * 1e304, start.labels, start.mixture)
    history = train(config, dataset)
    assert np.isfinite(history.loss[:-1]).all()
    assert history.epochs.tolist() == list(range(len(history.epochs)))


@pytest.mark.parametrize(("epochs", "kept"), [(9, [0, 3, 6, 9]), (10, [0, 4, 8, 10]), (1, [0, 1])])
def test_thinning_keeps_the_first_and_the_last(epochs: int, kept: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    everything = train(_config(epochs=epochs), quadrants(_config()))
    monkeypatch.setattr(histories, "LIMIT_BYTES", 4 * 8 * 37)
    history = train(_config(epochs=epochs), quadrants(_config()))
    assert history.epochs.tolist() == kept
    assert history.loss.tolist() == everything.loss.tolist()
    assert history.parameters.tolist() == everything.parameters[kept].tolist()


def test_progress_is_told_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "_STRETCH", 100 * 37 * 20)
    told: list[int] = []
    train(_config(), quadrants(_config()), told.append)
    assert told == [20, 40, 50]


def test_an_interruption_comes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(_config(), quadrants(_config()), interrupt)


# From any start


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("hidden", [(3, 3), (), (2, 5, 3)])
@pytest.mark.parametrize("middle", [1, 20, 49])
def test_plain_descent_goes_on_from_any_epoch_as_if_nothing_had_been(
    hidden: tuple[int, ...], middle: int, large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if large:  # data that do not fit the cache
        monkeypatch.setattr(workspace, "fits", lambda *_: False)
    config = _config(epochs=50, hidden=hidden)
    dataset = quadrants(config)
    whole = train(config, dataset)
    rest = config.model_copy(update={"training": config.training.model_copy(update={"epochs": 50 - middle})})
    *_, recording = stretches(rest, dataset, whole.at(middle))
    again = recording.history(config.network.widths)
    assert again.loss.tobytes() == whole.loss[middle:].tobytes()
    assert again.parameters.tobytes() == whole.parameters[middle:].tobytes()
    assert again.epochs.tolist() == list(range(50 - middle + 1))


@pytest.mark.parametrize(("optimizer", "momentum"), OPTIMIZERS)
def test_every_optimizer_starts_at_rest(optimizer: str, momentum: float) -> None:
    config = _config(optimizer, momentum, initial_scale=1.0)
    dataset = quadrants(config)
    whole = train(config, dataset)
    *_, recording = stretches(config, dataset, whole.at(20))
    before, after = recording.parameters[:2]
    activations, _ = forward(whole.at(20), dataset.points)
    slope = gradients(whole.at(20), activations, dataset.one_hot).vector
    share = 1 - momentum if optimizer == "averaging" else 1.0
    assert (before == whole.parameters[20]).all()
    np.testing.assert_allclose(after, before - 0.5 * share * slope, rtol=1e-12, atol=1e-15)
    goes_on = recording.loss[:30].tolist() == whole.loss[20:].tolist()
    assert goes_on == (optimizer == "gradient_descent")


def test_the_seed_of_the_weights_does_not_matter_to_a_given_start() -> None:
    config = _config()
    dataset = quadrants(config)
    other = config.model_copy(update={"network": config.network.model_copy(update={"seed": 9})})
    start = initial(config.network)
    (here,), (there,) = stretches(config, dataset, start), stretches(other, dataset, start)
    assert here.loss.tobytes() == there.loss.tobytes() == train(config, dataset).loss.tobytes()


def test_a_start_is_left_as_it_was() -> None:
    config = _config()
    start = initial(config.network)
    before = start.vector
    list(stretches(config, quadrants(config), start))
    assert start.vector.tobytes() == before.tobytes()


def test_the_recording_grows_from_stretch_to_stretch(monkeypatch: pytest.MonkeyPatch) -> None:
    config = _config()
    dataset = quadrants(config)
    whole = train(config, dataset)
    monkeypatch.setattr(training, "_STRETCH", 100 * 37 * 20)
    done = []
    seen = stretches(config, dataset, initial(config.network))
    for recording in seen:
        done.append(recording.done)
        assert recording.loss[: recording.done].tolist() == whole.loss[: recording.done].tolist()
        assert recording.end.tolist() == whole.parameters[recording.done].tolist()
    assert done == [20, 40, 50]


def test_a_broken_training_has_no_further_stretch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "_STRETCH", 1)
    config = _config()
    whole = quadrants(config)
    dataset = Dataset(whole.points * np.inf, whole.labels, whole.mixture)
    (recording,) = stretches(config, dataset, initial(config.network))
    assert recording.done == 1
    assert recording.broken
