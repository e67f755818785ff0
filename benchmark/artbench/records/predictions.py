"""The prediction for every test image, beside its record, so that two records can be tested against each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from artbench.data.targets import Labels
from artbench.runtime.files import replacing


@dataclass(frozen=True, kw_only=True)
class TestPredictions:
    """What a probe says of each test image.

    Attributes:
        images: Ids, in the order of the test split.
        labels: As `Split.labels`.
        outputs: Probabilities, float32, shape (n, classes), or years, float32, shape (n, 1).
        rounds: The number of the round of each row, from 0; None where there is one.
        clusters: The number of what each row is resampled with, such as its painter, int64, shape (n,), from 0 in the
            order of appearance; None where every row is by itself.
    """

    __test__ = False

    images: Sequence[str]
    labels: Labels
    outputs: NDArray[np.float32]
    rounds: NDArray[np.int64] | None = None
    clusters: NDArray[np.int64] | None = None

    def write(self, path: Path) -> None:
        """Write `image, target, prediction, confidence` as Parquet; where there are any, also `round` and `cluster`.

        Single-label: the class numbers, and the probability of the predicted class. Multi-label: `target` and
        `prediction` (probability of at least one half) list label numbers, `confidence` the probability of every label.
        Years: the years, and no confidence.
        """
        with replacing(path) as temporary:
            pq.write_table(self._table(), temporary, compression="zstd")

    def _table(self) -> pa.Table:
        columns = {"image": pa.array(self.images, pa.string())}
        if self.labels.dtype == np.float64:
            columns["target"] = pa.array(self.labels, pa.float64())
            columns["prediction"] = pa.array(self.outputs[:, 0], pa.float32())
        elif self.labels.ndim == 1:
            columns["target"] = pa.array(self.labels, pa.int32())
            columns["prediction"] = pa.array(self.outputs.argmax(axis=1), pa.int32())
            columns["confidence"] = pa.array(self.outputs.max(axis=1), pa.float32())
        else:
            predicted = [np.flatnonzero(row >= 0.5) for row in self.outputs]
            columns["target"] = pa.array([np.flatnonzero(row) for row in self.labels], pa.list_(pa.int32()))
            columns["prediction"] = pa.array(predicted, pa.list_(pa.int32()))
            columns["confidence"] = pa.array(list(self.outputs), pa.list_(pa.float32()))
        if self.rounds is not None:
            columns["round"] = pa.array(self.rounds, pa.int32())
        if self.clusters is not None:
            columns["cluster"] = pa.array(self.clusters, pa.int32())
        return pa.table(columns)
