"""The tables on the page of a task, as lines of Markdown."""

from collections.abc import Iterable, Sequence

from artbench.leaderboard.board import Board
from artbench.leaderboard.columns import BACKBONE, PRIMARY, Cell, cells, guesses, headings
from artbench.leaderboard.marks import footnotes, marks
from artbench.records.format import encoder_name, metric_name, unit
from artbench.records.record import Record
from artbench.runtime.text import escape
from artbench.specs import INITIALISATION, PublishedResult


def ranked_tables(board: Board) -> list[str]:
    """The ranked rows; below them, in a table of their own, those of encoders that have learnt nothing."""
    rows = list(enumerate(row.record for row in board.rows))
    learnt, untrained = ([row for row in rows if is_reference(row[1]) == apart] for apart in (False, True))
    lines = _table(board, learnt) if learnt else []
    if untrained:
        said = "For comparison, encoders that have learnt nothing; their ranks are those among all rows:"
        lines += [*([""] if learnt else []), said, "", *_table(board, untrained)]
    return lines


def is_reference(record: Record) -> bool:
    """Whether a row is there for comparison: nothing was learnt by its encoder."""
    return record.encoder.source == INITIALISATION or not record.encoder.parameters


def reference_table(board: Board) -> list[str]:
    """What guesses score that look at no picture, in a table of their own."""
    header, rows = guesses(board)
    if not rows:
        return []
    titles = [escape(title) for title in header]
    titles[1] = _primary_title(board.first)
    return ["", _line(titles), "|---|" + "--:|" * (len(header) - 1), *(_line(map(_shown, row)) for row in rows)]


def literature_table(results: Sequence[PublishedResult]) -> list[str]:
    """What others have published, which no row here can be ranked against."""
    if not results:
        return []
    lines = ["| published elsewhere, not comparable | | how it differs |", "|---|--:|---|"]
    lines += [
        f"| {escape(one.work)} | {escape(metric_name(one.metric))} {escape(one.value)} | {escape(one.difference)} |"
        for one in results
    ]
    return ["", *lines]


def footnote_lines(board: Board) -> list[str]:
    """What the marks of a table mean, and whose they are."""
    found = footnotes(board)
    if not found:
        return []
    lines = []
    for mark, records in found:
        names = ", ".join(escape(encoder_name(record)) for record in records)
        lines.append(f"- {escape(mark.sign)} {escape(mark.text)} ({names}).")
    return [*lines, ""]


def _table(board: Board, rows: Sequence[tuple[int, Record]]) -> list[str]:
    header = headings(board)
    titles = [escape(title) for title in header]
    titles[PRIMARY] = _primary_title(board.first)
    lines = [_line(titles), "|" + "|".join(["--:", "---", "---", *["--:"] * (len(header) - 3)]) + "|"]
    for number, record in rows:
        shown = [_shown(cell) for cell in cells(record, board, number=number)]
        shown[BACKBONE] += escape("".join(mark.sign for mark in marks(record)))
        lines.append(_line(shown))
    return lines


def _line(texts: Iterable[str]) -> str:
    return f"| {' | '.join(texts)} |"


def _primary_title(record: Record) -> str:
    """The header of the metric that ranks; its brackets make no link."""
    return f"**{metric_name(record.primary_metric)}** {unit(record.primary)} [95 % interval]"


def _shown(cell: Cell) -> str:
    if not cell.strong:
        return escape(cell.text)
    value, _, interval = cell.text.partition(" ")
    return f"**{value}** {interval}"
