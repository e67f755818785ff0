"""Features are z-scored alike in one piece and in many, from memory and from disk; what is not a number is named."""

from pathlib import Path

import numpy as np
import pytest

from artbench.errors import ArtbenchError
from artbench.probe import features as module
from artbench.probe.features import Rows, Scaling, Standardised
from artbench.probe.penalty import PenaltyPath
from tests.support.probe_features import classed, labelled, tagged, z_scores


def test_z_scores_are_the_plain_ones_over_all_parts_together() -> None:
    part = classed(90)
    rows = [Rows(part.rows.features[:30]), Rows(part.rows.features[30:])]
    scaling = Scaling.of(rows, ids=part.ids)
    np.testing.assert_allclose(
        scaling.apply(part.rows.features), z_scores(part.rows.features, part.rows.features), atol=1e-9
    )


def test_a_feature_that_is_constant_but_for_rounding_becomes_zero() -> None:
    features = classed(50).rows.features
    features[:, 0], features[:, 1], features[:, 2], features[:, 3] = 0.1, 0, 1e30, 5
    features[::2, 3] = np.nextafter(np.float32(5), np.float32(6))
    scores = Scaling.of([Rows(features)], ids=[""] * 50).apply(features)
    assert not scores[:, :4].any()
    assert scores[:, 4:].any(axis=0).all()
    assert np.isfinite(scores).all()


def test_blocks_of_any_size_and_features_on_disk_give_the_same_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part, target in ((classed(200), "single-label"), (tagged(200), "multi-label")):
        outputs = part.labels.shape[1] if part.labels.ndim == 2 else 4
        np.save(tmp_path / "features.npy", part.rows.features)
        mapped = labelled(np.load(tmp_path / "features.npy", mmap_mode="r"), part.labels)
        heads = []
        for given, block, free in ((part, 1 << 24, 1 << 40), (part, 100, 1 << 40), (mapped, 100, 0)):
            monkeypatch.setattr(module, "_BLOCK", block)
            monkeypatch.setattr(module, "free_bytes", lambda device, free=free: free)
            heads.append(PenaltyPath([given], classes=outputs, target=target, tolerance=1e-7, device="cpu").at(1e-3))
        for weight, bias in heads[1:]:
            np.testing.assert_allclose(weight, heads[0][0], rtol=1e-5, atol=1e-6 * np.abs(heads[0][0]).max())
            np.testing.assert_allclose(bias, heads[0][1], rtol=1e-5, atol=1e-6)


def test_what_does_not_fit_into_memory_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    part = classed(50)
    rows = [Rows(part.rows.features)]
    scaling = Scaling.of(rows, ids=part.ids)
    for free, kept in ((1 << 40, True), (0, False)):
        monkeypatch.setattr(module, "free_bytes", lambda device, free=free: free)
        standardised = Standardised(rows, scaling=scaling, device="cpu", outputs=1)
        first, second = ([block for _, block in standardised.blocks()] for _ in range(2))
        assert (first[0] is second[0]) == kept


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_features_of_any_float_type_are_taken(dtype: type) -> None:
    part = classed(100)
    # Whatever half precision can hold, so that all types hold the same.
    exact = (part.rows.features / np.abs(part.rows.features).max(axis=0)).astype(np.float16)
    expected = PenaltyPath(
        [labelled(exact, part.labels)], classes=4, target="single-label", tolerance=1e-6, device="cpu"
    )
    given = module.LabelledFeatures(rows=Rows(exact.astype(dtype)), labels=part.labels, ids=part.ids)
    path = PenaltyPath([given], classes=4, target="single-label", tolerance=1e-6, device="cpu")
    np.testing.assert_array_equal(path.at(0.01)[0], expected.at(0.01)[0])


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_an_image_whose_features_are_no_numbers_is_named(bad: float) -> None:
    first, second = classed(20), classed(20, seed=1)
    second.rows.features[7, 3] = bad
    with pytest.raises(ArtbenchError, match="features of 1/7 hold NaN or infinity"):
        Scaling.of([Rows(first.rows.features), Rows(second.rows.features)], ids=[*first.ids, *second.ids])
