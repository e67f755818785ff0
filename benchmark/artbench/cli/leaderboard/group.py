"""`artbench leaderboard`: what is made of records."""

import click

from artbench.cli.lazy import LazyGroup

_COMMANDS = {
    "build": "artbench.cli.leaderboard.build:build",
    "show": "artbench.cli.leaderboard.show:show",
}


@click.group(cls=LazyGroup, commands_at=_COMMANDS)
def leaderboard() -> None:
    """Build and show leaderboards from records."""
