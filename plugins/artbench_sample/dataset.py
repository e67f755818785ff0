"""Reading `sample` from its folder."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from artbench.data import Dataset
from artbench.errors import ArtbenchError
from artbench_sample.paint import COLUMNS, DIGESTS, LABELS

# JPEG encoders differ between builds of Pillow, so neither size nor bytes of a file identify its image. The version of
# the code that paints all images does.
RECIPE = "sample-1"

_MEND = "Delete the folder: artbench paints the images again"


@dataclass(frozen=True, kw_only=True)
class PaintedDataset(Dataset):
    """Images painted by code.

    Attributes:
        painted: SHA-256 of each image as it was painted on this machine, by its file.
    """

    painted: Mapping[str, str]

    def content(self, row: int, data: bytes) -> bytes:
        """Return a digest of the recipe and the id; that of the bytes if the image is not as it was painted."""
        if sha256(data).hexdigest() != self.painted.get(self.files[row]):
            return super().content(row, data)
        return sha256(f"{RECIPE} {self.ids[row]}".encode()).digest()[:16]


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
    return PaintedDataset(
        name="sample",
        root=root,
        ids=[row["id"] for row in rows],
        files=[row["file"] for row in rows],
        versions=[RECIPE] * len(rows),
        tables={"labels": rows},
        painted=_painted(root / DIGESTS),
    )


def _painted(path: Path) -> Mapping[str, str]:
    """Read the digests; empty for a folder painted by artbench 0.1, which has none."""
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ArtbenchError(f"sample: {path} can't be read ({reason})", mend=_MEND) from error
    if not isinstance(content, dict):
        raise ArtbenchError(f"sample: {path} is not the table that artbench writes", mend=_MEND)
    return {str(file): str(digest) for file, digest in content.items()}


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
