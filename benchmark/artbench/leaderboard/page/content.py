"""What stands on the page: plain data, ready for the template and for the script."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from artbench.leaderboard.board import Board
from artbench.leaderboard.marks import footnotes, marks
from artbench.leaderboard.page.details import Details, details_of
from artbench.leaderboard.ranking import direction
from artbench.leaderboard.tables import other_metrics
from artbench.records.outcomes import Metric
from artbench.records.record import Record
from artbench.records.wording import amount, encoder_name, metric_name, pretraining_name, task_name, unit


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell of a table.

    Attributes:
        text: What is read.
        key: What is sorted by: a number or a text; None stands last.
        strong: Whether it is the one that ranks.
    """

    text: str
    key: float | str | None
    strong: bool = False


@dataclass(frozen=True, kw_only=True)
class Row:
    """One record.

    Attributes:
        id: Of the record.
        name: Backbone and pretraining.
        cells: One for each column.
        signs: Of its marks.
        link: To the record's file, relative to the page; empty if it is elsewhere.
    """

    id: str
    name: str
    cells: Sequence[Cell]
    signs: str
    link: str


@dataclass(frozen=True, kw_only=True)
class Section:
    """One leaderboard.

    Attributes:
        id: For the address.
        title: Task and protocol.
        about: What was measured, in a paragraph.
        columns: Header of each column.
        rows: Best first.
        references: Guesses without pixels: a name and cells.
        reference_columns: Headers of these.
        notes: Sign and text of each footnote.
        explanation: What the ranks mean.
        data: For the script.
    """

    id: str
    title: str
    about: str
    columns: Sequence[str]
    rows: Sequence[Row]
    references: Sequence[Sequence[Cell]]
    reference_columns: Sequence[str]
    notes: Sequence[tuple[str, str]]
    explanation: str
    data: dict[str, Any] = field(repr=False)


def section(board: Board, *, file_of: Callable[[Record], Path], out: Path) -> Section:
    """Everything about one leaderboard.

    Args:
        board: The leaderboard.
        file_of: Where a record is kept; tables lie beside it.
        out: Folder of the page, which links start from.
    """
    first, others = board.first, other_metrics(board.first)
    primary = metric_name(first.primary_metric)
    columns = [
        "rank",
        "backbone",
        "pretraining",
        f"{primary} {unit(first.primary)} [95 % interval]",
        *(f"{metric_name(name)} {unit(first.metrics[name])}" for name in others),
        f"kNN {primary} {unit(first.primary)}",
        "parameters",
        "features",
        "images/s",
        "device",
    ]
    rows = [
        Row(
            id=row.record.id,
            name=encoder_name(row.record),
            cells=_cells(row.record, others, place=board.place_of(row.record), number=number),
            signs="".join(mark.sign for mark in marks(row.record)),
            link=_link(file_of(row.record), out),
        )
        for number, row in enumerate(board.rows)
    ]
    details = details_of([row.record for row in board.rows], file_of)
    return Section(
        id=_id(first),
        title=task_name(first),
        about=_about(board),
        columns=columns,
        rows=rows,
        references=_references(board, others),
        reference_columns=["no pixels", columns[3], *columns[4 : 4 + len(others)]],
        notes=[
            (mark.sign, f"{mark.text} ({', '.join(encoder_name(record) for record in records)}).")
            for mark, records in footnotes(board)
        ],
        explanation=board.ranking.explanation,
        data=_data(board, details),
    )


def _cells(record: Record, others: Sequence[str], *, place: object, number: int) -> list[Cell]:
    speed = record.timing.images_per_s
    return [
        Cell(text=str(place), key=number),
        Cell(text=record.backbone, key=record.backbone),
        Cell(text=pretraining_name(record), key=pretraining_name(record)),
        Cell(text=amount(record.primary), key=record.primary.value, strong=True),
        *(_metric(record.metrics.get(name)) for name in others),
        _metric(record.neighbours.metrics.get(record.primary_metric)),
        Cell(text=parameters(record.encoder.parameters), key=record.encoder.parameters),
        Cell(text=f"{record.encoder.feature_dim:,}", key=record.encoder.feature_dim),
        Cell(text="" if speed is None else f"{speed:.1f}" if speed < 100 else f"{speed:,.0f}", key=speed),
        Cell(text=record.provenance.hardware, key=record.provenance.hardware),
    ]


def _metric(metric: Metric | None) -> Cell:
    if metric is None:
        return Cell(text="", key=None)
    return Cell(text=amount(metric).partition(" ")[0], key=metric.value)


def _references(board: Board, others: Sequence[str]) -> list[list[Cell]]:
    known = [row.record for row in board.rows if row.record.references]
    if not known:
        return []
    newest = max(known, key=lambda record: record.provenance.created)
    rows = []
    for reference in newest.references:
        primary = reference.metrics.get(newest.primary_metric)
        shown = Cell(text="", key=None) if primary is None else Cell(text=amount(primary), key=None, strong=True)
        rows.append(
            [Cell(text=reference.name, key=None), shown, *(_metric(reference.metrics.get(name)) for name in others)]
        )
    return rows


def _about(board: Board) -> str:
    first, data = board.first, board.first.dataset
    partial = " (a partial copy)" if data.partial else ""
    classes = f", {data.classes:,} classes" if data.classes else ""
    return (
        f"Protocol {first.protocol} ({first.protocol_hash[:12]}), task version {first.task_version}. Data: {data.name}"
        f"{partial}, state {data.fingerprint[:12]}: {data.train:,} training and {data.test:,} test images{classes}."
    )


def _data(board: Board, details: Details) -> dict[str, Any]:
    first = board.first
    scale = 100 if first.primary.unit == "fraction" else 1
    numbers = {row.record.id: number for number, row in enumerate(board.rows)}
    return {
        "metric": metric_name(first.primary_metric),
        "unit": "points" if scale > 1 else first.primary.unit,
        "axis": f"{metric_name(first.primary_metric)} ({unit(first.primary)})",
        "scale": scale,
        "higher": direction(first.primary_metric) > 0,
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


def parameters(count: int) -> str:
    """`23.5 M`, or all digits of few."""
    return f"{count:,}" if count < 100_000 else f"{count / 1e6:.1f} M"
