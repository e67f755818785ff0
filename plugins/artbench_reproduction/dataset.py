"""Test images of a task, and some of them as reproduction changes them, made as they are read."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artbench.data import Dataset, Split, Targets
from artbench.data.decode import UnreadableImage
from artbench.errors import ArtbenchError
from artbench.specs import DatasetSpec, TaskSpec, load_factory
from artbench_reproduction.changes import CHANGES, RECIPE

# Images among which a changed one is looked for, and how many of them are changed.
MOST, CHANGED = 1000, 100
# With fewer, a guess would be right too often.
_FEWEST = 20


@dataclass(frozen=True, kw_only=True)
class ReproducedDataset(Dataset):
    """Images of another dataset, some of them changed.

    Attributes:
        base: The dataset that they are of.
        places: Row there of each image.
        changes: Name of the change of each image; empty: it is as it was.
    """

    base: Dataset
    places: Sequence[int]
    changes: Sequence[str]

    def read(self, row: int) -> bytes:
        """Read the encoded image in row `row`, changed if it is one that is; one that is broken stays so.

        Raises:
            OSError: The file can't be read.
        """
        data = self.base.read(self.places[row])
        if not self.changes[row]:
            return data
        try:
            return CHANGES[self.changes[row]].of(data)
        except UnreadableImage:
            return data

    def content(self, row: int, data: bytes) -> bytes:
        """Return a digest of the content of the original and of the change, since encoders of JPEGs differ."""
        place, change = self.places[row], self.changes[row]
        if not change:
            return self.base.content(place, data)
        original = self.base.content(place, self.base.read(place))
        return sha256(f"reproduced {RECIPE} {change} ".encode() + original).digest()[:16]


def open_reproduced(root: Path, *, base: DatasetSpec, task: TaskSpec) -> Dataset:
    """Return up to 1,000 test images of a task, and 100 of them in every change; no image is read.

    They are those with the smallest SHA-256 of their ids.

    Raises:
        ArtbenchError: The dataset or the task can't be opened, or it has too few test images.
    """
    of = load_factory(base.factory)(root)
    targets = load_factory(task.factory)(of)
    tested = np.unique(np.concatenate([round_.test.rows for round_ in targets.rounds])).tolist()
    if len(tested) < _FEWEST:
        raise ArtbenchError(
            f"{task.name} has {len(tested):,} test images, among which a changed one is too easy to find",
            mend=f"Name a task with {_FEWEST} or more",
        )
    chosen = sorted(tested, key=lambda row: sha256(of.ids[row].encode("utf-8", "surrogateescape")).hexdigest())[:MOST]
    rows = [(row, "") for row in chosen] + [(row, name) for row in chosen[:CHANGED] for name in CHANGES]

    def suffix(change: str) -> str:
        return f"#{RECIPE}-{change}" if change else ""

    return ReproducedDataset(
        name=f"reproduced:{task.name}",
        of=of.of or of.name,
        root=of.root,
        ids=[of.ids[row] + suffix(change) for row, change in rows],
        files=[of.files[row] for row, _ in rows],
        versions=[of.version(row) + suffix(change) for row, change in rows],
        captions=None if of.captions is None else [of.captions[row] for row, _ in rows],
        base=of,
        places=[row for row, _ in rows],
        changes=[change for _, change in rows],
    )


def reproduced_targets(dataset: Dataset, *, kinds: Sequence[str]) -> Targets:
    """Return the images as index, and the changed ones of some kinds as queries, each with its own image.

    Args:
        dataset: What `open_reproduced` returned.
        kinds: Kinds of change.
    """
    assert isinstance(dataset, ReproducedDataset)
    number = {place: at for at, place in enumerate(dict.fromkeys(_changed(dataset)))}
    labels = np.array([number.get(place, -1) for place in dataset.places], np.int64)
    wanted = {name for name, change in CHANGES.items() if change.kind in kinds}

    def split(chosen: Sequence[bool]) -> Split:
        rows: NDArray[np.int64] = np.flatnonzero(np.array(chosen)).astype(np.int64)
        return Split(rows=rows, labels=labels[rows])

    return Targets(
        classes=tuple(f"image {at}" for at in range(1, len(number) + 1)),
        train=split([not change for change in dataset.changes]),
        test=split([change in wanted for change in dataset.changes]),
        groups=[f"image {label + 1}" if label >= 0 else "" for label in labels.tolist()],
    )


def _changed(dataset: ReproducedDataset) -> list[int]:
    return [place for place, change in zip(dataset.places, dataset.changes, strict=True) if change]
