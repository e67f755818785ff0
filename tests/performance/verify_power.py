"""How often `artbench leaderboard verify` refutes a forgery, and an honest record, by the number of images drawn.

python tests/performance/verify_power.py [REPEATS]

Two kinds of forgery. Some predictions are changed: the probe on record no longer gives them, and one among the images
drawn is enough; that share is exact. The probe is fitted on the test as well: all predictions are its own, and the test
of the first-order condition has to tell. Features are simulated: a mixture of Gaussians, as many images, features and
classes as the sample or a part of WikiArt has.
"""

import sys

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom
from sklearn.linear_model import LogisticRegression

from artbench.records.probe import StoredProbe
from artbench.verify.fit import Sample, first_order_test

DRAWN = (32, 64, 128, 256)
# Training images, test images, features, classes, distance of centres. The last two are of 5 and 10 shots.
CASES = (
    (840, 360, 512, 8, 0.12),
    (840, 360, 64, 8, 0.3),
    (4000, 1500, 768, 20, 0.12),
    (40, 360, 512, 8, 0.12),
    (80, 360, 512, 8, 0.12),
)
PENALTIES = (1e-3, 1e-2, 1e-1)


def fitted(
    features: NDArray[np.float64], labels: NDArray[np.int64], weights: NDArray[np.float64], l2: float
) -> StoredProbe:
    head = LogisticRegression(C=1 / (weights.sum() * l2), max_iter=1000, tol=1e-6).fit(features, labels, weights)
    return StoredProbe(weight=head.coef_.T.astype(np.float32), bias=head.intercept_.astype(np.float32))


def changed() -> None:
    print("predictions changed: share of forgeries refuted, of 1,500 test images")
    print("changed".rjust(10), *(f"{drawn:>6}" for drawn in DRAWN))
    for share in (0.01, 0.02, 0.03, 0.05, 0.1, 0.2):
        found = [1 - hypergeom(1500, round(1500 * share), drawn).pmf(0) for drawn in DRAWN]
        print(f"{share:>10.0%}", *(f"{100 * one:6.1f}" for one in found))


def seen_the_test(repeats: int) -> None:
    print("probe fitted on the test too: accuracy, and share refuted")
    for n, tested, width, classes, distance in CASES:
        random = np.random.default_rng(0)
        centres = distance * random.standard_normal((classes, width))
        labels = random.integers(classes, size=n + tested)
        features = centres[labels] + random.standard_normal((n + tested, width))
        features = (features - features[:n].mean(axis=0)) / features[:n].std(axis=0)
        for l2 in PENALTIES:
            for name, weight in (("honest", 0.0), ("test once", 1.0), ("test five times", 5.0)):
                weights = np.concatenate([np.ones(n), np.full(tested, weight)])
                probe = fitted(features[weights > 0], labels[weights > 0], weights[weights > 0], l2)
                right = float((probe.outputs(features[n:]).argmax(axis=1) == labels[n:]).mean())
                shares = []
                for drawn in DRAWN:
                    refuted = 0
                    for _ in range(repeats):
                        rows = (
                            random.choice(n, min(n, drawn), replace=False),
                            n + random.choice(tested, drawn, replace=False),
                        )
                        train, test = (Sample(features[own].astype(np.float32), labels[own]) for own in rows)
                        found = first_order_test(probe, train, test, l2=l2, form="class")
                        refuted += found is not None and found.refuted
                    shares.append(refuted / repeats)
                shown = " ".join(f"{100 * share:6.1f}" for share in shares)
                print(f"{n:>6} {width:>4} {classes:>3} {l2:>6g} {name:>16} {100 * right:6.1f} | {shown}", flush=True)


if __name__ == "__main__":
    changed()
    seen_the_test(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
