"""`artbench features`: features for use elsewhere."""

import re
from pathlib import Path
from typing import Any, Literal

import click

from artbench.cli.completion import completed
from artbench.cli.options import (
    FOLDER,
    backbone_option,
    debug_option,
    device_option,
    paths_options,
    plugin_option,
    pretraining_option,
    registry,
    seed_option,
)


@click.group()
def features() -> None:
    """Export features for use elsewhere."""


@features.command()
@backbone_option(required=True)
@pretraining_option(default="imagenet")
@click.option(
    "--dataset",
    required=True,
    metavar="NAME",
    shell_complete=completed("datasets"),
    help="Dataset whose images are exported.",
)
@paths_options
@click.option("--out", type=FOLDER, required=True, help="Folder to write into.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["npy", "parquet"]),
    default="npy",
    show_default=True,
    help="npy: an array, and a CSV of ids in its order. parquet: a table of ids and features.",
)
@seed_option()
@device_option
@plugin_option
@debug_option
def export(
    *, dataset: str, out: Path, format_: Literal["npy", "parquet"], plugin_files: tuple[Path, ...], **fields: Any
) -> None:
    """Write ids and features of all images of a dataset. Features that are not stored are extracted."""
    loaded = registry(plugin_files)
    spec = loaded.datasets.get(dataset)
    # Torch takes seconds to import.
    from artbench.cli.progress import notices
    from artbench.features.export import export as write
    from artbench.features.workflow import FeaturesRequest, extract_features

    request = FeaturesRequest(dataset=dataset, **fields)
    encoder, images, found = extract_features(request, registry=loaded, reporter=notices())
    name = re.sub(r"[^\w.-]+", "_", f"{spec.name}-{encoder.backbone.name}-{encoder.pretraining_name}")
    for file in write(found, images, out, name=name, format_=format_):
        click.echo(str(file))
