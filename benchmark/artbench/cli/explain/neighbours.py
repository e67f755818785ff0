"""`artbench explain neighbours`: the images whose features are most like those of a given one."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from artbench.cli.explain import record_command
from artbench.cli.output import echo, print_json

if TYPE_CHECKING:
    from artbench.explain.neighbours.nearest import Neighbourhoods
    from artbench.explain.sources import Sources
    from artbench.plugins.registry import Registry


@record_command(
    "neighbours",
    click.option(
        "--image",
        "images",
        required=True,
        multiple=True,
        metavar="PATH|ID",
        help="Any image, or the id of one of the dataset; repeatable.",
    ),
    click.option("--count", type=click.IntRange(1, 100), default=10, show_default=True, help="Neighbours per image."),
    out="Folder for the figures and the list.",
)
def neighbours(
    record: Path,
    images: tuple[str, ...],
    count: int,
    out: Path,
    sources: "Sources",
    dpi: int,
    as_json: bool,
    loaded: "Registry",
) -> None:
    """Show the images of a record's task that are nearest to any image, by the cosine of their features.

    \b
      artbench explain neighbours --record results/records/sample-style/NAME.json --image mine.jpg --out near
    """  # noqa: D301  click reads the control character
    from artbench.explain.neighbours.request import NeighboursRequest

    request = NeighboursRequest(record=record, out=out, images=images, count=count, dpi=dpi, sources=sources)
    request.check(loaded)
    # Torch takes seconds to import.
    from artbench.cli.progress import notices
    from artbench.explain.neighbours.workflow import explain_neighbours

    contents = explain_neighbours(request, registry=loaded, reporter=notices())
    if as_json:
        print_json(contents.as_json())
    else:
        _print(contents, out)


def _print(contents: "Neighbourhoods", out: Path) -> None:
    for answer in contents.answers:
        known = f": {answer.query.known}" if answer.query.known else ""
        echo(f"{answer.query.image}{known}")
        for shown, cosine in answer.nearest:
            echo(f"  {cosine:.3f}  {shown.known}  {shown.image}  ({shown.part})")
    echo(contents.caption, err=True)
    echo(f"Figures in {out}, {contents.answers[0].file} and others; neighbours.csv lists them.", err=True)
