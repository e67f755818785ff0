"""Near-duplicates: the same scan once more, as it comes back from a website."""

import io

import numpy as np
from PIL import Image


def recopied(rng: np.random.Generator, picture: Image.Image) -> Image.Image:
    """A copy of a picture: cropped by a few per cent, tinted, brought back to its size, compressed once too often.

    Args:
        rng: The copy's own.
        picture: RGB.
    """
    width, height = picture.size
    left, top, right, bottom = (float(cut) for cut in rng.uniform(0.01, 0.06, 4))
    box = (left * width, top * height, (1 - right) * width, (1 - bottom) * height)
    copy = picture.resize((width, height), Image.Resampling.BICUBIC, box=box)
    tint = rng.normal(1, 0.05, 3) * rng.uniform(0.88, 1.1)
    pixels = np.clip(np.asarray(copy, dtype=np.float32) * tint + rng.normal(0, 6), 0, 255).astype(np.uint8)
    compressed = io.BytesIO()
    Image.fromarray(pixels).save(compressed, "JPEG", quality=int(rng.integers(45, 70)))
    return Image.open(compressed).convert("RGB")
