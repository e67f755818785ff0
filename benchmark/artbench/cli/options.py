"""Options that several commands share."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from artbench.cli.output import only_json

if TYPE_CHECKING:
    from artbench.plugins.registry import Registry


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


class _Folder(click.Path):
    """A folder that is there or may be made; refuses the empty text that an unset shell variable leaves."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, file_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("the path is empty. Is a variable of the shell not set?", param, ctx)
        return super().convert(value, param, ctx)


FOLDER = _Folder()
results_option = click.option(
    "--results",
    type=FOLDER,
    default=Path("results"),
    show_default=True,
    help="Folder of records and leaderboards.",
)


def _keep_stdout_clean(context: click.Context, _: click.Parameter, wanted: bool) -> bool:
    if wanted:
        context.with_resource(only_json())
    return wanted


json_option = click.option(
    "--json", "as_json", is_flag=True, callback=_keep_stdout_clean, help="Print nothing but JSON on stdout."
)
debug_option = click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an error.")
plugin_option = click.option(
    "--plugin",
    "plugin_files",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE.py",
    help="Load a plugin from a file; repeatable.",
)
data_root_option = click.option(
    "--data-root",
    type=FOLDER,
    envvar="ARTBENCH_DATA",
    show_envvar=True,
    help="Holds one folder per dataset, named as the dataset.",
)
device_option = click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda", "mps"]),
    default="auto",
    show_default=True,
    help="What computes; auto takes a GPU if there is one.",
)


def _placed(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, Path]:
    """Read every DATASET=PATH."""
    placed = {}
    for value in values:
        name, separator, path = value.partition("=")
        if not (name and separator and path):
            raise click.BadParameter(f"{value!r} is not of the form DATASET=PATH")
        placed[name] = Path(path)
    return placed


data_option = click.option(
    "--data", multiple=True, callback=_placed, metavar="DATASET=PATH", help="Place one dataset by itself; repeatable."
)


def registry(plugin_files: tuple[Path, ...]) -> "Registry":
    """Load the plugins; those left out are named on stderr."""
    from artbench.plugins.loading import load_plugins

    loaded = load_plugins(plugin_files)
    for problem in loaded.problems:
        click.secho(problem, fg="yellow", err=True)
    return loaded


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
