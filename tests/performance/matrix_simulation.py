"""How much work is done in vain when nodes fail: 10,000 units on 500 nodes, simulated.

The real code of units and leases runs on a simulated clock. Each node fails every two hours on average, and freezes
every six, for up to ten minutes; their clocks are up to an hour off, and each sees late by up to five seconds, in any
order, what others have changed on the disk. No unit may be recorded by a node that another has succeeded.

Run: python -m tests.performance.matrix_simulation [NODES UNITS [SEED]]
"""

import sys
import time

from tests.support.simulated_cluster import HOUR, Cluster, simulate


def main() -> None:
    given = [int(word) for word in sys.argv[1:]]
    nodes, units, seed = [*given, *(500, 10_000, 0)[len(given) :]]
    began = time.monotonic()
    outcome = simulate(Cluster(nodes=nodes, units=units), seed=seed)
    print(f"{outcome.done:,} of {units:,} units on {nodes} nodes in {outcome.seconds / HOUR:.2f} h")
    print(f"{outcome.failures} failures, {outcome.freezes} freezes, {outcome.takeovers} leases taken over, of which")
    print(f"{outcome.lost} from nodes that woke up later; recorded by a node that had been succeeded:", end=" ")
    print(f"{len(outcome.wrong)}\n{outcome.needed / outcome.work:.2%} of the work was of use")
    print(f"simulated in {time.monotonic() - began:.0f} s")
    if outcome.unfinished or outcome.wrong or outcome.needed < 0.95 * outcome.work:
        sys.exit("this is not what is promised")


if __name__ == "__main__":
    main()
