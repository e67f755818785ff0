"""One encoder on one task: the probe is fitted, scored, and described in a record."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib import metadata
from time import perf_counter

import numpy as np
import torch

from artbench.data.duplicates_cache import read_duplicates
from artbench.data.groups import cluster_numbers
from artbench.data.opening import OpenTask
from artbench.data.outputs import joined
from artbench.encoders.encoder import Encoder
from artbench.encoders.request import EncoderRequest
from artbench.evaluation.label_free import of_task
from artbench.evaluation.prompts import prompts_of
from artbench.evaluation.round_tables import tables
from artbench.evaluation.rounds import Round, references, score_rounds, scorer_of
from artbench.evaluation.seen import what_was_seen
from artbench.evaluation.splits import readable
from artbench.evaluation.states import metric_states, neighbours_state, own_probe_state, probe_state, round_state
from artbench.evaluation.texts import head_of
from artbench.evaluation.tokens import token_rows
from artbench.features.extract import Features
from artbench.features.tokens import TokenSource
from artbench.plugins.known import form_of, is_searched, origin_of
from artbench.probe.own import Pooled
from artbench.protocol import Protocol
from artbench.records.cautions import edge_of_grid, few_classes
from artbench.records.encoder_state import EncoderState, NormalisationState, PoolState
from artbench.records.parts import (
    BaselineState,
    DatasetState,
    ExclusionState,
    FewShotState,
    NearDuplicatesState,
    PromptsState,
    ResourcesState,
)
from artbench.records.prediction_sizes import check_size
from artbench.records.predictions import TestPredictions
from artbench.records.record import Provenance, Record, Timing, task_name
from artbench.records.tables import Tables
from artbench.runtime.files import cache_folder
from artbench.runtime.machine import hardware_name
from artbench.runtime.progress import Reporter
from artbench.runtime.resources import Measuring, Resources


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The record of one encoder on one task, and what is written beside it."""

    record: Record
    predictions: TestPredictions
    tables: Tables


def evaluate(
    task: OpenTask,
    candidate: EncoderRequest,
    encoder: Encoder,
    features: Features,
    *,
    protocol: Protocol,
    device: str,
    tokens: TokenSource | None = None,
    reporter: Reporter,
) -> Evaluation:
    """Fit, predict and score, in as many rounds as task and protocol ask for.

    A probe that sees tokens is given those of `tokens`, all others the pooled features.

    Raises:
        ArtbenchError: The features or the splits don't allow a fit.
    """
    start = perf_counter()
    with Measuring(device) as measured:
        sees = Pooled if tokens is None else partial(token_rows, tokens)
        head = head_of(task, encoder) if protocol.zero_shot is not None else None
        rounds = list(
            score_rounds(task, features, protocol=protocol, head=head, device=device, reporter=reporter, sees=sees)
        )
    probe_seconds = perf_counter() - start
    predictions = _predictions(task, rounds)
    scorer = scorer_of(task, features, protocol=protocol)
    guessed = references(task, features, protocol=protocol)
    pool = _pool(encoder, task, features, reporter)
    record = Record(
        task=task.spec.name,
        task_version=task.spec.version,
        backbone=encoder.backbone,
        pretraining=encoder.pretraining,
        protocol=protocol.name,
        protocol_hash=protocol.hash,
        dataset=DatasetState(
            name=task.dataset.name,
            fingerprint=task.targets.fingerprint(task.dataset, features.contents),
            listing=task.listing,
            train=rounds[0].fitted_on,
            test=len(rounds[0].test),
            classes=len(task.targets.classes),
            missing=len(task.targets.missing),
            unreadable=len(set(task.rows.tolist()) & set(features.unreadable)),
            partial=task.partial,
            exclusion=_exclusion(task),
            twins=_twins(task, features),
        ),
        primary_metric=task.spec.primary_metric,
        metrics=metric_states(scorer.estimates([round_.metrics for round_ in rounds])),
        encoder=EncoderState(
            weights_sha256=encoder.weights_sha256,
            backbone_version=encoder.backbone_version,
            source=encoder.source,
            checkpoint_sha256=candidate.checkpoint_sha256,
            parameters=encoder.parameters,
            feature_dim=encoder.feature_dim,
            input_size=protocol.picture.crop_side(encoder.input_size),
            layer=encoder.place.layer,
            pooling=None if encoder.place.pool == "tokens" else encoder.place.pool or None,
            pool=pool,
            training=encoder.training,
            seen=what_was_seen(encoder, pool, dataset=task.dataset.name, of=task.dataset.of),
            normalisation=_normalisation(candidate),
        ),
        probe=probe_state(rounds[0], protocol),
        own_probe=own_probe_state(rounds[0], protocol),
        neighbours=neighbours_state(rounds, scorer, protocol),
        references=tuple(
            BaselineState(name=name, metrics=metric_states(estimates)) for name, estimates in guessed.items()
        ),
        clusters=None if predictions.clusters is None else len(np.unique(predictions.clusters)),
        rounds=tuple(round_state(round_, protocol) for round_ in rounds) if len(rounds) > 1 else (),
        few_shot=_few_shot(task, features, protocol),
        prompts=_prompts(task, protocol),
        label_free=of_task(task, features),
        timing=Timing(
            extract_s=features.timing.extract_s,
            decode_s=features.timing.decode_s,
            forward_s=features.timing.forward_s,
            images_per_s=features.timing.images_per_s,
            probe_s=probe_seconds,
            extraction=_resources(features.timing.resources),
            probe=_resources(measured.resources),
        ),
        provenance=Provenance(
            artbench=metadata.version("artbench"),
            torch=torch.__version__,
            timm=metadata.version("timm"),
            python=platform.python_version(),
            device=device,
            hardware=hardware_name(device),
            dtype=features.dtype,
            compiled=features.compiled,
            decoder=features.decoder,
            plugins={**candidate.plugins, **task.plugins, **origin_of(protocol.name)},
            seed=candidate.seed,
            created=datetime.now(UTC).replace(microsecond=0),
        ),
    )
    _notices(task, candidate, record, rounds, reporter)
    return Evaluation(record=record, predictions=predictions, tables=tables(task, rounds))


def _resources(used: Resources | None) -> ResourcesState | None:
    return (
        None if used is None else ResourcesState(**{name: getattr(used, name) for name in ResourcesState.model_fields})
    )


def _normalisation(candidate: EncoderRequest) -> NormalisationState | None:
    given = candidate.normalisation
    return None if given is None else NormalisationState(mean=given.mean, std=given.std)


def _notices(
    task: OpenTask, candidate: EncoderRequest, record: Record, rounds: Sequence[Round], reporter: Reporter
) -> None:
    """Say what a reader of the result should know of the choice of the penalty and of the draws."""
    for said in (edge_of_grid(record), few_classes(record)):
        if said:
            reporter.notice(f"{task_name(record)}, {candidate}: {said}. The record says so")
    seen = record.encoder.seen
    if record.prompts is not None and seen is not None and seen.state != "clean":
        known = "were" if seen.state == "contaminated" else "may have been"
        reporter.notice(
            f"{task_name(record)}, {candidate}: test images {known} among those that it was trained on, with captions "
            "that may name the answer. The record and its leaderboard say so"
        )
    fitted = [round_.answers.fitted for round_ in rounds if round_.answers is not None]
    unfitted = sorted(frozenset[int]().union(*(one.unfitted for one in fitted)))
    if unfitted and record.few_shot is None:
        names = [task.targets.classes[number] for number in unfitted]
        grouped = any(probe.groups is not None for probe in record.probes)
        held = "by painters of one fold alone" if grouped else "in validation and not in train"
        reporter.notice(
            f"{task.spec.name}: {len(names):,} of {len(task.targets.classes):,} classes have images only {held}, so "
            f"that they hardly count when the penalty is chosen: {', '.join(names[:5])}{', …' * (len(names) > 5)}"
        )


def _predictions(task: OpenTask, rounds: Sequence[Round]) -> TestPredictions:
    rows = np.concatenate([round_.test.rows for round_ in rounds])
    tests = [round_.test for round_ in rounds]
    clusters = cluster_numbers(task.targets, tests) if task.spec.clustered else None
    return TestPredictions(
        images=[task.dataset.ids[row] for row in rows.tolist()],
        labels=np.concatenate([round_.test.labels for round_ in rounds]),
        outputs=joined([round_.outputs for round_ in rounds]),
        rounds=np.repeat(np.arange(len(rounds)), [len(r.test) for r in rounds]) if len(rounds) > 1 else None,
        clusters=None if clusters is None else np.concatenate([np.array(part, np.int64) for part in clusters]),
    )


def check_kept(task: OpenTask, protocol: Protocol) -> None:
    """Check, before the work is done, that the predictions of a task can be read again.

    Raises:
        ArtbenchError: There are too many of them.
    """
    rows = [row for targets in task.targets.rounds for row in targets.test.rows.tolist()]
    draws = 1 if protocol.few_shot is None else protocol.few_shot.draws
    draws *= 1 if protocol.own is None else len(protocol.own.seeds)
    images = [task.dataset.ids[row] for row in rows] * draws
    check_size(images, classes=len(task.targets.classes), form=form_of(task.spec.target))


def _pool(encoder: Encoder, task: OpenTask, features: Features, reporter: Reporter) -> PoolState | None:
    """Describe the images that the encoder was pretrained on; a notice says if test images are among them."""
    if encoder.pool is None:
        return None
    summary = encoder.pool.summary
    tested = np.concatenate([targets.test.rows for targets in readable(task, features)]).tolist()
    seen = encoder.pool.holds(task.dataset.name, [task.dataset.ids[row] for row in tested])
    if seen:
        reporter.notice(
            f"{task.spec.name}: {seen:,} of the {len(tested):,} test images were pretrained on by "
            f"{encoder.pretraining}. The record says so"
        )
    return PoolState(sha256=summary.sha256, images=summary.images, datasets=dict(summary.datasets), test_images=seen)


def _exclusion(task: OpenTask) -> ExclusionState | None:
    taken = task.excluded
    if not any(taken.values()):
        return None
    return ExclusionState(sha256=task.exclusions_sha256, train=taken["train"], test=taken["test"])


def _twins(task: OpenTask, features: Features) -> NearDuplicatesState | None:
    """Count the test images with a near duplicate in training, by the newest audit of these images.

    None where an index is searched, in which near duplicates of queries are what is looked for.
    """
    if is_searched(task.spec.target):
        return None
    audit = read_duplicates(task.dataset, features.contents, cache_folder(to_read=True) / "audits")
    if audit is None:
        return None
    found: set[str] = set()
    for targets in readable(task, features):
        ids = {name: [task.dataset.ids[row] for row in split.rows.tolist()] for name, split in targets.splits}
        tested = ids.pop("test")
        found |= audit.leaking(tested, [image for fitted in ids.values() for image in fitted])
    return NearDuplicatesState(test=len(found), tiers=audit.tiers, audit_sha256=audit.sha256)


def _few_shot(task: OpenTask, features: Features, protocol: Protocol) -> FewShotState | None:
    few = protocol.few_shot
    if few is None:
        return None
    counts = np.bincount(readable(task, features)[0].train.labels.astype(np.int64), minlength=len(task.targets.classes))
    scarce, absent = int((counts < few.shots).sum()), int((counts == 0).sum())
    return FewShotState(shots=few.shots, draws=few.draws, seed=few.seed, scarce=scarce, absent=absent)


def _prompts(task: OpenTask, protocol: Protocol) -> PromptsState | None:
    if protocol.zero_shot is None:
        return None
    prompts = prompts_of(task.spec)
    return PromptsState(sha256=prompts.sha256, templates=prompts.templates)
