"""What stands on the page of a task."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from artbench.leaderboard.board import Board
from artbench.leaderboard.page.content import Section
from artbench.records.format import encoder_name
from artbench.records.record import Record
from artbench.report.explained import CollectionMap, Gradcam

# Rows whose classes stand side by side, and whose matrices are drawn.
BEST = 3


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """The figure of what a probe takes for what.

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
        gradcam: Its Grad-CAM, if it was made.
        map: Its map, if it was made.
        missing: What could not be made, and why.
    """

    name: str
    id: str
    link: str
    gradcam: Gradcam | None
    map: CollectionMap | None
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
