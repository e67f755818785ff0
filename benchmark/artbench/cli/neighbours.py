"""`artbench neighbours`: the nearest neighbours of every picture of a collection."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from artbench.cli import options
from artbench.cli.early import check_named, check_parameters
from artbench.cli.output import echo, print_json
from artbench.runtime.text import counted

if TYPE_CHECKING:
    from artbench.catalogue.neighbours import Neighbours


@click.command()
@click.option("--images", required=True, metavar="DIR|DATASET", help="Folder of pictures, or a dataset.")
@options.backbone_option(required=True)
@options.pretraining_option(default="imagenet")
@click.option(
    "--out",
    required=True,
    type=options.OUTPUT_FILE,
    metavar="FILE",
    help="Table to write, .csv or .parquet; a new file.",
)
@click.option(
    "--count", type=options.Number(1, 1000), default=10, show_default=True, help="Neighbours of each picture."
)
@click.option(
    "--correction",
    type=click.Choice(["csls", "none"]),
    default="csls",
    show_default=True,
    help="csls: keeps pictures that are near to everything from being everywhere, by a second search.",
)
@options.paths_options
@options.seed_option()
@options.device_option
@options.json_option
@options.plugin_option
@options.debug_option
def neighbours(*, correction: str, as_json: bool, plugin_files: tuple[Path, ...], **fields: Any) -> None:
    """Write the nearest neighbours of every picture, by the cosine of its features.

    \b
      artbench neighbours --images pictures --backbone resnet50 --out near.csv
    """  # noqa: D301  click reads the control character
    from artbench.catalogue.request import NeighboursRequest, about_file

    loaded = options.registry(plugin_files, fields["paths"])
    request = NeighboursRequest(corrected=correction == "csls", **fields)
    request.check(loaded)
    check_named(loaded, fields)
    # Torch takes seconds to import.
    from artbench.catalogue.neighbours import find_neighbours
    from artbench.cli.progress import TerminalReporter

    check_parameters(loaded, fields)
    found = find_neighbours(request, registry=loaded, reporter=TerminalReporter())
    if as_json:
        print_json(found.as_json())
        return
    _print(found)
    echo(f"They are in {request.out}, and how they were found in {about_file(fields['out'])}.", err=True)


def _print(found: "Neighbours") -> None:
    unread = f"; {len(found.unreadable):,} can't be read" if found.unreadable else ""
    echo(f"{counted(found.count, 'neighbour')} of each of {counted(len(found.images), 'picture')}{unread}")
    for name, hubs in (("by cosine", found.cosine), ("by CSLS", found.corrected)):
        if hubs is not None:
            echo(
                f"{name}: hubness (skewness) {hubs.skewness:.2f}, the largest hub is a neighbour of {hubs.most:,} "
                f"pictures, {hubs.never:,} are never one"
            )
