"""A dataset on disk: its images by id, and the fingerprint of their state."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """The images of one dataset, in a fixed order, with their ids.

    Attributes:
        name: Name under which its spec is registered.
        root: Folder that it was read from.
        ids: Unique id of each image, the same on every machine, such as its path below `root`.
        files: File of each image, relative to `root`.
        versions: Version of each image, the same on every machine, which is known without reading it; None: the size
            of its file in bytes.
        captions: What its owner says of each image, such as painter and title, to be shown beside it; None: nothing.
        columns: What its owner's list says of each image, by the name of the column, as text, empty where it says
            nothing. `artbench explore` shows it and searches in it; where there is none, it shows the labels of tasks.
        of: Name of the dataset whose images these are, if they are made of those of another; None: they are its own.
            What encoders have seen is known by it.
        notes: What was found when it was read that its owner should know, such as which folder the images are in; a
            sentence each, without a full stop. `artbench data check` tells it.
        tables: Whatever else the dataset's tasks read, such as the rows of its lists; not used by artbench.

    Examples:
        >>> from pathlib import Path
        >>> from artbench.data import Dataset
        >>> dataset = Dataset(name="etchings", root=Path("etchings"), ids=["one", "two"], files=["1.jpg", "2.jpg"])
        >>> len(dataset), dataset.path(1).as_posix()
        (2, 'etchings/2.jpg')
    """

    name: str
    root: Path
    ids: Sequence[str]
    files: Sequence[str]
    versions: Sequence[str] | None = None
    captions: Sequence[str] | None = None
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)
    of: str | None = None
    notes: Sequence[str] = ()
    tables: Mapping[str, object] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    def path(self, row: int) -> Path:
        """Return the file of the image in row `row`."""
        return self.root / self.files[row]

    def read(self, row: int) -> bytes:
        """Read the encoded image in row `row`.

        Raises:
            OSError: The file can't be read.
        """
        return self.path(row).read_bytes()

    def content(self, row: int, data: bytes) -> bytes:
        """Return 16 bytes that stand for an image's content, the same on every machine: its SHA-256, cut short.

        A dataset whose `read` does not return the same bytes on every machine returns a digest of its own.

        Args:
            row: Row of the image.
            data: What `read` returned for it.
        """
        return hashlib.sha256(data).digest()[:16]

    def version(self, row: int) -> str:
        """Return the version of the image in row `row`: by default its size in bytes."""
        return str(self.path(row).stat().st_size) if self.versions is None else self.versions[row]

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """The row of each id."""
        return {id_: row for row, id_ in enumerate(self.ids)}

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the ids and versions of all images, in row order; 64 hexadecimal digits.

        No image is read for it, so it stays the same if one is changed in place at equal size; records have a
        fingerprint over the contents (`Targets.fingerprint`).
        """
        digest = hashlib.sha256(f"artbench dataset {self.name}\n".encode())
        for row, id_ in enumerate(self.ids):
            digest.update(f"{id_}\0{self.version(row)}\n".encode())
        return digest.hexdigest()

    def fingerprint_of(self, contents: NDArray[np.uint64]) -> str:
        """Return the SHA-256 over the ids and contents of images, in row order; 64 hexadecimal digits.

        Args:
            contents: Digest of each image (`content`), uint64, shape (len(self), 2); images with zeros are left out.
        """
        digest = hashlib.sha256(f"artbench contents {self.name}\n".encode())
        for row in np.flatnonzero(contents.any(axis=1)).tolist():
            digest.update(f"{self.ids[row]}\0{contents[row].astype('<u8').tobytes().hex()}\n".encode())
        return digest.hexdigest()
