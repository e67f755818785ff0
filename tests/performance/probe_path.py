"""A path of penalties: artbench's solver against scikit-learn fitted per penalty, on the same features.

Prints the time of both and both objectives at every penalty, which are those of the same problem.

Run: python -m tests.performance.probe_path
"""

from functools import partial

import numpy as np

from artbench.probe.features import LabelledFeatures, Rows
from artbench.probe.penalty import PenaltyPath
from artbench.protocol import DEFAULT_PROTOCOL
from tests.performance.probe_common import classed, objective, say, say_machine, scikit_learn, timed

_IMAGES, _WIDTH, _CLASSES = 9_000, 1_024, 27
# Eight of the protocol's grid, around the ones that are chosen.
_PENALTIES = [l2 for l2 in reversed(DEFAULT_PROTOCOL.probe.grid) if 1e-4 <= l2 < 0.5]


def main() -> None:
    """The whole path of each, then penalty by penalty."""
    say_machine()
    features, labels = classed(_IMAGES, _WIDTH, _CLASSES)
    part = LabelledFeatures(rows=Rows(features), labels=labels, ids=[str(k) for k in range(len(labels))])
    scores = (features - features.mean(axis=0, dtype=np.float64)) / features.std(axis=0, dtype=np.float64)

    def path() -> list[tuple[np.ndarray, np.ndarray]]:
        fits = PenaltyPath(
            [part], classes=_CLASSES, target="single-label", tolerance=DEFAULT_PROTOCOL.probe.tolerance, device="cpu"
        )
        heads = [fits.at(l2) for l2 in _PENALTIES]
        assert fits.converged
        say(f"artbench took {fits.evaluations} passes over the features for {len(_PENALTIES)} penalties")
        return heads

    heads, here = timed(path)
    peers, total = [], 0.0
    for l2 in _PENALTIES:
        head, seconds = timed(partial(scikit_learn, scores, labels, l2=l2, tolerance=1e-4))
        peers.append(head)
        total += seconds
        say(f"scikit-learn, l2 {l2:.2e}: {seconds:.1f} s")
    say("      l2         artbench     scikit-learn   no higher")
    deviation, mean = features.std(axis=0, dtype=np.float64), features.mean(axis=0, dtype=np.float64)
    for l2, (weight, bias), peer in zip(_PENALTIES, heads, peers, strict=True):
        own = objective(scores, labels, weight * deviation[:, None], bias + mean @ weight, l2=l2)
        other = objective(scores, labels, *peer, l2=l2)
        say(f"{l2:.2e} {own:16.10f} {other:16.10f}   {'yes' if own <= other else 'NO'}")
    say(f"artbench {here:.1f} s, scikit-learn {total:.1f} s: {total / here:.1f} times as fast")


if __name__ == "__main__":
    main()
