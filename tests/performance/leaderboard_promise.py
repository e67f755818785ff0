"""How often equal encoders are falsely ordered, and how often unequal ones are found, in simulated leaderboards.

Every encoder of a leaderboard is equally good by construction, so that every ordering shown is false; the promise is
that at most 5 in 100 leaderboards show any.

Run: python -m tests.performance.leaderboard_promise [LEADERBOARDS [CASE]]
"""

import sys
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from artbench.protocol import Bootstrap
from artbench.stats.bootstrap import resamples
from artbench.stats.contributions import parts, summed, weights_of
from artbench.stats.multi_label import MultiLabelOutcome, mean_average_precision
from artbench.stats.paired_tests import Scores, differences, holm, mcnemar, sign_flip

LEVEL = 0.05
TRIALS = 1000

Draw = Callable[[np.random.Generator, Bootstrap], tuple[Scores, NDArray[np.float64] | None]]


def false_orderings(draw: Draw, *, trials: int, bootstrap: Bootstrap, seed: int = 0) -> float:
    """The share of leaderboards in which any pair is called distinguishable.

    Args:
        draw: Gives the scores of equal encoders, and the p values that count beside the bootstrap's, (rows, rows).
        trials: How many leaderboards.
        bootstrap: How differences are resampled.
        seed: Seed of the simulation.
    """
    random = np.random.default_rng(seed)
    return sum(bool((corrected(*draw(random, bootstrap), bootstrap) <= LEVEL).any()) for _ in range(trials)) / trials


def corrected(scores: Scores, checks: NDArray[np.float64] | None, bootstrap: Bootstrap) -> NDArray[np.float64]:
    """The corrected p values of all pairs, as a leaderboard has them."""
    tests = differences(scores, bootstrap=bootstrap)
    return holm(tests.p if checks is None else np.maximum(tests.p, checks[tests.first, tests.second]))


def exact(right: NDArray[np.float64]) -> NDArray[np.float64]:
    """McNemar's p for every pair."""
    alone = (right.sum(axis=1)[:, None] - right @ right.T).astype(np.int64)
    return mcnemar(alone, alone.T)


def correctness(random: np.random.Generator, *, rows: int, n: int, rate: float) -> NDArray[np.float64]:
    """Whether each of equal encoders is right, shape (rows, n): some images are harder than others for all."""
    hard = random.beta(3 * rate, 3 * (1 - rate), n)
    right: NDArray[np.float64] = (random.random((rows, n)) < hard).astype(np.float64)
    return right


def accuracy(rows: int, n: int, rate: float) -> Draw:
    """Every image by itself, one round."""

    def draw(random: np.random.Generator, bootstrap: Bootstrap) -> tuple[Scores, NDArray[np.float64] | None]:
        right = correctness(random, rows=rows, n=n, rate=rate)
        return _scores("accuracy", bootstrap, right, units=n), exact(right)

    return draw


def by_painter(rows: int, painters: int) -> Draw:
    """Whole painters suit an encoder or don't; some have one image, some fifty."""

    def draw(random: np.random.Generator, bootstrap: Bootstrap) -> tuple[Scores, NDArray[np.float64]]:
        clusters = np.repeat(np.arange(painters), random.integers(1, 51, painters))
        liked = np.clip(0.7 + 0.2 * random.normal(size=(rows, painters)), 0, 1)
        right = (random.random((rows, len(clusters))) < liked[:, clusters]).astype(np.float64)
        even = np.full(len(clusters), 1 / len(clusters))
        return _scores("accuracy", bootstrap, right, units=painters, clusters=clusters), sign_flip(
            right, even, clusters
        )

    return draw


def by_class(rows: int, n: int, classes: int) -> Draw:
    """Mean class accuracy, with classes that have few images."""

    def draw(random: np.random.Generator, bootstrap: Bootstrap) -> tuple[Scores, NDArray[np.float64]]:
        labels = np.sort(random.choice(classes, n, p=(shares := 1 / np.arange(2, classes + 2)) / shares.sum()))
        right = correctness(random, rows=rows, n=n, rate=0.6)
        weights = weights_of("mean_class_accuracy", n, labels=labels, classes=classes)
        made = _scores("mean_class_accuracy", bootstrap, right, units=n, labels=labels, classes=classes)
        return made, sign_flip(right, weights)

    return draw


def years(rows: int, n: int) -> Draw:
    """Mean absolute error, where a few images are centuries off."""

    def draw(random: np.random.Generator, bootstrap: Bootstrap) -> tuple[Scores, NDArray[np.float64]]:
        errors = 40 * random.lognormal(0, 1.2, (rows, n))
        return _scores("mean_absolute_error", bootstrap, errors, units=n), sign_flip(errors, np.full(n, 1 / n))

    return draw


def precision(rows: int, n: int, classes: int, *, rate: float = 0.15) -> Draw:
    """Mean average precision, with labels that a share of the images have."""

    def draw(random: np.random.Generator, bootstrap: Bootstrap) -> tuple[Scores, NDArray[np.float64]]:
        labels = random.random((n, classes)) < rate
        labels[0] = True
        outputs = [(1 / (1 + np.exp(-random.normal(1.2 * labels, 1)))).astype(np.float32) for _ in range(rows)]
        outcomes = [MultiLabelOutcome(labels, output, {}) for output in outputs]
        values = np.array([mean_average_precision(outcome.weighted(None))[0] for outcome in outcomes])
        weights = list(resamples(n, bootstrap=bootstrap))
        drawn = [
            np.concatenate([mean_average_precision(outcome.weighted(each)) for each in weights]) for outcome in outcomes
        ]
        added = np.stack([parts("mean_average_precision", labels, output) for output in outputs])
        scores = Scores(values=values[:, None], resampled=np.stack(drawn)[:, None].astype(np.float64), units=n)
        return scores, sign_flip(added, np.ones(n), values=values)

    return draw


def draws(rows: int, n: int, rounds: int, *, same_test: bool) -> Draw:
    """Several rounds, each of which suits one encoder more than another: of few images, or of splits."""

    def draw(random: np.random.Generator, bootstrap: Bootstrap) -> tuple[Scores, None]:
        luck = 0.04 * random.normal(size=(rows, rounds))
        hard = np.repeat(random.beta(2, 1, (1, n)), rounds, axis=0) if same_test else random.beta(2, 1, (rounds, n))
        skill = np.clip(hard[None] + luck[:, :, None], 0, 1)
        # On one test an encoder fails on much the same images in every round.
        chance = random.random((rows, 1, n)) if same_test else random.random((rows, rounds, n))
        right = (np.broadcast_to(chance, skill.shape) < skill).astype(np.float64)
        parts = [_scores("accuracy", bootstrap, right[:, number], units=n) for number in range(rounds)]
        return Scores(
            values=np.concatenate([part.values for part in parts], axis=1),
            resampled=np.concatenate([part.resampled for part in parts], axis=1),
            units=n,
        ), None

    return draw


def _scores(
    metric: str,
    bootstrap: Bootstrap,
    added: NDArray[np.float64],
    *,
    units: int,
    clusters: NDArray[np.int64] | None = None,
    labels: NDArray[np.int64] | None = None,
    classes: int = 0,
) -> Scores:
    members = None if clusters is None else clusters.tolist()
    values, drawn = summed(metric, added, labels=labels, classes=classes, bootstrap=bootstrap, clusters=members)
    return Scores(values=values[:, None], resampled=drawn[:, None], units=units)


CASES: dict[str, Draw] = {
    "accuracy, 2 rows, 100 images, 50 % right": accuracy(2, 100, 0.5),
    "accuracy, 5 rows, 100 images, 90 % right": accuracy(5, 100, 0.9),
    "accuracy, 11 rows, 360 images, 70 % right": accuracy(11, 360, 0.7),
    "accuracy, 5 rows, 20 painters": by_painter(5, 20),
    "accuracy, 5 rows, 100 painters": by_painter(5, 100),
    "mean class accuracy, 5 rows, 300 images, 30 classes": by_class(5, 300, 30),
    "mean absolute error, 5 rows, 200 images": years(5, 200),
    "mean average precision, 3 rows, 150 images, 6 labels": precision(3, 150, 6),
    "mean average precision, 3 rows, 150 images, 6 rare labels": precision(3, 150, 6, rate=0.02),
    "few-shot accuracy, 4 rows, 10 draws, 200 images": draws(4, 200, 10, same_test=True),
    "accuracy, 4 rows, 5 splits of 200 images": draws(4, 200, 5, same_test=False),
}


def main() -> None:
    """Every case, or those whose name begins with some words."""
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else TRIALS
    words = " ".join(sys.argv[2:])
    for name, draw in CASES.items():
        if not name.startswith(words):
            continue
        share = false_orderings(draw, trials=trials, bootstrap=Bootstrap())
        sys.stdout.write(f"{name:60} {share:6.1%} of {trials:,} leaderboards show a false ordering\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
