"""Reading `sample` from its folder."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from artbench.data import Dataset
from artbench.errors import ArtbenchError
from artbench_sample.paint import COLUMNS, LABELS

# JPEG encoders differ between builds of Pillow, so the size of a file does not identify its image. The version of the
# code that paints all images does.
RECIPE = "sample-1"

_MEND = "Delete the folder: artbench paints the images again"


def open_sample(root: Path) -> Dataset:
    """Read the labels and check that every image is there.

    The rows of `labels.csv` are in `Dataset.tables["labels"]`, in the order of the images.

    Args:
        root: The folder that the collection was painted into.

    Raises:
        ArtbenchError: The labels can't be read or were changed, or an image is missing.
    """
    rows = _rows(root / LABELS)
    missing = [row["file"] for row in rows if not (root / row["file"]).is_file()]
    if missing:
        first = ", ".join(missing[:5]) + (", …" if len(missing) > 5 else "")
        raise ArtbenchError(f"sample: {len(missing)} of {len(rows)} images are missing in {root}: {first}", mend=_MEND)
    return Dataset(
        name="sample",
        root=root,
        ids=[row["id"] for row in rows],
        files=[row["file"] for row in rows],
        versions=[RECIPE] * len(rows),
        tables={"labels": rows},
    )


def _rows(path: Path) -> Sequence[Mapping[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ArtbenchError(f"sample: {path} can't be read ({reason})", mend=_MEND) from error
    if not rows or reader.fieldnames != list(COLUMNS) or any(None in (*row, *row.values()) for row in rows):
        raise ArtbenchError(f"sample: {path} is not the table that artbench writes", mend=_MEND)
    if len({row["id"] for row in rows}) < len(rows) or {row["split"] for row in rows} != {"train", "test"}:
        raise ArtbenchError(f"sample: {path} has an id twice, or lacks a split", mend=_MEND)
    return rows
