"""Builds the pages of a report from leaderboards and the outcomes of its parts.

The templates read the dictionaries here by key; files are named relative to the report's folder.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from artbench.explain.figure import write_png
from artbench.leaderboard.board import Board
from artbench.leaderboard.literature import Literature
from artbench.leaderboard.markdown import page_names
from artbench.leaderboard.overall import overall
from artbench.leaderboard.page.content import section
from artbench.records.folder import ResultsFolder
from artbench.records.format import heading, measured
from artbench.records.record import Record, encoder_name, task_name
from artbench.report.confusion import confusion_figure, most_confused
from artbench.report.explained import filters_of, gradcam_of, labels_of, map_of
from artbench.report.parts import Outcome
from artbench.report.plan import ChosenRecord, figures_of, labels_of_board
from artbench.report.request import KINDS, Kind
from artbench.runtime.pages.page import html

INDEX, TASKS = "index.html", "tasks"
# Number of rows whose classes stand side by side and whose matrices are drawn.
_BEST = 3
_Content: TypeAlias = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """All that a report shows.

    Attributes:
        boards: All leaderboards.
        chosen: The records looked into.
        named: Whether the user named these records; if not, they are the best of each task.
        outcomes: What became of each part.
        without: Parts that the user left out.
        copies: The report's folder, with copies of the records.
        dpi: Resolution of the confusion matrices in dots per inch.
        literature: What is known of tasks besides their records.
        title: Title of the first page.
    """

    boards: Sequence[Board]
    chosen: Sequence[ChosenRecord]
    named: bool
    outcomes: Sequence[Outcome]
    without: Sequence[Kind]
    copies: ResultsFolder
    dpi: int
    literature: Mapping[str, Literature]
    title: str


def report_pages(gathered: Gathered, *, advance: Callable[[], None]) -> dict[str, str]:
    """Draw the confusion matrices and render the pages.

    Args:
        gathered: What is shown.
        advance: Called after each leaderboard.

    Returns:
        Text of each page by its path below the report's folder: one page a task, then the first page, so that all it
        links to is written before it.

    Raises:
        ArtbenchError: A figure can't be written.
    """
    pages: list[_Content] = []
    for name, boards in page_names(gathered.boards).items():
        parts = []
        for board in boards:
            parts.append(_board_part(board, gathered))
            advance()
        pages.append({"name": boards[0].first.task, "file": f"{TASKS}/{Path(name).stem}.html", "boards": parts})
    neighbours = zip(pages, [None, *pages], [*pages[1:], None], strict=False)
    texts = {
        page["file"]: _html("task", page=page, title=gathered.title, up="../", before=before, after=after)
        for page, before, after in neighbours
    }
    return {**texts, INDEX: _html("index", page=_index(gathered, pages), title=gathered.title, up="")}


def _html(template: str, **content: Any) -> str:
    also = ("artbench.leaderboard.page",)
    return html("artbench.report", f"{template}.html.jinja", also=also, style="report.css", **content)


def _index(gathered: Gathered, pages: Sequence[_Content]) -> _Content:
    links = {page["name"]: page["file"] for page in pages}
    together, out = overall(gathered.boards), gathered.copies.path
    done = [outcome for outcome in gathered.outcomes if outcome.state != "failed"]
    cards = [card for page in pages for part in page["boards"] for one in part["looked"] for card in _cards(page, one)]
    return {
        "records": sum(len(board.rows) for board in gathered.boards),
        "columns": [
            (first.task, heading(first.primary_metric, first.primary), links[first.task])
            for first in ([] if together is None else [board.first for board in together.boards])
        ],
        "overall": together,
        "tasks": [_task_line(board, links[board.first.task]) for board in gathered.boards],
        "named": gathered.named,
        "looked": [str(one) for one in gathered.chosen],
        "cards": cards,
        "kinds": {card["kind"] for card in cards},
        "filters": [filters_of(outcome, out) for outcome in done if outcome.part.kind == "filters"],
        "without": [KINDS[kind] for kind in gathered.without],
        "missing": [(str(outcome.part), outcome.reason) for outcome in gathered.outcomes if outcome.state == "failed"],
    }


def _task_line(board: Board, link: str) -> _Content:
    best = board.first
    return {
        "name": best.task,
        "link": link,
        "protocol": best.protocol,
        "test": best.dataset.test,
        "partial": best.dataset.partial,
        "records": len(board.rows),
        "best": encoder_name(best) if board.led else "",
        "value": measured(best.primary_metric, best.primary) if board.led else "",
    }


def _board_part(board: Board, gathered: Gathered) -> _Content:
    ids = [row.record.id for row in board.rows]
    looked = [one for one in gathered.chosen if one.record.id in ids]
    known = gathered.literature.get(board.first.task)
    shown = section(board, file_of=gathered.copies.file_of, out=gathered.copies.path / TASKS, literature=known)
    explained = {one.record.id for one in looked}
    rows = [number for number, name in enumerate(ids) if number < _BEST or name in explained]
    return {
        "section": shown,
        "classes": _classes(board, rows, data=shown.data),
        "matrices": [
            _matrix(board.rows[number].record, shown.data, cells, gathered)
            for number in rows
            if (cells := shown.data["matrices"][number])
        ],
        "looked": [_explained_record(one, gathered) for one in looked],
        **_labels(board, gathered),
    }


def _labels(board: Board, gathered: Gathered) -> _Content:
    """Collect the images that look mislabelled; `labels` is None if they were not looked for, or could not be."""
    folder = labels_of_board(board, gathered.copies)
    outcome = next((one for one in gathered.outcomes if one.part.folder == folder), None)
    if outcome is None or outcome.state == "failed":
        return {"labels": None, "labels_missing": "" if outcome is None else outcome.reason}
    return {"labels": labels_of(outcome, gathered.copies.path), "labels_missing": ""}


def _classes(board: Board, numbers: Sequence[int], *, data: dict[str, Any]) -> _Content | None:
    """Return the scores of some rows by class, the worst class of the first row first; None without tables."""
    numbers = [number for number in numbers if data["scores"][number] is not None]
    if not numbers:
        return None
    rows = [
        (name, images, [data["scores"][number][at] for number in numbers])
        for at, (name, images) in enumerate(zip(data["classes"], data["support"], strict=True))
        if images
    ]
    return {
        "measure": data["measure"],
        "names": [encoder_name(board.rows[number].record) for number in numbers],
        "rows": sorted(rows, key=lambda row: (row[2][0] is None, row[2][0] or 0, row[0])),
    }


def _matrix(record: Record, data: dict[str, Any], cells: Sequence[int], gathered: Gathered) -> _Content:
    """Draw the confusion matrix of a record."""
    classes, name = data["classes"], encoder_name(record)
    file, title = figures_of(record, gathered.copies) / "confusion.png", f"{task_name(record)}: {name}"
    caption = [f"{record.dataset.test:,} test images. Record {record.id}."]
    figure = confusion_figure(cells, classes, support=data["support"], title=title, caption=caption)
    facts = {
        "Title": f"{title}, confusion matrix",
        "artbench-record": record.id,
        "artbench-weights": record.encoder.weights_sha256,
    }
    write_png(figure, gathered.copies.path / file, dpi=gathered.dpi, facts=facts)
    return {"name": name, "figure": file.as_posix(), "most": most_confused(cells, classes)}


def _explained_record(one: ChosenRecord, gathered: Gathered) -> _Content:
    """Collect what is shown of an explained record; `gradcam` and `map` are None if they were not made."""
    out = gathered.copies.path
    mine = [outcome for outcome in gathered.outcomes if outcome.part.folder.parent == one.folder]
    done = {outcome.part.kind: outcome for outcome in mine if outcome.state != "failed"}
    return {
        "name": encoder_name(one.record),
        "id": one.record.id,
        "link": gathered.copies.file_of(one.record).relative_to(out).as_posix(),
        "gradcam": gradcam_of(done["gradcam"], out) if "gradcam" in done else None,
        "map": map_of(done["map"], out) if "map" in done else None,
        "missing": [(KINDS[outcome.part.kind], outcome.reason) for outcome in mine if outcome.state == "failed"],
    }


def _cards(page: _Content, one: _Content) -> list[_Content]:
    """Return the figures of a record that lead from the first page to more."""
    found: list[tuple[Kind, str, str]] = []
    if one["gradcam"] is not None:
        words = "; ".join(f"{check['kind']} {check['verdict']}" for check in one["gradcam"]["checks"])
        found.append(("gradcam", one["gradcam"]["sheet"], words))
    if one["map"] is not None:
        found.append(("map", one["map"]["figure"], "The test images as a map, by class"))
    title = f"{page['name']}: {one['name']}"
    return [
        {"kind": kind, "title": title, "figure": figure, "link": f"{page['file']}#{kind}-{one['id']}", "words": words}
        for kind, figure, words in found
    ]
