"""From a results folder to a report."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from artbench.errors import ArtbenchError
from artbench.leaderboard.board import boards
from artbench.leaderboard.build import build_pages
from artbench.leaderboard.literature import literature
from artbench.leaderboard.page.render import html_page
from artbench.plugins.registry import Registry
from artbench.records.folder import ResultsFolder
from artbench.records.parquet import LARGEST_TABLE
from artbench.records.record import Record
from artbench.report.pages import INDEX, Gathered, report_pages
from artbench.report.parts import Outcome, make_parts
from artbench.report.plan import ReportPlan, choose_records
from artbench.report.request import KINDS, ReportRequest, no_records
from artbench.runtime.files import atomic_write, sha256_of, write_text
from artbench.runtime.progress import Reporter
from artbench.runtime.untrusted import is_regular, read_regular


@dataclass(frozen=True, kw_only=True)
class Report:
    """A report that was written.

    Attributes:
        index: The first page.
        pages: Page of each task.
        outcomes: What became of the parts that take long.
        looked: Ids of the records looked into.
    """

    index: Path
    pages: list[Path]
    outcomes: list[Outcome]
    looked: list[str]

    def as_json(self) -> dict[str, Any]:
        """Return what `artbench report --json` prints."""
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
    """Write what is known of records, and what the encoders of some of them look at, into a folder of pages.

    A part that can't be made is named with its reason, on the first page too, and the others are made. Parts that take
    long are cached in the folder, and made again when their inputs change.

    Raises:
        UsageError: The report's folder is the one of the results, or a record is none of these.
        ArtbenchError: There are no records, a checkpoint does not exist, or the folder can't be written.
    """
    results, out = ResultsFolder(request.results), request.out
    request.check(registry)
    records = list(results.records(reporter))
    if not records:
        raise no_records(results.path)
    found = boards(records, results.predictions_of)
    chosen = choose_records(found, request.records, results=results)
    plan = ReportPlan(request, registry=registry, reporter=reporter)
    plan.report_unused(chosen, found)
    outcomes = make_parts(plan.parts(chosen, found), out, reporter=reporter)
    with _writing("the records can't be copied", out):
        copies = _copy_records(records, results, out=out)
    known, pages_folder = literature(registry), out / "leaderboards"
    build_pages(
        records,
        pages_folder,
        predictions=results.predictions_of,
        literature=known,
        page=partial(html_page, file_of=copies.file_of, out=pages_folder, literature=known),
    )
    gathered = Gathered(
        boards=found,
        chosen=chosen,
        named=bool(request.records),
        outcomes=outcomes,
        without=[kind for kind in KINDS if kind in request.without],
        copies=copies,
        dpi=request.dpi,
        literature=known,
        title=request.title,
    )
    with reporter.counting("pages", total=len(found), unit="leaderboards") as counter:
        pages = report_pages(gathered, advance=counter.advance)
    with _writing("the report can't be written", out):
        for name, text in pages.items():
            write_text(out / name, text)
    return Report(
        index=out / INDEX,
        pages=[out / name for name in pages if name != INDEX],
        outcomes=outcomes,
        looked=[one.record.id for one in chosen],
    )


@contextmanager
def _writing(problem: str, out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ArtbenchError(
            f"{problem} to {out} ({error.strerror or error})", mend="Name another folder with --out"
        ) from error


def _copy_records(records: Sequence[Record], results: ResultsFolder, *, out: Path) -> ResultsFolder:
    """Copy records and their tables by class, not their predictions, so that the folder can be given away whole."""
    copies = ResultsFolder(out)
    for record in records:
        for suffix in (".json", *(f".{table}.parquet" for table in record.tables)):
            source, target = (folder.file_of(record).with_suffix(suffix) for folder in (results, copies))
            if is_regular(source) and not (is_regular(target) and sha256_of(source) == sha256_of(target)):
                with atomic_write(target) as temporary:
                    temporary.write_bytes(read_regular(source, most=LARGEST_TABLE))
    return copies
