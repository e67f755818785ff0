"""The test of the first-order condition: honest probes pass, one that has seen the test does not."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, Ridge

from artbench.plugins.known import form_of
from artbench.probe.features import Rows
from artbench.probe.width import Projection
from artbench.records.probe import StoredProbe
from artbench.specs import TargetKind
from artbench.verify.fit import FEWEST, Sample, first_order_test

N, TESTED, WIDTH, CLASSES, DRAWN, L2 = 840, 360, 256, 6, 340, 0.01


def _images(random: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Features of unequal scale, not centred."""
    labels = random.integers(CLASSES, size=N + TESTED)
    centres = 0.12 * random.standard_normal((CLASSES, WIDTH))
    scale = np.geomspace(10, 0.01, WIDTH)
    return ((3 + centres[labels] + random.standard_normal((len(labels), WIDTH))) * scale).astype(np.float32), labels


def _fitted(features: NDArray[np.float32], labels: NDArray[np.generic], target: TargetKind) -> StoredProbe:
    mean, scale = features.mean(axis=0, dtype=np.float64), features.std(axis=0, dtype=np.float64)
    scored = (features - mean) / scale
    if target == "year":
        ridge = Ridge(alpha=len(scored) * L2).fit(scored, labels)
        weight, bias = ridge.coef_[:, None], np.atleast_1d(ridge.intercept_)
    elif target == "multi-label":
        heads = [
            LogisticRegression(C=1 / (len(scored) * L2), max_iter=2000, tol=1e-7).fit(scored, column)
            for column in labels.T
        ]
        weight = np.stack([head.coef_[0] for head in heads], axis=1)
        bias = np.array([head.intercept_[0] for head in heads])
    else:
        head = LogisticRegression(C=1 / (len(scored) * L2), max_iter=2000, tol=1e-7).fit(scored, labels)
        weight, bias = head.coef_.T, head.intercept_
    weight = weight / scale[:, None]
    return StoredProbe(weight=weight.astype(np.float32), bias=(bias - mean @ weight).astype(np.float32))


@pytest.mark.parametrize("target", ["single-label", "multi-label", "year"])
def test_a_probe_that_has_seen_the_test_is_refuted_and_an_honest_one_is_not(target: TargetKind) -> None:
    random = np.random.default_rng(0)
    features, classes = _images(random)
    labels: NDArray[np.generic] = classes
    if target == "multi-label":
        labels = np.eye(CLASSES, dtype=bool)[classes] | (random.random((len(classes), CLASSES)) < 0.1)
    elif target == "year":
        labels = 1600 + 50.0 * classes + 20 * random.standard_normal(len(classes))
    drawn = random.choice(N, DRAWN, replace=False), N + random.choice(TESTED, DRAWN, replace=False)
    train, test = (Sample(features[rows], labels[rows]) for rows in drawn)
    honest, forged = (_fitted(features[:count], labels[:count], target) for count in (N, N + TESTED))
    results = [first_order_test(probe, train, test, l2=L2, form=form_of(target)) for probe in (honest, forged)]
    assert [one is not None and one.refuted for one in results] == [False, True]
    assert results[1] is not None
    assert results[1].t < 0


def test_a_probe_of_something_else_is_refuted_too() -> None:
    random = np.random.default_rng(1)
    features, labels = _images(random)
    rows = random.choice(N, DRAWN, replace=False)
    other = _fitted(features[N:], labels[N:], "single-label")
    train, test = Sample(features[rows], labels[rows]), Sample(features[N:], labels[N:])
    found = first_order_test(other, train, test, l2=L2, form="class")
    assert found is not None
    assert found.refuted


def test_too_few_images_say_nothing() -> None:
    random = np.random.default_rng(2)
    features, labels = _images(random)
    probe = _fitted(features[:N], labels[:N], "single-label")
    few, some = Sample(features[: FEWEST - 1], labels[: FEWEST - 1]), Sample(features[N:], labels[N:])
    assert first_order_test(probe, few, some, l2=L2, form="class") is None
    assert first_order_test(probe, some, Sample(features[:0], labels[:0]), l2=L2, form="class") is None


def test_a_probe_of_few_shots_that_has_seen_the_test_is_refuted() -> None:
    random = np.random.default_rng(3)
    features, labels = _images(random)
    drawn = np.concatenate([np.flatnonzero(labels[:N] == label)[:10] for label in range(CLASSES)])
    both = np.concatenate([drawn, np.arange(N, N + TESTED)])
    train, test = Sample(features[drawn], labels[drawn]), Sample(features[N:], labels[N:])
    honest, forged = (_fitted(features[rows], labels[rows], "single-label") for rows in (drawn, both))
    for probe, refuted in ((honest, False), (forged, True)):
        found = first_order_test(probe, train, test, l2=L2, form="class")
        assert found is not None
        assert found.refuted == refuted


def test_a_probe_of_all_features_is_not_one_of_a_common_width() -> None:
    random = np.random.default_rng(4)
    features, labels = _images(random)
    # Some variance is left out, and weights of all features use it.
    features = features / features.std(axis=0)
    rows = Rows(features[:N])
    projection = Projection.of(rows, width=WIDTH // 2)
    reduced = _fitted(projection.rows(rows).features, labels[:N], "single-label")
    weight = projection.components @ reduced.weight
    honest = StoredProbe(
        weight=weight.astype(np.float32), bias=(reduced.bias - projection.mean @ weight).astype(np.float32)
    )
    whole = _fitted(features[:N], labels[:N], "single-label")
    train, test = Sample(features[:N], labels[:N]), Sample(features[N:], labels[N:])
    for probe, refuted in ((honest, False), (whole, True)):
        found = first_order_test(probe, train, test, l2=L2, form="class", reduced=True)
        assert found is not None
        assert found.refuted == refuted
