"""Search for the nearest neighbours of images, and its results as JSON and CSV."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artbench.explain.cosine import cosine_blocks, nearest
from artbench.records.record import Record
from artbench.runtime.text import spreadsheet_text

# Pairs of images drawn at random, to tell what a cosine means.
_PAIRS = 20_000


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An image of a figure.

    Attributes:
        image: Id of the image, or the path that the user gave.
        known: Class, labels or year; empty if unknown.
        part: `train`, `validation` or `test`; empty for an image from elsewhere.
        pixels: The uncropped image, RGB, uint8, shape (height, width, 3).
    """

    image: str
    known: str
    part: str
    pixels: NDArray[np.uint8]

    def as_json(self) -> dict[str, str]:
        """Return all but the pixels."""
        return {"image": self.image, "true": self.known, "split": self.part}


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A query image and its nearest neighbours.

    Attributes:
        query: Query image.
        nearest: Its neighbours with their cosines, nearest first.
        file: Name of the figure.
    """

    query: Shown
    nearest: Sequence[tuple[Shown, float]]
    file: str


@dataclass(frozen=True, kw_only=True)
class Neighbourhoods:
    """Nearest neighbours of one or more images.

    Attributes:
        record: Record whose encoder gives the features.
        pictures: Number of images searched.
        chance: Median and 99th percentile of the cosine of two images drawn at random.
        answers: Answer for each query.
    """

    record: Record
    pictures: int
    chance: tuple[float, float]
    answers: Sequence[Answer]

    @property
    def caption(self) -> str:
        """What was searched and what a cosine means, as sentences."""
        median, high = self.chance
        return (
            f"Nearest by cosine of the features of {self.record.backbone}, {self.record.pretraining}, among the "
            f"{self.pictures:,} images of {self.record.task}, train, validation and test. Two of them drawn at random "
            f"are at {median:.2f} (median), one pair in a hundred at {high:.2f} or more. Record {self.record.id}."
        )

    def as_json(self) -> dict[str, Any]:
        """Return all but the pixels."""
        return {
            "record": self.record.id,
            "task": self.record.task,
            "backbone": self.record.backbone,
            "pretraining": self.record.pretraining,
            "pictures": self.pictures,
            "by_chance": {"median": self.chance[0], "percentile_99": self.chance[1]},
            "queries": [
                {
                    **answer.query.as_json(),
                    "file": answer.file,
                    "neighbours": [{**one.as_json(), "cosine": cosine} for one, cosine in answer.nearest],
                }
                for answer in self.answers
            ],
        }

    def as_csv(self) -> str:
        """Return a table with a row for each neighbour."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["query", "rank", "image", "cosine", "true", "split"])
        for answer in self.answers:
            for rank, (one, cosine) in enumerate(answer.nearest, start=1):
                query, image, truth = map(spreadsheet_text, (answer.query.image, one.image, one.known))
                writer.writerow([query, rank, image, f"{cosine:.4f}", truth, one.part])
        return out.getvalue()


def find_nearest(
    queries: NDArray[np.float32], collection: NDArray[np.float32], *, count: int, itself: NDArray[np.int64]
) -> list[list[tuple[int, float]]]:
    """Find the images of a collection nearest to each query: index in the collection and cosine, nearest first.

    Args:
        queries: Unit vectors of the queries, float32, shape (m, d).
        collection: Unit vectors of the collection, float32, shape (n, d).
        count: Number of neighbours of each.
        itself: Index of each query in the collection, which is left out; -1 if it is not in it. Shape (m,).
    """
    found = []
    for part, cosines in cosine_blocks(queries, collection):
        own = itself[part]
        inside = np.flatnonzero(own >= 0)
        cosines[inside, own[inside]] = -np.inf
        for row, places in zip(cosines, nearest(cosines, count), strict=True):
            others = places[np.isfinite(row[places])]
            found.append(list(zip(others.tolist(), row[others].tolist(), strict=True)))
    return found


def by_chance(collection: NDArray[np.float32]) -> tuple[float, float]:
    """Median and 99th percentile of the cosine of two different images drawn at random."""
    pairs = np.random.default_rng(0).integers(0, len(collection), (2, _PAIRS))
    pairs = pairs[:, pairs[0] != pairs[1]]
    cosines = np.einsum("nd,nd->n", collection[pairs[0]], collection[pairs[1]])
    if not len(cosines):
        return 1.0, 1.0
    median, high = np.percentile(cosines, (50, 99)).tolist()
    return median, high
