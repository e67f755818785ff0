"""`artbench leaderboard build`: pages from records."""

from pathlib import Path

import click

from artbench.cli.options import FOLDER, debug_option, results_option


@click.command()
@results_option
@click.option("--out", type=FOLDER, help="Default: leaderboards/ in the results.")
@debug_option
def build(results: Path, out: Path | None) -> None:
    """Write a Markdown page for each task on record, and an index."""
    from artbench.cli.console import notices
    from artbench.errors import ArtbenchError
    from artbench.leaderboard.build import build_pages
    from artbench.records.folder import ResultsFolder

    folder = ResultsFolder(results)
    out = out or results / "leaderboards"
    written = build_pages(folder.records(notices()), out, predictions=folder.predictions_of)
    if not written:
        raise ArtbenchError(f"no records in {results / 'records'}", mend="`artbench run` writes them")
    for file in written:
        click.echo(str(file))
