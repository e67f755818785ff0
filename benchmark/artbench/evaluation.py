"""One encoder on one task: fit the probe on its features, score it once, and say where the number came from."""

import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray

from artbench.candidates import Candidate
from artbench.data.dataset import Dataset
from artbench.data.targets import Split
from artbench.encoders.encoder import Encoder
from artbench.features.extract import Features
from artbench.machine import hardware_name
from artbench.opening import OpenTask
from artbench.probe.features import LabelledFeatures
from artbench.probe.linear import FittedProbe, fit_probe
from artbench.probe.neighbours import knn_probabilities
from artbench.protocol import Protocol
from artbench.records.predictions import TestPredictions
from artbench.records.record import (
    DatasetState,
    EncoderState,
    ExclusionState,
    Metric,
    NeighboursState,
    PoolState,
    ProbeState,
    Provenance,
    Record,
    Timing,
)
from artbench.reporting import Reporter
from artbench.stats.metrics import evaluate as score


def evaluate(
    task: OpenTask,
    candidate: Candidate,
    encoder: Encoder,
    features: Features,
    *,
    protocol: Protocol,
    device: str,
    reporter: Reporter,
) -> tuple[Record, TestPredictions]:
    """Fit, predict, score.

    Raises:
        ArtbenchError: The features or the splits don't allow a fit.
    """
    start = perf_counter()
    kind, classes = task.spec.target, len(task.targets.classes)
    train, test = (_readable(split, features) for split in (task.targets.train, task.targets.test))
    validation = None if task.targets.validation is None else _readable(task.targets.validation, features)
    fitted = fit_probe(
        _labelled(train, task.dataset, features),
        None if validation is None else _labelled(validation, task.dataset, features),
        classes=classes,
        target=kind,
        probe=protocol.probe,
        device=device,
        reporter=reporter,
    )
    test_features = features.take(test.rows)
    probabilities = fitted.probabilities(test_features)
    reference = train if validation is None else _joined(train, validation)
    neighbours = knn_probabilities(
        features.take(reference.rows),
        reference.labels,
        test_features,
        classes=classes,
        target=kind,
        k=protocol.neighbours.k,
        temperature=protocol.neighbours.temperature,
        device=device,
    )
    metrics = _scored(test, probabilities, task, protocol, thresholds=fitted.thresholds)
    knn_metrics = _scored(test, neighbours, task, protocol)
    probe_seconds = perf_counter() - start
    record = Record(
        task=task.spec.name,
        task_version=task.spec.version,
        backbone=encoder.backbone,
        pretraining=encoder.pretraining,
        protocol=protocol.name,
        protocol_hash=protocol.hash,
        dataset=DatasetState(
            name=task.dataset.name,
            fingerprint=task.fingerprint,
            train=len(reference),
            test=len(test),
            classes=classes,
            missing=len(task.targets.missing),
            unreadable=len(set(task.rows.tolist()) & set(features.unreadable)),
            partial=task.partial,
            exclusion=_exclusion(task),
        ),
        primary_metric=task.spec.primary_metric,
        metrics=metrics,
        encoder=EncoderState(
            weights_sha256=encoder.weights_sha256,
            source=encoder.source,
            checkpoint_sha256=candidate.checkpoint_sha256,
            parameters=encoder.parameters,
            feature_dim=encoder.feature_dim,
            input_size=protocol.picture.crop_side(encoder.input_size),
            pool=_pool(encoder, task, test, reporter),
            training=encoder.training,
        ),
        probe=_probe_state(fitted, protocol),
        neighbours=NeighboursState(
            k=protocol.neighbours.k, temperature=protocol.neighbours.temperature, metrics=knn_metrics
        ),
        timing=Timing(
            extract_s=features.timing.extract_s, images_per_s=features.timing.images_per_s, probe_s=probe_seconds
        ),
        provenance=Provenance(
            artbench=metadata.version("artbench"),
            torch=torch.__version__,
            timm=metadata.version("timm"),
            python=platform.python_version(),
            device=device,
            hardware=hardware_name(device),
            dtype=features.dtype,
            plugins={**candidate.plugins, **task.plugins},
            seed=candidate.seed,
            created=datetime.now(UTC).replace(microsecond=0),
        ),
    )
    images = [task.dataset.ids[row] for row in test.rows.tolist()]
    return record, TestPredictions(images=images, labels=test.labels, probabilities=probabilities)


def _readable(split: Split, features: Features) -> Split:
    if not features.unreadable:
        return split
    return split.only(~np.isin(split.rows, list(features.unreadable)))


def _pool(encoder: Encoder, task: OpenTask, test: Split, reporter: Reporter) -> PoolState | None:
    """What the encoder was pretrained on; says loudly where that is what it is tested on."""
    if encoder.pool is None:
        return None
    summary = encoder.pool.summary
    seen = encoder.pool.holds(task.dataset.name, [task.dataset.ids[row] for row in test.rows.tolist()])
    if seen:
        reporter.notice(
            f"{task.spec.name}: {seen:,} of the {len(test):,} pictures tested on were pretrained on by "
            f"{encoder.pretraining}. The record says so"
        )
    return PoolState(sha256=summary.sha256, images=summary.images, datasets=dict(summary.datasets), test_images=seen)


def _exclusion(task: OpenTask) -> ExclusionState | None:
    taken = task.excluded
    if not any(taken.values()):
        return None
    return ExclusionState(sha256=task.exclusions_sha256, train=taken["train"], test=taken["test"])


def _joined(first: Split, second: Split) -> Split:
    return Split(rows=np.concatenate([first.rows, second.rows]), labels=np.concatenate([first.labels, second.labels]))


def _labelled(split: Split, dataset: Dataset, features: Features) -> LabelledFeatures:
    ids: Sequence[str] = [dataset.ids[row] for row in split.rows.tolist()]
    return LabelledFeatures(features=features.take(split.rows), labels=split.labels, ids=ids)


def _scored(
    split: Split,
    probabilities: NDArray[np.float32],
    task: OpenTask,
    protocol: Protocol,
    *,
    thresholds: Mapping[str, float] | None = None,
) -> dict[str, Metric]:
    estimates = score(
        split.labels, probabilities, target=task.spec.target, bootstrap=protocol.bootstrap, thresholds=thresholds
    )
    return {name: Metric(value=estimate.value, ci95=estimate.ci95) for name, estimate in estimates.items()}


def _probe_state(fitted: FittedProbe, protocol: Protocol) -> ProbeState:
    return ProbeState(
        name=protocol.probe.name,
        l2=fitted.l2,
        grid=protocol.probe.grid,
        grid_losses=fitted.grid_losses,
        validation=dict(fitted.validation),
        validation_accuracy=fitted.validation.get("accuracy"),
        converged=fitted.converged,
    )
