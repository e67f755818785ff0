"""Pictures and their nearest: for programs and for people."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artbench.explain.cosine import cosine_blocks, nearest
from artbench.records.record import Record

# Pairs of the collection drawn at random, to tell what a cosine means.
_PAIRS = 20_000


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One picture.

    Attributes:
        image: Its id, or the path that was asked for.
        known: What it is, in words; empty where nobody says.
        part: `train`, `validation` or `test`; empty for a picture from elsewhere.
        pixels: Whole, RGB, uint8, shape (height, width, 3).
    """

    image: str
    known: str
    part: str
    pixels: NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One picture asked for, and its nearest.

    Attributes:
        query: The picture.
        nearest: Each with its cosine, the nearest first.
        file: Name of its figure.
    """

    query: Shown
    nearest: Sequence[tuple[Shown, float]]
    file: str


@dataclass(frozen=True, kw_only=True)
class ByChance:
    """The cosine of two different pictures of the collection drawn at random: its median and 99th percentile."""

    median: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Neighbourhoods:
    """What `artbench explain neighbours` found.

    Attributes:
        record: Whose encoder it is.
        pictures: How many were looked through.
        chance: What a cosine is by chance.
        answers: One a picture asked for.
    """

    record: Record
    pictures: int
    chance: ByChance
    answers: Sequence[Answer]

    @property
    def caption(self) -> str:
        """What was looked through and what a similarity means, as sentences."""
        return (
            f"Nearest by cosine of the features of {self.record.backbone}, {self.record.pretraining}, among the "
            f"{self.pictures:,} pictures of {self.record.task}, train, validation and test. Two of them drawn at "
            f"random are at {self.chance.median:.2f} (median), one pair in a hundred at {self.chance.high:.2f} or "
            f"more. Record {self.record.id}."
        )

    def as_json(self) -> dict[str, Any]:
        """All but the pixels."""
        return {
            "record": self.record.id,
            "task": self.record.task,
            "backbone": self.record.backbone,
            "pretraining": self.record.pretraining,
            "pictures": self.pictures,
            "by_chance": {"median": self.chance.median, "percentile_99": self.chance.high},
            "queries": [
                {
                    **_described(answer.query),
                    "file": answer.file,
                    "neighbours": [{**_described(one), "cosine": cosine} for one, cosine in answer.nearest],
                }
                for answer in self.answers
            ],
        }

    def as_csv(self) -> str:
        """A row a neighbour."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["query", "rank", "image", "cosine", "true", "split"])
        for answer in self.answers:
            for rank, (one, cosine) in enumerate(answer.nearest, start=1):
                writer.writerow([answer.query.image, rank, one.image, f"{cosine:.4f}", one.known, one.part])
        return out.getvalue()


def _described(shown: Shown) -> dict[str, str]:
    return {"image": shown.image, "true": shown.known, "split": shown.part}


@dataclass(frozen=True, kw_only=True)
class Nearest:
    """The nearest to one picture.

    Attributes:
        places: In the collection, the nearest first, int64, shape (k,).
        cosines: Of the features, float32, shape (k,).
    """

    places: NDArray[np.int64]
    cosines: NDArray[np.float32]


def find_nearest(
    queries: NDArray[np.float32], collection: NDArray[np.float32], *, count: int, itself: NDArray[np.int64]
) -> list[Nearest]:
    """Look through a collection for the nearest to each of some pictures.

    Args:
        queries: Directions of their features, float32, shape (m, d).
        collection: Directions of its features, float32, shape (n, d).
        count: How many.
        itself: The place of each in the collection, which is left out; -1 where it is not in it. Shape (m,).
    """
    found: list[Nearest] = []
    for part, cosines in cosine_blocks(queries, collection):
        own = itself[part]
        inside = np.flatnonzero(own >= 0)
        cosines[inside, own[inside]] = -np.inf
        for row, places in zip(cosines, nearest(cosines, count), strict=True):
            kept = places[np.isfinite(row[places])]
            found.append(Nearest(places=kept, cosines=row[kept]))
    return found


def by_chance(collection: NDArray[np.float32]) -> ByChance:
    """What the cosine of two pictures is that have nothing to do with each other."""
    pairs = np.random.default_rng(0).integers(0, len(collection), (2, _PAIRS))
    pairs = pairs[:, pairs[0] != pairs[1]]
    cosines = np.einsum("nd,nd->n", collection[pairs[0]], collection[pairs[1]])
    median, high = (float(value) for value in np.percentile(cosines, (50, 99))) if len(cosines) else (1.0, 1.0)
    return ByChance(median=median, high=high)
