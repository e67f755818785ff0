"""`artbench leaderboard show`: leaderboards in the terminal."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from artbench.cli.completion import completed
from artbench.cli.options import debug_option, json_option, protocol_option, results_option, seen_option
from artbench.cli.output import echo, print_json, print_table

if TYPE_CHECKING:
    from artbench.leaderboard.board import Board


@click.command()
@click.argument("task", required=False, shell_complete=completed("tasks"))
@protocol_option()
@seen_option()
@results_option
@json_option
@debug_option
def show(task: str | None, protocol: str | None, seen: tuple[str, ...], results: Path, as_json: bool) -> None:
    """Show the leaderboards, or that of one TASK, in the terminal. --json has the columns of the CSV export.

    Ranks are among the records that are shown.
    """
    from difflib import get_close_matches

    from artbench.cli.progress import TerminalReporter
    from artbench.errors import ArtbenchError, UsageError
    from artbench.leaderboard.board import boards
    from artbench.leaderboard.seen import none_seen_as, seen_as
    from artbench.records.folder import ResultsFolder

    folder = ResultsFolder(results)
    every = list(folder.records(TerminalReporter()))
    of_task = [record for record in every if task in (None, record.task)]
    wanted = [record for record in of_task if protocol in (None, record.protocol)]
    where = results / "records"
    if not every:
        raise ArtbenchError(f"no records in {where}", mend="`artbench run` writes them")
    if not of_task:
        tasks = sorted({record.task for record in every})
        near = get_close_matches(task or "", tasks, n=1)
        raise UsageError(
            f"no records of {task} in {where}",
            mend=f"Did you mean {near[0]!r}?" if near else f"There are records of {', '.join(tasks[:6])}",
        )
    if not wanted:
        protocols = sorted({record.protocol for record in of_task})
        raise UsageError(
            f"no records under {protocol} in {where}", mend=f"There are records under {', '.join(protocols)}"
        )
    found = boards(seen_as(wanted, seen), folder.predictions_of)
    if not found:
        raise ArtbenchError(f"{none_seen_as(seen, wanted)} in {where}", mend="Choose another state with --seen")
    if as_json:
        from artbench.leaderboard.export.flat import flat_rows

        print_json([dict(row) for row in flat_rows(found)])
        return
    for board in found:
        print_board(board)


def print_board(board: "Board") -> None:
    """Print a leaderboard on stdout."""
    from artbench.leaderboard.columns import PRIMARY, cells, headings
    from artbench.leaderboard.notes import footnotes, marks
    from artbench.records.format import heading
    from artbench.records.record import encoder_name

    first, records = board.first, [row.record for row in board.rows]
    names = headings(board)
    shown = [*range(PRIMARY + 1), *range(names.index("features"), len(names))]
    titles = [names[column] for column in shown]
    titles[PRIMARY] = heading(first.primary_metric, first.primary, interval="\n[95 % interval]")
    signs = ["".join(mark.sign for mark in marks(record)) for record in records]
    rows = []
    for number, record in enumerate(records):
        texts = cells(record, board, number=number)
        rows.append([*(texts[column].text for column in shown), *([signs[number]] if any(signs) else [])])
    print_table(
        [*titles, *(["marks"] if any(signs) else [])],
        rows,
        numbers=(0, PRIMARY, PRIMARY + 1),
        title=f"{first.task}, {first.protocol} ({first.protocol_hash[:12]}), data {first.dataset.fingerprint[:12]}",
    )
    for mark, marked in footnotes(board):
        echo(f"{mark.sign} {mark.text} ({'; '.join(map(encoder_name, marked))}).", dim=True)
    if board.ranking.explanation:
        echo(board.ranking.explanation, dim=True)
