"""Where a checkpoint lies and what it is called: answered without importing torch."""

from pathlib import Path

from artbench.errors import ArtbenchError
from artbench.reporting import printable

ENCODER_FILE = "encoder.safetensors"
# The folder, beside it, of all that a training needs to go on.
CHECKPOINTS = "checkpoints"
MEND = "Give a file that torch.save or safetensors has written, whole"


def checkpoint_file(path: Path) -> Path:
    """The file of a checkpoint: itself, or `encoder.safetensors` in the folder that pretraining has written.

    Raises:
        ArtbenchError: Nothing is there.
    """
    file = path / ENCODER_FILE if path.is_dir() else path
    if file.is_file():
        return file
    if (path / CHECKPOINTS).is_dir():
        raise ArtbenchError(
            f"the training in {path} is not finished", mend="Go on with it: the same `artbench pretrain` with --resume"
        )
    if path.is_dir():
        raise ArtbenchError(f"the folder {path} holds no {ENCODER_FILE}", mend="Name the file of the checkpoint itself")
    if path.exists():
        raise ArtbenchError(f"{path} is not a file", mend=MEND)
    raise ArtbenchError(f"no checkpoint at {path}", mend="Check the path, or see `artbench list pretrainings`")


def checkpoint_name(path: Path) -> str:
    """What a checkpoint is called on record: its file, or for `encoder.safetensors` its folder; never the path."""
    absolute = path.expanduser().absolute()
    if absolute.name in ("", ".."):
        absolute = absolute.resolve()
    name = absolute.parent.name if absolute.name == ENCODER_FILE else absolute.name
    return printable(name or "checkpoint")[:200]
