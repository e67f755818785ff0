"""`artbench explain map`: images of a test split, laid out by their features."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from artbench.cli.explain import record_command
from artbench.cli.options import Number
from artbench.cli.output import echo

if TYPE_CHECKING:
    from artbench.explain.map.contents import MapContents


def _print(contents: "MapContents", out: Path) -> None:
    from artbench.explain.map.contents import FIGURE, PAGE

    for line in contents.caption:
        echo(line)
    echo(f"The figure is {out / FIGURE}, the page {out / PAGE}.", err=True)


map_ = record_command(
    "map",
    click.option(
        "--layout",
        "method",
        type=click.Choice(["umap", "pca"]),
        help="How images are placed. Default: umap where umap-learn is installed, else principal components.",
    ),
    click.option(
        "--class",
        "named",
        multiple=True,
        metavar="NAME",
        help="Colour this class and leave the others grey; repeatable.",
    ),
    click.option(
        "--pictures",
        type=Number(4, 10_000),
        default=2000,
        show_default=True,
        help="Most images that the page holds; the figure shows all.",
    ),
    out="Folder for figure, page and tables.",
    seed="Seed of UMAP and of the images drawn for the page.",
    about="Lay out the test images of a record by their features, as a figure and as a page to explore."
    "\n\n\b\n  artbench explain map --out map \\\n    --record results/records/sample-style/NAME.json",
    request="artbench.explain.map.request:MapRequest",
    workflow="artbench.explain.map.workflow:explain_map",
    show=_print,
)
