"""Pointillism: the scene in dots of unmixed colour (after Seurat and Signac)."""

import numpy as np
from PIL import Image

from artbench_sample.easel import Easel, as_inks
from artbench_sample.scene import compose


def paint_points(easel: Easel) -> Image.Image:
    """Paint the subject in round dots, side by side; an unsteady hand makes them uneven, a curved one in rows."""
    rng, touch = easel.rng, easel.touch
    width, height = easel.large
    seen = np.asarray(compose(easel).drawn(easel.size), dtype=np.float32)
    image, draw = easel.stretch(easel.colour(3, 6))
    step = 14.0 * touch.scale**0.6
    ys, xs = np.mgrid[-1 : height / step + 1, -1 : width / step + 1]
    count = xs.size
    loose = 0.25 + 0.75 * (1 - touch.curve)
    x = (xs.ravel() + 0.5 * (ys.ravel() % 2) + loose * rng.uniform(-0.5, 0.5, count)) * step
    y = (ys.ravel() + loose * rng.uniform(-0.5, 0.5, count)) * step
    row = np.clip(y / 2, 0, seen.shape[0] - 1).astype(int)
    column = np.clip(x / 2, 0, seen.shape[1] - 1).astype(int)
    # Unmixed: what the eye should mix is put side by side, from the palette or from the other side of the circle.
    colours = seen[row, column] + rng.normal(0, 14, (count, 3))
    stray = rng.random(count)
    colours[stray < 0.16] = easel.colours[rng.integers(0, 6, count)][stray < 0.16]
    colours[stray > 0.93] = 255 - colours[stray > 0.93]
    radius = step * (0.36 + 0.2 * touch.density) * np.exp(rng.normal(0, 0.05 + 0.35 * touch.roughness, count))
    boxes = np.stack([x - radius, y - radius, x + radius, y + radius], axis=1).tolist()
    fills = as_inks(colours)
    for place in np.argsort(rng.random(count), kind="stable").tolist():
        draw.ellipse(boxes[place], fill=fills[place])
    return easel.reduced(image)
