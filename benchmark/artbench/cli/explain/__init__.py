"""`artbench explain`: what networks see."""

import click

from artbench.cli.lazy import LazyGroup

_COMMANDS = {
    "filters": "artbench.cli.explain.filters:filters",
    "gradcam": "artbench.cli.explain.gradcam:gradcam",
    "map": "artbench.cli.explain.map:map_",
    "neighbours": "artbench.cli.explain.neighbours:neighbours",
}


@click.group(cls=LazyGroup, commands_at=_COMMANDS)
def explain() -> None:
    """Make pictures of what networks see."""
