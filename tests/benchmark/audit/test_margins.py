"""What is taken for the margin of an image."""

import numpy as np
import pytest
from PIL import Image

from artbench.audit.margins import inner_box
from tests.benchmark.audit.painted import blobs


def _on_page(image: Image.Image, size: tuple[int, int], at: tuple[int, int], colour: str) -> Image.Image:
    page = Image.new("RGB", size, colour)
    page.paste(image, at)
    return page


def test_an_image_without_a_margin_stays_whole() -> None:
    for seed in range(20):
        assert inner_box(np.asarray(blobs(seed))) == (0, 0, 96, 80)


def test_each_side_has_its_own_margin_and_a_mount_lies_on_a_page() -> None:
    mounted = _on_page(blobs(1), (120, 100), (10, 8), "#c8b89a")
    assert inner_box(np.asarray(mounted)) == (10, 8, 106, 88)
    assert inner_box(np.asarray(_on_page(mounted, (200, 150), (70, 20), "white"))) == (80, 28, 176, 108)
    bars = _on_page(blobs(2), (96, 120), (0, 10), "black")
    bars.paste("white", (0, 90, 96, 120))
    assert inner_box(np.asarray(bars)) == (0, 10, 96, 90)


@pytest.mark.parametrize("speck", [0, 2])
def test_a_page_with_nothing_or_a_speck_on_it_stays_whole(speck: int) -> None:
    page = np.full((100, 80, 3), 240, np.uint8)
    page[50 : 50 + speck, 40 : 40 + speck] = 10
    assert inner_box(page) == (0, 0, 80, 100)
