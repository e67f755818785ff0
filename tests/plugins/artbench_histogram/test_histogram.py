"""The colour histogram counts what is there, and is refused weights that it can't have."""

import numpy as np
import pytest
import torch

from artbench.encoders.build import build_backbone, build_encoder
from artbench.errors import ArtbenchError
from artbench.plugins.loading import load_plugins
from artbench.runtime.progress import Silent


def test_it_is_the_histogram_that_numpy_counts() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 3, 10, 12)).astype(np.float32) / 255
    counted = build_backbone(load_plugins().backbones.get("colour-histogram")).module(torch.from_numpy(pixels))
    for image, row in zip(pixels, counted, strict=True):
        expected, _ = np.histogramdd(image.reshape(3, -1).T, bins=8, range=[(0, 1)] * 3)
        np.testing.assert_allclose(row.numpy() ** 2, expected.ravel() / 120, atol=1e-6)


def test_where_the_colours_are_does_not_matter_and_black_and_white_are_the_ends() -> None:
    module = build_backbone(load_plugins().backbones.get("colour-histogram")).module
    images = torch.zeros(2, 3, 4, 4)
    images[0, :, :2], images[1, :, 2:] = 1, 1
    one, other = module(images)
    assert torch.equal(one, other)
    assert (one[0] ** 2, one[-1] ** 2) == (pytest.approx(0.5), pytest.approx(0.5))


def test_it_takes_no_weights_but_none() -> None:
    registry = load_plugins()
    spec = registry.backbones.get("colour-histogram")
    encoder = build_encoder(spec, registry.pretrainings.get("none"), seed=0, reporter=Silent())
    assert encoder.parameters == 0
    with pytest.raises(ArtbenchError, match=r"colour-histogram.*--pretraining none"):
        build_encoder(spec, registry.pretrainings.get("imagenet"), seed=0, reporter=Silent())


def test_a_network_has_weights() -> None:
    registry = load_plugins()
    with pytest.raises(ArtbenchError, match=r"resnet18 has weights.*--pretraining random"):
        build_encoder(registry.backbones.get("resnet18"), registry.pretrainings.get("none"), seed=0, reporter=Silent())
