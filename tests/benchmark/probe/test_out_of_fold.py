"""Out-of-fold predictions: no image is predicted by a probe that was fitted on it, or on its group."""

from collections.abc import Sequence

import numpy as np

from artbench.probe.features import LabelledFeatures
from artbench.probe.out_of_fold import OutOfFold, out_of_fold
from artbench.protocol import LINEAR_V2, Protocol
from tests.support.probe_features import classed

L2 = LINEAR_V2.probe.grid[len(LINEAR_V2.probe.grid) // 2]


def judged(
    images: LabelledFeatures, together: Sequence[str] | None = None, *, protocol: Protocol = LINEAR_V2
) -> OutOfFold:
    groups = images.ids if together is None else together
    return out_of_fold(
        images, together=groups, classes=4, target="single-label", l2=L2, protocol=protocol, device="cpu"
    )


def test_a_label_has_no_say_in_the_prediction_for_its_own_image() -> None:
    # Features are noise, of more numbers than there are images: a probe recalls any label that it was fitted on.
    images = classed(60, width=90, spread=0.0)
    found = judged(images)
    assert found.judged.all()
    assert (found.predicted == images.labels).mean() < 0.5


def test_classes_that_features_tell_are_recognised_at_any_order() -> None:
    images = classed(200, spread=4.0)
    found = judged(images)
    assert (found.predicted == images.labels).mean() > 0.95
    order = np.random.default_rng(1).permutation(200)
    again = judged(images.select(order))
    assert (again.predicted == found.predicted[order]).all()
    np.testing.assert_allclose(again.confidence, found.confidence[order], atol=1e-3)


def test_a_class_of_one_group_cannot_be_judged() -> None:
    images = classed(120, spread=4.0)
    groups = [f"{label}" if label == 3 else f"{label}/{number % 7}" for number, label in enumerate(images.labels)]
    found = judged(images, groups)
    assert not found.judged[images.labels == 3].any()
    assert found.judged[images.labels != 3].all()
    assert not judged(images, ["one"] * 120).judged.any()
    # By images, the class can be told.
    assert judged(images).judged.all()


def test_copies_of_an_image_are_in_one_fold() -> None:
    images = classed(40, width=80, spread=0.0)
    twice = images.select(np.repeat(np.arange(40), 2))
    # A probe that was fitted on the copy would recall its label.
    found = judged(twice)
    assert (found.predicted == twice.labels).mean() < 0.6
    assert (found.predicted[::2] == found.predicted[1::2]).all()


def test_a_common_width_is_fitted_in_each_fold() -> None:
    images = classed(200, width=30, spread=4.0)
    narrow = judged(images, protocol=LINEAR_V2.with_width(8))
    assert (narrow.predicted == images.labels).mean() > 0.9
    assert (narrow.confidence != judged(images).confidence).any()
