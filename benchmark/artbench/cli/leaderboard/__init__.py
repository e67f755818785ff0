"""`artbench leaderboard`: the group of commands that work on records."""

import click

from artbench.cli.lazy import LazyGroup

_COMMANDS = {
    "build": "artbench.cli.leaderboard.build:build",
    "show": "artbench.cli.leaderboard.show:show",
    "compare": "artbench.cli.leaderboard.compare:compare",
    "check": "artbench.cli.leaderboard.check:check",
    "verify": "artbench.cli.leaderboard.verify:verify",
    "export": "artbench.cli.leaderboard.export:export",
    "publish": "artbench.cli.leaderboard.publish:publish",
}


@click.group(cls=LazyGroup, commands_at=_COMMANDS)
def leaderboard() -> None:
    """Build, show, compare, check, verify, export and publish leaderboards."""
