"""Content of the first page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from artbench.leaderboard.board import Board
from artbench.leaderboard.overall import chosen, lines
from artbench.records.format import amount, metric_name, unit
from artbench.records.record import Record, encoder_name, pretraining_name
from artbench.report.request import Kind


@dataclass(frozen=True, kw_only=True)
class OverallRow:
    """An encoder on all tasks.

    Attributes:
        rank: Average; empty where it is not on all.
        borda: Its count; likewise.
        backbone: Its backbone.
        pretraining: Its pretraining.
        values: On each task; empty where it was not measured.
    """

    rank: str
    borda: str
    backbone: str
    pretraining: str
    values: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Card:
    """A picture that leads to where there is more.

    Attributes:
        kind: What it is of.
        title: Above it.
        figure: File below the report's folder.
        link: Likewise.
        words: Under it.
    """

    kind: Kind
    title: str
    figure: str
    link: str
    words: str


@dataclass(frozen=True, kw_only=True)
class IndexPage:
    """The first page.

    Attributes:
        records: How many there are.
        columns: Of the overall table: metric and link to the page of each task.
        overall: Its rows; none where there are fewer than two tasks.
        tasks: `task_line` of each leaderboard.
        asked: Whether the records looked into were asked for, and not just the best.
        looked: Names of the records looked into.
        cards: Figures of them.
        filters: `filters_of` each backbone.
        without: Parts left out on the user's word.
        missing: What could not be made, and why.
    """

    records: int
    columns: Sequence[tuple[str, str, str]]
    overall: Sequence[OverallRow]
    tasks: Sequence[dict[str, Any]]
    asked: bool
    looked: Sequence[str]
    cards: Sequence[Card]
    filters: Sequence[dict[str, Any]]
    without: Sequence[str]
    missing: Sequence[tuple[str, str]]

    @property
    def kinds(self) -> set[Kind]:
        """What there are cards of."""
        return {card.kind for card in self.cards}


def overall_of(boards: Sequence[Board], links: dict[str, str]) -> tuple[list[tuple[str, str, str]], list[OverallRow]]:
    """The table of all tasks side by side: columns and rows; nothing where there are fewer than two tasks.

    Args:
        boards: All leaderboards.
        links: To the page of each task.
    """
    counted = chosen(boards)
    if len(counted) < 2:
        return [], []
    columns = [
        (first.task, f"{metric_name(first.primary_metric)} {unit(first.primary)}", links[first.task])
        for first in (board.first for board in counted)
    ]
    rows = [
        OverallRow(
            rank="" if line.rank is None else f"{line.rank:.2f}",
            borda="" if line.borda is None else f"{line.borda:g}",
            backbone=line.any.backbone,
            pretraining=pretraining_name(line.any),
            values=["" if record is None else _value(record) for record in line.records],
        )
        for line in lines(counted)
    ]
    return columns, rows


def task_line(board: Board, link: str) -> dict[str, Any]:
    """Describe a leaderboard in the list of all.

    Args:
        board: The leaderboard.
        link: To the page of its task, relative to the report's folder.
    """
    best = board.first
    return {
        "name": best.task,
        "link": link,
        "protocol": best.protocol,
        "test": best.dataset.test,
        "partial": best.dataset.partial,
        "records": len(board.rows),
        "best": encoder_name(best),
        "value": f"{metric_name(best.primary_metric)} {amount(best.primary)} {unit(best.primary)}",
    }


def _value(record: Record) -> str:
    return amount(record.primary).partition(" ")[0]
