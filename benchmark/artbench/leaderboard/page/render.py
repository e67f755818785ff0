"""Renders the leaderboards as `index.html`."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from plotly.offline import get_plotlyjs

from artbench.leaderboard.board import Board
from artbench.leaderboard.literature import Literature
from artbench.leaderboard.overall import overall
from artbench.leaderboard.page.content import section
from artbench.records.record import Record
from artbench.runtime.pages.page import html, part
from artbench.runtime.progress import Reporter

PAGE = "index.html"
_HERE = "artbench.leaderboard.page"


def html_page(
    boards: Sequence[Board],
    *,
    file_of: Callable[[Record], Path],
    out: Path,
    literature: Mapping[str, Literature] | None = None,
    reporter: Reporter | None = None,
) -> dict[str, str]:
    """Render the self-contained page, by its file name; the same records give the same bytes.

    Args:
        boards: All leaderboards.
        file_of: Returns the file of a record.
        out: Folder that the page will be in, which links start from.
        literature: What is known of a task besides its records, by name.
        reporter: Receives a notice for each table that can't be used.
    """
    sections = [
        section(
            board,
            siblings=[other for other in boards if other.first.task == board.first.task],
            literature=(literature or {}).get(board.first.task),
            file_of=file_of,
            out=out,
            reporter=reporter,
        )
        for board in boards
    ]
    text = html(
        _HERE,
        "boards.html.jinja",
        style="boards.css",
        scripts=[get_plotlyjs(), part(_HERE, "page.js")],
        data={each.id: each.data for each in sections},
        sections=sections,
        overall=overall(boards),
    )
    return {PAGE: text}
