"""Where a checkpoint lies and what it is called: answered without importing torch."""

from pathlib import Path
from shlex import quote

from artbench.errors import ArtbenchError, UsageError
from artbench.plugins.registry import Registry
from artbench.runtime.files import cache_folder
from artbench.runtime.text import printable

ENCODER_FILE = "encoder.safetensors"
# The folder, beside it, of all that a training needs to go on.
CHECKPOINTS = "checkpoints"
_SUFFIXES = {".safetensors", ".pth", ".pt", ".ckpt", ".tar", ".bin"}
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
            f"the training in {path} is not finished",
            mend=f"`artbench pretrain --resume --out {quote(str(path))}` goes on with it",
        )
    if path.is_dir():
        raise ArtbenchError(f"the folder {path} holds no {ENCODER_FILE}", mend="Name the file of the checkpoint itself")
    if path.exists():
        raise ArtbenchError(f"{path} is not a file", mend=MEND)
    raise ArtbenchError(f"no checkpoint at {path}", mend="Check the path, or see `artbench list pretrainings`")


def cached_encoder(key: str) -> Path:
    """The file in the cache for the encoder of the training with this key, whether or not it is there."""
    return cache_folder() / "pretrainings" / key[:32] / ENCODER_FILE


def is_checkpoint(pretraining: str, registry: Registry) -> bool:
    """Whether a user means a checkpoint: a path, or what exists and is no pretraining's name."""
    if any(spec.name == pretraining for _, spec in registry.pretrainings.specs()):
        return False
    looks_like_one = "/" in pretraining or "\\" in pretraining or Path(pretraining).suffix in _SUFFIXES
    return looks_like_one or Path(pretraining).exists()


def check_pretraining(pretraining: str, registry: Registry) -> None:
    """See that a pretraining has weights to give, or that a checkpoint is there.

    Raises:
        UsageError: The name is unknown, or of a method that has to be trained first.
        ArtbenchError: No checkpoint is there.
    """
    if is_checkpoint(pretraining, registry):
        checkpoint_file(Path(pretraining).expanduser())
    elif registry.pretrainings.get(pretraining).method is not None:
        raise not_trained(registry.pretrainings.get(pretraining).name)


def not_trained(method: str) -> UsageError:
    """What to say where weights are asked of a method."""
    return UsageError(
        f"{method} has to be trained first",
        mend=f"Give the folder that `artbench pretrain {method}` has made, as --pretraining DIR",
    )


def checkpoint_name(path: Path) -> str:
    """What a checkpoint is called on record: its file, or for `encoder.safetensors` its folder; never the path."""
    absolute = path.expanduser().absolute()
    if absolute.name in ("", ".."):
        absolute = absolute.resolve()
    name = absolute.parent.name if absolute.name == ENCODER_FILE else absolute.name
    return printable(name or "checkpoint")[:200]
