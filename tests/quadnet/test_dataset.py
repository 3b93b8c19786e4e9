import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quadnet.arrays import FloatArray, IntArray
from quadnet.config import Config, parse
from quadnet.dataset import fresh, one_hot, quadrants


def _config(**data: object) -> Config:
    return parse({"data": data, "evaluation": {"points": 5000}})


def _note(config: Config, *, label_consumes: bool = True) -> tuple[FloatArray, IntArray]:
    """The note's drawing: x, y and the label of one class after the other, then one permutation of all rows."""
    stream = np.random.RandomState(config.data.seed)
    rows, labels = [], []
    for label, ((x, y), n) in enumerate(zip(config.data.centres, config.data.counts, strict=True)):
        first = stream.randn(n, 1) * config.data.spread + x
        second = stream.randn(n, 1) * config.data.spread + y
        labels.append((stream.randn(n, 1) * 0 if label_consumes else np.zeros((n, 1))) + label)
        rows.append(np.hstack([first, second]))
    order = stream.permutation(sum(config.data.counts))
    return np.vstack(rows)[order], np.vstack(labels).ravel().astype(np.int64)[order]


def _same(points: FloatArray, expected: FloatArray) -> bool:
    """Whether the points agree to one unit in the last place of the larger of a point and its centre's coordinate 1."""
    return bool(np.all(np.abs(points - expected) <= np.spacing(1 + np.abs(expected))))


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 12345, 2**32 - 1])
def test_the_points_are_the_notes_to_the_last_place(seed: int) -> None:
    config = _config(seed=seed)
    dataset = quadrants(config)
    points, labels = _note(config)
    assert _same(dataset.points, points)
    assert dataset.labels.tolist() == labels.tolist()


@settings(deadline=None, max_examples=25)
@given(
    seed=st.integers(0, 2**32 - 1),
    counts=st.tuples(*[st.integers(1, 40)] * 4),
    spread=st.just(0.0) | st.floats(1e-6, 2),
)
def test_the_notes_order_holds_for_any_sizes_and_spread(
    seed: int, counts: tuple[int, int, int, int], spread: float
) -> None:
    config = _config(seed=seed, samples_per_class=list(counts), spread=spread)
    dataset = quadrants(config)
    points, labels = _note(config)
    assert np.allclose(dataset.points, points, rtol=1e-15, atol=1e-14)
    assert dataset.labels.tolist() == labels.tolist()


def test_the_comparison_notices_a_label_that_does_not_consume_the_stream() -> None:
    points, _ = _note(Config(), label_consumes=False)
    assert not _same(quadrants(Config()).points, points)


def test_the_comparison_notices_an_error_of_four_units_in_the_last_place() -> None:
    points, _ = _note(Config())
    off = points.copy()
    off[17, 1] += 4 * np.spacing(1 + abs(off[17, 1]))
    assert _same(points, quadrants(Config()).points)
    assert not _same(off, quadrants(Config()).points)


@pytest.mark.parametrize("counts", [[1, 1, 1, 1], [5, 1, 30, 7], [1000, 1, 1, 1]])
def test_each_class_has_as_many_points_as_configured(counts: list[int]) -> None:
    dataset = quadrants(_config(samples_per_class=counts))
    assert np.bincount(dataset.labels, minlength=4).tolist() == counts
    assert dataset.points.shape == (sum(counts), 2)
    assert dataset.mixture.shares == pytest.approx(np.array(counts) / sum(counts))


def test_without_spread_every_point_is_its_classs_centre() -> None:
    config = _config(spread=0.0, samples_per_class=3)
    for dataset in (quadrants(config), fresh(config)):
        assert (dataset.points == np.array(config.data.centres)[dataset.labels]).all()


def test_the_rows_are_shuffled() -> None:
    labels = quadrants(Config()).labels
    assert labels.tolist() != sorted(labels.tolist())
    assert set(labels[:50].tolist()) == {0, 1, 2, 3}


@pytest.mark.parametrize("seed", [0, 1, 7])
@pytest.mark.parametrize("evaluation_seed", [0, 1, 7])
def test_fresh_points_share_no_coordinate_with_the_training_points(seed: int, evaluation_seed: int) -> None:
    config = parse({"data": {"seed": seed}, "evaluation": {"seed": evaluation_seed, "points": 5000}})
    training, new = quadrants(config).points, fresh(config).points
    assert np.intersect1d(training, new).size == 0
    assert len(np.unique(new, axis=0)) == 5000


def test_fresh_points_depend_on_both_seeds_and_on_nothing_else() -> None:
    first = fresh(_config()).points
    assert (fresh(parse({"evaluation": {"points": 5000}, "network": {"seed": 3}})).points == first).all()
    for other in ({"data": {"seed": 1}}, {"evaluation": {"points": 5000, "seed": 1}}):
        assert not (fresh(parse({"evaluation": {"points": 5000}} | other)).points == first).any()


def test_the_evaluation_does_not_touch_the_training_points() -> None:
    changed = parse({"evaluation": {"seed": 5, "points": 17}})
    assert (quadrants(changed).points == quadrants(Config()).points).all()


def test_fresh_points_follow_the_mixture() -> None:
    config = parse({"data": {"samples_per_class": [100, 300, 50, 50], "spread": 0.7}, "evaluation": {"points": 40_000}})
    dataset = fresh(config)
    shares = np.array([0.2, 0.6, 0.1, 0.1])
    counts = np.bincount(dataset.labels)
    assert np.abs(counts / 40_000 - shares).max() < 5 * np.sqrt(0.25 / 40_000)
    for label, centre in enumerate(config.data.centres):
        cloud = dataset.points[dataset.labels == label]
        assert np.abs(cloud.mean(axis=0) - centre).max() < 5 * 0.7 / np.sqrt(counts[label])
        assert np.abs(cloud.std(axis=0) - 0.7).max() < 5 * 0.7 / np.sqrt(2 * counts[label])
        assert abs(np.corrcoef(cloud.T)[0, 1]) < 5 / np.sqrt(counts[label])


@settings(deadline=None, max_examples=30)
@given(labels=st.lists(st.integers(0, 3), min_size=1, max_size=50))
def test_one_hot_has_a_single_one_at_the_label(labels: list[int]) -> None:
    rows = one_hot(np.array(labels))
    assert rows.tolist() == [[float(column == label) for column in range(4)] for label in labels]


def test_a_dataset_gives_its_labels_one_hot() -> None:
    dataset = quadrants(_config(samples_per_class=2))
    assert dataset.one_hot.argmax(axis=1).tolist() == dataset.labels.tolist()
    assert dataset.one_hot.sum() == 8
