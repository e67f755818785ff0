"""The two museums that scanned the images, each with its own machine."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from artbench_sample.noise import smooth_noise
from artbench_sample.planes import Planes, image_of, planes_of


@dataclass(frozen=True, kw_only=True)
class Museum:
    """How a museum's scans look.

    Attributes:
        tint: The scanner's factors of red, green and blue.
        mount: RGB of the mount.
        border: Least and largest width of the mount in the scan, as a share of the short side.
        tilt: Largest rotation in degrees.
    """

    tint: tuple[float, float, float]
    mount: tuple[int, int, int]
    border: tuple[float, float]
    tilt: float


MUSEUMS: Mapping[str, Museum] = {
    "north": Museum(tint=(0.96, 1.0, 1.05), mount=(226, 226, 222), border=(0.035, 0.1), tilt=0.4),
    "south": Museum(tint=(1.06, 1.0, 0.9), mount=(26, 24, 22), border=(0.0, 0.055), tilt=1.8),
}


def scan(rng: np.random.Generator, pixels: Planes, museum: str) -> Image.Image:
    """Scan an image as a museum does: expose, tint, rotate and blur it a little, add border and noise.

    Args:
        rng: Generator of the image.
        pixels: float32, shape (3, height, width): RGB in [0, 255].
        museum: A name in `MUSEUMS`.

    Returns:
        RGB, of the size of `pixels`.
    """
    machine = MUSEUMS[museum]
    height, width = pixels.shape[1:]
    tint = np.array(machine.tint, dtype=np.float32) * (1 + rng.normal(0, 0.02, 3).astype(np.float32))
    # Contrast, brightness and gamma differ from scan to scan, as with faded slides and aged lamps.
    contrast, lift = np.float32(rng.uniform(0.62, 1.12)), np.float32(rng.normal(0, 11))
    gamma = np.float32(np.exp(rng.normal(0, 0.2)))
    levels = np.clip((np.arange(256, dtype=np.float32) - 128) * contrast + 128 + lift, 0, 255) / 255
    curves = np.clip((levels**gamma)[:, None] * 255 * tint, 0, 255).astype(np.uint8)
    image = image_of(pixels).point(curves.T.ravel().tolist())
    image = image.transform(
        (width, height),
        Image.Transform.AFFINE,
        _placed(rng, machine, (width, height)),
        Image.Resampling.BILINEAR,
        fillcolor=machine.mount,
    )
    unsharp = abs(rng.normal(0, 0.45))
    if unsharp > 0.25:
        image = image.filter(ImageFilter.BoxBlur(unsharp))
    lamp = 7 * smooth_noise(rng, (width, height), cell=220)
    noise = rng.standard_normal((height, width), dtype=np.float32) * np.float32(rng.uniform(0.5, 5))
    return image_of(planes_of(image) + np.clip(lamp + noise, -127, 127))


def _placed(rng: np.random.Generator, machine: Museum, size: tuple[int, int]) -> tuple[float, ...]:
    """Return the affine map from scan to image that leaves a border and rotates."""
    width, height = size
    left, top, right, bottom = (rng.uniform(*machine.border) * min(size) for _ in range(4))
    turn = np.radians(rng.uniform(-machine.tilt, machine.tilt))
    wide, high = width / (width - left - right), height / (height - top - bottom)
    a, b, d, e = wide * np.cos(turn), wide * np.sin(turn), -high * np.sin(turn), high * np.cos(turn)
    x, y = (width + left - right) / 2, (height + top - bottom) / 2
    return float(a), float(b), float(width / 2 - a * x - b * y), float(d), float(e), float(height / 2 - d * x - e * y)
