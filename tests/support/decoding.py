"""Images to decode, and what the protocol makes of them by torchvision."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torchvision import transforms

from artbench.data.decode import decode

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
