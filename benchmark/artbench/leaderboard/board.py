"""Which records share a table, and in which order."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from artbench.leaderboard.ranking import Place, Ranking, direction, rank
from artbench.records.record import Record


@dataclass(frozen=True)
class Row:
    """One record on a leaderboard.

    Attributes:
        rank: One more than the number of records with a better primary metric; equal values share a rank. What the
            difference means is for `Board.ranking` to say.
        record: The record.
    """

    rank: int
    record: Record


@dataclass(frozen=True)
class Board:
    """The records that can be compared with each other: same task, protocol and state of the data.

    Attributes:
        rows: Best first; at least one.
        predictions: Where the predictions of a record are; None: nowhere, so that nothing can be tested.
    """

    rows: tuple[Row, ...]
    predictions: Callable[[Record], Path] | None = None

    @property
    def first(self) -> Record:
        """Any one record, for what all of them share."""
        return self.rows[0].record

    @cached_property
    def ranking(self) -> Ranking:
        """The ranks that the predictions bear out; tested when first asked for."""
        return rank([row.record for row in self.rows], self.predictions)

    def place_of(self, record: Record) -> Place:
        """Where a record of this board stands.

        Raises:
            KeyError: It is not on this board.
        """
        return self.ranking.places[record.id]


def boards(records: Iterable[Record], predictions: Callable[[Record], Path] | None = None) -> list[Board]:
    """Sort records into leaderboards; the one with most rows first among those of one task.

    Of records that measured the same thing (equal `id`) the newest counts.

    Args:
        records: Of any tasks.
        predictions: Where the predictions of a record are (`ResultsFolder.predictions_of`); None: nowhere.
    """
    newest: dict[str, Record] = {}
    for record in records:
        other = newest.get(record.id)
        if other is None or other.provenance.created < record.provenance.created:
            newest[record.id] = record
    grouped: dict[tuple[str, int, str, str], list[Record]] = {}
    for record in newest.values():
        grouped.setdefault(record.board, []).append(record)
    ranked = [_ranked(group, predictions) for group in grouped.values()]
    return sorted(ranked, key=lambda board: (board.first.task, -len(board.rows), *map(str, board.first.board)))


def _ranked(records: list[Record], predictions: Callable[[Record], Path] | None) -> Board:
    sign = direction(records[0].primary_metric)
    ordered = sorted(
        records, key=lambda record: (-sign * record.primary.value, record.backbone, record.pretraining, record.id)
    )
    values = [record.primary.value for record in ordered]
    rows = tuple(Row(1 + values.index(record.primary.value), record) for record in ordered)
    return Board(rows, predictions)
