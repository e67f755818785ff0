"""The metrics of retrieval against packages of others on the same features."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from artbench.data import Answers
from artbench.probe.features import Rows
from artbench.probe.search import search
from artbench.probe.similarities import Pictures
from artbench.protocol import Search
from artbench.stats.metrics import METRICS
from artbench.stats.plain import plain_value

INDEX, QUERIES, THINGS = 400, 120, 25


@pytest.fixture(scope="module")
def parts() -> list[tuple[NDArray[np.float32], NDArray[np.int64]]]:
    """Vectors and labels of an index and of queries; each query belongs with some of the index."""
    random = np.random.default_rng(0)
    centres = random.normal(size=(THINGS, 24))
    found = []
    for count in (INDEX, QUERIES):
        labels = np.arange(count) % THINGS
        found.append(((centres[labels] + 2 * random.normal(size=(count, 24))).astype(np.float32), labels))
    return found


@pytest.fixture(scope="module")
def values(parts: list[tuple[NDArray[np.float32], NDArray[np.int64]]]) -> dict[str, float]:
    index, queries = (
        Pictures(vectors=Rows(vectors), labels=labels, rows=first + np.arange(len(labels)))
        for (vectors, labels), first in zip(parts, (0, INDEX), strict=True)
    )
    ranking = search(index, queries, by=Search(), device="cpu")
    given = Answers.of(queries.labels, ranking)
    names = ("retrieval_map", "retrieval_map_at_r", "recall_at_1", "recall_at_5", "recall_at_10")
    return {name: plain_value(METRICS[name], given, defined=True) for name in names}


def test_map_and_recall_are_those_of_torchmetrics(
    parts: list[tuple[NDArray[np.float32], NDArray[np.int64]]], values: dict[str, float]
) -> None:
    from torchmetrics.functional.retrieval import retrieval_average_precision, retrieval_hit_rate

    index, queries = (torch.nn.functional.normalize(torch.from_numpy(vectors).double()) for vectors, _ in parts)
    right = torch.from_numpy(parts[1][1][:, None] == parts[0][1])
    # It takes pictures of a score of 0 and below for none that belong, whatever their labels; it averages in float32.
    pairs = list(zip((1 + queries @ index.T) / 2, right, strict=True))
    average = np.mean([float(retrieval_average_precision(*pair)) for pair in pairs])
    assert values["retrieval_map"] == pytest.approx(average, abs=1e-6)
    for k in (1, 5, 10):
        rate = np.mean([float(retrieval_hit_rate(*pair, top_k=k)) for pair in pairs])
        assert values[f"recall_at_{k}"] == pytest.approx(rate, abs=1e-9)


def test_map_at_r_is_that_of_pytorch_metric_learning(
    parts: list[tuple[NDArray[np.float32], NDArray[np.int64]]], values: dict[str, float]
) -> None:
    from pytorch_metric_learning.distances import CosineSimilarity
    from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
    from pytorch_metric_learning.utils.inference import CustomKNN

    names = {"mean_average_precision_at_r": "retrieval_map_at_r", "precision_at_1": "recall_at_1"}
    calculator = AccuracyCalculator(include=tuple(names), knn_func=CustomKNN(CosineSimilarity()))
    (index, of_index), (queries, of_queries) = (tuple(map(torch.from_numpy, part)) for part in parts)
    found = calculator.get_accuracy(queries, of_queries, index, of_index)
    for theirs, ours in names.items():
        assert found[theirs] == pytest.approx(values[ours], abs=1e-6)
