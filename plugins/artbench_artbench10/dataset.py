"""ArtBench-10 in either of its forms: folders of images, or batches as of CIFAR."""

import io
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from artbench.data import Dataset, Split, Targets
from artbench.data.authoring import folders_in, image_id, images_in
from artbench.errors import ArtbenchError
from artbench_artbench10 import LAYOUT, SOURCE, STYLES
from artbench_artbench10.batches import Batch, read_batch, read_styles

_MEND = f"The folder should hold {LAYOUT}. The dataset comes from {SOURCE}"

_SPLITS = ("train", "test")
_BATCHES = (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch")
_SIDE = 32


@dataclass(frozen=True, kw_only=True)
class BatchedDataset(Dataset):
    """Images of 32 x 32 pixels from batches as of CIFAR.

    Attributes:
        pixels: uint8, shape (n, 3072): all of red, then green, then blue, row by row.
    """

    pixels: NDArray[np.uint8]

    def read(self, row: int) -> bytes:
        """Return the image in row `row` as PNG, which is lossless."""
        planes = self.pixels[row].reshape(3, _SIDE, _SIDE)
        png = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(planes.transpose(1, 2, 0))).save(png, "PNG")
        return png.getvalue()

    def content(self, row: int, data: bytes) -> bytes:
        """Return the digest of the pixels: builds of zlib compress the same ones to other bytes."""
        return sha256(self.pixels[row]).digest()[:16]


def open_artbench10(root: Path) -> Dataset:
    """Find the folders of images, or else read the batches; `Dataset.tables` holds split and label of each row.

    The two forms hold the same works at 256 and at 32 pixels a side; their fingerprints differ, so that they never
    share a leaderboard.

    Raises:
        ArtbenchError: The folder holds neither, or a batch is broken.
    """
    for place in ("artbench-10-imagefolder-split", ".", "artbench-10-imagefolder"):
        if any((root / place / split).is_dir() for split in _SPLITS):
            return _of_folders(root, place)
    for place in ("artbench-10-batches-py", "."):
        if any((root / place / name).is_file() for name in _BATCHES):
            return _of_batches(root, place)
    raise ArtbenchError(f"artbench10: neither folders of images nor batches in {root}", mend=_MEND)


def style_targets(dataset: Dataset) -> Targets:
    """Return the ten styles; 50,000 images to train on, 10,000 to test on."""
    tests, labels = (np.asarray(dataset.tables[name]) for name in ("test", "labels"))
    train, test = np.flatnonzero(~tests).astype(np.int64), np.flatnonzero(tests).astype(np.int64)
    return Targets(
        classes=STYLES,
        train=Split(rows=train, labels=labels[train]),
        test=Split(rows=test, labels=labels[test]),
    )


def _of_folders(root: Path, place: str) -> Dataset:
    prefix = "" if place == "." else f"{place}/"
    found: dict[str, tuple[str, int]] = {}
    for split in _SPLITS:
        folder = root / place / split
        strange = [name for name in (folders_in(folder, dataset="artbench10") if folder.is_dir() else ())
                   if name not in STYLES]  # fmt: skip
        if strange:
            raise ArtbenchError(
                f"artbench10: {folder} holds a folder {strange[0]!r}, which is not one of the ten styles",
                mend=f"They are {', '.join(STYLES)}; for folders of your own, --task collection:{root}",
            )
        for path, size in images_in(folder, dataset="artbench10", depth=1).items():
            if "/" in path:
                found[f"{split}/{image_id(path)}"] = (f"{prefix}{split}/{path}", size)
    if not found:
        raise ArtbenchError(f"artbench10: no images in {root / place}", mend=_MEND)
    ids = sorted(found)
    return Dataset(
        name="artbench10",
        root=root,
        ids=ids,
        files=[found[id_][0] for id_ in ids],
        versions=[str(found[id_][1]) for id_ in ids],
        tables={
            "test": np.array([id_.startswith("test/") for id_ in ids]),
            "labels": np.array([STYLES.index(id_.split("/")[1]) for id_ in ids], np.int64),
        },
    )


def _of_batches(root: Path, place: str) -> Dataset:
    folder = root / place
    # The labels in the batches are indices into the list `styles` of the file `meta`.
    styles = read_styles(folder / "meta")
    if sorted(styles) != sorted(STYLES):
        raise ArtbenchError(f"artbench10: {folder / 'meta'} names other styles: {', '.join(styles)[:200]}", mend=_MEND)
    numbers = np.array([STYLES.index(name) for name in styles], np.int64)
    names = [name for name in _BATCHES if (folder / name).is_file()]
    batches: list[Batch] = [read_batch(folder / name, classes=len(styles)) for name in names]
    pixels = np.concatenate([batch.pixels for batch in batches])
    prefix = "" if place == "." else f"{place}/"
    sizes = [len(batch.labels) for batch in batches]
    return BatchedDataset(
        name="artbench10",
        root=root,
        ids=[f"{name}/{k:05}" for name, size in zip(names, sizes, strict=True) for k in range(size)],
        files=[prefix + name for name, size in zip(names, sizes, strict=True) for _ in range(size)],
        versions=[sha256(row).hexdigest()[:16] for row in pixels],
        tables={
            "test": np.repeat([name == "test_batch" for name in names], sizes),
            "labels": numbers[np.concatenate([batch.labels for batch in batches])],
        },
        pixels=pixels,
    )
