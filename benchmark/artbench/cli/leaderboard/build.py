"""`artbench leaderboard build`: pages from records."""

from functools import partial
from pathlib import Path

import click

from artbench.cli.options import FOLDER, debug_option, plugin_option, registry, results_option, seen_option


@click.command()
@results_option
@click.option("--out", type=FOLDER, help="Folder of the pages. Default: leaderboards/ in the results.")
@click.option("--page/--no-page", default=True, show_default=True, help="Write index.html too, a page to explore.")
@seen_option()
@plugin_option
@debug_option
def build(results: Path, out: Path | None, page: bool, seen: tuple[str, ...], plugin_files: tuple[Path, ...]) -> None:
    """Write a Markdown page for each task on record, an index, a page of all tasks, and index.html.

    index.html is self-contained and opens from disk. Results that others have published on a task are shown apart, if
    the task's plugin names them. --seen writes Markdown alone, since index.html has a choice for it, and needs --out.
    """
    from artbench.cli.progress import TerminalReporter
    from artbench.errors import ArtbenchError, UsageError
    from artbench.leaderboard.build import build_pages
    from artbench.leaderboard.literature import literature
    from artbench.leaderboard.page.render import html_page
    from artbench.leaderboard.seen import none_seen_as, seen_as
    from artbench.records.folder import ResultsFolder

    if seen and out is None:
        raise UsageError(
            "--seen leaves rows out of the pages", mend="Name another folder for them with --out DIRECTORY"
        )
    folder, known, reporter = ResultsFolder(results), literature(registry(plugin_files)), TerminalReporter()
    out = out or results / "leaderboards"
    every = list(folder.records(reporter))
    written = build_pages(
        seen_as(every, seen),
        out,
        predictions=folder.predictions_of,
        literature=known,
        page=partial(html_page, file_of=folder.file_of, out=out, literature=known, reporter=reporter)
        if page and not seen
        else None,
        seen=seen,
    )
    if not written:
        where = results / "records"
        if every:
            raise ArtbenchError(f"{none_seen_as(seen, every)} in {where}", mend="Choose another state with --seen")
        raise ArtbenchError(f"no records in {where}", mend="`artbench run` writes them")
    for file in written:
        click.echo(str(file))
