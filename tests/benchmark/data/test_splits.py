"""The held-out tenth: the same everywhere, stratified, and no image on both sides."""

import hashlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from artbench.data.splits import held_out, rarest_labels


def _ids(n: int) -> list[str]:
    return [f"style/picture-{k}.jpg" for k in range(n)]


def test_takes_the_smallest_digests_of_each_class() -> None:
    labels = np.repeat([0, 1, 2], [100, 30, 1])
    ids = _ids(131)
    taken = held_out(labels, ids, fraction=0.1)
    expected: list[int] = []
    for class_, n in ((0, 10), (1, 3)):
        members = np.flatnonzero(labels == class_).tolist()
        expected += sorted(members, key=lambda k: hashlib.sha256(ids[k].encode()).hexdigest())[:n]
    assert taken.tolist() == sorted(expected)


def test_order_of_the_list_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    labels, ids = rng.integers(0, 5, 300), _ids(300)
    order = rng.permutation(300)
    first = {ids[k] for k in held_out(labels, ids, fraction=0.1)}
    shuffled = [ids[k] for k in order]
    assert first == {shuffled[k] for k in held_out(labels[order], shuffled, fraction=0.1)}


def test_adding_a_class_leaves_the_others_as_they_are() -> None:
    labels, ids = np.repeat([0, 1], 50), _ids(130)
    before = {ids[k] for k in held_out(labels, ids[:100], fraction=0.1)}
    after = {ids[k] for k in held_out(np.append(labels, np.full(30, 2)), ids, fraction=0.1)}
    assert before < after
    assert len(after) == 13


def test_an_image_listed_under_two_labels_does_not_straddle() -> None:
    labels, ids = np.repeat([0, 1], [40, 20]), _ids(40) + _ids(20)
    taken = held_out(labels, ids, fraction=0.1)
    inside = {ids[k] for k in taken}
    assert inside
    assert all((ids[k] in inside) == (k in set(taken.tolist())) for k in range(60))


def test_multi_label_images_go_by_their_rarest_label() -> None:
    labels = np.zeros((220, 3), bool)
    labels[:200, 0] = True
    labels[:20, 1] = True  # rarer than label 0: a stratum of 20, of which 2 are taken
    taken = held_out(labels, _ids(220), fraction=0.1)
    assert (taken < 20).sum() == 2
    assert ((taken >= 20) & (taken < 200)).sum() == 18
    assert (taken >= 200).sum() == 2  # of the 20 with no label at all


def test_tiny_train_still_gives_something_to_choose_on() -> None:
    taken = held_out(np.array([0, 0, 1, 1, 2]), _ids(5), fraction=0.1)
    assert len(taken) == 2
    assert 4 not in taken
    assert not len(held_out(np.arange(5), _ids(5), fraction=0.1))


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 30)), min_size=1, max_size=80), st.floats(0, 1, width=16))
def test_never_takes_all_of_a_class_nor_splits_an_image(rows: list[tuple[int, int]], fraction: float) -> None:
    labels: NDArray[np.int64] = np.array([class_ for class_, _ in rows])
    ids = [str(id_) for _, id_ in rows]
    taken = set(held_out(labels, ids, fraction=fraction).tolist())
    kept = {ids[k] for k in range(len(ids)) if k not in taken}
    assert kept.isdisjoint(ids[k] for k in taken)
    assert kept


def test_the_rarest_label_is_found_without_a_table_of_numbers() -> None:
    rng = np.random.default_rng(0)
    labels = rng.random((500, 12)) < 0.1
    counts = np.append(labels.sum(axis=0), len(labels) + 1)
    table = np.where(np.column_stack([labels, ~labels.any(axis=1)]), counts, len(labels) + 2)
    rarest = rarest_labels(*np.nonzero(labels), counts=counts, n=len(labels))
    assert rarest.tolist() == table.argmin(axis=1).tolist()
