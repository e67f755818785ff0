"""Files that are no image, or only a part of one, and images that are too large."""

import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from artbench.data.decode import UnreadableImage
from tests.support.decoding import blocks, encoded, square


def test_a_float_image_with_holes_is_named() -> None:
    with pytest.raises(UnreadableImage, match="not finite"):
        square(encoded(Image.fromarray(np.full((300, 300), np.nan, np.float32)), "TIFF"))


def nothing(_: bytes) -> bytes:
    return b""


def text(_: bytes) -> bytes:
    return b"<html>404 Not Found</html>"


def head_only(data: bytes) -> bytes:
    return data[:40]


@pytest.mark.parametrize("spoil", [nothing, text, head_only])
def test_what_is_no_image_is_named(spoil: Callable[[bytes], bytes]) -> None:
    with pytest.raises(UnreadableImage) as caught:
        square(spoil(encoded(blocks(300, 300), "JPEG")))
    assert caught.value.reason == str(caught.value) != ""


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.9, 0.99])
@pytest.mark.parametrize(
    ("format_", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("PNG", {}),
        ("WEBP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("GIF", {}),
        ("BMP", {}),
    ],
)
def test_a_file_cut_short_is_named_never_half_grey(format_: str, options: dict[str, object], share: float) -> None:
    data = encoded(blocks(1300, 1000), format_, **options)
    with pytest.raises(UnreadableImage):
        square(data[: int(len(data) * share)])


def test_other_formats_are_named() -> None:
    with pytest.raises(UnreadableImage, match="not a JPEG, PNG"):
        square(encoded(blocks(300, 300), "PPM"))


def test_the_pixel_limit_is_checked_before_decoding() -> None:
    bomb = bytearray(encoded(Image.new("1", (8, 8)), "PNG"))
    struct.pack_into(">2I", bomb, 16, 60000, 60000)
    struct.pack_into(">I", bomb, 29, zlib.crc32(bomb[12:29]))
    with pytest.raises(UnreadableImage, match="60000x60000 pixels, more than the limit of 500 million"):
        square(bytes(bomb))


def test_scans_above_the_limit_of_pillow_are_read() -> None:
    scan = Image.new("1", (20000, 10000), 1)
    assert (square(encoded(scan, "PNG")) == 255).all()
