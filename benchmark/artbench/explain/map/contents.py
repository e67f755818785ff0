"""All that a map shows, and the tables of it: for programs."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artbench.explain.map.colouring import Colouring
from artbench.explain.map.faithfulness import Faithfulness
from artbench.explain.map.known import Known
from artbench.explain.map.layout import Layout
from artbench.records.record import Record

FIGURE, PAGE, SUMMARY, TABLE = "map.png", "map.html", "map.json", "map.csv"


@dataclass(frozen=True, kw_only=True)
class MapContents:
    """A map of the pictures that a record was tested on.

    Attributes:
        record: The record.
        images: Ids of the pictures.
        layout: Where they are.
        colouring: How they are told apart.
        known: What is known of each.
        faithfulness: What the map keeps of the space.
        seed: Of the layout, and of the pictures on the page.
        on_page: The places among `images` of those on the page, ascending.
    """

    record: Record
    images: Sequence[str]
    layout: Layout
    colouring: Colouring
    known: Known
    faithfulness: Faithfulness
    seed: int
    on_page: NDArray[np.int64]

    @property
    def title(self) -> str:
        """Of figure and page."""
        return f"Map of {self.record.task}: {self.record.backbone}, {self.record.pretraining}"

    @property
    def caption(self) -> list[str]:
        """What the figure shows and how far to trust it: sentences."""
        hollow = "" if self.known.right is None else "; hollow: the record's probe takes it for something else"
        return [
            f"{len(self.images):,} test pictures; those whose features are alike, by cosine, are meant to lie near. "
            f"{self.layout.how}, seed {self.seed}. {self.colouring.how}{hollow}. Record {self.record.id}.",
            *(f"{sentence}." for sentence in self.faithfulness.sentences),
        ]

    def as_json(self) -> dict[str, Any]:
        """All but the pictures, which are in the table."""
        record, wrong = self.record, self.known.right
        return {
            "record": record.id,
            "task": record.task,
            "backbone": record.backbone,
            "pretraining": record.pretraining,
            "caption": self.caption,
            "pictures": len(self.images),
            "wrong": None if wrong is None else int((~wrong).sum()),
            "on_page": len(self.on_page),
            "layout": {
                "method": self.layout.method,
                "how": self.layout.how,
                "variance_kept": self.layout.kept,
                "seed": self.seed,
            },
            "faithfulness": self.faithfulness.as_json(),
            "colouring": self.colouring.how,
            "groups": [{"name": group.name, "pictures": group.count} for group in self.colouring.groups],
            "files": [FIGURE, PAGE, SUMMARY, TABLE],
        }

    def as_csv(self) -> str:
        """A row a picture: its id, its place, what it is, and what the probe says."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["image", "x", "y", "true", "predicted", "correct"])
        right = [""] * len(self.images) if self.known.right is None else self.known.right.tolist()
        rows = zip(self.images, self.layout.places.tolist(), self.known.true, self.known.said, right, strict=True)
        for image, (x, y), true, said, correct in rows:
            writer.writerow([image, f"{x:.5f}", f"{y:.5f}", true, said, str(correct).lower()])
        return out.getvalue()
