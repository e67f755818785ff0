"""`artbench explain`: what networks see."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from artbench.cli import options
from artbench.cli.lazy import LazyGroup
from artbench.cli.output import print_json
from artbench.specs import load_factory

if TYPE_CHECKING:
    from artbench.data.folders import DatasetPaths

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
    name: str,
    *own: options.Option,
    about: str,
    out: str,
    seed: str = "",
    request: str,
    workflow: str,
    show: Callable[[Any, Path], None],
) -> click.Command:
    """Make a command that explains a record.

    Args:
        name: Name of the command.
        *own: Its own options, named as fields of the request.
        about: Help of the command.
        out: Help of `--out`.
        seed: Help of `--seed`; empty: it has none.
        request: `module:class` of the request.
        workflow: `module:function` that carries out the request.
        show: Prints what it returns, given the folder of `--out`.
    """
    every: list[options.Option] = [
        options.record_option,
        *own,
        click.option("--out", required=True, type=options.FOLDER, help=out),
        options.collection_option(),
        options.checkpoint_option,
        options.exclude_option,
        options.paths_options,
        options.device_option,
        options.dpi_option,
        *([options.seed_option(seed, most=options.MOST_SEED)] if seed else []),
        options.json_option,
        options.plugin_option,
        options.debug_option,
    ]

    def explain_record(
        *,
        task: str | None,
        checkpoint: Path | None,
        exclude: Path | None,
        paths: "DatasetPaths",
        device: str,
        as_json: bool,
        plugin_files: tuple[Path, ...],
        **fields: Any,
    ) -> None:
        from artbench.explain.sources import Sources

        loaded = options.registry(plugin_files, paths)
        tasks = () if task is None else (task,)
        sources = Sources(tasks=tasks, paths=paths, checkpoint=checkpoint, exclude=exclude, device=device)
        make: Callable[..., Any] = load_factory(request)
        asked = make(sources=sources, **fields)
        checked = asked.check(loaded)
        # Torch takes seconds to import.
        from artbench.cli.progress import TerminalReporter

        carry_out: Callable[..., Any] = load_factory(workflow)
        contents = carry_out(asked, checked, registry=loaded, reporter=TerminalReporter())
        if as_json:
            print_json(contents.as_json())
        else:
            show(contents, fields["out"])

    with_options: Callable[..., Any] = explain_record
    for option in reversed(every):
        with_options = option(with_options)
    return click.command(name, help=about)(with_options)
