"""`artbench features`: features for use elsewhere."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from artbench.cli.completion import completed
from artbench.cli.options import (
    FOLDER,
    debug_option,
    device_option,
    paths_options,
    plugin_option,
    registry,
)

if TYPE_CHECKING:
    from artbench.data.folders import DatasetPaths


@click.group()
def features() -> None:
    """Features for use elsewhere."""


@features.command()
@click.option("--backbone", required=True, metavar="NAME", shell_complete=completed("backbones"), help="Architecture.")
@click.option(
    "--pretraining",
    default="imagenet",
    show_default=True,
    metavar="NAME|PATH",
    shell_complete=completed("pretrainings", or_path=True),
    help="Where its weights come from, or a checkpoint.",
)
@click.option("--dataset", required=True, metavar="NAME", shell_complete=completed("datasets"), help="Whose pictures.")
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
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of random weights.")
@device_option
@plugin_option
@debug_option
def export(
    backbone: str,
    pretraining: str,
    dataset: str,
    paths: "DatasetPaths",
    out: Path,
    format_: Literal["npy", "parquet"],
    seed: int,
    device: str,
    plugin_files: tuple[Path, ...],
) -> None:
    """Write ids and features of all pictures of a dataset; what is not kept yet is extracted."""
    loaded = registry(plugin_files)
    _, spec = loaded.datasets.find(dataset)
    # Only now: torch takes seconds to import.
    import re

    import numpy as np

    from artbench.cli.progress import notices
    from artbench.encoders.request import encoder_requests
    from artbench.errors import plugin_errors
    from artbench.features.export import export as write
    from artbench.features.extract import extract
    from artbench.protocol import LINEAR_V1
    from artbench.runtime.files import cache_folder
    from artbench.specs import load_factory

    reporter = notices()
    (candidate,) = encoder_requests([backbone], [pretraining], registry=loaded, seed=seed)
    folder = paths.folder(spec, reporter=reporter)
    with plugin_errors(f"dataset {spec.name}"):
        pictures = load_factory(spec.factory)(folder)
    found = extract(
        candidate.build(reporter),
        pictures,
        np.arange(len(pictures)),
        picture=LINEAR_V1.picture,
        cache=cache_folder() / "features",
        device=device,
        reporter=reporter,
    )
    name = re.sub(r"[^\w.-]+", "_", f"{spec.name}-{candidate.backbone.name}-{candidate.pretraining_name}")
    for file in write(found, pictures, out, name=name, format_=format_):
        click.echo(str(file))
