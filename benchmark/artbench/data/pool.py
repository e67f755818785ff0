"""The pretraining pool: all training pictures of some datasets, less whatever any of their tasks is measured on."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from artbench.data.dataset import Dataset
from artbench.data.targets import Targets
from artbench.errors import ArtbenchError
from artbench.runtime.files import write_text

# Beside a checkpoint; and the key under which a safetensors file names it in its own metadata.
MANIFEST_FILE = "pool.json"
METADATA_KEY = "artbench.pool"
_Text = Annotated[str, StringConstraints(min_length=1)]
_Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


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


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PoolPart(_Part):
    """The pictures of one dataset in the pool.

    Attributes:
        dataset: Its name.
        fingerprint: Of its pictures (`Dataset.fingerprint`).
        tasks: The tasks whose validation and test pictures were left out, sorted.
        held_out: How many pictures were left out for them, though another task trains on some.
        images: Ids of the pictures in the pool, sorted.
    """

    dataset: _Text
    fingerprint: _Sha256
    tasks: tuple[_Text, ...]
    held_out: int
    images: tuple[_Text, ...]


class PoolSummary(_Part):
    """What a checkpoint's own file says of its pool, without the ids.

    Attributes:
        sha256: The manifest's hash.
        images: Number of pictures.
        datasets: Of each dataset, the number of its pictures.
    """

    sha256: _Sha256
    images: int
    datasets: dict[_Text, int]


@dataclass(frozen=True)
class Manifest:
    """All pictures of a pool.

    Attributes:
        parts: One for each dataset, sorted by name.
    """

    parts: tuple[PoolPart, ...]

    @cached_property
    def sha256(self) -> str:
        """The hash: SHA-256 over the parts as canonical JSON (ASCII, sorted keys, no spaces)."""
        return hashlib.sha256(_canonical([part.model_dump() for part in self.parts]).encode()).hexdigest()

    @property
    def summary(self) -> PoolSummary:
        """What goes into records, and into a checkpoint's own metadata."""
        counts = {part.dataset: len(part.images) for part in self.parts}
        return PoolSummary(sha256=self.sha256, images=sum(counts.values()), datasets=counts)

    @property
    def metadata(self) -> dict[str, str]:
        """What belongs into the metadata of a safetensors checkpoint, so that the file alone tells its pool."""
        return {METADATA_KEY: _canonical(self.summary.model_dump())}

    def images_of(self, dataset: str) -> frozenset[str]:
        """Ids of the pictures of one dataset that are in the pool."""
        return frozenset(image for part in self.parts if part.dataset == dataset for image in part.images)

    def write(self, path: Path) -> None:
        """Write it as JSON, whole or not at all.

        Raises:
            OSError: It can't be written.
        """
        content = {
            "kind": "artbench pool 1",
            "sha256": self.sha256,
            "parts": [part.model_dump() for part in self.parts],
        }
        # ASCII, so that no editor or transfer can change a name.
        write_text(path, json.dumps(content, indent=1) + "\n")


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


class _File(_Part):
    kind: Literal["artbench pool 1"]
    sha256: _Sha256
    parts: tuple[PoolPart, ...]


def read_manifest(path: Path) -> Manifest:
    """Read and check a manifest.

    Raises:
        ArtbenchError: It can't be read, is no manifest, or its pictures are not those of its hash.
    """
    mend = f"Take the {MANIFEST_FILE} that was written with the checkpoint"
    try:
        file = _File.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ArtbenchError(f"{path} can't be read ({error.strerror})", mend=mend) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise ArtbenchError(f"{path} is no manifest of a pool: {where}: {first['msg']}", mend=mend) from error
    except (ValueError, RecursionError) as error:
        raise ArtbenchError(f"{path} is no manifest of a pool ({error})", mend=mend) from error
    manifest = Manifest(file.parts)
    if manifest.sha256 != file.sha256:
        raise ArtbenchError(f"{path} has been changed: its pictures are not those of its hash", mend=mend)
    return manifest


def read_summary(metadata: Mapping[str, str], *, origin: str) -> PoolSummary | None:
    """The pool that a safetensors file names in its metadata, None if it names none.

    Raises:
        ArtbenchError: What it says there is not what artbench writes.
    """
    if METADATA_KEY not in metadata:
        return None
    try:
        return PoolSummary.model_validate(json.loads(metadata[METADATA_KEY]))
    except (ValueError, RecursionError) as error:
        raise ArtbenchError(f"{origin}: its metadata {METADATA_KEY} is not what artbench writes") from error


def _canonical(content: Any) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"))
