"""How often equally good encoders with unlike errors are falsely ordered under `linear-v2`, by simulation.

Every encoder of a leaderboard is equally good by construction, but unlike the others in how its errors are spread. At
most 5 in 100 leaderboards may show an order. Next to it: the sign-flip test, which `linear-v1` has too.
The constants of `stats.robust_tests` were chosen on other simulations and other seeds.

Run: python -m tests.performance.rank_promise [LEADERBOARDS [CASE]]
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from artbench.protocol import Intervals
from artbench.specs import TargetKind
from artbench.stats.contributions import weights_of
from artbench.stats.left_out import left_out
from artbench.stats.metrics import METRICS, score
from artbench.stats.paired_tests import holm, mcnemar, sign_flip
from artbench.stats.robust_tests import robust_differences
from artbench.stats.units import RoundTest, units_of

LEADERBOARDS = 1000
SEED = 20261129
INTERVALS = Intervals()
_THRESHOLDS = {"sample_f2": 0.3, "micro_f1": 0.3}
Values = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Tested:
    """p of every pair of a leaderboard: of the test that `linear-v2` has, and by sign flips where that is defined."""

    p: Values
    flips: Values | None = None


Draw = Callable[[np.random.Generator], Tested]


def _robust(values: Values, influence: Values, shares: Values, *, fraction: bool) -> Values:
    rounds = values[:, None] if values.ndim == 1 else values
    p: Values = robust_differences(rounds, influence, shares, fraction=fraction, level=INTERVALS.level).p
    return p


def _mean(sums: Values, sizes: Values, *, fraction: bool) -> Tested:
    """Test a mean over images, from its sum in each unit, shape (rows, units)."""
    units, total = len(sizes), sizes.sum()
    values = sums.sum(axis=1) / total
    without = (sums.sum(axis=1)[:, None] - sums) / (total - sizes)
    influence = (values[:, None] - without) * np.sqrt((units - 1) / units)
    flips = sign_flip(sums / total, np.ones(units))[np.triu_indices(len(sums), 1)]
    return Tested(p=_robust(values, influence, sizes / total, fraction=fraction), flips=flips)


def _errors(random: np.random.Generator, shape: str, n: int) -> Values:
    """Errors of 1 on average, of a shape."""
    if shape == "even":
        return random.uniform(0.8, 1.2, n)
    if shape == "half-normal":
        return np.asarray(np.abs(random.normal(size=n)) / np.sqrt(2 / np.pi))
    if shape == "gamma 0.5":
        return random.gamma(0.5, 2, n)
    if shape == "lognormal 1.1":
        return random.lognormal(-(1.1**2) / 2, 1.1, n)
    # 4 % are 8 times as far off as the others.
    return random.exponential(1 / 1.28, n) * np.where(random.random(n) < 0.04, 8, 1)


def years(n: int, shapes: tuple[str, ...]) -> Draw:
    """Mean absolute error of single images."""
    return lambda random: _mean(np.stack([_errors(random, s, n) for s in shapes]), np.ones(n), fraction=False)


def _sizes(random: np.random.Generator, painters: int) -> NDArray[np.int64]:
    """Images of each painter: 12 on average, some have many."""
    return 1 + random.negative_binomial(0.8, 0.07, painters)


def years_by_painter(painters: int) -> Draw:
    """Mean absolute error, where painters are harder for one row than for another."""

    def draw(random: np.random.Generator) -> Tested:
        sizes = _sizes(random, painters)
        members = np.repeat(np.arange(painters), sizes)
        rows = []
        for shape, spread in (("half-normal", 0.1), ("gamma 0.5", 0.4), ("lognormal 1.1", 0.3), ("half-normal", 0.7)):
            hard = np.exp(spread * random.normal(size=painters) - spread**2 / 2)
            rows.append(np.bincount(members, _errors(random, shape, len(members)) * hard[members], painters))
        return _mean(np.stack(rows), sizes.astype(np.float64), fraction=False)

    return draw


def by_painter(painters: int, rate: float, correlations: tuple[float, ...]) -> Draw:
    """Accuracy, where some rows are right with all painters alike and others fail with some wholly."""

    def draw(random: np.random.Generator) -> Tested:
        sizes = _sizes(random, painters)
        rows = []
        for correlation in correlations:
            scale = 1 / correlation - 1 if correlation else 0.0
            alike = np.full(painters, rate)
            liked = random.beta(rate * scale, (1 - rate) * scale, painters) if correlation else alike
            rows.append(random.binomial(sizes, liked).astype(np.float64))
        return _mean(np.stack(rows), sizes.astype(np.float64), fraction=True)

    return draw


def plain_accuracy(n: int) -> Draw:
    """Accuracy of single images, tested by McNemar alone: rows that are right on the same images or on any."""

    def draw(random: np.random.Generator) -> Tested:
        easy = random.random(n) < 0.7
        chances = (easy, np.full(n, 0.7), np.where(easy, 0.9, 0.7 * 0.1 / 0.3), np.full(n, 0.7))
        right = np.stack([random.random(n) < chance for chance in chances]).astype(np.float64)
        alone = (right.sum(axis=1)[:, None] - right @ right.T).astype(np.int64)
        return Tested(p=mcnemar(alone, alone.T)[np.triu_indices(4, 1)])

    return draw


def splits(n: int, rounds: int, scatter: float) -> Draw:
    """Accuracy over splits with images of their own, each of which suits one row more and another less."""

    def draw(random: np.random.Generator) -> Tested:
        chances = 0.7 + scatter * random.normal(size=(3, rounds, 1))
        right = (random.random((3, rounds, n)) < chances).astype(np.float64)
        values = right.mean(axis=2)
        influence = (right - values[:, :, None]).reshape(3, -1) / (n * rounds)
        return Tested(p=_robust(values, influence, np.full(n * rounds, 1 / (n * rounds)), fraction=True))

    return draw


def _left_out(metric: str, target: TargetKind, labels: NDArray[np.generic], rows: list[NDArray[np.float32]]) -> Values:
    (units,) = units_of([RoundTest(images=[f"{at:06}" for at in range(len(labels))])], intervals=INTERVALS)
    found = [
        left_out(labels, one, target=target, units=units, thresholds=_THRESHOLDS, only=[metric])[metric]  # type: ignore[arg-type]
        for one in rows
    ]
    shares = np.mean([one.shares for one in found], axis=0)
    values, influence = np.array([one.value for one in found]), np.stack([one.influence for one in found])
    return _robust(values, influence, shares, fraction=True)


def by_class(n: int, classes: int) -> Draw:
    """Balanced accuracy: good on all classes alike, on rare ones, on common ones, or on three of four."""
    rare = np.arange(classes) < classes / 2
    kinds = [np.zeros(classes), np.where(rare, 0.2, -0.2), np.where(rare, -0.2, 0.2)]
    kinds.append(np.where(np.arange(classes) % 4 == 0, -0.6, 0.2))
    shares = np.arange(1.0, classes + 1) ** -0.8

    def draw(random: np.random.Generator) -> Tested:
        labels = random.choice(classes, n, p=shares / shares.sum())
        there = np.bincount(labels, minlength=classes) > 0
        chances = [np.clip(0.65 + kind - kind[there].mean(), 0, 1) for kind in kinds]
        right = np.stack([random.random(n) < chance[labels] for chance in chances])
        rows = [np.eye(classes, dtype=np.float32)[np.where(row, labels, (labels + 1) % classes)] for row in right]
        weights = weights_of("balanced_accuracy", n, labels=labels, classes=classes)
        return Tested(
            p=_left_out("balanced_accuracy", "single-label", labels, rows),
            flips=sign_flip(right.astype(np.float64), weights)[np.triu_indices(4, 1)],
        )

    return draw


def several_labels(metric: str, n: int, labels: int, rate: float) -> Draw:
    """A metric of several labels: one row ranks all alike, others some well and some badly, to the same true value."""
    target = 0.6 if metric.startswith("mean_average") else 0.75 if metric.startswith("image_average") else 0.42

    def outputs(
        random: np.random.Generator, wanted: NDArray[np.bool_], kind: int, strength: float
    ) -> NDArray[np.float32]:
        uneven = np.where(np.arange(labels) % 3, 1.3, 0.4) if kind == 1 else np.ones(labels)
        noise = random.standard_t(4, wanted.shape) if kind == 2 else random.normal(size=wanted.shape)
        return (1 / (1 + np.exp(2 - strength * uneven * wanted - noise))).astype(np.float32)

    many = np.random.default_rng([SEED, 1]).random((20_000, labels)) < rate
    strengths = []
    for kind in range(3):
        low, high = 0.0, 12.0
        for _ in range(14):
            middle = (low + high) / 2
            drawn = outputs(np.random.default_rng([SEED, 2]), many, kind, middle)
            low, high = (
                (middle, high)
                if score(METRICS[metric], many, drawn, thresholds=_THRESHOLDS) < target
                else (low, middle)
            )
        strengths.append((low + high) / 2)

    def draw(random: np.random.Generator) -> Tested:
        wanted = random.random((n, labels)) < rate
        rows = [outputs(random, wanted, kind, strengths[kind]) for kind in range(3)]
        return Tested(p=_left_out(metric, "multi-label", wanted, rows))

    return draw


UNLIKE = ("even", "half-normal", "gamma 0.5", "lognormal 1.1", "4 % far off")
ONE_FAR = ("half-normal", "half-normal", "half-normal", "4 % far off")
# Correlations between images of a painter.
UNEVEN, ONE_FAILS = (0, 0.15, 0.35, 0.7), (0, 0, 0, 0.8)
CASES: dict[str, Callable[[], Draw]] = {
    **{f"years, 5 unlike rows, {n} images": partial(years, n, UNLIKE) for n in (50, 100, 200, 1000)},
    **{f"years, 4 rows, one 4 % far off, {n} images": partial(years, n, ONE_FAR) for n in (50, 100, 200)},
    **{f"years, 4 unlike rows, {n} painters": partial(years_by_painter, n) for n in (5, 10, 20, 50)},
    **{
        f"accuracy {rate:.0%}, 4 unlike rows, {n} painters": partial(by_painter, n, rate, UNEVEN)
        for rate in (0.75, 0.92)
        for n in (5, 10, 20, 50)
    },
    **{
        f"accuracy 96 %, one row fails on 1 painter in 25, {n} painters": partial(by_painter, n, 0.96, ONE_FAILS)
        for n in (5, 10, 20, 50, 100)
    },
    **{f"plain accuracy (McNemar), 4 unlike rows, {n} images": partial(plain_accuracy, n) for n in (20, 100, 500)},
    **{f"accuracy, 3 rows, {n} splits of 150 images": partial(splits, 150, n, 0.03) for n in (3, 5, 10)},
    **{f"balanced accuracy, 4 unlike rows, {n} images": partial(by_class, n, n // 8) for n in (80, 240)},
    **{
        f"{metric}, 3 unlike rows, 120 images": partial(several_labels, metric, 120, 6, 0.2)
        for metric in (
            "mean_average_precision",
            "mean_average_precision_11_point",
            "image_average_precision",
            "sample_f2",
            "micro_f1",
        )
    },
}


def main() -> None:
    """Every case, or those whose name begins with some words."""
    leaderboards = int(sys.argv[1]) if len(sys.argv) > 1 else LEADERBOARDS
    words = " ".join(sys.argv[2:])
    for name, made in CASES.items():
        if not name.startswith(words):
            continue
        draw, random = made(), np.random.default_rng([SEED, 3])
        found = [draw(random) for _ in range(leaderboards)]
        ours = np.mean([(holm(one.p) <= 0.05).any() for one in found])
        flips = [(holm(one.flips) <= 0.05).any() for one in found if one.flips is not None]
        told = f"  (sign flips {np.mean(flips):5.1%})" if flips else ""
        sys.stdout.write(f"{name:66} {ours:5.1%}{told}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
