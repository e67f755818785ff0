"""Groups of tasks about unseen ones: which stand on both sides of a split."""

from dataclasses import replace

import numpy as np
import pytest

from artbench.data import Split, Targets
from artbench.data.groups import check_groups
from artbench.errors import ArtbenchError
from artbench.specs import TaskSpec

SPEC = TaskSpec(
    name="painters",
    description="For tests.",
    dataset="toy",
    target="single-label",
    primary_metric="accuracy",
    factory="no:where",
    clustered=True,
)


def split(*rows: int) -> Split:
    return Split(rows=np.array(rows, np.int64), labels=np.array(rows, np.int64) % 2)


APART = Targets(
    classes=("red", "blue"),
    train=split(0, 1),
    validation=split(2, 3),
    test=split(4, 5),
    groups=("Anna", "", "Berta", "Berta", "Carla", ""),
)


def test_groups_apart_pass_and_so_do_unknown_ones_and_tasks_that_ask_for_none() -> None:
    check_groups(SPEC, APART)
    seen = replace(APART, groups=("Anna",) * 6)
    check_groups(replace(SPEC, clustered=False), seen)
    # The index of a search may hold what its queries show.
    check_groups(replace(SPEC, target="retrieval", primary_metric="retrieval_map"), seen)
    check_groups(replace(SPEC, target="museum-bias", primary_metric="robustness_index"), seen)


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        (None, "task painters is clustered, and its targets have no groups. Give groups"),
        (
            ("Anna", "Berta", "", "", "Berta", "Anna"),
            "with 2 groups in train and in test: Anna, Berta. Keep",
        ),
        (("", "", "Carla", "", "Carla", ""), "with 1 group in validation and in test: Carla. Keep each group"),
        (("A\nnna",) * 6, "with 1 group in train and in test: A"),
    ],
)
def test_groups_on_both_sides_are_named(groups: tuple[str, ...] | None, words: str) -> None:
    with pytest.raises(ArtbenchError) as raised:
        check_groups(SPEC, replace(APART, groups=groups))
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


def test_groups_are_looked_for_in_every_round() -> None:
    other = replace(APART, groups=None, train=split(0, 4), test=split(1, 2), validation=None)
    check_groups(SPEC, replace(APART, repeats=(other,)))
    mixed = replace(other, train=split(0, 3))
    with pytest.raises(ArtbenchError, match="with 1 group in train and in test: Berta"):
        check_groups(SPEC, replace(APART, repeats=(mixed,)))
