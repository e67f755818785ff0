"""`artbench explain`: what networks see."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from artbench.cli import options
from artbench.cli.lazy import LazyGroup

_COMMANDS = {
    "filters": "artbench.cli.explain.filters:filters",
    "gradcam": "artbench.cli.explain.gradcam:gradcam",
    "map": "artbench.cli.explain.map:map_",
    "neighbours": "artbench.cli.explain.neighbours:neighbours",
}


@click.group(cls=LazyGroup, commands_at=_COMMANDS)
def explain() -> None:
    """Make pictures of what networks see."""


def record_command(
    name: str, *own: options.Option, out: str, seed: str = ""
) -> Callable[[Callable[..., None]], click.Command]:
    """Make a command that explains a record.

    Its function is called with `record`, `out`, `dpi`, `as_json`, its own options, `seed` if it has one, and with
    `sources`, where the record's parts lie, and `loaded`, the plugins.

    Args:
        name: Name of the command.
        *own: Its own options.
        out: Help of `--out`.
        seed: Help of `--seed`; empty: it has none.
    """
    every: list[options.Option] = [
        options.record_option,
        *own,
        click.option("--out", required=True, type=options.FOLDER, help=out),
        options.checkpoint_option,
        options.exclude_option,
        options.data_root_option,
        options.data_option,
        options.device_option,
        options.dpi_option,
        *([options.seed_option(seed)] if seed else []),
        options.json_option,
        options.plugin_option,
        options.debug_option,
    ]

    def decorate(function: Callable[..., None]) -> click.Command:
        @wraps(function)
        def command(
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
            function(sources=sources, loaded=options.registry(plugin_files), **others)

        with_options: Callable[..., Any] = command
        for option in reversed(every):
            with_options = option(with_options)
        return click.command(name)(with_options)

    return decorate
