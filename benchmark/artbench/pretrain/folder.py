"""The folder of a training: leased while one runs; the encoder that is written there."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file

from artbench.data.pool import MANIFEST_FILE
from artbench.encoders.checkpoint_path import CHECKPOINTS, ENCODER_FILE
from artbench.encoders.provenance import METADATA_KEY
from artbench.errors import ArtbenchError
from artbench.pretrain.training import Training
from artbench.records.encoder_state import TrainingState
from artbench.runtime.distributed import Group
from artbench.runtime.files import atomic_write, file_errors
from artbench.runtime.lease import Lease
from artbench.runtime.progress import Reporter
from artbench.runtime.temporaries import remove_abandoned


@contextmanager
def locked(out: Path, group: Group, reporter: Reporter) -> Iterator[None]:
    """Lease the folder for the processes of a group during the block, and remove what a killed process left there.

    It waits, with a notice, until it is known whether a training on another machine lives, and takes over a dead one's.

    Raises:
        ArtbenchError: Another training is running there, or it can't be written.
    """
    lease = Lease(out / ".lease", doing=f"training in {out}")

    def acquire() -> None:
        with file_errors(f"{out} can't be written", mend="Give another folder with --out"):
            if not lease.acquire(reporter=reporter, refuse_living=True):
                raise ArtbenchError(
                    f"another training is running in {out} ({lease.holder})",
                    mend="Wait for it, or give another folder with --out",
                )
            (out / ".lock").unlink(missing_ok=True)  # Of earlier versions.
            (out / CHECKPOINTS).mkdir(exist_ok=True)
            for folder in (out, out / CHECKPOINTS):
                remove_abandoned(folder)

    with lease:
        group.from_first(acquire)
        yield


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
