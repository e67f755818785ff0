"""Neighbours on disk, a row with a checksum for each picture: what was found before a kill is kept."""

from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from artbench.catalogue.nearest import Nearest
from artbench.runtime.row_file import RowFile

_AT_ONCE = 4096


class NeighbourLists:
    """A file with the neighbours of each of n pictures.

    A row holds positions, scores and a CRC-32 over both and its number; a row that is not whole counts as missing.

    Args:
        path: The file; its folder must be there.
        pictures: Number of pictures.
        count: Neighbours of each.
    """

    def __init__(self, path: Path, *, pictures: int, count: int) -> None:
        self._file = RowFile(path, dtype="<u4", shape=(pictures, 2 * count + 1))
        self._pictures, self._count = pictures, count

    def prepare(self) -> None:
        """Make the file, or extend one that was cut short."""
        self._file.resize()

    def write(self, found: Nearest) -> None:
        """Write the neighbours of some pictures."""
        values = np.concatenate([found.places.astype("<u4"), found.scores.astype("<f4").view("<u4")], axis=1)
        numbers = range(found.start, found.start + len(values))
        sums = [_checksum(number, row) for number, row in zip(numbers, values, strict=True)]
        rows = np.concatenate([values, np.array(sums, "<u4")[:, None]], axis=1)
        self._file.write(np.arange(numbers.start, numbers.stop), rows)

    def missing(self, blocks: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Return those of the blocks of pictures of which a row is missing or damaged."""
        return [block for block in blocks if not self._whole(*block)]

    def _whole(self, start: int, stop: int) -> bool:
        rows = self._file.read(np.arange(start, stop)).astype("<u4", copy=False)
        return all(int(row[-1]) == _checksum(start + at, row[:-1]) for at, row in enumerate(rows))

    def read(self, start: int, stop: int) -> Nearest:
        """Return the neighbours of some pictures."""
        rows = self._file.read(np.arange(start, stop)).astype("<u4", copy=False)
        scores = np.ascontiguousarray(rows[:, self._count : -1]).view("<f4")
        return Nearest(
            start=start, places=rows[:, : self._count].astype(np.int64), scores=scores.astype(np.float32, copy=False)
        )

    def flush(self) -> None:
        """Wait until everything is on disk."""
        self._file.flush()


def _checksum(number: int, row: NDArray[np.uint32]) -> int:
    # Not 0 for the zeros of a hole, whatever the number.
    return crc32(np.ascontiguousarray(row).tobytes(), crc32(f"neighbours {number}".encode()))
