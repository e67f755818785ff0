"""Content of the page of a task."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from artbench.explain.figure import GREY, LINE_INCHES, put_caption, square, text_line, wrapped
from artbench.leaderboard.board import Board
from artbench.leaderboard.page.content import Section
from artbench.records.record import Record, encoder_name
from artbench.runtime.text import printable

# Rows whose classes stand side by side, and whose matrices are drawn.
BEST = 3
# Inches.
_CELL, _LEAST, _MOST, _LABELS, _HEAD, _MARGIN = 0.42, 2.6, 9.0, 1.75, 0.55, 0.14
# Of a class's name; and how wide one of its letters is, as a share of their height.
_LONGEST, _LETTER = 28, 0.65
# Above so many classes a number does not fit its cell.
_NUMBERED = 16
_HALF = 50.0  # percent, from which a cell is so dark that its number is white


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """Figure of a confusion matrix.

    Attributes:
        name: Backbone and pretraining.
        figure: File below the report's folder.
        most: What is taken for what most often, in words.
    """

    name: str
    figure: str
    most: str


@dataclass(frozen=True, kw_only=True)
class Classes:
    """How the classes fare with the best rows.

    Attributes:
        measure: `recall`, `average precision`.
        names: Backbone and pretraining of each row.
        rows: Class, test images, and the measure of each in percent; the class that fares worst first.
    """

    measure: str
    names: Sequence[str]
    rows: Sequence[tuple[str, int, Sequence[float | None]]]


@dataclass(frozen=True, kw_only=True)
class Looked:
    """A record that was looked into.

    Attributes:
        name: Backbone and pretraining.
        id: Of the record.
        link: To the copy of the record, below the report's folder.
        gradcam: `gradcam_of` the record, if it was made.
        map: `map_of` the record, if it was made.
        missing: What could not be made, and why.
    """

    name: str
    id: str
    link: str
    gradcam: dict[str, Any] | None
    map: dict[str, Any] | None
    missing: Sequence[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class BoardPart:
    """One leaderboard on a task's page.

    Attributes:
        section: The leaderboard, as on the page of all.
        classes: How the classes fare; None where no tables lie beside the records.
        matrices: Of the best rows and the records looked into.
        looked: The records looked into.
    """

    section: Section
    classes: Classes | None
    matrices: Sequence[Matrix]
    looked: Sequence[Looked]


@dataclass(frozen=True, kw_only=True)
class TaskPage:
    """A task.

    Attributes:
        name: Its name.
        file: Of its page.
        boards: Its leaderboards.
    """

    name: str
    file: str
    boards: Sequence[BoardPart] = field(default_factory=list)


def best_rows(board: Board, looked: Sequence[Record]) -> list[int]:
    """The numbers of the rows whose classes are shown: the best, and those looked into."""
    asked = {record.id for record in looked}
    return [number for number, row in enumerate(board.rows) if number < BEST or row.record.id in asked]


def classes_of(board: Board, numbers: Sequence[int], *, data: dict[str, Any]) -> Classes | None:
    """How the classes fare with some rows.

    Args:
        board: The leaderboard.
        numbers: Of its rows.
        data: `Section.data`.
    """
    numbers = [number for number in numbers if data["scores"][number] is not None]
    if not numbers:
        return None
    rows = [
        (name, images, [data["scores"][number][at] for number in numbers])
        for at, (name, images) in enumerate(zip(data["classes"], data["support"], strict=True))
        if images
    ]
    return Classes(
        measure=data["measure"],
        names=[encoder_name(board.rows[number].record) for number in numbers],
        rows=sorted(rows, key=lambda row: (row[2][0] is None, row[2][0] or 0, row[0])),
    )


def most_taken(cells: Sequence[int], classes: Sequence[str], *, count: int = 3) -> str:
    """What is taken for what most often, in words."""
    errors = sorted(
        (-cells[at + 2], cells[at], cells[at + 1]) for at in range(0, len(cells), 3) if cells[at] != cells[at + 1]
    )[:count]
    if not errors:
        return "Nothing was taken for anything else."
    said = ", ".join(f"{classes[target]} for {classes[taken]} ({-times})" for times, target, taken in errors)
    return f"Most often taken for another: {said}."


def confusion_figure(
    cells: Sequence[int], classes: Sequence[str], *, support: Sequence[int], title: str, caption: Sequence[str]
) -> Figure:
    """Draw a confusion matrix: rows are true classes, columns predicted ones, in percent of the row.

    Args:
        cells: Target, prediction, count, one after the other.
        classes: Their names.
        support: Test images of each.
        title: Above it.
        caption: Lines under it.
    """
    counts = np.zeros((len(classes), len(classes)), np.int64)
    for target, taken, count in np.reshape(cells, (-1, 3)).tolist():
        counts[target, taken] = count
    there = np.flatnonzero(counts.any(axis=0) | counts.any(axis=1))
    shares = 100 * counts[np.ix_(there, there)] / np.maximum(np.array(support)[there, None], 1)
    if len(there) < len(classes):
        caption = [
            *caption,
            f"{len(classes) - len(there)} classes are left out that no test image has or is taken for.",
        ]
    classes = [classes[at] for at in there.tolist()]
    side = float(np.clip(_CELL * len(classes), _LEAST, _MOST))
    names = [name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…" for name in map(printable, classes)]
    size = float(np.clip(72 * side / len(classes) * 0.8, 3.5, 8))
    # What the longest name needs; at the left no less than the title does.
    under = _MARGIN + _LETTER * size / 72 * max(map(len, names))
    left = max(_LABELS, under)
    width = left + side + _MARGIN
    lines = wrapped(caption, width - 2 * _MARGIN)
    below = LINE_INCHES * len(lines) + 2 * _MARGIN
    height = _HEAD + side + under + below
    figure = Figure(figsize=(width, height), facecolor="white")
    text_line(figure, _MARGIN, height - 0.3, title, size=10, weight="bold")
    axes = square(figure, left, below + under, side)
    axes.set_axis_on()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=100, aspect="auto", interpolation="nearest")
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=size, parse_math=False)
    axes.set_yticks(range(len(names)), names, fontsize=size, parse_math=False)
    axes.tick_params(length=0)
    axes.spines[:].set_color("#cccccc")
    if len(classes) <= _NUMBERED:
        for row, column in np.argwhere(shares >= 0.5):
            share = shares[row, column]
            colour = "white" if share >= _HALF else "black"
            axes.text(column, row, f"{share:.0f}", ha="center", va="center", fontsize=7, color=colour)
    text_line(
        figure,
        _MARGIN,
        height - 0.47,
        "rows: what it is; columns: what it was taken for; % of the row",
        size=7,
        colour=GREY,
    )
    put_caption(figure, lines, left=_MARGIN, top=below - _MARGIN)
    return figure
