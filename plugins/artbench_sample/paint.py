"""Making the dataset: the images and the table of their labels."""

import csv
import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from artbench_sample.catalogue import Work, draw_up
from artbench_sample.crew import image_file, paint_together

SEED = 2025
LABELS = "labels.csv"
DIGESTS = "painted.json"
COLUMNS = (
    "id",
    "file",
    "style",
    "artist",
    "museum",
    "materials",
    "split",
    # The faults, and what the images were made from; no task uses these.
    "duplicate_of",
    "influence",
    "palette",
    "subject",
)


def paint_collection(root: Path) -> None:
    """Paint the 1,200 images of `sample` and write their labels.

    Args:
        root: An empty folder.

    Raises:
        OSError: The folder can't be written.
    """
    (root / "pictures").mkdir()
    works = draw_up(SEED)
    paint_together(root, works, seed=SEED)
    write_labels(root, works)
    write_digests(root, works)


def write_labels(root: Path, works: Sequence[Work]) -> None:
    """Write `labels.csv`, a row for each image.

    Raises:
        OSError: The folder can't be written.
    """
    with (root / LABELS).open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        table.writerows(_row(work) for work in works)


def write_digests(root: Path, works: Sequence[Work]) -> None:
    """Write `painted.json`: the SHA-256 of each image as it was painted, by its file.

    Raises:
        OSError: The folder can't be read or written.
    """
    painted = {file: sha256((root / file).read_bytes()).hexdigest() for file in map(image_file, works)}
    (root / DIGESTS).write_text(json.dumps(painted, indent=1) + "\n", encoding="utf-8")


def _row(work: Work) -> tuple[str, ...]:
    return (
        f"{work.index:04d}",
        image_file(work),
        work.style,
        work.artist,
        work.museum,
        "|".join(sorted(work.materials)),
        work.split,
        f"{work.duplicate_of:04d}" if work.duplicate_of else "",
        work.influence,
        work.palette,
        work.subject,
    )
