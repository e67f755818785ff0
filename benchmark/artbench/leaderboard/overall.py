"""All tasks side by side: ranks can be averaged, unlike metrics can't."""

from collections.abc import Sequence
from dataclasses import dataclass

from artbench.leaderboard.board import Board
from artbench.leaderboard.text import escape, file_name
from artbench.records.record import Record
from artbench.records.wording import amount, metric_name, pretraining_name, task_name, unit

# With one task there is nothing to put side by side.
_FEWEST = 2


@dataclass(frozen=True, kw_only=True)
class Line:
    """One encoder on all tasks.

    Attributes:
        records: Its record on each board; None where there is none.
        rank: Mean over the boards of the middle of its range of ranks, among the encoders that are on every board;
            None if it is not.
        borda: One for every such encoder that it is distinguishably better than, a half for every one it can't be told
            from, over all boards (Borda count with ties); None likewise.
    """

    records: Sequence[Record | None]
    rank: float | None
    borda: float | None

    @property
    def any(self) -> Record:
        """Any of its records, for the encoder's name."""
        return next(record for record in self.records if record is not None)


def chosen(boards: Sequence[Board]) -> list[Board]:
    """The leaderboard of each task that counts: of several, the one with most rows, which stands first."""
    found: dict[str, Board] = {}
    for board in boards:
        found.setdefault(board.first.task, board)
    return list(found.values())


def lines(boards: Sequence[Board]) -> list[Line]:
    """Every encoder that is on any of these boards, best average rank first, then those that are not on all."""
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


def overall_page(boards: Sequence[Board]) -> str:
    """The page of all tasks; empty where there are fewer than two."""
    counted = chosen(boards)
    if len(counted) < _FEWEST:
        return ""
    header = ["average rank", "Borda", "backbone", "pretraining", *(_title(board.first) for board in counted)]
    parts = [
        "# All tasks",
        "",
        "| " + " | ".join(header) + " |",
        "|--:|--:|---|---|" + "--:|" * len(counted),
        *("| " + " | ".join(_cells(line)) + " |" for line in lines(counted)),
        "",
        "Metrics of different tasks are never averaged. On each task an encoder gets one point for every other that it "
        "is distinguishably better than, and half a point for every other that the test can't tell it from: their sum "
        "is its Borda count. The average rank follows from the same points. Both are there for encoders that are on "
        "every task; what is blank was not measured.",
        "",
    ]
    left_out = [board.first for board in boards if board not in counted]
    if left_out:
        named = ", ".join(
            f"{escape(task_name(first))} ({escape(first.protocol)} {first.protocol_hash[:12]}, state "
            f"{first.dataset.fingerprint[:12]})"
            for first in left_out
        )
        parts += [f"Of several tables of one task the one with most rows is taken. Not taken: {named}.", ""]
    return "\n".join(parts)


def _all(records: Sequence[Record | None]) -> list[Record] | None:
    """The records of an encoder that is on every board; None if it is not."""
    there = [record for record in records if record is not None]
    return there if len(there) == len(records) else None


def _points(board: Board, record: Record, rival: Record) -> float:
    pair = board.ranking.pair(record.id, rival.id)
    if pair is None or not pair.distinguishable:
        return 0.5
    return float(pair.better == record.id)


def _encoder(record: Record) -> tuple[str, ...]:
    return record.backbone, pretraining_name(record), record.encoder.weights_sha256


def _title(first: Record) -> str:
    measured = f"{escape(metric_name(first.primary_metric))} {unit(first.primary)}"
    return f"[{escape(first.task)}]({file_name(first.task)}) {measured}"


def _cells(line: Line) -> list[str]:
    return [
        "" if line.rank is None else f"{line.rank:.2f}",
        "" if line.borda is None else f"{line.borda:g}",
        escape(line.any.backbone),
        escape(pretraining_name(line.any)),
        *("" if record is None else amount(record.primary).partition(" ")[0] for record in line.records),
    ]
