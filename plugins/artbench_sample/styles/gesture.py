"""Gestural abstraction: few broad strokes with the marks of the bristles (after Kline and de Kooning)."""

import numpy as np
from PIL import Image

from artbench_sample.easel import Easel, paint


def paint_gesture(easel: Easel) -> Image.Image:
    """Paint strokes; the hand's scale is the brush's breadth, its curve their bend, its roughness the splashes."""
    rng, touch = easel.rng, easel.touch
    width, height = easel.large
    ground = easel.colour(3, 6) if rng.random() < 0.75 else easel.colour(0, 3)
    image, draw = easel.stretch(ground)
    strokes = int(7 + 20 * touch.density)
    along = np.linspace(-1, 1, 9)
    for _ in range(strokes):
        colour = easel.colour()
        angle = np.radians(touch.angle + rng.choice([0, 90], p=[0.7, 0.3]) + rng.normal(0, 18))
        long, broad = rng.uniform(0.12, 0.5) * width, rng.uniform(22, 52) * touch.scale
        bend = rng.normal(0, 0.75) * touch.curve * long
        path = np.stack([along * long, bend * (along**2 - 0.4) + bend * 0.5 * along**3], axis=1)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        path = path @ turn + rng.uniform(0.05, 0.95, 2) * [width, height]
        normal = np.stack([-np.gradient(path[:, 1]), np.gradient(path[:, 0])], axis=1)
        normal /= np.maximum(np.hypot(normal[:, :1], normal[:, 1:]), 1e-6)
        bristles = max(4, int(broad / 7))
        for place in np.linspace(-0.5, 0.5, bristles):
            points = path + normal * (place * broad)
            # Dry bristles lift early.
            first, last = (rng.random(2) * 2.6 * (0.3 + touch.roughness)).astype(int)
            points = points[first : len(points) - last]
            shade = colour + rng.normal(0, 13) + rng.normal(0, 5, 3).astype(np.float32)
            draw.line(points.ravel().tolist(), fill=paint(shade), width=int(8 + rng.random() * 2))
    for _ in range(int(50 * touch.roughness)):
        x, y, r = rng.uniform(0, width), rng.uniform(0, height), float(np.exp(rng.normal(1.2, 0.5)))
        draw.ellipse((x - r, y - r, x + r, y + r), fill=paint(easel.colour()))
    return easel.reduced(image)
