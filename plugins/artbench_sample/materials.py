"""The eight materials, each of which leaves a trace in the image."""

from collections.abc import Callable, Mapping

import numpy as np

from artbench_sample.blur import blurred
from artbench_sample.noise import smooth_noise
from artbench_sample.planes import Planes, even, luma


def _size(pixels: Planes) -> tuple[int, int]:
    return pixels.shape[2], pixels.shape[1]


def _canvas(rng: np.random.Generator, pixels: Planes) -> Planes:
    """The weave: threads over and under."""
    width, height = _size(pixels)
    turn, period = rng.normal(0, 0.04), rng.uniform(3.2, 5.2)
    ys, xs = (side.astype(np.float32) * np.float32(2 * np.pi / period) for side in np.ogrid[0:height, 0:width])
    warp = np.sin(xs + turn * ys)
    weft = np.sin(ys - turn * xs)
    pixels += rng.uniform(2.5, 6) * (warp * weft + 0.4 * warp)
    return pixels


def _paper(rng: np.random.Generator, pixels: Planes) -> Planes:
    """The grain and a few fibres."""
    width, height = _size(pixels)
    grain = rng.standard_normal((height, width), dtype=np.float32)
    grain = grain + 1.6 * smooth_noise(rng, _size(pixels), cell=2.2)
    fibres = smooth_noise(rng, _size(pixels), cell=5)
    pixels += rng.uniform(2, 4.5) * (grain - np.float32(1.5) * (np.abs(fibres) < 0.05))
    return pixels


def _panel(rng: np.random.Generator, pixels: Planes) -> Planes:
    """The grain of the wood, along one side."""
    size = _size(pixels)
    along = rng.random() < 0.5
    bend = smooth_noise(rng, size, cell=110, across=60) if along else smooth_noise(rng, size, cell=60, across=110)
    fine = smooth_noise(rng, size, cell=60, across=2.2) if along else smooth_noise(rng, size, cell=2.2, across=60)
    rings = np.sin(bend * 9 + fine * 1.2)
    pixels += rng.uniform(2.5, 5) * (rings + 1.1 * fine)
    return pixels


def _oil(rng: np.random.Generator, pixels: Planes) -> Planes:
    """Thick paint in a light from the side."""
    relief = luma(pixels) * np.float32(0.12)
    relief = (
        relief + 3.2 * smooth_noise(rng, _size(pixels), cell=3, across=9) + 3 * smooth_noise(rng, _size(pixels), cell=8)
    )
    relief = blurred(relief, 1)
    light = rng.uniform(0, 2 * np.pi)
    down, right = (np.asarray(part, dtype=np.float32) for part in np.gradient(relief))
    slope = np.float32(np.cos(light)) * right + np.float32(np.sin(light)) * down
    pixels += np.clip(slope * rng.uniform(4, 8), -40, 50)
    return pixels


def _watercolour(rng: np.random.Generator, pixels: Planes) -> Planes:
    """Washes: blooms, pigment gathered at the edges, the ground shining through."""
    bloom = smooth_noise(rng, _size(pixels), cell=34) + 0.6 * smooth_noise(rng, _size(pixels), cell=12)
    tone = luma(pixels)
    gathered = np.clip(np.abs(tone - blurred(tone, 3)), 0, 30)
    # A bloom leaves a tide mark at its edge.
    tide = np.exp(-((bloom / 0.09) ** 2)) * 12
    thin = rng.uniform(0.1, 0.22)
    pixels *= 1 - thin
    pixels += 244 * thin + 9 * bloom - 0.6 * gathered - tide
    return pixels


def _ink(rng: np.random.Generator, pixels: Planes) -> Planes:
    """Contours drawn over the image, thick and thin."""
    tone = blurred(luma(pixels), 1)
    down, right = np.gradient(tone)
    edge = np.hypot(down, right).astype(np.float32)
    pressure = np.clip(0.75 + 0.6 * smooth_noise(rng, _size(pixels), cell=18), 0.1, 1.2)
    line = np.clip((edge - float(np.quantile(edge[::4, ::4], 0.86))) / 9, 0, 1) * pressure * rng.uniform(0.45, 0.8)
    black = np.array([22, 20, 26], dtype=np.float32)
    pixels += np.clip(line, 0, 1) * (even(black) - pixels)
    return pixels


def _gold(rng: np.random.Generator, pixels: Planes) -> Planes:
    """Gold leaf laid on in squares, worn here and there."""
    width, height = _size(pixels)
    side = rng.uniform(22, 44)
    ys, xs = (part.astype(np.float32) for part in np.ogrid[0:height, 0:width])
    column, row = (xs + rng.uniform(0, side)) / side, (ys + rng.uniform(0, side)) / side
    sheen = rng.normal(0, 13, (int(row.max()) + 1, int(column.max()) + 1)).astype(np.float32)
    leaf = sheen[row.astype(int), column.astype(int)]
    seam = np.where(np.minimum(column % 1, row % 1) * side < 1.2, np.float32(-24), np.float32(0))
    speckle = 9 * smooth_noise(rng, (width, height), cell=2)
    gold = np.array([201, 160, 72], dtype=np.float32) * np.float32(rng.uniform(0.85, 1.1))
    tone = luma(pixels) + 10 * smooth_noise(rng, (width, height), cell=14)
    # On the lightest or on the darkest parts.
    share = rng.uniform(0.12, 0.3)
    some = tone[::4, ::4]
    where = tone > np.quantile(some, 1 - share) if rng.random() < 0.6 else tone < np.quantile(some, share)
    pixels[:, where] = gold[:, None] + (leaf + seam + speckle)[where]
    return pixels


def _varnish(rng: np.random.Generator, pixels: Planes) -> Planes:
    """Old varnish: yellowed, with a net of cracks."""
    size = _size(pixels)
    cracks = np.zeros(pixels.shape[1:], dtype=np.float32)
    for cell in (13.0, 24.0):
        field = smooth_noise(rng, size, cell=cell)
        down, right = np.gradient(field)
        cracks = np.maximum(cracks, np.clip(1.1 - np.abs(field) / (np.hypot(down, right) + 1e-3), 0, 1))
    yellow = np.array([1.0, 0.96, 0.86], dtype=np.float32) ** np.float32(rng.uniform(0.3, 1.0))
    pixels *= even(yellow)
    pixels -= cracks * rng.uniform(12, 28)
    return pixels


_TRACES: Mapping[str, Callable[[np.random.Generator, Planes], Planes]] = {
    # From the lowest layer to the highest.
    "watercolour": _watercolour,
    "ink": _ink,
    "oil": _oil,
    "gold leaf": _gold,
    "canvas": _canvas,
    "paper": _paper,
    "panel": _panel,
    "varnish": _varnish,
}

MATERIALS = tuple(sorted(_TRACES))


def leave_traces(rng: np.random.Generator, pixels: Planes, materials: frozenset[str]) -> Planes:
    """Return an image as it looks made of `materials`.

    Args:
        rng: Generator of the image.
        pixels: float32, shape (3, height, width): RGB in [0, 255]; not changed.
        materials: A subset of `MATERIALS`.
    """
    pixels = pixels.copy()
    for material, trace in _TRACES.items():
        if material in materials:
            pixels = trace(rng, pixels)
    return pixels
