"""How often the intervals of `linear-v2` cover the true value, for every metric, few images and few painters.

The constants of `stats.intervals` were chosen on other simulations and other seeds.

Run: python -m tests.performance.interval_coverage [REPETITIONS [CASE]]
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from artbench.protocol import Intervals
from artbench.specs import TargetKind
from artbench.stats.intervals import clopper_pearson, interval_of
from artbench.stats.left_out import averaged, left_out
from artbench.stats.metrics import METRICS, score
from artbench.stats.units import RoundTest, units_of

REPETITIONS = 500
INTERVALS = Intervals()
SEED = 20261128
_THRESHOLDS = {"sample_f2": 0.2, "micro_f1": 0.3}
_INTERPOLATED = "mean_average_precision_11_point"

# Labels, outputs, and the painter of each image.
Drawn = tuple[NDArray[Any], NDArray[np.float32], NDArray[np.int64] | None]
Draw = Callable[[np.random.Generator, int], Drawn]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A kind of test: what is drawn, of how many images or painters, and how many stand for a test without end."""

    target: TargetKind
    draw: Draw
    size: int
    many: int


def _painters(random: np.random.Generator, size: int, *, clustered: bool) -> NDArray[np.int64] | None:
    """Painters with 12 images on average, some with many."""
    return np.repeat(np.arange(size), 1 + random.negative_binomial(0.8, 0.07, size)) if clustered else None


def single(size: int, classes: int, strength: float, *, within: float = 0.0) -> Case:
    """One class an image; classes are unequal, and some harder; `within` is how alike a painter's images are."""
    shares = np.arange(1.0, classes + 1) ** -0.8
    shares /= shares.sum()
    harder = np.linspace(0.6, 1.4, classes)

    def draw(random: np.random.Generator, size: int) -> Drawn:
        painters = _painters(random, size, clustered=within > 0)
        n = size if painters is None else len(painters)
        labels = random.choice(classes, n, p=shares)
        logits = random.logistic(scale=0.6, size=(n, classes))
        logits[np.arange(n), labels] += strength * harder[labels]
        if painters is not None:
            logits += within * random.normal(size=(size, classes))[painters]
            logits[np.arange(n), labels] += within * random.normal(size=size)[painters]
        chances = np.exp(logits)
        return labels, (chances / chances.sum(axis=1, keepdims=True)).astype(np.float32), painters

    return Case(target="single-label", draw=draw, size=size, many=4_000 if within else 60_000)


def multi(size: int, labels: int, rate: float, strength: float, *, within: float = 0.0) -> Case:
    """Any number of labels an image, the first with a share `rate` of the images and the last with half of that."""
    rates = rate * np.linspace(1, 0.5, labels)

    def draw(random: np.random.Generator, size: int) -> Drawn:
        painters = _painters(random, size, clustered=within > 0)
        n = size if painters is None else len(painters)
        wanted = random.random((n, labels)) < rates
        logits = strength * wanted - 2 + random.logistic(scale=0.6, size=(n, labels))
        if painters is not None:
            logits += within * random.normal(size=(size, labels))[painters]
        return wanted, (1 / (1 + np.exp(-logits))).astype(np.float32), painters

    return Case(target="multi-label", draw=draw, size=size, many=4_000 if within else 60_000)


def years(size: int, shape: str, *, within: float = 0.0) -> Case:
    """Errors of 40 years on average, of a shape."""

    def draw(random: np.random.Generator, size: int) -> Drawn:
        painters = _painters(random, size, clustered=within > 0)
        n = size if painters is None else len(painters)
        if shape == "half-normal":
            errors = np.abs(random.normal(size=n)) / np.sqrt(2 / np.pi)
        elif shape == "gamma 0.5":
            errors = random.gamma(0.5, 2, n)
        else:
            errors = random.exponential(1 / 1.18, n) * np.where(random.random(n) < 0.02, 10, 1)
        if painters is not None:
            errors *= np.exp(within * random.normal(size=size) - within**2 / 2)[painters]
        return np.full(n, 1500.0), (1500 + 40 * errors).astype(np.float32)[:, None], painters

    return Case(target="year", draw=draw, size=size, many=40_000 if within else 400_000)


CASES: dict[str, Case] = {
    "40 images, 4 classes": single(40, 4, 2),
    "150 images, 12 classes": single(150, 12, 2.5),
    "400 images, 40 classes": single(400, 40, 3),
    "60 images, 30 classes": single(60, 30, 3),
    "80 images, 4 classes, nearly all right": single(80, 4, 6),
    **{f"{n} painters, 4 classes": single(n, 4, 2, within=0.9) for n in (5, 10, 20, 50)},
    "10 painters, nearly all right": single(10, 4, 6, within=0.9),
    "120 images, 8 labels": multi(120, 8, 0.2, 1.5),
    "200 images, 8 rare labels": multi(200, 8, 0.025, 1.5),
    "120 images, 8 labels, easy": multi(120, 8, 0.2, 4.5),
    **{f"{n} painters, 5 labels": multi(n, 5, 0.25, 1.5, within=0.9) for n in (5, 10, 20)},
    **{
        f"{n} images, {shape} errors": years(n, shape)
        for shape in ("half-normal", "gamma 0.5", "2 % far off")
        for n in (20, 50, 200)
    },
    **{f"{n} painters, half-normal errors": years(n, "half-normal", within=0.6) for n in (5, 10, 20, 50)},
}


def main() -> None:
    """Plain shares, rounds, then every metric of every case; or those whose names begin with some words."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else REPETITIONS
    words = " ".join(sys.argv[2:])
    if "plain".startswith(words):
        plain()
    if "rounds".startswith(words):
        rounds(repetitions)
    if "calibration".startswith(words):
        calibration(repetitions)
    for name, case in CASES.items():
        if name.startswith(words):
            cover(name, case, repetitions)


def plain() -> None:
    """Print the coverage of a plain share, summed over all outcomes: nothing is simulated."""
    for n in (5, 20, 50, 500, 5000):
        ends = np.array([clopper_pearson(hits / n, n, level=INTERVALS.level) for hits in range(n + 1)])
        shares = np.unique(np.append(np.linspace(0.001, 0.999, 999), (0.95, 0.98)))[:, None]
        chances = binom.pmf(np.arange(n + 1), n, shares)
        covered = (chances * ((ends[:, 0] <= shares) & (shares <= ends[:, 1]))).sum(axis=1)
        at = {share: covered[np.argmin(np.abs(shares[:, 0] - share))] for share in (0.5, 0.95, 0.98)}
        told = ", ".join(f"{value:.1%} at {share}" for share, value in at.items())
        say(f"plain share of {n:5,} images: covered at least {covered.min():.1%}; {told}")


def cover(name: str, case: Case, repetitions: int) -> None:
    """Print the coverage of every metric of a case."""
    random = np.random.default_rng(SEED)
    truth = true_values(case)
    hits: dict[str, list[tuple[bool, float]]] = {metric: [] for metric in truth}
    for _ in range(repetitions):
        for metric, (low, high) in intervals_of(case.target, [case.draw(random, case.size)]).items():
            hits[metric].append((low <= truth[metric] <= high, high - low))
    say(f"{name}:")
    for metric, found in hits.items():
        covered, widths = np.array(found, float).T
        say(
            f"    {metric:34} true {truth[metric]:8.3f}  covered {covered.mean():6.1%}  width {np.median(widths):7.3f}"
            f"  least {widths.min():.2g}"
        )


def intervals_of(
    target: TargetKind, drawn: list[Drawn], *, same: bool = False, only: list[str] | None = None
) -> dict[str, tuple[float, float]]:
    """Intervals of every metric over rounds, with images of their own or the same ones."""
    starts = np.cumsum([0, *(0 if same else len(labels) for labels, _, _ in drawn)])
    tests = [
        RoundTest(
            images=[f"{at:06}" for at in range(start, start + len(labels))],
            clusters=None if painters is None else painters.tolist(),
        )
        for start, (labels, _, painters) in zip(starts.tolist(), drawn, strict=False)
    ]
    found = [
        left_out(labels, outputs, target=target, units=units, thresholds=_THRESHOLDS, only=only)
        for units, (labels, outputs, _) in zip(units_of(tests, intervals=INTERVALS), drawn, strict=True)
    ]
    return {
        name: interval_of(averaged([one[name] for one in found]), bounds=METRICS[name].bounds, intervals=INTERVALS)
        for name in found[0]
    }


def true_values(case: Case) -> dict[str, float]:
    """The metrics of a test without end; 11-point precision, which depends on the size of the test, of such tests."""
    random = np.random.default_rng([SEED, 1])
    labels, outputs, _ = case.draw(random, case.many)
    metrics = [metric for metric in METRICS.values() if metric.target == case.target]
    found = {metric.name: score(metric, labels, outputs, thresholds=_THRESHOLDS) for metric in metrics}
    if _INTERPOLATED in found:
        drawn = [case.draw(random, case.size)[:2] for _ in range(400)]
        found[_INTERPOLATED] = float(np.mean([score(METRICS[_INTERPOLATED], *one) for one in drawn]))
    return found


def rounds(repetitions: int) -> None:
    """Print the coverage of accuracy over draws and over splits, of which each suits the encoder more or less."""
    random = np.random.default_rng([SEED, 2])
    n, rate = 150, 0.75
    for count, same in ((10, True), (3, True), (5, False), (2, False)):
        for luck in (0.0, 0.04):
            covered = 0
            for _ in range(repetitions):
                hard = random.random((1 if same else count, n)) < 0.5
                liked = np.where(hard, rate - 0.15, rate + 0.15) + luck * random.normal(size=(count, 1))
                right = random.random((count, n)) < np.clip(liked, 0, 1)
                outputs = np.where(right, 0.9, 0.1)[:, :, None] * [1, -1] + [0, 1]
                drawn: list[Drawn] = [(np.zeros(n, np.int64), one.astype(np.float32), None) for one in outputs]
                low, high = intervals_of("single-label", drawn, same=same, only=["accuracy"])["accuracy"]
                covered += low <= rate <= high
            what = f"draws, the same {n} images" if same else f"splits of {n} images"
            say(f"{count:2} {what}, scatter {luck}: accuracy covered {covered / repetitions:.1%}")


def calibration(repetitions: int) -> None:
    """Print the coverage of the calibration error, of encoders that are calibrated or not in several ways."""
    random = np.random.default_rng([SEED, 3])
    shapes: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
        "calibrated": lambda sure: sure,
        "10 points too sure": lambda sure: sure - 0.1,
        "in waves": lambda sure: sure + 0.08 * np.sin(9 * sure),
        "too modest": lambda sure: sure**0.6,
    }

    def draw(n: int, shape: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Drawn:
        sure = 0.5 + 0.5 * random.beta(1.5, 1, n)
        right = random.random(n) < np.clip(shape(sure), 0, 1)
        outputs = np.stack([sure, 1 - sure], axis=1).astype(np.float32)
        return np.where(right, 0, 1), outputs, None

    metric = "expected_calibration_error"
    for name, shape in shapes.items():
        truth = score(METRICS[metric], *draw(1_000_000, shape)[:2])
        for n in (30, 200, 2000):
            found = [
                intervals_of("single-label", [draw(n, shape)], only=[metric])[metric] for _ in range(repetitions // 2)
            ]
            covered = np.mean([low <= truth <= high for low, high in found])
            width = np.median([high - low for low, high in found])
            say(f"calibration error {truth:.3f}, {name}, {n:5,} images: covered {covered:.1%}, width {width:.3f}")


def say(text: str) -> None:
    """Print at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
