"""Decoding of image files to the pixels that an encoder sees."""

import io
import threading
from collections.abc import Sequence
from contextlib import nullcontext
from functools import cache, partial
from hashlib import sha256
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import BmpImagePlugin, GifImagePlugin, Image, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin
from PIL.ImageFile import ImageFile

from artbench.data.colour import Box, colour_path, to_rgb

# Change it whenever a change here may change a pixel: it is part of the feature store's key.
DECODE_VERSION = "pillow-draft2x-1"

# Scans of paintings exceed 200 million pixels, above Pillow's own limit. Half a billion takes 2 GB to decode, and
# still stops a file of a few kilobytes that claims to be a terabyte.
PIXEL_LIMIT = 500_000_000

# Above this, one image is decoded at a time, so that several threads don't each take 2 GB.
_LARGE = 60_000_000
_ONE_LARGE_IMAGE = threading.Lock()

# A JPEG is decoded at the smallest DCT scale (1/2, 1/4, 1/8) that leaves at least this many times the needed pixels
# per side; the antialiased resize does the rest.
_DRAFT_MARGIN = 2

_ORIENTATION = 0x0112  # EXIF tag

# Left, top, right and bottom of a part of the stored image; width and height to which it is resized.
_Part = tuple[Box, tuple[int, int]]


class _PartOf(Protocol):
    def __call__(self, size: tuple[int, int], /, *, swapped: bool, mirrored_x: bool, mirrored_y: bool) -> _Part: ...


class UnreadableImage(Exception):  # noqa: N818  the fault is the image's, not the program's
    """A file is not a complete image of a known format; `reason` says in a few words what is wrong with it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def decode(data: bytes, *, short_side: int, crop: int) -> NDArray[np.uint8]:
    """Decode an image, resize its short side (bicubic, antialiased) and crop the centre.

    Reads the first frame of JPEG, PNG, WebP, TIFF, GIF and BMP files. EXIF orientation is applied, transparency laid
    on white, 16 bits scaled to 8, and colours with an embedded profile converted to sRGB. A large JPEG is decoded at
    reduced DCT scale (Pillow's `draft`). Safe to call from several threads.

    Args:
        data: The file.
        short_side: Length in pixels to which the short side is resized.
        crop: Side of the centre crop in pixels, at most `short_side`.

    Returns:
        RGB, uint8, shape (crop, crop, 3), C-contiguous, writable.

    Raises:
        UnreadableImage: The file is empty, broken, cut short, too large, or of another format.
    """
    if not 0 < crop <= short_side:
        raise ValueError(f"a crop of {crop} px does not fit a short side of {short_side} px")
    (pixels,) = _decode(data, short_side=short_side, parts=[partial(_centre, short_side=short_side, crop=crop)])
    return pixels


def decode_whole(data: bytes, *, short_side: int, longest: float, scaled_for: int | None = None) -> NDArray[np.uint8]:
    """Decode an image and reduce its short side; a smaller image keeps its size. Otherwise as `decode`.

    Args:
        data: The file.
        short_side: Length in pixels to which a longer short side is reduced.
        longest: Most times that the long side may exceed the short one; the rest is cut off at both ends.
        scaled_for: Short side for which the DCT scale of a large JPEG is chosen, if not `short_side`, which is then
            at most twice as long.

    Returns:
        RGB, uint8, shape (height, width, 3), C-contiguous, writable.

    Raises:
        UnreadableImage: As `decode` does.
    """
    scaled_for = scaled_for or short_side
    (pixels,) = _decode(data, short_side=scaled_for, parts=[_reduced(short_side, longest, scaled_for)])
    return pixels


def decode_both(
    data: bytes, *, short_side: int, crop: int, whole: int, longest: float
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Decode an image once, and return the pixels of `decode(data, short_side=short_side, crop=crop)` and those of
    `decode_whole(data, short_side=whole, longest=longest, scaled_for=short_side)`.

    Raises:
        UnreadableImage: As `decode` does.
    """
    parts = [partial(_centre, short_side=short_side, crop=crop), _reduced(whole, longest, short_side)]
    pixels, reduced = _decode(data, short_side=short_side, parts=parts)
    return pixels, reduced


def prepare(image: Image.Image, *, short_side: int, crop: int) -> NDArray[np.uint8]:
    """Prepare an image that Pillow has opened, as `decode` does but decoded at full size; `image` is not changed.

    Raises:
        UnreadableImage: Its file is broken, or it is too large.
    """
    (pixels,) = _decode(image, short_side=short_side, parts=[partial(_centre, short_side=short_side, crop=crop)])
    return pixels


def _decode(source: bytes | Image.Image, *, short_side: int, parts: Sequence[_PartOf]) -> list[NDArray[np.uint8]]:
    try:
        # A copy, because decoding at a reduced scale would change the caller's image.
        with _open(source) if isinstance(source, bytes) else source.copy() as image:
            return _turned(image, short_side=short_side, parts=parts)
    except (UnreadableImage, MemoryError):
        raise
    except Exception as error:  # Pillow's readers raise many types for a broken file.
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UnreadableImage(reason[:200]) from error


def _open(data: bytes) -> ImageFile:
    """Open by signature, without `Image.open`, whose list of formats and pixel limit are global state."""
    if not data:
        raise UnreadableImage("the file is empty")
    file = io.BytesIO(data)
    if data.startswith(b"\xff\xd8\xff"):
        return JpegImagePlugin.JpegImageFile(file)
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PngImagePlugin.PngImageFile(file)
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return WebPImagePlugin.WebPImageFile(file)
    if data.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return TiffImagePlugin.TiffImageFile(file)
    if data.startswith((b"GIF87a", b"GIF89a")):
        return GifImagePlugin.GifImageFile(file)
    if data.startswith(b"BM"):
        return BmpImagePlugin.BmpImageFile(file)
    raise UnreadableImage("not a JPEG, PNG, WebP, TIFF, GIF or BMP file")


def _turned(image: Image.Image, *, short_side: int, parts: Sequence[_PartOf]) -> list[NDArray[np.uint8]]:
    width, height = image.size
    if width * height > PIXEL_LIMIT:
        raise UnreadableImage(f"{width}x{height} pixels, more than the limit of {PIXEL_LIMIT // 10**6} million")
    reduction = 1.0
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        drafted = image.draft(None, (_DRAFT_MARGIN * short_side, _DRAFT_MARGIN * short_side))
        reduction = width / drafted[1][2] if drafted else 1.0
    with _ONE_LARGE_IMAGE if image.width * image.height > _LARGE else nullcontext():
        image.load()
        # After loading, where Pillow turns a TIFF and finds the EXIF data of some PNGs.
        swapped, mirrored_x, mirrored_y = _TURNS[_orientation(image)]
        whole = (width, height) if reduction > 1 else image.size
        found = []
        for part in parts:
            full, made = part(whole, mirrored_x=mirrored_x, mirrored_y=mirrored_y, swapped=swapped)
            # Not from the size of the reduced image, which is rounded up: that would move the crop.
            left, top, right, bottom = (edge / reduction for edge in full)
            box = (left, top, min(right, image.width), min(bottom, image.height))
            found.append(to_rgb(image, size=made, box=box))
    turned = [pixels.transpose(1, 0, 2) for pixels in found] if swapped else found
    mirrored = np.s_[:: -1 if mirrored_y else 1, :: -1 if mirrored_x else 1]
    return [np.array(pixels[mirrored], order="C") for pixels in turned]


def _centre(
    size: tuple[int, int], *, short_side: int, crop: int, swapped: bool, mirrored_x: bool, mirrored_y: bool
) -> _Part:
    """Return the part of the stored image that becomes the crop of the turned one.

    Resizing this part alone gives the same pixels as resizing the whole, and never enlarges a strip of 1 x 30,000
    pixels to 279 x 8,370,000.
    """
    # Rounded as by torchvision's Resize and CenterCrop.
    sides = [short_side * side // min(size) for side in size]
    margins = [round((side - crop) / 2) for side in sides]
    mirrored = (mirrored_y, mirrored_x) if swapped else (mirrored_x, mirrored_y)
    starts = [
        side - crop - margin if mirror else margin
        for side, margin, mirror in zip(sides, margins, mirrored, strict=True)
    ]
    (left, right), (top, bottom) = [
        (start * stored / side, (start + crop) * stored / side)
        for start, side, stored in zip(starts, sides, size, strict=True)
    ]
    return (left, top, right, bottom), (crop, crop)


def _reduced(short_side: int, longest: float, scaled_for: int) -> _PartOf:
    # What was decoded for a shorter side may have no more.
    return partial(_whole, short_side=min(short_side, _DRAFT_MARGIN * scaled_for), longest=longest)


def _whole(size: tuple[int, int], *, short_side: int, longest: float, **_: bool) -> _Part:
    """Return all of the stored image, without the ends of a very long one."""
    shown = [min(float(side), longest * min(size)) for side in size]
    left, top = ((side - part) / 2 for side, part in zip(size, shown, strict=True))
    scale = min(1.0, short_side / min(size))
    width, height = (max(1, round(part * scale)) for part in shown)
    return (left, top, left + shown[0], top + shown[1]), (width, height)


# EXIF orientation: transposed, then mirrored left to right, then top to bottom.
_TURNS = {
    1: (False, False, False),
    2: (False, True, False),
    3: (False, True, True),
    4: (False, False, True),
    5: (True, False, False),
    6: (True, True, False),
    7: (True, True, True),
    8: (True, False, True),
}


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # A broken EXIF block does not make the image unreadable.
        return 1
    return value if isinstance(value, int) and value in _TURNS else 1


@cache
def decode_path() -> str:
    """Return the version of this decoder with a digest of test images decoded on this machine.

    Another release of Pillow or of its libraries changes it only if it decodes to other pixels.
    """
    random = np.random.default_rng(0)
    card = Image.fromarray(random.integers(0, 256, (31, 40, 3), np.uint8).repeat(10, axis=0).repeat(10, axis=1))
    digest = sha256()
    for image, format_, options in (
        (card, "JPEG", {"quality": 90}),
        (card.convert("CMYK"), "JPEG", {"quality": 90}),
        (card.convert("L"), "JPEG", {"quality": 90, "progressive": True}),
        (card, "PNG", {}),
        (card, "WEBP", {"quality": 90}),
        (card, "TIFF", {"compression": "tiff_lzw"}),
        (card, "TIFF", {"compression": "jpeg"}),
        (card.convert("CMYK"), "TIFF", {}),
        (card.quantize(16), "GIF", {}),
    ):
        file = io.BytesIO()
        image.save(file, format_, **options)
        try:
            digest.update(decode(file.getvalue(), short_side=64, crop=56).tobytes())
        except UnreadableImage as error:  # A build of Pillow may lack a decoder.
            digest.update(error.reason.encode())
    digest.update(colour_path())
    return f"{DECODE_VERSION}-{digest.hexdigest()[:16]}"
