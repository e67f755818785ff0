"""Modes, depths, transparency and profiles: every image gives the colours that its file means."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from tests.support.decoding import blocks, difference, encoded, plain, square


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "1", "CMYK", "YCbCr", "RGB"])
def test_every_mode_gives_its_colours(mode: str) -> None:
    image = blocks(400, 300).convert(mode)
    data = encoded(image, "TIFF")
    if mode == "YCbCr":
        try:
            Image.open(io.BytesIO(data)).load()
        except OSError:
            pytest.skip("this Pillow can't read the YCbCr TIFF that it writes itself")
    assert difference(square(data), plain(image)) < 0.6


def test_cmyk_jpegs_are_not_inverted() -> None:
    image = blocks(400, 300).convert("CMYK")
    assert difference(square(encoded(image, "JPEG", quality=95)), plain(image)) < 3


def test_transparency_lies_on_white() -> None:
    clear = Image.new("RGBA", (300, 300), (10, 20, 30, 0))
    assert (square(encoded(clear, "PNG")) == 255).all()
    assert (square(encoded(clear, "WEBP", lossless=True)) == 255).all()
    assert (square(encoded(clear.convert("LA"), "PNG")) == 255).all()
    palette = Image.new("P", (300, 300), 1)
    palette.putpalette([0, 0, 0, 200, 0, 0])
    assert (square(encoded(palette, "PNG", transparency=1)) == 255).all()
    assert (square(encoded(palette, "GIF")) == (200, 0, 0)).all()
    half = Image.new("RGBA", (300, 300), (0, 0, 0, 128))
    assert np.abs(square(encoded(half, "PNG")).astype(int) - 127).max() <= 1


@pytest.mark.parametrize("format_", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_not_cut(format_: str) -> None:
    ramp = np.linspace(0, 65535, 300).astype(np.uint16)
    pixels = square(encoded(Image.fromarray(np.tile(ramp, (300, 1))), format_))
    expected = plain(Image.fromarray(np.tile((ramp / 257).round().astype(np.uint8), (300, 1))))
    assert difference(pixels, expected) < 1


def test_sixteen_bit_colour_is_scaled() -> None:
    row = b"\0" + struct.pack(">3H", 65535, 32896, 0) * 300
    chunks = [
        (b"IHDR", struct.pack(">2I5B", 300, 300, 16, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(row * 300)),
        (b"IEND", b""),
    ]
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
    assert (square(data) == (255, 128, 0)).all()


@pytest.mark.parametrize("white", [1.0, 255.0, 65535.0])
def test_float_images_are_scaled_by_their_range(white: float) -> None:
    ramp = np.tile(np.linspace(0, white, 300, dtype=np.float32), (300, 1))
    expected = plain(Image.fromarray((ramp / white * 255).round().astype(np.uint8)))
    assert difference(square(encoded(Image.fromarray(ramp), "TIFF")), expected) < 1


def wide_profile() -> bytes:
    """A profile with the primaries of Adobe RGB: sRGB's, with another green."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for number in range(struct.unpack_from(">I", profile, 128)[0]):
        tag, offset, _ = struct.unpack_from(">4s2I", profile, 132 + 12 * number)
        if tag == b"gXYZ":
            struct.pack_into(">3i", profile, offset + 8, *(round(65536 * part) for part in (0.2053, 0.6257, 0.0609)))
        if tag == b"desc":
            position = profile.index(b"\0s\0R\0G\0B", offset)
            profile[position : position + 8] = b"\0w\0i\0d\0e"
    return bytes(profile)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_wide_colours_are_converted_to_srgb(format_: str) -> None:
    green = Image.new("RGB", (300, 300), (100, 180, 100))
    pixels = square(encoded(green, format_, icc_profile=wide_profile())).reshape(-1, 3).mean(axis=0)
    assert pixels[0] < 90  # The same numbers mean a stronger green in the wider space.
    assert pixels[1] > 175


def test_srgb_and_broken_profiles_leave_colours_alone() -> None:
    image = blocks(400, 300)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    bare = square(encoded(image, "PNG"))
    assert (square(encoded(image, "PNG", icc_profile=srgb)) == bare).all()
    assert (square(encoded(image, "PNG", icc_profile=b"not a profile")) == bare).all()
    assert (square(encoded(image.convert("L"), "PNG", icc_profile=wide_profile())).std(axis=2) == 0).all()
