import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from quadnet.arrays import FloatArray
from quadnet.config import Config, parse
from quadnet.dataset import quadrants
from quadnet.evidence import MERGED, Snapshot, Split, moment, observe, partition, separation, snapshot
from quadnet.experiment import Experiment, conduct
from quadnet.mixture import Partition
from quadnet.network import outputs
from quadnet.phases import Phase, detect
from quadnet.training import train

MEANS = arrays(np.float64, (4, 4), elements=st.floats(0, 1))

CENTRES = np.array(Config().data.centres)  # counter-clockwise from the upper right


def _groups(names: tuple[object, ...]) -> Partition:
    """The partition in which classes of one name are together."""
    return tuple(sorted(tuple(c for c in range(4) if names[c] == name) for name in set(names)))


NAMES = st.tuples(*[st.integers(0, 3)] * 4)
PARTITIONS = NAMES.map(_groups)


def _sets(groups: tuple[tuple[int, ...], ...]) -> set[frozenset[int]]:
    return {frozenset(group) for group in groups}


# Groups of classes


@settings(deadline=None, max_examples=100)
@given(means=MEANS, order=st.permutations(range(4)))
def test_the_groups_do_not_depend_on_the_classes_numbers(means: FloatArray, order: list[int]) -> None:
    renamed = {frozenset(order[c] for c in group) for group in partition(means[order])}
    assert renamed == _sets(partition(means))


@settings(deadline=None, max_examples=50)
@given(means=MEANS, order=st.permutations(range(4)))
def test_the_groups_do_not_depend_on_the_units_order(means: FloatArray, order: list[int]) -> None:
    assert partition(means[:, order]) == partition(means)


@settings(deadline=None, max_examples=100)
@given(means=MEANS)
def test_every_class_is_in_one_group_and_groups_are_sorted(means: FloatArray) -> None:
    groups = partition(means)
    assert sorted(c for group in groups for c in group) == [0, 1, 2, 3]
    assert list(groups) == sorted(tuple(sorted(group)) for group in groups)


@settings(deadline=None, max_examples=50)
@given(row=arrays(np.float64, 4, elements=st.floats(0, 1)), noise=arrays(np.float64, (4, 4), elements=st.floats(0, 1)))
def test_classes_all_alike_are_one_group(row: FloatArray, noise: FloatArray) -> None:
    assert partition(row + 0.99 * MERGED * noise) == ((0, 1, 2, 3),)


@settings(deadline=None, max_examples=50)
@given(noise=arrays(np.float64, (4, 4), elements=st.floats(0, 1)))
def test_classes_far_apart_are_four_groups(noise: FloatArray) -> None:
    assert partition(np.eye(4) + 0.4 * noise) == ((0,), (1,), (2,), (3,))


@settings(deadline=None, max_examples=100)
@given(means=MEANS)
def test_two_classes_share_a_group_exactly_if_a_chain_of_like_classes_joins_them(means: FloatArray) -> None:
    alike = np.abs(means[:, None] - means[None]).max(axis=2) < MERGED
    reached = np.linalg.matrix_power(alike.astype(int), 4) > 0
    for group in partition(means):
        for a in group:
            assert set(np.flatnonzero(reached[a]).tolist()) == set(group)


@pytest.mark.parametrize("unit", range(4))
@pytest.mark.parametrize(("a", "b"), [(0, 1), (0, 3), (2, 3)])
def test_a_difference_of_15_per_cent_on_one_unit_sets_a_class_apart(unit: int, a: int, b: int) -> None:
    means = np.eye(4)
    means[b] = means[a]
    means[b, unit] += 0.1499999
    assert (min(a, b), max(a, b)) in partition(means)
    means[b, unit] += 0.0000002
    assert partition(means) == ((0,), (1,), (2,), (3,))


def test_classes_joined_by_a_third_one_are_one_group() -> None:
    means = np.zeros((4, 4))
    means[:, 0] = [0.0, 0.2, 0.1, 0.9]
    assert partition(means) == ((0, 1, 2), (3,))


# What has come apart


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (((0, 1, 2, 3),), ((0, 3), (1, 2)), "left_right"),
        (((0, 1, 2, 3),), ((0, 1), (2, 3)), "top_bottom"),
        (((0, 1, 2, 3),), ((0, 2), (1, 3)), "diagonal"),
        (((0, 1, 2, 3),), ((0,), (1, 2, 3)), "one_from_rest"),
        (((0, 1, 2, 3),), ((0, 1, 3), (2,)), "one_from_rest"),
        (((0, 1, 2, 3),), ((0,), (1, 3), (2,)), "several"),
        (((0, 1, 2, 3),), ((0,), (1,), (2,), (3,)), "several"),
        (((0, 1, 2), (3,)), ((0,), (1,), (2,), (3,)), "several"),
        (((0, 1, 2), (3,)), ((0, 2), (1,), (3,)), "one_from_rest"),
        (((0, 1), (2,), (3,)), ((0,), (1,), (2,), (3,)), "left_right"),
        (((0, 3), (1,), (2,)), ((0,), (1,), (2,), (3,)), "top_bottom"),
        (((0,), (1, 3), (2,)), ((0,), (1,), (2,), (3,)), "diagonal"),
    ],
)
def test_a_group_that_comes_apart_is_named_by_how_its_parts_lie(before: Partition, after: Partition, kind: str) -> None:
    (split,) = separation(before, after, CENTRES)
    assert split.kind == kind
    assert {frozenset(part) for part in split.parts} == _sets(after) - _sets(before)


def test_two_groups_that_come_apart_at_once_are_two_splits() -> None:
    found = separation(((0, 3), (1, 2)), ((0,), (1,), (2,), (3,)), CENTRES)
    assert found == (Split("top_bottom", ((0,), (3,))), Split("top_bottom", ((1,), (2,))))


@pytest.mark.parametrize(
    ("second", "kind"),
    [
        ((2.0, 0.99), "left_right"),
        ((2.0, 1.0), "diagonal"),
        ((2.0, 1.01), "diagonal"),
        ((1.0, 2.0), "diagonal"),
        ((-1.0, 2.01), "top_bottom"),
    ],
)
def test_parts_lie_side_by_side_from_twice_as_far_on(second: tuple[float, float], kind: str) -> None:
    centres = np.array([[0.0, 0.0], second, [5.0, 5.0], [6.0, 6.0]])
    (split,) = separation(((0, 1), (2,), (3,)), ((0,), (1,), (2,), (3,)), centres)
    assert split.kind == kind


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (((0, 1), (2, 3)), ((0, 2), (1, 3))),
        (((0, 1, 2), (3,)), ((0,), (1,), (2, 3))),
        (((0,), (1,), (2,), (3,)), ((0, 1), (2, 3))),
        (((0, 1), (2, 3)), ((0, 1, 2), (3,))),
    ],
)
def test_groups_that_are_joined_anew_are_left_out(before: Partition, after: Partition) -> None:
    assert separation(before, after, CENTRES) == ()


@given(names=NAMES, finer=NAMES)
def test_a_refinement_splits_exactly_the_groups_that_changed(names: tuple[int, ...], finer: tuple[int, ...]) -> None:
    before, after = _groups(names), _groups(tuple(zip(names, finer, strict=True)))
    found = separation(before, after, CENTRES)
    came_apart = _sets(before) - _sets(after)
    assert [frozenset(itertools.chain(*split.parts)) for split in found] == [
        frozenset(group) for group in before if set(group) in came_apart
    ]
    assert {frozenset(part) for split in found for part in split.parts} == _sets(after) - _sets(before)
    assert all((split.kind == "several") == (len(split.parts) > 2) for split in found)
    assert separation(after, before, CENTRES) == ()


@given(before=PARTITIONS, after=PARTITIONS)
def test_every_split_is_a_whole_group_of_before_in_groups_of_after(before: Partition, after: Partition) -> None:
    for split in separation(before, after, CENTRES):
        assert tuple(sorted(itertools.chain(*split.parts))) in before
        assert set(split.parts) <= set(after)
        assert len(split.parts) > 1


@given(before=PARTITIONS, after=PARTITIONS, centres=arrays(np.float64, (4, 2), elements=st.integers(-9, 9)))
def test_with_the_axes_exchanged_the_names_are_exchanged(
    before: Partition, after: Partition, centres: FloatArray
) -> None:
    other = {"left_right": "top_bottom", "top_bottom": "left_right"}
    here, there = separation(before, after, centres), separation(before, after, centres[:, ::-1])
    assert [split.parts for split in there] == [split.parts for split in here]
    assert [split.kind for split in there] == [other.get(split.kind, split.kind) for split in here]


# Snapshots of the default run


def test_on_the_first_plateau_every_output_is_its_class_share(default_run: Experiment) -> None:
    first = default_run.evidence.phases[1]
    assert first.epoch == default_run.phases.phases[1].middle
    assert first.partition == ((0, 1, 2, 3),)
    assert np.abs(first.means - 0.25).max() < 1e-3


def test_at_the_start_every_output_is_a_half_and_one_class_is_named_for_all(default_run: Experiment) -> None:
    start = default_run.evidence.start
    assert start.epoch == 0
    assert np.abs(start.means - 0.5).max() < 0.02
    assert start.partition == ((0, 1, 2, 3),)
    assert len(start.predicted) == 1
    assert start.shares.max() == 1
    assert start.accuracy == 0.25


def test_at_the_end_of_the_default_run_all_classes_are_told_apart(default_run: Experiment) -> None:
    last = default_run.evidence.phases[-1]
    assert last.partition == ((0,), (1,), (2,), (3,))
    assert last.predicted == (0, 1, 2, 3)
    assert last.recall.min() > 0.9
    assert np.argmax(last.means, axis=1).tolist() == [0, 1, 2, 3]


def test_the_default_run_never_tells_fewer_classes_apart_than_before(default_run: Experiment) -> None:
    groups = [len(seen.partition) for seen in default_run.evidence.phases]
    assert groups == sorted(groups)
    assert (groups[0], groups[-1]) == (1, 4)


def test_the_slope_is_least_in_the_first_plateau(default_run: Experiment) -> None:
    descent, plateau, steep = (seen.gradient_norm for seen in default_run.evidence.phases[:3])
    assert plateau < 0.01 * min(descent, steep)


def test_there_is_one_snapshot_a_phase_at_its_moment(default_run: Experiment) -> None:
    phases = default_run.phases.phases
    assert [seen.epoch for seen in default_run.evidence.phases] == [moment(phase) for phase in phases]
    assert [seen.epoch for seen in default_run.evidence.phases] == pytest.approx(
        [7, 832, 1856, 1967, 2663, 9999], rel=0.01
    )


def test_the_track_runs_from_start_to_end_through_kept_epochs(default_run: Experiment) -> None:
    epochs = [seen.epoch for seen in default_run.evidence.track]
    assert epochs == sorted(set(epochs))
    assert set(epochs) <= set(default_run.history.epochs.tolist())
    assert (epochs[0], epochs[-1]) == (0, 9999)
    for phase in default_run.phases.phases:
        inside = sum(phase.start <= epoch <= phase.end for epoch in epochs)
        assert inside >= min(15, phase.end - phase.start)


# Any snapshot


@pytest.fixture(scope="module")
def uneven() -> Experiment:
    config = parse(
        {
            "data": {"samples_per_class": [5, 20, 9, 1]},
            "network": {"initial_scale": 1.0},
            "training": {"epochs": 60},
            "evaluation": {"points": 100},
        }
    )
    return conduct(config)


@pytest.mark.parametrize("epoch", [0, 13, 60])
def test_a_snapshot_counts_as_naive_loops_do(uneven: Experiment, epoch: int) -> None:
    dataset = uneven.dataset
    seen = snapshot(dataset, uneven.history, epoch)
    rows = outputs(uneven.history.at(epoch), dataset.points)
    named = [int(np.argmax(row)) for row in rows]
    labels = dataset.labels.tolist()
    for c in range(4):
        own = [i for i, label in enumerate(labels) if label == c]
        assert seen.recall[c] == sum(named[i] == c for i in own) / len(own)
        assert seen.shares[c] == named.count(c) / len(labels)
        assert seen.means[c] == pytest.approx(sum(rows[i] for i in own) / len(own), abs=1e-12)
        assert seen.confusion[c].tolist() == [sum(named[i] == k for i in own) for k in range(4)]
    assert seen.accuracy == sum(a == b for a, b in zip(named, labels, strict=True)) / len(labels)
    assert seen.partition == partition(seen.means)


def test_the_gradient_norm_is_the_slope_along_the_steepest_way(uneven: Experiment) -> None:
    seen = snapshot(uneven.dataset, uneven.history, 30)
    here, there = uneven.history.at(30), uneven.history.at(31)
    losses = uneven.history.loss[30:32]
    step = np.linalg.norm(there.vector - here.vector)
    rate = uneven.config.training.learning_rate
    assert step == pytest.approx(rate * seen.gradient_norm, rel=1e-9)
    assert (losses[0] - losses[1]) / step == pytest.approx(seen.gradient_norm, rel=0.2)


def test_a_snapshot_of_an_epoch_not_kept_is_refused(uneven: Experiment) -> None:
    with pytest.raises(KeyError, match="epoch 61 was not kept"):
        snapshot(uneven.dataset, uneven.history, 61)


def test_a_class_is_named_from_five_per_cent_on() -> None:
    shares = np.array([0.05, 0.0499, 0.9, 0.0001])
    seen = Snapshot(0, np.eye(4), ((0, 1, 2, 3),), np.ones(4), shares, 0.5, np.eye(4, dtype=np.int64), 0.0)
    assert seen.predicted == (0, 2)


@settings(deadline=None, max_examples=30)
@given(start=st.integers(0, 1000), length=st.integers(0, 1000), plateau=st.booleans(), ends=st.booleans())
def test_only_a_closed_plateau_is_looked_at_in_its_middle(start: int, length: int, plateau: bool, ends: bool) -> None:
    phase = Phase("plateau" if plateau else "descent", None, not ends, start, start + length, 1.0, 1.0, None)
    expected = start + length / 2 if plateau and ends else start + length
    assert moment(phase) == int(expected)


def test_the_confusion_of_the_last_phase_is_the_finished_networks(default_run: Experiment) -> None:
    last = default_run.evidence.phases[-1]
    assert last.confusion.sum(axis=1).tolist() == [200] * 4
    assert last.confusion.trace() / 800 == last.accuracy
    finished = snapshot(default_run.dataset, default_run.history, 10_000)
    assert finished.confusion.tolist() == default_run.metrics.confusion_matrix.tolist()


def test_without_the_track_the_rest_is_the_same(default_run: Experiment) -> None:
    seen = observe(default_run.dataset, default_run.history, default_run.phases, tracked=False)
    whole = default_run.evidence
    assert seen.track == ()
    assert len(seen.phases) == len(whole.phases)
    for one, other in zip((seen.start, *seen.phases), (whole.start, *whole.phases), strict=True):
        np.testing.assert_equal(dataclasses.asdict(one), dataclasses.asdict(other))


def test_a_training_that_breaks_down_at_once_still_shows_its_start() -> None:
    config = parse({"data": {"samples_per_class": 2}, "training": {"epochs": 1}})
    dataset = quadrants(config)
    history = train(config, dataset)
    evidence = observe(dataset, history, detect([float("nan")]))
    assert evidence.start.epoch == 0
    assert (evidence.phases, evidence.track) == ((), ())


@settings(deadline=None, max_examples=20)
@given(epochs=st.integers(1, 60))
def test_the_track_stays_within_the_training(epochs: int) -> None:
    config = parse({"data": {"samples_per_class": 2}, "training": {"epochs": epochs, "learning_rate": 5.0}})
    dataset = quadrants(config)
    history = train(config, dataset)
    phases = detect(history.loss)
    assume(phases.phases)
    evidence = observe(dataset, history, phases)
    assert {seen.epoch for seen in evidence.track} <= set(range(epochs))
    assert len(evidence.phases) == len(phases.phases)
