"""Views: the numbers that they are drawn with, and crops of any number and size."""

import hashlib
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from artbench.pretrain.crops import Cropper, Part
from artbench.pretrain.draws import Draws, draw
from artbench.pretrain.pool_images import ImagesOnDisk
from artbench.pretrain.settings import Settings
from artbench.pretrain.views import View
from tests.support import training as toys

# What version 0.2.0 drew for these settings, images, seed and epoch.
SETTINGS = Settings(hue=0.2, blur_p_second=0.1, solarise_p_second=0.2, brightness=0.8)
DRAWN = (
    "afb185faa13a5249c26364b4daa7e3ea629e6241f53d5a7ceef224c4d7311b90",
    "99dcecdd8293e5cf92accadf7a64e2681597fa75940a9ac32f561958b804948b",
)


def digest(draws: Draws) -> str:
    arrays = [getattr(draws, field.name) for field in fields(draws) if field.name != "grey_first"]
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()


def test_the_two_views_of_the_settings_are_drawn_as_before_whatever_views_follow() -> None:
    views = SETTINGS.two_views
    for more in ((), (View(size=8),) * 3):
        drawn = draw((*views, *more), np.array([0, 7, 123_456]), seed=5, epoch=3)
        assert tuple(map(digest, drawn[:2])) == DRAWN
        assert len({digest(draws) for draws in drawn}) == 2 + len(more)


def test_crops_have_the_size_and_area_of_their_view(images: Path) -> None:
    source = ImagesOnDisk(toys.pool(images), side=24)
    whole = View(scale=(1, 1), flip_p=0)
    small = replace(whole, size=8, scale=(0.05, 0.1))
    crops = Cropper(source, (whole, small, small), side=16, seed=0)(Part(epoch=4, source=2, numbers=np.arange(9)))
    assert [pixels.shape for pixels in crops.pixels] == [(9, 16, 16, 3), (9, 8, 8, 3), (9, 8, 8, 3)]
    assert (crops.epoch, crops.source) == (4, 2)
    assert not np.array_equal(crops.pixels[1], crops.pixels[2])
    # Noise is smoothed where much of the image becomes few pixels.
    sharpness = [np.abs(np.diff(pixels.astype(int), axis=2)).mean() for pixels in crops.pixels]
    assert sharpness[1] > 1.2 * sharpness[0]
    for pixels in crops.pixels:
        assert (pixels.mean(axis=(1, 2)).argmin(axis=1) == np.arange(9) % 3).all()


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"size": 0}, "a view of 0 pixels"),
        ({"scale": (0.4, 0.2)}, r"scale is \(0.4, 0.2\)"),
        ({"scale": (0.4, 1.2)}, "above 0 to 1"),
        ({"blur_sigma": (0, 1)}, "blur_sigma"),
        ({"flip_p": -1}, "flip_p is -1, not from 0 to 1"),
        ({"hue": 0.6}, "hue is 0.6, not from 0 to 0.5"),
    ],
)
def test_a_view_outside_its_range_is_refused(values: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        View(**values)  # type: ignore[arg-type]
