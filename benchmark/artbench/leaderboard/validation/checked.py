"""A submitted record that could be read, reduced to what it is compared with others by."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artbench.leaderboard.validation.findings import FileFindings
from artbench.records.record import Record


@dataclass(frozen=True, kw_only=True)
class Peculiar:
    """What is compared of a record's predictions to find copies: of 20,000 of its numbers at most.

    Attributes:
        signature: What is peculiar to them (`copies.signature`), float32, shape (2, numbers).
        predicted: Predicted class of each row, int32; None for tasks of several labels, or of years.
        wrong: Whether it is another than the row's own, bool; None likewise.
    """

    signature: NDArray[np.float32]
    predicted: NDArray[np.int32] | None
    wrong: NDArray[np.bool_] | None


class Kept:
    """Arrays in files of a temporary folder: those of a thousand records would take more memory than a check may.

    Args:
        folder: The folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._count = folder, 0

    def keep_rows(self, test: str, rows: NDArray[np.uint64]) -> Path:
        """Keep the digests of the rows of a test, once for all records of it."""
        file = self._folder / f"{test}.npy"
        if not file.exists():
            np.save(file, rows)
        return file

    def keep(self, peculiar: Peculiar | None) -> Path | None:
        """Keep what is peculiar to predictions; nothing if it is None."""
        if peculiar is None:
            return None
        self._count += 1
        file = self._folder / f"{self._count}.npz"
        np.savez(file, **{name: array for name, array in vars(peculiar).items() if array is not None})
        return file


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A record that could be read.

    Attributes:
        record: The record.
        about: The findings on it.
        test: Digest of test images and labels; None if the predictions can't be used.
        digest: Digest of what is peculiar to the predictions; None likewise, or if all are equal.
        classes: Digest of the names of its classes; empty if they can't be read.
    """

    record: Record
    about: FileFindings
    test: str | None = None
    digest: str | None = None
    classes: str = ""
    _rows: Path | None = None
    _peculiar: Path | None = None

    def rows(self) -> NDArray[np.uint64]:
        """Read the digests of round, image and label of each row; there is a test."""
        assert self._rows is not None
        found: NDArray[np.uint64] = np.load(self._rows)
        return found

    def peculiar(self) -> Peculiar:
        """Read what is peculiar to the predictions; there is a digest."""
        assert self._peculiar is not None
        with np.load(self._peculiar) as kept:
            return Peculiar(signature=kept["signature"], predicted=kept.get("predicted"), wrong=kept.get("wrong"))
