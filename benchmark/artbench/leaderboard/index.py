"""The list of all tasks."""

from collections import Counter
from collections.abc import Mapping, Sequence

from artbench.leaderboard.board import Board
from artbench.leaderboard.literature import Literature
from artbench.leaderboard.notes import part_of_task
from artbench.records.format import amount, encoder_name, metric_name
from artbench.records.outcomes import Metric
from artbench.runtime.text import escape, file_name

_INTRODUCTION = (
    "Frozen encoders, judged by a linear probe on each task. Only records of one table can be compared: they share the "
    "task, the protocol and the state of the data. “Not told from it” counts the records whose distance from the best "
    "value may be chance."
)
_HEADER = "| task | what is asked | protocol | test images | records | best value | of | not told from it |"


def index_page(
    boards: Sequence[Board], *, literature: Mapping[str, Literature] | None = None, overall: str = ""
) -> str:
    """The list of all tasks, with the encoder at the top of each table.

    Args:
        boards: All leaderboards.
        literature: What is asked in a task, and how large it is, by its name.
        overall: File name of the page of all tasks; empty if there is none.
    """
    lines = ["# Leaderboards", "", _INTRODUCTION, "", _HEADER, "|---|---|---|--:|--:|--:|---|--:|"]
    hashes = Counter(
        protocol for _, protocol in {(board.first.protocol_hash, board.first.protocol) for board in boards}
    )
    for board in boards:
        best = board.first
        known = (literature or {}).get(best.task, Literature())
        protocol = escape(best.protocol) + (f" ({best.protocol_hash[:12]})" if hashes[best.protocol] > 1 else "")
        partial = " (a partial copy)" if best.dataset.partial else ""
        cells = [
            f"[{escape(best.task)}]({file_name(best.task)}){partial}",
            escape(known.description),
            protocol,
            _images(board, known),
            f"{len(board.rows)}",
            f"{metric_name(best.primary_metric)} {amount(best.primary)}{_years(best.primary)}",
            escape(encoder_name(best)),
            _tied(board),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    datasets = {board.first.dataset.name: (literature or {}).get(board.first.task, Literature()) for board in boards}
    described = [f"- {escape(name)}: {escape(known.dataset)}." for name, known in datasets.items() if known.dataset]
    lines += ["", *described] if described else []
    if overall:
        lines += ["", f"[All tasks side by side]({overall})"]
    return "\n".join(lines) + "\n"


def page_names(boards: Sequence[Board]) -> dict[str, list[Board]]:
    """The file name of each task's page, and the boards on it."""
    pages: dict[str, list[Board]] = {}
    for board in boards:
        pages.setdefault(file_name(board.first.task), []).append(board)
    return pages


def _images(board: Board, known: Literature) -> str:
    """How many are tested on; of how many, where it is a part of the task."""
    first = board.first
    whole = f" of {known.size.test:,}" if known.size is not None and part_of_task(first, known.size) else ""
    return f"{first.dataset.test:,}{whole}"


def _tied(board: Board) -> str:
    """How many the tests can't tell from the first; blank where nothing could be tested."""
    best = board.first.id
    pairs = [pair for pair in board.ranking.pairs if best in (pair.better, pair.worse)]
    return f"{sum(not pair.distinguishable for pair in pairs)}" if pairs else ""


def _years(metric: Metric) -> str:
    return " years" if metric.unit == "years" else ""
