"""Whole images, reduced: what pretraining cuts its crops from."""

import io

import numpy as np
import pytest
from PIL import Image

from artbench.data.decode import UnreadableImage, decode, decode_both, decode_whole


def encoded(width: int, height: int, *, orientation: int = 1) -> bytes:
    ramp = np.zeros((height, width, 3), np.uint8)
    ramp[..., 0] = np.linspace(0, 255, width).astype(np.uint8)
    ramp[..., 1] = np.linspace(0, 255, height).astype(np.uint8)[:, None]
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    Image.fromarray(ramp).save(file, "JPEG", quality=95, exif=exif)
    return file.getvalue()


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((300, 200), (96, 144)),
        ((200, 300), (144, 96)),
        ((50, 40), (40, 50)),
        ((2000, 100), (96, 384)),
        ((1000, 50), (50, 200)),
    ],
)
def test_the_short_side_is_reduced_and_a_strip_loses_its_ends(size: tuple[int, int], expected: tuple[int, int]) -> None:
    assert decode_whole(encoded(*size), short_side=96, longest=4).shape == (*expected, 3)


def test_pixels_are_those_of_pillow() -> None:
    data = encoded(180, 140)
    with Image.open(io.BytesIO(data)) as image:
        wanted = np.asarray(image.resize((123, 96), Image.Resampling.BICUBIC))
    assert np.array_equal(decode_whole(data, short_side=96, longest=4), wanted)


def test_the_camera_orientation_is_applied() -> None:
    pixels = decode_whole(encoded(300, 200, orientation=6), short_side=96, longest=4)
    assert pixels.shape == (144, 96, 3)
    # Turned clockwise, what was the left edge is on top.
    assert pixels[0, :, 0].mean() < 20 < 230 < pixels[-1, :, 0].mean()


@pytest.mark.parametrize(("size", "orientation"), [((1900, 1300), 1), ((1300, 1900), 6), ((300, 200), 8)])
def test_one_decoding_gives_the_pixels_of_both(size: tuple[int, int], orientation: int) -> None:
    data = encoded(*size, orientation=orientation)
    pixels, whole = decode_both(data, short_side=73, crop=64, whole=320, longest=2)
    assert np.array_equal(pixels, decode(data, short_side=73, crop=64))
    assert np.array_equal(whole, decode_whole(data, short_side=320, longest=2, scaled_for=73))
    assert min(whole.shape[:2]) == 146


def test_a_broken_file_is_unreadable() -> None:
    with pytest.raises(UnreadableImage):
        decode_whole(encoded(300, 200)[:2000], short_side=96, longest=4)
