"""The files of a feature store beside the features: the entry of each row, reasons for missing ones."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from artbench.runtime.files import read_json
from artbench.runtime.row_file import RowFile, write_all

ABSENT, DONE, UNREADABLE = 0, 1, 2


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The entries of all rows at one time.

    Attributes:
        states: int64, shape (rows,): `ABSENT`, `DONE` or `UNREADABLE`.
        checksums: uint64, shape (rows,): checksum of each row.
        contents: uint64, shape (rows, 2): digest of the image that each row was made from (`Dataset.content`).
    """

    states: NDArray[np.int64]
    checksums: NDArray[np.uint64]
    contents: NDArray[np.uint64]

    @property
    def written(self) -> NDArray[np.bool_]:
        """Which rows were written, damaged or not."""
        return np.asarray((self.states != ABSENT) | (self.checksums != 0))

    def fits(self, row: int, value: bytes | memoryview) -> bool:
        """Whether a row was written with this value, features or a reason, in this place, for this image."""
        state, content = int(self.states[row]), self.contents[row]
        return bool(self.checksums[row] == _checksum(row, state, content, value))


class Entries(RowFile):
    """The file of the rows' entries: 32 bytes, which a file system writes whole or not at all."""

    def __init__(self, path: Path, *, rows: int) -> None:
        super().__init__(path, dtype="<u8", shape=(rows, 4))

    def snapshot(self) -> Snapshot:
        """Read the entries of all rows."""
        entries = self.read(np.arange(self._shape[0])).astype(np.uint64, copy=False)
        states = np.minimum(entries[:, 0], UNREADABLE + 1).astype(np.int64)  # Damaged ones may be any number.
        return Snapshot(states=states, checksums=entries[:, 1], contents=entries[:, 2:])

    def mark(
        self,
        rows: NDArray[np.int64],
        state: int,
        values: Sequence[bytes | memoryview],
        contents: NDArray[np.uint64],
    ) -> None:
        """Write one state for `rows`, with the checksums of their values and the digests of their images."""
        entries = np.empty((len(rows), 4), np.uint64)
        entries[:, 0], entries[:, 2:] = state, contents
        about = zip(rows.tolist(), contents, values, strict=True)
        entries[:, 1] = [_checksum(row, state, content, value) for row, content, value in about]
        self.write(rows, entries)

    def erase(self, rows: NDArray[np.int64]) -> None:
        """Mark `rows` as never written."""
        self.write(rows, np.zeros((len(rows), 4), np.uint64))


def _checksum(row: int, state: int, content: NDArray[np.uint64], value: bytes | memoryview) -> int:
    """CRC-32 of a row with all that it is bound to: a row in another place, or of another image, does not fit.

    The bit above those of the CRC is set, so that no written row has the checksum 0 of one never written.
    """
    about = np.array([row, state], "<u8").tobytes() + np.ascontiguousarray(content, "<u8").tobytes()
    return 1 << 32 | crc32(value, crc32(about))


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
            write_all(file, memoryview(lines.encode()))

    def read(self) -> dict[int, str]:
        """Read all reasons, by row; damaged lines are left out."""
        reasons: dict[int, str] = {}
        if self.path.is_file():
            for line in self.path.read_bytes().splitlines():
                match read_json(line):
                    case {"row": int(row), "reason": str(reason)}:
                        reasons[row] = reason
        return reasons
