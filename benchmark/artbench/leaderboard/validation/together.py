"""Contradictions between records: copies, and records that differ from the rest of their leaderboard."""

import hashlib
from collections import Counter
from collections.abc import Callable, Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from artbench.leaderboard.validation.checked import Checked
from artbench.leaderboard.validation.copies import check_copies, grouped
from artbench.records.predictions import StoredPredictions
from artbench.records.publishing import image_digests
from artbench.runtime.names import seen_as


def check_together(records: Sequence[Checked]) -> None:
    """Compare records that measured the same thing, used the same weights, or share a leaderboard."""
    check_copies(records)
    _check_names(records)
    for group in grouped(records, lambda one: (one.record.backbone, one.record.protocol_hash)):
        _outvoted(group, _encoder, "parameters, feature_dim or input_size differ from those")
    for group in grouped(records, lambda one: one.record.board):
        _outvoted(group, _data, "dataset differs from that")
        _outvoted(group, lambda one: one.record.primary_metric, "the primary metric is not that")
        _outvoted(group, lambda one: one.classes or None, "the classes are not those")
        for same in grouped(group, lambda one: one.record.dataset.unreadable):
            _outvoted(same, lambda one: one.test, "the test images or their labels are not those")
            _outvoted(same, _references, "the references differ from those")
        _check_nested(group)
    _report_states(records)
    _report_weights(records)


def digest_of_rows(stored: StoredPredictions) -> NDArray[np.uint64]:
    """Digest round, image and label of each row."""
    labels = np.ascontiguousarray(stored.labels)
    digests = [
        hashlib.blake2b(f"{round_}\0{image}\0".encode() + label.tobytes(), digest_size=8).digest()
        for round_, image, label in zip(stored.rounds.tolist(), image_digests(stored.images), labels, strict=True)
    ]
    return np.frombuffer(b"".join(digests), np.uint64)


def _check_nested(records: Sequence[Checked]) -> None:
    """Report tests that differ by more images than were unreadable.

    Every record of a leaderboard has the images of the same test, less those that it could not read.
    """
    known = [one for one in records if one.test is not None]
    if len({one.test for one in known}) < 2:
        return
    common = Counter(one.test for one in known).most_common()
    most = next(one for one in known if one.test == common[0][0])
    tied = len(common) > 1 and common[0][1] == common[1][1]
    expected = most.rows()
    for one in known:
        if one.test == most.test:
            continue
        given, allowed = one.rows(), max(1, len(one.record.rounds))
        added = len(np.setdiff1d(given, expected)), allowed * most.record.dataset.unreadable
        lacking = len(np.setdiff1d(expected, given)), allowed * one.record.dataset.unreadable
        if added[0] > added[1] or lacking[0] > lacking[1]:
            for blamed, other in ((one, most), (most, one))[: 2 if tied else 1]:
                blamed.about.fault(f"its test and that of {other.about.file} differ by more than unreadable images")


def _check_names(records: Sequence[Checked]) -> None:
    """Report names that a reader can't tell apart."""
    for what in ("backbone", "pretraining", "task", "protocol"):
        for group in grouped(records, lambda one: seen_as(str(getattr(one.record, what)))):  # noqa: B023 used at once
            names = sorted({str(getattr(one.record, what)) for one in group})
            for one in group if len(names) > 1 else ():
                own = str(getattr(one.record, what))
                other = next(each for each in group if str(getattr(each.record, what)) != own)
                one.about.fault(f"the {what} {own!r} looks like that of {other.about.file}", "Write it in one way")


def _outvoted(records: Sequence[Checked], value: Callable[[Checked], Hashable], what: str) -> None:
    """Blame the records in the minority, or all on a tie, and name one that they differ from."""
    known = [(value(one), one) for one in records if value(one) is not None]
    counts = Counter(found for found, _ in known)
    if len(counts) < 2:
        return
    most = max(counts.values())
    tied = sum(count == most for count in counts.values()) > 1
    accepted = [one for found, one in known if counts[found] == most]
    for found, one in known:
        if tied or counts[found] < most:
            other = next(each for each in accepted if value(each) != found)
            one.about.fault(f"{what} of {other.about.file}")


def _report_states(records: Sequence[Checked]) -> None:
    """Report records of another state of the data than most of their task, which is allowed but seldom meant."""
    for group in grouped(records, lambda one: (one.record.task, one.record.task_version, one.record.protocol_hash)):
        counts = Counter(one.record.dataset.fingerprint for one in group)
        common = max(counts, key=lambda state: (counts[state], state))
        for one in group:
            data = one.record.dataset
            if data.fingerprint != common and not data.partial and data.exclusion is None:
                one.about.notice(
                    f"the state of the data, {data.fingerprint[:12]}, is not that of the other records of this task: "
                    "the record will get a table of its own"
                )


def _report_weights(records: Sequence[Checked]) -> None:
    """Report other weights under the name of published or drawn ones: libraries differ, or it is another encoder."""
    published = [one for one in records if one.record.encoder.checkpoint_sha256 is None]
    for group in grouped(
        [one for one in published if one.record.encoder.training is None],
        lambda one: (one.record.board, one.record.backbone, one.record.pretraining, one.record.provenance.seed),
    ):
        for one in group:
            digest = one.record.encoder.weights_sha256
            other = next((each for each in group if each.record.encoder.weights_sha256 != digest), None)
            if other is not None:
                one.about.notice(
                    f"its weights are not those of {other.about.file}, which has them by the same name",
                    "`artbench leaderboard verify` tells which are had here",
                )


def _encoder(one: Checked) -> Hashable:
    encoder = one.record.encoder
    return encoder.parameters, encoder.feature_dim, encoder.input_size


def _data(one: Checked) -> Hashable:
    data = one.record.dataset
    # Unreadable images are missing from one split or the other, and from some of several rounds.
    every = None if one.record.rounds else data.train + data.test + data.unreadable
    return data.name, data.listing, data.classes, data.missing, data.partial, data.exclusion, every


def _references(one: Checked) -> Hashable:
    """Round to four digits, which agree between machines."""
    return tuple(
        (reference.name, name, *(f"{number:.4f}" for number in (metric.value, *(metric.ci95 or ()))))
        for reference in one.record.references
        for name, metric in sorted(reference.metrics.items())
    )
