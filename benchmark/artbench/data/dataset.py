"""A dataset as it lies on disk: its pictures by id, and the fingerprint of their state."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """The pictures of one dataset, in a fixed order, with their ids.

    Attributes:
        name: The name under which its spec is registered.
        root: The folder that it was read from.
        ids: One id a picture, unique, stable from machine to machine: the path below `root`, say.
        files: The file of each picture, relative to `root`.
        versions: What tells one state of a picture from another, alike on every machine; by default, the
            size of its file in bytes.
        tables: What else the dataset's tasks read, such as the rows of its lists; opaque to artbench.
    """

    name: str
    root: Path
    ids: Sequence[str]
    files: Sequence[str]
    versions: Sequence[str] | None = None
    tables: Mapping[str, object] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    def path(self, row: int) -> Path:
        """The file of the picture in row `row`."""
        return self.root / self.files[row]

    def read(self, row: int) -> bytes:
        """The encoded picture in row `row`, as it is on disk.

        Raises:
            OSError: The file can't be read.
        """
        return self.path(row).read_bytes()

    def version(self, row: int) -> str:
        """What tells this state of the picture in row `row` from another: its size in bytes, if nothing better."""
        if self.versions is not None:
            return self.versions[row]
        return str(self.path(row).stat().st_size)

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """The row of each id."""
        return {id_: row for row, id_ in enumerate(self.ids)}

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the ids and versions of all pictures, in row order; 64 hexadecimal digits."""
        digest = hashlib.sha256(f"artbench dataset {self.name}\n".encode())
        for row, id_ in enumerate(self.ids):
            digest.update(f"{id_}\0{self.version(row)}\n".encode())
        return digest.hexdigest()
