"""Where to find what a record was made from, checked before torch is imported."""

from dataclasses import dataclass, field
from pathlib import Path

from artbench.data.exclusion import read_exclusions
from artbench.data.folders import DatasetPaths
from artbench.encoders.checkpoint_path import cached_encoder, checkpoint_file
from artbench.errors import ArtbenchError, UsageError
from artbench.plugins.registry import Registry
from artbench.records.folder import read_record
from artbench.records.predictions import StoredPredictions, read_predictions
from artbench.records.record import Record
from artbench.specs import TaskSpec


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Where to find what a record was made from.

    Attributes:
        task: The task as it was named for the run, if a record does not hold its path, such as that of a collection.
        paths: Folders of the datasets.
        checkpoint: Checkpoint file, if the record's pretraining is one.
        exclude: List of the images that were left out, if the record says that some were.
        device: `auto`, `cpu`, `cuda`, `mps`.
    """

    task: str | None = None
    paths: DatasetPaths = field(default_factory=DatasetPaths)
    checkpoint: Path | None = None
    exclude: Path | None = None
    device: str = "auto"


@dataclass(frozen=True, kw_only=True)
class CheckedRecord:
    """A record that was read once, with its predictions, and what it was made from.

    Attributes:
        file: File of the record.
        record: The record.
        predictions: The predictions beside it, of all rounds.
        sources: Where to find what it was made from.
        pretraining: Name of its pretraining, or path of its checkpoint.
    """

    file: Path
    record: Record
    predictions: StoredPredictions
    sources: Sources
    pretraining: str


def check_sources(file: Path, sources: Sources, *, registry: Registry) -> CheckedRecord:
    """Read a record and its predictions, and check that its task, data, pretraining or checkpoint are here.

    `artbench.explain.reproduce` checks whether they are those of the record. It checks the backbone too, since to
    know all names of a family is to import its library.

    Raises:
        UsageError: A name is unknown here, or nothing says where the dataset, the checkpoint, or the list of the
            images left out is.
        ArtbenchError: The file is not a record, or something is not where it should be.
    """
    record = read_record(file)
    try:
        predictions = read_predictions(file.with_suffix(".parquet"), record)
    except ArtbenchError as error:
        raise ArtbenchError(
            f"{file}: {error.message}",
            mend=f"Keep {file.with_suffix('.parquet').name} beside the record as it was written, or run it again",
        ) from error
    for name in sources.paths.by_name:
        registry.datasets.get(name)
    pretraining = pretraining_of(record, sources, registry=registry)
    dataset = registry.datasets.get(task_of(record, sources, registry=registry).dataset)
    sources.paths.given_folder(dataset)
    if sources.exclude is not None:
        read_exclusions(sources.exclude)
    elif record.dataset.exclusion is not None:
        raise UsageError("images were left out of this record", mend="Give the list of them as --exclude FILE.csv")
    return CheckedRecord(file=file, record=record, predictions=predictions, sources=sources, pretraining=pretraining)


def task_of(record: Record, sources: Sources, *, registry: Registry) -> TaskSpec:
    """Look up the task of a record.

    Raises:
        UsageError: It is unknown here, or another one was named.
    """
    if sources.task is None:
        return registry.tasks.named_in_file(record.task)
    spec = registry.tasks.get(sources.task)
    if spec.name != record.task:
        raise UsageError(f"the record is of {record.task}, and {sources.task} is {spec.name}", mend="Name its own task")
    return spec


def pretraining_of(record: Record, sources: Sources, *, registry: Registry) -> str:
    """Find the name of a record's pretraining, or the path of its checkpoint; never a path that a record names."""
    if sources.checkpoint is not None:
        try:
            return str(checkpoint_file(sources.checkpoint.expanduser().absolute()))
        except ArtbenchError as error:
            raise ArtbenchError(error.message, mend=_what_belongs_there(record)) from error
    training = record.encoder.training
    if training is not None:
        file = cached_encoder(training.key)
        if file.is_file():
            return str(file)
        raise UsageError(
            f"the record's encoder was trained by {record.pretraining}, and is not in the cache",
            mend="Give its checkpoint as --pretraining PATH, or run it again",
        )
    if record.encoder.checkpoint_sha256 is not None:
        raise UsageError(
            f"the record's encoder is a checkpoint, {record.pretraining}, and a record does not say where it is",
            mend="Give it as --pretraining PATH",
        )
    return registry.pretrainings.get(record.pretraining).name


def other_weights(record: Record, here: str, *, checkpoint: str | None) -> ArtbenchError:
    """Make the error for weights of digest `here`, which are not those on record.

    Args:
        record: The record.
        here: SHA-256 of the weights that were found.
        checkpoint: SHA-256 of the checkpoint that the user named; None if there is none.
    """
    known, made = record.encoder, record.provenance
    digests = f"({here[:12]}) than on record ({known.weights_sha256[:12]})"
    if checkpoint is not None and checkpoint != known.checkpoint_sha256:
        return ArtbenchError(
            f"the checkpoint that --pretraining names has other weights {digests}", mend=_what_belongs_there(record)
        )
    return ArtbenchError(
        f"{record.backbone}, {record.pretraining} has other weights here {digests}, which was made with torch "
        f"{made.torch} and timm {made.timm}",
        mend="Take these versions, or run it again here and explain the new record",
    )


def _what_belongs_there(record: Record) -> str:
    digest = record.encoder.checkpoint_sha256
    if digest is not None:
        return f"It should be {record.pretraining}, the file whose SHA-256 begins with {digest[:12]}"
    if record.encoder.training is not None:
        return f"It should be what {record.pretraining} has trained for this record"
    return f"The record's pretraining is {record.pretraining}: leave --pretraining out"
