"""Resampling of test images and of clusters of them, and the intervals that follow."""

from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from artbench.errors import ArtbenchError
from artbench.protocol import Bootstrap
from artbench.stats.bootstrap import Sampled, combine, interval, resamples
from artbench.stats.metrics import METRICS, find_metric, metrics_of, sample, score
from tests.support.estimates import ends, evaluate

BOOTSTRAP = Bootstrap(resamples=300)


def drawn(n: int, bootstrap: Bootstrap, clusters: list[str] | None = None) -> NDArray[np.float32]:
    return np.concatenate(list(resamples(n, bootstrap=bootstrap, clusters=clusters)), axis=1)


def single(n: int, *, accuracy: float, seed: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Labels of two classes, predicted rightly at a known rate."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, n)
    right = random.random(n) < accuracy
    return labels, np.eye(2, dtype=np.float32)[np.where(right, labels, 1 - labels)]


def test_a_resample_has_as_many_images_as_the_test() -> None:
    counts = drawn(50, Bootstrap(resamples=300))
    assert counts.shape == (50, 300)
    assert (counts.sum(axis=0) == 50).all()
    assert counts.mean(axis=1) == pytest.approx(1, abs=0.25)
    assert len(np.unique(counts, axis=1).T) == 300


def test_the_same_seed_draws_the_same() -> None:
    np.testing.assert_array_equal(drawn(30, BOOTSTRAP), drawn(30, BOOTSTRAP))
    assert not np.array_equal(drawn(30, BOOTSTRAP), drawn(30, Bootstrap(resamples=300, seed=1)))


def test_clusters_are_drawn_whole() -> None:
    clusters = ["a"] * 5 + ["b"] * 3 + ["c"] + ["a"]
    counts = drawn(10, Bootstrap(resamples=200), clusters)
    for members in ([0, 1, 2, 3, 4, 9], [5, 6, 7]):
        assert (counts[members] == counts[members[0]]).all()
    # As many clusters as there are, however many images they bring.
    assert (counts[0] + counts[5] + counts[8] == 3).all()
    assert len(set(counts.sum(axis=0).tolist())) > 1


def test_intervals_cover_a_known_rate_about_as_often_as_they_say() -> None:
    covered = 0
    for seed in range(200):
        labels, probabilities = single(150, accuracy=0.7, seed=seed)
        estimate = evaluate(labels, probabilities, target="single-label", bootstrap=BOOTSTRAP)["accuracy"]
        covered += ends(estimate)[0] <= 0.7 <= ends(estimate)[1]
    assert 0.88 <= covered / 200 <= 0.99


def test_the_interval_of_accuracy_is_as_wide_as_the_binomial_says() -> None:
    labels, probabilities = single(400, accuracy=0.8, seed=3)
    estimate = evaluate(labels, probabilities, target="single-label", bootstrap=Bootstrap())["accuracy"]
    deviation = np.sqrt(estimate.value * (1 - estimate.value) / 400)
    assert ends(estimate)[1] - ends(estimate)[0] == pytest.approx(2 * 1.96 * deviation, rel=0.1)


def test_images_that_stand_and_fall_together_widen_the_interval() -> None:
    labels, probabilities = single(40, accuracy=0.6, seed=0)
    labels, probabilities = labels.repeat(25), probabilities.repeat(25, axis=0)
    painters = np.arange(40).repeat(25).tolist()

    def width(clusters: list[int] | None) -> float:
        estimate = evaluate(labels, probabilities, target="single-label", bootstrap=BOOTSTRAP, clusters=clusters)[
            "accuracy"
        ]
        return ends(estimate)[1] - ends(estimate)[0]

    assert width(painters) > 4 * width(None)


def test_percentiles_leave_out_resamples_without_a_value() -> None:
    values = np.append(np.arange(101) / 100, np.nan)
    assert interval(values, level=0.95) == pytest.approx((0.025, 0.975))
    assert interval(values, level=0.5) == pytest.approx((0.25, 0.75))
    with pytest.raises(ValueError, match="no resample"):
        interval([np.nan], level=0.95)


def outcomes(kind: str) -> tuple[NDArray[np.int64] | NDArray[np.bool_], NDArray[np.float32]]:
    random = np.random.default_rng(1)
    probabilities = random.dirichlet(np.full(7, 0.3), 120).astype(np.float32)
    if kind == "single-label":
        return np.where(random.random(120) < 0.5, probabilities.argmax(1), random.integers(0, 6, 120)), probabilities
    return probabilities + 0.3 * random.random((120, 7)) > 0.4, probabilities


@pytest.mark.parametrize("kind", ["single-label", "multi-label"])
def test_every_metric_in_a_resample_is_what_it_is_on_the_images_drawn(
    kind: Literal["single-label", "multi-label"],
) -> None:
    labels, probabilities = outcomes(kind)
    names = [metric.name for metric in metrics_of(kind)]
    thresholds = dict.fromkeys(names, 0.25)
    bootstrap = Bootstrap(resamples=40)
    estimates = evaluate(labels, probabilities, target=kind, bootstrap=bootstrap, thresholds=thresholds)
    counts = drawn(len(labels), bootstrap).astype(int)
    for name in names:
        # A class that the resample lacks is still a class of the test.
        scale = 1.0
        values = []
        for column in counts.T:
            again, chances = labels.repeat(column, axis=0), probabilities.repeat(column, axis=0)
            if name == "mean_class_accuracy":
                scale = len(np.unique(labels)) / len(np.unique(again))
            values.append(scale * score(METRICS[name], again, chances, thresholds=thresholds))
        assert estimates[name].ci95 == pytest.approx(interval(values, level=0.95), abs=1e-5), name
        assert estimates[name].value == score(METRICS[name], labels, probabilities, thresholds=thresholds)


@pytest.mark.parametrize("kind", ["single-label", "multi-label"])
@pytest.mark.parametrize("perfect", [True, False])
def test_everything_lies_between_nothing_and_one(kind: Literal["single-label", "multi-label"], perfect: bool) -> None:
    labels, _ = outcomes(kind)
    truth = (np.eye(7)[labels.astype(int)] if kind == "single-label" else labels).astype(np.float32)
    probabilities: NDArray[np.float32] = (
        truth if perfect else (1 - truth) / np.float32(6 if kind == "single-label" else 1)
    )
    for name, estimate in evaluate(
        labels, probabilities, target=kind, bootstrap=BOOTSTRAP, thresholds={"sample_f2": 0.5, "micro_f1": 0.5}
    ).items():
        assert 0 <= ends(estimate)[0] <= ends(estimate)[1] <= 1, name
        assert 0 <= estimate.value <= 1, name
        if perfect and name not in ("sample_f2", "mean_class_accuracy"):
            assert estimate.value == (1 if METRICS[name].higher_is_better else 0), name


def test_no_test_image_is_an_error_that_says_so() -> None:
    with pytest.raises(ArtbenchError, match="no test images"):
        evaluate(np.zeros(0, np.int64), np.zeros((0, 3), np.float32), target="single-label", bootstrap=BOOTSTRAP)


def test_a_test_without_a_single_label_is_an_error_that_says_so() -> None:
    with pytest.raises(ArtbenchError, match="no test image has a label"):
        evaluate(np.zeros((9, 3), bool), np.ones((9, 3), np.float32), target="multi-label", bootstrap=BOOTSTRAP)


def test_one_image_has_an_interval_of_no_width() -> None:
    estimates = evaluate(np.array([1]), np.array([[0.2, 0.8]], np.float32), target="single-label", bootstrap=BOOTSTRAP)
    assert estimates["accuracy"].ci95 == (1, 1)


def test_a_metric_needs_to_be_known_for_the_kind_of_target() -> None:
    assert find_metric("accuracy", "single-label").name == "accuracy"
    for name in ("accuracy", "acuracy"):
        with pytest.raises(ArtbenchError, match="mean_average_precision"):
            find_metric(name, "multi-label")


def test_without_thresholds_metrics_that_need_one_are_left_out() -> None:
    labels, probabilities = outcomes("multi-label")
    estimates = evaluate(labels, probabilities, target="multi-label", bootstrap=BOOTSTRAP)
    assert "sample_f2" not in estimates
    assert "mean_average_precision" in estimates


def test_rounds_that_differ_widen_the_interval_of_their_mean() -> None:
    def drawn(accuracy: float, seed: int) -> dict[str, Sampled]:
        labels, probabilities = single(1000, accuracy=accuracy, seed=seed)
        return sample(labels, probabilities, target="single-label", bootstrap=BOOTSTRAP)

    alike = [drawn(0.7, seed) for seed in range(5)]
    different = [drawn(0.5 + 0.1 * seed, seed) for seed in range(5)]
    narrow, wide = (combine(rounds, bootstrap=BOOTSTRAP)["accuracy"] for rounds in (alike, different))
    assert wide.value == pytest.approx(np.mean([metrics["accuracy"].value for metrics in different]))
    assert ends(narrow)[1] - ends(narrow)[0] < 0.06
    # The standard error of a mean of five that are 0.14 apart, less what five can tell of it.
    assert 0.15 < ends(wide)[1] - ends(wide)[0] < 0.35


def test_one_round_is_the_plain_bootstrap() -> None:
    labels, probabilities = single(200, accuracy=0.7, seed=0)
    drawn = sample(labels, probabilities, target="single-label", bootstrap=BOOTSTRAP)["accuracy"]
    estimate = combine([{"accuracy": drawn}], bootstrap=BOOTSTRAP)["accuracy"]
    assert estimate.ci95 == interval(drawn.resampled, level=0.95)
    assert estimate.value == drawn.value
