"""All tasks side by side: ranks are averaged, since different metrics can't be."""

from collections.abc import Sequence
from dataclasses import dataclass

from artbench.leaderboard.board import Board
from artbench.leaderboard.columns import Cell, metric_cell
from artbench.records.format import heading
from artbench.records.record import Record, backbone_name, pretraining_name, task_name
from artbench.runtime.text import escape_name, file_name

# With one task there is nothing to put side by side.
_FEWEST = 2
_STANDINGS = ("average rank", "Borda")
_EXPLAINED = (
    "Metrics of different tasks are never averaged. On each task an encoder gets one point for every other that it is "
    "distinguishably better than, and half a point for every other that the test can't tell it from: their sum is its "
    "Borda count. The average rank follows from the same points. Both are given for encoders that are on every "
    "task; a blank was not measured."
)
_NO_STANDINGS = (
    "Metrics of different tasks are never averaged, and there are no average ranks, since no two encoders are on every "
    "task; a blank was not measured."
)


def chosen(boards: Sequence[Board]) -> list[Board]:
    """Return the leaderboard of each task that counts: the first, which has most rows."""
    found: dict[str, Board] = {}
    for board in boards:
        found.setdefault(board.first.task, board)
    return list(found.values())


@dataclass(frozen=True, kw_only=True)
class Overall:
    """Table of all tasks side by side.

    Attributes:
        boards: The leaderboard of each task that counts.
        headings: Header of each column.
        rows: A row for every encoder: average rank, Borda count, backbone, pretraining, value on each task. Best
            average rank first, then the encoders that are not on all boards.
        standings: Number of the columns of average rank and Borda count: 2, or 0 where no encoder has them.
        notes: What the columns mean, and which leaderboards were left out; plain text.
    """

    boards: Sequence[Board]
    headings: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    standings: int
    notes: Sequence[str]


def overall(boards: Sequence[Board]) -> Overall | None:
    """Put all tasks side by side; None if there are fewer than two."""
    counted = chosen(boards)
    if len(counted) < _FEWEST:
        return None
    rows = _rows(counted)
    standings = len(_STANDINGS) if any(row[0].text for row in rows) else 0
    notes = [_EXPLAINED if standings else _NO_STANDINGS]
    left_out = [board.first for board in boards if board not in counted]
    if left_out:
        named = ", ".join(
            f"{task_name(first)} ({first.protocol} {first.protocol_hash[:12]}, state {first.dataset.fingerprint[:12]})"
            for first in left_out
        )
        notes.append(f"Of several tables of one task the one with most rows is taken. Not taken: {named}.")
    tasks = (f"{board.first.task} {_measured(board.first)}" for board in counted)
    return Overall(
        boards=counted,
        headings=[*_STANDINGS[:standings], "backbone", "pretraining", *tasks],
        rows=[row[len(_STANDINGS) - standings :] for row in rows],
        standings=standings,
        notes=notes,
    )


def _rows(boards: Sequence[Board]) -> list[list[Cell]]:
    by_encoder: dict[tuple[str, ...], dict[int, Record]] = {}
    for number, board in enumerate(boards):
        for row in board.rows:
            encoder = backbone_name(row.record), pretraining_name(row.record), row.record.encoder.weights_sha256
            by_encoder.setdefault(encoder, {})[number] = row.record
    complete = {name: records for name, records in by_encoder.items() if len(records) == len(boards)}
    # Average rank and Borda count of each encoder that is on every board.
    scored: dict[tuple[str, ...], tuple[float, float]] = {}
    if len(complete) < _FEWEST:
        complete = {}
    for name, own in complete.items():
        rivals = [records for rival, records in complete.items() if rival != name]
        points = [
            sum(_points(board, own[number], rival[number]) for rival in rivals) for number, board in enumerate(boards)
        ]
        scored[name] = sum(len(complete) - each for each in points) / len(boards), sum(points)
    rows = []
    for name in sorted(by_encoder, key=lambda name: (name not in scored, scored.get(name, ()), name)):
        rank, borda = scored.get(name, (None, None))
        records = [by_encoder[name].get(number) for number in range(len(boards))]
        rows.append(
            [
                Cell(text="" if rank is None else f"{rank:.2f}", key=rank),
                Cell(text="" if borda is None else f"{borda:g}", key=borda),
                *(Cell(text=text, key=text) for text in name[:2]),
                *(metric_cell(None if record is None else record.primary) for record in records),
            ]
        )
    return rows


def overall_page(boards: Sequence[Board]) -> str:
    """Render the page of all tasks as Markdown; empty if there are fewer than two."""
    found = overall(boards)
    if found is None:
        return ""
    firsts = [board.first for board in found.boards]
    linked = (f"[{escape_name(one.task)}]({file_name(one.task)}) {escape_name(_measured(one))}" for one in firsts)
    rows = ([escape_name(cell.text) for cell in row] for row in found.rows)
    named = found.headings[: -len(firsts)]
    header, *body = (f"| {' | '.join(texts)} |" for texts in ([*named, *linked], *rows))
    table = [header, "|" + "--:|" * found.standings + "---|---|" + "--:|" * len(firsts), *body]
    notes = [text for note in found.notes for text in ("", escape_name(note))]
    return "\n".join(["# All tasks", "", *table, *notes, ""])


def _points(board: Board, record: Record, rival: Record) -> float:
    pair = board.ranking.pair(record.id, rival.id)
    if pair is None or not pair.distinguishable:
        return 0.5
    return float(pair.better == record.id)


def _measured(first: Record) -> str:
    return heading(first.primary_metric, first.primary)
