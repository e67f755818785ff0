"""Intervals from the metric without each unit: what they promise, against references, and how often they cover."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binomtest

from artbench.errors import ArtbenchError
from artbench.protocol import LINEAR_V1, LINEAR_V2, Bootstrap, Intervals, Protocol
from artbench.records.publishing import image_digests
from artbench.stats.bootstrap import Estimate
from artbench.stats.intervals import clopper_pearson, interval_of
from artbench.stats.left_out import averaged, left_out
from artbench.stats.metrics import METRICS, score
from artbench.stats.scoring import Scorer
from artbench.stats.units import RoundTest, units_of
from tests.support.estimates import ends

Target = Literal["single-label", "multi-label", "year"]
TARGETS: tuple[Target, ...] = ("single-label", "multi-label", "year")
THRESHOLDS = {"sample_f2": 0.3, "micro_f1": 0.4}
Predicted = tuple[NDArray[Any], NDArray[np.float32]]


def predicted(target: Target, n: int, *, seed: int = 0, strength: float = 1.5) -> Predicted:
    """Labels of `n` images, and outputs that are the better the larger `strength` is."""
    random = np.random.default_rng(seed)
    if target == "year":
        years = random.uniform(1500, 1900, n).round()
        return years, (years + 90 * random.normal(size=n) / (1 + strength)).astype(np.float32)[:, None]
    if target == "multi-label":
        many = random.random((n, 4)) < 0.4
        many[:, 0] |= ~many.any(axis=1)
        return many, (1 / (1 + np.exp(strength * (1 - 2 * many) - random.normal(size=(n, 4))))).astype(np.float32)
    labels = np.arange(n) % 3
    logits = random.normal(size=(n, 3))
    logits[np.arange(n), labels] += strength
    chances = np.exp(logits)
    return labels, (chances / chances.sum(axis=1, keepdims=True)).astype(np.float32)


def estimates(
    target: Target, given: Predicted, *, clusters: Any = None, protocol: Protocol = LINEAR_V2, rounds: int = 1
) -> dict[str, Estimate]:
    """Metrics with intervals; with several rounds, of parts of the images one after the other."""
    labels, outputs = given
    parts = np.array_split(np.arange(len(labels)), rounds)
    tests = [
        RoundTest(images=named(part), clusters=None if clusters is None else np.asarray(clusters)[part].tolist())
        for part in parts
    ]
    scorer = Scorer(tests, target=target, protocol=protocol)
    found = [scorer.score(at, labels[part], outputs[part], thresholds=THRESHOLDS) for at, part in enumerate(parts)]
    return scorer.estimates(found)


def named(images: Iterable[int]) -> list[str]:
    return image_digests(f"image {number}" for number in images)


@pytest.mark.parametrize("n", [1, 7, 50])
def test_a_plain_share_has_the_exact_interval(n: int) -> None:
    for hits in range(n + 1):
        exact = binomtest(hits, n).proportion_ci(0.95, method="exact")
        assert clopper_pearson(hits / n, n, level=0.95) == pytest.approx((exact.low, exact.high), abs=1e-9)
        outputs = np.where(np.arange(n) < hits, 0.9, 0.1)[:, None] * [1, -1] + [0, 1]
        found = estimates("single-label", (np.zeros(n, np.int64), outputs.astype(np.float32)))
        assert found["accuracy"].ci95 == pytest.approx((exact.low, exact.high), abs=1e-9)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("clusters", [None, np.repeat(np.arange(12), 5)])
def test_metrics_without_a_unit_are_those_of_the_other_images(target: Target, clusters: Any) -> None:
    labels, outputs = predicted(target, 60)
    test = RoundTest(images=named(range(60)), clusters=None if clusters is None else clusters.tolist())
    (units,) = units_of([test], intervals=Intervals())
    found = left_out(labels, outputs, target=target, units=units, thresholds=THRESHOLDS)
    for given, one in found.items():
        # Its influences are those of the exact mean average precision.
        name = "mean_average_precision" if given == "mean_average_precision_11_point" else given
        for unit in range(units.count):
            rest = units.of != unit
            expected = score(METRICS[name], labels[rest], outputs[rest], thresholds=THRESHOLDS)
            assert one.without[unit] - one.value == pytest.approx(expected - found[name].value, abs=1e-5), name
        assert one.shares.sum() == pytest.approx(1)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("strength", [0, 1.5, 100])
@pytest.mark.parametrize(("n", "painters"), [(1, None), (2, None), (40, None), (40, 1), (40, 2), (40, 13)])
@pytest.mark.parametrize("rounds", [1, 2])
def test_intervals_have_a_width_contain_the_value_and_keep_to_what_is_possible(
    target: Target, strength: float, n: int, painters: int | None, rounds: int
) -> None:
    given = predicted(target, n * rounds, strength=strength)
    clusters = None if painters is None else np.arange(n * rounds) % painters
    for name, one in estimates(target, given, clusters=clusters, rounds=rounds).items():
        low, high = ends(one)
        assert 0 <= low <= one.value <= high, name
        assert low < high, name
        assert np.isfinite(high), name
        assert high <= 1 or METRICS[name].unit == "years", name


def test_certain_and_right_about_everything_is_no_proof() -> None:
    labels = np.arange(30) % 3
    for clusters in (None, np.arange(30) % 5):
        found = estimates("single-label", (labels, np.eye(3, dtype=np.float32)[labels]), clusters=clusters)
        for name, one in found.items():
            assert ends(one)[1] - ends(one)[0] > 0.02, name
        assert ends(found["accuracy"])[0] < (0.9 if clusters is None else 0.7)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("clusters", [None, np.arange(80) % 9])
def test_neither_the_order_of_images_nor_names_matter(target: Target, clusters: Any) -> None:
    labels, outputs = predicted(target, 80)
    expected = estimates(target, (labels, outputs), clusters=clusters)
    assert estimates(target, (labels, outputs), clusters=clusters) == expected
    order = np.random.default_rng(1).permutation(80)
    renamed = None if clusters is None else [f"painter {number}" for number in (8 - clusters)[order]]
    other = estimates(target, (labels[order], outputs[order]), clusters=renamed)
    for name, one in expected.items():
        assert other[name].ci95 == pytest.approx(one.ci95, rel=1e-4), name


@pytest.mark.parametrize("clusters", [None, np.random.default_rng(2).integers(0, 250, 600)])
def test_the_order_of_more_images_than_are_left_out_one_by_one_does_not_matter(clusters: Any) -> None:
    years, outputs = predicted("year", 600)
    ids, few = named(range(600)), Intervals(most_units=100)
    order = np.random.default_rng(1).permutation(600)
    ends = []
    for rows, names in ((np.arange(600), str), (order, "painter {}".format)):
        painters = None if clusters is None else [names(number) for number in clusters[rows].tolist()]
        (units,) = units_of([RoundTest(images=[ids[row] for row in rows], clusters=painters)], intervals=few)
        assert units.count == 100
        assert np.ptp(np.bincount(units.of if clusters is None else units.singles)) == 0
        found = left_out(years[rows], outputs[rows], target="year", units=units)["mean_absolute_error"]
        ends.append((*interval_of(found, bounds=(0, None), intervals=few), found.carrying))
    assert ends[1] == pytest.approx(ends[0], rel=1e-9)


def test_classes_without_test_images_may_be_predicted_in_any_way() -> None:
    # Half of the classes are in the test; of those, four fifths are right.
    labels = np.repeat(np.arange(5), 20)
    right = np.arange(100) % 5 > 0
    outputs = np.eye(10, dtype=np.float32)[np.where(right, labels, (labels + 1) % 5)]
    found = estimates("single-label", (labels, outputs))
    there, low, high = found["balanced_accuracy"].value, *ends(found["balanced_accuracy"])
    assert there == pytest.approx(0.8)
    assert found["mean_class_accuracy"].value == pytest.approx(there / 2)
    assert found["mean_class_accuracy"].ci95 == pytest.approx((low / 2, high / 2 + 0.5))
    painter = estimates("single-label", (labels, outputs), clusters=np.zeros(100, int))
    assert painter["mean_class_accuracy"].ci95 == (0, 1)


def test_the_interval_of_macro_f1_is_around_the_value_less_its_bias() -> None:
    labels, outputs = predicted("single-label", 45)
    (units,) = units_of([RoundTest(images=named(range(45)))], intervals=Intervals())
    found = left_out(labels, outputs, target="single-label", units=units)["macro_f1"]
    assert abs(found.bias) > 1e-4
    around, plain = (
        interval_of(one, bounds=(0, 1), intervals=Intervals()) for one in (found, replace(found, biased=False))
    )
    assert np.mean(around) - np.mean(plain) == pytest.approx(-found.bias, rel=0.3)


def test_one_painter_says_nothing() -> None:
    years, outputs = predicted("year", 40)
    one_painter = np.zeros(40, int)
    found = estimates("year", (years, outputs), clusters=one_painter)
    assert found["mean_absolute_error"].ci95 == pytest.approx((0, np.ptp(years)))
    assert estimates("single-label", predicted("single-label", 40), clusters=one_painter)["accuracy"].ci95 == (0, 1)


def test_copies_of_an_image_in_a_cluster_say_no_more_than_the_image() -> None:
    labels, outputs = predicted("single-label", 200)
    alone = estimates("single-label", (labels, outputs))
    copied = (np.repeat(labels, 6), np.repeat(outputs, 6, axis=0))
    together = estimates("single-label", copied, clusters=np.repeat(np.arange(200), 6))
    for name in ("accuracy", "balanced_accuracy", "macro_f1"):
        assert together[name].ci95 == pytest.approx(alone[name].ci95, abs=0.01), name


def test_more_units_than_are_left_out_one_by_one_are_dealt_into_groups() -> None:
    given = predicted("year", 600)
    few = Intervals(most_units=100)
    protocol = Protocol(name="other", bootstrap=None, intervals=few)
    (units,) = units_of([RoundTest(images=named(range(600)))], intervals=few)
    assert units.count == 100
    assert np.bincount(units.of).tolist() == [6] * 100
    whole, grouped = (estimates("year", given, protocol=one)["mean_absolute_error"] for one in (LINEAR_V2, protocol))
    assert np.ptp(ends(grouped)) == pytest.approx(np.ptp(ends(whole)), rel=0.2)


def test_images_of_several_rounds_are_left_out_of_all() -> None:
    first, second = units_of([RoundTest(images="abc"), RoundTest(images="cbd")], intervals=Intervals())
    assert (first.of.tolist(), second.of.tolist()) == ([0, 1, 2], [2, 1, 3])
    assert (first.count, first.images) == (4, 4)


def test_rounds_that_differ_widen_the_interval() -> None:
    labels = np.zeros(400, np.int64)

    def widths(shares: list[float]) -> float:
        right = np.concatenate([np.arange(100) < 100 * share for share in shares])
        outputs = np.where(right, 0.9, 0.1)[:, None] * [1, -1] + [0, 1]
        found = estimates("single-label", (labels, outputs.astype(np.float32)), rounds=4)
        return float(np.ptp(ends(found["accuracy"])))

    assert widths([0.5, 0.6, 0.8, 0.9]) > 2 * widths([0.7] * 4)


def test_a_test_without_images_or_labels_is_refused() -> None:
    with pytest.raises(ArtbenchError, match="no test images"):
        estimates("single-label", (np.zeros(0, np.int64), np.zeros((0, 3), np.float32)))
    with pytest.raises(ArtbenchError, match="no test image has a label"):
        estimates("multi-label", (np.zeros((9, 3), bool), np.ones((9, 3), np.float32)))


def share(n: int, rate: float) -> Callable[[np.random.Generator], tuple[Predicted, Any]]:
    def draw(random: np.random.Generator) -> tuple[Predicted, Any]:
        outputs = np.where(random.random(n) < rate, 0.9, 0.1)[:, None] * [1, -1] + [0, 1]
        return (np.zeros(n, np.int64), outputs.astype(np.float32)), None

    return draw


def share_by_painter(painters: int, rate: float) -> Callable[[np.random.Generator], tuple[Predicted, Any]]:
    """A correlation of 0.2 between images of a painter."""

    def draw(random: np.random.Generator) -> tuple[Predicted, Any]:
        clusters = np.repeat(np.arange(painters), random.integers(1, 31, painters))
        liked = random.beta(4 * rate, 4 * (1 - rate), painters)[clusters]
        outputs = np.where(random.random(len(liked)) < liked, 0.9, 0.1)[:, None] * [1, -1] + [0, 1]
        return (np.zeros(len(liked), np.int64), outputs.astype(np.float32)), clusters

    return draw


def skewed_years(n: int) -> Callable[[np.random.Generator], tuple[Predicted, Any]]:
    def draw(random: np.random.Generator) -> tuple[Predicted, Any]:
        return (np.full(n, 1500.0), (1500 + random.exponential(40, n)).astype(np.float32)[:, None]), None

    return draw


@pytest.mark.integration
@pytest.mark.parametrize(
    ("target", "metric", "truth", "draw"),
    [
        ("single-label", "accuracy", 0.95, share(20, 0.95)),
        ("single-label", "accuracy", 0.98, share(50, 0.98)),
        ("single-label", "accuracy", 0.7, share_by_painter(5, 0.7)),
        ("single-label", "accuracy", 0.9, share_by_painter(10, 0.9)),
        ("year", "mean_absolute_error", 40.0, skewed_years(20)),
    ],
    ids=["20 images", "50 images", "5 painters", "10 painters", "20 years"],
)
def test_intervals_cover_where_resampled_ones_do_not(
    target: Target, metric: str, truth: float, draw: Callable[[np.random.Generator], tuple[Predicted, Any]]
) -> None:
    random = np.random.default_rng(7)
    covered = {"left out": 0, "resampled": 0}
    trials = 120
    fewer = replace(LINEAR_V1, bootstrap=Bootstrap(resamples=200))
    for _ in range(trials):
        given, clusters = draw(random)
        for method, protocol in (("left out", LINEAR_V2), ("resampled", fewer)):
            low, high = narrow(target, metric, given, clusters, protocol)
            covered[method] += low <= truth <= high
    assert covered["left out"] / trials >= 0.93
    assert covered["resampled"] / trials < 0.93


def narrow(target: Target, metric: str, given: Predicted, clusters: Any, protocol: Protocol) -> tuple[float, float]:
    """The interval of one metric; the others take time."""
    labels, outputs = given
    if protocol.intervals is None:
        return ends(estimates(target, given, clusters=clusters, protocol=protocol)[metric])
    test = RoundTest(images=named(range(len(labels))), clusters=None if clusters is None else clusters.tolist())
    (units,) = units_of([test], intervals=protocol.intervals)
    found = left_out(labels, outputs, target=target, units=units, only=[metric])
    return interval_of(averaged([found[metric]]), bounds=METRICS[metric].bounds, intervals=protocol.intervals)
