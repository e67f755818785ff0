"""`artbench new`: what is written for somebody to go on with."""

import click

from artbench.cli.lazy import LazyGroup

_COMMANDS = {"plugin": "artbench.cli.new:plugin"}


@click.group(cls=LazyGroup, commands_at=_COMMANDS)
def new() -> None:
    """Begin a plugin: a package that works, to be changed."""
