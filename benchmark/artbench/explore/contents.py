"""Contents of an exploration, and their summary as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artbench.catalogue.nearest import Nearest
from artbench.data.dataset import Dataset
from artbench.encoders.encoder import Encoder
from artbench.encoders.text import TextSide
from artbench.explain.map.layout import Layout
from artbench.explore.clusters import Clusters
from artbench.explore.disagreements import JudgedColumn
from artbench.explore.pictures import Pictures
from artbench.explore.twins import TwinGroup
from artbench.protocol import Preprocessing


@dataclass(frozen=True, kw_only=True)
class Exploration:
    """All that is known of a collection of n pictures.

    Attributes:
        dataset: The dataset.
        rows: Rows of the pictures, int64, shape (n,).
        of: Number of pictures of the dataset that could be read; more than n if some were drawn.
        unreadable: Number of pictures that can't be read.
        encoder: The encoder whose features were compared.
        device: The device that computed them.
        texts: What turns words into vectors of the same space; None where the encoder sees pictures alone.
        preprocessing: What was done to the images first.
        points: Unit vectors of the features, float32, shape (n, d).
        columns: What is said of each picture, by column; empty texts where nothing is.
        layout: Places on the map.
        kept: Share of the nearest neighbours in the space that are so on the map too.
        near: The nearest of each picture.
        clusters: The clusters.
        pictures: Small pictures.
        twins: Groups of pictures that are alike.
        judged: Columns that were compared with what the pictures say.
        seed: The seed.
        page: The page that was written; None if none was.
    """

    dataset: Dataset
    rows: NDArray[np.int64]
    of: int
    unreadable: int
    encoder: Encoder
    device: str
    texts: TextSide | None
    preprocessing: Preprocessing
    points: NDArray[np.float32]
    columns: Mapping[str, Sequence[str]]
    layout: Layout
    kept: float
    near: Nearest
    clusters: Clusters
    pictures: Pictures
    twins: Sequence[TwinGroup]
    judged: Sequence[JudgedColumn]
    seed: int
    page: Path | None

    @property
    def ids(self) -> list[str]:
        """Ids of the pictures."""
        return [self.dataset.ids[row] for row in self.rows.tolist()]

    @property
    def title(self) -> str:
        """Title of the page."""
        return f"{self.dataset.name.partition(':')[2] or self.dataset.name}: {len(self.rows):,} pictures"

    @property
    def caption(self) -> list[str]:
        """Sentences on how the page was made and how far to trust it."""
        count = self.near.places.shape[1]
        drawn = "" if len(self.rows) == self.of else f", drawn from {self.of:,} by seed {self.seed}"
        unread = f" {self.unreadable:,} more can't be read." if self.unreadable else ""
        return [
            f"{len(self.rows):,} pictures{drawn}, compared by {self.encoder.backbone}, {self.encoder.pretraining}: "
            f"pictures that look alike to it should lie near each other.{unread}",
            f"{self.layout.how}, seed {self.seed}. Of a picture's {count} nearest, {100 * self.kept:.0f} % are among "
            f"its {count} nearest on the map ({100 * count / max(1, len(self.rows) - 1):.1f} % by chance), so trust "
            "the nearest pictures listed beside it more than the map.",
        ]

    def as_json(self) -> dict[str, Any]:
        """A summary without the pictures."""
        kinds = [group.kind for group in self.twins]
        return {
            "page": None if self.page is None else str(self.page),
            "dataset": self.dataset.name,
            "pictures": len(self.rows),
            "unreadable": self.unreadable,
            "backbone": self.encoder.backbone,
            "pretraining": self.encoder.pretraining,
            "weights_sha256": self.encoder.weights_sha256,
            "layout": {"method": self.layout.method, "seed": self.seed, "neighbours_kept": self.kept},
            "columns": list(self.columns),
            "clusters": [cluster.size for cluster in self.clusters.found],
            "duplicates": {kind: kinds.count(kind) for kind in ("file", "twins", "alike")},
            "disagreements": [
                {
                    "column": one.name,
                    "pictures": one.pictures,
                    "agreement": one.agreement,
                    "guess": one.guess,
                    "suspected": one.suspected,
                }
                for one in self.judged
            ],
        }
