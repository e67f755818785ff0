"""Exact search against a plain reference, with ties, queries in the index, blocks, whitening and CSLS."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.metrics import average_precision_score

from artbench.data.rankings import KEPT, Rankings
from artbench.errors import ArtbenchError
from artbench.plugins.protocols import protocol_to_run
from artbench.probe import search as search_module
from artbench.probe import similarities
from artbench.probe.features import Rows
from artbench.probe.search import search
from artbench.probe.similarities import Pictures
from artbench.protocol import Search
from tests.support.reporters import RecordingReporter

Plain = NDArray[np.float64]


def pictures(vectors: NDArray[np.floating], labels: list[int], rows: list[int] | None = None) -> Pictures:
    return Pictures(
        vectors=Rows(vectors.astype(np.float32)),
        labels=np.array(labels, np.int64),
        rows=np.arange(len(labels)) if rows is None else np.array(rows, np.int64),
    )


def drawn(n: int, *, seed: int, things: int = 6, width: int = 8) -> tuple[NDArray[np.float32], list[int]]:
    random = np.random.default_rng(seed)
    labels = random.integers(-1, things, n)
    centres = random.normal(size=(things + 1, width))
    return (centres[labels] + random.normal(size=(n, width))).astype(np.float32), labels.tolist()


def unit(vectors: NDArray[np.floating]) -> Plain:
    wide = vectors.astype(np.float64)
    return np.asarray(wide / np.linalg.norm(wide, axis=1, keepdims=True))


def check_against(found: Rankings, similar: Plain, index: list[int], queries: list[int], own: bool) -> None:
    """Compare with scikit-learn's average precision, and with places counted one by one."""
    for query, label in enumerate(queries):
        kept = np.array([not own or at != query for at in range(len(index))])
        right, scores = (np.array(index) == label)[kept] & (label >= 0), similar[query][kept]
        assert found.belonging[query] == right.sum()
        if not right.any():
            assert np.isnan(found.average_precision[query])
            continue
        assert found.average_precision[query] == pytest.approx(average_precision_score(right, scores), abs=1e-9)
        places = sorted(int((scores >= score).sum()) for score in scores[right])
        assert found.places[query, : len(places)].tolist() == places[:KEPT]
        up_to_r = sum(sum(other <= place for other in places) / place for place in places if place <= len(places))
        assert found.precision_to_r[query] == pytest.approx(up_to_r / len(places), abs=1e-9)
        best = int(np.argmax(np.where(kept, similar[query], -np.inf)))
        assert (found.nearest[query], found.similarity[query]) == (
            index[best],
            pytest.approx(similar[query][best], abs=1e-6),
        )


def test_a_set_that_queries_itself_agrees_with_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, labels = drawn(150, seed=0)
    every = pictures(vectors, labels)
    # Several blocks of queries, and several tiles of each with the index.
    monkeypatch.setattr(similarities, "_NUMBERS", 8 * 40)
    monkeypatch.setattr(similarities, "_TILE", 13 * 17)
    monkeypatch.setattr(search_module, "_COLUMNS", 17)
    similar = unit(vectors) @ unit(vectors).T
    check_against(search(every, every, by=Search(), device="cpu"), similar, labels, labels, own=True)


def test_an_index_of_its_own_agrees_with_scikit_learn() -> None:
    # Of some things there are more pictures than are compared one by one, and than places are kept of.
    index, of_index = drawn(900, seed=1, things=3)
    queries, of_queries = drawn(40, seed=2, things=5)
    rows = list(range(900, 940))
    found = search(pictures(index, of_index), pictures(queries, of_queries, rows), by=Search(), device="cpu")
    assert found.belonging.max() > max(KEPT, search_module._FEW)
    check_against(found, unit(queries) @ unit(index).T, of_index, of_queries, own=False)


def test_pictures_of_equal_similarity_share_the_last_of_their_places() -> None:
    same = np.ones((10, 4))
    found = search(pictures(same, [0] * 3 + [-1] * 7), pictures(same[:1], [0], [99]), by=Search(), device="cpu")
    assert found.places.tolist() == [[10, 10, 10]]
    # As many as by chance: an encoder to which all pictures are alike knows nothing.
    assert found.average_precision.tolist() == [pytest.approx(0.3)]


@pytest.mark.parametrize("many", [False, True])
def test_an_encoder_to_which_all_are_alike_knows_nothing_wherever_they_stand(
    many: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_module, "_FEW", 0 if many else 64)
    monkeypatch.setattr(search_module, "_MORE_COLUMNS" if many else "_COLUMNS", 64)
    same = np.repeat(np.random.default_rng(8).normal(size=(1, 333)), 201, axis=0)
    found = search(pictures(same, [0] * 3 + [-1] * 198), pictures(same[:5], [0] * 5), by=Search(csls=2), device="cpu")
    # Each of the first five queries is in the index, where three belong with it: itself perhaps.
    assert [sorted(set(row.tolist()) - {0}) for row in found.places] == [[200]] * 5
    assert found.belonging.tolist() == [2, 2, 2, 3, 3]


def test_a_query_is_not_compared_with_itself_but_with_its_twin() -> None:
    vectors = np.array([[1.0, 0], [1, 0], [0, 1], [1, 1]])
    every = pictures(vectors, [0, 0, 1, 1])
    found = search(every, every, by=Search(), device="cpu")
    assert found.places.tolist() == [[1], [1], [1], [3]]
    assert found.similarity[:2].tolist() == pytest.approx([1, 1])


def test_csls_is_what_its_authors_define() -> None:
    index, of_index = drawn(80, seed=3)
    queries, of_queries = drawn(30, seed=4)
    similar = unit(queries) @ unit(index).T
    of_query = np.sort(similar, axis=1)[:, -4:].mean(axis=1)
    of_picture = np.sort(similar, axis=0)[-4:].mean(axis=0)
    scaled = 2 * similar - of_query[:, None] - of_picture
    given = pictures(index, of_index), pictures(queries, of_queries, list(range(100, 130)))
    check_against(search(*given, by=Search(csls=4), device="cpu"), scaled, of_index, of_queries, own=False)
    with pytest.raises(ArtbenchError, match="no 30 neighbours among 80 pictures of the index and 30 queries"):
        search(*given, by=Search(csls=30), device="cpu")


def test_whitening_is_that_of_principal_components_of_the_index() -> None:
    index, of_index = drawn(200, seed=5)
    queries, of_queries = drawn(30, seed=6)
    whiten = PCA(5, whiten=True, svd_solver="full").fit(unit(index))
    similar = unit(whiten.transform(unit(queries))) @ unit(whiten.transform(unit(index))).T
    given = pictures(index, of_index), pictures(queries, of_queries, list(range(200, 230)))
    check_against(search(*given, by=Search(whitening=5), device="cpu"), similar, of_index, of_queries, own=False)
    with pytest.raises(ArtbenchError, match="have 8 components that vary, fewer than the 9"):
        search(*given, by=Search(whitening=9), device="cpu")


def test_features_that_are_no_numbers_are_refused() -> None:
    vectors, labels = drawn(20, seed=7)
    vectors[3, 2] = np.nan
    with pytest.raises(ArtbenchError, match="NaN or infinity"):
        search(pictures(vectors, labels), pictures(vectors[:2], labels[:2]), by=Search(), device="cpu")


def confidence_of_met(
    similar: Plain, index: list[int], *, neighbours: int, temperature: float
) -> tuple[NDArray[np.int64], Plain]:
    """Prediction, and the logarithm of the odds of the confidence, as The Met's authors define it, query by query.

    The confidence itself is 1 to all digits of many queries at high temperatures.
    """
    labels, classes = np.array(index), len(set(index))
    predicted, sure = [], []
    for row in similar:
        nearest = np.argsort(-row)[:neighbours]
        best: dict[int, float] = {}
        for at in nearest.tolist():
            best[int(labels[at])] = max(best.get(int(labels[at]), 0.0), float(row[at]))
        odds = {label: np.exp(temperature * value) for label, value in best.items()}
        predicted.append(max(odds, key=lambda label: odds[label]))
        top = odds.pop(predicted[-1])
        sure.append(np.log(top / (sum(odds.values()) + classes - len(best))))
    return np.array(predicted), np.array(sure)


def plain_gap(predicted: NDArray[np.int64], sure: Plain, labels: list[int]) -> float:
    right = (predicted == np.array(labels))[np.argsort(-sure)]
    precision = np.cumsum(right) / (1 + np.arange(len(right)))
    return float((precision * right).sum() / (np.array(labels) >= 0).sum())


def test_the_confidence_and_its_choice_are_those_of_the_met() -> None:
    index, of_index = drawn(300, seed=9, things=40, width=16)
    of_index = [max(label, 0) for label in of_index]
    noise = np.random.default_rng(10)
    parts = []
    for count in (80, 60):
        at = noise.integers(0, 300, count)
        labels = [of_index[position] if number % 3 else -1 for number, position in enumerate(at.tolist())]
        parts.append(((index[at] + noise.normal(size=(count, 16))).astype(np.float32), labels))
    (queries, of_queries), (validation, of_validation) = parts
    by = protocol_to_run("retrieval-v1-softmax-10").search
    assert by is not None
    assert by.confidence is not None
    similar, known = (unit(part) @ unit(index).T for part in (queries, validation))
    scores = {
        (k, t): plain_gap(*confidence_of_met(known, of_index, neighbours=k, temperature=t), of_validation)
        for k in by.confidence.neighbours
        for t in by.confidence.temperatures
    }
    assert max(k for k, _ in scores) == 10
    (k, t), best = max(scores.items(), key=lambda item: item[1])
    assert best > scores[1, 1]
    given = [
        pictures(part, labels, list(range(start, start + len(labels))))
        for part, labels, start in ((index, of_index, 0), (queries, of_queries, 300), (validation, of_validation, 400))
    ]
    reporter = RecordingReporter()
    found = search(given[0], given[1], by=by, device="cpu", validation=given[2], reporter=reporter)
    assert reporter.notices == [f"Confidence of the {k} nearest at temperature {t:g}, by {best:.1%} on validation"]
    predicted, sure = confidence_of_met(similar, of_index, neighbours=k, temperature=t)
    assert found.nearest.tolist() == predicted.tolist()
    assert found.similarity == pytest.approx(sure + np.log(len(set(of_index)) - 1), abs=1e-4)
    assert found.pooled_precision == pytest.approx(plain_gap(predicted, sure, of_queries), abs=1e-9)
    with pytest.raises(ArtbenchError, match="no validation queries to choose the confidence on"):
        search(given[0], given[1], by=by, device="cpu")
    alone = pictures(validation, [-1] * len(of_validation))
    with pytest.raises(ArtbenchError, match="belongs with a validation query, so that nothing can be chosen"):
        search(given[0], given[1], by=by, device="cpu", validation=alone)
