"""Nearest neighbours vote as plain numpy says they do."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from artbench.probe import knn
from artbench.probe.features import LabelledFeatures, Rows
from artbench.probe.knn import knn_probabilities
from artbench.protocol import DEFAULT_PROTOCOL
from artbench.specs import TargetKind
from tests.support.probe_features import classed, labelled, tagged


def plain(
    train: LabelledFeatures, votes: NDArray[np.float64], test: LabelledFeatures, *, k: int, temperature: float
) -> NDArray[np.float64]:
    """One test image after the other, in float64."""
    unit = [
        f.astype(np.float64) / np.linalg.norm(f, axis=1, keepdims=True)
        for f in (train.rows.features, test.rows.features)
    ]
    answers = []
    for image in unit[1]:
        similarities = unit[0] @ image
        nearest = np.argsort(-similarities)[:k]
        weights = np.exp(similarities[nearest] / temperature)
        answers.append(weights @ votes[nearest] / weights.sum())
    return np.array(answers)


def given(train: LabelledFeatures, test: LabelledFeatures, target: TargetKind, **changes: Any) -> NDArray[np.float32]:
    settings = {
        "classes": {"single-label": 4, "multi-label": 5, "year": 0}[target],
        "k": DEFAULT_PROTOCOL.neighbours.k,
        "temperature": DEFAULT_PROTOCOL.neighbours.temperature,
    } | changes
    return knn_probabilities([train.rows], train.labels, test.rows, target=target, device="cpu", **settings)


def test_one_class_an_image() -> None:
    train, test = classed(150), classed(40, seed=1)
    expected = plain(train, np.eye(4)[train.labels], test, k=20, temperature=0.07)
    got = given(train, test, "single-label")
    np.testing.assert_allclose(got, expected, atol=1e-4)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got.sum(axis=1), 1, atol=1e-5)


def test_labels_and_years() -> None:
    train, test = tagged(150), tagged(40, seed=1)
    expected = plain(train, train.labels.astype(np.float64), test, k=20, temperature=0.07)
    np.testing.assert_allclose(given(train, test, "multi-label"), expected, atol=1e-4)
    years = labelled(train.rows.features, np.random.default_rng(0).uniform(1500, 2000, 150))
    expected = plain(years, years.labels.astype(np.float64)[:, None], test, k=20, temperature=0.07)
    np.testing.assert_allclose(given(years, test, "year"), expected, rtol=1e-4)


@pytest.mark.parametrize("target", ["single-label", "multi-label"])
def test_blocks_do_not_show(target: TargetKind, monkeypatch: pytest.MonkeyPatch) -> None:
    make = classed if target == "single-label" else tagged
    train, test = make(150), make(41, seed=1)
    whole = given(train, test, target)
    monkeypatch.setattr(knn, "_BLOCK", 7 * 150)
    np.testing.assert_allclose(given(train, test, target), whole, atol=1e-6)
    # A last lot of one; and lots of fewer than there are to be neighbours.
    for lot in (149, 7):
        monkeypatch.setattr(knn, "_LOT", lot)
        np.testing.assert_allclose(given(train, test, target), whole, atol=1e-6)


def test_neighbours_are_sought_in_all_parts() -> None:
    train, test = classed(150), classed(40, seed=1)
    parts = [train.rows.select(np.arange(150)[where]) for where in (slice(9), slice(9, 9), slice(9, None))]
    votes = knn_probabilities(
        parts, train.labels, test.rows, classes=4, target="single-label", k=20, temperature=0.07, device="cpu"
    )
    np.testing.assert_allclose(votes, given(train, test, "single-label"), atol=1e-6)


def test_with_fewer_training_images_than_k_all_vote() -> None:
    train, test = classed(6), classed(10, seed=1)
    expected = plain(train, np.eye(4)[train.labels], test, k=6, temperature=0.07)
    np.testing.assert_allclose(given(train, test, "single-label"), expected, atol=1e-4)


def test_an_image_without_any_feature_and_no_test_image_at_all_are_answered() -> None:
    train, test = classed(30), classed(3, seed=1)
    test.rows.features[1] = 0
    got = given(train, test, "single-label")
    assert np.isfinite(got).all()
    np.testing.assert_allclose(got.sum(axis=1), 1, atol=1e-5)
    assert given(train, classed(0), "single-label").shape == (0, 4)


def test_half_precision_is_taken() -> None:
    train, test = classed(100), classed(20, seed=1)
    half = [
        LabelledFeatures(rows=Rows((p.rows.features / 100).astype(np.float16)), labels=p.labels, ids=p.ids)
        for p in (train, test)
    ]
    full = [labelled(p.rows.features, p.labels) for p in half]
    np.testing.assert_array_equal(given(half[0], half[1], "single-label"), given(full[0], full[1], "single-label"))
