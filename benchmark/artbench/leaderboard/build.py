"""Writes the pages of a results folder."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

from artbench.errors import ArtbenchError
from artbench.leaderboard.board import Board, boards
from artbench.leaderboard.literature import Literature
from artbench.leaderboard.markdown import index_page, page_names, task_page
from artbench.leaderboard.overall import overall_page
from artbench.records.folder import ResultsFolder
from artbench.records.record import Record
from artbench.runtime.files import write_text
from artbench.runtime.progress import Reporter, Silent

# Times that pages are built anew because records came meanwhile; the last process to write one builds them again.
_MOST_BUILDS = 5

# No page of a task has this file name: theirs are the name of the task, or end in a digest.
OVERALL = "OVERALL.md"


def build_from(
    results: ResultsFolder,
    out: Path,
    *,
    literature: Mapping[str, Literature],
    page: Callable[[Sequence[Board]], Mapping[str, str]] | None = None,
    reporter: Reporter,
) -> list[Path]:
    """Write the pages of the records that a folder holds now, as `build_pages` does, and again if others came.

    So of two runs that end at once, the one that writes last has the records of both.

    Raises:
        ArtbenchError: The folder can't be written.
    """
    written: list[Path] = []
    for number in range(_MOST_BUILDS):
        before = results.files()
        records = results.records(reporter if number == 0 else Silent())
        written = build_pages(records, out, predictions=results.predictions_of, literature=literature, page=page)
        if results.files() == before:
            break
    return written


def build_pages(
    records: Iterable[Record],
    out: Path,
    *,
    predictions: Callable[[Record], Path] | None = None,
    literature: Mapping[str, Literature] | None = None,
    page: Callable[[Sequence[Board]], Mapping[str, str]] | None = None,
    seen: Collection[str] = (),
) -> list[Path]:
    """Write `TASK.md` for every task on record, `README.md` that lists them, and `OVERALL.md`; return what was written.

    Args:
        records: Records of any tasks.
        out: Folder to write to.
        predictions: Returns the file of a record's predictions; if None, nothing is tested and ranks are in brackets.
        literature: What is known of a task besides its records, by name.
        page: Renders further files, by name.
        seen: If the records were chosen by what their encoders have seen, these states; every page says it.

    Raises:
        ArtbenchError: The folder can't be written.
    """
    sorted_boards = boards(records, predictions)
    if not sorted_boards:
        return []
    published = literature or {}
    pages = {
        name: task_page(on_page, published.get(on_page[0].first.task))
        for name, on_page in page_names(sorted_boards).items()
    }
    overall = overall_page(sorted_boards)
    pages["README.md"] = index_page(sorted_boards, literature=published, overall=OVERALL if overall else "")
    if overall:
        pages[OVERALL] = overall
    if seen:
        only = f"Only encoders whose training images are known so: {' or '.join(seen)}"
        only += " (clean: without the test images; contaminated: with some)."
        pages = {name: f"{text}\n{only} Ranks are among these.\n" for name, text in pages.items()}
    if page is not None:
        pages |= page(sorted_boards)
    try:
        for name, text in pages.items():
            write_text(out / name, text)
    except OSError as error:
        raise ArtbenchError(
            f"the leaderboards can't be written to {out} ({error.strerror})", mend="Name another folder"
        ) from error
    return [out / name for name in pages]
