"""`artbench explain neighbours`: the images whose features are most like those of a given one."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from artbench.cli.explain import record_command
from artbench.cli.options import Number
from artbench.cli.output import echo

if TYPE_CHECKING:
    from artbench.explain.neighbours.nearest import Neighbourhoods


def _print(contents: "Neighbourhoods", out: Path) -> None:
    for answer in contents.answers:
        known = f": {answer.query.known}" if answer.query.known else ""
        echo(f"{answer.query.image}{known}")
        for shown, cosine in answer.nearest:
            echo(f"  {cosine:.3f}  {shown.known}  {shown.image}  ({shown.part})")
    echo(contents.caption, err=True)
    echo(f"Figures in {out}, {contents.answers[0].file} and others; neighbours.csv lists them.", err=True)


neighbours = record_command(
    "neighbours",
    click.option(
        "--image",
        "images",
        required=True,
        multiple=True,
        metavar="PATH|ID",
        help="Any image, or the id of one of the dataset; repeatable.",
    ),
    click.option("--count", type=Number(1, 100), default=10, show_default=True, help="Neighbours per image."),
    out="Folder for the figures and the list.",
    about="Show the images of a record's task that are nearest to any image, by the cosine of their features."
    "\n\n\b\n  artbench explain neighbours --image mine.jpg --out near \\\n"
    "    --record results/records/sample-style/NAME.json",
    request="artbench.explain.neighbours.request:NeighboursRequest",
    workflow="artbench.explain.neighbours.workflow:explain_neighbours",
    show=_print,
)
