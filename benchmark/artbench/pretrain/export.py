"""What a training leaves behind: the backbone alone, with what it was made of in the file's own metadata."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file

from artbench.data.manifest import MANIFEST_FILE
from artbench.encoders.checkpoint_path import ENCODER_FILE
from artbench.encoders.history import METADATA_KEY
from artbench.errors import ArtbenchError
from artbench.pretrain.training import Training
from artbench.records.parts import TrainingState
from artbench.runtime.files import replacing


def write_encoder(folder: Path, backbone: torch.nn.Module, training: Training, facts: Mapping[str, Any]) -> Path:
    """Write `encoder.safetensors`, and beside it the manifest of the pool.

    Args:
        folder: Where to.
        backbone: Its state dict is what is kept.
        training: What it was.
        facts: How it went: the remaining fields of a record's `TrainingState`.

    Returns:
        The file.

    Raises:
        ArtbenchError: It can't be written.
    """
    state = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in backbone.state_dict().items()}
    history = TrainingState(
        key=training.key,
        method=training.name,
        backbone=training.backbone.name,
        settings=training.settings.model_dump(),
        seed=training.seed,
        plugins=dict(training.plugins),
        **facts,
    )
    metadata = training.pool.manifest.metadata | {METADATA_KEY: history.model_dump_json()}
    file = folder / ENCODER_FILE
    try:
        training.pool.manifest.write(folder / MANIFEST_FILE)
        with replacing(file) as temporary:
            save_file(state, temporary, metadata)
    except (OSError, SafetensorError) as error:
        raise ArtbenchError(
            f"{file} can't be written ({error})", mend="Make room; --resume then writes it from the last checkpoint"
        ) from error
    return file
