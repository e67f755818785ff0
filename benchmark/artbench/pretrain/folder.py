"""The folder of a training: for one at a time, and gone on with only where that is asked for."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import Any

import torch
from filelock import FileLock, Timeout
from safetensors import SafetensorError
from safetensors.torch import save_file

from artbench.data.pool import MANIFEST_FILE
from artbench.encoders.checkpoint_path import CHECKPOINTS, ENCODER_FILE
from artbench.encoders.provenance import METADATA_KEY
from artbench.errors import ArtbenchError
from artbench.pretrain.checkpoints import Checkpoints
from artbench.pretrain.training import Training
from artbench.records.parts import TrainingState
from artbench.runtime.distributed import Group
from artbench.runtime.files import atomic_write


@contextmanager
def locked(out: Path, group: Group) -> Iterator[None]:
    """Hold the folder for the processes of a group while the block runs.

    Raises:
        ArtbenchError: Another training holds it, or it can't be written.
    """
    lock = FileLock(out / ".lock")

    def acquire() -> None:
        try:
            out.mkdir(parents=True, exist_ok=True)
            lock.acquire(blocking=False)
        except Timeout as error:
            raise ArtbenchError(
                f"another training is at work in {out}", mend="Wait for it, or give another folder with --out"
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


def steps_done(out: Path, *, resume: bool) -> int:
    """How many steps there are to go on from.

    Raises:
        ArtbenchError: The folder holds a training, and nobody asked to go on with it.
    """
    steps = Checkpoints(out / CHECKPOINTS).steps()
    # torchrun starts the processes of a failed node again: they go on.
    resume = resume or int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")) > 0
    if not resume and (steps or (out / ENCODER_FILE).exists()):
        raise ArtbenchError(
            f"{out} holds a training already",
            mend=f"`artbench pretrain --resume --out {quote(str(out))}` goes on with it; or give another folder",
        )
    return steps[-1] if steps else 0


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
        with atomic_write(file) as temporary:
            save_file(state, temporary, metadata)
    except (OSError, SafetensorError) as error:
        raise ArtbenchError(
            f"{file} can't be written ({error})", mend="Make room; --resume then writes it from the last checkpoint"
        ) from error
    return file
