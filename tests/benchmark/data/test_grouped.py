import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from artbench.data.splits import grouped_folds

images = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 12)), min_size=1, max_size=80)


@given(images, st.integers(2, 6))
def test_no_group_is_torn_apart_and_order_does_not_matter(listed: list[tuple[int, int]], folds: int) -> None:
    labels = np.array([label for label, _ in listed], np.int64)
    groups = [f"painter-{group}" for _, group in listed]
    fold = grouped_folds(labels, groups, folds=folds)
    assert fold.min() >= 0
    assert fold.max() < folds
    assert all(len(set(fold[np.array(groups) == group].tolist())) == 1 for group in groups)
    back = grouped_folds(labels[::-1], groups[::-1], folds=folds)
    assert back[::-1].tolist() == fold.tolist()


@given(images)
def test_one_label_in_either_form_gives_the_same_folds(listed: list[tuple[int, int]]) -> None:
    labels = np.array([label for label, _ in listed], np.int64)
    groups = [str(group) for _, group in listed]
    table = labels[:, None] == np.arange(labels.max() + 1)
    assert grouped_folds(table, groups, folds=3).tolist() == grouped_folds(labels, groups, folds=3).tolist()


def test_every_fold_has_its_share_of_every_class() -> None:
    random = np.random.default_rng(0)
    groups = random.integers(0, 300, 6_000)
    # Each group has two classes of its own, as painters have styles, and some paint far more than others.
    labels = (groups * 7 + random.integers(0, 2, 6_000)) % 10
    kept = random.random(6_000) < (1 + groups % 5) / 5
    groups, labels = groups[kept], labels[kept].astype(np.int64)
    folds = grouped_folds(labels, groups.astype(str).tolist(), folds=5)
    counts = np.stack([np.bincount(labels[folds == fold], minlength=10) for fold in range(5)])
    assert np.abs(counts / counts.sum(axis=0) - 0.2).max() < 0.03
