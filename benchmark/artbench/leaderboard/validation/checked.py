"""A submitted record that could be read, reduced to what it is compared with others by."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artbench.leaderboard.validation.findings import FileFindings
from artbench.records.record import Record


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A record that could be read.

    Attributes:
        record: The record.
        about: The findings on it.
        test: Digest of test images and labels; None if the predictions can't be used.
        rows: Digest of round, image and label of each row, sorted, uint64; None likewise.
        labels: Class of each row of a single-label task; None for others, and likewise.
        predicted: Predicted class of each row; None likewise.
        signature: What is peculiar to the predictions (`copies.signature`); None likewise, or if all are equal.
        classes: Names of its classes; empty if they can't be read.
    """

    record: Record
    about: FileFindings
    test: str | None = None
    rows: NDArray[np.uint64] | None = None
    labels: NDArray[np.int32] | None = None
    predicted: NDArray[np.int32] | None = None
    signature: NDArray[np.float32] | None = None
    classes: tuple[str, ...] = ()
