"""WikiArt of the Hugging Face hub, `huggan/wikiart`: images and labels in Parquet files, without file names."""

import os
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from artbench.data import Dataset, Split, Targets
from artbench.data.authoring import held_out
from artbench.errors import ArtbenchError
from artbench_wikiart import HUB_LAYOUT, HUB_SOURCE
from artbench_wikiart.hub_classes import class_names
from artbench_wikiart.shards import Place, ShardedDataset, Shards

NAME = "wikiart-huggan"
COLUMNS = ("style", "artist", "genre")

# As in the official lists of the ArtGAN release.
TEST_SHARE = 0.3

_MEND = f"The folder should hold {HUB_LAYOUT}. The dataset comes from {HUB_SOURCE}"
_SHARD = re.compile(r"train-(\d{5})-of-(\d{5})(?:-[0-9a-f]+)?\.parquet")


def open_hub(root: Path) -> Dataset:
    """Read the labels of all Parquet files and the place of each image, but no image.

    The ids consist of the numbers of file and row, since the images have no names. `Dataset.tables` holds the labels
    and class names of each column, and ids for the rows of missing files, as many as the others have on average.

    Raises:
        ArtbenchError: The files are missing, or one is broken.
    """
    shards, total = _shards(root)
    ids: list[str] = []
    files: list[str] = []
    versions: list[str] = []
    places: list[Place] = []
    labels: dict[str, list[NDArray[np.int64]]] = {column: [] for column in COLUMNS}
    for number, shard in shards.items():
        with _opened(shard) as parquet:
            sizes = [parquet.metadata.row_group(group).num_rows for group in range(parquet.num_row_groups)]
            for column, values in _labels(parquet, shard).items():
                labels[column].append(values)
        stem = f"train-{number:05}-of-{total:05}"
        state = _state(shard)
        for group, size in enumerate(sizes):
            for within in range(size):
                ids.append(f"{stem}/{sum(sizes[:group]) + within:05}")
                places.append(Place(shard=number, group=group, within=within))
        files += [shard.relative_to(root).as_posix()] * sum(sizes)
        versions += [state] * sum(sizes)
    each = round(len(ids) / len(shards))
    classes = class_names(root, next(iter(shards.values())), COLUMNS)
    every = {column: np.concatenate(parts) for column, parts in labels.items()}
    for column, numbers in every.items():
        wrong = numbers[(numbers < -1) | (numbers >= len(classes[column]))]
        if len(wrong):
            raise ArtbenchError(
                f"{NAME}: {column} {wrong[0]} has no name: there are {len(classes[column])}", mend=_MEND
            )
    return ShardedDataset(
        name=NAME,
        root=root,
        ids=ids,
        files=files,
        versions=versions,
        tables={
            "labels": every,
            "classes": classes,
            "missing": [
                f"train-{number:05}-of-{total:05}/{row:05}"
                for number in range(total)
                if number not in shards
                for row in range(each)
            ],
        },
        places=places,
        shards=Shards(shards),
    )


def style_targets(dataset: Dataset) -> Targets:
    """Return 27 styles."""
    return _targets(dataset, "style")


def artist_targets(dataset: Dataset) -> Targets:
    """Return 128 painters; images whose painter is `Unknown Artist` are left out."""
    return _targets(dataset, "artist")


def genre_targets(dataset: Dataset) -> Targets:
    """Return 10 genres; images whose genre is `Unknown Genre` are left out."""
    return _targets(dataset, "genre")


def _targets(dataset: Dataset, column: str) -> Targets:
    tables: Any = dataset.tables
    names, numbers = tables["classes"][column], tables["labels"][column]
    known = [k for k, name in enumerate(names) if not name.startswith("Unknown")]
    label_of = np.full(len(names) + 1, -1)
    label_of[known] = np.arange(len(known))
    # The last place, -1, is for rows without a label.
    labels = label_of[numbers]
    rows = np.flatnonzero(labels >= 0).astype(np.int64)
    test = np.zeros(len(rows), bool)
    test[held_out(labels[rows], [dataset.ids[row] for row in rows.tolist()], fraction=TEST_SHARE)] = True
    painters = ["" if name.startswith("Unknown") else name for name in tables["classes"]["artist"]] + [""]
    return Targets(
        classes=tuple(names[k] for k in known),
        train=Split(rows=rows[~test], labels=labels[rows[~test]]),
        test=Split(rows=rows[test], labels=labels[rows[test]]),
        missing=tables["missing"],
        groups=None if column == "artist" else [painters[number] for number in tables["labels"]["artist"].tolist()],
    )


def _shards(root: Path) -> tuple[dict[int, Path], int]:
    """Return the files that are there by number, and the number of files in the release."""
    found: dict[int, Path] = {}
    totals = set()
    for folder in (root / "data", root):
        try:
            with os.scandir(folder) as entries:
                for entry in sorted(entries, key=lambda entry: entry.name):
                    match = _SHARD.fullmatch(entry.name)
                    if match:
                        found.setdefault(int(match[1]), Path(entry.path))
                        totals.add(int(match[2]))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise ArtbenchError(f"{NAME}: {folder} can't be read ({error.strerror})") from error
    if not found:
        raise ArtbenchError(f"{NAME}: no data/train-00000-of-….parquet in {root}", mend=_MEND)
    if len(totals) > 1 or max(found) >= max(totals):
        raise ArtbenchError(f"{NAME}: {root} mixes files of different releases", mend=_MEND)
    return dict(sorted(found.items())), totals.pop()


def _opened(shard: Path) -> Any:
    try:
        return pq.ParquetFile(shard)
    except (OSError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise ArtbenchError(f"{NAME}: {shard} can't be read as Parquet ({reason})", mend=_MEND) from error


def _labels(parquet: Any, shard: Path) -> dict[str, NDArray[np.int64]]:
    """Return the labels of a file's rows by column, -1 for none."""
    lacking = [column for column in ("image", *COLUMNS) if column not in parquet.schema_arrow.names]
    if lacking:
        raise ArtbenchError(f"{NAME}: {shard} has no column {lacking[0]}", mend=_MEND)
    try:
        table = parquet.read(columns=list(COLUMNS))
        return {
            column: table.column(column).cast(pa.int64()).fill_null(-1).to_numpy().astype(np.int64)
            for column in COLUMNS
        }
    except (OSError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise ArtbenchError(f"{NAME}: the labels of {shard} can't be read ({reason})", mend=_MEND) from error


def _state(shard: Path) -> str:
    """Return size and digest of the footer, which holds place and size of every page."""
    size = shard.stat().st_size
    with shard.open("rb") as file:
        file.seek(-8, os.SEEK_END)
        length = int.from_bytes(file.read(4), "little")
        file.seek(-8 - min(length, size - 8), os.SEEK_END)
        return f"{size}-{sha256(file.read()).hexdigest()[:16]}"
