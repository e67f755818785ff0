"""The subjects: the shapes of a landscape, a still life or a head."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Outline: TypeAlias = NDArray[np.float64]
Toned: TypeAlias = tuple[Outline, float]


def _blob(rng: np.random.Generator, centre: tuple[float, float], radii: tuple[float, float], wobble: float) -> Outline:
    turn = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    swell = 1 + sum(wobble / k * rng.normal() * np.sin(k * turn + rng.uniform(0, 2 * np.pi)) for k in (2, 3, 5))
    return np.stack([centre[0] + radii[0] * swell * np.cos(turn), centre[1] + radii[1] * swell * np.sin(turn)], axis=1)


def _ridge(rng: np.random.Generator, height: float, swing: float) -> Outline:
    x = np.linspace(-0.6, 1.6, 30)
    y = height + sum(swing / k * rng.normal() * np.sin(k * 2.2 * x + rng.uniform(0, 2 * np.pi)) for k in (1, 2, 4))
    return np.concatenate([np.stack([x, y], axis=1), [[1.6, 1.8], [-0.6, 1.8]]])


def _box(left: float, top: float, right: float, bottom: float) -> Outline:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


def _sun(rng: np.random.Generator) -> Toned:
    radius = rng.uniform(0.05, 0.12)
    return _blob(rng, (rng.uniform(0.15, 0.85), rng.uniform(0.12, 0.35)), (radius, radius), 0.0), 0.95


def hills(rng: np.random.Generator) -> list[Toned]:
    """Ridge behind ridge, with a sun or a moon."""
    count = int(rng.integers(3, 6))
    ridges = [_ridge(rng, 0.42 + 0.5 * k / count, rng.uniform(0.04, 0.09)) for k in range(count)]
    return [_sun(rng), *((ridge, 0.65 - 0.5 * k / count) for k, ridge in enumerate(ridges))]


def mountain(rng: np.random.Generator) -> list[Toned]:
    """One great peak with snow on it, over a plain."""
    x, top, spread = rng.uniform(0.35, 0.65), rng.uniform(0.12, 0.3), rng.uniform(0.4, 0.65)
    foot = 0.8
    slope = np.array([[x - spread, foot], [x - spread * 0.35, top + 0.28], [x - 0.04, top], [x + 0.05, top + 0.01],
                      [x + spread * 0.4, top + 0.3], [x + spread, foot]])  # fmt: skip
    snow = np.array([[x - 0.04, top], [x + 0.05, top + 0.01], [x + 0.19, top + 0.17], [x + 0.09, top + 0.12],
                     [x + 0.02, top + 0.19], [x - 0.06, top + 0.12], [x - 0.17, top + 0.17]])  # fmt: skip
    return [_sun(rng), (slope, 0.3), (snow, 1.0), (_ridge(rng, 0.72, 0.03), 0.5), (_ridge(rng, 0.85, 0.04), 0.15)]


def sea(rng: np.random.Generator) -> list[Toned]:
    """Water to the horizon, boats, waves."""
    horizon = rng.uniform(0.35, 0.55)
    shapes = [_sun(rng), (_box(-0.6, horizon, 1.6, 1.8), 0.4)]
    for _ in range(int(rng.integers(1, 4))):
        x, y, s = rng.uniform(0.15, 0.85), rng.uniform(horizon + 0.06, 0.8), rng.uniform(0.06, 0.15)
        shapes.append(
            (np.array([[x - s, y], [x + s, y], [x + 0.7 * s, y + 0.4 * s], [x - 0.7 * s, y + 0.4 * s]]), 0.05)
        )
        shapes.append((np.array([[x, y - 0.1 * s], [x, y - 2.2 * s], [x + 1.0 * s, y - 0.1 * s]]), 0.95))
        shapes.append(
            (np.array([[x - 0.1 * s, y - 0.1 * s], [x - 0.1 * s, y - 1.7 * s], [x - 0.7 * s, y - 0.1 * s]]), 0.8)
        )
    return [*shapes, *((_ridge(rng, 0.78 + 0.09 * k, 0.02), 0.5 - 0.2 * k) for k in range(3))]


def trees(rng: np.random.Generator) -> list[Toned]:
    """A few trees on a meadow."""
    ground = rng.uniform(0.68, 0.8)
    shapes: list[Toned] = [(_ridge(rng, ground - 0.12, 0.03), 0.6), (_ridge(rng, ground, 0.03), 0.4)]
    for _ in range(int(rng.integers(3, 7))):
        x, foot, tall = rng.uniform(0.05, 0.95), ground + rng.uniform(0.02, 0.15), rng.uniform(0.25, 0.5)
        width = rng.uniform(0.01, 0.022)
        lean = rng.normal(0, 0.03)
        crown = foot - tall
        trunk = [[x - width, foot], [x + width, foot], [x + lean + width * 0.6, crown], [x + lean - width * 0.6, crown]]
        shapes.append((np.array(trunk), 0.05))
        for _ in range(2):
            centre = (x + lean + rng.normal(0, 0.03), crown + rng.normal(0, 0.03))
            shapes.append((_blob(rng, centre, (rng.uniform(0.07, 0.14), rng.uniform(0.07, 0.16)), 0.12), 0.25))
    return shapes


def bottles(rng: np.random.Generator) -> list[Toned]:
    """Bottles and jars on a table."""
    table = rng.uniform(0.62, 0.75)
    shapes: list[Toned] = [(_box(-0.6, table, 1.6, 1.8), 0.6)]
    for _ in range(int(rng.integers(3, 6))):
        x, foot, tall = rng.uniform(0.12, 0.88), table + rng.uniform(0.04, 0.18), rng.uniform(0.3, 0.55)
        body, neck, shoulder = rng.uniform(0.05, 0.1), rng.uniform(0.018, 0.035), rng.uniform(0.35, 0.6)
        side = [[body, 0], [body, -tall * shoulder], [neck, -tall * (shoulder + 0.14)], [neck, -tall]]
        right = np.array(side)
        outline = np.concatenate([right, right[::-1] * [-1, 1]]) + np.array([x, foot])
        tone = rng.uniform(0, 0.7)
        shapes.append((outline, tone))
        shapes.append((_box(x - body * 0.7, foot - tall * shoulder * 0.7, x - body * 0.35, foot - 0.03), tone + 0.4))
    return shapes


def fruit(rng: np.random.Generator) -> list[Toned]:
    """A bowl of fruit on a cloth."""
    table = rng.uniform(0.55, 0.7)
    shapes: list[Toned] = [(_box(-0.6, table, 1.6, 1.8), 0.75)]
    x, y, wide = rng.uniform(0.4, 0.6), table + 0.02, rng.uniform(0.24, 0.34)
    for _ in range(int(rng.integers(5, 9))):
        radius = rng.uniform(0.06, 0.095)
        centre = (x + rng.uniform(-0.8, 0.8) * wide, y - rng.uniform(0.0, 0.12))
        shapes.append((_blob(rng, centre, (radius, radius), 0.04), rng.uniform(0.3, 0.8)))
    turn = np.linspace(0, np.pi, 20)
    shapes.append((np.stack([x + wide * np.cos(turn), y + 0.22 * np.sin(turn)], axis=1), 0.15))
    for _ in range(int(rng.integers(1, 4))):
        centre = (rng.uniform(0.1, 0.9), table + rng.uniform(0.15, 0.28))
        shapes.append((_blob(rng, centre, (0.07, 0.065), 0.05), rng.uniform(0.3, 0.7)))
    return shapes


def head(rng: np.random.Generator) -> list[Toned]:
    """Head and shoulders of somebody."""
    x, y = rng.uniform(0.4, 0.6), rng.uniform(0.36, 0.44)
    wide, tall = rng.uniform(0.14, 0.19), rng.uniform(0.19, 0.24)
    tilt = rng.normal(0, 0.02)
    return [
        (_blob(rng, (x, y - 0.05), (wide * 1.3, tall * 1.25), 0.08), 0.05),
        (_blob(rng, (x, 1.02), (rng.uniform(0.34, 0.46), 0.36), 0.05), 0.25),
        (_box(x - 0.06, y + 0.1, x + 0.06, y + 0.34), 0.65),
        (_blob(rng, (x, y), (wide, tall), 0.03), 0.8),
        (_blob(rng, (x - wide * 0.42, y - 0.02 + tilt), (0.03, 0.014), 0.0), 0.0),
        (_blob(rng, (x + wide * 0.42, y - 0.02 - tilt), (0.03, 0.014), 0.0), 0.0),
        (np.array([[x, y - 0.01], [x + 0.03, y + 0.075], [x - 0.015, y + 0.075]]), 0.55),
        (_blob(rng, (x, y + tall * 0.58), (0.05, 0.015), 0.0), 0.3),
    ]


def houses(rng: np.random.Generator) -> list[Toned]:
    """A street of houses."""
    ground = rng.uniform(0.74, 0.84)
    shapes: list[Toned] = [(_box(-0.6, ground - 0.03, 1.6, 1.8), 0.5)]
    left = -0.1
    while left < 1.05:
        wide, tall = rng.uniform(0.14, 0.27), rng.uniform(0.22, 0.5)
        top, right = ground - tall, left + wide
        shapes.append((_box(left, top, right, ground), rng.uniform(0.3, 0.9)))
        roof = [[left - 0.02, top], [left + wide / 2, top - rng.uniform(0.06, 0.16)], [right + 0.02, top]]
        shapes.append((np.array(roof), 0.15))
        for row in range(int(tall / 0.14)):
            for column in (0.2, 0.6):
                x, y = left + wide * column, top + 0.05 + 0.13 * row
                shapes.append((_box(x, y, x + wide * 0.22, y + 0.07), 0.05))
        left = right + rng.uniform(0, 0.03)
    return shapes


SUBJECTS: Mapping[str, Callable[[np.random.Generator], list[Toned]]] = {
    "hills": hills,
    "mountain": mountain,
    "sea": sea,
    "trees": trees,
    "bottles": bottles,
    "fruit": fruit,
    "head": head,
    "houses": houses,
}
