"""`artbench leaderboard`: pages from records."""

from pathlib import Path

import click

from artbench.cli.options import FOLDER, debug_option, results_option


@click.group()
def leaderboard() -> None:
    """Build and show leaderboards from records."""


@leaderboard.command()
@results_option
@click.option("--out", type=FOLDER, help="Default: leaderboards/ in the results.")
@debug_option
def build(results: Path, out: Path | None) -> None:
    """Write a Markdown page for each task on record, and an index."""
    from artbench.cli.console import notices
    from artbench.errors import ArtbenchError
    from artbench.leaderboard.build import build_pages
    from artbench.records.folder import ResultsFolder

    written = build_pages(ResultsFolder(results).records(notices()), out or results / "leaderboards")
    if not written:
        raise ArtbenchError(f"no records in {results / 'records'}", mend="`artbench run` writes them")
    for file in written:
        click.echo(str(file))


@leaderboard.command()
@click.argument("task", required=False)
@results_option
@debug_option
def show(task: str | None, results: Path) -> None:
    """Show the leaderboards, or that of one TASK, in the terminal."""
    from artbench.cli.console import notices, print_board
    from artbench.errors import ArtbenchError
    from artbench.leaderboard.board import boards
    from artbench.records.folder import ResultsFolder

    found = [board for board in boards(ResultsFolder(results).records(notices())) if task in (None, board.first.task)]
    if not found:
        what = f"no records of {task}" if task else "no records"
        raise ArtbenchError(f"{what} in {results / 'records'}", mend="`artbench run` writes them")
    for board in found:
        print_board(board)
