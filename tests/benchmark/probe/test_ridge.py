"""The probe for years, against scikit-learn."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from artbench.errors import ArtbenchError
from artbench.probe.features import LabelledFeatures, Rows
from artbench.probe.ridge import fit_ridge
from artbench.protocol import LINEAR_V1

RIDGE = LINEAR_V1.for_years().probe


def samples(n: int, *, width: int = 24, noise: float = 40, seed: int = 0) -> LabelledFeatures:
    """Years that follow from the features, but for noise."""
    random = np.random.default_rng(seed)
    features = random.normal(5, 3, (n, width)).astype(np.float32)
    slope = np.random.default_rng(9).normal(0, 20, width)
    years = 1650 + (features - 5) @ slope + random.normal(0, noise, n)
    return LabelledFeatures(rows=Rows(features), labels=years, ids=[f"{seed}/{k}" for k in range(n)])


@pytest.mark.parametrize("width", [24, 200], ids=["more images than features", "fewer"])
def test_the_fit_is_scikit_learns(width: int) -> None:
    train, test = samples(120, width=width), samples(30, width=width, seed=1)
    fitted = fit_ridge(
        train, samples(30, width=width, seed=2), target="year", probe=replace(RIDGE, grid=(0.1,)), device="cpu"
    )
    both = [train, samples(30, width=width, seed=2)]
    features = np.concatenate([part.rows.features for part in both]).astype(np.float64)
    scaler = StandardScaler().fit(features)
    peer = Ridge(alpha=0.1 * 150).fit(scaler.transform(features), np.concatenate([part.labels for part in both]))
    expected = peer.predict(scaler.transform(test.rows.features.astype(np.float64)))
    assert fitted.years(test.rows)[:, 0] == pytest.approx(expected, abs=1e-3)


def test_the_penalty_is_the_best_on_validation() -> None:
    train, validation = samples(60, noise=200), samples(400, noise=200, seed=3)
    fitted = fit_ridge(train, validation, target="year", probe=RIDGE, device="cpu")
    tried = [loss for loss in fitted.grid_losses if loss is not None]
    assert len(tried) == len(RIDGE.grid)
    assert fitted.l2 == RIDGE.grid[int(np.argmin(tried))]
    assert 0 < fitted.validation["mean_absolute_error"] < 300
    assert 0 < fitted.validation["within_50_years"] < 1


def test_without_validation_a_tenth_is_held_out_and_the_fit_is_on_all() -> None:
    train = samples(300)
    fitted = fit_ridge(train, None, target="year", probe=RIDGE, device="cpu")
    assert fitted.validation
    alone = fit_ridge(train, samples(0), target="year", probe=replace(RIDGE, grid=(fitted.l2,)), device="cpu")
    np.testing.assert_allclose(alone.weight, fitted.weight)
    assert alone.validation == {}


def test_constant_features_and_a_single_image_give_finite_years() -> None:
    train = samples(50)
    train.rows.features[:, :5] = 7
    fitted = fit_ridge(train, None, target="year", probe=RIDGE, device="cpu")
    assert (fitted.weight[:5] == 0).all()
    one = fit_ridge(samples(1), None, target="year", probe=RIDGE, device="cpu")
    assert one.years(train.rows)[:, 0] == pytest.approx(np.full(50, samples(1).labels[0]), abs=0.01)


def test_what_is_not_finite_is_refused() -> None:
    train = samples(20)
    train.rows.features[3, 2] = np.nan
    with pytest.raises(ArtbenchError, match="0/3"):
        fit_ridge(train, None, target="year", probe=RIDGE, device="cpu")
    with pytest.raises(ArtbenchError, match="no training image"):
        fit_ridge(samples(0), None, target="year", probe=RIDGE, device="cpu")
    fitted = fit_ridge(samples(20), None, target="year", probe=RIDGE, device="cpu")
    with pytest.raises(ArtbenchError, match="test features"):
        fitted.years(train.rows)
