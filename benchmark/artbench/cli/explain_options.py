"""Options that the commands on a record share."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from artbench.cli.options import data_option, data_root_option, device_option, registry

FILE = click.Path(path_type=Path, dir_okay=False)

record_option = click.option(
    "--record", required=True, type=FILE, metavar="RECORD.json", help="Whose encoder and probe to explain."
)
dpi_option = click.option(
    "--dpi", type=click.IntRange(30, 1200), default=150, show_default=True, help="Dots an inch; 300 and more to print."
)
_pretraining_option = click.option(
    "--pretraining",
    "checkpoint",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="The checkpoint, where the record's pretraining is one.",
)
_exclude_option = click.option(
    "--exclude", type=FILE, metavar="FILE.csv", help="The list that the record was run with, if it was."
)


def sources_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say where to find what a record was made from.

    A command with `plugin_option` is called with `sources` and `loaded`, the plugins, in place of these options and of
    `plugin_files`.
    """

    @wraps(command)
    def with_sources(
        *,
        checkpoint: Path | None,
        exclude: Path | None,
        data_root: Path | None,
        data: dict[str, Path],
        device: str,
        plugin_files: tuple[Path, ...],
        **others: Any,
    ) -> None:
        from artbench.explain.sources import Sources

        sources = Sources(data_root=data_root, placed=data, checkpoint=checkpoint, exclude=exclude, device=device)
        command(sources=sources, loaded=registry(plugin_files), **others)

    added = with_sources
    for option in (device_option, data_option, data_root_option, _exclude_option, _pretraining_option):
        added = option(added)
    return added
