"""`artbench leaderboard verify`: whether predictions on record come from the weights that the record names."""

import secrets
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artbench.data.opening import OpenTask
from artbench.encoders.encoder import Encoder
from artbench.encoders.request import encoder_requests
from artbench.errors import ArtbenchError, UsageError
from artbench.explain.reproduce import open_task, protocol_of
from artbench.explain.sources import CheckedRecord, Sources, check_sources, other_weights
from artbench.features.extract import Features, extract
from artbench.plugins.registry import Registry
from artbench.protocol import Protocol
from artbench.records.folder import read_record
from artbench.records.probe import StoredProbe, read_probes
from artbench.records.publishing import image_digests
from artbench.records.record import Record
from artbench.runtime.findings import Finding, failed, passed
from artbench.runtime.machine import choose_device
from artbench.runtime.progress import Reporter
from artbench.verify.fit import Sample, first_order_test
from artbench.verify.predictions import compare_predictions

_RUN = "Run the encoder again here: `artbench run`, then `artbench leaderboard compare`"


@dataclass(frozen=True, kw_only=True)
class VerifyRequest:
    """What to verify.

    Attributes:
        files: Records.
        sources: Where to find what they were made from.
        sample: Number of test images, and of training images, that are extracted.
        seed: What the images are drawn with; None: a secret one, so that nobody knows them beforehand.
    """

    files: tuple[Path, ...]
    sources: Sources
    sample: int
    seed: int | None = None


@dataclass(frozen=True, kw_only=True)
class Verified:
    """What was found.

    Attributes:
        findings: In the order of the records. PASS: verified. FAIL: refuted. SKIP: it could not be verified.
        seed: What the images were drawn with.
    """

    findings: tuple[Finding, ...]
    seed: int


def records_in(places: Iterable[Path]) -> Iterator[Path]:
    """Yield the records among files and results folders; links are not followed.

    Raises:
        UsageError: A folder has no records.
    """
    for place in places:
        if place.is_file():
            yield place
            continue
        root = place if place.name == "records" else place / "records"
        found = [file for file in sorted(root.glob("*/*.json")) if file.is_file() and not file.is_symlink()]
        if not found:
            raise UsageError(f"no records in {place}", mend="Name records, or results folders")
        yield from found


def verify_records(request: VerifyRequest, *, registry: Registry, reporter: Reporter) -> Verified:
    """Extract some images of each record again, and compare what its probe makes of them with its predictions.

    The features are extracted anew, whatever the feature store holds.
    """
    seed = secrets.randbits(63) if request.seed is None else request.seed
    findings: list[Finding] = []
    for number, file in enumerate(request.files):
        random = np.random.default_rng([seed, number])
        try:
            findings += _verified(file, request, random, registry=registry, reporter=reporter)
        except ArtbenchError as error:
            findings.append(_skipped(file, error.message, error.mend))
    return Verified(findings=tuple(findings), seed=seed)


def _skipped(file: Path, message: str, mend: str = "") -> Finding:
    return Finding(name=file.name, status="SKIP", message=message, mend=mend)


def _verified(
    file: Path, request: VerifyRequest, random: np.random.Generator, *, registry: Registry, reporter: Reporter
) -> Iterator[Finding]:
    record = read_record(file)
    # A family may read whatever files a name holds.
    if record.task not in {spec.name for _, spec in registry.tasks.specs()}:
        raise UsageError(f"no plugin here registers the task {record.task!r} by itself")
    checked = check_sources(file, request.sources, registry=registry)
    stored, protocol = checked.predictions, protocol_of(record, file)
    probes = read_probes(file, record, classes=1 if stored.target == "year" else record.dataset.classes)
    task = open_task(record, request.sources, registry, reporter)
    encoder = _built(checked, registry=registry, reporter=reporter)
    positions = _drawn(np.arange(len(stored.images)), request.sample, random)
    tested = _rows_of(task, image_digests(stored.images[positions]))
    fitted = _training(task, protocol, request.sample, random)
    rows = np.unique(np.concatenate([tested, fitted]))
    with tempfile.TemporaryDirectory(prefix="artbench-verify-") as folder:
        features = _extracted(record, task, encoder, rows, Path(folder), request, protocol, reporter)
        if unreadable := sorted(set(tested.tolist()) & set(features.unreadable)):
            names = ", ".join(task.dataset.ids[row] for row in unreadable[:3])
            yield failed(file.name, f"it has predictions for images that can't be read here: {names}", mend=_RUN)
            return
        # The coarser of the two types decides.
        dtype = "bfloat16" if "bfloat16" in (features.dtype, record.provenance.dtype) else "float32"
        given = features.take(tested)
        found = compare_predictions(stored, positions, given, probes, dtype=dtype)
        if len(found.differing):
            yield failed(
                file.name,
                f"{len(found.differing):,} of {found.images:,} predictions are not those of {record.backbone}, "
                f"{record.pretraining}: they differ by up to {found.largest:.2g}",
                mend=_RUN,
            )
            return
        yield passed(
            file.name, f"{found.images:,} predictions are those of its weights and probe, to {found.largest:.1g}"
        )
        yield _of_fit(file, record, task, features, fitted, tested, probes[0], protocol)


def _of_fit(
    name: Path,
    record: Record,
    task: OpenTask,
    features: Features,
    fitted: NDArray[np.int64],
    tested: NDArray[np.int64],
    probe: StoredProbe,
    protocol: Protocol,
) -> Finding:
    """Say whether the probe of the first round was fitted on its training split."""
    target = task.spec.target
    if protocol.few_shot is not None or protocol.width is not None:
        what = "few shots" if protocol.few_shot is not None else "a common width"
        return _skipped(name, f"whether its probe was fitted on training images alone: it is of {what}")
    rows = fitted[~np.isin(fitted, list(features.unreadable))]
    first = tested[np.isin(tested, task.targets.test.rows)]
    train, test = (Sample(features.take(part), _labels(task, part)) for part in (rows, first))
    found = first_order_test(probe, train, test, l2=record.probe.l2, target=target)
    if found is None:
        return _skipped(name, f"whether its probe was fitted on training images alone: {len(rows):,} are too few")
    if found.refuted:
        return failed(
            name.name,
            f"its probe is not the one of the training split (t = {found.t:.1f}, p = {found.p:.1g}): "
            + ("it fits test images as if it had seen them" if found.t < 0 else "it was fitted on something else"),
            mend=_RUN,
        )
    return passed(
        name.name, f"its probe is as one of the training split is on {len(rows):,} of its images (t = {found.t:.1f})"
    )


def _built(checked: CheckedRecord, *, registry: Registry, reporter: Reporter) -> Encoder:
    record = checked.record
    (candidate,) = encoder_requests(
        [record.backbone], [checked.pretraining], registry=registry, seed=record.provenance.seed
    )
    encoder = candidate.build(reporter, device=choose_device(checked.sources.device))
    if encoder.weights_sha256 != record.encoder.weights_sha256:
        given = candidate.checkpoint_sha256 if checked.sources.checkpoint is not None else None
        raise other_weights(record, encoder.weights_sha256, checkpoint=given)
    if encoder.feature_dim != record.encoder.feature_dim:
        raise ArtbenchError(f"its features have {record.encoder.feature_dim:,} numbers, here {encoder.feature_dim:,}")
    return encoder


def _extracted(
    record: Record,
    task: OpenTask,
    encoder: Encoder,
    rows: NDArray[np.int64],
    folder: Path,
    request: VerifyRequest,
    protocol: Protocol,
    reporter: Reporter,
) -> Features:
    (features,) = extract(
        [encoder],
        task.dataset,
        rows,
        picture=protocol.picture,
        cache=folder,
        device=choose_device(request.sources.device),
        float32=record.provenance.dtype == "float32",
        reporter=reporter,
    )
    return features


def _drawn(rows: NDArray[np.int64], count: int, random: np.random.Generator) -> NDArray[np.int64]:
    return np.sort(random.choice(rows, min(count, len(rows)), replace=False))


def _rows_of(task: OpenTask, digests: list[str]) -> NDArray[np.int64]:
    rows = np.unique(np.concatenate([targets.test.rows for targets in task.targets.rounds])).tolist()
    known = dict(zip(image_digests(task.dataset.ids[row] for row in rows), rows, strict=True))
    if absent := [digest for digest in digests if digest not in known]:
        raise ArtbenchError(f"{absent[0]} is not a test image of {task.spec.name}", mend="Run `leaderboard check`")
    return np.array([known[digest] for digest in digests], np.int64)


def _training(task: OpenTask, protocol: Protocol, count: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Draw from the images that the probe of the first round was fitted on; none where `_of_fit` does not ask."""
    if protocol.few_shot is not None or protocol.width is not None:
        return np.zeros(0, np.int64)
    parts = [split.rows for name, split in task.targets.splits if name != "test"]
    return _drawn(np.concatenate(parts), count, random)


def _labels(task: OpenTask, rows: NDArray[np.int64]) -> NDArray[np.generic]:
    """Return the labels of images in the first round."""
    splits = [split for _, split in task.targets.splits]
    every, labels = (np.concatenate(parts) for parts in zip(*((one.rows, one.labels) for one in splits), strict=True))
    order = np.argsort(every)
    found: NDArray[np.generic] = labels[order[np.searchsorted(every, rows, sorter=order)]]
    return found
