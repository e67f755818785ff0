"""Where what a record was made from lies, and whether it is there: answered before torch is imported."""

from collections.abc import Iterator
from contextlib import contextmanager
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


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Where to find what a record was made from.

    Attributes:
        paths: Where the datasets are.
        checkpoint: The checkpoint, where the record's pretraining is one.
        exclude: The list of what was left out, where the record says that something was.
        device: `auto`, `cpu`, `cuda`, `mps`.
    """

    paths: DatasetPaths = field(default_factory=DatasetPaths)
    checkpoint: Path | None = None
    exclude: Path | None = None
    device: str = "auto"


@dataclass(frozen=True, kw_only=True)
class CheckedRecord:
    """A record that was read once, with its predictions, after its sources were found.

    Attributes:
        file: File of the record.
        record: The record.
        predictions: The predictions beside it, of all rounds.
        pretraining: Name of its pretraining, or path of its checkpoint.
    """

    file: Path
    record: Record
    predictions: StoredPredictions
    pretraining: str


def check_sources(file: Path, sources: Sources, *, registry: Registry) -> CheckedRecord:
    """Read a record and its predictions, and check that its task, data, pretraining or checkpoint are here.

    Whether they are those of the record is seen when they are opened (`artbench.explain.reproduce`); the backbone
    too, since to know all names of a family is to import its library.

    Args:
        file: The record.
        sources: Where to find what it was made from.
        registry: What there is.

    Raises:
        UsageError: A name is unknown here, or nothing says where its dataset, its checkpoint, or the list of
            what was left out lies.
        ArtbenchError: The file is no record, or what should be at a place is not.
    """
    record = read_record(file)
    with about_predictions(file):
        predictions = read_predictions(file.with_suffix(".parquet"), record)
    for name in sources.paths.by_name:
        registry.datasets.get(name)
    pretraining = pretraining_of(record, sources, registry=registry)
    dataset = registry.datasets.get(registry.tasks.get(record.task).dataset)
    sources.paths.given_folder(dataset)
    if sources.exclude is not None:
        read_exclusions(sources.exclude)
    elif record.dataset.exclusion is not None:
        raise UsageError("pictures were left out of this record", mend="Give the list of them as --exclude FILE.csv")
    return CheckedRecord(file=file, record=record, predictions=predictions, pretraining=pretraining)


@contextmanager
def about_predictions(file: Path) -> Iterator[None]:
    """Say of which record it is that something is wrong with its predictions."""
    try:
        yield
    except ArtbenchError as error:
        raise ArtbenchError(
            f"{file}: {error.message}",
            mend=f"Keep {file.with_suffix('.parquet').name} beside the record as it was written, or run it again",
        ) from error


def pretraining_of(record: Record, sources: Sources, *, registry: Registry) -> str:
    """The name of a pretraining, or the path of the checkpoint; never a path that a record names."""
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
    if training is not None:
        raise UsageError(
            f"the record's encoder was trained by {record.pretraining}, and is not in the cache",
            mend="Give its checkpoint as --pretraining PATH, or run it again",
        )
    if record.encoder.checkpoint_sha256 is not None:
        raise UsageError(
            f"the record's encoder is a checkpoint, {record.pretraining}, and a record does not say where it lies",
            mend="Give it as --pretraining PATH",
        )
    return registry.pretrainings.get(record.pretraining).name


def other_weights(record: Record, here: str, *, checkpoint: str | None) -> ArtbenchError:
    """What to say where an encoder is not the one on record.

    Args:
        record: The record.
        here: Digest of the weights that were found.
        checkpoint: Digest of the checkpoint's file that the user named; None: nobody named one.
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
