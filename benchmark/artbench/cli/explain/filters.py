"""`artbench explain filters`: what the units of a network respond to most."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from artbench.cli.completion import completed
from artbench.cli.options import (
    data_option,
    data_root_option,
    debug_option,
    device_option,
    dpi_option,
    json_option,
    plugin_option,
    registry,
)
from artbench.cli.output import echo, print_json

if TYPE_CHECKING:
    from artbench.explain.filters.encoder_filters import EncoderFilters

_MOST_UNITS = 24


@click.command()
@click.option("--backbone", required=True, metavar="NAME", shell_complete=completed("backbones"), help="Architecture.")
@click.option(
    "--pretraining",
    "pretrainings",
    multiple=True,
    default=("imagenet",),
    show_default=True,
    metavar="NAME|PATH",
    shell_complete=completed("pretrainings", or_path=True),
    help="Where its weights come from, or a checkpoint; repeatable: side by side.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE.png", help="The figure's file.")
@click.option(
    "--layer",
    "layers",
    multiple=True,
    metavar="NAME",
    help="Module of the network; repeatable. Default: a few depths, from the first convolution to the last.",
)
@click.option(
    "--units",
    type=click.IntRange(1, _MOST_UNITS),
    default=6,
    show_default=True,
    help="Units of each layer, drawn by the seed.",
)
@click.option(
    "--examples",
    metavar="DATASET",
    shell_complete=completed("datasets"),
    help="Show the pictures of it that each unit responds to most.",
)
@data_root_option
@data_option
@device_option
@dpi_option
@click.option(
    "--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True, help="Of units, starts and moves."
)
@json_option
@plugin_option
@debug_option
def filters(
    backbone: str,
    pretrainings: tuple[str, ...],
    out: Path,
    layers: tuple[str, ...],
    units: int,
    examples: str | None,
    data_root: Path | None,
    data: dict[str, Path],
    device: str,
    dpi: int,
    seed: int,
    as_json: bool,
    plugin_files: tuple[Path, ...],
) -> None:
    """Draw the pictures that units of a network respond to most, from its first layer to its last.

    \b
      artbench explain filters --backbone resnet18 --pretraining random --pretraining imagenet --out filters.png
    """  # noqa: D301  click reads the control character
    loaded = registry(plugin_files)
    from artbench.explain.filters.request import FiltersRequest

    request = FiltersRequest(
        backbone=backbone,
        pretrainings=pretrainings,
        out=out,
        layers=layers,
        units=units,
        examples=examples,
        data_root=data_root,
        placed=data,
        device=device,
        seed=seed,
        dpi=dpi,
    )
    request.check(loaded)
    # Torch takes seconds to import.
    from artbench.cli.progress import notices
    from artbench.explain.filters.workflow import explain_filters

    found = explain_filters(request, registry=loaded, reporter=notices())
    if as_json:
        print_json([one.as_json() for one in found])
    else:
        _print(found, out)


def _print(found: "list[EncoderFilters]", out: Path) -> None:
    for one in found:
        echo(f"{one.encoder.backbone}, {one.encoder.pretraining}")
        width = max(len(layer.depth.name) for layer in one.layers)
        for layer in one.layers:
            echo(f"  {layer.depth.name:{width}}  {layer.counted}")
    echo(f"The figure is in {out}.", err=True)
