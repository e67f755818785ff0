"""Rebuilds what a record was measured on: the task, the encoder and its features."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import torch

from artbench.data.exclusion import NOTHING, read_exclusions
from artbench.data.opening import OpenTask, open_tasks
from artbench.data.targets import Split
from artbench.encoders.encoder import Encoder
from artbench.encoders.request import EncoderRequest, encoder_requests, given_on_record
from artbench.errors import ArtbenchError
from artbench.evaluation.splits import readable
from artbench.explain.sources import (
    CheckedRecord,
    Sources,
    check_probe,
    check_version,
    name_of_task,
    named_plugins,
    other_weights,
)
from artbench.features.extract import Features, extract
from artbench.plugins.registry import Registry
from artbench.protocol import Protocol
from artbench.records.predictions import StoredPredictions
from artbench.records.publishing import image_digests
from artbench.records.record import Record
from artbench.records.under import protocol_under
from artbench.runtime.files import cache_folder
from artbench.runtime.machine import choose_device
from artbench.runtime.progress import Reporter


@dataclass(frozen=True, kw_only=True)
class ReproducedTask:
    """What a record was measured on, and its predictions.

    Attributes:
        record: The record.
        protocol: Protocol that the record was made under.
        task: Task of the record.
        candidate: Request for the encoder, before it was built.
        encoder: Encoder of the record.
        features: Features of all images of the task, or of the test images alone.
        test: Test images; of the first round, if the record has several.
        stored: Predictions beside the record, of all rounds.
        device: Device that features are computed on.
    """

    record: Record
    protocol: Protocol
    task: OpenTask
    candidate: EncoderRequest
    encoder: Encoder
    features: Features
    test: Split
    stored: StoredPredictions
    device: str

    def image(self, position: int) -> str:
        """Look up the id of the image at that position of the test split."""
        return self.task.dataset.ids[int(self.test.rows[position])]


# Raises, before features are read or extracted, unless a task and an encoder have what the user named.
Check: TypeAlias = Callable[[OpenTask, Encoder], None]


def reproduce(
    checked: CheckedRecord,
    *,
    part: Literal["test", "all"] = "all",
    check: Check | None = None,
    registry: Registry,
    reporter: Reporter,
) -> ReproducedTask:
    """Build what a record was measured on, and check that it is the same here.

    Args:
        checked: The record.
        part: Whether to extract the features of the test images or of all images of the task.
        check: Called before features are extracted.
        registry: Registry of tasks, datasets and encoders.
        reporter: Receives progress and notices.

    Raises:
        UsageError: A name on record is unknown here, or nothing says where the dataset is.
        ArtbenchError: The task, the data or the weights differ from those on record.
    """
    record, stored, sources = checked.record, checked.predictions, checked.sources
    protocol = protocol_of(record, checked.file)
    check_probe(checked)
    candidate = candidate_of(checked, registry)
    task = open_task(record, sources, registry, reporter)
    device = choose_device(sources.device)
    encoder = build_as_recorded(candidate, checked, device=device, reporter=reporter)
    if check is not None:
        check(task, encoder)
    (features,) = extract(
        [encoder],
        task.dataset,
        task.rows if part == "all" else task.targets.test.rows,
        picture=protocol.picture,
        cache=cache_folder(to_read=True) / "features",
        device=device,
        # What was measured in float32 is explained in float32, even where bfloat16 would be faster.
        dtype=torch.float32 if record.provenance.dtype == "float32" else None,
        reporter=reporter,
    )
    test = readable(task, features)[0].test
    if len(record.rounds) > 1:
        reporter.notice(
            f"{record.task}: the record is a mean over {len(record.rounds)} rounds; the first of them is explained"
        )
    first, ids = stored.rounds == 0, [task.dataset.ids[row] for row in test.rows.tolist()]
    # A published record holds digests of ids.
    if image_digests(stored.images[first]) != image_digests(ids):
        raise ArtbenchError(
            f"the record was tested on {int(first.sum()):,} images, here there are {len(ids):,} others",
            mend="Images that could be read then can't be now, or the other way round: run it again",
        )
    return ReproducedTask(
        record=record,
        protocol=protocol,
        task=task,
        candidate=candidate,
        encoder=encoder,
        features=features,
        test=test,
        stored=stored,
        device=device,
    )


def candidate_of(checked: CheckedRecord, registry: Registry) -> EncoderRequest:
    """Return what builds the encoder of a record.

    Raises:
        UsageError: A name on record is unknown here.
        ArtbenchError: The backbone has another version here.
    """
    record = checked.record
    with named_plugins(record, registry):
        (candidate,) = encoder_requests(
            [record.backbone],
            [checked.pretraining],
            registry=registry,
            seed=record.provenance.seed,
            normalisation=given_on_record(record),
        )
    check_version(record, candidate.backbone)
    return candidate


def build_as_recorded(candidate: EncoderRequest, checked: CheckedRecord, *, device: str, reporter: Reporter) -> Encoder:
    """Build an encoder, which must have the weights of a record; raise ArtbenchError if it has others."""
    record, here = checked.record, candidate.build(reporter, device=device)
    if here.weights_sha256 != record.encoder.weights_sha256:
        given = candidate.checkpoint_sha256 if checked.sources.checkpoint is not None else None
        raise other_weights(record, here.weights_sha256, checkpoint=given)
    return here


def protocol_of(record: Record, file: Path) -> Protocol:
    """Return the protocol of a record.

    Raises:
        ArtbenchError: It is unknown here, or another one of its name.
    """
    protocol = protocol_under(record)
    if protocol is None or protocol.hash != record.protocol_hash:
        known = "no protocol of that name" if protocol is None else f"it with the hash {protocol.hash[:12]}"
        raise ArtbenchError(
            f"{file} was made under the protocol {record.protocol} ({record.protocol_hash[:12]}), and this artbench "
            f"knows {known}",
            mend="Run it again with this artbench, and explain the new record",
        )
    return protocol


def open_task(record: Record, sources: Sources, registry: Registry, reporter: Reporter) -> OpenTask:
    """Open the task of a record in the state that it was measured in.

    Raises:
        UsageError: The task is unknown here, or nothing says where the dataset is.
        ArtbenchError: The task or the data differ from those on record.
    """
    ((task,),) = open_tasks(
        [name_of_task(record, sources, registry=registry)],
        registry=registry,
        paths=sources.paths,
        allow_partial=record.dataset.partial,
        exclusions=NOTHING if sources.exclude is None else read_exclusions(sources.exclude),
        reporter=reporter,
    )
    data = record.dataset
    here = task.state(data.listing, reporter)
    if here == data.fingerprint:
        return task
    version = "" if task.spec.version == record.task_version else f", and version {record.task_version} of the task"
    raise ArtbenchError(
        f"{record.task} is in another state here ({here[:12]}) than on record "
        f"({data.fingerprint[:12]}, {data.train:,} images to fit on and {data.test:,} to test on{version})",
        mend="Give the copy of the dataset that the record was made with, or run it again on this one",
    )
