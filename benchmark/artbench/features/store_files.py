"""Files of equal rows, written in place: the features, and the state of each."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import RawIOBase
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artbench.runtime.files import read_json

_ABSENT, _DONE, _UNREADABLE = 0, 1, 2


class RowFile:
    """A file of `shape[0]` rows of `shape[1]` numbers, of which only those written take room on disk.

    Written with plain writes and not through a memory map, where a full disk would kill the process.
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
        """Give the file its full length, the missing part as a hole; return whether it had lost some of it."""
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
                write_whole(file, np.ascontiguousarray(values[first:last], self._dtype).data.cast("B"))

    def read(self, rows: NDArray[np.int64]) -> NDArray[np.generic]:
        """The rows asked for, in that order. Read, not mapped: pages of a map would count as this process's memory."""
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
        """All rows through a read-only memory map."""
        if 0 in self._shape:
            return np.empty(self._shape, self._dtype)
        return np.memmap(self.path, self._dtype, "r", shape=self._shape)

    def flush(self) -> None:
        """Wait until what was written is on disk."""
        with self.path.open("r+b") as file:
            os.fsync(file.fileno())


@dataclass(frozen=True)
class Snapshot:
    """The states of all rows at one time.

    Attributes:
        states: uint32, shape (rows,).
        checksums: uint32, shape (rows,).
    """

    states: NDArray[np.uint32]
    checksums: NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.states)

    @cached_property
    def done(self) -> NDArray[np.bool_]:
        """Which rows have features."""
        found: NDArray[np.bool_] = self.states == _DONE
        return found

    @cached_property
    def unreadable(self) -> NDArray[np.bool_]:
        """Which rows have none, since their picture can't be read."""
        found: NDArray[np.bool_] = self.states == _UNREADABLE
        return found

    @cached_property
    def any(self) -> NDArray[np.bool_]:
        """Which rows something was written for, be it damaged."""
        found: NDArray[np.bool_] = (self.states != _ABSENT) | (self.checksums != 0)
        return found


class Entries:
    """State and checksum of each row: eight bytes, which a file system writes whole or not at all."""

    def __init__(self, path: Path, *, rows: int) -> None:
        self.path = path
        self._file = RowFile(path, dtype="<u4", shape=(rows, 2))
        self._rows = rows
        self.row_bytes = self._file.row_bytes
        self.resize = self._file.resize
        self.flush = self._file.flush

    def read(self) -> Snapshot:
        """The state of all rows."""
        entries = self._file.read(np.arange(self._rows)).astype(np.uint32, copy=False)
        return Snapshot(entries[:, 0], entries[:, 1])

    def write_done(self, rows: NDArray[np.int64], checksums: Sequence[int]) -> None:
        """Mark rows as done."""
        self._write(rows, _DONE, checksums)

    def write_unreadable(self, row: int, checksum: int) -> None:
        """Mark a row as unreadable."""
        self._write(np.array([row]), _UNREADABLE, [checksum])

    def clear(self, rows: NDArray[np.int64]) -> None:
        """Mark rows as absent."""
        self._write(np.sort(rows), _ABSENT, [0] * len(rows))

    def _write(self, rows: NDArray[np.int64], state: int, checksums: Sequence[int]) -> None:
        entries = np.empty((len(rows), 2), np.uint32)
        entries[:, 0], entries[:, 1] = state, checksums
        self._file.write(rows, entries)


def write_whole(file: RawIOBase, content: memoryview) -> None:
    """Write all of `content`: a disk that is nearly full takes a part and refuses the rest at the next write.

    Raises:
        OSError: The disk is full, say.
    """
    while content:
        content = content[file.write(content) :]


def _runs(rows: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Where stretches of consecutive rows begin and end in `rows`."""
    edges = np.flatnonzero(np.diff(rows) != 1) + 1
    starts = [0, *edges.tolist()] if len(rows) else []
    return list(zip(starts, [*edges.tolist(), len(rows)], strict=False))


class Reasons:
    """The reasons, by row; the last one of a row counts."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, reasons: Mapping[int, str]) -> None:
        """Write down reasons.

        Raises:
            OSError: The disk is full, say.
        """
        lines = "".join(f"{json.dumps({'row': row, 'reason': reason})}\n" for row, reason in reasons.items())
        with self.path.open("a+b", buffering=0) as file:
            file.seek(max(0, file.tell() - 1))
            # A line that a kill or a full disk has cut short must not spoil the next one.
            if file.read() not in (b"", b"\n"):
                lines = "\n" + lines
            write_whole(file, memoryview(lines.encode()))

    def read(self) -> dict[int, str]:
        """All of them; lines that are torn or spoilt by a flipped bit are left out."""
        reasons: dict[int, str] = {}
        if self.path.is_file():
            for line in self.path.read_bytes().splitlines():
                match read_json(line):
                    case {"row": int(row), "reason": str(reason)}:
                        reasons[row] = reason
        return reasons
