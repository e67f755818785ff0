"""`artbench new`: a package for a backbone, a pretraining, a dataset, a task, or what is asked and how it is judged."""

import shlex
from collections.abc import Sequence
from pathlib import Path

import click

from artbench.cli.lazy import LazyGroup
from artbench.cli.options import FOLDER, debug_option, json_option, registry
from artbench.cli.output import print_json

_KINDS = ("backbone", "pretraining", "dataset", "task", "target", "metric", "protocol")
_COMMANDS = {"plugin": "artbench.cli.new:plugin"}


@click.command()
@click.argument("name")
@click.option("--kind", type=click.Choice(_KINDS), required=True, help="What the plugin adds to artbench.")
@click.option("--out", type=FOLDER, metavar="DIR", help="Folder to write. Default: artbench-NAME.")
@json_option
@debug_option
def plugin(name: str, kind: str, out: Path | None, as_json: bool) -> None:
    """Write a package with a working plugin, called artbench-NAME.

    It has typed code, tests, a README, and a workflow for GitHub. A backbone starts as a small network; a pretraining,
    as a method that trains; a dataset, as a folder of images with a list, and a task on it; a task, as labels of your
    own for images of `sample`, or of any other dataset; a target, as steps that have an order, with a metric and a
    task; a metric, as Cohen's kappa, and a task that ranks by it; a protocol, as a probe that knows the mean of each
    class.
    """
    from artbench.plugins.scaffold.naming import names_of
    from artbench.plugins.scaffold.writing import KINDS, check_available, check_out, write_plugin

    names = names_of(name)
    folder = out or Path(names.distribution)
    check_out(folder)
    check_available(names, kind, registry=registry(()))
    files = write_plugin(names, kind, folder)
    steps = [
        f"cd {shlex.quote(str(folder))}",
        "python -m pip install -e '.[dev]' && pytest",
        KINDS[kind].trial.replace("NAME", names.registered),
    ]
    if as_json:
        print_json(
            {
                "name": names.registered,
                "kind": kind,
                "distribution": names.distribution,
                "module": names.module,
                "registers": [{"kind": what, "name": called} for what, called in KINDS[kind].registered(names)],
                "folder": str(folder),
                "files": list(files),
                "next": steps,
            }
        )
        return
    _print_tree(folder, files)
    click.echo("\nNext:")
    for step in steps:
        click.echo(f"  {step}")


def _print_tree(folder: Path, files: Sequence[str]) -> None:
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

    branches = {"": Tree(Text(str(folder), style="bold"))}
    for file in files:
        above = ""
        for part in file.split("/"):
            here = f"{above}/{part}"
            if here not in branches:
                branches[here] = branches[above].add(Text(part))
            above = here
    Console().print(branches[""], soft_wrap=True)


@click.group(cls=LazyGroup, commands_at=_COMMANDS)
def new() -> None:
    """Create a plugin: a working package to start from."""
