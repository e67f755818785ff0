"""Sorts records into leaderboards."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from artbench.leaderboard.ranking import Place, Ranking, direction, rank
from artbench.protocol import PROTOCOLS
from artbench.records.record import Record


@dataclass(frozen=True)
class Row:
    """One record on a leaderboard.

    Attributes:
        rank: One more than the number of records with a better primary value; equal values share a rank.
            `Board.ranking` says whether a difference may be chance.
        record: The record.
    """

    rank: int
    record: Record


@dataclass(frozen=True)
class Board:
    """The records that can be compared with each other: same task, protocol and state of the data.

    Attributes:
        by_value: Rows, best value first; at least one.
        predictions: Returns the file of a record's predictions; None if there are none, so that nothing is tested.
    """

    by_value: tuple[Row, ...]
    predictions: Callable[[Record], Path] | None = None

    @property
    def key(self) -> tuple[str, int, str, str]:
        """What the records share (`Record.board`): the task first."""
        return self.by_value[0].record.board

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """Rows, best first; those that could not be tested follow those that could, whatever their value."""
        if self.predictions is None:
            return self.by_value
        untested = self.ranking.untested
        return tuple(sorted(self.by_value, key=lambda row: row.record.id in untested))

    @property
    def first(self) -> Record:
        """The best record that could be tested, or the best; also used to read what all records share."""
        return self.rows[0].record

    @property
    def led(self) -> bool:
        """Whether the first row may be called the best: not if its predictions could not be used."""
        return self.predictions is None or self.first.id not in self.ranking.untested

    @cached_property
    def ranking(self) -> Ranking:
        """The ranks by paired tests, computed on first access."""
        return rank([row.record for row in self.by_value], self.predictions)

    def place_of(self, record: Record) -> Place:
        """Return the place of a record.

        Raises:
            KeyError: It is not on this board.
        """
        return self.ranking.places[record.id]


def boards(records: Iterable[Record], predictions: Callable[[Record], Path] | None = None) -> list[Board]:
    """Sort records into leaderboards, by task; among those of one task, the one with most rows comes first.

    Of as many rows, artbench's own protocols come before those of plugins and before variants, such as few shots.
    Of records with the same measurement (equal `id`) the newest counts.

    Args:
        records: Records of any tasks.
        predictions: Returns the file of a record's predictions, such as `ResultsFolder.predictions_of`; if None,
            nothing is tested.
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
    own = {name: number for number, name in enumerate(PROTOCOLS)}

    def place(board: Board) -> tuple[object, ...]:
        task, *rest = board.key
        return task, -len(board.by_value), own.get(board.first.protocol, len(own)), *map(str, rest)

    return sorted(ranked, key=place)


def _ranked(records: list[Record], predictions: Callable[[Record], Path] | None) -> Board:
    sign = direction(records[0])
    ordered = sorted(
        records, key=lambda record: (-sign * record.primary.value, record.backbone, record.pretraining, record.id)
    )
    values = [record.primary.value for record in ordered]
    rows = tuple(Row(1 + values.index(record.primary.value), record) for record in ordered)
    return Board(rows, predictions)
