"""Impressionism: the scene in short dabs that follow a flow (after Monet and van Gogh)."""

import numpy as np
from PIL import Image, ImageDraw

from artbench_sample.easel import Easel, as_inks
from artbench_sample.noise import smooth_noise
from artbench_sample.scene import compose


def paint_dabs(easel: Easel) -> Image.Image:
    """Paint the subject in dabs; the hand's curve bends the flow, its roughness scatters it."""
    rng, touch = easel.rng, easel.touch
    width, height = easel.large
    scene = compose(easel).drawn(easel.size)
    seen = np.asarray(scene, dtype=np.float32)
    flow = smooth_noise(rng, easel.size, cell=90)
    image = scene.resize(easel.large, Image.Resampling.BILINEAR)
    draw = ImageDraw.Draw(image)
    count = int(1050 * (0.7 + 0.5 * touch.density) / touch.scale**0.7)
    x, y = rng.uniform(0, width, count), rng.uniform(0, height, count)
    row, column = np.minimum(y / 2, seen.shape[0] - 1).astype(int), np.minimum(x / 2, seen.shape[1] - 1).astype(int)
    angle = np.radians(touch.angle) + 1.6 * touch.curve * flow[row, column]
    angle += rng.normal(0, 0.08 + 0.5 * touch.roughness, count)
    length = 11 * touch.scale * np.exp(rng.normal(0, 0.25, count))
    broad = np.maximum(3, 5.5 * touch.scale * np.exp(rng.normal(0, 0.2, count))).astype(int).tolist()
    colours = seen[row, column] + rng.normal(0, 9, (count, 3)) + rng.normal(0, 15, (count, 1))
    stray = rng.random(count) < 0.12
    colours[stray] = 0.5 * colours[stray] + 0.5 * easel.colours[rng.integers(0, 6, count)][stray]
    dx, dy = length * np.cos(angle), length * np.sin(angle)
    lines = np.stack([x - dx, y - dy, x + dx, y + dy], axis=1).tolist()
    for line, fill, thick in zip(lines, as_inks(colours), broad, strict=True):
        draw.line(line, fill=fill, width=thick)
    return easel.reduced(image)
