"""`artbench explain`: what networks see."""

import click

from artbench.cli.lazy import LazyGroup

_COMMANDS: dict[str, str] = {}


@click.group(cls=LazyGroup, commands_at=_COMMANDS)
def explain() -> None:
    """Make pictures of what networks see."""
