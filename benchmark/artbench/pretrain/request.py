"""The options of a pretraining, from the command line or from Python; imports no torch."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from artbench.data.folders import DatasetPaths
from artbench.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class PretrainRequest:
    """The options of `artbench pretrain`.

    Attributes:
        out: Folder for the encoder, the checkpoints and the log.
        method: Name of the method. With `resume`, what is None or empty is taken from the checkpoint in `out`.
        backbone: Name of the backbone.
        datasets: Names of the datasets whose training images are pooled.
        seed: Seed of initialisation, order and augmentation; None: the checkpoint's, or 0.
        resume: Whether to go on from the last checkpoint in `out`.
        settings: Settings of the method as `KEY=VALUE`, which take precedence over those in the file.
        settings_file: TOML file of settings.
        knn: Single-label task that measures the features by kNN after every epoch.
        pack: Whether the pool is kept as raw pixels in the cache.
        save_minutes: Minutes between two checkpoints; 0: one after every step.
        keep: Number of checkpoints to keep.
        tensorboard: Whether the log is written for TensorBoard as well.
        compiled: Whether the networks are compiled first.
        paths: Where the datasets are.
        device: `auto`, `cpu`, `cuda` or `mps`.
        workers: Threads that crop; None: what suits the machine.
    """

    out: Path
    method: str | None = None
    backbone: str | None = None
    datasets: Sequence[str] = ()
    seed: int | None = None
    resume: bool = False
    settings: Sequence[str] = ()
    settings_file: Path | None = None
    knn: str | None = None
    pack: bool = False
    save_minutes: float = 10
    keep: int = 2
    tensorboard: bool = False
    compiled: bool = False
    paths: DatasetPaths = field(default_factory=DatasetPaths)
    device: str = "auto"
    workers: int | None = None


class MissingOption(UsageError):  # noqa: N818  it is named for what is missing
    """Neither the request nor a checkpoint says something that is needed.

    Attributes:
        name: The field of the request.
        reason: Why the checkpoint does not say it; empty where none was to be read.
    """

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"nothing says the {name} of the pretraining{reason and f': {reason}'}")
        self.name, self.reason = name, reason
