"""From plain data to `index.html`."""

from collections.abc import Callable, Sequence
from pathlib import Path

from plotly.offline import get_plotlyjs

from artbench.leaderboard.board import Board
from artbench.leaderboard.page.content import section
from artbench.pages.page import html, part
from artbench.records.record import Record

PAGE = "index.html"
_HERE = "artbench.leaderboard.page"


def html_page(boards: Sequence[Board], *, file_of: Callable[[Record], Path], out: Path) -> dict[str, str]:
    """`index.html` by its name: self-contained, the same bytes for the same records.

    Args:
        boards: All leaderboards.
        file_of: Where a record is kept.
        out: Folder that the page is going to be in.
    """
    sections = [section(board, file_of=file_of, out=out) for board in boards]
    text = html(
        _HERE,
        "boards.html.jinja",
        style="boards.css",
        scripts=[get_plotlyjs(), part(_HERE, "page.js")],
        data={each.id: each.data for each in sections},
        sections=sections,
    )
    return {PAGE: text}
