"""Neoplastic grids: bars across the image, some of the panes in colour (after Mondrian)."""

from itertools import pairwise

import numpy as np
from PIL import Image

from artbench_sample.easel import Easel, paint


def paint_grid(easel: Easel) -> Image.Image:
    """Paint panes between bars; the angle turns the grid, density fills it, roughness bends its bars."""
    rng, touch = easel.rng, easel.touch
    width, height = easel.large
    light = rng.random() < 0.8
    ground = easel.colour(4, 6) if light else easel.colour(0, 2)
    bar = paint(easel.colour(0, 2) if light else easel.colour(4, 6))
    image, draw = easel.stretch(ground)
    turn = np.radians(touch.angle + rng.normal(0, 1.5))
    axes = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    middle, reach = np.array([width, height]) / 2, 0.75 * max(width, height)

    def corner(u: float, v: float) -> tuple[float, float]:
        x, y = middle + np.array([u, v]) @ axes
        return float(x), float(y)

    across, down = (_cuts(rng, reach, touch.density) for _ in range(2))
    for left, right in pairwise(across):
        for top, bottom in pairwise(down):
            if rng.random() < 0.18 + 0.4 * touch.density:
                pane = [corner(left, top), corner(right, top), corner(right, bottom), corner(left, bottom)]
                draw.polygon(pane, fill=paint(easel.colour() + rng.normal(0, 8, 3).astype(np.float32)))
    for cuts, upright in ((across, True), (down, False)):
        for cut in cuts:
            thick = max(2, int(rng.uniform(7, 15) * touch.scale))
            # Some bars stop short of the edge.
            start, end = (-reach, reach) if rng.random() > 0.5 * touch.curve else (-reach, rng.choice(cuts))
            places = np.linspace(start, end, 9)
            bend = cut + rng.normal(0, 5 * touch.roughness, 9)
            points = [corner(b, p) if upright else corner(p, b) for b, p in zip(bend, places, strict=True)]
            draw.line(points, fill=bar, width=thick, joint="curve")
    return easel.reduced(image)


def _cuts(rng: np.random.Generator, reach: float, density: float) -> list[float]:
    count = int(4 + 7 * density + rng.integers(0, 3))
    gaps = rng.uniform(0.35, 1.9, count)
    cuts = np.cumsum(gaps) / gaps.sum() * 2 * reach - reach
    return [-reach, *cuts.tolist()]
