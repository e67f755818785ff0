"""Contradictions between records: duplicates, and records that differ from the rest of their leaderboard."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from artbench.leaderboard.validation.findings import FileFindings
from artbench.records.record import Record


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A record that could be read.

    Attributes:
        record: The record.
        about: The findings on it.
        in_place: Whether its file is named as its content requires.
        test: Digest of test images and labels; None if the predictions can't be used.
        predictions: Digest of the predictions; None if they can't be used.
        classes: Names of its classes; empty if they can't be read.
    """

    record: Record
    about: FileFindings
    in_place: bool
    test: str | None
    predictions: str | None
    classes: tuple[str, ...]


def check_together(records: Sequence[Checked]) -> None:
    """Compare records that measured the same thing, used the same weights, or share a leaderboard."""
    _check_twice(records)
    for group in _groups(records, lambda one: (one.record.backbone, one.record.protocol_hash)):
        _outvoted(group, _encoder, "parameters, feature_dim or input_size differ from other records of this backbone")
    for group in _groups(records, lambda one: one.record.board):
        _outvoted(group, _data, "dataset differs from the other records of this leaderboard")
        _outvoted(group, lambda one: one.record.primary_metric, "the primary metric is not that of this leaderboard")
        _outvoted(group, lambda one: one.classes or None, "the classes are not those of this leaderboard")
        for same in _groups(group, lambda one: one.record.dataset.unreadable):
            _outvoted(same, lambda one: one.test, "the test images or their labels are not those of this leaderboard")
            _outvoted(same, _references, "the references differ from those of this leaderboard")
    _report_states(records)


def _check_twice(records: Sequence[Checked]) -> None:
    for group in _groups(records, lambda one: one.record.id):
        for one in group[1:]:
            one.about.fault(f"{group[0].about.file} has the same measurement ({one.record.id})", "Keep one")
    for group in _groups(records, lambda one: (one.record.board, one.record.backbone, _weights(one))):
        for one in group[1:]:
            if one.record.id != group[0].record.id:
                one.about.fault(
                    f"{group[0].about.file} has the same weights of {one.record.backbone}, as "
                    f"{group[0].record.pretraining!r}",
                    "Keep one",
                )
    for group in _groups([one for one in records if one.predictions], lambda one: (one.record.board, one.predictions)):
        for one in group[1:]:
            if _weights(one) != _weights(group[0]):
                one.about.fault(f"the predictions are those of {group[0].about.file}, which has other weights")


def _outvoted(records: Sequence[Checked], value: Callable[[Checked], Hashable], what: str) -> None:
    """Blame the records in the minority; on a tie, those that do not include the oldest record."""
    known = [(value(one), one) for one in records if value(one) is not None]
    counts = Counter(found for found, _ in known)
    if len(counts) < 2:
        return
    oldest: dict[Hashable, float] = {}
    for found, one in known:
        created = one.record.provenance.created.timestamp()
        oldest[found] = min(oldest.get(found, created), created)
    accepted = max(counts, key=lambda found: (counts[found], -oldest[found]))
    for found, one in known:
        if found != accepted:
            one.about.fault(what)


def _report_states(records: Sequence[Checked]) -> None:
    """Report records of another state of the data than most of their task, which is allowed but seldom meant."""
    for group in _groups(records, lambda one: (one.record.task, one.record.task_version, one.record.protocol_hash)):
        counts = Counter(one.record.dataset.fingerprint for one in group)
        common = max(counts, key=lambda state: (counts[state], state))
        for one in group:
            data = one.record.dataset
            if data.fingerprint != common and not data.partial and data.exclusion is None:
                one.about.notice(
                    f"the state of the data, {data.fingerprint[:12]}, is not that of the other records of this task: "
                    "the record will get a table of its own"
                )


def _groups(records: Iterable[Checked], key: Callable[[Checked], Hashable]) -> list[list[Checked]]:
    """Group records by a key; in each group, records without a fault come first, then the oldest."""

    def order(one: Checked) -> tuple[str, bool, float, str]:
        suspect = not one.in_place or one.about.faulty
        return repr(key(one)), suspect, one.record.provenance.created.timestamp(), one.about.file

    ordered = sorted(records, key=order)
    return [list(group) for _, group in groupby(ordered, key=lambda one: repr(key(one)))]


def _weights(one: Checked) -> str:
    return one.record.encoder.weights_sha256


def _encoder(one: Checked) -> Hashable:
    encoder = one.record.encoder
    return encoder.parameters, encoder.feature_dim, encoder.input_size


def _data(one: Checked) -> Hashable:
    data = one.record.dataset
    # Unreadable images are missing from one split or the other, and from some of several rounds.
    every = None if one.record.rounds else data.train + data.test + data.unreadable
    return data.name, data.classes, data.missing, data.partial, data.exclusion, every


def _references(one: Checked) -> Hashable:
    """Round to four digits, which agree between machines."""
    return tuple(
        (reference.name, name, *(f"{number:.4f}" for number in (metric.value, *metric.ci95)))
        for reference in one.record.references
        for name, metric in sorted(reference.metrics.items())
    )
