"""What counts as a leak, and what the list to exclude takes out."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from artbench.audit.leakage import AuditResult
from artbench.audit.near_duplicates import TWINS, Pair
from artbench.data.dataset import Dataset
from artbench.data.pool import Manifest, PoolPart
from artbench.data.targets import Split, Targets


def dataset(name: str) -> Dataset:
    ids = [f"{name}{row}" for row in range(10)]
    return Dataset(name=name, root=Path("nowhere"), ids=ids, files=ids)


def split(*rows: int) -> Split:
    return Split(rows=np.array(rows, np.int64), labels=np.zeros(len(rows), np.int64))


# Rows 0 to 3 train, 4 and 5 validate, 6 to 8 test; 9 is in no split.
TARGETS = Targets(classes=("x",), train=split(0, 1, 2, 3), validation=split(4, 5), test=split(6, 7, 8))


def twins(one: tuple[int, int], other: tuple[int, int], correlation: float = 1.0) -> Pair:
    return Pair(first=one, second=other, tier="hash", correlation=correlation)


def audited(*pairs: Pair, targets: Targets = TARGETS, pool: Sequence[str] = ()) -> AuditResult:
    """An audit of the datasets `a`, with one task, and `b`, with none."""
    part = PoolPart(dataset="a", fingerprint="0" * 64, tasks=(), held_out=0, images=tuple(sorted(pool)))
    return AuditResult(
        datasets=[dataset("a"), dataset("b")],
        targets=[{"task": targets}, {}],
        checkpoints={"moco": Manifest((part,))} if pool else {},
        pairs=pairs,
        tiers=("bytes", "hash"),
        encoder=None,
    )


@pytest.mark.parametrize(
    ("pairs", "leaking", "tested"),
    [
        pytest.param([twins((0, 0), (0, 6))], 1, 1, id="train and test"),
        pytest.param([twins((0, 4), (0, 6))], 1, 1, id="validation and test"),
        pytest.param([twins((0, 0), (0, 6)), twins((0, 1), (0, 6))], 2, 1, id="one test image, two twins"),
        pytest.param([twins((0, 6), (0, 7))], 0, 0, id="both test"),
        pytest.param([twins((0, 0), (0, 4))], 0, 0, id="both fitted on"),
        pytest.param([twins((0, 6), (0, 9))], 0, 0, id="in no split"),
        pytest.param([twins((0, 6), (1, 0))], 0, 0, id="in another dataset"),
        pytest.param([twins((0, 0), (0, 6), TWINS - 0.01)], 0, 0, id="alike, but no twins"),
    ],
)
def test_a_pair_leaks_where_one_image_is_fitted_on_and_the_other_tests(
    pairs: list[Pair], leaking: int, tested: int
) -> None:
    result = audited(*pairs)
    (leak,) = result.leaks
    assert (len(result.leaking), leak.task, leak.tested, leak.same, leak.twins) == (leaking, "task", 3, 0, tested)


def test_a_leak_in_any_round_of_a_task_counts() -> None:
    other = Targets(classes=("x",), train=split(6, 7), test=split(0, 1))
    repeated = Targets(classes=("x",), train=split(0, 1), test=split(2, 3), repeats=(other,))
    result = audited(twins((0, 0), (0, 6)), targets=repeated)
    (leak,) = result.leaks
    assert (leak.tested, leak.twins) == (4, 1)
    assert list(result.exclusions()) == [("a", "a6", "train")]


def test_what_a_checkpoint_has_seen_itself_is_not_counted_as_a_twin_too() -> None:
    result = audited(twins((0, 6), (0, 7)), twins((0, 8), (1, 3)), pool=("a7", "a2", "gone"))
    _, leak = result.leaks
    assert (leak.task, leak.tested, leak.same, leak.twins) == ("task, pretrained by moco", 3, 1, 1)


def test_training_loses_the_twins_and_the_test_what_a_checkpoint_has_seen() -> None:
    result = audited(twins((0, 0), (0, 6)), twins((0, 7), (0, 9)), pool=("a8", "a9"))
    assert sorted(result.exclusions()) == [("a", "a0", "train"), ("a", "a7", "test"), ("a", "a8", "test")]


def test_the_roles_of_an_image_are_its_splits_and_the_pools_that_hold_it() -> None:
    result = audited(pool=("a6",))
    assert [result.roles(place) for place in ((0, 6), (0, 4), (0, 9), (1, 6))] == [
        "task test, pool of moco",
        "task validation",
        "",
        "",
    ]
