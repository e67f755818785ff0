"""Lines that hold names from records and datasets."""

import click

from artbench.runtime.progress import printable


def say(line: str, *, err: bool = False) -> None:
    """Print a line, whatever the names in it hold."""
    click.echo(printable(line), err=err)
