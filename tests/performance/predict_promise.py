"""How often `artbench predict` keeps what it promises, by simulation with real probes.

Pictures are drawn from classes that overlap, or have a year that features tell roughly; train is drawn again each time,
the probe fitted, and the threshold or the interval chosen as `artbench predict` does. The truth is that of many fresh
pictures. A threshold may fall short of its precision in at most 5 of 100 draws; intervals should hold the stated share
of years on average. Beside them stands what is usually done: the threshold at which the share of right answers among
the images it is chosen on is the one asked for.

Run: python -m tests.performance.predict_promise [DRAWS [CASE]]
"""

import sys
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artbench.catalogue.calibration import fitted_temperature
from artbench.catalogue.coverage import margin_of
from artbench.catalogue.precision import Judged, choose_threshold
from artbench.data.outputs import Leading
from artbench.probe.features import LabelledFeatures, Rows
from artbench.probe.linear import FittedProbe, fit_probe, outputs_of
from artbench.probe.out_of_fold import held_out_folds
from artbench.probe.ridge import fit_ridge
from artbench.protocol import LINEAR_V2
from artbench.runtime.progress import Silent
from artbench.stats.intervals import clopper_pearson
from tests.performance.probe_common import say, say_machine

SEED = 20261130
FRESH = 10_000
PRECISIONS, COVERAGE = (0.9, 0.95), 0.9
_CLASSES, _WIDTH = 6, 24


@dataclass(frozen=True, kw_only=True)
class Case:
    """A kind of collection.

    Attributes:
        images: Number of training images.
        overlap: Standard deviation of features in a class, whose centres are at a distance of about 1.
        painters: Number of painters, each with a manner of his own; 0: images are independent.
        mislabelled: Share of wrong labels.
    """

    images: int
    overlap: float = 0.35
    painters: int = 0
    mislabelled: float = 0.0


CASES = {
    "60 painters, 1,200 images": Case(images=1200, painters=60),
    "400 images": Case(images=400),
    "2,000 images": Case(images=2000),
    "2 % wrong labels, 2,000 images": Case(images=2000, mislabelled=0.02),
}


def main(draws: str = "100", only: str = "") -> None:
    """Every case, or those whose names begin so."""
    say_machine()
    for name, images, each in (("years, 400 images", 400, 1), ("years, 60 painters, 1,200 images", 1200, 20)):
        if name.startswith(only):
            _years(name, images, each, int(draws))
    for name, case in CASES.items():
        if name.startswith(only):
            _precision(name, case, int(draws))


def _drawn(
    random: np.random.Generator, case: Case, images: int
) -> tuple[NDArray[np.float32], NDArray[np.int64], list[str]]:
    """Return features, labels and the painter of each image."""
    centres = np.random.default_rng(SEED).normal(size=(_CLASSES, _WIDTH)) / np.sqrt(_WIDTH)
    labels, noise = random.integers(0, _CLASSES, images), case.overlap * random.normal(size=(images, _WIDTH))
    painter = np.arange(images)
    if case.painters:
        painter = np.sort(random.integers(0, case.painters * images // case.images, images))
        labels = random.integers(0, _CLASSES, painter.max() + 1)[painter]
        noise = 0.6 * noise + 0.8 * (case.overlap * random.normal(size=(painter.max() + 1, _WIDTH)))[painter]
    wrong = random.random(images) < case.mislabelled
    features = (centres[labels] + noise).astype(np.float32)
    return features, np.where(wrong, random.integers(0, _CLASSES, images), labels), [str(one) for one in painter]


def _precision(name: str, case: Case, draws: int) -> None:
    short, usual = dict.fromkeys(PRECISIONS, 0), dict.fromkeys(PRECISIONS, 0)
    silent = dict.fromkeys(PRECISIONS, 0)
    answered: dict[float, list[float]] = {precision: [] for precision in PRECISIONS}
    for number in range(draws):
        random = np.random.default_rng([SEED, number])
        features, labels, painters = _drawn(random, case, case.images)
        probe, judged, temperature = _judged(features, labels, painters if case.painters else None)
        # Each by a painter of its own: the truth is of all painters, not of a few hundred.
        fresh, truth, _ = _drawn(random, replace(case, painters=0), FRESH)
        found = _leading(Rows(fresh), probe.weight, probe.bias, temperature)
        sure, hits = found.probabilities[:, 0], found.classes[:, 0] == truth
        for precision in PRECISIONS:
            chosen = choose_threshold(judged, precision=precision)
            short[precision] += _kept(chosen.value, sure, hits) < precision
            silent[precision] += not chosen.answers
            answered[precision].append(float((sure >= chosen.value).mean()))
            usual[precision] += _kept(_usual(judged, precision), sure, hits) < precision
    for precision in PRECISIONS:
        low, high = clopper_pearson(short[precision] / draws, draws, level=0.95)
        say(
            f"{name}, {precision:.2f} asked for: fell short in {short[precision] / draws:.1%} "
            f"[{100 * low:.1f}, {100 * high:.1f}] of {draws} draws, answered {np.mean(answered[precision]):.0%} of "
            f"pictures, nothing in {silent[precision] / draws:.0%} of draws; the usual threshold fell short in "
            f"{usual[precision] / draws:.0%}"
        )


def _judged(
    features: NDArray[np.float32], labels: NDArray[np.int64], painters: list[str] | None
) -> tuple[FittedProbe, Judged, float]:
    """Return the probe, answers to the images by probes that were not fitted on them, and the temperature."""
    ids = [f"{at:06}" for at in range(len(labels))]
    images = LabelledFeatures(rows=Rows(features), labels=labels, ids=ids, groups=painters)
    kind: dict[str, Any] = {"classes": _CLASSES, "target": "single-label", "device": "cpu"}
    probe = fit_probe(images, None, probe=LINEAR_V2.probe, reporter=Silent(), **kind)
    folds = list(held_out_folds(images, together=painters or ids, l2=probe.l2, protocol=LINEAR_V2, **kind))
    temperature = fitted_temperature(folds, labels, target="single-label")
    parts = [_leading(fold.rows, fold.weight, fold.bias, temperature) for fold in folds]
    places = np.concatenate([fold.positions for fold in folds])
    judged = Judged(
        confidence=np.concatenate([part.probabilities[:, 0] for part in parts]),
        right=np.concatenate([part.classes[:, 0] for part in parts]) == labels[places],
        images=[ids[at] for at in places.tolist()],
        clusters=None if painters is None else [int(painters[at]) for at in places.tolist()],
    )
    return probe, judged, temperature


def _leading(rows: Rows, weight: NDArray[np.float64], bias: NDArray[np.float64], temperature: float) -> Leading:
    found = outputs_of(rows, weight / temperature, bias / temperature, "single-label")
    assert isinstance(found, Leading)
    return found


def _kept(threshold: float, sure: NDArray[np.floating], hits: NDArray[np.bool_]) -> float:
    above = sure >= threshold
    return float(hits[above].mean()) if above.any() else 1.0


def _usual(judged: Judged, precision: float) -> float:
    order = np.argsort(-judged.confidence, kind="stable")
    shares = np.cumsum(judged.right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(shares >= precision)
    return float(judged.confidence[order[enough[-1]]]) if len(enough) else float("inf")


def _dated(
    random: np.random.Generator, images: int, each: int
) -> tuple[NDArray[np.float32], NDArray[np.float64], list[str]]:
    """Return features, years and painters, each with about `each` images; 1: images are independent."""
    direction = np.random.default_rng(SEED).normal(size=_WIDTH) / np.sqrt(_WIDTH)
    features, painter = random.normal(size=(images, _WIDTH)), np.arange(images)
    if each > 1:
        painter = np.sort(random.integers(0, images // each, images))
        features = 0.6 * features + 0.8 * random.normal(size=(painter.max() + 1, _WIDTH))[painter]
    # Errors with a long tail, as dates of paintings have.
    years = 1750 + 60 * features @ direction + 30 * random.standard_t(4, images)
    return features.astype(np.float32), years, [str(one) for one in painter]


def _years(name: str, size: int, each: int, draws: int) -> None:
    protocol, held = LINEAR_V2.for_years(), []
    for number in range(draws):
        random = np.random.default_rng([SEED, 1, number])
        features, years, painters = _dated(random, size, each)
        ids = [f"{at:06}" for at in range(size)]
        images = LabelledFeatures(rows=Rows(features), labels=years, ids=ids, groups=painters if each > 1 else None)
        ridge = fit_ridge(images, None, target="year", probe=protocol.probe, device="cpu")
        folds = held_out_folds(
            images, together=painters, classes=0, target="year", l2=ridge.l2, protocol=protocol, device="cpu"
        )
        margin = margin_of(folds, years, coverage=COVERAGE)
        assert margin is not None
        fresh, truth, _ = _dated(random, FRESH, 1)
        held.append(float((np.abs(ridge.years(Rows(fresh))[:, 0] - truth) <= margin).mean()))
    mean, error = np.mean(held), 1.96 * np.std(held) / np.sqrt(draws)
    say(
        f"{name}, {COVERAGE:.2f} asked for: intervals hold {mean:.1%} [{100 * (mean - error):.1f}, "
        f"{100 * (mean + error):.1f}] of years on average over {draws} draws, {np.quantile(held, 0.05):.1%} or more in "
        "95 of 100"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
