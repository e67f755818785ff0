"""Writing the pages of a results folder."""

from collections.abc import Callable, Iterable
from pathlib import Path

from artbench.errors import ArtbenchError
from artbench.files import write_text
from artbench.leaderboard.board import boards
from artbench.leaderboard.markdown import index_page, page_names, task_page
from artbench.records.record import Record


def build_pages(
    records: Iterable[Record], out: Path, *, predictions: Callable[[Record], Path] | None = None
) -> list[Path]:
    """Write `TASK.md` for every task on record and `README.md` that lists them; return what was written.

    Args:
        records: Of any tasks.
        out: The folder.
        predictions: Where the predictions of a record are (`ResultsFolder.predictions_of`), for the tests behind the
            ranks; None: nowhere, so that rows have their rank in brackets.

    Raises:
        ArtbenchError: The folder can't be written.
    """
    sorted_boards = boards(records, predictions)
    if not sorted_boards:
        return []
    pages = {name: task_page(on_page) for name, on_page in page_names(sorted_boards).items()}
    pages["README.md"] = index_page(sorted_boards)
    try:
        for name, text in pages.items():
            write_text(out / name, text)
    except OSError as error:
        raise ArtbenchError(
            f"the leaderboards can't be written to {out} ({error.strerror})", mend="Name another folder"
        ) from error
    return [out / name for name in pages]
