"""`artbench leaderboard verify`: whether predictions on record come from the weights that the record names."""

import secrets
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artbench.data.opening import OpenTask
from artbench.data.targets import Targets
from artbench.encoders.encoder import Encoder
from artbench.errors import ArtbenchError, UsageError
from artbench.evaluation.splits import fitted_splits
from artbench.evaluation.texts import head_of
from artbench.explain.reproduce import open_task, protocol_of
from artbench.explain.sources import CheckedRecord, Sources, check_sources
from artbench.features.extract import Features
from artbench.plugins.registry import Registry
from artbench.probe.zero_shot import unit
from artbench.protocol import Protocol
from artbench.records.folder import read_record
from artbench.records.predictions import form_of_labels
from artbench.records.probe import StoredProbe, read_probes
from artbench.records.publishing import image_digests
from artbench.records.record import Record
from artbench.runtime.findings import Finding, Status, failed, passed
from artbench.runtime.progress import Reporter
from artbench.runtime.untrusted import check_unlinked, is_regular
from artbench.verify.anew import RUN, drawn, encoder_anew, extracted_anew, labels_of, rows_of
from artbench.verify.fit import FEWEST, Sample, first_order_test
from artbench.verify.own_probe import compare_fits, probe_to_fit
from artbench.verify.predictions import compare_predictions
from artbench.verify.searched import verified_neighbourhoods, verified_rankings

# Letters of an unexpected error that are shown.
_LONGEST = 200
_WHETHER = "whether its probe was fitted on training images alone"


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
        verified: Number of records that were verified, at least by their predictions.
        refuted: Number of records that were refuted, or whose verification failed.
        skipped: Number of records that could not be verified.
    """

    findings: tuple[Finding, ...]
    seed: int
    verified: int
    refuted: int
    skipped: int


def records_in(places: Iterable[Path]) -> Iterator[Path]:
    """Yield the records among files, results folders, and their folders of one task; links are not followed.

    Raises:
        UsageError: A folder has no records.
        ArtbenchError: A folder is a link.
    """
    for place in places:
        check_unlinked(place.parent if place.is_file() else place)
        if place.is_file():
            yield place
            continue
        if place.parent.name == "records":
            root, pattern = place, "*.json"
        else:
            root, pattern = (place if place.name == "records" else place / "records"), "*/*.json"
        files = [] if root.is_symlink() else sorted(root.glob(pattern))
        found = [file for file in files if is_regular(file) and not file.parent.is_symlink()]
        if not found:
            raise UsageError(f"no records in {place}", mend="Name records, or results folders")
        yield from found


def verify_records(request: VerifyRequest, *, registry: Registry, reporter: Reporter) -> Verified:
    """Extract some images of each record again, and compare what its probe makes of them with its predictions.

    The features are extracted anew, whatever the feature store holds. A record that breaks what reads it, or a plugin,
    is a FAIL, and does not keep the others from being verified.
    """
    seed = secrets.randbits(63) if request.seed is None else request.seed
    findings: list[Finding] = []
    counts = Counter[Status]()
    for number, file in enumerate(request.files):
        random = np.random.default_rng([seed, number])
        own: list[Finding] = []
        try:
            # One by one, so that those before an error are kept.
            own.extend(_verified(file, request, random, registry=registry, reporter=reporter))
        except ArtbenchError as error:
            own.append(_skipped(file, error.message, error.mend))
        except Exception as error:
            said = " ".join(f"{type(error).__name__}: {error}".split())[:_LONGEST]
            own.append(failed(file.name, f"its verification failed ({said})", mend=RUN))
        found = {finding.status for finding in own}
        counts["FAIL" if "FAIL" in found else "PASS" if "PASS" in found else "SKIP"] += 1
        findings += own
    return Verified(
        findings=tuple(findings),
        seed=seed,
        verified=counts["PASS"],
        refuted=counts["FAIL"],
        skipped=counts["SKIP"],
    )


def _skipped(file: Path, message: str, mend: str = "") -> Finding:
    return Finding(name=file.name, status="SKIP", message=message, mend=mend)


def _verified(
    file: Path, request: VerifyRequest, random: np.random.Generator, *, registry: Registry, reporter: Reporter
) -> Iterator[Finding]:
    record = read_record(file)
    checked = check_sources(file, request.sources, registry=registry)
    stored, protocol = checked.predictions, protocol_of(record, file)
    # Before anything that takes long.
    spec = None if protocol.own is None else probe_to_fit(protocol)
    probes: list[StoredProbe] = []
    if protocol.search is None and protocol.own is None and protocol.zero_shot is None:
        probes = read_probes(file, record, classes=1 if stored.form == "number" else record.dataset.classes)
    task = open_task(record, request.sources, registry, reporter)
    encoder = encoder_anew(checked, registry=registry, reporter=reporter)
    if protocol.search is not None and protocol.search.asks == "neighbours":
        yield verified_neighbourhoods(file, checked, task, encoder, protocol=protocol, reporter=reporter)
        return
    if protocol.search is not None:
        yield verified_rankings(
            file,
            checked,
            task,
            encoder,
            protocol=protocol,
            sample=request.sample,
            random=random,
            reporter=reporter,
        )
        return
    if spec is not None:
        yield compare_fits(file, checked, task, encoder, spec=spec, reporter=reporter)
        return
    if protocol.zero_shot is not None:
        probes = [_told_by_texts(record, task, encoder)] * max(1, len(record.rounds))
    yield from _of_predictions(
        file, checked, task, encoder, probes, protocol=protocol, sample=request.sample, random=random, reporter=reporter
    )


def _of_predictions(
    file: Path,
    checked: CheckedRecord,
    task: OpenTask,
    encoder: Encoder,
    probes: list[StoredProbe],
    *,
    protocol: Protocol,
    sample: int,
    random: np.random.Generator,
    reporter: Reporter,
) -> Iterator[Finding]:
    """Say whether some predictions are those of the weights and probes, and whether a probe saw its training split."""
    record, stored = checked.record, checked.predictions
    positions = drawn(np.arange(len(stored.images)), sample, random)
    tested = rows_of(task, image_digests(stored.images[positions]))
    # Of several, one that nobody knows beforehand.
    number = int(random.integers(len(probes)))
    targets, fits = _round(task, protocol, number, len(probes))
    fitted = drawn(fits, sample if protocol.fits else 0, random)
    rows = np.unique(np.concatenate([tested, fitted]))
    with tempfile.TemporaryDirectory(prefix="artbench-verify-") as folder:
        features = extracted_anew(
            checked, task, encoder, rows, folder=Path(folder), protocol=protocol, reporter=reporter
        )
        if unreadable := sorted(set(tested.tolist()) & set(features.unreadable)):
            names = ", ".join(task.dataset.ids[row] for row in unreadable[:3])
            yield failed(file.name, f"it has predictions for images that can't be read here: {names}", mend=RUN)
            return
        # The coarser of the two types decides.
        dtype = "bfloat16" if "bfloat16" in (features.dtype, record.provenance.dtype) else "float32"
        given = features.take(tested)
        if protocol.zero_shot is not None:
            given = unit(given).astype(np.float32)
        found = compare_predictions(stored, positions, given, probes, dtype=dtype)
        if len(found.differing):
            yield failed(
                file.name,
                f"{len(found.differing):,} of {found.images:,} predictions are not those of {record.backbone}, "
                f"{record.pretraining}: {found.told}",
                mend=RUN,
            )
            return
        what = "probe" if protocol.fits else "the texts of its task"
        said = f"{found.images:,} predictions are those of its weights and {what}, to {found.largest:.1g}"
        yield passed(file.name, said)
        if not protocol.fits:
            return
        yield _of_fit(file, record, targets, features, fitted, tested, probes[number], number, protocol)


def _told_by_texts(record: Record, task: OpenTask, encoder: Encoder) -> StoredProbe:
    """Return what the texts of the task here make of vectors of length 1."""
    prompts = task.spec.prompts
    if record.prompts is None or prompts is None or prompts.sha256 != record.prompts.sha256:
        raise ArtbenchError(f"the prompts of {record.task} are others here", mend="Run it again with those of here")
    head = head_of(task, encoder).astype(np.float32)
    return StoredProbe(weight=head, bias=np.zeros(head.shape[1], np.float32))


def _of_fit(
    name: Path,
    record: Record,
    targets: Targets,
    features: Features,
    fitted: NDArray[np.int64],
    tested: NDArray[np.int64],
    probe: StoredProbe,
    number: int,
    protocol: Protocol,
) -> Finding:
    """Say whether the probe of a round was fitted on its training split."""
    form = form_of_labels(targets.test.labels)
    if protocol.few_shot is not None and record.dataset.unreadable:
        return _skipped(name, f"{_WHETHER}: some could not be read, so that it is not known which were drawn")
    rows = fitted[~np.isin(fitted, list(features.unreadable))]
    own = tested[np.isin(tested, targets.test.rows)]
    train, test = (Sample(features.take(part), labels_of(targets, part)) for part in (rows, own))
    reduced = protocol.width is not None
    found = first_order_test(probe, train, test, l2=record.probes[number].l2, form=form, reduced=reduced)
    if found is None:
        return _skipped(name, f"{_WHETHER}: {len(rows):,} are too few, of at least {FEWEST}")
    if found.refuted:
        told = "it fits test images as if it had seen them" if found.t < 0 else "it was fitted on something else"
        told = f"it is not one of {protocol.width:,} principal components" if protocol.width is not None else told
        return failed(
            name.name,
            f"its probe is not the one of the training split (t = {found.t:.1f}, p = {found.p:.1g}): {told}",
            mend=RUN,
        )
    if reduced:
        # Along its own weights alone, where a probe that has seen the test differs too little.
        return _skipped(name, f"{_WHETHER}: its principal components are not on record (t = {found.t:.1f})")
    return passed(
        name.name, f"its probe is as one of the training split is on {len(rows):,} of its images (t = {found.t:.1f})"
    )


def _round(task: OpenTask, protocol: Protocol, number: int, count: int) -> tuple[Targets, NDArray[np.int64]]:
    """Return the targets of a round, and the images that its probe was fitted on."""
    splits, draws = task.targets.rounds, 1 if protocol.few_shot is None else protocol.few_shot.draws
    if count != draws * len(splits):
        raise ArtbenchError(f"it has {count:,} rounds, not {draws * len(splits):,}", mend="Run `leaderboard check`")
    targets = splits[number // draws]
    train, validation = next(islice(fitted_splits(targets, task, protocol), number % draws, None))
    return targets, train.rows if validation is None else np.concatenate([train.rows, validation.rows])
