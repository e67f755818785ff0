"""From a results folder to a report."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from artbench.errors import ArtbenchError
from artbench.leaderboard.board import boards
from artbench.leaderboard.build import build_pages
from artbench.leaderboard.notes import literature
from artbench.leaderboard.page.render import html_page
from artbench.plugins.registry import Registry
from artbench.records.folder import ResultsFolder
from artbench.records.record import Record
from artbench.report.pages import Gathered, index_html, index_page, task_html, task_pages
from artbench.report.parts import Outcome, make_parts
from artbench.report.plan import ReportPlan, choose_records
from artbench.report.request import KINDS, ReportRequest, no_records
from artbench.runtime.files import atomic_write, sha256_of, write_text
from artbench.runtime.progress import Reporter

INDEX = "index.html"


@dataclass(frozen=True, kw_only=True)
class Report:
    """What was gathered.

    Attributes:
        index: The first page.
        pages: Of the tasks.
        outcomes: What became of the parts that take long.
        looked: Ids of the records looked into.
    """

    index: Path
    pages: list[Path]
    outcomes: list[Outcome]
    looked: list[str]

    def as_json(self) -> dict[str, Any]:
        """All of it."""
        return {
            "index": str(self.index),
            "pages": [str(page) for page in self.pages],
            "records": self.looked,
            "parts": [
                {
                    "kind": outcome.part.kind,
                    "of": outcome.part.of,
                    "state": outcome.state,
                    "reason": outcome.reason,
                    "folder": outcome.part.folder.as_posix(),
                }
                for outcome in self.outcomes
            ],
        }


def make_report(request: ReportRequest, *, registry: Registry, reporter: Reporter) -> Report:
    """Gather what records tell, and what the encoders of some of them look at, into a folder of pages.

    What can't be made is named with its reason, in the page too, and the rest is made. What takes long is kept, and
    made again when what it is made from has changed.

    Raises:
        UsageError: The report's folder is the one of the results, or a record is none of these.
        ArtbenchError: There are no records, a checkpoint is not there, or the folder can't be written.
    """
    results, out = ResultsFolder(request.results), request.out
    request.check(registry)
    records = list(results.records(reporter))
    if not records:
        raise no_records(results.path)
    found = boards(records, results.predictions_of)
    chosen = choose_records(found, request.records, results=results)
    wanted = ReportPlan(request, registry=registry, reporter=reporter)
    wanted.tell_unused(chosen)
    parts = wanted.parts(chosen)
    outcomes = make_parts(parts, out, reporter=reporter)
    try:
        copies = copy_records(records, results, out=out)
    except OSError as error:
        raise ArtbenchError(
            f"the records can't be copied to {out} ({error.strerror or error})", mend="Name another folder with --out"
        ) from error
    known = literature(registry)
    build_pages(
        records,
        out / "leaderboards",
        predictions=results.predictions_of,
        literature=known,
        page=partial(html_page, file_of=copies.file_of, out=out / "leaderboards", literature=known),
    )
    gathered = Gathered(
        boards=found,
        chosen=chosen,
        asked=bool(request.records),
        outcomes=outcomes,
        without=[kind for kind in KINDS if kind in request.without],
        copies=copies,
        dpi=request.dpi,
        literature=known,
    )
    with reporter.counting("pages", total=len(found), unit="leaderboards") as counter:
        pages = task_pages(gathered, advance=counter.advance)
    written = {out / page.file: task_html(page, pages) for page in pages}
    # The first page last: where it is, all that it leads to is there.
    written[out / INDEX] = index_html(index_page(gathered, pages))
    try:
        for file, text in written.items():
            write_text(file, text)
    except OSError as error:
        raise ArtbenchError(
            f"the report can't be written to {out} ({error.strerror or error})", mend="Name another folder with --out"
        ) from error
    return Report(
        index=out / INDEX,
        pages=[out / page.file for page in pages],
        outcomes=outcomes,
        looked=[one.record.id for one in chosen],
    )


def copy_records(records: Iterable[Record], results: ResultsFolder, *, out: Path) -> ResultsFolder:
    """Copy records and their tables by class, not their predictions, so that the folder can be given away whole.

    Returns:
        The report's folder as a folder of results.

    Raises:
        OSError: It can't be written.
    """
    copies = ResultsFolder(out)
    for record in records:
        here, there = results.file_of(record), copies.file_of(record)
        for name in ("", *(f".{table}" for table in record.tables)):
            suffix = f"{name}.parquet" if name else ".json"
            _copy(here.with_suffix(suffix), there.with_suffix(suffix))
    return copies


def _copy(source: Path, target: Path) -> None:
    """Copy a file that is there."""
    if not source.is_file() or (target.is_file() and sha256_of(source) == sha256_of(target)):
        return
    with atomic_write(target) as temporary:
        temporary.write_bytes(source.read_bytes())
