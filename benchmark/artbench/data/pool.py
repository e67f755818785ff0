"""The pretraining pool: all training images of some datasets without those that any of their tasks measures on."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, StringConstraints, ValidationError

from artbench.data.dataset import Dataset
from artbench.data.targets import Targets
from artbench.errors import ArtbenchError
from artbench.runtime.files import write_text

# The manifest's file beside a checkpoint, and the key of the pool's summary in a safetensors file's metadata.
MANIFEST_FILE = "pool.json"
METADATA_KEY = "artbench.pool"
_Text = Annotated[str, StringConstraints(min_length=1)]
_Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


@dataclass(frozen=True, kw_only=True)
class LabelledDataset:
    """A dataset with the targets of all its tasks, by name.

    Attributes:
        training: Rows to train on besides those of the tasks, for images without labels.
    """

    dataset: Dataset
    targets: Mapping[str, Targets]
    training: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))


class PoolPart(BaseModel, extra="forbid", frozen=True):
    """The images of one dataset in the pool.

    Attributes:
        fingerprint: Fingerprint of the dataset's images (`Dataset.fingerprint`).
        tasks: Tasks whose validation and test images were left out, sorted.
        held_out: Number of images left out for them, including those that another task trains on.
        images: Ids of the images in the pool, sorted.
    """

    dataset: _Text
    fingerprint: _Sha256
    tasks: tuple[_Text, ...]
    held_out: int
    images: tuple[_Text, ...]


class PoolSummary(BaseModel, extra="forbid", frozen=True):
    """The summary of a pool in a checkpoint's own file: the manifest's hash, and numbers of images."""

    sha256: _Sha256
    images: int
    datasets: dict[_Text, int]


@dataclass(frozen=True)
class Manifest:
    """All images of a pool, in one part per dataset, sorted by name."""

    parts: tuple[PoolPart, ...]

    @cached_property
    def sha256(self) -> str:
        """SHA-256 over the parts as canonical JSON (ASCII, sorted keys, no spaces)."""
        return hashlib.sha256(_canonical([part.model_dump() for part in self.parts]).encode()).hexdigest()

    @property
    def summary(self) -> PoolSummary:
        """The summary for records and for a checkpoint's metadata."""
        counts = {part.dataset: len(part.images) for part in self.parts}
        return PoolSummary(sha256=self.sha256, images=sum(counts.values()), datasets=counts)

    @property
    def metadata(self) -> dict[str, str]:
        """The metadata of a safetensors checkpoint that states its pool."""
        return {METADATA_KEY: _canonical(self.summary.model_dump())}

    def images_of(self, dataset: str) -> frozenset[str]:
        """Return the ids of one dataset's images in the pool."""
        return frozenset(image for part in self.parts if part.dataset == dataset for image in part.images)

    def write(self, path: Path) -> None:
        """Write the manifest as JSON, whole or not at all."""
        content = _File(kind="artbench pool 1", sha256=self.sha256, parts=self.parts).model_dump()
        # ASCII, so that no editor or transfer can change a name.
        write_text(path, json.dumps(content, indent=1) + "\n")


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Images to pretrain on: rows of each dataset, int64, ascending, and a manifest of their ids."""

    datasets: tuple[Dataset, ...]
    rows: tuple[NDArray[np.int64], ...]
    manifest: Manifest

    def __len__(self) -> int:
        return sum(len(rows) for rows in self.rows)


def train_images(datasets: Sequence[LabelledDataset]) -> Pool:
    """Pool the training images without those that are validation or test for any task of any of the datasets.

    An image that trains one task and tests another, as 566 of WikiArt do, is left out. So is an image that no task
    trains on, unless its dataset has no labels.

    Args:
        datasets: The datasets, each with all its tasks: test images of a missing task would stay in the pool.

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
            f"no image of {', '.join(names) or 'no dataset'} is left to pretrain on: all are validation or test",
            mend="Name a dataset with training images",
        )
    return Pool(
        datasets=tuple(labelled.dataset for labelled in datasets),
        rows=tuple(rows),
        manifest=Manifest(tuple(sorted(parts, key=lambda part: part.dataset))),
    )


def _rows(labelled: LabelledDataset, *, held_out: bool) -> NDArray[np.int64]:
    """Return the rows that any task trains on, or those that any task validates or tests on."""
    found = [
        split.rows
        for targets in labelled.targets.values()
        for round_ in targets.rounds
        for name, split in round_.splits
        if (name != "train") == held_out
    ]
    return np.unique(np.concatenate([np.empty(0, np.int64), *found]))


class _File(BaseModel, extra="forbid", frozen=True):
    kind: Literal["artbench pool 1"]
    sha256: _Sha256
    parts: tuple[PoolPart, ...]


def read_manifest(path: Path) -> Manifest:
    """Read and check a manifest.

    Raises:
        ArtbenchError: The file can't be read, is not a manifest, or its images do not match its hash.
    """
    mend = f"Take the {MANIFEST_FILE} that was written with the checkpoint"
    try:
        file = _File.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ArtbenchError(f"{path} can't be read ({error.strerror})", mend=mend) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise ArtbenchError(f"{path} is not the manifest of a pool: {where}: {first['msg']}", mend=mend) from error
    manifest = Manifest(file.parts)
    if manifest.sha256 != file.sha256:
        raise ArtbenchError(f"{path} has been changed: its images do not match its hash", mend=mend)
    return manifest


def read_summary(metadata: Mapping[str, str], *, origin: str) -> PoolSummary | None:
    """Read the summary of a pool from a safetensors file's metadata; None if there is none.

    Raises:
        ArtbenchError: The summary was not written by artbench.
    """
    if METADATA_KEY not in metadata:
        return None
    try:
        return PoolSummary.model_validate_json(metadata[METADATA_KEY])
    except ValidationError as error:
        raise ArtbenchError(f"{origin}: its metadata {METADATA_KEY} is not what artbench writes") from error


def _canonical(content: Any) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"))
