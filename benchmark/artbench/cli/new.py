"""`artbench new`: a whole package for a backbone, a pretraining, a dataset or a task."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from artbench.cli.lazy import LazyGroup
from artbench.cli.options import FOLDER, debug_option, json_option, registry
from artbench.cli.output import print_json

if TYPE_CHECKING:
    from artbench.plugins.scaffold.writing import Written


_KINDS = ("backbone", "pretraining", "dataset", "task")
_COMMANDS = {"plugin": "artbench.cli.new:plugin"}


@click.command()
@click.argument("name")
@click.option("--kind", type=click.Choice(_KINDS), required=True, help="What it adds to artbench.")
@click.option("--out", type=FOLDER, metavar="DIR", help="Folder to write. Default: artbench-NAME.")
@json_option
@debug_option
def plugin(name: str, kind: str, out: Path | None, as_json: bool) -> None:
    """Write a package with a plugin that works, called artbench-NAME.

    It has typed code, tests, a README, and a workflow for GitHub. A backbone is a small network; a pretraining, a
    method that trains; a dataset, a folder of pictures with a list, and a first task on it; a task, labels of your own
    for pictures of `sample`, or of any other dataset.
    """
    from artbench.plugins.scaffold.naming import names_of
    from artbench.plugins.scaffold.writing import KINDS, check_available, check_out, write_plugin

    names = names_of(name)
    folder = out or Path(names.distribution)
    check_out(folder)
    check_available(names, kind, registry=registry(()))
    written = write_plugin(names, kind, folder)
    steps = [
        f"cd {shlex.quote(str(folder))}",
        "python -m pip install -e '.[dev]' && pytest",
        KINDS[kind].trial.replace("NAME", names.registered),
    ]
    if as_json:
        registers = [{"kind": what, "name": called} for what, called in KINDS[kind].registered(names)]
        print_json(
            {
                "name": names.registered,
                "kind": kind,
                "distribution": names.distribution,
                "module": names.module,
                "registers": registers,
                "folder": str(folder),
                "files": list(written.files),
                "next": steps,
            }
        )
        return
    _print(written)
    click.echo("\nNext:")
    for step in steps:
        click.echo(f"  {step}")


def _print(written: "Written") -> None:
    """The files as a tree."""
    from rich.console import Console
    from rich.text import Text
    from rich.tree import Tree

    root = Tree(Text(str(written.folder), style="bold"))
    branches = {"": root}
    for file in written.files:
        above = ""
        for part in file.split("/"):
            here = f"{above}/{part}"
            if here not in branches:
                branches[here] = branches[above].add(Text(part))
            above = here
    Console().print(root, soft_wrap=True)


@click.group(cls=LazyGroup, commands_at=_COMMANDS)
def new() -> None:
    """Begin a plugin: a package that works, to be changed."""
