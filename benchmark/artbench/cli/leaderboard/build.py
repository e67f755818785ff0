"""`artbench leaderboard build`: pages from records."""

from functools import partial
from pathlib import Path

import click

from artbench.cli.options import FOLDER, debug_option, plugin_option, registry, results_option


@click.command()
@results_option
@click.option("--out", type=FOLDER, help="Folder of the pages. Default: leaderboards/ in the results.")
@click.option("--page/--no-page", default=True, show_default=True, help="Write index.html too, a page to explore.")
@plugin_option
@debug_option
def build(results: Path, out: Path | None, page: bool, plugin_files: tuple[Path, ...]) -> None:
    """Write a Markdown page for each task on record, an index, a page of all tasks, and index.html.

    index.html is self-contained and opens from disk. Results that others have published on a task are shown apart, if
    the task's plugin names them.
    """
    from artbench.cli.progress import TerminalReporter
    from artbench.errors import ArtbenchError
    from artbench.leaderboard.build import build_pages
    from artbench.leaderboard.notes import literature
    from artbench.leaderboard.page.render import html_page
    from artbench.records.folder import ResultsFolder

    folder, known, reporter = ResultsFolder(results), literature(registry(plugin_files)), TerminalReporter()
    out = out or results / "leaderboards"
    written = build_pages(
        folder.records(reporter),
        out,
        predictions=folder.predictions_of,
        literature=known,
        page=partial(html_page, file_of=folder.file_of, out=out, literature=known, reporter=reporter) if page else None,
    )
    if not written:
        raise ArtbenchError(f"no records in {results / 'records'}", mend="`artbench run` writes them")
    for file in written:
        click.echo(str(file))
