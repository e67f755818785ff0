"""The folder of a training: locked while one runs; the encoder that is written there."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout
from safetensors import SafetensorError
from safetensors.torch import save_file

from artbench.data.pool import MANIFEST_FILE
from artbench.encoders.checkpoint_path import CHECKPOINTS, ENCODER_FILE
from artbench.encoders.provenance import METADATA_KEY
from artbench.errors import ArtbenchError
from artbench.pretrain.log import LOG_FILE
from artbench.pretrain.training import Training
from artbench.records.parts import TrainingState
from artbench.runtime.distributed import Group
from artbench.runtime.files import atomic_write


@contextmanager
def locked(out: Path, group: Group) -> Iterator[None]:
    """Lock the folder for the processes of a group during the block, and remove what a killed process left there.

    Raises:
        ArtbenchError: Another training has locked it, or it can't be written.
    """
    lock = FileLock(out / ".lock")

    def acquire() -> None:
        try:
            out.mkdir(parents=True, exist_ok=True)
            lock.acquire(blocking=False)
            _remove_unfinished(out)
        except Timeout as error:
            raise ArtbenchError(
                f"another training is running in {out}", mend="Wait for it, or give another folder with --out"
            ) from error
        except OSError as error:
            raise ArtbenchError(
                f"{out} can't be written ({error.strerror})", mend="Give another folder with --out"
            ) from error

    group.from_first(acquire)
    try:
        yield
    finally:
        lock.release()


def _remove_unfinished(out: Path) -> None:
    """Remove the temporary files of a process that was killed while it saved."""
    unfinished = [file for name in (ENCODER_FILE, MANIFEST_FILE, LOG_FILE) for file in out.glob(f".{name}.*.tmp")]
    for file in [*unfinished, *(out / CHECKPOINTS).glob(".step-*.tmp")]:
        with suppress(OSError):
            file.unlink()


def write_encoder(folder: Path, backbone: torch.nn.Module, training: Training, facts: Mapping[str, Any]) -> Path:
    """Write a backbone's module as `encoder.safetensors`, and beside it the manifest of the pool; return the file.

    Args:
        folder: Folder to write to.
        backbone: Module whose state dict is written.
        training: The training.
        facts: The remaining fields of a record's `TrainingState`.

    Raises:
        ArtbenchError: The file can't be written.
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
        with atomic_write(file) as temporary:
            save_file(state, temporary, metadata)
    except (OSError, SafetensorError) as error:
        raise ArtbenchError(
            f"{file} can't be written ({error})", mend="Make room; --resume then writes it from the last checkpoint"
        ) from error
    return file
