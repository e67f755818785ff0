"""The options of a pretraining, from the command line or from Python; imports no torch."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from artbench.data.folders import DatasetPaths
from artbench.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class PretrainRequest:
    """The options of `artbench pretrain`.

    With `resume`, the checkpoint in `out` states method, backbone, datasets, seed and settings that are missing.

    Attributes:
        out: Folder for the encoder, the checkpoints and the log.
        datasets: Names of the datasets whose training images are pooled.
        seed: Seed of initialisation, order and augmentation; None: the checkpoint's, or 0.
        resume: Whether to resume from the last checkpoint in `out`.
        settings: Settings of the method as `KEY=VALUE`, which take precedence over those in the file.
        settings_file: TOML file of settings.
        accept_changes: Whether to resume with another device, number type or version than the checkpoint's.
        knn: Single-label task that measures the features by kNN during the training.
        knn_every: Number of epochs from one measurement to the next; None: so many that they cost less than 5 %.
        pack: Whether to keep the pool as raw pixels in the cache.
        save_minutes: Minutes between two checkpoints; 0: one after every step.
        keep: Number of latest checkpoints to keep.
        tensorboard: Whether to write the log for TensorBoard as well.
        compiled: Whether to compile the networks first.
        micro_batch: Most images of a process that go through the networks at once on accelerators; None: all of them.
        device: `auto`, `cpu`, `cuda` or `mps`.
        workers: Threads that decode and crop images; None: what suits the machine.
    """

    out: Path
    method: str | None = None
    backbone: str | None = None
    datasets: Sequence[str] = ()
    seed: int | None = None
    resume: bool = False
    accept_changes: bool = False
    settings: Sequence[str] = ()
    settings_file: Path | None = None
    knn: str | None = None
    knn_every: int | None = None
    pack: bool = False
    save_minutes: float = 10
    keep: int = 2
    tensorboard: bool = False
    compiled: bool = False
    micro_batch: int | None = None
    paths: DatasetPaths = field(default_factory=DatasetPaths)
    device: str = "auto"
    workers: int | None = None


class MissingOption(UsageError):  # noqa: N818  it is named for what is missing
    """Neither the request nor a checkpoint states something that is needed.

    Attributes:
        name: Name of the field in `PretrainRequest`.
        reason: Why the checkpoint does not state it; empty if none was read.
    """

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"nothing says the {name} of the pretraining{reason and f': {reason}'}")
        self.name, self.reason = name, reason
