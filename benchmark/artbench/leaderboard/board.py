"""Which records share a table, and in which order."""

from collections.abc import Iterable
from dataclasses import dataclass

from artbench.records.record import Record
from artbench.stats.metrics import METRICS


@dataclass(frozen=True)
class Row:
    """One record on a leaderboard.

    Attributes:
        rank: One more than the number of records with a better primary metric; equal values share a rank.
        record: The record.
    """

    rank: int
    record: Record


@dataclass(frozen=True)
class Board:
    """The records that can be compared with each other: same task, protocol and state of the data.

    Attributes:
        rows: Best first; at least one.
    """

    rows: tuple[Row, ...]

    @property
    def first(self) -> Record:
        """Any one record, for what all of them share."""
        return self.rows[0].record

    def rank_of(self, record: Record) -> int:
        """The rank of a record of this board.

        Raises:
            KeyError: It is not on this board.
        """
        for row in self.rows:
            if row.record.id == record.id:
                return row.rank
        raise KeyError(record.id)


def boards(records: Iterable[Record]) -> list[Board]:
    """Sort records into leaderboards; the one with most rows first among those of one task.

    Of records that measured the same thing (equal `id`) the newest counts.
    """
    newest: dict[str, Record] = {}
    for record in records:
        other = newest.get(record.id)
        if other is None or other.provenance.created < record.provenance.created:
            newest[record.id] = record
    grouped: dict[tuple[str, int, str, str], list[Record]] = {}
    for record in newest.values():
        grouped.setdefault(record.board, []).append(record)
    ranked = [_ranked(group) for group in grouped.values()]
    return sorted(ranked, key=lambda board: (board.first.task, -len(board.rows), *map(str, board.first.board)))


def _ranked(records: list[Record]) -> Board:
    metric = METRICS.get(records[0].primary_metric)
    sign = 1 if metric is not None and not metric.higher_is_better else -1
    ordered = sorted(
        records, key=lambda record: (sign * record.primary.value, record.backbone, record.pretraining, record.id)
    )
    values = [record.primary.value for record in ordered]
    return Board(tuple(Row(1 + values.index(record.primary.value), record) for record in ordered))
