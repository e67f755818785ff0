"""The descriptor tells orientations, and nothing of light or contrast."""

import math

import numpy as np
import pytest
import torch
from artbench_hog.hog import backbone

from artbench.plugins.loading import load_plugins
from artbench.testing import check_backbone


def described(images: torch.Tensor) -> torch.Tensor:
    """Blocks, shape (n, 7, 7, 4 cells, 9 orientations)."""
    features: torch.Tensor = backbone().module(images)
    return features.reshape(-1, 7, 7, 4, 9)


def ramp(degrees: float) -> torch.Tensor:
    """Grey that grows in one direction: every gradient points there."""
    y, x = torch.meshgrid(torch.arange(128.0), torch.arange(128.0), indexing="ij")
    grey = 0.5 + (x * math.cos(math.radians(degrees)) + y * math.sin(math.radians(degrees))) / 512
    return grey.expand(1, 3, 128, 128)


def test_artbench_finds_it() -> None:
    registry = load_plugins()
    assert [plugin.problem for plugin in registry.plugins if plugin.distribution == "artbench-hog"] == [None]


def test_it_keeps_the_contract_of_backbones() -> None:
    check_backbone("hog")


@pytest.mark.parametrize("number", range(9))
def test_each_orientation_has_its_bin_and_its_opposite_the_same(number: int) -> None:
    for degrees in (20 * number, 20 * number + 180):
        inner = described(ramp(degrees))[0, 1:-1, 1:-1]
        assert (inner.argmax(dim=-1) == number).all()
        assert inner[..., number].min() > 0.45


def test_a_vote_is_shared_between_neighbouring_orientations() -> None:
    inner = described(ramp(10))[0, 3, 3]
    torch.testing.assert_close(inner[:, 0], inner[:, 1], atol=1e-3, rtol=0)
    assert inner[:, 2:].max() < 1e-3


def test_it_is_what_the_paper_says_pixel_by_pixel() -> None:
    pixels = np.random.default_rng(0).random((128, 128, 3))
    padded = np.pad(pixels, ((1, 1), (1, 1), (0, 0)), mode="edge")
    cells = np.zeros((8, 8, 9))
    for y in range(128):
        for x in range(128):
            across, down = padded[y + 1, x + 2] - padded[y + 1, x], padded[y + 2, x + 1] - padded[y, x + 1]
            lengths = np.hypot(across, down)
            strongest = int(lengths.argmax())
            place = math.degrees(math.atan2(down[strongest], across[strongest])) % 180 / 20
            lower = int(place)
            cells[y // 16, x // 16, lower % 9] += lengths[strongest] * (1 - place + lower) / 256
            cells[y // 16, x // 16, (lower + 1) % 9] += lengths[strongest] * (place - lower) / 256
    blocks = np.stack([cells[:-1, :-1], cells[:-1, 1:], cells[1:, :-1], cells[1:, 1:]], axis=2)
    for clip in (0.2, 1.0):
        blocks = blocks / np.sqrt((blocks**2).sum(axis=(2, 3), keepdims=True) + 1e-6)
        blocks = blocks.clip(max=clip)
    found = described(torch.from_numpy(pixels).float().permute(2, 0, 1).unsqueeze(0))[0]
    np.testing.assert_allclose(found.numpy(), blocks, atol=1e-4)


def test_light_and_contrast_do_not_matter_and_an_even_image_is_nothing() -> None:
    images = torch.rand(1, 3, 128, 128)
    torch.testing.assert_close(described(images), described(images / 2 + 0.3), atol=1e-3, rtol=0)
    assert described(torch.full((1, 3, 128, 128), 0.4)).abs().max() == 0


def test_an_image_is_described_alike_in_any_company() -> None:
    images = torch.rand(5, 3, 128, 128)
    torch.testing.assert_close(described(images)[3:4], described(images[3:4]))
