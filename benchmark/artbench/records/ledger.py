"""What is on record in a results folder, before a run and by it."""

from collections.abc import Callable

from artbench.records.folder import ResultsFolder
from artbench.records.predictions import TestPredictions
from artbench.records.record import Record
from artbench.records.tables import Tables
from artbench.runtime.progress import Reporter


class Ledger:
    """The records of a results folder, read once and kept in step with what is written.

    Args:
        folder: The results folder.
        reporter: Told of files that are no records.
    """

    def __init__(self, folder: ResultsFolder, reporter: Reporter) -> None:
        self.folder = folder
        self.records = list(folder.records(reporter))
        self.new: set[str] = set()

    def find(self, board: tuple[str, int, str, str], is_meant: Callable[[Record], bool]) -> Record | None:
        """The newest record of a leaderboard (`Record.board`) for which `is_meant` holds, None if there is none."""
        found = [record for record in self.records if record.board == board and is_meant(record)]
        return max(found, key=lambda record: record.provenance.created, default=None)

    def enter(self, record: Record, predictions: TestPredictions, tables: Tables | None = None) -> Record:
        """Write a new record, its predictions and its tables; a record of the same measurement is replaced.

        Raises:
            ArtbenchError: The folder can't be written.
        """
        written = self.folder.write(record, predictions, tables)
        self.records = [other for other in self.records if other.id != written.id]
        self.records.append(written)
        self.new.add(written.id)
        return written
