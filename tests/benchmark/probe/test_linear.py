"""The probe as users call it: what it chooses, on what, and that odd data gets finite, sensible answers."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss

from artbench.data.splits import held_out
from artbench.errors import ArtbenchError
from artbench.probe import features as features_module
from artbench.probe import penalty as path_module
from artbench.probe import penalty as strand_module
from artbench.probe.features import LabelledFeatures, Rows
from artbench.probe.linear import FittedProbe, fit_probe
from artbench.probe.objective import Objective
from artbench.probe.solver import Solution, solve
from artbench.protocol import LINEAR_V1
from artbench.runtime.progress import Silent
from artbench.specs import TargetKind
from tests.support.probe_features import classed, labelled, tagged
from tests.support.reporters import RecordingReporter

PROBE = LINEAR_V1.probe


def fit(train: LabelledFeatures, validation: LabelledFeatures | None = None, **changes: Any) -> FittedProbe:
    """With the protocol's choices, any of which may be replaced."""
    target: TargetKind = "multi-label" if train.labels.ndim == 2 else "single-label"
    classes = train.labels.shape[1] if train.labels.ndim == 2 else 4
    given: dict[str, Any] = {"classes": classes, "probe": PROBE, "reporter": Silent()} | changes
    return fit_probe(train, validation, target=target, device="cpu", **given)


def test_the_penalty_is_the_one_of_least_loss_on_validation_and_the_fit_is_on_all() -> None:
    train, validation = classed(150, spread=0.5), classed(100, spread=0.5, seed=1)
    fitted = fit(train, validation)
    tried = {l2: loss for l2, loss in zip(PROBE.grid, fitted.grid_losses, strict=True) if loss is not None}
    assert fitted.l2 == min(tried, key=lambda l2: tried[l2])
    alone = fit(train, classed(0), probe=replace(PROBE, grid=(fitted.l2,)))
    own = alone.probabilities(validation.rows).astype(np.float64)
    expected = log_loss(validation.labels, own / own.sum(axis=1, keepdims=True))
    assert tried[fitted.l2] == pytest.approx(expected, rel=1e-3)
    accuracy = (alone.probabilities(validation.rows).argmax(axis=1) == validation.labels).mean()
    assert fitted.validation["accuracy"] == pytest.approx(accuracy)
    both = labelled(
        np.concatenate([train.rows.features, validation.rows.features]),
        np.concatenate([train.labels, validation.labels]),
    )
    refitted = fit(both, classed(0), probe=replace(PROBE, grid=(fitted.l2,)))
    np.testing.assert_allclose(fitted.probabilities(both.rows), refitted.probabilities(both.rows), atol=1e-3)


def test_without_a_validation_split_a_tenth_of_train_is_held_out_by_the_ids() -> None:
    train = classed(300, spread=0.5)
    held = held_out(train.labels, train.ids, fraction=PROBE.validation_fraction)
    assert len(held) == pytest.approx(30, abs=3)
    fitted = fit(train)
    by_hand = fit(train.select(np.setdiff1d(np.arange(300), held)), train.select(held))
    assert fitted.grid_losses == by_hand.grid_losses
    assert fitted.l2 == by_hand.l2
    shuffled = fit(train.select(np.random.default_rng(0).permutation(300)))
    assert shuffled.l2 == fitted.l2
    assert shuffled.validation["accuracy"] == fitted.validation["accuracy"]


@pytest.mark.integration
@pytest.mark.parametrize("make", [classed, tagged])
def test_stopping_early_chooses_what_the_whole_grid_chooses(make: Callable[..., LabelledFeatures]) -> None:
    for seed in range(4):
        train, validation = make(120, seed=seed), make(200, seed=100 + seed)
        early, whole = fit(train, validation), fit(train, validation, probe=replace(PROBE, patience=len(PROBE.grid)))
        assert early.l2 == whole.l2
        assert None in early.grid_losses
        assert None not in whole.grid_losses
        untried = [l2 for l2, loss in zip(PROBE.grid, early.grid_losses, strict=True) if loss is None]
        assert sum(l2 < early.l2 for l2 in PROBE.grid) - len(untried) == PROBE.patience
        np.testing.assert_array_equal(early.weight, whole.weight)


@pytest.mark.parametrize("make", [classed, tagged])
def test_the_same_bytes_come_twice(make: Callable[..., LabelledFeatures]) -> None:
    train, test = make(200), make(50, seed=1)
    first, second = fit(train), fit(train)
    assert first.weight.tobytes() == second.weight.tobytes()
    assert first.bias.tobytes() == second.bias.tobytes()
    assert first.probabilities(test.rows).tobytes() == second.probabilities(test.rows).tobytes()


def test_the_number_of_threads_changes_no_choice_and_no_prediction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("artbench.probe.objective._FEW", 0)
    train, test = classed(300, width=60), classed(200, width=60, seed=1)
    threads = torch.get_num_threads()
    fits = []
    try:
        for number in (1, 2):
            torch.set_num_threads(number)
            fits.append(fit(train))
    finally:
        torch.set_num_threads(threads)
    assert fits[0].l2 == fits[1].l2
    one, two = (fitted.probabilities(test.rows) for fitted in fits)
    np.testing.assert_array_equal(one.argmax(axis=1), two.argmax(axis=1))
    np.testing.assert_allclose(one, two, atol=1e-6)


@pytest.mark.integration
@pytest.mark.parametrize("make", [classed, tagged])
def test_the_number_of_cores_changes_no_byte(
    make: Callable[..., LabelledFeatures], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("artbench.probe.objective._FEW", 0)
    monkeypatch.setattr(features_module, "_BLOCK", 600)
    monkeypatch.setattr(path_module, "_LABELS", 2)
    train, fits = make(200), []
    for cores in (1, 2, 7):
        monkeypatch.setattr(path_module, "usable_cores", lambda cores=cores: cores)
        fits.append(fit(train))
    assert len({fitted.weight.tobytes() + fitted.bias.tobytes() for fitted in fits}) == 1
    assert len({fitted.grid_losses for fitted in fits}) == 1


def test_what_does_not_converge_is_reported_and_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    train, reporter = classed(150), RecordingReporter()
    assert fit(train, reporter=reporter).converged
    assert reporter.notices == []
    monkeypatch.setattr(strand_module, "solve", lambda *args, **kwargs: solve(*args, **kwargs, most_evaluations=3))
    assert not fit(train, reporter=reporter).converged
    assert "did not meet its convergence test" in reporter.notices[0]


def test_a_last_fit_that_does_not_converge_is_reported_though_the_choice_did(monkeypatch: pytest.MonkeyPatch) -> None:
    train, validation, reporter = classed(100), classed(50, seed=1), RecordingReporter()

    def hasty(objective: Objective, *args: Any, **kwargs: Any) -> Solution:
        on_both = objective._features.n == 150
        return solve(objective, *args, **kwargs, most_evaluations=3 if on_both else 1000)

    monkeypatch.setattr(strand_module, "solve", hasty)
    assert not fit(train, validation, reporter=reporter).converged
    assert len(reporter.notices) == 1


def test_separable_data_get_finite_weights_and_all_of_it_right() -> None:
    for width in (12, 300):
        train = classed(120, width=width, spread=20)
        fitted = fit(train)
        assert fitted.converged
        assert np.isfinite(fitted.weight).all()
        assert (fitted.probabilities(train.rows).argmax(axis=1) == train.labels).all()


def test_constant_features_have_no_weight_and_change_nothing() -> None:
    train = classed(150)
    wider = labelled(np.concatenate([train.rows.features, np.full((150, 3), 7.7)], axis=1), train.labels)
    plain, fitted = fit(train), fit(wider)
    assert not fitted.weight[-3:].any()
    np.testing.assert_allclose(fitted.weight[:-3], plain.weight, rtol=1e-4, atol=1e-6)
    all_constant = fit(labelled(np.ones((150, 5)), train.labels))
    # Of penalties that make no difference the largest.
    assert all_constant.l2 == max(PROBE.grid)
    given = all_constant.probabilities(Rows(np.ones((1, 5), np.float32)))[0]
    np.testing.assert_allclose(given, np.bincount(train.labels, minlength=4) / 150, atol=1e-4)


def test_a_class_that_no_training_image_has_gets_no_probability() -> None:
    train, validation = classed(150), classed(60, seed=1)
    there = train.select(np.flatnonzero(train.labels != 2))
    fitted = fit(there, validation.select(np.flatnonzero(validation.labels != 2)))
    given = fitted.probabilities(validation.rows)
    assert not given[:, 2].any()
    np.testing.assert_allclose(given.sum(axis=1), 1, atol=1e-5)
    # Only validation has it: no loss is infinite, and the final fit, on both, knows it.
    late = fit(there, validation)
    assert all(np.isfinite(loss) for loss in late.grid_losses if loss is not None)
    assert late.probabilities(validation.rows)[:, 2].any()


def test_a_label_that_validation_alone_has_sways_no_choice() -> None:
    train, validation = tagged(150), tagged(60, seed=1)
    train.labels[:, 2] = False
    late = fit(train, validation)
    assert validation.labels[:, 2].any()
    assert all(np.isfinite(loss) for loss in late.grid_losses if loss is not None)
    assert late.probabilities(validation.rows)[:, 2].any()
    others = [0, 1, 3, 4]
    without = fit(
        replace(train, labels=train.labels[:, others]), replace(validation, labels=validation.labels[:, others])
    )
    assert late.l2 == without.l2


def test_a_class_with_one_image_is_fitted() -> None:
    train = classed(150)
    lonely = train.select(np.append(np.flatnonzero(train.labels != 3), np.flatnonzero(train.labels == 3)[0]))
    fitted = fit(lonely)
    assert fitted.converged
    assert np.isfinite(fitted.weight).all()
    given = fitted.probabilities(lonely.rows)
    assert np.isfinite(given).all()
    assert given[-1, 3] == given[:, 3].max()


def test_a_class_absent_from_validation_and_test_is_no_trouble() -> None:
    train, validation = classed(150), classed(60, seed=1)
    fitted = fit(train, validation.select(np.flatnonzero(validation.labels != 1)))
    assert np.isfinite(fitted.probabilities(validation.rows)).all()
    assert all(np.isfinite(value) for value in fitted.validation.values())


def test_one_class_alone_is_certain() -> None:
    train = classed(40)
    train.labels[:] = 1
    fitted = fit(train)
    np.testing.assert_array_equal(fitted.probabilities(train.rows), np.eye(4, dtype=np.float32)[[1] * 40])
    assert fitted.converged


def test_one_image_is_enough_for_an_answer() -> None:
    for train in (classed(1), tagged(1)):
        fitted = fit(train)
        assert np.isfinite(fitted.probabilities(classed(5, seed=1).rows)).all()
        assert fitted.l2 == PROBE.grid[len(PROBE.grid) // 2]
    # Nothing to choose them on.
    assert fitted.thresholds == {"sample_f2": 0.5, "micro_f1": 0.5}


def test_a_label_that_all_images_have_is_certain_and_one_that_none_has_is_out() -> None:
    train = tagged(150)
    train.labels[:, 1], train.labels[:, 3] = True, False
    given = fit(train).probabilities(train.rows)
    assert (given[:, 1] == 1).all()
    assert (given[:, 3] == 0).all()
    assert np.isfinite(given).all()


def test_more_features_than_images() -> None:
    train, test = classed(60, width=400, spread=2), classed(100, width=400, spread=2, seed=1)
    fitted = fit(train)
    assert fitted.converged
    assert (fitted.probabilities(test.rows).argmax(axis=1) == test.labels).mean() > 0.7


@settings(max_examples=25, deadline=None)
@given(
    n=st.integers(1, 30),
    width=st.integers(1, 40),
    scale=st.sampled_from([1e-12, 1.0, 1e12]),
    repeated=st.booleans(),
    multi=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_whatever_the_data_the_answer_is_finite(
    n: int, width: int, scale: float, repeated: bool, multi: bool, seed: int
) -> None:
    train = (tagged if multi else classed)(n, width=width, seed=seed)
    features = train.rows.features * scale
    if repeated:
        features[:] = features[:1]
    fitted = fit(labelled(features, train.labels))
    assert fitted.converged
    given = fitted.probabilities(labelled(train.rows.features * scale, train.labels).rows)
    assert np.isfinite(given).all()
    assert ((given >= 0) & (given <= 1)).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("make", [classed, tagged])
def test_test_features_that_are_no_numbers_are_refused(make: Callable[..., LabelledFeatures], bad: float) -> None:
    test = make(5, seed=1)
    test.rows.features[2, 1] = bad
    with pytest.raises(ArtbenchError, match="NaN or infinity"):
        fit(make(50)).probabilities(test.rows)


def test_features_that_are_no_numbers_are_refused() -> None:
    train, test = classed(50), classed(5, seed=1)
    test.rows.features[2, 1] = np.nan
    train.rows.features[3, 0] = np.inf
    with pytest.raises(ArtbenchError, match="features of 0/3 hold NaN or infinity"):
        fit(train)
    with pytest.raises(ArtbenchError, match="features of 1/2 hold NaN or infinity"):
        fit(classed(50), test)


def test_nothing_to_fit_on_is_an_error() -> None:
    with pytest.raises(ArtbenchError, match="no training image"):
        fit(classed(0))
