"""A file of rows of numbers, written and read in place."""

import os
from io import RawIOBase
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


class RowFile:
    """A sparse file of `shape[0]` rows of `shape[1]` numbers.

    Written by plain writes, not through a memory map, where a full disk would kill the process.
    """

    def __init__(self, path: Path, *, dtype: str, shape: tuple[int, int]) -> None:
        self.path = path
        self._dtype = np.dtype(dtype)
        self._shape = shape

    @property
    def row_bytes(self) -> int:
        """Size of a row in bytes."""
        return self._shape[1] * self._dtype.itemsize

    @property
    def whole(self) -> bool:
        """Whether the file is there in its full length."""
        return self.path.is_file() and self.path.stat().st_size == self._shape[0] * self.row_bytes

    def resize(self) -> bool:
        """Extend the file to its full length by a hole; return whether it had been cut short."""
        size = self._shape[0] * self.row_bytes
        with self.path.open("ab") as file:
            had = file.tell()
            if had != size:
                file.truncate(size)
        return 0 < had < size

    def write(self, rows: NDArray[np.int64], values: NDArray[np.generic]) -> None:
        """Write one row of `values` for each of `rows`."""
        with self.path.open("r+b", buffering=0) as file:
            for first, last in _runs(rows):
                file.seek(int(rows[first]) * self.row_bytes)
                write_all(file, np.ascontiguousarray(values[first:last], self._dtype).data.cast("B"))

    def read(self, rows: NDArray[np.int64]) -> NDArray[np.generic]:
        """Read `rows`, in that order. Not mapped: pages of a map would count as this process's memory."""
        values = np.empty((len(rows), self._shape[1]), self._dtype)
        with self.path.open("rb", buffering=0) as file:
            for first, last in _runs(rows):
                file.seek(int(rows[first]) * self.row_bytes)
                content = values[first:last].data.cast("B")
                while content:
                    count = file.readinto(content)
                    if not count:
                        content[:] = bytes(len(content))
                        break
                    content = content[count:]
        return values

    def mapped(self) -> NDArray[np.float32]:
        """Map all rows read-only."""
        if 0 in self._shape:
            return np.empty(self._shape, self._dtype)
        return np.memmap(self.path, self._dtype, "r", shape=self._shape)

    def flush(self) -> None:
        """Wait until everything is on disk."""
        with self.path.open("r+b") as file:
            os.fsync(file.fileno())


def write_all(file: RawIOBase, content: memoryview) -> None:
    """Write all of `content`: a disk that is nearly full takes a part and refuses the rest at the next write."""
    while content:
        content = content[file.write(content) :]


def _runs(rows: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Return start and end, in `rows`, of each run of consecutive rows."""
    edges = np.flatnonzero(np.diff(rows) != 1) + 1
    starts = [0, *edges.tolist()] if len(rows) else []
    return list(zip(starts, [*edges.tolist(), len(rows)], strict=False))
