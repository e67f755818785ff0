"""Options that several commands share."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from artbench.plugins.loading import Registry


_STDOUT, _STDERR = 1, 2
_SINK = f"{__name__}.sink"


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


@contextmanager
def _only_json() -> Iterator[None]:
    """Send to stderr whatever anything but `print_json` prints: a plugin, a library, a process that they start."""
    stdout = sys.stdout
    sink, real = stdout, sys.__stdout__
    with ExitStack() as stack:
        # Not where Python's stdout is no file, as in tests, or where somebody closed stdout or stderr.
        if real is not None and sys.__stderr__ is not None and stdout is real and stdout.fileno() == _STDOUT:
            stdout.flush()
            kept = os.dup(_STDOUT)
            sink = stack.enter_context(os.fdopen(kept, "w", encoding=stdout.encoding, errors=stdout.errors))
            stack.callback(os.dup2, kept, _STDOUT)
            os.dup2(_STDERR, _STDOUT)
        stack.enter_context(redirect_stdout(sys.stderr))
        click.get_current_context().meta[_SINK] = sink
        yield


def _keep_stdout_clean(context: click.Context, _: click.Parameter, wanted: bool) -> bool:
    if wanted:
        context.with_resource(_only_json())
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


def print_json(content: object) -> None:
    """Print JSON and nothing else on stdout, for a command with `json_option`."""
    click.echo(json.dumps(content, indent=1, ensure_ascii=False), file=click.get_current_context().meta[_SINK])
