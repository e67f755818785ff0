"""`artbench features`: features for use elsewhere."""

import re
from pathlib import Path
from typing import Any, Literal

import click

from artbench.cli import options
from artbench.cli.early import check_named, check_parameters
from artbench.cli.lazy import Group
from artbench.cli.output import echo


@click.group(cls=Group)
def features() -> None:
    """Export features for use elsewhere."""


@features.command()
@options.backbone_option(required=True)
@options.pretraining_option(default="imagenet")
@options.dataset_option("Dataset whose images are exported.")
@options.task_option("Task whose images are exported, instead of all of a dataset.")
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
def export(*, out: Path, format_: Literal["npy", "parquet"], plugin_files: tuple[Path, ...], **fields: Any) -> None:
    """Write ids and features of the images of a dataset or task. Features that are not stored are extracted."""
    if (fields["dataset"] is None) == (fields["task"] is None):
        raise click.UsageError("Give either --dataset or --task.")
    loaded = options.registry(plugin_files, fields["paths"])
    check_named(loaded, fields)
    # Torch takes seconds to import.
    from artbench.cli.progress import TerminalReporter
    from artbench.features.export import export as write
    from artbench.features.workflow import FeaturesRequest, extract_features

    check_parameters(loaded, fields)
    request = FeaturesRequest(**fields)
    encoder, images, found = extract_features(request, registry=loaded, reporter=TerminalReporter())
    what = fields["task"] or loaded.datasets.get(fields["dataset"]).name
    name = re.sub(r"[^\w.-]+", "_", f"{what}-{encoder.backbone.name}-{encoder.pretraining_name}")
    before = set(out.glob(f"{name}.*"))
    for file in write(found, images, out, name=name, format_=format_):
        click.echo(str(file))
        if file in before:
            echo(f"{file} was there before, and is replaced.", err=True)
