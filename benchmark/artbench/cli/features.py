"""`artbench features`: features for use elsewhere."""

import re
from pathlib import Path
from typing import Any, Literal

import click

from artbench.cli import options


@click.group()
def features() -> None:
    """Export features for use elsewhere."""


@features.command()
@options.backbone_option(required=True)
@options.pretraining_option(default="imagenet")
@options.dataset_option("Dataset whose images are exported.", required=True)
@options.paths_options
@click.option("--out", type=options.FOLDER, required=True, help="Folder to write into.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["npy", "parquet"]),
    default="npy",
    show_default=True,
    help="npy: an array, and a CSV of ids in its order. parquet: a table of ids and features.",
)
@options.seed_option()
@options.device_option
@options.plugin_option
@options.debug_option
def export(
    *, dataset: str, out: Path, format_: Literal["npy", "parquet"], plugin_files: tuple[Path, ...], **fields: Any
) -> None:
    """Write ids and features of all images of a dataset. Features that are not stored are extracted."""
    loaded = options.registry(plugin_files)
    spec = loaded.datasets.get(dataset)
    # Torch takes seconds to import.
    from artbench.cli.progress import TerminalReporter
    from artbench.features.export import export as write
    from artbench.features.workflow import FeaturesRequest, extract_features

    request = FeaturesRequest(dataset=dataset, **fields)
    encoder, images, found = extract_features(request, registry=loaded, reporter=TerminalReporter())
    name = re.sub(r"[^\w.-]+", "_", f"{spec.name}-{encoder.backbone.name}-{encoder.pretraining_name}")
    for file in write(found, images, out, name=name, format_=format_):
        click.echo(str(file))
