"""Colour fields: a few soft-edged bands of colour that hover (after Rothko)."""

from itertools import pairwise

import numpy as np
from PIL import Image

from artbench_sample.easel import Easel
from artbench_sample.noise import smooth_noise
from artbench_sample.planes import even, image_of


def paint_fields(easel: Easel) -> Image.Image:
    """Paint two to five bands; roughness frays their edges, density makes them many, the angle lays them upright."""
    rng, touch = easel.rng, easel.touch
    width, height = easel.size
    upright = abs(np.sin(np.radians(touch.angle))) > 0.7
    ys, xs = (side.astype(np.float32) for side in np.ogrid[0:height, 0:width])
    fray = smooth_noise(rng, easel.size, cell=9 + 5 * touch.curve) * (0.004 + 0.02 * touch.roughness)
    fray += smooth_noise(rng, easel.size, cell=60) * 0.02 * touch.curve
    along, across = (xs / width, ys / height) if not upright else (ys / height, xs / width)
    pixels = even(easel.colour()) + smooth_noise(rng, easel.size, cell=70) * 9
    bands = 2 + int(touch.density * 3 + rng.random())
    cuts = np.cumsum(rng.uniform(0.5, 1.6, bands))
    cuts = np.concatenate([[0.0], cuts / cuts[-1]]) * 0.9 + 0.05
    margin, gap = rng.uniform(0.05, 0.11), 0.018 * touch.scale
    soft = np.float32((0.006 + 0.016 * touch.scale * rng.uniform(0.6, 1.3)) * (1.3 - touch.roughness))
    long, short = 40 * touch.scale, 5
    brushed = smooth_noise(rng, easel.size, cell=short if upright else long, across=long if upright else short)
    streaks, dry = 6 * brushed, np.clip(0.9 + 0.16 * touch.roughness * brushed, 0.4, 1)
    for start, end in pairwise(cuts.tolist()):
        inside = np.minimum(
            np.minimum(across - start - gap, end - gap - across), np.minimum(along - margin, 1 - margin - along)
        )
        cover = np.clip((inside + fray) / soft + 0.5, 0, 1)
        cover *= dry
        colour = easel.colour() + rng.normal(0, 8, 3).astype(np.float32)
        pixels += cover * (even(colour) + streaks - pixels)
    return image_of(pixels)
