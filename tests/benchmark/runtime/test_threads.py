"""Threads work a few items ahead, and no error of theirs is lost."""

import pytest

from artbench.runtime.threads import in_threads


def test_threads_work_no_further_ahead_than_they_may() -> None:
    taken = []

    def items() -> list[int]:
        return list(range(50))

    def work(item: int) -> int:
        taken.append(item)
        return item * item

    results = in_threads(work, items(), threads=3)
    assert [next(results) for _ in range(4)] == [0, 1, 4, 9]
    results.close()
    assert len(taken) <= 4 + 6


def test_what_work_raises_comes_out() -> None:
    def work(item: int) -> int:
        return 1 // (3 - item)

    with pytest.raises(ZeroDivisionError):
        list(in_threads(work, range(10), threads=2))
