"""Every kind of image that people have, and every way in which one is broken."""

import io
import struct
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms
from torchvision import transforms

from artbench.data import decode as decoding
from artbench.data.colour import to_rgb
from artbench.data.decode import UnreadableImage, decode, decode_path

Pixels = NDArray[np.uint8]


def blocks(width: int, height: int, *, seed: int = 0) -> Image.Image:
    """Coloured blocks, as smooth and as edgy as an image."""
    small = np.random.default_rng(seed).integers(0, 256, (8, 10, 3), np.uint8)
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)


def encoded(image: Image.Image, format_: str, **options: object) -> bytes:
    file = io.BytesIO()
    if format_ == "GIF" and image.mode == "RGB":
        # Pillow's own choice of colours takes seconds.
        image = image.quantize(method=Image.Quantize.FASTOCTREE)
    image.save(file, format_, **options)
    return file.getvalue()


def plain(image: Image.Image) -> Pixels:
    """The protocol's image, as torchvision makes it."""
    resize = transforms.Resize(279, interpolation=transforms.InterpolationMode.BICUBIC)
    return np.asarray(transforms.CenterCrop(244)(resize(image.convert("RGB"))))


def difference(one: Pixels, other: Pixels) -> float:
    return float(np.abs(one.astype(int) - other).mean())


def square(data: bytes) -> Pixels:
    pixels = decode(data, short_side=279, crop=244)
    assert pixels.shape == (244, 244, 3)
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    return pixels


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


def test_a_float_image_with_holes_is_named() -> None:
    with pytest.raises(UnreadableImage, match="not finite"):
        square(encoded(Image.fromarray(np.full((300, 300), np.nan, np.float32)), "TIFF"))


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
