"""Leaderboards as Markdown pages: one per task, and a list of all; the same records give the same bytes."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from artbench.leaderboard.board import Board
from artbench.leaderboard.columns import (
    BACKBONE,
    PRIMARY,
    Cell,
    cells,
    guesses,
    headings,
    label_free_cells,
    label_free_headings,
)
from artbench.leaderboard.literature import Literature
from artbench.leaderboard.notes import footnotes, marks, measured_on, part_of_task, pretrainings, table_names, why_apart
from artbench.leaderboard.seen import is_reference
from artbench.records.format import amount, metric_name, unit
from artbench.records.record import Record, backbone_name, encoder_name, pretraining_name
from artbench.runtime.text import escape, escape_name, file_name
from artbench.specs import PublishedResult

_INTRODUCTION = (
    "Frozen encoders, each measured on a task under a protocol. Only records of one table can be compared: they share "
    "the task, the protocol and the state of the data. “Tied with it” counts the records whose distance from the best "
    "value may be chance."
)
_HEADER = "| task | what is asked | protocol | test images | records | best value | encoder | tied with it |"


def task_page(boards: Sequence[Board], literature: Literature | None = None) -> str:
    """Render the page of one task, with a table for each state of the data and each protocol.

    Args:
        boards: Leaderboards of the task.
        literature: What is known of the task besides its records.
    """
    known = literature or Literature()
    parts = [f"# {escape_name(boards[0].first.task)}", ""]
    if known.description:
        parts += [escape(f"{known.description[:1].upper()}{known.description[1:]}."), ""]
    if len(boards) > 1:
        why = escape_name(why_apart(boards))
        parts += [f"{len(boards)} tables, since their records can't be compared with each other: {why}.", ""]
    for board, name in zip(boards, table_names(boards), strict=True):
        parts += [f"## {escape_name(name)}", ""] if name else []
        if part := part_of_task(board.first, known.size):
            parts += [f"**{part}**", ""]
        parts += [*_ranked_tables(board), *_reference_table(board), *_literature_table(known.results)]
        parts += [*_label_free_table(board), ""]
        notes = [
            f"- {escape(f'{mark.sign} {mark.text}')} ({escape_name('; '.join(map(encoder_name, records)))})."
            for mark, records in footnotes(board)
        ]
        parts += [*notes, ""] if notes else []
        if trained := pretrainings(board):
            parts += ["How checkpoints were pretrained:", "", *(f"- {escape_name(item)}" for item in trained), ""]
        if said := board.ranking.explanation:
            parts += [escape_name(said), ""]
        parts += [escape_name(measured_on(board)), ""]
    return "\n".join(parts)


def _ranked_tables(board: Board) -> list[str]:
    """Render the ranked rows, and below them a table of encoders that have learnt nothing."""
    rows = list(enumerate(row.record for row in board.rows))
    learnt, untrained = ([row for row in rows if is_reference(row[1]) == apart] for apart in (False, True))
    lines = _table(board, learnt) if learnt else []
    if untrained:
        said = "For comparison, encoders that have learnt nothing; their ranks are those among all rows:"
        lines += [*([""] if learnt else []), said, "", *_table(board, untrained)]
    return lines


def _reference_table(board: Board) -> list[str]:
    """Render the scores of guesses without pixels."""
    header, rows = guesses(board)
    if not rows:
        return []
    titles = [escape_name(title) for title in header]
    titles[1] = _primary_title(board.first)
    return ["", _line(titles), "|---|" + "--:|" * (len(header) - 1), *(_line(map(_shown, row)) for row in rows)]


def _label_free_table(board: Board) -> list[str]:
    """Render the label-free figures in a table of their own, so that the ranked one stays narrow."""
    header = label_free_headings(board)
    if not header:
        return []
    said = (
        "What the features of the test images are like, without fitting anything. Compare ranks and dimensions for the "
        "same numbers of images and of features only:"
    )
    titles = ["backbone", "pretraining", *header, "images", "features"]
    lines = ["", said, "", _line(titles), "|---|---|" + "--:|" * (len(titles) - 2)]
    for record in (row.record for row in board.rows):
        if (found := record.label_free) is not None:
            figures = [_shown(cell) for cell in label_free_cells(record, board)]
            names = escape_name(backbone_name(record)), escape_name(pretraining_name(record))
            lines.append(_line([*names, *figures, f"{found.images:,}", f"{found.dimensions:,}"]))
    return lines


def _literature_table(results: Sequence[PublishedResult]) -> list[str]:
    """Render published results, which can't be ranked together with the rows."""
    if not results:
        return []
    rows = ([one.work, f"{metric_name(one.metric)} {one.value}", one.difference] for one in results)
    header = ["", "| published elsewhere, not comparable | | how it differs |", "|---|--:|---|"]
    return [*header, *(_line(map(escape, row)) for row in rows)]


def _table(board: Board, rows: Sequence[tuple[int, Record]]) -> list[str]:
    header = headings(board)
    titles = [escape_name(title) for title in header]
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
    """Return the header of the metric that ranks, unescaped: its brackets make no link."""
    interval = " [95 % interval]" if record.primary.ci95 is not None else ""
    return f"**{escape_name(metric_name(record.primary_metric))}** {unit(record.primary)}".rstrip() + interval


def _shown(cell: Cell) -> str:
    if not cell.strong:
        return escape_name(cell.text)
    value, _, interval = cell.text.partition(" ")
    return f"**{value}** {interval}"


def index_page(
    boards: Sequence[Board], *, literature: Mapping[str, Literature] | None = None, overall: str = ""
) -> str:
    """Render the list of all tasks, with the best encoder of each table.

    Args:
        boards: All leaderboards.
        literature: What is known of a task besides its records, by name.
        overall: File name of the page of all tasks side by side; empty if there is none.
    """
    lines = ["# Leaderboards", "", _INTRODUCTION, "", _HEADER, "|---|---|---|--:|--:|--:|---|--:|"]
    hashes = Counter(name for _, name in {(board.first.protocol_hash, board.first.protocol) for board in boards})
    for board in boards:
        best = board.first
        known = (literature or {}).get(best.task, Literature())
        protocol = escape_name(best.protocol) + (f" ({best.protocol_hash[:12]})" if hashes[best.protocol] > 1 else "")
        partial = " (a partial copy)" if best.dataset.partial else ""
        word = "" if best.primary.unit == "fraction" else f" {unit(best.primary)}".rstrip()
        cells = [
            f"[{escape_name(best.task)}]({file_name(best.task)}){partial}",
            escape(known.description),
            protocol,
            _images(board, known),
            f"{len(board.rows)}",
            f"{escape_name(metric_name(best.primary_metric))} {amount(best.primary)}{word}" if board.led else "",
            escape_name(encoder_name(best)) if board.led else "",
            _tied(board),
        ]
        lines.append(_line(cells))
    datasets = {board.first.dataset.name: (literature or {}).get(board.first.task, Literature()) for board in boards}
    described = [
        f"- {escape_name(name)}: {escape(known.dataset)}." for name, known in datasets.items() if known.dataset
    ]
    lines += ["", *described] if described else []
    if overall:
        lines += ["", f"[All tasks side by side]({overall})"]
    return "\n".join(lines) + "\n"


def page_names(boards: Sequence[Board]) -> dict[str, list[Board]]:
    """Return the leaderboards on each page, by its file name."""
    pages: dict[str, list[Board]] = {}
    for board in boards:
        pages.setdefault(file_name(board.first.task), []).append(board)
    return pages


def _images(board: Board, known: Literature) -> str:
    """Return the number of test images, and of the whole task if this is a part."""
    first = board.first
    whole = f" of {known.size.test:,}" if known.size is not None and part_of_task(first, known.size) else ""
    return f"{first.dataset.test:,}{whole}"


def _tied(board: Board) -> str:
    """Return how many rows the tests can't tell from the first; empty if nothing could be tested."""
    best = board.first.id
    pairs = [pair for pair in board.ranking.pairs if best in (pair.better, pair.worse)]
    return f"{sum(not pair.distinguishable for pair in pairs)}" if pairs else ""
