"""The catalogue: the images, their painters, and the intended faults of the collection."""

from dataclasses import dataclass, replace

import numpy as np

from artbench_sample.materials import MATERIALS
from artbench_sample.painters import PAINTERS, Painter
from artbench_sample.palettes import PALETTES
from artbench_sample.subjects import SUBJECTS

ORIGINALS_EACH = 49
# One image of every painter is there twice: a training image for half of them, a test image for the others.
TEST_EACH = 15
SECOND_STYLE = 0.35
TRANSITIONAL = 0.24
_FORMATS = ((256, 256), (256, 308), (308, 256), (284, 256), (256, 284))


@dataclass(frozen=True, kw_only=True)
class Work:
    """One image of the collection.

    Attributes:
        index: Number from 1 on; with the collection's seed it determines every pixel.
        artist: Name of the painter.
        style: One of the painter's styles.
        museum: Museum that scanned it.
        materials: Materials it is made of.
        split: `train` or `test`.
        palette: Name of the palette.
        subject: What is painted, if the style is figurative.
        influence: Second style of a part of the image, if any; else empty.
        size: Width and height in pixels.
        duplicate_of: Index of the original of a copy; 0 for an original.
    """

    index: int
    artist: str
    style: str
    museum: str
    materials: frozenset[str]
    split: str
    palette: str
    subject: str
    influence: str
    size: tuple[int, int]
    duplicate_of: int = 0


def draw_up(seed: int) -> list[Work]:
    """Return the catalogue of a seed's collection, in the order of the indices."""
    rng = np.random.default_rng(np.random.SeedSequence([seed]))
    works: list[Work] = []
    copied: list[int | None] = []
    for number, painter in enumerate(PAINTERS):
        copy_in_test = number % 2 == 0
        first_train = TEST_EACH - copy_in_test
        second = round(SECOND_STYLE * ORIGINALS_EACH) if len(painter.styles) > 1 else 0
        in_second = np.argsort(rng.random(ORIGINALS_EACH), kind="stable") < second
        originals = [
            _original(rng, painter, painter.styles[int(other)], "test" if k < first_train else "train")
            for k, other in enumerate(in_second.tolist())
        ]
        model = ORIGINALS_EACH - 1 if copy_in_test else 0
        copied += [*[None] * ORIGINALS_EACH, len(works) + model]
        works += [*originals, replace(originals[model], split="test" if copy_in_test else "train")]
    # Shuffled, so that the order reveals no label.
    order = np.argsort(rng.random(len(works)), kind="stable").tolist()
    index_of = {place: index for index, place in enumerate(order, start=1)}
    return [
        replace(works[place], index=index_of[place], duplicate_of=0 if model is None else index_of[model])
        for place in order
        for model in [copied[place]]
    ]


def _original(rng: np.random.Generator, painter: Painter, style: str, split: str) -> Work:
    return Work(
        index=0,
        artist=painter.name,
        style=style,
        museum="north" if rng.random() < painter.north else "south",
        materials=_materials(rng, painter),
        split=split,
        palette=_preferred(rng, painter.palettes, tuple(PALETTES), (0.4, 0.7)),
        subject=_preferred(rng, painter.subjects, tuple(SUBJECTS), (0.45, 0.72)),
        influence=_influence(rng, style) if rng.random() < TRANSITIONAL else "",
        size=_FORMATS[rng.integers(0, len(_FORMATS))],
    )


def _influence(rng: np.random.Generator, style: str) -> str:
    others = sorted({own for painter in PAINTERS for own in painter.styles} - {style})
    return others[rng.integers(0, len(others))]


def _preferred(
    rng: np.random.Generator, favourites: tuple[str, ...], others: tuple[str, ...], shares: tuple[float, float]
) -> str:
    chance, other = rng.random(), others[rng.integers(0, len(others))]
    return favourites[0] if chance < shares[0] else favourites[1] if chance < shares[1] else other


def _materials(rng: np.random.Generator, painter: Painter) -> frozenset[str]:
    supports = ("canvas", "paper", "panel")
    support = painter.support if rng.random() < 0.5 else supports[rng.integers(0, 3)]
    chances = {
        "oil": 0.15 if support == "paper" else 0.6,
        "watercolour": 0.6 if support == "paper" else 0.15,
        "ink": 0.4 if support == "paper" else 0.2,
        "gold leaf": 0.3 if support == "panel" else 0.12,
        "varnish": 0.05 if support == "paper" else 0.35,
    }
    found = {support, *(material for material, chance in chances.items() if rng.random() < chance)}
    return frozenset(material for material in MATERIALS if material in found)
