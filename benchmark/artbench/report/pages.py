"""Builds the pages of a report from leaderboards and the outcomes of its parts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from artbench.explain.figure import write_png
from artbench.leaderboard.board import Board
from artbench.leaderboard.markdown import page_names
from artbench.leaderboard.notes import Literature
from artbench.leaderboard.page.content import Section, section
from artbench.records.folder import ResultsFolder
from artbench.records.record import Record, encoder_name, task_name
from artbench.report.explained import filters_of, gradcam_of, map_of
from artbench.report.index_page import Card, IndexPage, overall_of, task_line
from artbench.report.parts import Outcome
from artbench.report.plan import ChosenRecord, figures_of
from artbench.report.request import KINDS, Kind
from artbench.report.task_page import (
    BoardPart,
    Looked,
    Matrix,
    TaskPage,
    best_rows,
    classes_of,
    confusion_figure,
    most_taken,
)
from artbench.runtime.pages.page import html

TASKS = "tasks"
_HERE, _BOARDS = "artbench.report", "artbench.leaderboard.page"


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """All that a report shows.

    Attributes:
        boards: All leaderboards.
        chosen: The records looked into.
        asked: Whether they were asked for, and not just the best.
        outcomes: What became of the parts.
        without: Parts left out on the user's word.
        copies: The report's folder, with copies of the records.
        dpi: Dots per inch of the confusion matrices.
        literature: What is known of tasks beside their records.
    """

    boards: Sequence[Board]
    chosen: Sequence[ChosenRecord]
    asked: bool
    outcomes: Sequence[Outcome]
    without: Sequence[Kind]
    copies: ResultsFolder
    dpi: int
    literature: Mapping[str, Literature]

    @property
    def out(self) -> Path:
        """The report's folder."""
        return self.copies.path


def task_pages(gathered: Gathered, *, advance: Callable[[], None]) -> list[TaskPage]:
    """Build the page of each task, and draw its confusion matrices.

    Args:
        gathered: What is shown.
        advance: Called after each leaderboard.

    Raises:
        ArtbenchError: A figure can't be written.
    """
    pages = []
    for name, boards in page_names(gathered.boards).items():
        parts = []
        for board in boards:
            parts.append(_board_part(board, gathered))
            advance()
        file = f"{TASKS}/{Path(name).stem}.html"
        pages.append(TaskPage(name=boards[0].first.task, file=file, boards=parts))
    return pages


def index_page(gathered: Gathered, pages: Sequence[TaskPage]) -> IndexPage:
    """The first page.

    Args:
        gathered: What is shown.
        pages: Of the tasks.
    """
    links = {page.name: page.file for page in pages}
    columns, overall = overall_of(gathered.boards, links)
    done = [outcome for outcome in gathered.outcomes if outcome.state != "failed"]
    return IndexPage(
        records=sum(len(board.rows) for board in gathered.boards),
        columns=columns,
        overall=overall,
        tasks=[task_line(board, links[board.first.task]) for board in gathered.boards],
        asked=gathered.asked,
        looked=[str(one) for one in gathered.chosen],
        cards=[card for page in pages for part in page.boards for one in part.looked for card in _cards(page, one)],
        filters=[filters_of(outcome, gathered.out) for outcome in done if outcome.part.kind == "filters"],
        without=[KINDS[kind] for kind in gathered.without],
        missing=[(str(outcome.part), outcome.reason) for outcome in gathered.outcomes if outcome.state == "failed"],
    )


def _board_part(board: Board, gathered: Gathered) -> BoardPart:
    here = {row.record.id for row in board.rows}
    looked = [one for one in gathered.chosen if one.record.id in here]
    known = gathered.literature.get(board.first.task)
    shown = section(board, file_of=gathered.copies.file_of, out=gathered.out / TASKS, literature=known)
    rows = best_rows(board, [one.record for one in looked])
    return BoardPart(
        section=shown,
        classes=classes_of(board, rows, data=shown.data),
        matrices=[
            _matrix(board.rows[number].record, shown, cells, gathered)
            for number in rows
            if (cells := shown.data["matrices"][number])
        ],
        looked=[_looked(one, gathered) for one in looked],
    )


def _matrix(record: Record, shown: Section, cells: Sequence[int], gathered: Gathered) -> Matrix:
    classes: Sequence[str] = shown.data["classes"]
    name, most = encoder_name(record), most_taken(cells, classes)
    file = figures_of(record, gathered.copies) / "confusion.png"
    figure = confusion_figure(
        cells,
        classes,
        support=shown.data["support"],
        title=f"{task_name(record)}: {name}",
        caption=[f"{record.dataset.test:,} test images. Record {record.id}."],
    )
    facts = {
        "Title": f"{task_name(record)}: {name}, confusion matrix",
        "artbench-record": record.id,
        "artbench-weights": record.encoder.weights_sha256,
    }
    write_png(figure, gathered.out / file, dpi=gathered.dpi, facts=facts)
    return Matrix(name=name, figure=file.as_posix(), most=most)


def _looked(one: ChosenRecord, gathered: Gathered) -> Looked:
    mine: Mapping[str, Outcome] = {
        outcome.part.kind: outcome for outcome in gathered.outcomes if outcome.part.folder.parent == one.folder
    }
    done = {kind: outcome for kind, outcome in mine.items() if outcome.state != "failed"}
    return Looked(
        name=encoder_name(one.record),
        id=one.record.id,
        link=gathered.copies.file_of(one.record).relative_to(gathered.out).as_posix(),
        gradcam=gradcam_of(done["gradcam"], gathered.out) if "gradcam" in done else None,
        map=map_of(done["map"], gathered.out) if "map" in done else None,
        missing=[(KINDS[outcome.part.kind], outcome.reason) for outcome in mine.values() if outcome.state == "failed"],
    )


def _cards(page: TaskPage, one: Looked) -> list[Card]:
    found, title = [], f"{page.name}: {one.name}"
    if one.gradcam is not None:
        words = "; ".join(f"{check['kind']} {check['verdict']}" for check in one.gradcam["checks"])
        link = f"{page.file}#gradcam-{one.id}"
        found.append(Card(kind="gradcam", title=title, figure=one.gradcam["sheet"], link=link, words=words))
    if one.map is not None:
        words, link = "The test images as a map, by class", f"{page.file}#map-{one.id}"
        found.append(Card(kind="map", title=title, figure=one.map["figure"], link=link, words=words))
    return found


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
