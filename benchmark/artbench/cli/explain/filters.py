"""`artbench explain filters`: what the units of a network respond to most."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from artbench.cli import options
from artbench.cli.completion import completed
from artbench.cli.early import check_named
from artbench.cli.output import echo, print_json

if TYPE_CHECKING:
    from artbench.explain.filters.encoder_filters import EncoderFilters


@click.command()
@options.backbone_option(required=True)
@options.pretraining_option(
    "Where its weights come from, or a checkpoint; repeatable: side by side.", multiple=True, default=("imagenet",)
)
@click.option("--out", required=True, type=options.OUTPUT_FILE, metavar="FILE.png", help="File of the figure.")
@click.option(
    "--layer",
    "layers",
    multiple=True,
    metavar="NAME",
    help="Module of the network; repeatable. Default: a few depths, from the first convolution to the last.",
)
@options.units_option
@click.option(
    "--examples",
    metavar="DATASET",
    shell_complete=completed("datasets"),
    help="Show the images of this dataset that each unit responds to most.",
)
@options.paths_options
@options.device_option
@options.dpi_option
@options.seed_option(
    "Seed of the units drawn, and of where ascents start and how they are jittered.", most=options.MOST_SEED
)
@options.json_option
@options.plugin_option
@options.debug_option
def filters(*, as_json: bool, plugin_files: tuple[Path, ...], **fields: Any) -> None:
    """Draw the pictures that units of a network respond to most, from its first layer to its last.

    \b
      artbench explain filters --backbone resnet18 \\
        --pretraining random --pretraining imagenet --out f.png
    """  # noqa: D301  click reads the control character
    loaded = options.registry(plugin_files, fields["paths"])
    check_named(loaded, fields)
    from artbench.explain.filters.request import FiltersRequest

    request = FiltersRequest(**fields)
    request.check()
    # Torch takes seconds to import.
    from artbench.cli.progress import TerminalReporter
    from artbench.explain.filters.workflow import explain_filters

    found = explain_filters(request, registry=loaded, reporter=TerminalReporter())
    if as_json:
        print_json([one.as_json() for one in found])
    else:
        _print(found, request.out)


def _print(found: "list[EncoderFilters]", out: Path) -> None:
    for one in found:
        echo(f"{one.encoder.backbone}, {one.encoder.pretraining}")
        width = max(len(layer.depth.name) for layer in one.layers)
        for layer in one.layers:
            echo(f"  {layer.depth.name:{width}}  {layer.counted}")
    echo(f"The figure is in {out}.", err=True)
