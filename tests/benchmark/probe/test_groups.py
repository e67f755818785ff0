"""The penalty of a task about unseen groups is chosen with whole groups held out of the fit."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from artbench.data.splits import grouped_folds
from artbench.probe.features import LabelledFeatures, Rows
from artbench.probe.linear import FittedProbe, fit_probe
from artbench.probe.penalty import set_apart
from artbench.probe.predictions import predict
from artbench.probe.ridge import fit_ridge
from artbench.protocol import LINEAR_V2
from artbench.runtime.progress import Silent
from artbench.specs import TargetKind
from tests.support.probe_features import classed, tagged

PROBE = LINEAR_V2.probe


def painted(
    seed: int = 0, *, painters: int = 12, each: int = 15, classes: int = 3, width: int = 40
) -> LabelledFeatures:
    """Images whose features tell the painter better than the class; a painter has mostly one class."""
    random = np.random.default_rng(seed)
    means = np.random.default_rng(99).normal(size=(classes, width))
    of = np.repeat(np.arange(painters), each)
    labels = np.where(random.random(len(of)) < 0.9, of % classes, random.integers(0, classes, len(of)))
    hands = 2.0 * random.normal(size=(painters, width))
    features = 0.5 * means[labels] + hands[of] + random.normal(size=(len(of), width))
    return LabelledFeatures(
        rows=Rows(features.astype(np.float32)),
        labels=labels.astype(np.int64),
        ids=[f"{seed}/{number}" for number in range(len(of))],
        groups=[f"painter {seed}/{one}" for one in of],
    )


def fit(train: LabelledFeatures, validation: LabelledFeatures | None = None, **changes: Any) -> FittedProbe:
    target: TargetKind = "multi-label" if train.labels.ndim == 2 else "single-label"
    given: dict[str, Any] = {"classes": 3, "probe": PROBE, "reporter": Silent()} | changes
    return fit_probe(train, validation, target=target, device="cpu", **given)


def members(part: LabelledFeatures) -> set[str]:
    assert part.groups is not None
    return set(part.groups)


def test_each_group_is_held_out_once_and_whole() -> None:
    train = painted()
    folds = set_apart(train, None, probe=PROBE)
    assert len(folds) == PROBE.group_folds == 5
    for fold in folds:
        assert members(fold.fit_on).isdisjoint(members(fold.choose_on))
        assert len(fold.fit_on) + len(fold.choose_on) == len(train)
    held = [name for fold in folds for name in members(fold.choose_on)]
    assert sorted(held) == sorted(members(train))
    by_hand = grouped_folds(train.labels, train.groups or [], folds=5)
    assert [fold.choose_on.ids for fold in folds] == [
        train.select(np.flatnonzero(by_hand == number)).ids for number in range(5)
    ]


def test_the_loss_is_the_mean_over_all_held_out_images_and_the_fit_is_on_all() -> None:
    train = painted()
    fitted = fit(train)
    folds = set_apart(train, None, probe=PROBE)
    each = [fit(replace(f.fit_on, groups=None), f.choose_on, probe=replace(PROBE, patience=99)) for f in folds]
    for at, loss in enumerate(fitted.grid_losses):
        if loss is not None:
            parts = [len(f.choose_on) * (one.grid_losses[at] or 0) for f, one in zip(folds, each, strict=True)]
            assert loss == pytest.approx(sum(parts) / len(train), rel=1e-3)
    tried = {l2: loss for l2, loss in zip(PROBE.grid, fitted.grid_losses, strict=True) if loss is not None}
    assert fitted.l2 == min(tried, key=lambda l2: tried[l2])
    whole = fit(replace(train, groups=None), classed(0, width=40), probe=replace(PROBE, grid=(fitted.l2,)))
    np.testing.assert_allclose(fitted.probabilities(train.rows), whole.probabilities(train.rows), atol=1e-3)


def test_groups_choose_a_larger_penalty_that_serves_new_groups() -> None:
    train, test = painted(), painted(seed=1, painters=40)

    def loss(fitted: FittedProbe) -> float:
        own: NDArray[np.float32] = fitted.probabilities(test.rows)[np.arange(len(test)), test.labels.astype(np.int64)]
        return -float(np.log(np.maximum(own, 1e-12)).mean())

    grouped, alone = fit(train), fit(replace(train, groups=None))
    assert grouped.l2 > alone.l2
    assert loss(grouped) < loss(alone)


def test_order_decides_nothing() -> None:
    train = painted()
    shuffled = train.select(np.random.default_rng(0).permutation(len(train)))
    one, other = fit(train), fit(shuffled)
    assert one.l2 == other.l2
    assert one.validation["accuracy"] == other.validation["accuracy"]


def test_a_validation_split_by_other_groups_is_used_as_it_is() -> None:
    train, validation = painted(), painted(seed=1)
    fitted = fit(train, validation)
    assert fitted.grid_losses == fit(replace(train, groups=None), replace(validation, groups=None)).grid_losses


def test_a_class_of_one_group_counts_in_no_loss_and_is_named() -> None:
    train = painted()
    own = np.where(np.array(train.groups) == "painter 0/4", 3, train.labels)
    train = replace(train, labels=own)
    folds = set_apart(train, None, probe=PROBE)
    assert all(3 not in fold.choose_on.labels for fold in folds)
    fitted = fit(train, classes=4)
    assert fitted.unfitted == (3,)
    assert np.isfinite(fitted.bias).all()


def test_one_group_alone_or_one_image_of_each_class_leaves_the_middle_of_the_grid() -> None:
    train = painted()
    alone = fit(replace(train, groups=["Ann"] * len(train)))
    few = fit(train.select(np.array([0, 15, 30])))
    assert alone.l2 == few.l2 == sorted(PROBE.grid)[len(PROBE.grid) // 2]
    assert set(alone.grid_losses) == set(few.grid_losses) == {None}
    assert alone.validation == {}


def test_labels_and_their_neighbours_get_thresholds_from_held_out_groups() -> None:
    train = tagged(150)
    grouped = replace(train, groups=[str(number % 10) for number in range(150)])
    answers = [
        predict(
            part,
            None,
            tagged(60, seed=1).rows,
            classes=5,
            target="multi-label",
            protocol=LINEAR_V2,
            device="cpu",
            reporter=Silent(),
        )
        for part in (train, grouped)
    ]
    for one in answers:
        assert one.neighbour_thresholds.keys() == one.fitted.thresholds.keys() == {"sample_f2", "micro_f1"}
        assert 0 < min(one.neighbour_thresholds.values()) < 0.9
    assert answers[0].fitted.validation != answers[1].fitted.validation


def test_years_too() -> None:
    train = painted()
    # A painter's years, which the features of another painter do not tell.
    years = 1600 + np.repeat(np.random.default_rng(3).uniform(0, 300, 12), 15)
    probe = LINEAR_V2.for_years().probe
    assert probe.group_folds == 5
    grouped = fit_ridge(replace(train, labels=years), None, target="year", probe=probe, device="cpu")
    alone = fit_ridge(replace(train, labels=years, groups=None), None, target="year", probe=probe, device="cpu")
    assert grouped.l2 > alone.l2
    assert grouped.validation["mean_absolute_error"] > alone.validation["mean_absolute_error"]


def test_classes_that_only_validation_has_are_named() -> None:
    train, validation = classed(80), classed(60, seed=1)
    fitted = fit(train.select(np.flatnonzero(train.labels != 2)), validation, classes=4)
    assert fitted.unfitted == (2,)
    assert fit(train, validation, classes=4).unfitted == ()
    several, others = tagged(80), tagged(60, seed=1)
    without = replace(several, labels=several.labels & (np.arange(5) != 3))
    assert fit(without, others, classes=5).unfitted == (3,)
