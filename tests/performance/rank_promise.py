"""How often equal encoders with unlike errors are falsely ordered: `robust_p` with Holm's correction, by simulation.

Every encoder of a leaderboard is equally good by construction, but unlike the others in how its errors are spread. At
most 5 in 100 leaderboards may show an order. Next to it: the sign-flip test, which `linear-v1` has.

Run: python -m tests.performance.rank_promise [LEADERBOARDS [CASE]]
"""

import sys
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from artbench.stats.contributions import weights_of
from artbench.stats.left_out import left_out
from artbench.stats.metrics import METRICS, score
from artbench.stats.paired_tests import holm, mcnemar, sign_flip
from artbench.stats.robust_tests import robust_p

TRIALS = 2000
Values = NDArray[np.float64]
# Metric of the rows, influences (rows, units), shares (units,), whether it is a fraction, and p values of today.
Drawn = tuple[Values, Values, Values, bool, Values | None]
Draw = Callable[[np.random.Generator], Drawn]


def summed(sums: Values, sizes: Values, *, fraction: bool) -> Drawn:
    """A mean over images, from its sum in each unit, shape (rows, units)."""
    units = len(sizes)
    total = sizes.sum()
    values = sums.sum(axis=1) / total
    without = (sums.sum(axis=1)[:, None] - sums) / (total - sizes)
    influence = (values[:, None] - without) * np.sqrt((units - 1) / units)
    today = sign_flip(sums / total, np.ones(units))[np.triu_indices(len(sums), 1)]
    return values, influence, sizes / total, fraction, today


def _shape(random: np.random.Generator, shape: str, n: int) -> Values:
    if shape == "even":
        return 1 + 0.1 * random.normal(size=n)
    if shape == "half-normal":
        return np.abs(random.normal(size=n)) / np.sqrt(2 / np.pi)
    if shape == "exponential":
        return random.exponential(size=n)
    if shape == "5 % far off":
        return np.abs(random.normal(size=n)) * np.where(random.random(n) < 0.05, 10, 1) / np.sqrt(2 / np.pi) / 1.45
    spread = float(shape)
    return random.lognormal(-(spread**2) / 2, spread, n)


def years(n: int, shapes: tuple[str, ...]) -> Draw:
    """Mean absolute error of single images."""
    return lambda random: summed(np.stack([_shape(random, s, n) for s in shapes]), np.ones(n), fraction=False)


def years_by_painter(painters: int) -> Draw:
    """Mean absolute error, where painters are harder for one row than for another."""

    def draw(random: np.random.Generator) -> Drawn:
        sizes = random.integers(1, 51, painters)
        members = np.repeat(np.arange(painters), sizes)
        rows = []
        for shape, spread in (("half-normal", 0.2), ("exponential", 0.5), ("1.0", 0.3), ("half-normal", 0.8)):
            hard = np.exp(spread * random.normal(size=painters) - spread**2 / 2)
            rows.append(np.bincount(members, _shape(random, shape, len(members)) * hard[members], painters))
        return summed(np.stack(rows), sizes.astype(np.float64), fraction=False)

    return draw


def by_painter(painters: int, rate: float, correlations: tuple[float, ...]) -> Draw:
    """Accuracy, where some rows are right with all painters alike and others fail with some wholly."""

    def draw(random: np.random.Generator) -> Drawn:
        sizes = random.integers(1, 51, painters)
        rows = []
        for icc in correlations:
            scale = 1 / icc - 1 if icc else 0.0
            liked = random.beta(rate * scale, (1 - rate) * scale, painters) if icc else np.full(painters, rate)
            rows.append(random.binomial(sizes, liked).astype(np.float64))
        return summed(np.stack(rows), sizes.astype(np.float64), fraction=True)

    return draw


def accuracy(n: int) -> Draw:
    """Plain accuracy, tested by McNemar alone: rows that are right on the same images or on any."""

    def draw(random: np.random.Generator) -> Drawn:
        hard = random.random(n) < 0.8
        right = np.stack(
            [hard, random.random(n) < 0.8, random.random(n) < np.where(hard, 0.95, 0.2), random.random(n) < 0.8]
        )
        both = right.astype(np.float64)
        alone = (both.sum(axis=1)[:, None] - both @ both.T).astype(np.int64)
        p = mcnemar(alone, alone.T)[np.triu_indices(4, 1)]
        return both.mean(axis=1), np.zeros((4, n)), np.ones(n), True, p

    return draw


def by_class(n: int, classes: int) -> Draw:
    """Balanced accuracy: good on all classes alike, on rare ones, on common ones, or on four of five."""
    kinds = [np.zeros(classes)] + [
        np.where(np.arange(classes) < classes / 2, sign * 0.25, -sign * 0.25) for sign in (1, -1)
    ]
    kinds.append(np.where(np.arange(classes) % 5 == 0, -0.56, 0.14))

    def draw(random: np.random.Generator) -> Drawn:
        labels = np.sort(random.choice(classes, n, p=(shares := 1 / np.arange(2, classes + 2)) / shares.sum()))
        support = np.bincount(labels, minlength=classes)
        there = support > 0
        chances = [np.clip(0.6 + kind - kind[there].mean(), 0, 1) for kind in kinds]
        right = np.stack([random.random(n) < chance[labels] for chance in chances]).astype(np.float64)
        outputs = [
            np.eye(classes, dtype=np.float32)[np.where(row > 0, labels, (labels + 1) % classes)] for row in right
        ]
        found = [
            left_out(labels, one, target="single-label", only=("balanced_accuracy",))["balanced_accuracy"]
            for one in outputs
        ]
        weights = weights_of("balanced_accuracy", n, labels=labels, classes=classes)
        today = sign_flip(right, weights)[np.triu_indices(4, 1)]
        return np.array([f.value for f in found]), np.stack([f.influence for f in found]), found[0].shares, True, today

    return draw


def precision(metric: str, n: int, classes: int, rate: float) -> Draw:
    """A multi-label metric: one row ranks all labels alike, others some well and some badly, to the same true value."""
    target = {"mean_average_precision": 0.55, "image_average_precision": 0.75, "sample_f2": 0.4, "micro_f1": 0.45,
              "mean_average_precision_11_point": 0.55}[metric]  # fmt: skip
    thresholds = {"sample_f2": 0.3, "micro_f1": 0.3}

    def drawn(
        random: np.random.Generator, size: int, labels: NDArray[np.bool_], kind: int, strength: float
    ) -> NDArray[np.float32]:
        at = np.full(classes, strength)
        if kind == 1:
            at = strength * np.where(np.arange(classes) % 2, 0.3, 1.7)
        noise = random.normal(size=(size, classes)) if kind < 2 else random.standard_t(3, (size, classes))
        return (1 / (1 + np.exp(2 - at * labels - noise))).astype(np.float32)

    strengths = []
    big = np.random.default_rng(5)
    many = big.random((20_000, classes)) < rate
    for kind in range(3):
        low, high = 0.0, 12.0
        for _ in range(14):
            middle = (low + high) / 2
            got = score(
                METRICS[metric],
                many,
                drawn(np.random.default_rng(6), 20_000, many, kind, middle),
                thresholds=thresholds,
            )
            low, high = (middle, high) if got < target else (low, middle)
        strengths.append((low + high) / 2)

    def draw(random: np.random.Generator) -> Drawn:
        labels = random.random((n, classes)) < rate
        found = [
            left_out(labels, drawn(random, n, labels, kind, strengths[kind]), target="multi-label",
                     thresholds=thresholds, only=(metric,) if "11" not in metric else (metric, "mean_average_precision"))[metric]
            for kind in range(3)
        ]  # fmt: skip
        return np.array([f.value for f in found]), np.stack([f.influence for f in found]), found[0].shares, True, None

    return draw


UNLIKE = ("even", "half-normal", "exponential", "1.0", "1.2")
CASES: dict[str, Callable[[], Draw]] = {
    **{f"years, 5 unlike rows, {n} images": lambda n=n: years(n, UNLIKE) for n in (50, 100, 200, 1000)},
    **{f"years, 2 rows, one with a long tail, {n} images": lambda n=n: years(n, ("even", "1.2")) for n in (50, 100, 200)},
    **{f"years, 5 rows, one 5 % far off, {n} images": lambda n=n: years(n, ("half-normal",) * 4 + ("5 % far off",)) for n in (50, 100, 200)},
    **{f"years, 4 unlike rows, {n} painters": lambda n=n: years_by_painter(n) for n in (5, 10, 20, 50, 200)},
    **{f"accuracy 70 %, 4 unlike rows, {n} painters": lambda n=n: by_painter(n, 0.7, (0, 0.1, 0.3, 0.6)) for n in (5, 10, 20, 50, 100)},
    **{f"accuracy 90 %, 4 unlike rows, {n} painters": lambda n=n: by_painter(n, 0.9, (0, 0.1, 0.3, 0.6)) for n in (5, 10, 20, 50, 100)},
    **{f"accuracy 95 %, one fails on 1 in 20 painters, {n} of them": lambda n=n: by_painter(n, 0.95, (0, 0, 0, 0.7)) for n in (5, 10, 20, 50, 100)},
    **{f"plain accuracy (McNemar), 4 unlike rows, {n} images": lambda n=n: accuracy(n) for n in (20, 100, 500)},
    **{f"balanced accuracy, 4 unlike rows, {n} images": lambda n=n: by_class(n, 30 if n > 100 else 10) for n in (60, 100, 300)},
    **{f"{metric}, 3 unlike rows, 150 images": lambda metric=metric: precision(metric, 150, 6, 0.15)
       for metric in ("mean_average_precision", "mean_average_precision_11_point", "image_average_precision", "sample_f2", "micro_f1")},
}  # fmt: skip


def main() -> None:
    """Every case, or those whose name begins with some words."""
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else TRIALS
    words = " ".join(sys.argv[2:])
    for name, made in CASES.items():
        if not name.startswith(words):
            continue
        draw, random = made(), np.random.default_rng(0)
        ours = theirs = 0
        for _ in range(trials):
            values, influence, shares, fraction, today = draw(random)
            alone = name.startswith("plain")
            p = today if alone and today is not None else robust_p(values, influence, shares, fraction=fraction)
            ours += bool((holm(p) <= 0.05).any())
            theirs += today is not None and bool((holm(today) <= 0.05).any())
        told = "" if today is None or alone else f"  (sign flips {theirs / trials:5.1%})"
        sys.stdout.write(f"{name:66} {ours / trials:5.1%}{told}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
