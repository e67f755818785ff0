"""From a record back to what it was measured with: the task, the encoder, and the probe on it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.candidates import Candidate, candidates
from artbench.data.exclusion import NOTHING, read_exclusions
from artbench.data.targets import Split
from artbench.encoders.checkpoint import ENCODER_FILE
from artbench.encoders.encoder import Encoder
from artbench.errors import ArtbenchError, UsageError
from artbench.features.extract import extract
from artbench.locations import cache_folder
from artbench.machine import choose_device
from artbench.opening import OpenTask, open_tasks
from artbench.plugins import Registry
from artbench.probe.linear import FittedProbe
from artbench.protocol import LINEAR_V1, Protocol
from artbench.records.folder import read_record
from artbench.records.images import image_digests
from artbench.records.record import Record
from artbench.records.stored import StoredPredictions, read_predictions
from artbench.reporting import Reporter
from artbench.rounds import first_probe
from artbench.stats.metrics import METRICS

# By how much a probability may differ from the stored one: another machine adds up in another order, and what the
# machine computes in bfloat16 is rounded to three digits.
_TOLERANCE = {"float32": 0.01, "bfloat16": 0.05}


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


@dataclass(frozen=True, kw_only=True)
class ProbedTask:
    """An encoder and its probe on a task, as a record says they are.

    Attributes:
        record: The record.
        task: Its task.
        candidate: Its encoder, before it was built.
        encoder: Its encoder.
        probe: Fitted again.
        test: The pictures tested on; where the record has several rounds, in the first.
        outputs: Probabilities of the probe for them, float32, shape (n, classes).
        difference: The largest difference between a probability and the stored one; 0: equal to the last bit.
        tolerance: How much that may be.
        device: On which it was done.
    """

    record: Record
    task: OpenTask
    candidate: Candidate
    encoder: Encoder
    probe: FittedProbe
    test: Split
    outputs: NDArray[np.float32]
    difference: float
    tolerance: float
    device: str


def open_probed(file: Path, *, sources: Sources, registry: Registry, reporter: Reporter) -> ProbedTask:
    """Build what a record was measured with, and see that it gives the predictions beside the record.

    Nothing of the probe is kept with a record: on features that are in the store, fitting it again takes seconds, and
    what was fitted here needs not be trusted.

    Args:
        file: The record.
        sources: Where to find what it was made from.
        registry: What there is.
        reporter: Told how far it is.

    Raises:
        UsageError: A name on record is unknown here, or nothing says where its dataset lies.
        ArtbenchError: The file is no record, its predictions are not beside it, or what it was made from is not what
            is here.
    """
    record = read_record(file)
    protocol = _protocol(record, file)
    with _about(file):
        stored = read_predictions(file.with_suffix(".parquet"), record)
    candidate = _candidate(record, sources, registry)
    task = _task(record, sources, registry, reporter)
    device = choose_device(sources.device)
    encoder = candidate.build(reporter, device=device)
    if encoder.weights_sha256 != record.encoder.weights_sha256:
        raise ArtbenchError(
            f"{candidate} has other weights here ({encoder.weights_sha256[:12]}) than on record "
            f"({record.encoder.weights_sha256[:12]}, made with torch {record.provenance.torch} and timm "
            f"{record.provenance.timm})",
            mend="Run it again here, and explain the new record",
        )
    features = extract(
        encoder,
        task.dataset,
        task.rows,
        picture=protocol.picture,
        cache=cache_folder() / "features",
        device=device,
        reporter=reporter,
    )
    probe, test = first_probe(task, features, protocol=protocol, device=device, reporter=reporter)
    outputs = probe.probabilities(features.take(test.rows))
    if len(record.rounds) > 1:
        reporter.notice(
            f"{record.task}: the record is a mean over {len(record.rounds)} rounds; the first of them is explained"
        )
    ids = [task.dataset.ids[row] for row in test.rows.tolist()]
    tolerance = _TOLERANCE[features.dtype]
    difference = _compared(stored, ids, outputs, tolerance=tolerance, record=record)
    return ProbedTask(
        record=record,
        task=task,
        candidate=candidate,
        encoder=encoder,
        probe=probe,
        test=test,
        outputs=outputs,
        difference=difference,
        tolerance=tolerance,
        device=device,
    )


@contextmanager
def _about(file: Path) -> Iterator[None]:
    """Say of which record it is that something is wrong with its predictions."""
    try:
        yield
    except ArtbenchError as error:
        raise ArtbenchError(
            f"{file}: {error.message}",
            mend=f"Keep {file.with_suffix('.parquet').name} beside the record as it was written, or run it again",
        ) from error


def _protocol(record: Record, file: Path) -> Protocol:
    metric = METRICS.get(record.primary_metric)
    if metric is not None and metric.target == "year":
        raise UsageError(
            f"{file} is a record of a task that asks for the year: a year has no class whose evidence a map could show",
            mend="Give a record of a task with classes or labels",
        )
    protocol = LINEAR_V1 if record.few_shot is None else LINEAR_V1.with_shots(record.few_shot.shots)
    if protocol.hash != record.protocol_hash:
        raise ArtbenchError(
            f"{file} was made under the protocol {record.protocol} ({record.protocol_hash[:12]}), and this artbench "
            f"knows {protocol.name} ({protocol.hash[:12]})",
            mend="Run it again with this artbench, and explain the new record",
        )
    return protocol


def _candidate(record: Record, sources: Sources, registry: Registry) -> Candidate:
    pretraining = _pretraining(record, sources, registry)
    (candidate,) = candidates([record.backbone], [pretraining], registry=registry, seed=record.provenance.seed)
    return candidate


def _pretraining(record: Record, sources: Sources, registry: Registry) -> str:
    """The name of a pretraining, or the path of the checkpoint; never a path that a record names."""
    if sources.checkpoint is not None:
        return str(sources.checkpoint.expanduser().absolute())
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


def _task(record: Record, sources: Sources, registry: Registry, reporter: Reporter) -> OpenTask:
    ((task,),) = open_tasks(
        [registry.tasks.get(record.task).name],
        registry=registry,
        data_root=sources.data_root,
        placed=sources.placed,
        allow_partial=record.dataset.partial,
        exclusions=NOTHING if sources.exclude is None else read_exclusions(sources.exclude),
        reporter=reporter,
    )
    if task.fingerprint == record.dataset.fingerprint:
        return task
    if record.dataset.exclusion is not None and sources.exclude is None:
        raise UsageError("pictures were left out of this record", mend="Give the list of them as --exclude FILE.csv")
    version = "" if task.spec.version == record.task_version else f", and version {record.task_version} of the task"
    raise ArtbenchError(
        f"{record.task} is in another state here ({task.fingerprint[:12]}) than on record "
        f"({record.dataset.fingerprint[:12]}, {record.dataset.train:,} pictures to fit on and "
        f"{record.dataset.test:,} to test on{version})",
        mend="Give the copy of the dataset that the record was made with, or run it again on this one",
    )


def _compared(
    stored: StoredPredictions, ids: list[str], outputs: NDArray[np.float32], *, tolerance: float, record: Record
) -> float:
    """The largest difference between a probability and the stored one.

    Raises:
        ArtbenchError: It is more than another machine explains, or other pictures were tested.
    """
    first = stored.rounds == 0
    # A published record holds digests of ids.
    if image_digests(stored.images[first]) != image_digests(ids):
        raise ArtbenchError(
            f"the record was tested on {int(first.sum()):,} pictures, here there are {len(ids):,} others",
            mend="Pictures that could be read then can't be now, or the other way round: run it again",
        )
    assert stored.confidence is not None
    confidence = stored.confidence[first]
    if stored.predicted is None:
        gaps = np.abs(outputs - confidence).max(axis=1)
    else:
        # Near a tie another class may come out on top.
        predicted = stored.predicted[first].astype(np.int64)
        gaps = np.abs(np.stack([outputs.max(axis=1), outputs[np.arange(len(outputs)), predicted]]) - confidence).max(0)
    difference = float(gaps.max(initial=0))
    if difference > tolerance:
        count, worst = int((gaps > tolerance).sum()), ids[int(gaps.argmax())]
        raise ArtbenchError(
            f"the probe fitted again does not give the record's predictions: {count:,} of {len(ids):,} "
            f"probabilities differ by more than {tolerance:.2f}, the most by {difference:.2f} ({worst}). "
            f"It was made with torch {record.provenance.torch} on {record.provenance.device}; here is torch "
            f"{torch.__version__}",
            mend="Run it again here, and explain the new record",
        )
    return difference
