"""The metrics of retrieval against plain references, written as their sources define them."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from artbench.data import Answers, Rankings
from artbench.stats.metrics import METRICS, metrics_of
from artbench.stats.plain import plain_value
from artbench.testing import metric as kit


def answers(n: int = 200, *, seed: int = 0, ties: bool = False) -> Answers:
    """Answers to queries to an index of 90 pictures; those of label -1 are distractors."""
    random = np.random.default_rng(seed)
    labels = random.integers(-1, 12, n)
    places = [np.sort(random.choice(90, 0 if label < 0 else int(random.integers(1, 9)), replace=False)) + 1
              for label in labels.tolist()]  # fmt: skip
    nearest = np.array([label if 1 in found else -1 for label, found in zip(labels, places, strict=True)], np.int64)
    similarity = random.integers(0, 9, n) / 9 if ties else random.random(n)
    return Answers.of(labels, Rankings.of(places, nearest=nearest, similarity=similarity))


def value(name: str, given: Answers) -> float:
    return plain_value(METRICS[name], given, defined=True)


def hits(given: Answers) -> list[list[bool]]:
    """For each query that is no distractor, which places of the whole ranking are hits."""
    assert given.ranking is not None
    rows = zip(given.ranking.places.tolist(), given.ranking.belonging.tolist(), strict=True)
    return [[place in row for place in range(1, 91)] for row, count in rows if count]


def test_average_precision_agrees_with_scikit_learn() -> None:
    given = answers()
    expected = [average_precision_score(row, -np.arange(90)) for row in hits(given)]
    assert value("retrieval_map", given) == pytest.approx(np.mean(expected), abs=1e-9)


def test_map_at_r_is_that_of_musgrave_and_others() -> None:
    given, expected = answers(), []
    for row in hits(given):
        r = sum(row)
        expected.append(sum(sum(row[: at + 1]) / (at + 1) for at in range(r) if row[at]) / r)
    assert value("retrieval_map_at_r", given) == pytest.approx(np.mean(expected), abs=1e-9)


@pytest.mark.parametrize("k", [1, 5, 10])
def test_recall_is_the_share_of_queries_with_a_hit(k: int) -> None:
    given = answers()
    assert value(f"recall_at_{k}", given) == pytest.approx(np.mean([any(row[:k]) for row in hits(given)]), abs=1e-9)


@pytest.mark.parametrize("k", [10, 100])
def test_csds_map_is_the_mean_of_precisions_at_every_place(k: int) -> None:
    given = answers()
    rows = [row + [False] * 10 for row in hits(given)]
    expected = np.mean([[sum(row[:place]) / place for place in range(1, k + 1)] for row in rows])
    assert value(f"csd_map_at_{k}", given) == pytest.approx(expected, abs=1e-9)


def landmarks_gap(right: list[bool], confidence: list[float], counting: int) -> float:
    """GAP as the code of Google Landmarks has it: 1/M of the sum of P(i) rel(i), by descending confidence."""
    found, total = 0, 0.0
    for place, at in enumerate(sorted(range(len(right)), key=lambda at: -confidence[at]), start=1):
        found += right[at]
        total += found / place * right[at]
    return total / counting


def test_gap_is_that_of_google_landmarks_with_distractors_and_without() -> None:
    given = answers()
    assert given.ranking is not None
    right = (given.ranking.first == 1).tolist()
    real = given.ranking.belonging > 0
    confidence = given.ranking.similarity.tolist()
    whole = landmarks_gap(right, confidence, int(real.sum()))
    assert value("global_average_precision", given) == pytest.approx(whole, abs=1e-9)
    alone = [[one for one, kept in zip(part, real, strict=True) if kept] for part in (right, confidence)]
    without = landmarks_gap(alone[0], alone[1], int(real.sum()))
    assert value("global_average_precision_without_distractors", given) == pytest.approx(without, abs=1e-9)
    # Distractors can only lower it.
    assert whole < without


def test_queries_of_equal_similarity_count_as_scikit_learn_has_them() -> None:
    given = answers(ties=True)
    assert given.ranking is not None
    right, real = given.ranking.first == 1, given.ranking.belonging > 0
    expected = average_precision_score(right, given.ranking.similarity) * right.sum() / real.sum()
    assert value("global_average_precision", given) == pytest.approx(expected, abs=1e-9)
    mixed = given.take(np.random.default_rng(1).permutation(len(given)))
    assert value("global_average_precision", mixed) == pytest.approx(expected, abs=1e-12)


def test_the_mean_over_classes_counts_each_alike() -> None:
    given = answers()
    assert given.ranking is not None
    each = given.ranking.average_precision
    of = [each[(given.labels == label) & (given.ranking.belonging > 0)].mean() for label in range(12)]
    assert value("class_mean_retrieval_map", given) == pytest.approx(np.mean(of), abs=1e-9)


def test_every_metric_passes_the_check_that_those_of_others_pass() -> None:
    extra = ["class_mean_retrieval_map", "csd_map_at_10", "csd_map_at_100"]
    found = [finding for metric in metrics_of("retrieval", extra) for finding in kit.examine_metric(metric)]
    assert {finding.status for finding in found} == {"PASS"}
