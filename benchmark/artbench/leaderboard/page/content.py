"""The content of the leaderboards' page: plain data for the template and for the script."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from artbench.leaderboard.board import Board
from artbench.leaderboard.columns import (
    Cell,
    cells,
    cost_cells,
    cost_headings,
    guesses,
    headings,
    label_free_cells,
    label_free_headings,
)
from artbench.leaderboard.literature import Literature
from artbench.leaderboard.notes import footnotes, marks, measured_on, part_of_task, pretrainings, table_names, why_apart
from artbench.leaderboard.ranking import direction
from artbench.leaderboard.seen import is_reference, knowledge
from artbench.records.format import metric_name, unit
from artbench.records.record import Record, TableName, encoder_name, task_name
from artbench.records.tables import read_table
from artbench.runtime.progress import Reporter, Silent
from artbench.runtime.untrusted import is_regular

# Most classes of a confusion matrix that is shown.
_LARGEST_MATRIX = 64
# Most rows of a leaderboard with a matrix: with a hundred the page would be slow.
_WITH_MATRIX = 30


@dataclass(frozen=True, kw_only=True)
class Row:
    """One record, with a cell for each column and the signs of its footnotes.

    Attributes:
        link: Relative path of the record's file; empty if it is elsewhere.
        reference: Whether the encoder has learnt nothing.
        seen: Whether the test images were among its training images: `clean`, `unknown` or `contaminated`.
    """

    id: str
    name: str
    cells: Sequence[Cell]
    signs: str
    link: str
    reference: bool
    seen: str


@dataclass(frozen=True, kw_only=True)
class Section:
    """One leaderboard.

    Attributes:
        id: Anchor of the section.
        question: Question of the task; empty if unknown.
        about: What was measured, in a paragraph.
        apart: Why the task has several tables; empty if it has one.
        part: Which part of the task was measured; empty if all of it, or if unknown.
        rows: Rows, best first.
        references: Rows of guesses without pixels.
        label_free: Rows of what the features are like without labels, of the records that say it.
        published: Published results: work, result, how it differs.
        notes: Sign and text of each footnote.
        explanation: What the ranks mean.
        data: Data for the script.
    """

    id: str
    title: str
    question: str
    about: str
    apart: str
    part: str
    columns: Sequence[str]
    rows: Sequence[Row]
    references: Sequence[Sequence[Cell]]
    reference_columns: Sequence[str]
    label_free: Sequence[Sequence[Cell]]
    label_free_columns: Sequence[str]
    published: Sequence[tuple[str, str, str]]
    notes: Sequence[tuple[str, str]]
    pretrainings: Sequence[str]
    explanation: str
    data: dict[str, Any] = field(repr=False)


def section(
    board: Board,
    *,
    file_of: Callable[[Record], Path],
    out: Path,
    siblings: Sequence[Board] = (),
    literature: Literature | None = None,
    reporter: Reporter | None = None,
) -> Section:
    """Collect everything about one leaderboard.

    Args:
        board: The leaderboard.
        file_of: Returns the file of a record; its tables are beside it.
        out: Folder of the page, which links start from.
        siblings: All leaderboards of its task, including this one.
        literature: What is known of the task besides its records.
        reporter: Receives a notice for each table that can't be used.
    """
    first, known = board.first, literature or Literature()
    reference_columns, references = guesses(board)
    rows = [
        Row(
            id=row.record.id,
            name=encoder_name(row.record),
            cells=[*cells(row.record, board, number=number), *cost_cells(row.record, board)],
            signs="".join(mark.sign for mark in marks(row.record)),
            link=_link(file_of(row.record), out),
            reference=is_reference(row.record),
            seen=knowledge(row.record),
        )
        for number, row in enumerate(board.rows)
    ]
    several = len(siblings) > 1
    return Section(
        # The same on every build, and different for each leaderboard.
        id=f"b{hashlib.sha256(chr(0).join(map(str, first.board)).encode()).hexdigest()[:10]}",
        title=f"{first.task}, {table_names(siblings)[siblings.index(board)]}" if several else task_name(first),
        question=known.description,
        about=measured_on(board),
        apart=f"Its tables can't be compared with each other: {why_apart(siblings)}." if several else "",
        part=part_of_task(first, known.size),
        columns=[*headings(board), *cost_headings(board)],
        rows=rows,
        references=references,
        reference_columns=reference_columns,
        label_free=[
            [Cell(text=encoder_name(row.record), key=encoder_name(row.record)), *label_free_cells(row.record, board)]
            for row in board.rows
            if row.record.label_free is not None
        ],
        label_free_columns=["without labels", *label_free_headings(board)],
        published=[(one.work, f"{metric_name(one.metric)} {one.value}", one.difference) for one in known.results],
        notes=[
            (mark.sign, f"{mark.text} ({'; '.join(encoder_name(record) for record in records)}).")
            for mark, records in footnotes(board)
        ],
        pretrainings=pretrainings(board),
        explanation=board.ranking.explanation,
        data=_data(board, file_of, reporter or Silent()),
    )


def _data(board: Board, file_of: Callable[[Record], Path], reporter: Reporter) -> dict[str, Any]:
    """Collect what the script draws: values, tested pairs, and the tables of classes."""
    first = board.first
    scale = 100 if first.primary.unit == "fraction" else 1
    numbers = {row.record.id: number for number, row in enumerate(board.rows)}
    return {
        "unit": "points" if scale > 1 else unit(first.primary),
        # -1 where less is better.
        "direction": direction(first),
        "axis": f"{metric_name(first.primary_metric)} ({unit(first.primary) or 'no unit'})",
        "rows": [
            {
                "name": encoder_name(row.record),
                "value": _short(scale * row.record.primary.value),
                "ci": [_short(scale * end) for end in row.record.primary.ci95 or [row.record.primary.value] * 2],
                "parameters": row.record.encoder.parameters,
                "speed": row.record.timing.images_per_s and _short(row.record.timing.images_per_s),
                "features": row.record.encoder.feature_dim,
                "untested": board.ranking.untested.get(row.record.id, ""),
            }
            for row in board.rows
        ],
        # Better, worse, difference, its interval, p, corrected p, whether the two can be told apart.
        "pairs": [
            [
                numbers[pair.better],
                numbers[pair.worse],
                *(_short(scale * value) for value in (pair.difference, *pair.ci95)),
                _short(pair.p),
                _short(pair.corrected),
                int(pair.distinguishable),
            ]
            for pair in board.ranking.pairs
        ],
        **_details([row.record for row in board.rows], _Tables(file_of, reporter)),
    }


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def _link(file: Path, out: Path) -> str:
    if not is_regular(file):
        return ""
    here, there = out.resolve(), file.resolve()
    up = next((level for level, folder in enumerate([here, *here.parents]) if there.is_relative_to(folder)), None)
    # Further up it would only work on this machine.
    if up is None or up > 2:
        return ""
    return "/".join([*[".."] * up, *there.relative_to([here, *here.parents][up]).parts])


@dataclass(frozen=True)
class _Tables:
    """Reads the tables beside records, and names those that can't be used."""

    file_of: Callable[[Record], Path]
    reporter: Reporter

    def read(self, record: Record, name: TableName) -> dict[str, list[Any]] | None:
        file = self.file_of(record)
        table = read_table(file, record, name)
        if table is None and name in record.tables and file.is_file():
            beside = file.with_suffix(f".{name}.parquet")
            self.reporter.notice(f"left out: {beside} is missing, or not such a table as its record names")
        return table


def _details(records: Sequence[Record], tables_of: _Tables) -> dict[str, Any]:
    """Read the tables of all rows of a leaderboard, on one list of classes; None stands for a missing table.

    Returns:
        `measure` (`recall` or `average precision`; empty without tables), `classes`, `support` (test images of each
        class), `scores` (for each row, the measure of each class in percent) and `matrices` (for each row the cells
        target, prediction, count one after the other).
    """
    tables = [tables_of.read(record, "classes") for record in records]
    first = next((table for table in tables if table is not None), None)
    if first is None:
        absent = [None] * len(records)
        return {"measure": "", "classes": [], "support": [], "scores": absent, "matrices": absent}
    column = "average_precision" if "average_precision" in first else "recall"
    numbers = {str(name): number for number, name in enumerate(first["class"])}
    shown = _WITH_MATRIX if len(first["class"]) <= _LARGEST_MATRIX else 0
    return {
        "measure": column.replace("_", " "),
        "classes": [str(name) for name in first["class"]],
        "support": [int(count or 0) for count in first["support"]],
        "scores": [None if table is None else _scores(table, column, numbers) for table in tables],
        "matrices": [
            _matrix(record, numbers, tables_of) if number < shown else None for number, record in enumerate(records)
        ],
    }


def _scores(table: dict[str, list[Any]], column: str, numbers: dict[str, int]) -> list[float | None] | None:
    if column not in table:
        return None
    found: list[float | None] = [None] * len(numbers)
    for name, value in zip(table["class"], table[column], strict=True):
        if name in numbers and value is not None:
            found[numbers[name]] = round(100 * float(value), 1)
    return found


def _matrix(record: Record, numbers: dict[str, int], tables_of: _Tables) -> list[int] | None:
    table = tables_of.read(record, "confusion")
    if table is None:
        return None
    cells: list[int] = []
    for target, prediction, count in zip(table["target"], table["prediction"], table["count"], strict=True):
        if target in numbers and prediction in numbers:
            cells += [numbers[target], numbers[prediction], int(count)]
    return cells
