"""The files of a feature store: rows of features, the state of each row, reasons for missing ones."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artbench.runtime.files import read_json

ABSENT, DONE, UNREADABLE = 0, 1, 2


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
                _write_all(file, np.ascontiguousarray(values[first:last], self._dtype).data.cast("B"))

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


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The states of all rows at one time; each array has shape (rows,).

    Attributes:
        done: bool: rows with features.
        unreadable: bool: rows without features because their image can't be read.
        written: bool: rows that were written, damaged or not.
        checksums: uint32: CRC-32 of each row's features, or of the reason why it has none.
    """

    done: NDArray[np.bool_]
    unreadable: NDArray[np.bool_]
    written: NDArray[np.bool_]
    checksums: NDArray[np.uint32]


class Entries(RowFile):
    """The file of each row's state and checksum: eight bytes, which a file system writes whole or not at all."""

    def __init__(self, path: Path, *, rows: int) -> None:
        super().__init__(path, dtype="<u4", shape=(rows, 2))

    def snapshot(self) -> Snapshot:
        """Read the state of all rows."""
        states, checksums = self.read(np.arange(self._shape[0])).astype(np.uint32, copy=False).T
        return Snapshot(
            done=states == DONE,
            unreadable=states == UNREADABLE,
            written=(states != ABSENT) | (checksums != 0),
            checksums=checksums,
        )

    def mark(self, rows: NDArray[np.int64], state: int, checksums: Sequence[int]) -> None:
        """Write one state for `rows`, with their checksums."""
        entries = np.empty((len(rows), 2), np.uint32)
        entries[:, 0], entries[:, 1] = state, checksums
        self.write(rows, entries)


def _write_all(file: RawIOBase, content: memoryview) -> None:
    """Write all of `content`: a disk that is nearly full takes a part and refuses the rest at the next write."""
    while content:
        content = content[file.write(content) :]


def _runs(rows: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Return start and end, in `rows`, of each run of consecutive rows."""
    edges = np.flatnonzero(np.diff(rows) != 1) + 1
    starts = [0, *edges.tolist()] if len(rows) else []
    return list(zip(starts, [*edges.tolist(), len(rows)], strict=False))


class Reasons:
    """The file of reasons why rows have no features; the last one of a row counts."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, reasons: Mapping[int, str]) -> None:
        """Append reasons, by row."""
        lines = "".join(f"{json.dumps({'row': row, 'reason': reason})}\n" for row, reason in reasons.items())
        with self.path.open("a+b", buffering=0) as file:
            file.seek(max(0, file.tell() - 1))
            # A line that was cut short, by a kill or a full disk, must not damage the next one.
            if file.read() not in (b"", b"\n"):
                lines = "\n" + lines
            _write_all(file, memoryview(lines.encode()))

    def read(self) -> dict[int, str]:
        """Read all reasons, by row; damaged lines are left out."""
        reasons: dict[int, str] = {}
        if self.path.is_file():
            for line in self.path.read_bytes().splitlines():
                match read_json(line):
                    case {"row": int(row), "reason": str(reason)}:
                        reasons[row] = reason
        return reasons
