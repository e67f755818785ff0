"""Options that several commands share."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from artbench.plugins import Registry


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
json_option = click.option("--json", "as_json", is_flag=True, help="Print nothing but JSON on stdout.")
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
    from artbench.plugins import load_plugins

    loaded = load_plugins(plugin_files)
    for problem in loaded.problems:
        click.secho(problem, fg="yellow", err=True)
    return loaded


def print_json(content: object) -> None:
    """Print JSON and nothing else on stdout."""
    click.echo(json.dumps(content, indent=1, ensure_ascii=False))
