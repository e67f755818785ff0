"""Pictures and their nearest: for programs and for people."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artbench.explain.neighbours.found import ByChance
from artbench.records.record import Record


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
