"""All tasks side by side: ranks are averaged, since different metrics can't be."""

from collections.abc import Sequence
from dataclasses import dataclass

from artbench.leaderboard.board import Board
from artbench.leaderboard.columns import Cell, metric_cell
from artbench.records.format import metric_name, unit
from artbench.records.record import Record, pretraining_name, task_name
from artbench.runtime.text import escape, file_name

# With one task there is nothing to put side by side.
_FEWEST = 2
_EXPLAINED = (
    "Metrics of different tasks are never averaged. On each task an encoder gets one point for every other that it is "
    "distinguishably better than, and half a point for every other that the test can't tell it from: their sum is its "
    "Borda count. The average rank follows from the same points. Both are there for encoders that are on every task; "
    "what is blank was not measured."
)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One encoder on all tasks.

    Attributes:
        records: Its record on each board; None if it has none.
        rank: Average rank among the encoders that are on every board; None if this one is not.
        borda: Borda count with ties over all boards: one point for every such encoder that it is distinguishably better
            than, half a point for every one that the test can't tell it from; None likewise.
    """

    records: Sequence[Record | None]
    rank: float | None
    borda: float | None

    @property
    def any(self) -> Record:
        """Any of its records, for the name of the encoder."""
        return next(record for record in self.records if record is not None)


def chosen(boards: Sequence[Board]) -> list[Board]:
    """Return the leaderboard of each task that counts: the first, which has most rows."""
    found: dict[str, Board] = {}
    for board in boards:
        found.setdefault(board.first.task, board)
    return list(found.values())


def lines(boards: Sequence[Board]) -> list[Line]:
    """Return a line for every encoder, best average rank first, then those that are not on all boards."""
    by_encoder: dict[tuple[str, ...], list[Record | None]] = {}
    for number, board in enumerate(boards):
        for row in board.rows:
            by_encoder.setdefault(_encoder(row.record), [None] * len(boards))[number] = row.record
    complete = [made for records in by_encoder.values() if (made := _all(records)) is not None]
    scored = []
    for records in by_encoder.values():
        own = _all(records)
        if own is None or len(complete) < _FEWEST:
            scored.append(Line(records=records, rank=None, borda=None))
            continue
        rivals = [other for other in complete if other != own]
        points = [
            sum(_points(board, own[number], other[number]) for other in rivals) for number, board in enumerate(boards)
        ]
        rank = sum(len(complete) - each for each in points) / len(boards)
        scored.append(Line(records=records, rank=rank, borda=sum(points)))
    return sorted(scored, key=lambda line: (line.rank is None, line.rank or 0, _encoder(line.any)))


@dataclass(frozen=True, kw_only=True)
class Overall:
    """Table of all tasks side by side.

    Attributes:
        boards: The leaderboard of each task that counts.
        lines: Every encoder, best average rank first.
        notes: What the columns mean, and which leaderboards were left out; plain text.
    """

    boards: Sequence[Board]
    lines: Sequence[Line]
    notes: Sequence[str]


def overall(boards: Sequence[Board]) -> Overall | None:
    """Put all tasks side by side; None if there are fewer than two."""
    counted = chosen(boards)
    if len(counted) < _FEWEST:
        return None
    notes = [_EXPLAINED]
    left_out = [board.first for board in boards if board not in counted]
    if left_out:
        named = ", ".join(
            f"{task_name(first)} ({first.protocol} {first.protocol_hash[:12]}, state {first.dataset.fingerprint[:12]})"
            for first in left_out
        )
        notes.append(f"Of several tables of one task the one with most rows is taken. Not taken: {named}.")
    return Overall(boards=counted, lines=lines(counted), notes=notes)


def overall_headings(found: Overall) -> list[str]:
    """Return the header of each column."""
    return [
        "average rank",
        "Borda",
        "backbone",
        "pretraining",
        *(f"{board.first.task} {_measured(board.first)}" for board in found.boards),
    ]


def overall_cells(line: Line) -> list[Cell]:
    """Return a row of the table."""
    return [
        Cell(text="" if line.rank is None else f"{line.rank:.2f}", key=line.rank),
        Cell(text="" if line.borda is None else f"{line.borda:g}", key=line.borda),
        Cell(text=line.any.backbone, key=line.any.backbone),
        Cell(text=pretraining_name(line.any), key=pretraining_name(line.any)),
        *(metric_cell(None if record is None else record.primary) for record in line.records),
    ]


def overall_page(boards: Sequence[Board]) -> str:
    """Render the page of all tasks as Markdown; empty if there are fewer than two."""
    found = overall(boards)
    if found is None:
        return ""
    linked = (
        f"[{escape(first.task)}]({file_name(first.task)}) {escape(_measured(first))}"
        for first in (board.first for board in found.boards)
    )
    titles = [*overall_headings(found)[: -len(found.boards)], *linked]
    rows = [[escape(cell.text) for cell in overall_cells(line)] for line in found.lines]
    header, *body = (f"| {' | '.join(texts)} |" for texts in (titles, *rows))
    table = [header, "|--:|--:|---|---|" + "--:|" * len(found.boards), *body]
    notes = [text for note in found.notes for text in ("", escape(note))]
    return "\n".join(["# All tasks", "", *table, *notes, ""])


def _all(records: Sequence[Record | None]) -> list[Record] | None:
    """Return the records of an encoder that is on every board; None if it is not."""
    there = [record for record in records if record is not None]
    return there if len(there) == len(records) else None


def _points(board: Board, record: Record, rival: Record) -> float:
    pair = board.ranking.pair(record.id, rival.id)
    if pair is None or not pair.distinguishable:
        return 0.5
    return float(pair.better == record.id)


def _encoder(record: Record) -> tuple[str, ...]:
    return record.backbone, pretraining_name(record), record.encoder.weights_sha256


def _measured(first: Record) -> str:
    return f"{metric_name(first.primary_metric)} {unit(first.primary)}"
