"""`artbench leaderboard publish`: records for a repository, without the ids of images."""

from pathlib import Path

import click

from artbench.cli.completion import completed
from artbench.cli.options import FOLDER, debug_option, results_option


@click.command()
@click.argument("tasks", nargs=-1, metavar="[TASK]...", shell_complete=completed("tasks"))
@results_option
@click.option("--out", type=FOLDER, required=True, help="Folder to write into, such as leaderboards/ in a clone.")
@debug_option
def publish(tasks: tuple[str, ...], results: Path, out: Path) -> None:
    """Copy records, with digests in place of image ids.

    Copies all records, or those of the given TASKs. An id is often the name of a file; whoever has the dataset can
    still tell which image a digest stands for.
    """
    from artbench.cli.progress import TerminalReporter
    from artbench.errors import UsageError
    from artbench.records.folder import ResultsFolder
    from artbench.records.publishing import publish as publish_record

    source, target = ResultsFolder(results), ResultsFolder(out)
    found = [record for record in source.records(TerminalReporter()) if not tasks or record.task in tasks]
    if not found:
        raise UsageError(
            f"no such records in {results / 'records'}", mend="`artbench leaderboard show` lists what is there"
        )
    target.check_writable()
    for record in found:
        click.echo(str(publish_record(record, source, target)))
