"""Woodblock prints: flat shapes with outlines, a graded sky, a seal (after Hokusai and Hiroshige)."""

import numpy as np
from PIL import Image, ImageDraw

from artbench_sample.easel import Easel, paint
from artbench_sample.scene import compose, on_canvas


def paint_flat(easel: Easel) -> Image.Image:
    """Print the subject; scale gives the outlines their weight, curve the waves and clouds, density their number."""
    rng, touch = easel.rng, easel.touch
    width, height = easel.large
    scene = compose(easel)
    image = scene.drawn(easel.large)
    draw = ImageDraw.Draw(image)
    line = paint(easel.colour(0, 2))
    _clouds(easel, draw)
    for outline, colour in zip(scene.outlines, scene.colours, strict=True):
        points = outline + rng.normal(0, 0.006 * touch.roughness, outline.shape)
        corners = on_canvas(points, easel.large)
        draw.polygon(corners, fill=paint(colour))
        draw.line([*corners, corners[0]], fill=line, width=max(1, int(3.4 * touch.scale)), joint="curve")
    for _ in range(int(7 * touch.density)):
        _wave(easel, draw, line)
    side = int(rng.uniform(22, 34))
    x, y = rng.choice([0.07, 0.86]) * width, rng.uniform(0.06, 0.8) * height
    draw.rectangle((x, y, x + side, y + side * 1.5), fill=(176, 44, 34))
    draw.line((x + side * 0.3, y + 5, x + side * 0.6, y + side * 1.3), fill=(236, 220, 200), width=3)
    return easel.reduced(image)


def _clouds(easel: Easel, draw: ImageDraw.ImageDraw) -> None:
    rng, (width, height) = easel.rng, easel.large
    colour = paint(easel.colour(3, 6))
    for _ in range(int(1 + 5 * easel.touch.density)):
        x, y = rng.uniform(-0.2, 0.9) * width, rng.uniform(0.03, 0.4) * height
        long, high = rng.uniform(0.15, 0.5) * width, rng.uniform(0.015, 0.04) * height
        draw.rounded_rectangle((x, y, x + long, y + high), radius=high / 2, fill=colour)


def _wave(easel: Easel, draw: ImageDraw.ImageDraw, line: tuple[int, int, int]) -> None:
    rng, (width, height) = easel.rng, easel.large
    x = np.linspace(0, 1, 24)
    period = rng.uniform(2, 7)
    crest = np.sin(2 * np.pi * period * x) if easel.touch.curve < 0.5 else np.abs(np.sin(np.pi * period * x))
    y = rng.uniform(0.6, 0.97) + 0.014 * easel.touch.curve * 2 * crest
    start, long = rng.uniform(-0.1, 0.7), rng.uniform(0.2, 0.5)
    points = np.stack([(start + long * x) * width, y * height], axis=1).ravel().tolist()
    draw.line(points, fill=line, width=max(1, int(2.2 * easel.touch.scale)))
