"""The metrics of retrieval, each of the places at which the pictures rank that belong with a query.

A query with which no picture of the index belongs is a distractor. It counts in the global average precision alone.
"""

import numpy as np
from numpy.typing import NDArray

from artbench.data import Answers, Rankings


def average_precision(answers: Answers) -> NDArray[np.float64]:
    """Return the average precision of each query, float64, shape (n,); NaN for a distractor."""
    return _of(answers).average_precision


def average_precision_to_r(answers: Answers) -> NDArray[np.float64]:
    """Return the average precision of each query up to the place R, the number of pictures that belong with it."""
    return _of(answers).precision_to_r


def hit_at_1(answers: Answers) -> NDArray[np.float64]:
    """Return whether the first picture belongs with each query: 0 or 1, NaN for a distractor."""
    return _hit(answers, 1)


def hit_at_5(answers: Answers) -> NDArray[np.float64]:
    """Return whether any of the first 5 pictures belongs with each query, likewise."""
    return _hit(answers, 5)


def hit_at_10(answers: Answers) -> NDArray[np.float64]:
    """Return whether any of the first 10 pictures belongs with each query, likewise."""
    return _hit(answers, 10)


def csd_map_at_10(answers: Answers) -> NDArray[np.float64]:
    """Return the mean precision at the places 1 to 10 of each query, whether they are hits or not."""
    return _mean_precision(answers, 10)


def csd_map_at_100(answers: Answers) -> NDArray[np.float64]:
    """Return the mean precision at the places 1 to 100 of each query, whether they are hits or not."""
    return _mean_precision(answers, 100)


def class_mean_average_precision(answers: Answers) -> float:
    """Return the mean over what queries show of their mean average precision."""
    each, labels = average_precision(answers), answers.labels.astype(np.int64)
    known = ~np.isnan(each)
    if not known.any():
        return float("nan")
    _, of = np.unique(labels[known], return_inverse=True)
    return float((np.bincount(of, each[known]) / np.bincount(of)).mean())


def global_average_precision(answers: Answers) -> float:
    """Return the global average precision of the most similar pictures, distractors and all."""
    return _global(_of(answers))


def global_average_precision_without_distractors(answers: Answers) -> float:
    """Return the global average precision among the queries that are no distractors."""
    rankings = _of(answers)
    return _global(rankings.take(rankings.belonging > 0))


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


def _global(rankings: Rankings) -> float:
    """Rank all queries by the similarity of their first picture; those of equal similarity share the last place."""
    counting = int((rankings.belonging > 0).sum())
    if not counting:
        return float("nan")
    order = np.argsort(-rankings.similarity, kind="stable")
    right, similarity = (rankings.first == 1)[order], rankings.similarity[order]
    # Of queries of equal similarity, the last one's place and hits count for all.
    last = np.searchsorted(-similarity, -similarity, side="right")
    precision = np.cumsum(right)[last - 1] / last
    return float(precision[right].sum()) / counting
