"""The pretraining pool and the training history that a checkpoint states."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from safetensors import SafetensorError, safe_open

from artbench.data.pool import MANIFEST_FILE, Manifest, PoolSummary, read_manifest, read_summary
from artbench.errors import ArtbenchError
from artbench.records.encoder_state import TrainingState

METADATA_KEY = "artbench.pretraining"


@dataclass(frozen=True, kw_only=True)
class TrainingPool:
    """The pretraining pool of a checkpoint.

    Attributes:
        summary: Hash and counts.
        manifest: Ids of all images; None if the manifest is not beside the checkpoint.
    """

    summary: PoolSummary
    manifest: Manifest | None

    def holds(self, dataset: str, images: Sequence[str]) -> int | None:
        """Count the images of a dataset, given by id, that are in the pool; None if that is not known."""
        if self.manifest is None:
            return None if dataset in self.summary.datasets else 0
        return len(self.manifest.images_of(dataset).intersection(images))


def training_pool(checkpoint: Path) -> TrainingPool | None:
    """Read the pool that a checkpoint's file states in its safetensors metadata, in `pool.json` beside it, or in both.

    Raises:
        ArtbenchError: The two state different pools, or one of them was not written by artbench.
    """
    beside = checkpoint.parent / MANIFEST_FILE
    manifest = read_manifest(beside) if beside.is_file() else None
    summary = read_summary(_metadata(checkpoint), origin=str(checkpoint))
    if manifest is None:
        return None if summary is None else TrainingPool(summary=summary, manifest=None)
    if summary is not None and summary.sha256 != manifest.sha256:
        raise ArtbenchError(
            f"{beside} is the manifest of another pool than {checkpoint.name} was trained on "
            f"({manifest.sha256[:12]}, not {summary.sha256[:12]})",
            mend="Keep each checkpoint in a folder of its own, with the manifest that was written with it",
        )
    return TrainingPool(summary=manifest.summary, manifest=manifest)


def _metadata(checkpoint: Path) -> dict[str, str]:
    """The metadata of a safetensors file; empty for any other."""
    try:
        with safe_open(checkpoint, framework="np") as file:
            return dict(file.metadata() or {})
    except (SafetensorError, OSError):
        return {}


def training_history(checkpoint: Path) -> TrainingState | None:
    """Read how a checkpoint was trained from the metadata of its file; None if artbench did not train it.

    Raises:
        ArtbenchError: The metadata was not written by artbench.
    """
    metadata = _metadata(checkpoint)
    if METADATA_KEY not in metadata:
        return None
    try:
        return TrainingState.model_validate(json.loads(metadata[METADATA_KEY]))
    except (ValidationError, ValueError, RecursionError) as error:
        raise ArtbenchError(f"{checkpoint}: its metadata {METADATA_KEY} is not what artbench writes") from error
