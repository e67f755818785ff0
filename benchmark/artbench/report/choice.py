"""Which records a report looks into: those asked for, or the best of each task."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from artbench.errors import UsageError
from artbench.leaderboard.board import Board
from artbench.leaderboard.overall import chosen as counted
from artbench.records.folder import ResultsFolder, read_record
from artbench.records.format import encoder_name, task_name
from artbench.records.record import Record


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """A record to look into.

    Attributes:
        record: The record.
        file: Where it is kept.
        folder: For its figures, below the report's folder.
    """

    record: Record
    file: Path
    folder: PurePosixPath

    def __str__(self) -> str:
        return f"{task_name(self.record)}: {encoder_name(self.record)}"


def choose_records(boards: Sequence[Board], files: Iterable[Path], *, results: ResultsFolder) -> list[Chosen]:
    """The records in these files or, without any, the one with the best value of each task.

    Args:
        boards: All leaderboards.
        files: Of records that are on one of them.
        results: Where their records are kept.

    Raises:
        UsageError: A record is on none of the leaderboards.
        ArtbenchError: A file is no record.
    """
    known = {row.record.id: row.record for board in boards for row in board.rows}
    asked = {}
    for file in files:
        record = read_record(file)
        if record.id not in known:
            raise UsageError(
                f"{file} is no record of {results.path}", mend="Name a file below its folder records, or give --results"
            )
        asked[record.id] = file
    best = {board.first.id: results.file_of(board.first) for board in counted(boards)}
    return [
        Chosen(record=known[name], file=file, folder=figures_of(known[name], results))
        for name, file in (asked or best).items()
    ]


def figures_of(record: Record, results: ResultsFolder) -> PurePosixPath:
    """Where a record's figures are to be, below the report's folder: no two share a place."""
    file = results.file_of(record)
    return PurePosixPath("figures", file.parent.name, file.stem)
