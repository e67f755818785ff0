"""The prediction for every test image, beside its record, so that two records can be tested against each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from artbench.data.targets import Labels
from artbench.files import replacing


@dataclass(frozen=True, kw_only=True)
class TestPredictions:
    """What a probe says of each test image.

    Attributes:
        images: Ids, in the order of the test split.
        labels: int64 (n,) classes, or bool (n, classes).
        probabilities: float32 (n, classes).
    """

    __test__ = False

    images: Sequence[str]
    labels: Labels
    probabilities: NDArray[np.float32]

    def write(self, path: Path) -> None:
        """Write `image, target, prediction, confidence` as Parquet.

        Single-label: the class numbers, and the probability of the predicted class. Multi-label: `target` and
        `prediction` (probability of at least one half) list label numbers, `confidence` the probability of every label.
        """
        with replacing(path) as temporary:
            pq.write_table(self._table(), temporary, compression="zstd")

    def _table(self) -> pa.Table:
        if self.labels.ndim == 1:
            prediction = self.probabilities.argmax(axis=1)
            confidence = pa.array(self.probabilities.max(axis=1), pa.float32())
            targets = pa.array(self.labels, pa.int32())
            predictions = pa.array(prediction, pa.int32())
        else:
            confidence = pa.array(list(self.probabilities), pa.list_(pa.float32()))
            targets = pa.array([np.flatnonzero(row) for row in self.labels], pa.list_(pa.int32()))
            predictions = pa.array([np.flatnonzero(row >= 0.5) for row in self.probabilities], pa.list_(pa.int32()))
        return pa.table(
            {
                "image": pa.array(self.images, pa.string()),
                "target": targets,
                "prediction": predictions,
                "confidence": confidence,
            }
        )
