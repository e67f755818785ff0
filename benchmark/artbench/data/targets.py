"""The targets of a task: which images train and test, and their labels."""

import hashlib
from collections.abc import Sequence
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
    """Some images of a dataset and their labels.

    Attributes:
        rows: int64, shape (n,): rows of the dataset; a row may occur twice if the published list says so.
        labels: int64, shape (n,), for a single-label task; bool, shape (n, classes), for a multi-label one; float64,
            shape (n,), in years, for a task whose target is the year. For a task of retrieval int64, shape (n,): what
            belongs together, -1 for what belongs with no other. For a museum bias int64, shape (n,): the class.

    Examples:
        >>> import numpy as np
        >>> from artbench.data import Split
        >>> split = Split(rows=np.array([4, 7, 9]), labels=np.array([0, 1, 0]))
        >>> split.only(split.labels == 0).rows.tolist()
        [4, 9]
    """

    rows: NDArray[np.int64]
    labels: Labels

    def __len__(self) -> int:
        return len(self.rows)

    def only(self, keep: NDArray[np.bool_]) -> "Split":
        """Return the images for which `keep`, bool, shape (n,), holds."""
        return replace(self, rows=self.rows[keep], labels=self.labels[keep])


@dataclass(frozen=True, kw_only=True)
class Targets:
    """The splits and labels of one task on one dataset.

    Attributes:
        classes: Name of each class, in the order of the labels, including classes without images; empty for years.
        train: Images to fit on, without those of `validation`. For a task of retrieval the index to search.
        test: Images to report on, used once. For a task of retrieval the queries, which the index may hold.
        validation: The dataset's own validation split; None without one.
        missing: Paths that the lists name and that are not on disk.
        missing_splits: Split of each of them: `train`, `validation` or `test`; empty where that is not known.
        groups: Group of each row of the dataset, such as its painter, "" if unknown; None if the dataset does not
            state groups, or if they are what the task asks for. Used for the baseline that guesses from the group, and
            for the clusters of `TaskSpec.clustered`.
        origins: Where each row of the dataset comes from, such as the museum that photographed it, "" if unknown; for
            tasks that ask what neighbours share. None for all others.
        repeats: Other splits of the same task, if its result is the mean over this one and these. They have the same
            classes, and neither groups nor repeats of their own.

    Examples:
        >>> import numpy as np
        >>> from artbench.data import Split, Targets
        >>> train = Split(rows=np.array([0, 1]), labels=np.array([0, 1]))
        >>> test = Split(rows=np.array([2]), labels=np.array([1]))
        >>> targets = Targets(classes=("etching", "oil"), train=train, test=test)
        >>> [name for name, _ in targets.splits], targets.rows.tolist()
        (['train', 'test'], [0, 1, 2])
    """

    classes: tuple[str, ...]
    train: Split
    test: Split
    validation: Split | None = None
    missing: Sequence[str] = ()
    missing_splits: Sequence[str] = ()
    groups: Sequence[str] | None = None
    origins: Sequence[str] | None = None
    repeats: tuple["Targets", ...] = ()

    @property
    def splits(self) -> tuple[tuple[str, Split], ...]:
        """The splits by name, without those of the repeats."""
        parts = (("train", self.train), ("validation", self.validation), ("test", self.test))
        return tuple((name, split) for name, split in parts if split is not None)

    @property
    def rounds(self) -> tuple["Targets", ...]:
        """These targets and their repeats, each of which is fitted and scored by itself."""
        return self, *self.repeats

    @property
    def rows(self) -> NDArray[np.int64]:
        """Rows of the dataset that any split of any round holds, ascending."""
        return np.unique(np.concatenate([split.rows for round_ in self.rounds for _, split in round_.splits]))

    def groups_of(self, split: Split) -> list[str] | None:
        """Return the group of each image of a split; None without groups."""
        return None if self.groups is None else [self.groups[row] for row in split.rows.tolist()]

    def fingerprint(self, dataset: Dataset, contents: NDArray[np.uint64] | None = None) -> str:
        """Return the SHA-256 over classes, splits, labels and every image used; 64 hexadecimal digits.

        Records are comparable only if it is equal: a partial copy, a changed list or a changed image has another.
        Groups are left out, since no value that is ranked depends on them.

        Args:
            dataset: Dataset of the targets.
            contents: Digest of each image of the dataset (`Contents.digests`), uint64, shape (len(dataset), 2). None:
                the versions stand for the images, which need not be read; records of artbench 0.1 have this one.
        """
        meaning = "" if contents is None else "\0contents 1"
        digest = hashlib.sha256(f"artbench targets {dataset.name}{meaning}\n".encode())
        digest.update("\0".join(self.classes).encode())
        if self.origins is not None:
            origins = [self.origins[row] for row in self.rows.tolist()]
            digest.update(b"\norigins\0" + "\0".join(origins).encode())
        for number, round_ in enumerate(self.rounds):
            suffix = f" {number}" if number else ""
            for name, split in round_.splits:
                digest.update(f"\n{name}{suffix} {split.labels.dtype.kind} {split.labels.shape}\n".encode())
                for row in split.rows.tolist():
                    version = dataset.version(row) if contents is None else _hexadecimal(contents[row])
                    digest.update(f"{dataset.ids[row]}\0{version}\n".encode())
                digest.update(np.ascontiguousarray(split.labels).tobytes())
        return digest.hexdigest()


def _hexadecimal(content: NDArray[np.uint64]) -> str:
    return content.astype("<u8").tobytes().hex()
