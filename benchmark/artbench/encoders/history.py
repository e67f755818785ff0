"""What a checkpoint of artbench's own training says of how it was made."""

import json
from pathlib import Path

from pydantic import ValidationError
from safetensors import SafetensorError, safe_open

from artbench.errors import ArtbenchError
from artbench.records.parts import TrainingState

METADATA_KEY = "artbench.pretraining"


def training_history(checkpoint: Path) -> TrainingState | None:
    """How a checkpoint was trained, by the metadata of its file; None if artbench did not train it.

    Raises:
        ArtbenchError: What the file says is not what artbench writes.
    """
    try:
        with safe_open(checkpoint, framework="np") as file:
            metadata = dict(file.metadata() or {})
    except (SafetensorError, OSError):
        return None
    if METADATA_KEY not in metadata:
        return None
    try:
        return TrainingState.model_validate(json.loads(metadata[METADATA_KEY]))
    except (ValidationError, ValueError, RecursionError) as error:
        raise ArtbenchError(f"{checkpoint}: its metadata {METADATA_KEY} is not what artbench writes") from error
