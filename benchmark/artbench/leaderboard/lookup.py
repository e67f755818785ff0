"""Naming records: by id, by file, or as backbone/pretraining; and which two can be compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import product
from pathlib import Path

from artbench.errors import UsageError
from artbench.records.folder import ResultsFolder, read_record
from artbench.records.record import Record
from artbench.runtime.progress import Reporter

_PARTS = ("task", "task version", "protocol", "state of the data")


@dataclass(frozen=True)
class Located:
    """A record and the file it was read from.

    Attributes:
        record: The record.
        file: Its file; predictions and tables lie beside it.
    """

    record: Record
    file: Path

    @property
    def predictions(self) -> Path:
        """Where its predictions are."""
        return self.file.with_suffix(".parquet")


def locate_pair(
    first: str, second: str, *, folder: ResultsFolder, task: str | None, reporter: Reporter
) -> tuple[Located, Located, list[Record]]:
    """The two records that are meant, and all records of the folder.

    A name that stands for several records, one a task, is settled by the other name where only one of them shares a
    leaderboard with it.

    Args:
        first: A record's id, its file, or `backbone/pretraining`.
        second: Likewise.
        folder: Where to look.
        task: Look only at records of this task; None: at all.
        reporter: Told of files that are no records.

    Raises:
        UsageError: A name stands for nothing, the two records don't share a leaderboard, or several pairs could be
            meant.
        ArtbenchError: A file that is named is no record.
    """
    records = list(folder.records(reporter))
    pairs = list(
        product(_located(first, records, folder=folder, task=task), _located(second, records, folder=folder, task=task))
    )
    comparable = [(one, other) for one, other in pairs if one.record.board == other.record.board]
    if not comparable:
        raise _unlike(*pairs[0], first, second)
    different = [(one, other) for one, other in comparable if one.record.id != other.record.id]
    if not different:
        raise UsageError(f"{first} and {second} are the same record", mend="Name two")
    if len(different) > 1:
        every = [f"{one.record.id} ({one.record.task})" for one in {one.file: one for one, _ in different}.values()]
        raise UsageError(
            f"{first} and {second} could be {len(different)} pairs of records: {_some(every)}",
            mend="Say which with --task, or name ids",
        )
    return *different[0], records


def _located(name: str, records: Sequence[Record], *, folder: ResultsFolder, task: str | None) -> list[Located]:
    """All records that a name can stand for; at least one."""
    if name.endswith(".json") and Path(name).is_file():
        return [Located(read_record(Path(name)), Path(name))]
    named = [record for record in records if name in (record.id, encoder(record))]
    found = [record for record in named if task in (None, record.task)]
    if found:
        return [Located(record, folder.file_of(record)) for record in found]
    where = folder.path / "records"
    if named:
        tasks = _some(sorted({record.task for record in named}))
        raise UsageError(f"{name!r} has no record of {task!r} in {where}", mend=f"There are records of {tasks}")
    if not records:
        raise UsageError(f"no records in {where}", mend="`artbench run` writes them; --results names the folder")
    known = sorted({encoder(record) for record in records})
    near = get_close_matches(name, known, n=3) or known[:3]
    raise UsageError(
        f"{name!r} is no record in {where}",
        mend=f"Give an id, a file, or backbone/pretraining, such as {', '.join(near)}",
    )


def encoder(record: Record) -> str:
    """How an encoder is named here: `resnet50/imagenet`."""
    return f"{record.backbone}/{record.pretraining}"


def _unlike(one: Located, other: Located, first: str, second: str) -> UsageError:
    """Why two records are on different leaderboards."""
    ours, theirs = one.record, other.record
    part = next(part for part, mine, other in zip(_PARTS, ours.board, theirs.board, strict=True) if mine != other)
    said = {
        "task": (ours.task, theirs.task),
        "task version": (f"{ours.task} {ours.task_version}", f"{theirs.task} {theirs.task_version}"),
        "protocol": tuple(f"{record.protocol} {record.protocol_hash[:12]}" for record in (ours, theirs)),
        "state of the data": tuple(
            f"{record.dataset.name} {record.dataset.fingerprint[:12]}, {record.dataset.test:,} test images"
            for record in (ours, theirs)
        ),
    }[part]
    return UsageError(
        f"{first} and {second} can't be compared: the {part} differs ({said[0]}; {said[1]})",
        mend="Only records that share a leaderboard can" if part != "task" else "Name one task with --task",
    )


def _some(names: Sequence[str], most: int = 6) -> str:
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")
