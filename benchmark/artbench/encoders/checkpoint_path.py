"""Paths and names of checkpoints, without importing torch."""

from pathlib import Path
from shlex import quote

from artbench.errors import ArtbenchError, UsageError
from artbench.plugins.registry import Registry
from artbench.runtime.files import cache_folder
from artbench.runtime.names import fit_name

ENCODER_FILE = "encoder.safetensors"
# The folder beside it that holds all that a training needs to continue.
CHECKPOINTS = "checkpoints"
_SUFFIXES = {".safetensors", ".pth", ".pt", ".ckpt", ".tar", ".bin"}
MEND = "Give a whole file that torch.save or safetensors has written"


def checkpoint_file(path: Path) -> Path:
    """Return the file of a checkpoint: the path itself, or `encoder.safetensors` in the folder of a pretraining.

    Raises:
        ArtbenchError: There is no such file; a UsageError if there is nothing at the path.
    """
    file = path / ENCODER_FILE if path.is_dir() else path
    if file.is_file():
        return file
    if (path / CHECKPOINTS).is_dir():
        raise ArtbenchError(
            f"the training in {path} is not finished",
            mend=f"`artbench pretrain --resume --out {quote(str(path))}` continues it",
        )
    if path.is_dir():
        raise ArtbenchError(f"the folder {path} holds no {ENCODER_FILE}", mend="Name the file of the checkpoint itself")
    if path.exists():
        raise ArtbenchError(f"{path} is not a file", mend=MEND)
    raise UsageError(f"no checkpoint at {path}", mend="Check the path, or see `artbench list pretrainings`")


def cached_encoder(key: str) -> Path:
    """The file in the cache for the encoder of the training with this key, whether or not it is there."""
    return cache_folder() / "pretrainings" / key[:32] / ENCODER_FILE


def is_checkpoint(pretraining: str, registry: Registry) -> bool:
    """Whether a name means a checkpoint: it looks like a path or exists, and is not the name of a pretraining."""
    if any(spec.name == pretraining for _, spec in registry.pretrainings.specs()):
        return False
    looks_like_one = "/" in pretraining or "\\" in pretraining or Path(pretraining).suffix in _SUFFIXES
    return looks_like_one or Path(pretraining).exists()


def check_pretraining(pretraining: str, registry: Registry) -> None:
    """Raise unless a pretraining has weights, or a checkpoint exists.

    Raises:
        UsageError: The name is unknown, or of a method that has to be trained first, or there is no such checkpoint.
        ArtbenchError: The checkpoint is not a file, or its training is not finished.
    """
    if is_checkpoint(pretraining, registry):
        checkpoint_file(Path(pretraining).expanduser())
    elif registry.pretrainings.get(pretraining).method is not None:
        raise not_trained(registry.pretrainings.get(pretraining).name)


def not_trained(method: str) -> UsageError:
    """The error for a method that is named where weights are needed."""
    return UsageError(
        f"{method} has to be trained first",
        mend=f"Give the folder that `artbench pretrain {method}` has made, as --pretraining DIR",
    )


def checkpoint_name(path: Path) -> str:
    """Return a checkpoint's name on record: its file's, or for `encoder.safetensors` its folder's; never a path."""
    absolute = path.expanduser().absolute()
    if absolute.name in ("", ".."):
        absolute = absolute.resolve()
    name = absolute.parent.name if absolute.name == ENCODER_FILE else absolute.name
    return fit_name(name[:200] or "checkpoint")
