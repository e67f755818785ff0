"""The metrics of retrieval, each of the places at which the pictures rank that belong with a query.

A query with which no picture of the index belongs is a distractor. It counts in the global average precision alone.
"""

import numpy as np
from numpy.typing import NDArray

from artbench.data import Answers, Rankings


def retrieval_map(answers: Answers) -> NDArray[np.float64]:
    """Mean over queries of average precision: that of each, float64, shape (n,); NaN for a distractor."""
    return _of(answers).average_precision


def retrieval_map_at_r(answers: Answers) -> NDArray[np.float64]:
    """Mean over queries of average precision up to the place R: that of each, likewise."""
    return _of(answers).precision_to_r


def recall_at_1(answers: Answers) -> NDArray[np.float64]:
    """Share of queries whose first picture is a hit: 0 or 1 for each, NaN for a distractor, float64, shape (n,)."""
    return _hit(answers, 1)


def recall_at_5(answers: Answers) -> NDArray[np.float64]:
    """Share of queries with a hit among the first 5 pictures, likewise."""
    return _hit(answers, 5)


def recall_at_10(answers: Answers) -> NDArray[np.float64]:
    """Share of queries with a hit among the first 10 pictures, likewise."""
    return _hit(answers, 10)


def csd_map_at_10(answers: Answers) -> NDArray[np.float64]:
    """Mean over queries of the mean precision at the places 1 to 10, likewise."""
    return _mean_precision(answers, 10)


def csd_map_at_100(answers: Answers) -> NDArray[np.float64]:
    """Mean over queries of the mean precision at the places 1 to 100, likewise."""
    return _mean_precision(answers, 100)


def class_mean_retrieval_map(answers: Answers) -> float:
    """Mean over what queries show of the mean over their queries of average precision."""
    each, labels = _of(answers).average_precision, answers.labels.astype(np.int64)
    known = ~np.isnan(each)
    if not known.any():
        return float("nan")
    _, of = np.unique(labels[known], return_inverse=True)
    return float((np.bincount(of, each[known]) / np.bincount(of)).mean())


def global_average_precision(answers: Answers) -> float:
    """Average precision of the first pictures of all queries, ranked together, distractors and all."""
    return _of(answers).pooled_precision


def global_average_precision_without_distractors(answers: Answers) -> float:
    """As global_average_precision, among the queries that are no distractors."""
    rankings = _of(answers)
    return rankings.take(rankings.belonging > 0).pooled_precision


def _of(answers: Answers) -> Rankings:
    assert answers.ranking is not None
    return answers.ranking


def _hit(answers: Answers, k: int) -> NDArray[np.float64]:
    rankings = _of(answers)
    return np.where(rankings.belonging > 0, rankings.hits(k) > 0, np.nan)


def _mean_precision(answers: Answers, k: int) -> NDArray[np.float64]:
    rankings = _of(answers)
    precisions = sum((rankings.hits(place) / place for place in range(1, k + 1)), np.zeros(len(rankings)))
    return np.where(rankings.belonging > 0, precisions / k, np.nan)
