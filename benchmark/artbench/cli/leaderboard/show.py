"""`artbench leaderboard show`: leaderboards in the terminal."""

from pathlib import Path

import click

from artbench.cli.completion_names import completed
from artbench.cli.options import debug_option, results_option


@click.command()
@click.argument("task", required=False, shell_complete=completed("tasks"))
@results_option
@debug_option
def show(task: str | None, results: Path) -> None:
    """Show the leaderboards, or that of one TASK, in the terminal."""
    from artbench.cli.progress import notices, print_board
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
