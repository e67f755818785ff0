"""The list of all tasks."""

from collections import Counter
from collections.abc import Sequence

from artbench.leaderboard.board import Board
from artbench.leaderboard.text import escape, file_name
from artbench.records.outcomes import Metric
from artbench.records.wording import amount, encoder_name, metric_name


def index_page(boards: Sequence[Board], *, overall: str = "") -> str:
    """The list of all tasks, with the encoder at the top of each table; `overall` names the page of all."""
    lines = ["# Leaderboards", "", "| task | protocol | test images | records | best | |", "|---|---|--:|--:|---|--:|"]
    hashes = Counter(
        protocol for _, protocol in {(board.first.protocol_hash, board.first.protocol) for board in boards}
    )
    for board in boards:
        best, rows = board.first, len(board.rows)
        task, result = (
            escape(best.task),
            f"{metric_name(best.primary_metric)} {amount(best.primary)}{_years(best.primary)}",
        )
        protocol = escape(best.protocol) + (f" ({best.protocol_hash[:12]})" if hashes[best.protocol] > 1 else "")
        partial = " (a partial copy)" if best.dataset.partial else ""
        lines.append(
            f"| [{task}]({file_name(best.task)}){partial} | {protocol} | {best.dataset.test:,} | {rows} "
            f"| {escape(encoder_name(best))} | {result} |"
        )
    if overall:
        lines += ["", f"[All tasks side by side]({overall})"]
    return "\n".join(lines) + "\n"


def page_names(boards: Sequence[Board]) -> dict[str, list[Board]]:
    """The file name of each task's page, and the boards on it."""
    pages: dict[str, list[Board]] = {}
    for board in boards:
        pages.setdefault(file_name(board.first.task), []).append(board)
    return pages


def _years(metric: Metric) -> str:
    return " years" if metric.unit == "years" else ""
