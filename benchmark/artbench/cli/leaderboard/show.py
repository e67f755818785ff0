"""`artbench leaderboard show`: leaderboards in the terminal."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from artbench.cli.completion import completed
from artbench.cli.options import debug_option, results_option

if TYPE_CHECKING:
    from artbench.leaderboard.board import Board


@click.command()
@click.argument("task", required=False, shell_complete=completed("tasks"))
@results_option
@debug_option
def show(task: str | None, results: Path) -> None:
    """Show the leaderboards, or that of one TASK, in the terminal."""
    from artbench.cli.progress import notices
    from artbench.errors import ArtbenchError
    from artbench.leaderboard.board import boards
    from artbench.records.folder import ResultsFolder

    folder = ResultsFolder(results)
    every = boards(folder.records(notices()), folder.predictions_of)
    found = [board for board in every if task in (None, board.first.task)]
    if not found:
        what = f"no records of {task}" if task else "no records"
        raise ArtbenchError(f"{what} in {results / 'records'}", mend="`artbench run` writes them")
    for board in found:
        print_board(board)


def print_board(board: "Board") -> None:
    """Print a leaderboard on stdout."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from artbench.records.format import amount, metric_name, unit
    from artbench.records.record import pretraining_name

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
