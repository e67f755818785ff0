"""Where what a record was made from lies, and whether it is there: answered before torch is imported."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from artbench.encoders.checkpoint_path import ENCODER_FILE, checkpoint_file
from artbench.errors import UsageError
from artbench.locations import cache_folder, placed_folder
from artbench.plugins import Registry
from artbench.records.folder import read_record
from artbench.records.record import Record


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Where to find what a record was made from.

    Attributes:
        data_root: See `artbench.locations.dataset_folder`.
        placed: See `artbench.locations.dataset_folder`.
        checkpoint: The checkpoint, where the record's pretraining is one.
        exclude: The list of what was left out, where the record says that something was.
        device: `auto`, `cpu`, `cuda`, `mps`.
    """

    data_root: Path | None = None
    placed: Mapping[str, Path] = field(default_factory=dict)
    checkpoint: Path | None = None
    exclude: Path | None = None
    device: str = "auto"


def check_sources(file: Path, sources: Sources, *, registry: Registry) -> None:
    """See that a record can be read, and that its task, its data, its pretraining or its checkpoint are here.

    Whether they are those of the record is seen when they are opened (`artbench.explaining.measured`); the backbone
    too, since to know all names of a family is to import its library.

    Args:
        file: The record.
        sources: Where to find what it was made from.
        registry: What there is.

    Raises:
        UsageError: A name is unknown here, or nothing says where its dataset or its checkpoint lies.
        ArtbenchError: The file is no record, or what should be at a place is not.
    """
    record = read_record(file)
    for name in sources.placed:
        registry.datasets.get(name)
    pretraining_of(record, sources, registry=registry)
    dataset = registry.datasets.get(registry.tasks.get(record.task).dataset)
    placed_folder(dataset, data_root=sources.data_root, placed=sources.placed)


def pretraining_of(record: Record, sources: Sources, *, registry: Registry) -> str:
    """The name of a pretraining, or the path of the checkpoint; never a path that a record names."""
    if sources.checkpoint is not None:
        return str(checkpoint_file(sources.checkpoint.expanduser().absolute()))
    training = record.encoder.training
    if training is not None:
        file = cache_folder() / "pretrainings" / training.key[:32] / ENCODER_FILE
        if file.is_file():
            return str(file)
    if training is not None or record.encoder.checkpoint_sha256 is not None:
        raise UsageError(
            f"the record's encoder is a checkpoint, {record.pretraining}, and a record does not say where it lies",
            mend="Give it as --pretraining PATH",
        )
    return registry.pretrainings.get(record.pretraining).name
