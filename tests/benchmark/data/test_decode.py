"""Every kind of image that people have, decoded, scaled and cropped."""

import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from PIL import Image

from artbench.data import decode as decoding
from artbench.data.colour import to_rgb
from artbench.data.decode import decode, decode_path
from tests.support.decoding import blocks, difference, encoded, plain, square


@pytest.mark.parametrize("size", [(500, 333), (333, 500), (300, 300), (90, 77), (700, 279), (1000, 801)])
@pytest.mark.parametrize("format_", ["PNG", "TIFF", "BMP", "GIF"])
def test_it_is_resize_then_centre_crop(size: tuple[int, int], format_: str) -> None:
    data = encoded(blocks(*size), format_)
    assert difference(square(data), plain(Image.open(io.BytesIO(data)))) < 0.5


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_", ["PNG", "TIFF", "WEBP", "JPEG"])
def test_exif_orientation_is_applied(orientation: int, format_: str) -> None:
    # What a camera held that way would have stored of this upright image.
    undo: dict[int, Image.Transpose] = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    upright = blocks(501, 332)
    stored = upright.transpose(undo[orientation]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(stored, format_, exif=exif.tobytes(), quality=100)
    assert difference(square(data), plain(upright)) < 1.5


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_broken_exif_leaves_the_image_readable() -> None:
    data = encoded(blocks(300, 300), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert difference(square(data), plain(blocks(300, 300))) < 5


@pytest.mark.parametrize("size", [(1600, 1200), (1600, 1201), (3001, 2400), (801, 1203), (560, 700)])
def test_reduced_decoding_stays_close_to_full_decoding(size: tuple[int, int]) -> None:
    data = encoded(blocks(*size), "JPEG", quality=92)
    assert difference(square(data), plain(Image.open(io.BytesIO(data)))) < 1


def test_large_jpegs_are_decoded_reduced_and_small_ones_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = (encoded(blocks(side, side), "JPEG") for side in (500, 1200))
    reduced = [square(small), square(large)]
    monkeypatch.setattr(decoding, "_DRAFT_MARGIN", 1000)
    assert (square(small) == reduced[0]).all()
    assert not (square(large) == reduced[1]).all()


@pytest.mark.parametrize("format_", ["GIF", "WEBP", "TIFF", "PNG"])
def test_of_several_frames_the_first_counts(format_: str) -> None:
    frames = [Image.new("RGB", (300, 300), colour) for colour in ("red", "lime", "blue")]
    data = encoded(frames[0], format_, save_all=True, append_images=frames[1:])
    assert np.abs(square(data).astype(int) - (255, 0, 0)).max() <= 3


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (30000, 2), (2, 1), (65000, 1)])
def test_tiny_and_extreme_images(size: tuple[int, int]) -> None:
    assert (square(encoded(Image.new("RGB", size, (7, 8, 9)), "PNG")) == (7, 8, 9)).all()


def test_any_crop_up_to_the_short_side() -> None:
    data = encoded(blocks(300, 200), "PNG")
    assert decode(data, short_side=64, crop=64).shape == (64, 64, 3)
    assert decode(data, short_side=3, crop=1).shape == (1, 1, 3)
    with pytest.raises(ValueError, match="does not fit"):
        decode(data, short_side=63, crop=64)


def test_no_global_state_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(blocks(300, 300), "PNG")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    monkeypatch.setattr(Image, "OPEN", {})
    square(data)
    assert Image.MAX_IMAGE_PIXELS == 10


def test_threads_give_the_same_pixels() -> None:
    files = [encoded(blocks(700 + n, 800, seed=n), ("JPEG", "PNG", "WEBP", "TIFF")[n % 4]) for n in range(24)]
    alone = [square(file) for file in files]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(square, files * 3))
    assert all((one == other).all() for one, other in zip(alone * 3, together, strict=True))


def test_the_decode_path_depends_on_the_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    before = decode_path()
    assert decode_path() == before
    decode_path.cache_clear()
    monkeypatch.setattr(decoding, "_DRAFT_MARGIN", 1)
    assert decode_path() != before
    decode_path.cache_clear()


@pytest.mark.parametrize("kind", ["CMYK", "TIFF", "GIF", "profile"])
def test_the_decode_path_depends_on_every_decoder(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = decode_path()

    def other(image: Image.Image, **how: Any) -> Any:
        return to_rgb(image, **how) ^ (kind in (image.mode, image.format))

    if kind == "profile":
        monkeypatch.setattr(decoding, "colour_path", lambda: b"another lcms")
    else:
        monkeypatch.setattr(decoding, "to_rgb", other)
    decode_path.cache_clear()
    assert decode_path() != before
    decode_path.cache_clear()
