import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quadnet.arrays import FloatArray
from quadnet.config import Config, Data, parse
from quadnet.mixture import Mixture, Partition, merged_level

APART = ((0,), (1,), (2,), (3,))
MERGED = ((0, 1, 2, 3),)
CORNERS = np.array(Config().data.centres)


def _phi(z: float) -> float:
    return math.erfc(-z / math.sqrt(2)) / 2


def _mixture(centres: object = CORNERS, spread: float = 0.5, weights: tuple[float, ...] = (1, 1, 1, 1)) -> Mixture:
    shares = np.array(weights, dtype=np.float64)
    return Mixture(np.array(centres, dtype=np.float64), spread, shares / shares.sum())


def _draw(mixture: Mixture, points: int, seed: int) -> tuple[FloatArray, FloatArray]:
    """Labels and points, drawn without any of the mixture's methods."""
    stream = np.random.RandomState(seed)
    labels = stream.choice(4, size=points, p=mixture.shares)
    return labels, mixture.centres[labels] + mixture.spread * stream.randn(points, 2)


def _posterior(mixture: Mixture, points: FloatArray) -> FloatArray:
    squares = ((points[:, None, :] - mixture.centres) ** 2).sum(axis=2)
    squares -= squares.min(axis=1, keepdims=True)
    weights = mixture.shares * np.exp(-squares / (2 * mixture.spread**2))
    return weights / weights.sum(axis=1, keepdims=True)


COORDINATES = st.floats(-2, 2).map(lambda x: round(x, 3))
MIXTURES = st.builds(
    _mixture,
    st.lists(st.tuples(COORDINATES, COORDINATES), min_size=4, max_size=4),
    st.floats(0.2, 1.5),
    st.tuples(*[st.floats(0.1, 1)] * 4),
)


@st.composite
def chains(draw: st.DrawFn) -> tuple[Partition, Partition]:
    """A partition of the four classes and a coarser one."""
    fine = draw(st.lists(st.integers(0, 3), min_size=4, max_size=4))
    merge = draw(st.lists(st.integers(0, 3), min_size=4, max_size=4))
    return _groups(fine), _groups([merge[group] for group in fine])


def _groups(labels: list[int]) -> Partition:
    return tuple(tuple(c for c in range(4) if labels[c] == group) for group in sorted(set(labels)))


# The best accuracy


def test_the_notes_mixture_allows_an_accuracy_of_phi_of_2_squared() -> None:
    assert Mixture.of(Config().data).bayes_accuracy() == pytest.approx(_phi(2) ** 2, abs=1e-12)


@pytest.mark.parametrize(("reach", "spread"), [(1, 0.1), (1, 1), (1, 3), (5, 2.5), (0.01, 1), (1e6, 7e5)])
def test_four_square_centres_give_phi_of_reach_over_spread_squared(reach: float, spread: float) -> None:
    mixture = _mixture(reach * CORNERS, spread)
    assert mixture.bayes_accuracy() == pytest.approx(_phi(reach / spread) ** 2, abs=1e-12)


@pytest.mark.parametrize("seed", range(12))
def test_the_accuracy_is_what_random_points_show(seed: int) -> None:
    stream = np.random.RandomState(seed)
    mixture = _mixture(stream.randn(4, 2), stream.uniform(0.2, 1.5), tuple(stream.uniform(0.05, 1, 4)))
    labels, points = _draw(mixture, 100_000, seed)
    right = float((_posterior(mixture, points).argmax(axis=1) == labels).mean())
    error = math.sqrt(right * (1 - right) / len(labels))
    assert abs(mixture.bayes_accuracy() - right) < 5 * error
    assert abs(mixture.bayes_accuracy() + 0.02 - right) > 5 * error  # so close that two per cent would show


@pytest.mark.parametrize(
    "angle",
    [
        0.3,
        math.pi / 4,
        math.pi / 2,
        0.01,
        1e-4,
    ],
)
def test_turning_the_mixture_keeps_the_accuracy(angle: float) -> None:
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    mixture = _mixture(CORNERS @ turn.T)
    assert mixture.bayes_accuracy() == pytest.approx(_phi(2) ** 2, abs=1e-11)


@pytest.mark.parametrize(
    "tilt",
    [
        0.0,
        2.0,
        0.1,
        0.001,
    ],
)
def test_two_near_clouds_and_two_far_ones_give_phi_of_half_their_distance(tilt: float) -> None:
    mixture = _mixture([(1, 1), (-1, 1 + tilt), (100, 300), (300, 100)])
    expected = 0.5 + 0.5 * _phi(math.hypot(2, tilt) / 2 / 0.5)
    assert mixture.bayes_accuracy() == pytest.approx(expected, abs=1e-11)


@settings(deadline=None, max_examples=20)
@given(mixture=MIXTURES, order=st.permutations(range(4)))
def test_the_accuracy_lies_between_the_largest_share_and_1_and_knows_no_order(
    mixture: Mixture, order: list[int]
) -> None:
    accuracy = mixture.bayes_accuracy()
    assert mixture.shares.max() - 1e-3 < accuracy < 1 + 1e-12
    again = Mixture(mixture.centres[order], mixture.spread, mixture.shares[order])
    assert again.bayes_accuracy() == pytest.approx(accuracy, abs=1e-12)


@pytest.mark.parametrize("weights", [(1, 1, 1, 1), (1, 4, 2, 1)])
def test_of_four_coinciding_clouds_only_the_most_frequent_is_ever_named(weights: tuple[float, ...]) -> None:
    mixture = _mixture(np.ones((4, 2)), 0.5, weights)
    assert mixture.bayes_accuracy() == pytest.approx(max(weights) / sum(weights), abs=1e-12)


def test_two_pairs_of_coinciding_clouds_are_told_apart_as_two_clouds_are() -> None:
    mixture = _mixture([(1, 0), (1, 0), (-1, 0), (-1, 0)], 0.5)
    assert mixture.bayes_accuracy() == pytest.approx(_phi(2) / 2, abs=1e-12)


def test_with_two_shares_the_border_moves_towards_the_rarer_cloud() -> None:
    # Two clouds at ±1 on the first axis, each twice; the border is where 3 φ(x − 1) = φ(x + 1).
    mixture = _mixture([(1, 0), (-1, 0), (1e6, 1e6), (1e6, -1e6)], 1, (3, 1, 1e-9, 1e-9))
    border = -math.log(3) / 2
    expected = 0.75 * _phi(1 - border) + 0.25 * _phi(1 + border)
    assert mixture.bayes_accuracy() == pytest.approx(expected, abs=1e-8)


def test_a_class_that_never_wins_adds_nothing() -> None:
    # The rare cloud in the middle is everywhere less likely than the two frequent ones beside it.
    mixture = _mixture([(0, 0), (0.1, 0), (-0.1, 0), (0, 0)], 1, (1, 100, 100, 1))
    labels = mixture.bayes_rule(np.random.RandomState(0).randn(10_000, 2))
    assert set(labels.tolist()) == {1, 2}
    assert mixture.bayes_accuracy() == pytest.approx(200 / 202 * _phi(0.1), abs=1e-12)


def test_without_spread_distinct_centres_are_never_mistaken() -> None:
    mixture = _mixture(spread=0, weights=(1, 2, 3, 4))
    assert mixture.bayes_accuracy() == 1
    assert mixture.bayes_rule(CORNERS).tolist() == [0, 1, 2, 3]
    assert mixture.level(APART) == pytest.approx(0, abs=1e-12)
    assert mixture.level(MERGED) == pytest.approx(merged_level(mixture.shares), abs=1e-12)


def test_spread_0_is_the_limit_of_small_spreads_even_where_centres_coincide() -> None:
    centres, weights = [(0, 0), (0, 0), (1, 1), (2, 2)], (1, 3, 1, 1)
    limit, point = _mixture(centres, 1e-4, weights), _mixture(centres, 0, weights)
    assert point.bayes_accuracy() == pytest.approx(limit.bayes_accuracy(), abs=1e-9)
    assert point.level(APART) == pytest.approx(limit.level(APART), abs=1e-9)


def test_the_smallest_spread_allowed_is_as_good_as_none() -> None:
    mixture = Mixture.of(parse({"data": {"spread": 1e-6}}).data)
    assert mixture.bayes_accuracy() == pytest.approx(1)
    assert mixture.level(APART) == pytest.approx(0, abs=1e-9)


# The rule


@settings(deadline=None, max_examples=40)
@given(centres=st.lists(st.tuples(COORDINATES, COORDINATES), min_size=4, max_size=4), spread=st.floats(0, 2))
def test_with_equal_shares_the_rule_names_the_nearest_centre(centres: list[tuple[float, float]], spread: float) -> None:
    spread = 0 if spread < 1e-3 else spread
    points = np.random.RandomState(0).uniform(-3, 3, (200, 2))
    distances = np.array([[math.dist(point, centre) for centre in centres] for point in points])
    chosen = distances[np.arange(200), _mixture(centres, spread).bayes_rule(points)]
    assert chosen == pytest.approx(distances.min(axis=1), abs=1e-9)


def test_with_unequal_shares_the_rule_names_the_class_of_highest_posterior() -> None:
    mixture = _mixture(spread=0.9, weights=(8, 1, 1, 2))
    points = np.random.RandomState(0).uniform(-3, 3, (2000, 2))
    assert mixture.bayes_rule(points).tolist() == _posterior(mixture, points).argmax(axis=1).tolist()
    assert mixture.bayes_rule(points).tolist() != _mixture().bayes_rule(points).tolist()


def test_the_shares_are_those_of_the_sample() -> None:
    assert Mixture.of(Data(samples_per_class=(1, 2, 3, 4))).shares == pytest.approx([0.1, 0.2, 0.3, 0.4])


# The levels


@pytest.mark.parametrize(
    ("partition", "printed", "noise_free"),
    [
        (MERGED, "2.24934", "2.24934"),
        (((0,), (1, 2, 3)), "1.5233", "1.4322"),
        (((0, 1), (2, 3)), "1.4585", "1.3863"),
        (((0, 3), (1, 2)), "1.4585", "1.3863"),
        (((0,), (2,), (1, 3)), "0.880", "0.6931"),
        (((0,), (1,), (2, 3)), "0.847", "0.6931"),
        (APART, "0.2360", "0.0000"),
    ],
)
def test_the_levels_of_the_notes_mixture_are_the_known_ones(
    partition: Partition, printed: str, noise_free: str
) -> None:
    for spread, figure in ((0.5, printed), (0.0, noise_free)):
        assert f"{abs(_mixture(spread=spread).level(partition)):.{len(figure.partition('.')[2])}f}" == figure


@settings(deadline=None, max_examples=40)
@given(reach=st.floats(0.2, 3), spread=st.floats(0, 3), chain=chains())
def test_telling_more_quadrants_apart_never_costs(
    reach: float, spread: float, chain: tuple[Partition, Partition]
) -> None:
    fine, coarse = chain
    mixture = _mixture(reach * CORNERS, 0 if spread < 1e-3 else spread)
    assert mixture.level(fine) <= mixture.level(coarse) + 1e-12


@settings(deadline=None, max_examples=20)
@given(mixture=MIXTURES, groups=st.lists(st.integers(0, 3), min_size=4, max_size=4))
def test_no_groups_cost_less_than_telling_all_classes_apart(mixture: Mixture, groups: list[int]) -> None:
    assert mixture.level(APART) <= mixture.level(_groups(groups)) + 1e-12


def test_every_step_from_one_group_to_four_lowers_the_notes_level() -> None:
    for steps in ([MERGED, ((0, 1), (2, 3)), ((0,), (1,), (2, 3)), APART], [MERGED, ((0,), (1, 2, 3)), APART]):
        levels = [_mixture().level(partition) for partition in steps]
        assert all(finer < coarser - 0.1 for coarser, finer in itertools.pairwise(levels))


@settings(deadline=None, max_examples=25)
@given(mixture=MIXTURES)
def test_one_group_of_all_costs_the_entropy_of_the_shares_whatever_the_clouds(mixture: Mixture) -> None:
    assert mixture.level(MERGED) == pytest.approx(merged_level(mixture.shares), abs=1e-11)


@pytest.mark.parametrize("weights", [(1, 1, 1, 1), (1, 2, 3, 4), (97, 1, 1, 1)])
def test_the_merged_level_is_the_sum_of_the_binary_entropies(weights: tuple[int, ...]) -> None:
    shares = [weight / sum(weights) for weight in weights]
    entropy = math.fsum(-p * math.log(p) - (1 - p) * math.log1p(-p) for p in shares)
    assert merged_level(np.array(shares)) == pytest.approx(entropy, abs=1e-14)


def test_a_share_of_0_or_1_costs_nothing() -> None:
    assert merged_level(np.array([1.0, 0.0, 0.0, 0.0])) == 0


@pytest.mark.parametrize("partition", [APART, ((0, 2), (1,), (3,)), ((0, 1, 2), (3,)), ((0, 3), (1, 2))])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_level_is_the_loss_of_the_groups_posterior_outputs_on_random_points(
    seed: int, partition: Partition
) -> None:
    stream = np.random.RandomState(seed)
    mixture = _mixture(stream.randn(4, 2), stream.uniform(0.3, 1), tuple(stream.uniform(0.2, 1, 4)))
    labels, points = _draw(mixture, 100_000, seed)
    posterior = _posterior(mixture, points)
    outputs = np.empty_like(posterior)
    for group in map(list, partition):
        within = mixture.shares[group] / mixture.shares[group].sum()
        outputs[:, group] = posterior[:, group].sum(axis=1, keepdims=True) * within
    truth = np.eye(4)[labels]
    losses = -np.log(np.where(truth == 1, outputs, 1 - outputs)).sum(axis=1)
    error = losses.std() / math.sqrt(len(losses))
    assert abs(mixture.level(partition) - losses.mean()) < 5 * error
    assert error < 0.01


def test_the_figures_of_the_notes_mixture_keep_twelve_digits() -> None:
    mixture = _mixture()
    assert mixture.bayes_accuracy() == pytest.approx(0.9550173046073, abs=1e-12)
    assert mixture.level(APART) == pytest.approx(0.23596612903807, abs=1e-12)


def test_centres_that_all_but_coincide_count_as_one() -> None:
    near = _mixture([[0, 0], [0, 1e-310], [1, 1], [2, 2]], weights=(1, 2, 3, 4))
    same = _mixture([[0, 0], [0, 0], [1, 1], [2, 2]], weights=(1, 2, 3, 4))
    assert near.bayes_accuracy() == pytest.approx(same.bayes_accuracy(), abs=1e-12)
