"""Cubism: the scene in shaded facets that don't quite fit (after Braque and Gris)."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from artbench_sample.easel import Easel
from artbench_sample.planes import image_of, planes_of
from artbench_sample.scene import compose


def paint_facets(easel: Easel) -> Image.Image:
    """Paint the subject in facets; the angle sets their edges, density their number, roughness their shifts."""
    rng, touch = easel.rng, easel.touch
    seen = planes_of(compose(easel).drawn(easel.size))
    cells = _split(easel, int(24 + 46 * touch.density / touch.scale))
    numbers = Image.new("I", easel.size)
    draw = ImageDraw.Draw(numbers)
    for number, cell in enumerate(cells):
        draw.polygon((cell / 2).ravel().tolist(), fill=number)
    cell_of = np.asarray(numbers)
    count = len(cells)
    bottom, right = seen.shape[1] - 1, seen.shape[2] - 1
    ys, xs = np.ogrid[0 : bottom + 1, 0 : right + 1]
    shift = rng.normal(0, 4 + 15 * touch.roughness, (2, count)).astype(np.int32)
    row = np.clip(ys + shift[0].take(cell_of), 0, bottom)
    column = np.clip(xs + shift[1].take(cell_of), 0, right)
    shown = seen.reshape(3, -1).take(row * (right + 1) + column, axis=1)
    centres = np.array([cell.mean(axis=0) / 2 for cell in cells])
    own = seen[:, np.clip(centres[:, 1], 0, bottom).astype(int), np.clip(centres[:, 0], 0, right).astype(int)]
    # Each facet is lit from one of its edges.
    light = np.radians(touch.angle + rng.choice([0, 90, 180, 270], count) + rng.normal(0, 15, count))
    slope = rng.uniform(0.5, 1.6, count) * 1.1 / touch.scale
    dx, dy = (slope * np.cos(light)).astype(np.float32), (slope * np.sin(light)).astype(np.float32)
    level = (centres[:, 0] * dx + centres[:, 1] * dy).astype(np.float32)
    lit = xs.astype(np.float32) * dx.take(cell_of) + ys.astype(np.float32) * dy.take(cell_of) - level.take(cell_of)
    keep = np.float32(0.35 + 0.4 * touch.curve)
    pixels = keep * shown + ((1 - keep) * own).take(cell_of, axis=1)
    pixels += np.clip(lit, -42, 42)
    image = image_of(pixels).resize(easel.large, Image.Resampling.NEAREST)
    pen, line = ImageDraw.Draw(image), tuple(np.clip(easel.colours[0], 0, 255).astype(int).tolist())
    for cell in cells:
        if rng.random() < 0.55:
            at = int(rng.integers(0, len(cell)))
            pen.line(
                [*cell[at].tolist(), *cell[(at + 1) % len(cell)].tolist()], fill=line, width=int(1 + 3 * touch.scale)
            )
    return easel.reduced(image)


def _split(easel: Easel, count: int) -> list[NDArray[np.float64]]:
    """The image cut by straight lines, again and again, always through a large piece."""
    rng, (width, height) = easel.rng, easel.large
    cells = [np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float64)]
    areas = [_area(cells[0])]
    while len(cells) < count:
        at = sorted(range(len(cells)), key=areas.__getitem__)[-1 - int(rng.integers(0, min(3, len(cells))))]
        cell, _ = cells.pop(at), areas.pop(at)
        angle = np.radians(easel.touch.angle + (0, 60, 90)[rng.integers(0, 3)] + rng.normal(0, 14))
        direction = np.array([-np.sin(angle), np.cos(angle)])
        spread = cell - (cell.mean(axis=0) + rng.uniform(-0.2, 0.2, 2) * np.ptp(cell, axis=0))
        side = spread @ direction
        if side.min() > -4 or side.max() < 4:
            # Nothing but a splinter would come off: cut across the longer side.
            side = spread[:, int(np.argmax(np.ptp(cell, axis=0)))]
        halves = [_half(cell, side), _half(cell, -side)]
        cells += halves
        areas += [_area(half) for half in halves]
    return cells


def _half(cell: NDArray[np.float64], side: NDArray[np.float64]) -> NDArray[np.float64]:
    points = []
    for k in range(len(cell)):
        a, b = side[k], side[(k + 1) % len(cell)]
        if a >= 0:
            points.append(cell[k])
        if (a >= 0) != (b >= 0):
            points.append(cell[k] + (cell[(k + 1) % len(cell)] - cell[k]) * (a / (a - b)))
    return np.array(points)


def _area(cell: NDArray[np.float64]) -> float:
    points: list[list[float]] = cell.tolist()
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(points, points[1:] + points[:1], strict=True))) / 2
