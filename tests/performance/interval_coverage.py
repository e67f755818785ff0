"""How often the intervals of 95 % cover the true value, for every metric, few images and few clusters, by simulation.

Run: python -m tests.performance.interval_coverage [REPETITIONS [CASE]]
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from artbench.specs import TargetKind
from artbench.stats.intervals import (
    averaged,
    calibration_interval,
    clopper_pearson,
    fraction_interval,
    groups_of,
    positive_interval,
)
from artbench.stats.left_out import ROUGH, left_out
from artbench.stats.metrics import METRICS, score

LEVEL = 0.95
REPETITIONS = 2000
_THRESHOLDS = {"sample_f2": 0.2, "micro_f1": 0.3}

Drawn = tuple[NDArray[np.generic], NDArray[np.float32], NDArray[np.int64] | None]
Draw = Callable[[np.random.Generator, int], Drawn]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A kind of test: what is drawn, of how many images or clusters."""

    target: TargetKind
    draw: Draw
    size: int
    many: int
    only: tuple[str, ...] | None = None


def _members(random: np.random.Generator, size: int, *, clustered: bool) -> NDArray[np.int64] | None:
    return np.repeat(np.arange(size), random.integers(1, 51, size)) if clustered else None


def single(size: int, classes: int, strength: float, *, within: float = 0.0, **rest: object) -> Case:
    """One class an image, of unequal classes; `within` is how alike the images of a cluster are."""
    shares = 1 / np.arange(2, classes + 2)
    shares /= shares.sum()

    def draw(random: np.random.Generator, size: int) -> Drawn:
        clusters = _members(random, size, clustered=within > 0)
        n = size if clusters is None else len(clusters)
        labels = random.choice(classes, n, p=shares)
        logits = random.normal(size=(n, classes))
        logits[np.arange(n), labels] += strength
        if clusters is not None:
            logits += within * random.normal(size=(size, classes))[clusters]
            logits[np.arange(n), labels] += within * random.normal(size=size)[clusters]
        chances = np.exp(logits)
        return labels, (chances / chances.sum(axis=1, keepdims=True)).astype(np.float32), clusters

    return Case(target="single-label", draw=draw, size=size, many=2_000 if within else 60_000, **rest)  # type: ignore[arg-type]


def multi(size: int, classes: int, rate: float, strength: float, *, within: float = 0.0) -> Case:
    """Any number of labels an image, each with a share `rate` of the images."""

    def draw(random: np.random.Generator, size: int) -> Drawn:
        clusters = _members(random, size, clustered=within > 0)
        n = size if clusters is None else len(clusters)
        labels = random.random((n, classes)) < rate
        logits = random.normal(strength * labels - 2, 1)
        if clusters is not None:
            logits += within * random.normal(size=(size, classes))[clusters]
        return labels, (1 / (1 + np.exp(-logits))).astype(np.float32), clusters

    return Case(target="multi-label", draw=draw, size=size, many=2_000 if within else 60_000)


def years(size: int, shape: str, *, within: float = 0.0) -> Case:
    """Errors of 40 years on average, of a shape."""

    def draw(random: np.random.Generator, size: int) -> Drawn:
        clusters = _members(random, size, clustered=within > 0)
        n = size if clusters is None else len(clusters)
        if shape == "half-normal":
            errors = np.abs(random.normal(size=n)) / np.sqrt(2 / np.pi)
        elif shape == "exponential":
            errors = random.exponential(size=n)
        else:
            errors = random.lognormal(-0.72, 1.2, n)
        if clusters is not None:
            errors *= np.exp(within * random.normal(size=size) - within**2 / 2)[clusters]
        return np.full(n, 1500.0), (1500 + 40 * errors).astype(np.float32)[:, None], clusters

    return Case(target="year", draw=draw, size=size, many=200_000 if not within else 20_000)


CASES: dict[str, Case] = {
    "50 images, 5 classes": single(50, 5, 2),
    "100 images, 10 classes": single(100, 10, 2),
    "300 images, 30 classes": single(300, 30, 3),
    "300 images, 30 classes, hard": single(300, 30, 1.5),
    "100 images, 5 classes, nearly all right": single(100, 5, 4.5),
    "5 painters, 5 classes": single(5, 5, 2, within=0.7),
    "10 painters, 5 classes": single(10, 5, 2, within=0.7),
    "20 painters, 5 classes": single(20, 5, 2, within=0.7),
    "50 painters, 5 classes": single(50, 5, 2, within=0.7),
    "100 images, 6 labels": multi(100, 6, 0.15, 1.2),
    "150 images, 6 rare labels": multi(150, 6, 0.02, 1.2),
    "150 images, 6 labels, easy": multi(150, 6, 0.15, 3.5),
    "5 painters, 6 labels": multi(5, 6, 0.15, 1.5, within=0.7),
    "10 painters, 6 labels": multi(10, 6, 0.15, 1.5, within=0.7),
    "20 painters, 6 labels": multi(20, 6, 0.15, 1.5, within=0.7),
    **{f"{n} images, {shape} errors": years(n, shape) for n in (20, 50, 100, 200)
       for shape in ("half-normal", "exponential", "lognormal")},
    **{f"{n} painters, half-normal errors": years(n, "half-normal", within=0.5) for n in (5, 10, 20, 50)},
}  # fmt: skip


def main() -> None:
    """Plain shares exactly, clustered shares, then every metric of every case."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else REPETITIONS
    words = " ".join(sys.argv[2:])
    if not words or words == "plain":
        plain()
    if words == "rounds":
        for rounds in (2, 3, 5, 10):
            say(f"{rounds:2} draws, same 200 images: {few_shot(rounds, repetitions, same=True)}")
            say(f"{rounds:2} splits of 200 images:   {few_shot(rounds, repetitions, same=False)}")
    if not words or words == "calibration":
        calibration(repetitions)
    for name, case in CASES.items():
        if name.startswith(words):
            cover(name, case, repetitions)


def plain() -> None:
    """Coverage of a plain share, summed over all outcomes: no simulation."""
    for n in (5, 10, 20, 50, 100, 500, 5000):
        ends = np.array([clopper_pearson(hits / n, n, level=LEVEL) for hits in range(n + 1)])
        shares = np.unique(np.append(np.linspace(0.001, 0.999, 999), (0.95, 0.98)))[:, None]
        chances = binom.pmf(np.arange(n + 1), n, shares)
        covered = (chances * ((ends[:, 0] <= shares) & (shares <= ends[:, 1]))).sum(axis=1)
        at = {share: covered[np.argmin(np.abs(shares[:, 0] - share))] for share in (0.5, 0.95, 0.98)}
        told = ", ".join(f"p={share}: {value:.1%}" for share, value in at.items())
        say(
            f"share of {n:5,} images: at least {covered.min():.1%}, {told}; never narrower than {np.ptp(ends, axis=1).min():.2g}"
        )


def cover(name: str, case: Case, repetitions: int) -> None:
    """Print the coverage of every metric of a case."""
    random = np.random.default_rng(0)
    first = left(case, case.draw(np.random.default_rng(1), case.size))
    truth = truths(case, tuple(first))
    hits: dict[str, list[tuple[bool, float]]] = {metric: [] for metric in first}
    for _ in range(repetitions):
        drawn = case.draw(random, case.size)
        for metric, (low, high) in left(case, drawn).items():
            hits[metric].append((low <= truth[metric] <= high, high - low))
    say(f"{name}:")
    for metric, found in hits.items():
        covered, widths = np.array(found, float).T
        say(
            f"    {metric:34} true {truth[metric]:8.3f}  covered {covered.mean():6.1%}  width {np.median(widths):7.3f}  least {widths.min():.2g}"
        )


def left(case: Case, drawn: Drawn) -> dict[str, tuple[float, float]]:
    labels, outputs, clusters = drawn
    given = None if clusters is None else clusters.tolist()
    found = left_out(labels, outputs, target=case.target, thresholds=_THRESHOLDS, clusters=given)  # type: ignore[arg-type]
    return {
        name: positive_interval(one, level=LEVEL)
        if METRICS[name].unit == "years"
        else fraction_interval(one, images=len(labels), level=LEVEL)
        for name, one in found.items()
        if name != "expected_calibration_error"
    }


def truths(case: Case, metrics: tuple[str, ...]) -> dict[str, float]:
    """The metrics of a test without end; of 11-point precision, which depends on the size of the test, of such tests."""
    random = np.random.default_rng(2)
    labels, outputs, _ = case.draw(random, case.many)
    found = {name: score(METRICS[name], labels, outputs, thresholds=_THRESHOLDS) for name in metrics}  # type: ignore[arg-type]
    if ROUGH in found:
        drawn = [case.draw(random, case.size) for _ in range(400)]
        found[ROUGH] = float(np.mean([score(METRICS[ROUGH], labels, outputs) for labels, outputs, _ in drawn]))  # type: ignore[arg-type]
    return found


def few_shot(rounds: int, repetitions: int, *, same: bool) -> str:
    """Accuracy over rounds, of which each suits the encoder more or less."""
    random = np.random.default_rng(0)
    told = []
    for luck in (0.0, 0.03, 0.1):
        covered, widths = 0, []
        for _ in range(repetitions):
            drift = luck * random.normal(size=rounds)
            hard = (
                np.repeat(random.beta(3.5, 1.5, (1, 200)), rounds, 0) if same else random.beta(3.5, 1.5, (rounds, 200))
            )
            right = random.random((rounds, 200)) < np.clip(hard + drift[:, None], 0, 1)
            numbers = [np.arange(200) if same else 200 * k + np.arange(200) for k in range(rounds)]
            groups = groups_of(np.concatenate(numbers).tolist())
            total = int(groups.max()) + 1
            made = []
            for k in range(rounds):
                outputs = np.where(right[k], 0.9, 0.1)[:, None] * np.array([1.0, -1.0]) + np.array([0.0, 1.0])
                made.append(left_out(np.zeros(200, np.int64), outputs.astype(np.float32), target="single-label",
                    groups=groups[200 * k : 200 * k + 200], units=total, only=("accuracy",))["accuracy"])  # fmt: skip
            low, high = fraction_interval(averaged(made), images=200 * (1 if same else rounds), level=LEVEL)
            covered += low <= 0.7 <= high
            widths.append(high - low)
        told.append(f"scatter {luck}: {covered / repetitions:.1%}, width {np.median(widths):.3f}")
    return "; ".join(told)


def calibration(repetitions: int) -> None:
    """Calibration error of encoders that are calibrated, or not in several ways."""
    random = np.random.default_rng(0)
    bins = 15
    shapes: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
        "calibrated": lambda c: c,
        "5 points too sure": lambda c: c - 0.05,
        "15 points too sure": lambda c: c - 0.15,
        "in waves": lambda c: c + 0.1 * np.sin(7 * c),
        "too modest": lambda c: c + 0.4 * c * (1 - c),
    }
    for n in (20, 100, 500, 5000):
        for name, shape in shapes.items():

            def binned(count: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
                sure = 1 - 0.95 * random.beta(1, 2.2, count)
                return sure, np.clip(shape(sure), 0, 1), np.clip(np.ceil(sure * bins).astype(np.int64) - 1, 0, bins - 1)  # noqa: B023

            sure, chance, at = binned(1_000_000)
            truth = np.abs(np.bincount(at, sure - chance, bins)).sum() / 1_000_000
            covered, widths = 0, []
            for _ in range(repetitions // 4):
                sure, chance, at = binned(n)
                gap = sure - (random.random(n) < chance)
                gaps, errors = binned_gaps(gap, sure, at, bins)
                low, high = calibration_interval(gaps, errors, level=LEVEL)
                covered += low <= truth + 1e-9 and truth <= high
                widths.append(high - low)
            say(
                f"calibration error, {n:5,} images, {name:20} true {truth:.3f}  covered {4 * covered / repetitions:.1%}  width {np.median(widths):.3f}"
            )


def binned_gaps(
    gap: NDArray[np.float64], sure: NDArray[np.float64], at: NDArray[np.int64], bins: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    n = len(gap)
    count = np.maximum(np.bincount(at, minlength=bins), 1)
    sums = np.bincount(at, gap, bins)
    seen = (np.bincount(at, gap**2, bins) - sums**2 / count) * count / np.maximum(count - 1, 1)
    # A bin in which all images are right varies as much as its confidence says, at least.
    return sums / n, np.sqrt(np.maximum(seen, np.bincount(at, sure * (1 - sure), bins))) / n


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
