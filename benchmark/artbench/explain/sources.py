"""Where to find what a record was made from, checked before torch is imported."""

from collections.abc import Iterator, Sequence
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
from artbench.specs import BackboneSpec, TaskSpec


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Where to find what a record was made from.

    Attributes:
        tasks: Tasks as they were named for the run, for records that do not hold their path, such as that of a
            collection.
        paths: Folders of the datasets.
        checkpoint: Checkpoint file, if the record's pretraining is one.
        exclude: List of the images that were left out, if the record says that some were.
        device: `auto`, `cpu`, `cuda`, `mps`.
    """

    tasks: Sequence[str] = ()
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
    with named_plugins(record, registry):
        pretraining = pretraining_of(record, sources, registry=registry)
        dataset = registry.datasets.get(task_of(record, sources, registry=registry).dataset)
    sources.paths.given_folder(dataset)
    if sources.exclude is not None:
        read_exclusions(sources.exclude)
    elif record.dataset.exclusion is not None:
        raise UsageError("images were left out of this record", mend="Give the list of them as --exclude FILE.csv")
    return CheckedRecord(file=file, record=record, predictions=predictions, sources=sources, pretraining=pretraining)


def check_probe(checked: CheckedRecord) -> None:
    """Raise UsageError unless a record has a probe that can be fitted again here."""
    record = checked.record
    if record.own_probe is not None:
        raise UsageError(
            f"{checked.file} was made with the probe of {record.protocol}, of which no weights are kept",
            mend="Give a record under linear-v2 of the same encoder and task",
        )
    if record.probe is None:
        what = "pictures compared with each other" if record.prompts is None else "pictures compared with texts"
        raise UsageError(
            f"{checked.file} is a record of {what}, which has no probe",
            mend="Give a record of a task with classes, labels or years, under linear-v2",
        )


@contextmanager
def named_plugins(record: Record, registry: Registry) -> Iterator[None]:
    """Say of a name that is unknown here which plugins the record was made with that are not installed."""
    try:
        yield
    except UsageError as error:
        installed = {plugin.distribution for plugin in registry.plugins if plugin.problem is None}
        made = record.provenance.plugins.items()
        absent = [
            f"give --plugin {name}" if name.endswith(".py") else f"install {name} {version}".strip()
            for name, version in made
            if name not in installed
        ]
        if not absent:
            raise
        advice = " and ".join(absent)
        mend = f"{advice[:1].upper()}{advice[1:]}, which the record was made with"
        raise UsageError(error.message, mend=mend) from error


def task_of(record: Record, sources: Sources, *, registry: Registry) -> TaskSpec:
    """Look up the task of a record.

    Raises:
        UsageError: It is unknown here, or only others were named.
    """
    if not sources.tasks:
        return _task_on_record(record, registry)
    return registry.tasks.get(name_of_task(record, sources, registry=registry))


def name_of_task(record: Record, sources: Sources, *, registry: Registry) -> str:
    """Return the name to open the task of a record by: the one given, if any were, else that on record.

    Raises:
        UsageError: As `task_of` does.
    """
    if not sources.tasks:
        _task_on_record(record, registry)
        return registry.tasks.placed(record.task)
    known = named_tasks(sources.tasks, registry=registry)
    if record.task not in known:
        raise UsageError(
            f"the record is of {record.task}, and {' and '.join(sources.tasks)} is {' and '.join(known)}",
            mend="Name its own task",
        )
    return known[record.task]


def _task_on_record(record: Record, registry: Registry) -> TaskSpec:
    try:
        # Never a path: a record is a stranger's.
        return registry.tasks.named_in_file(record.task)
    except UsageError as error:
        for _, family in registry.tasks.families():
            if family.reads_paths and record.task.startswith(f"{family.name}:"):
                name = ":".join(record.task.split(":")[:2])
                raise UsageError(
                    f"the record is of {name}, and a record does not hold the path of a {family.name}",
                    mend=f"Give it as --data {name}=PATH",
                ) from error
        raise


def named_tasks(names: Sequence[str], *, registry: Registry) -> dict[str, str]:
    """Return the names that a user gave tasks by, all tasks of a collection among them, by their names on record.

    Raises:
        UsageError: A name is unknown, or two things are called the same on record.
        ArtbenchError: A collection can't be read.
    """
    found: dict[str, str] = {}
    for name in dict.fromkeys(one for given in names for one in registry.tasks.expand(given)):
        spec = registry.tasks.get(name)
        other = found.setdefault(spec.name, name)
        if registry.tasks.get(other).dataset != spec.dataset:
            raise UsageError(
                f"{other} and {name} are both {spec.name} on record", mend="Name the one that the records are of"
            )
    return found


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


def check_version(record: Record, backbone: BackboneSpec) -> None:
    """Raise ArtbenchError unless the backbone has the version that it had when a record was made."""
    then, here = record.encoder.backbone_version, backbone.version
    if here != then:
        raise ArtbenchError(
            f"the record was made with version {then} of {record.backbone}, and version {here} is installed",
            mend="Install the release that it was made with (`provenance.plugins`), or run it again",
        )


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
