"""Training images that look mislabelled: records judge them by probes that were not fitted on them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from artbench.audit.label_audit import LabelAudit
from artbench.audit.label_noise import audit_labels, with_training
from artbench.encoders.checkpoint_path import checkpoint_file
from artbench.errors import ArtbenchError
from artbench.evaluation.splits import learnt, readable
from artbench.explain.reproduce import ReproducedTask, reproduce
from artbench.explain.sources import CheckedRecord, Sources, check_sources
from artbench.plugins.registry import Registry
from artbench.probe.out_of_fold import out_of_fold
from artbench.records.predictions import StoredPredictions
from artbench.records.record import Record
from artbench.runtime.files import sha256_of
from artbench.runtime.progress import Reporter


def audit_all_labels(
    files: Sequence[Path],
    *,
    sources: Sources,
    checkpoints: Sequence[Path] = (),
    registry: Registry,
    reporter: Reporter,
) -> LabelAudit:
    """Find the test and training images of one task that most records suspect to be mislabelled.

    Features of training images come from the store, or are extracted. Those of the first split are judged, if there
    are several, without images that any split tests.

    Args:
        files: Files of records, with their predictions beside them.
        sources: Where task and dataset are; its checkpoint is not used.
        checkpoints: Checkpoints, for records whose pretraining is one, in any order.
        registry: The registered datasets, tasks and encoders.
        reporter: Receives progress and notices.

    Raises:
        UsageError: A name on record is unknown here, or nothing says where the dataset or a checkpoint is.
        ArtbenchError: As `audit_labels` does; a record is of a few images of each class; or the task, the data, the
            weights or the predictions differ from those on record.
    """
    audit = audit_labels(files)
    given = {sha256_of(checkpoint_file(path.expanduser())): path for path in checkpoints}
    checked = [
        _checked(file, record, replace(sources, checkpoint=given.get(record.encoder.checkpoint_sha256 or "")), registry)
        for file, record in zip(audit.files, audit.records, strict=True)
    ]
    answers, unjudged, ids = [], 0, list[str]()
    for one in checked:
        measured = reproduce(one, registry=registry, reporter=reporter)
        answer, unjudged = _answer(measured)
        answers.append(answer)
        ids = list(measured.task.dataset.ids)
    return with_training(audit, answers, unjudged=unjudged, ids=ids)


def _checked(file: Path, record: Record, sources: Sources, registry: Registry) -> CheckedRecord:
    if record.few_shot is not None:
        raise ArtbenchError(
            f"{file} was fitted on {record.few_shot.shots} images of each class",
            mend="Name records of all training images, or leave --training out",
        )
    return check_sources(file, sources, registry=registry)


def _answer(measured: ReproducedTask) -> tuple[StoredPredictions, int]:
    """Return out-of-fold predictions for the training images, and the number of those that have none."""
    task = measured.task
    train, known, groups = learnt(task, measured.features)
    found = out_of_fold(
        known,
        together=groups,
        classes=len(task.targets.classes),
        target=task.spec.target,
        l2=measured.record.probes[0].l2,
        protocol=measured.protocol,
        device=measured.device,
    )
    asked = ~np.isin(train.rows, np.concatenate([one.test.rows for one in readable(task, measured.features)]))
    kept = np.flatnonzero(asked & found.judged)
    answer = StoredPredictions(
        images=np.array(known.ids, object)[kept],
        labels=train.labels[kept],
        predicted=found.predicted[kept],
        confidence=found.confidence[kept],
        rounds=np.zeros(len(kept), np.int64),
        clusters=None,
    )
    return answer, int(asked.sum()) - len(kept)
