"""What people see: notices and progress on stderr, tables on stdout."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
)
from rich.table import Column, Table
from rich.text import Text

from artbench.cli.log_lines import LogLines, duration
from artbench.leaderboard.board import Board
from artbench.records.format import amount, encoder_name, metric_name, pretraining_name, task_name, unit
from artbench.runtime.progress import Counter, Reporter, printable

if TYPE_CHECKING:
    from artbench.evaluation.workflow import Outcome


# Columns of text from which on a bar says all.
_WIDE = 110
# What the time left takes, up to 99 hours of it.
_TIME = 8


class _TimeLeft(ProgressColumn):
    """By the rate since the beginning: the first few steps often come all at once, and would promise a second."""

    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        if not (task.completed and task.elapsed and task.total):
            return Text("--:--", style="progress.remaining")
        left = task.elapsed * (task.total - task.completed) / task.completed
        return Text(duration(left), style="progress.remaining")


class _Bar:
    def __init__(self, progress: Progress, task: TaskID, *, besides: int) -> None:
        self._progress = progress
        self._task = task
        self._besides = besides

    def advance(self, steps: int = 1, /, *, note: str = "") -> None:
        room = self._progress.console.width - self._besides
        self._progress.update(self._task, advance=steps, note=_fitting(printable(note), room))


def _fitting(note: str, room: int) -> str:
    """As many parts of a note, which commas divide, as there is room for; the first in any case."""
    while cell_len(note) > room and "," in note:
        note = note.rpartition(",")[0]
    return note


def _name_width(width: int) -> int:
    return max(12, width // 4)


def _bar_width(width: int) -> int:
    return max(6, width // 10)


def _besides(width: int, what: str, total: int, unit: str) -> int:
    """Columns of text that a line of progress takes without its note."""
    parts = [min(cell_len(what), _name_width(width)), _bar_width(width), 2 * len(str(total)) + 1, 0, _TIME]
    parts += [cell_len(unit), len("left")] if width >= _WIDE else []
    # Rich sets a blank behind each.
    return sum(parts) + len(parts)


def _columns(width: int, unit: str) -> list[ProgressColumn]:
    """What a line of progress shows: count and time left always, the rest as far as there is room."""
    name = Column(no_wrap=True, overflow="ellipsis", max_width=_name_width(width))
    whole = Column(no_wrap=True)
    return [
        TextColumn("{task.description}", table_column=name),
        BarColumn(bar_width=None if width >= _WIDE else _bar_width(width)),
        MofNCompleteColumn(table_column=whole),
        *([TextColumn(unit, table_column=whole)] if width >= _WIDE else []),
        TextColumn("{task.fields[note]}", style="dim", markup=False, table_column=Column(no_wrap=True)),
        _TimeLeft(table_column=whole),
        *([TextColumn("left", style="dim", table_column=whole)] if width >= _WIDE else []),
    ]


class TerminalReporter:
    """Notices and bars on stderr; without a terminal, a line now and then in place of the bars."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)

    def notice(self, text: str, /) -> None:
        """Print one line."""
        # Lines of a log stay whole; on a terminal, words do.
        self._console.print(Text("\n".join(map(printable, text.splitlines()))), soft_wrap=not self._console.is_terminal)

    @contextmanager
    def counting(self, what: str, /, *, total: int, unit: str) -> Iterator[Counter]:
        """Show a bar while the block runs."""
        if not self._console.is_terminal:
            yield LogLines(what, total=total, unit=unit, say=self.notice, clock=self._console.get_time)
            return
        width = self._console.width
        columns = _columns(width, unit)
        with Progress(*columns, console=self._console, transient=True) as progress:
            shown = printable(what)
            task = progress.add_task(Text(shown).markup, total=total, note="")
            yield _Bar(progress, task, besides=_besides(width, shown, total, unit))


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
            line.append(f"  rank {result.place} of {result.of}", style="dim")
            console.print(line, soft_wrap=True)
    known = sum(not result.new for result in outcome.results)
    if known:
        what = "All of this" if known == len(outcome.results) else f"{known} of {len(outcome.results)}"
        reporter.notice(f"{what} was on record, and not run again (--fresh does).")
    if outcome.results:
        folder = outcome.results[0].file.parents[2]
        reporter.notice(f"Records in {folder / 'records'}, leaderboards in {folder / 'leaderboards'}.")
    if outcome.failures and outcome.results:
        # Why was told when it happened.
        names = ", ".join(outcome.failures)
        Console(stderr=True).print(Text(f"Failed, for the reasons above: {names}", style="red"))


def print_board(board: Board) -> None:
    """Print a leaderboard on stdout."""
    first = board.first
    table = Table(
        title=Text(
            f"{first.task}, {first.protocol} ({first.protocol_hash[:12]}), data {first.dataset.fingerprint[:12]}"
        ),
        title_justify="left",
        box=None,
        pad_edge=False,
    )
    table.add_column("rank", justify="right")
    table.add_column("backbone", overflow="fold")
    table.add_column("pretraining", overflow="fold")
    heading = Text(f"{metric_name(first.primary_metric)} {unit(first.primary)}\n[95 % interval]")
    table.add_column(heading, justify="right", no_wrap=True)
    for row in board.rows:
        record = row.record
        table.add_row(
            str(board.place_of(record)),
            Text(record.backbone),
            Text(pretraining_name(record)),
            Text(amount(record.primary)),
        )
    console = Console()
    console.print(table)
    if board.ranking.explanation:
        console.print(Text(board.ranking.explanation, style="dim"))
