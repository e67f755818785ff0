"""Units on a simulated cluster of nodes that fail and freeze, by the real code of units and leases.

`tests/performance/matrix_simulation.py` does the same for 10,000 units on 500 nodes.
"""

import pytest

from tests.support.simulated_cluster import Cluster, simulate


@pytest.mark.parametrize("seed", range(2))
def test_units_on_nodes_that_fail_are_all_done_and_never_by_two(seed: int) -> None:
    outcome = simulate(Cluster(nodes=24, units=240, between_failures=1800.0, between_freezes=1800.0), seed=seed)
    assert outcome.unfinished == []
    assert outcome.wrong == []
    # Otherwise it would show nothing.
    assert outcome.failures
    assert outcome.takeovers
    assert outcome.lost


def test_little_is_done_in_vain() -> None:
    outcome = simulate(Cluster(nodes=24, units=240), seed=3)
    assert outcome.unfinished == []
    assert outcome.needed >= 0.95 * outcome.work


def test_a_disk_that_freezes_who_asks_it_lets_no_two_at_one_unit() -> None:
    outcome = simulate(Cluster(nodes=12, units=60, minutes=(0.2, 2.5), freezing=0.5), seed=5)
    assert outcome.unfinished == []
    assert outcome.wrong == []
    assert outcome.lost
