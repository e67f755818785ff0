"""What reproduction does to a picture: each change as documented, the same each time."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from artbench.data.decode import UnreadableImage, decode_whole
from artbench_reproduction.changes import CHANGES, KINDS


def picture(width: int = 120, height: int = 80) -> NDArray[np.uint8]:
    """A picture of soft colours."""
    ys, xs = np.mgrid[:height, :width]
    return np.stack([60 + xs % 128, 60 + ys % 128, 100 + (xs + ys) % 64], axis=2).astype(np.uint8)


def changed(name: str, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return decode_whole(CHANGES[name].of(png(pixels)), short_side=4096, longest=64)


def png(pixels: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_there_are_six_kinds_in_two_strengths_each() -> None:
    assert KINDS == ("jpeg", "resolution", "white", "frame", "crop", "card")
    assert [change.kind for change in CHANGES.values()] == [kind for kind in KINDS for _ in range(2)]
    data = png(picture())
    for change in CHANGES.values():
        assert change.of(data) == change.of(data)


def test_a_lower_quality_changes_more_and_the_size_stays() -> None:
    near, far = (np.abs(changed(name, picture()).astype(int) - picture()).mean() for name in ("jpeg-30", "jpeg-10"))
    assert changed("jpeg-10", picture()).shape == (80, 120, 3)
    assert 0 < near < far


def test_the_short_side_is_reduced() -> None:
    assert changed("resolution-56", picture(300, 200)).shape == (56, 84, 3)


def test_white_balance_multiplies_red_and_blue() -> None:
    grey = np.full((8, 8, 3), 100, np.uint8)
    assert changed("white-warm", grey)[0, 0].tolist() == [120, 100, 75]
    assert changed("white-cold", grey)[0, 0].tolist() == [75, 100, 120]
    assert changed("white-warm", np.full((8, 8, 3), 240, np.uint8))[0, 0].tolist() == [255, 240, 180]


def test_a_frame_and_a_card_leave_the_picture_as_it_is() -> None:
    framed = changed("frame-25", picture())
    assert framed.shape == (120, 160, 3)
    assert np.array_equal(framed[20:-20, 20:-20], picture())
    assert framed[0, 0, 0] > framed[19, 80, 0]
    beside = changed("card-35", picture())
    assert beside.shape == (80, 148, 3)
    assert np.array_equal(beside[:, :120], picture())
    # Six greys and the mount around them.
    assert set(np.unique(beside[:, 120 + 14]).tolist()) == {243, 200, 160, 122, 85, 52, 60}


def test_a_crop_keeps_the_centre() -> None:
    assert np.array_equal(changed("crop-60", picture()), picture()[16:64, 24:96])


@pytest.mark.parametrize("size", [(1, 1), (2, 900), (900, 3)])
def test_the_oddest_shapes_survive(size: tuple[int, int]) -> None:
    for name in CHANGES:
        assert changed(name, np.full((*size, 3), 90, np.uint8)).size


def test_a_large_scan_is_reduced_first_and_a_broken_one_is_told() -> None:
    assert changed("crop-80", picture(2048, 1024)).shape == (410, 819, 3)
    with pytest.raises(UnreadableImage):
        CHANGES["crop-80"].of(b"no picture")
