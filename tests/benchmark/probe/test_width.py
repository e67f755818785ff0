"""Features reduced to a common width by principal components of train."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.decomposition import PCA

from artbench.data.outputs import Leading
from artbench.errors import ArtbenchError
from artbench.probe.features import Rows
from artbench.probe.linear import FittedProbe
from artbench.probe.predictions import predict
from artbench.probe.width import Projection, to_width
from artbench.protocol import LINEAR_V2
from artbench.runtime.progress import Silent
from tests.support.probe_features import classed


def test_the_components_are_those_of_scikit_learn() -> None:
    made = classed(500, width=40)
    projection = Projection.of(made.rows, width=7)
    theirs = PCA(7, svd_solver="full").fit(made.rows.features).components_.T
    agreement = np.abs((projection.components * theirs).sum(axis=0))
    np.testing.assert_allclose(agreement, 1, atol=1e-6)
    np.testing.assert_allclose(projection.components.T @ projection.components, np.eye(7), atol=1e-12)


def test_a_probe_of_projected_features_is_one_of_the_features_themselves() -> None:
    made = classed(400, width=40)
    protocol = LINEAR_V2.with_width(8)
    found = predict(
        made, None, made.rows, classes=4, target="single-label", protocol=protocol, device="cpu", reporter=Silent()
    )
    assert isinstance(found.fitted, FittedProbe)
    assert found.fitted.weight.shape == (40, 4)
    assert isinstance(found.outputs, Leading)
    again = Leading.of(found.fitted.probabilities(made.rows))
    np.testing.assert_allclose(again.probabilities, found.outputs.probabilities, atol=1e-5)


def test_validation_and_test_do_not_move_the_components() -> None:
    made = classed(400, width=20)
    train, other = made.select(np.arange(200)), made.select(np.arange(200, 400))
    far = replace(other, rows=Rows(100 * other.rows.features[200:]))
    (_, one, _), (_, two, _) = to_width(train, other, width=5), to_width(train, far, width=5)
    assert one is not None
    assert two is not None
    first, second = (to_width(train, part, width=5)[2] for part in (other, far))
    assert first is not None
    assert second is not None
    np.testing.assert_array_equal(first.components, second.components)


@pytest.mark.parametrize(
    ("images", "width", "message"),
    [(200, 21, "a width of 21 can't be had from 20 features"), (20, 20, "can't be had from 20 training images")],
)
def test_too_wide_is_refused(images: int, width: int, message: str) -> None:
    with pytest.raises(ArtbenchError, match=message):
        Projection.of(classed(images, width=20).rows, width=width)


def test_the_width_is_in_name_and_hash() -> None:
    protocol = LINEAR_V2.with_width(512)
    assert protocol.name == "linear-v2-width-512"
    assert protocol.hash != LINEAR_V2.hash
