"""What stands on the page: plain data, ready for the template and for the script."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from artbench.leaderboard.board import Board
from artbench.leaderboard.columns import COST, Cell, cells, cost_cells, guesses, headings
from artbench.leaderboard.markdown import is_reference
from artbench.leaderboard.notes import Literature, footnotes, marks, measured_on, part_of_task, pretrainings, why_apart
from artbench.records.format import metric_name, unit
from artbench.records.record import Record, TableName, encoder_name, task_name
from artbench.runtime.files import sha256_of

# Of classes: more make no matrix that anybody can read.
_LARGEST_MATRIX = 64
# Rows of a leaderboard that come with their matrix: all of a hundred would make the page slow.
_WITH_MATRIX = 30
# Bytes of a table that is read.
_LARGEST_FILE = 32 << 20


@dataclass(frozen=True, kw_only=True)
class Row:
    """One record.

    Attributes:
        id: Of the record.
        name: Backbone and pretraining.
        cells: One for each column.
        signs: Of its marks.
        link: To the record's file, relative to the page; empty if it is elsewhere.
        reference: Whether it is there for comparison, since its encoder has learnt nothing.
    """

    id: str
    name: str
    cells: Sequence[Cell]
    signs: str
    link: str
    reference: bool


@dataclass(frozen=True, kw_only=True)
class Section:
    """One leaderboard.

    Attributes:
        id: For the address.
        title: The task, and which of its tables.
        asked: What is asked in the task; empty where nobody says.
        about: What was measured, in a paragraph.
        apart: Why the task has several tables; empty if it has one.
        part: That this is a part of the task; empty if it is not, or if nobody knows.
        columns: Header of each column.
        rows: Best first.
        references: Guesses without pixels: a name and cells.
        reference_columns: Headers of these.
        published: What others have published: work, result, how it differs.
        notes: Sign and text of each footnote.
        pretrainings: How checkpoints were pretrained.
        explanation: What the ranks mean.
        data: For the script.
    """

    id: str
    title: str
    asked: str
    about: str
    apart: str
    part: str
    columns: Sequence[str]
    rows: Sequence[Row]
    references: Sequence[Sequence[Cell]]
    reference_columns: Sequence[str]
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
) -> Section:
    """Everything about one leaderboard.

    Args:
        board: The leaderboard.
        file_of: Where a record is kept; tables lie beside it.
        out: Folder of the page, which links start from.
        siblings: All leaderboards of its task, this among them; none where it stands alone.
        literature: What is known of the task beside its records.
    """
    first, known = board.first, literature or Literature()
    reference_columns, references = guesses(board)
    rows = [
        Row(
            id=row.record.id,
            name=encoder_name(row.record),
            cells=[*cells(row.record, board, number=number), *cost_cells(row.record)],
            signs="".join(mark.sign for mark in marks(row.record)),
            link=_link(file_of(row.record), out),
            reference=is_reference(row.record),
        )
        for number, row in enumerate(board.rows)
    ]
    details = details_of([row.record for row in board.rows], file_of)
    several = len(siblings) > 1
    return Section(
        id=_id(first),
        title=task_name(first) + (f", table {siblings.index(board) + 1} of {len(siblings)}" if several else ""),
        asked=known.description,
        about=measured_on(board),
        apart=f"Its tables can't be compared with each other: {why_apart(siblings)}." if several else "",
        part=part_of_task(first, known.size),
        columns=[*headings(board), *COST],
        rows=rows,
        references=references,
        reference_columns=reference_columns,
        published=[(one.work, f"{metric_name(one.metric)} {one.value}", one.difference) for one in known.results],
        notes=[
            (mark.sign, f"{mark.text} ({', '.join(encoder_name(record) for record in records)}).")
            for mark, records in footnotes(board)
        ],
        pretrainings=pretrainings(board),
        explanation=board.ranking.explanation,
        data=_data(board, details),
    )


@dataclass(frozen=True, kw_only=True)
class Details:
    """Tables of all rows of a leaderboard, on one list of classes.

    Attributes:
        measure: What is told of each class: `recall`, `average precision`; empty where nothing is.
        classes: Their names.
        support: Test images of each.
        scores: For each row, the measure of each class in percent; None where the row has no table.
        matrices: For each row the cells target, prediction, count one after the other; None where there is none.
    """

    measure: str
    classes: Sequence[str]
    support: Sequence[int]
    scores: Sequence[Sequence[float | None] | None]
    matrices: Sequence[Sequence[int] | None]

    def as_data(self) -> dict[str, Any]:
        """For the script."""
        return {
            "measure": self.measure,
            "classes": list(self.classes),
            "support": list(self.support),
            "scores": self.scores,
            "matrices": self.matrices,
        }


def _data(board: Board, details: Details) -> dict[str, Any]:
    first = board.first
    scale = 100 if first.primary.unit == "fraction" else 1
    numbers = {row.record.id: number for number, row in enumerate(board.rows)}
    return {
        "unit": "points" if scale > 1 else first.primary.unit,
        "axis": f"{metric_name(first.primary_metric)} ({unit(first.primary)})",
        "rows": [
            {
                "name": encoder_name(row.record),
                "value": _short(scale * row.record.primary.value),
                "ci": [_short(scale * end) for end in row.record.primary.ci95],
                "parameters": row.record.encoder.parameters,
                "speed": row.record.timing.images_per_s and _short(row.record.timing.images_per_s),
                "features": row.record.encoder.feature_dim,
                "untested": board.ranking.untested.get(row.record.id, ""),
            }
            for row in board.rows
        ],
        # Better, worse, difference, its interval, p, p corrected, whether the two can be told apart.
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
        **details.as_data(),
    }


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def _id(record: Record) -> str:
    """The same on every build, and unlike any other leaderboard's."""
    return f"b{hashlib.sha256(chr(0).join(map(str, record.board)).encode()).hexdigest()[:10]}"


def _link(file: Path, out: Path) -> str:
    if not file.is_file():
        return ""
    here, there = out.resolve(), file.resolve()
    up = next((level for level, folder in enumerate([here, *here.parents]) if there.is_relative_to(folder)), None)
    # Further up it would only work on this machine.
    if up is None or up > 2:
        return ""
    return "/".join([*[".."] * up, *there.relative_to([here, *here.parents][up]).parts])


def details_of(records: Sequence[Record], file_of: Callable[[Record], Path]) -> Details:
    """Read the tables of the records of one leaderboard; a table that is absent or damaged is left out."""
    tables = [_table(record, "classes", file_of) for record in records]
    first = next((table for table in tables if table is not None), None)
    if first is None:
        return Details(measure="", classes=(), support=(), scores=[None] * len(records), matrices=[None] * len(records))
    column = "average_precision" if "average_precision" in first else "recall"
    classes = [str(name) for name in first["class"]]
    numbers = {name: number for number, name in enumerate(classes)}
    scores = [None if table is None else _scores(table, column, numbers) for table in tables]
    matrices = [
        _matrix(record, numbers, file_of) if number < _WITH_MATRIX and len(classes) <= _LARGEST_MATRIX else None
        for number, record in enumerate(records)
    ]
    return Details(
        measure=column.replace("_", " "),
        classes=classes,
        support=[int(count or 0) for count in first["support"]],
        scores=scores,
        matrices=matrices,
    )


def _scores(table: dict[str, list[Any]], column: str, numbers: dict[str, int]) -> list[float | None] | None:
    if column not in table:
        return None
    found: list[float | None] = [None] * len(numbers)
    for name, value in zip(table["class"], table[column], strict=True):
        if name in numbers and value is not None:
            found[numbers[name]] = round(100 * float(value), 1)
    return found


def _matrix(record: Record, numbers: dict[str, int], file_of: Callable[[Record], Path]) -> list[int] | None:
    table = _table(record, "confusion", file_of)
    if table is None or not {"target", "prediction", "count"} <= table.keys():
        return None
    cells: list[int] = []
    for target, prediction, count in zip(table["target"], table["prediction"], table["count"], strict=True):
        if target in numbers and prediction in numbers:
            cells += [numbers[target], numbers[prediction], int(count)]
    return cells


def _table(record: Record, name: TableName, file_of: Callable[[Record], Path]) -> dict[str, list[Any]] | None:
    """A table that is the one of the record; None if it is not there."""
    state, file = record.tables.get(name), file_of(record).with_suffix(f".{name}.parquet")
    try:
        if state is None or file.stat().st_size > _LARGEST_FILE or sha256_of(file) != state.sha256:
            return None
        table: dict[str, list[Any]] = pq.read_table(file).to_pydict()
    except (OSError, ValueError, pa.ArrowException):
        return None
    return table if "class" in table or "target" in table else None
