"""Near-duplicates: a scan as it comes back from a website."""

import io

import numpy as np
from PIL import Image


def recopied(rng: np.random.Generator, image: Image.Image) -> Image.Image:
    """Copy an image: crop it by a few per cent, tint it, resize it to its size, and compress it strongly.

    Args:
        rng: Generator of the copy.
        image: RGB.
    """
    width, height = image.size
    left, top, right, bottom = (float(cut) for cut in rng.uniform(0.01, 0.06, 4))
    box = (left * width, top * height, (1 - right) * width, (1 - bottom) * height)
    copy = image.resize((width, height), Image.Resampling.BICUBIC, box=box)
    tint = rng.normal(1, 0.05, 3) * rng.uniform(0.88, 1.1)
    pixels = np.clip(np.asarray(copy, dtype=np.float32) * tint + rng.normal(0, 6), 0, 255).astype(np.uint8)
    compressed = io.BytesIO()
    Image.fromarray(pixels).save(compressed, "JPEG", quality=int(rng.integers(45, 70)))
    return Image.open(compressed).convert("RGB")
