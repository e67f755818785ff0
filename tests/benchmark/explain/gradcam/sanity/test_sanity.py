"""The checks: ranks, the cascade of random weights, deletion and insertion."""

import copy
from functools import partial

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from artbench.explain.gradcam.maps import Explainer, Maps
from artbench.explain.gradcam.sanity.cascade import Cascade
from artbench.explain.gradcam.sanity.check import (
    GRAD_CAM,
    GUIDED,
    Checked,
    Sanity,
    check_sanity,
    kinds,
    mean_interval,
    rank_correlations,
)
from artbench.explain.gradcam.sanity.erasure import CELLS, Curves, erasure_curves
from artbench.explain.gradcam.stages import last_stage
from artbench.runtime.progress import Silent
from tests.support.networks import SIDE, Reused, pixels, reused

CLASSES = np.array([2, 0, 1])


def fresh(seed: int) -> dict[str, torch.Tensor]:
    torch.manual_seed(seed)
    return Reused().state_dict()


def test_rank_correlation_is_spearmans_also_with_ties_and_unknown_for_a_map_of_one_value() -> None:
    random = np.random.default_rng(0)
    one = random.integers(0, 4, (3, 6, 6)).astype(np.float32)
    other = random.integers(0, 4, (3, 6, 6)).astype(np.float32)
    other[2] = 7
    found = rank_correlations(one, other)
    expected = [spearmanr(one[at].ravel(), other[at].ravel()).statistic for at in (0, 1)]
    np.testing.assert_allclose(found[:2], expected)
    assert np.isnan(found[2])


def test_the_magnitudes_of_gradients_are_ranked() -> None:
    signed = np.random.default_rng(0).normal(size=(2, 5, 5, 3)).astype(np.float32)
    grid = np.zeros((2, 1, 1), np.float32)
    one, other = (kinds(Maps(grid=grid, grad_cam=grid, guided=by * signed, guided_grad_cam=signed)) for by in (1, -2))
    np.testing.assert_allclose(rank_correlations(one[GUIDED], other[GUIDED]), 1)


def test_the_cascade_begins_with_the_head_and_ends_with_every_weight_random() -> None:
    net, other = reused(), fresh(5)
    before = copy.deepcopy(net.state_dict())
    cascade = Cascade(net, other, side=SIDE, seed=0)
    changed = []
    for depth in cascade:
        now = net.state_dict()
        changed.append((depth, {name for name in before if not torch.equal(before[name], now[name])}))
    assert [depth for depth, _ in changed] == ["head", "last", "second", "first"]
    assert changed[0][1] == {"head.weight"}
    assert changed[1][1] == {"head.weight", "encoder.last.weight", "encoder.last.bias"}
    for name, value in other.items():
        assert torch.equal(net.state_dict()[f"encoder.{name}"], value)


def test_important_cells_are_deleted_and_shown_first() -> None:
    net = reused()
    images, size = pixels(3), SIDE // CELLS
    with torch.inference_mode():
        chance = net(net.images(images)).softmax(dim=1).numpy()[np.arange(3), CLASSES]
    maps = np.random.default_rng(0).random((3, SIDE, SIDE)).astype(np.float32)
    curves = erasure_curves(
        net, images, classes=CLASSES, maps={"any": maps}, grid=(4, 4), seed=0, advance=lambda _: None
    )
    # Whatever the order, all curves begin and end alike.
    for curve in curves.values():
        assert np.isclose(curve.deletion[0], chance.mean())
        assert np.isclose(curve.insertion[-1], chance.mean())
    assert np.isclose(curves["any"].deletion[-1], curves["random"].deletion[-1])
    assert np.isclose(curves["any"].insertion[0], curves["random"].insertion[0])
    # An order made by trying each cell does better than its reverse.
    worth = np.zeros((3, SIDE, SIDE), np.float32)
    grey = np.round(net.mean[0, :, 0, 0].numpy()).astype(np.uint8)
    for down in range(CELLS):
        for right in range(CELLS):
            cell = np.s_[:, size * down : size * (down + 1), size * right : size * (right + 1)]
            without = images.copy()
            without[cell] = grey
            with torch.inference_mode():
                left = net(net.images(without)).softmax(dim=1).numpy()[np.arange(3), CLASSES]
            worth[cell] = (1 + chance - left)[:, None, None]
    both = {"best": worth, "worst": 3 - worth}
    tried = erasure_curves(net, images, classes=CLASSES, maps=both, grid=(4, 4), seed=0, advance=lambda _: None)
    assert tried["best"].deletion_area < tried["random"].deletion_area < tried["worst"].deletion_area


def test_a_map_that_the_weights_do_not_change_fails_and_an_empty_one_has_no_verdict() -> None:
    curves = Curves(deletion=np.ones(9), insertion=np.ones(9))
    narrow, wide = (0.05, 0.15), (-0.2, 0.6)
    several = partial(Checked, compared=(9, 9), curves=curves)
    assert several(correlations=(0.1, 0.97), intervals=(narrow, (0.9, 1.0))).passes is False
    assert several(correlations=(0.1, None), intervals=(narrow, (-1.0, 1.0))).passes is True
    assert several(correlations=(None, None), intervals=((-1.0, 1.0),) * 2).passes is None
    # One that the images are too few to tell.
    assert several(correlations=(0.1, 0.2), intervals=(narrow, wide)).passes is None
    # It fails whatever others are, and names the depth at which it does.
    failing = several(correlations=(0.9, 0.8), intervals=((0.4, 1.0), (0.7, 0.9)))
    assert (failing.passes, failing.most) == (False, (0.8, 1))


def test_the_verdict_has_an_interval_and_says_when_images_are_too_few() -> None:
    curves = Curves(deletion=np.zeros(9), insertion=np.zeros(9))

    def verdict(values: list[float]) -> str:
        found = np.array(values)
        checked = Checked(
            correlations=(float(found.mean()),),
            intervals=(mean_interval(found),),
            compared=(len(found),),
            curves=curves,
        )
        return Sanity(depths=("head",), maps={GRAD_CAM: checked}, random=curves, images=len(found)).verdict(GRAD_CAM)

    # The mean of three would pass, that of nine fail, if nothing but the mean counted.
    assert verdict([0.3, 0.4, 0.5]).startswith("is not judged by the randomisation check: 3 images are too few")
    assert "9 images are too few" in verdict([0.1, 0.2, 0.9, 0.5, 0.8, 0.3, 0.6, 0.7, 0.6])
    low, high = mean_interval(np.array([0.1, 0.2, 0.15, 0.12, 0.18, 0.11]))
    # As scipy.stats.ttest_1samp(…).confidence_interval() has it.
    assert (low, high) == pytest.approx((0.1010, 0.1857), abs=1e-4)
    assert "at most 0.14, 95 % interval [0.10, 0.19] over 6 images" in verdict([0.1, 0.2, 0.15, 0.12, 0.18, 0.11])
    assert "fails the randomisation check (rank correlation 0.92, 95 % interval" in verdict(
        [0.9, 0.95, 0.92, 0.91, 0.94]
    )


def test_a_run_checks_every_kind_of_map_the_same_way_each_time() -> None:
    def run() -> object:
        net = reused()
        place = last_stage(net, SIDE)
        other = copy.deepcopy(net)
        explainer = Explainer(net, place, guided=True)
        cascade = Cascade(other, fresh(5), side=SIDE, seed=1)
        found = check_sanity(
            explainer,
            cascade,
            randomised=Explainer(other, place, guided=True),
            pixels=pixels(3),
            classes=CLASSES,
            maps=explainer(pixels(3), CLASSES),
            seed=1,
            reporter=Silent(),
        )
        assert len(found.maps[GRAD_CAM].correlations) == len(found.depths) == 4
        assert "randomisation check" in found.verdict(GUIDED)
        assert "random" in found.areas(GRAD_CAM)
        return [(kind, checked.correlations, checked.curves.deletion_area) for kind, checked in found.maps.items()]

    assert run() == run()
