"""What people see: notices and progress on stderr, tables on stdout."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from artbench.leaderboard.board import Board
from artbench.leaderboard.markdown import amount, encoder_name, metric_name, pretraining_name, task_name, unit
from artbench.reporting import Counter, Reporter

if TYPE_CHECKING:
    from artbench.run import Outcome


class _Bar:
    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def advance(self, steps: int = 1, /, *, note: str = "") -> None:
        self._progress.update(self._task, advance=steps, note=note)


class TerminalReporter:
    """Notices and bars on stderr; without a terminal, notices alone."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)

    def notice(self, text: str, /) -> None:
        """Print one line."""
        self._console.print(Text(text), soft_wrap=True)

    @contextmanager
    def counting(self, what: str, /, *, total: int, unit: str) -> Iterator[Counter]:
        """Show a bar while the block runs."""
        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn(unit),
            TextColumn("[dim]{task.fields[note]}"),
            TimeRemainingColumn(),
        )
        disable = not self._console.is_terminal
        with Progress(*columns, console=self._console, transient=True, disable=disable) as progress:
            yield _Bar(progress, progress.add_task(Text(what).markup, total=total, note=""))


def notices() -> Reporter:
    """The reporter of the command line."""
    return TerminalReporter()


def print_outcome(outcome: "Outcome") -> None:
    """Print the results of a run on stdout, encoder by encoder, and what else there is to know on stderr."""
    console, reporter = Console(highlight=False), notices()
    tasks = max((len(task_name(result.record)) for result in outcome.results), default=0)
    for encoder, results in groupby(outcome.results, key=lambda result: encoder_name(result.record)):
        console.print(Text(encoder, style="bold"), soft_wrap=True)
        for result in results:
            record, interval = result.record, amount(result.record.primary).partition(" ")
            line = Text(f"  {task_name(record):{tasks}}  {metric_name(record.primary_metric)} ")
            line.append(f"{interval[0]} {unit(record.primary)}", style="bold").append(f" {interval[2]}")
            line.append(f"  {ordinal(result.place)} of {result.of}", style="dim")
            console.print(line, soft_wrap=True)
    known = sum(not result.new for result in outcome.results)
    if known:
        what = "All of this was" if known == len(outcome.results) else f"{known} of these were"
        reporter.notice(f"{what} on record, and not run again (--fresh does).")
    if outcome.results:
        folder = outcome.results[0].file.parents[2]
        reporter.notice(f"Records in {folder / 'records'}, leaderboards in {folder / 'leaderboards'}.")
    # Told once already, but maybe long ago.
    for failure in outcome.failures if outcome.results else ():
        reporter.notice(f"Failed: {failure}")


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 21st."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ending}"


def print_board(board: Board) -> None:
    """Print a leaderboard on stdout."""
    first = board.first
    table = Table(
        title=f"{first.task}, {first.protocol}, data {first.dataset.fingerprint[:12]}",
        title_justify="left",
        box=None,
        pad_edge=False,
    )
    table.add_column("rank", justify="right")
    table.add_column("backbone", overflow="fold")
    table.add_column("pretraining", overflow="fold")
    table.add_column(f"{metric_name(first.primary_metric)} {unit(first.primary)}, 95 % interval", justify="right")
    for row in board.rows:
        record = row.record
        table.add_row(
            str(row.rank), Text(record.backbone), Text(pretraining_name(record)), Text(amount(record.primary))
        )
    Console().print(table)
