"""The pretraining pool: all training pictures of some datasets, less whatever any of their tasks is measured on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from artbench.data.dataset import Dataset
from artbench.data.manifest import Manifest, PoolPart
from artbench.data.targets import Targets
from artbench.errors import ArtbenchError


@dataclass(frozen=True, kw_only=True)
class LabelledDataset:
    """A dataset with the targets of all its tasks.

    Attributes:
        dataset: The dataset.
        targets: Of each task, by its name.
        training: Rows to train on whatever the tasks say, for pictures without labels.
    """

    dataset: Dataset
    targets: Mapping[str, Targets]
    training: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Pictures to pretrain on.

    Attributes:
        datasets: In the order given.
        rows: Of each dataset, its rows in the pool: int64, ascending.
        manifest: The same by their ids, and the hash of it all.
    """

    datasets: tuple[Dataset, ...]
    rows: tuple[NDArray[np.int64], ...]
    manifest: Manifest

    def __len__(self) -> int:
        return sum(len(rows) for rows in self.rows)


def train_images(datasets: Sequence[LabelledDataset]) -> Pool:
    """The pooled training pictures, less every picture that is validation or test for any task of any of the datasets.

    A picture may train one task and test another, as 566 of WikiArt do: it is left out. So is a picture that no
    task trains on, unless its dataset has no labels.

    Args:
        datasets: Each with all tasks that there are on it: what a task unknown here tests on would stay in.

    Raises:
        ArtbenchError: A dataset is given twice, or nothing is left.
    """
    names = [labelled.dataset.name for labelled in datasets]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ArtbenchError(f"the pool holds {twice} twice", mend="Name each dataset once")
    rows, parts = [], []
    for labelled in datasets:
        held_out = _rows(labelled, held_out=True)
        trained = np.union1d(_rows(labelled, held_out=False), labelled.training)
        rows.append(np.setdiff1d(trained, held_out))
        parts.append(
            PoolPart(
                dataset=labelled.dataset.name,
                fingerprint=labelled.dataset.fingerprint,
                tasks=tuple(sorted(labelled.targets)),
                held_out=len(held_out),
                images=tuple(sorted(labelled.dataset.ids[row] for row in rows[-1].tolist())),
            )
        )
    if not any(len(part.images) for part in parts):
        raise ArtbenchError(
            f"no picture of {', '.join(names) or 'no dataset'} is left to pretrain on: all are validation or test",
            mend="Name a dataset with training pictures",
        )
    return Pool(
        datasets=tuple(labelled.dataset for labelled in datasets),
        rows=tuple(rows),
        manifest=Manifest(tuple(sorted(parts, key=lambda part: part.dataset))),
    )


def _rows(labelled: LabelledDataset, *, held_out: bool) -> NDArray[np.int64]:
    """The rows that any task trains on; or that any task chooses or reports on."""
    found = [
        split.rows
        for targets in labelled.targets.values()
        for round_ in targets.rounds
        for name, split in round_.splits
        if (name != "train") == held_out
    ]
    return np.unique(np.concatenate([np.empty(0, np.int64), *found]))
