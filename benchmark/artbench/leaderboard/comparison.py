"""Compares two records: difference, significance, and the classes in which they differ most."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artbench.errors import ArtbenchError, UsageError
from artbench.leaderboard.ranking import direction, rank
from artbench.records.folder import ResultsFolder, read_record
from artbench.records.predictions import StoredPredictions, read_predictions
from artbench.records.record import Record
from artbench.records.tables import tested_classes
from artbench.runtime.progress import Reporter
from artbench.specs.variants import spelled
from artbench.stats.average_precision import average_precision

# What `Record.board` consists of, in its order, and how each is worded.
_PARTS: Mapping[str, Callable[[Record], str]] = {
    "task": lambda r: r.task,
    "task version": lambda r: f"{r.task} {r.task_version}",
    "protocol": lambda r: f"{r.protocol} {r.protocol_hash[:12]}",
    "state of the data": lambda r: f"{r.dataset.name} {r.dataset.fingerprint[:12]}, {r.dataset.test:,} test images",
}


@dataclass(frozen=True, kw_only=True)
class ClassDifference:
    """Scores of two encoders in one class.

    Attributes:
        name: Name of the class, or its number if the record has no table of classes.
        images: Number of test images that have it, over all rounds.
        first: Recall of the first encoder, or average precision for multi-label tasks.
        second: The same of the second encoder.
    """

    name: str
    images: int
    first: float
    second: float

    @property
    def difference(self) -> float:
        """First minus second."""
        return self.first - self.second


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Difference between two records.

    Attributes:
        difference: Value of the first minus value of the second, a fraction or years.
        ci95: Interval of the difference.
        p: Two-sided p of this pair alone.
        mcnemar: Exact McNemar's p; None if it does not apply.
        alone: Numbers of images that only the first gets right, and only the second; None without `mcnemar`.
        better: Which has the better value, `first` or `second`; empty if neither.
        measure: Measure of the classes, `recall` or `average precision`; empty for years and rankings.
        classes: Classes that occur, those that differ most first.
        doubt: Why the test may find a difference by chance more often than promised; empty if it does not.
    """

    difference: float
    ci95: tuple[float, float]
    p: float
    mcnemar: float | None
    alone: tuple[int, int] | None
    better: str
    measure: str
    classes: tuple[ClassDifference, ...]
    doubt: str


@dataclass(frozen=True)
class Located:
    """A record and its file.

    Attributes:
        record: The record.
        file: Its file; predictions and tables lie beside it.
    """

    record: Record
    file: Path

    @property
    def predictions(self) -> Path:
        """File of its predictions."""
        return self.file.with_suffix(".parquet")


def compare(first: Located, second: Located) -> Comparison:
    """Test two records of one leaderboard against each other.

    Raises:
        ArtbenchError: The predictions of one are missing, or can't be used; or their test images differ.
    """
    files = {first.record.id: first.predictions, second.record.id: second.predictions}
    ranking = rank([first.record, second.record], lambda record: files[record.id])
    for located in (first, second):
        if located.record.id in ranking.untested:
            reason = ranking.untested[located.record.id].replace("the other rows", "the other record")
            raise ArtbenchError(
                f"{encoder(located.record)} ({located.record.id}) can't be tested: {reason}",
                mend=f"They belong in {located.predictions}",
            )
    (pair,) = ranking.pairs
    ours, theirs = (read_predictions(one.predictions, one.record) for one in (first, second))
    known = tested_classes(first.file, first.record) or tested_classes(second.file, second.record)
    measure, classes = _classes(ours, theirs, known.names if known else None, first.record.dataset.classes)
    # As first minus second.
    sign = direction(first.record) * (1 if pair.better == first.record.id else -1)
    low, high = sorted(sign * end for end in pair.ci95)
    alone = None
    if pair.mcnemar is not None:
        right, also = (one.predicted == one.labels for one in (ours, theirs))
        alone = int(np.sum(right & ~also)), int(np.sum(also & ~right))
    return Comparison(
        difference=sign * pair.difference,
        ci95=(low, high),
        p=pair.p,
        mcnemar=pair.mcnemar,
        alone=alone,
        better="" if pair.difference == 0 else "first" if pair.better == first.record.id else "second",
        measure=measure,
        classes=classes,
        doubt=ranking.doubt,
    )


def _classes(
    ours: StoredPredictions, theirs: StoredPredictions, names: Sequence[str] | None, count: int
) -> tuple[str, tuple[ClassDifference, ...]]:
    if ours.form in ("number", "ranking"):
        return "", ()
    single = ours.labels.ndim == 1
    images = np.bincount(ours.labels.astype(np.int64), minlength=count) if single else ours.labels.sum(axis=0)
    one, other = ((_recalls(each, images) if single else _precisions(each)).tolist() for each in (ours, theirs))
    every = [
        ClassDifference(
            name=names[at] if names else f"class {at}", images=int(images[at]), first=one[at], second=other[at]
        )
        for at in np.flatnonzero(images).tolist()
    ]
    ordered = sorted(every, key=lambda row: (-round(abs(row.difference), 9), -row.images, row.name))
    return "recall" if single else "average precision", tuple(ordered)


def _recalls(stored: StoredPredictions, images: NDArray[np.int64]) -> NDArray[np.float64]:
    hits = stored.labels[stored.labels == stored.predicted].astype(np.int64)
    recalls: NDArray[np.float64] = np.bincount(hits, minlength=len(images)) / np.maximum(images, 1)
    return recalls


def _precisions(stored: StoredPredictions) -> NDArray[np.floating]:
    assert stored.confidence is not None
    return average_precision(stored.labels.astype(bool).T, stored.confidence.T).exact


def locate_pair(
    first: str, second: str, *, folder: ResultsFolder, task: str | None, protocol: str | None, reporter: Reporter
) -> tuple[Located, Located, list[Record]]:
    """Find two records by name, and return them with all records of the folder.

    If a name matches several records, the one that shares a leaderboard with the other is meant.

    Args:
        first: Id of a record, its file, or `backbone/pretraining`.
        second: Name of the other record.
        folder: Results folder to search.
        task: Task of the records; None for any.
        protocol: Name of their protocol; None for any.
        reporter: Receives a notice for each file that is not a record.

    Raises:
        UsageError: A name matches nothing, the two don't share a leaderboard, or several pairs match.
        ArtbenchError: A named file is not a record.
    """
    records = list(folder.records(reporter))
    ours, theirs = (_located(name, records, folder=folder, task=task, protocol=protocol) for name in (first, second))
    pairs = list(product(ours, theirs))
    comparable = [(one, other) for one, other in pairs if one.record.board == other.record.board]
    if not comparable:
        raise _unlike(*pairs[0], first, second)
    different = [(one, other) for one, other in comparable if one.record.id != other.record.id]
    if not different:
        raise UsageError(f"{first} and {second} are the same record", mend="Name two different records")
    if len(different) > 1:
        ours = list({one.file: one for one, _ in different}.values())
        several = len({one.record.protocol_hash for one in ours}) > 1
        every = [f"{one.record.id} ({one.record.task}{f', {one.record.protocol}' if several else ''})" for one in ours]
        raise UsageError(
            f"{first} and {second} match {len(different)} pairs of records: {_some(every)}",
            mend=f"Choose one with --task{' or --protocol' if several else ''}, or give ids",
        )
    return *different[0], records


def _located(
    name: str, records: Sequence[Record], *, folder: ResultsFolder, task: str | None, protocol: str | None
) -> list[Located]:
    """Return all records that match a name, at least one."""
    if name.endswith(".json") and Path(name).is_file():
        return [Located(read_record(Path(name)), Path(name))]
    backbone, slash, pretraining = name.partition("/")
    wanted = f"{spelled(backbone)}{slash}{pretraining}"
    named = [record for record in records if name == record.id or wanted == encoder(record)]
    of_task = [record for record in named if task in (None, record.task)]
    found = [record for record in of_task if protocol in (None, record.protocol)]
    if found:
        return [Located(record, folder.file_of(record)) for record in found]
    where = folder.path / "records"
    if of_task:
        protocols = _some(sorted({record.protocol for record in of_task}))
        raise UsageError(
            f"{name!r} has no record under {protocol!r} in {where}", mend=f"It has records under {protocols}"
        )
    if named:
        tasks = _some(sorted({record.task for record in named}))
        raise UsageError(f"{name!r} has no record of {task!r} in {where}", mend=f"It has records of {tasks}")
    if not records:
        raise UsageError(f"no records in {where}", mend="`artbench run` writes them; --results names the folder")
    known = sorted({encoder(record) for record in records})
    near = get_close_matches(name, known, n=3) or known[:3]
    raise UsageError(
        f"no record in {where} matches {name!r}",
        mend=f"Give an id, a file, or backbone/pretraining, such as {', '.join(near)}",
    )


def encoder(record: Record) -> str:
    """Return the name of an encoder: `resnet50/imagenet`."""
    return f"{record.backbone}/{record.pretraining}"


def _unlike(one: Located, other: Located, first: str, second: str) -> UsageError:
    """Say why two records are on different leaderboards."""
    ours, theirs = one.record, other.record
    part = next(part for part, mine, other in zip(_PARTS, ours.board, theirs.board, strict=True) if mine != other)
    said = "; ".join(_PARTS[part](record) for record in (ours, theirs))
    return UsageError(
        f"{first} and {second} can't be compared: the {part} differs ({said})",
        mend="Name two records of one leaderboard" if part != "task" else "Name one task with --task",
    )


def _some(names: Sequence[str], most: int = 6) -> str:
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")
