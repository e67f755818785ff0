"""What a task asks of a dataset: which pictures train, which test, and the right answer for each."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from artbench.data.dataset import Dataset


@dataclass(frozen=True, kw_only=True)
class Split:
    """Some pictures of a dataset and their labels.

    Attributes:
        rows: int64, shape (n,): rows of the dataset; a row may occur twice if the published list says so.
        labels: int64, shape (n,), for a single-label task; bool, shape (n, classes), for a multi-label one.
    """

    rows: NDArray[np.int64]
    labels: NDArray[np.int64] | NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.rows)

    def only(self, keep: NDArray[np.bool_]) -> "Split":
        """Those of the pictures for which `keep`, bool of shape (n,), holds."""
        return replace(self, rows=self.rows[keep], labels=self.labels[keep])


@dataclass(frozen=True, kw_only=True)
class Targets:
    """The splits and labels of one task on one dataset.

    Attributes:
        classes: The name of each class, in the order of the labels; also those that no picture here has.
        train: The pictures to fit on; without those of `validation`, where there is one.
        test: The pictures to report on, used once.
        validation: The dataset's own validation split, where it has one.
        missing: Paths that the lists name and that are not on disk.
    """

    classes: tuple[str, ...]
    train: Split
    test: Split
    validation: Split | None = None
    missing: Sequence[str] = ()

    @property
    def splits(self) -> tuple[tuple[str, Split], ...]:
        """The splits there are, by name."""
        parts = (("train", self.train), ("validation", self.validation), ("test", self.test))
        return tuple((name, split) for name, split in parts if split is not None)

    def fingerprint(self, dataset: Dataset) -> str:
        """SHA-256 over classes, splits, labels and the state of every picture used; 64 hexadecimal digits.

        Two records are comparable only where it is equal: a partial copy or a changed list has another.
        """
        digest = hashlib.sha256(f"artbench targets {dataset.name}\n".encode())
        digest.update("\0".join(self.classes).encode())
        for name, split in self.splits:
            digest.update(f"\n{name} {split.labels.dtype.kind} {split.labels.shape}\n".encode())
            for row in split.rows.tolist():
                digest.update(f"{dataset.ids[row]}\0{dataset.version(row)}\n".encode())
            digest.update(np.ascontiguousarray(split.labels).tobytes())
        return digest.hexdigest()
