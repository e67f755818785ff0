"""Small painted images to audit."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from artbench.audit.image_index import ImageIndex
from artbench.data.dataset import Dataset


def blobs(seed: int, size: tuple[int, int] = (96, 80)) -> Image.Image:
    """An image with enough structure to be compared."""
    coarse = np.random.default_rng(seed).integers(0, 255, (5, 5, 3)).astype(np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


def collection(root: Path, *, name: str = "painted", versions: Sequence[str] | None = None) -> Dataset:
    """All files of a folder as a dataset."""
    names = sorted(file.name for file in root.iterdir())
    return Dataset(name=name, root=root, ids=names, files=names, versions=versions)


def index_of(digests: Sequence[bytes], *, name: str = "painted") -> ImageIndex:
    """An index of files that can't be decoded, with these digests."""
    names = [f"{row}.png" for row in range(len(digests))]
    return ImageIndex(
        dataset=Dataset(name=name, root=Path("nowhere"), ids=names, files=names, versions=["1"] * len(names)),
        digests=digests,
        contents=np.zeros((len(names), 2), np.uint64),
        phash=np.zeros(len(names), np.uint64),
        comparable=np.zeros(len(names), bool),
        problems={},
        file=Path("nowhere"),
    )
