"""From plain data to the pages."""

from collections.abc import Sequence

from artbench.report.index_page import IndexPage
from artbench.report.task_page import TaskPage
from artbench.runtime.pages.page import html

_HERE, _BOARDS = "artbench.report", "artbench.leaderboard.page"


def index_html(page: IndexPage) -> str:
    """The first page; links are relative to it."""
    return html(_HERE, "index.html.jinja", also=(_BOARDS,), style="report.css", page=page, up="")


def task_html(page: TaskPage, pages: Sequence[TaskPage]) -> str:
    """The page of a task, one folder below the first page.

    Args:
        page: The page.
        pages: All of them, to lead from one to the next.
    """
    at = pages.index(page)
    return html(
        _HERE,
        "task.html.jinja",
        also=(_BOARDS,),
        style="report.css",
        page=page,
        up="../",
        before=pages[at - 1] if at else None,
        after=pages[at + 1] if at + 1 < len(pages) else None,
    )
