"""Options that the commands on a record share."""

from pathlib import Path

import click

FILE = click.Path(path_type=Path, dir_okay=False)

record_option = click.option(
    "--record", required=True, type=FILE, metavar="RECORD.json", help="Whose encoder and probe to explain."
)
pretraining_option = click.option(
    "--pretraining",
    "checkpoint",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="The checkpoint, where the record's pretraining is one.",
)
exclude_option = click.option(
    "--exclude", type=FILE, metavar="FILE.csv", help="The list that the record was run with, if it was."
)
dpi_option = click.option(
    "--dpi", type=click.IntRange(30, 1200), default=150, show_default=True, help="Dots an inch; 300 and more to print."
)
