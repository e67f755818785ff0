"""Features as NumPy or Parquet files for use elsewhere."""

import csv
from pathlib import Path
from typing import Literal

import numpy as np

from artbench.data.dataset import Dataset
from artbench.features.extract import Features
from artbench.runtime.files import atomic_write, file_errors

Format = Literal["npy", "parquet"]

_ROWS_AT_ONCE = 4096


def export(features: Features, dataset: Dataset, folder: Path, *, name: str, format_: Format = "npy") -> list[Path]:
    """Write the features of all readable images with their ids, in memory that does not grow with the dataset.

    Args:
        features: Features to write.
        dataset: Dataset of the images.
        folder: Folder to write into.
        name: Name of the files, without suffix.
        format_: `npy`: NAME.npy, float32 of shape (n, feature_dim), and NAME.csv, the columns `row` and `id`, in the
            same order. `parquet`: NAME.parquet, the columns `id` and `features`, a list of fixed length.

    Returns:
        The paths of the files.

    Raises:
        ArtbenchError: The folder can't be written.
    """
    with file_errors(f"features can't be written to {folder}", mend="Name another folder"):
        if format_ == "npy":
            return _npy(features, dataset, folder / f"{name}.npy", folder / f"{name}.csv")
        return _parquet(features, dataset, folder / f"{name}.parquet")


def _npy(features: Features, dataset: Dataset, values: Path, ids: Path) -> list[Path]:
    rows = features.rows
    with atomic_write(values) as temporary, temporary.open("wb") as file:
        shape = (len(rows), features.matrix.shape[1])
        np.lib.format.write_array_header_2_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            file.write(features.take(rows[start : start + _ROWS_AT_ONCE]).astype("<f4", copy=False).tobytes())
    with atomic_write(ids) as temporary, temporary.open("w", newline="", encoding="utf-8") as text:
        lines = csv.writer(text, lineterminator="\n")
        lines.writerow(["row", "id"])
        lines.writerows(enumerate(dataset.ids[row] for row in rows.tolist()))
    return [values, ids]


def _parquet(features: Features, dataset: Dataset, file: Path) -> list[Path]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows, dim = features.rows, features.matrix.shape[1]
    schema = pa.schema([("id", pa.string()), ("features", pa.list_(pa.float32(), dim))])
    with atomic_write(file) as temporary, pq.ParquetWriter(temporary, schema) as writer:
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            part = rows[start : start + _ROWS_AT_ONCE]
            values = pa.FixedSizeListArray.from_arrays(pa.array(features.take(part).ravel()), dim)
            ids = pa.array([dataset.ids[row] for row in part.tolist()], pa.string())
            writer.write_table(pa.Table.from_arrays([ids, values], schema=schema))
    return [file]
