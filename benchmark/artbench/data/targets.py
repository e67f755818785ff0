"""What a task asks of a dataset: which pictures train, which test, and the right answer for each."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from artbench.data.dataset import Dataset

Labels: TypeAlias = NDArray[np.int64] | NDArray[np.bool_] | NDArray[np.float64]
"""Labels of some images: int64, shape (n,), for classes; bool, shape (n, classes), for labels; float64, shape (n,), for
years."""


@dataclass(frozen=True, kw_only=True)
class Split:
    """Some pictures of a dataset and their labels.

    Attributes:
        rows: int64, shape (n,): rows of the dataset; a row may occur twice if the published list says so.
        labels: int64, shape (n,), for a single-label task; bool, shape (n, classes), for a multi-label one; float64,
            shape (n,), in years, for a task whose target is the year.
    """

    rows: NDArray[np.int64]
    labels: Labels

    def __len__(self) -> int:
        return len(self.rows)

    def only(self, keep: NDArray[np.bool_]) -> "Split":
        """Those of the pictures for which `keep`, bool of shape (n,), holds."""
        return replace(self, rows=self.rows[keep], labels=self.labels[keep])


@dataclass(frozen=True, kw_only=True)
class Targets:
    """The splits and labels of one task on one dataset.

    Attributes:
        classes: The name of each class, in the order of the labels; also those that no picture here has. None, that
            is an empty tuple, where the target is the year.
        train: The pictures to fit on; without those of `validation`, where there is one.
        test: The pictures to report on, used once.
        validation: The dataset's own validation split, where it has one.
        missing: Paths that the lists name and that are not on disk.
        groups: Of each row of the dataset, whose work it is, such as the painter's name, "" where nobody knows; None
            where the dataset does not say, or where that is what the task asks for. Makes the reference row that
            guesses from it alone, and the clusters of `TaskSpec.clustered`.
        repeats: The same task split otherwise, for a task that is judged on several splits: the result is the mean
            over this one and these. They have the same classes, and neither groups nor repeats of their own.
    """

    classes: tuple[str, ...]
    train: Split
    test: Split
    validation: Split | None = None
    missing: Sequence[str] = ()
    groups: Sequence[str] | None = None
    repeats: tuple["Targets", ...] = ()

    @property
    def splits(self) -> tuple[tuple[str, Split], ...]:
        """The splits there are, by name; not those of the repeats."""
        parts = (("train", self.train), ("validation", self.validation), ("test", self.test))
        return tuple((name, split) for name, split in parts if split is not None)

    @property
    def rounds(self) -> tuple["Targets", ...]:
        """These targets and their repeats: each is fitted and scored by itself."""
        return self, *self.repeats

    @property
    def rows(self) -> NDArray[np.int64]:
        """Rows of the dataset that any split of any round holds, ascending."""
        return np.unique(np.concatenate([split.rows for round_ in self.rounds for _, split in round_.splits]))

    def groups_of(self, split: Split) -> list[str] | None:
        """The group of each picture of a split; None where the groups are not known."""
        return None if self.groups is None else [self.groups[row] for row in split.rows.tolist()]

    def fingerprint(self, dataset: Dataset) -> str:
        """SHA-256 over classes, splits, labels and the state of every picture used; 64 hexadecimal digits.

        Two records are comparable only where it is equal: a partial copy or a changed list has another. The groups
        are left out: no value that is ranked depends on them.
        """
        digest = hashlib.sha256(f"artbench targets {dataset.name}\n".encode())
        digest.update("\0".join(self.classes).encode())
        for name, split in self._every():
            digest.update(f"\n{name} {split.labels.dtype.kind} {split.labels.shape}\n".encode())
            for row in split.rows.tolist():
                digest.update(f"{dataset.ids[row]}\0{dataset.version(row)}\n".encode())
            digest.update(np.ascontiguousarray(split.labels).tobytes())
        return digest.hexdigest()

    def _every(self) -> Iterator[tuple[str, Split]]:
        for number, round_ in enumerate(self.rounds):
            for name, split in round_.splits:
                yield name if number == 0 else f"{name} {number}", split
