"""Holm's correction, against the procedure as Holm wrote it down."""

import numpy as np
import pytest

from artbench.stats.paired_tests import holm


def rejected(p: list[float], level: float) -> list[bool]:
    """Step down from the smallest, and stop at the first that is not small enough."""
    found = [False] * len(p)
    for step, at in enumerate(sorted(range(len(p)), key=lambda number: p[number])):
        if p[at] > level / (len(p) - step):
            break
        found[at] = True
    return found


@pytest.mark.parametrize("seed", range(20))
def test_corrected_values_reject_what_the_procedure_rejects(seed: int) -> None:
    p = np.random.default_rng(seed).random(12) ** 4
    corrected = holm(p)
    for level in (0.001, 0.01, 0.05, 0.2, 0.9):
        assert (corrected <= level).tolist() == rejected(p.tolist(), level)


def test_equal_values_stay_equal_and_nothing_passes_one() -> None:
    assert holm(np.array([0.02, 0.02, 0.9, 0.01])).tolist() == pytest.approx([0.06, 0.06, 0.9, 0.04])
    assert holm(np.array([0.6, 0.7])).tolist() == [1, 1]
    assert holm(np.empty(0)).tolist() == []
