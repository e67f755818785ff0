"""`artbench report`: everything known about some records, as a folder of pages."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from artbench.cli import options
from artbench.cli.output import echo, print_json

if TYPE_CHECKING:
    from artbench.data.folders import DatasetPaths
    from artbench.report.workflow import Report


@click.command()
@options.results_option
@click.option("--out", required=True, type=options.FOLDER, help="Folder for the report.")
@click.option("--title", help="Title of the first page.")
@click.option(
    "--record",
    "records",
    multiple=True,
    type=options.FILE,
    metavar="RECORD.json",
    help="Record to look into; repeatable. Default: the best row of each task.",
)
@click.option(
    "--without",
    "without",
    multiple=True,
    type=click.Choice(["gradcam", "map", "filters", "labels"]),
    help="Part to leave out, since it takes long; repeatable.",
)
@click.option(
    "--images",
    type=options.Number(3, 200),
    default=9,
    show_default=True,
    help="Test images that Grad-CAM explains.",
)
@options.units_option
@click.option(
    "--pretraining",
    "checkpoints",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Checkpoint of a record whose pretraining is one; repeatable, matched by digest.",
)
@options.collection_option("Repeatable: the task of some records", multiple=True)
@click.option(
    "--exclude", type=options.FILE, metavar="FILE.csv", help="Exclusion list that records were made with, if any."
)
@options.paths_options
@options.device_option
@options.dpi_option
@options.json_option
@options.plugin_option
@options.debug_option
def report(
    *,
    without: tuple[str, ...],
    tasks: tuple[str, ...],
    title: str | None,
    exclude: Path | None,
    paths: "DatasetPaths",
    device: str,
    as_json: bool,
    plugin_files: tuple[Path, ...],
    **fields: Any,
) -> None:
    """Gather leaderboards, confusions, filter pictures, Grad-CAM, maps and doubtful labels into a folder of pages.

    The folder opens from disk: begin with index.html. Parts that take long are cached, and made again when their
    inputs change; parts that can't be made are named with the reason.

    \b
      artbench report --out report
    """  # noqa: D301  click reads the control character
    loaded = options.registry(plugin_files, paths)
    from artbench.explain.sources import Sources
    from artbench.report.request import KINDS, ReportRequest

    sources = Sources(tasks=tasks, paths=paths, exclude=exclude, device=device)
    fields |= {} if title is None else {"title": title}
    request = ReportRequest(without=frozenset(kind for kind in KINDS if kind in without), sources=sources, **fields)
    request.check(loaded)
    # Torch takes seconds to import.
    from artbench.cli.progress import TerminalReporter
    from artbench.report.workflow import make_report

    made = make_report(request, registry=loaded, reporter=TerminalReporter())
    if as_json:
        print_json(made.as_json())
    else:
        _print(made)


def _print(made: "Report") -> None:
    for outcome in made.outcomes:
        # The reason was printed when it happened.
        state = {"kept": "kept", "made": "made", "failed": "left out"}[outcome.state]
        echo(f"{outcome.part}: {state}")
    click.echo(str(made.index))
