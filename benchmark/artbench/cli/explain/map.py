"""`artbench explain map`: images of a test split, laid out by their features."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from artbench.cli.explain import record_command
from artbench.cli.output import echo, print_json

if TYPE_CHECKING:
    from artbench.explain.map.contents import MapContents
    from artbench.explain.sources import Sources
    from artbench.plugins.registry import Registry


@record_command(
    "map",
    click.option(
        "--layout",
        type=click.Choice(["umap", "pca"]),
        help="How images are placed. Default: umap where umap-learn is installed, else principal components.",
    ),
    click.option(
        "--class",
        "named",
        multiple=True,
        metavar="NAME",
        help="Colour this class, and leave those grey that are not named; repeatable.",
    ),
    click.option(
        "--pictures",
        type=click.IntRange(4, 10_000),
        default=2000,
        show_default=True,
        help="Most images that the page holds; the figure shows all.",
    ),
    out="Folder for figure, page and tables.",
    seed="Seed of UMAP and of the images drawn for the page.",
)
def map_(
    record: Path,
    out: Path,
    layout: str | None,
    named: tuple[str, ...],
    pictures: int,
    sources: "Sources",
    dpi: int,
    seed: int,
    as_json: bool,
    loaded: "Registry",
) -> None:
    """Lay out the test images of a record by their features, as a figure and as a page to explore.

    \b
      artbench explain map --record results/records/sample-style/NAME.json --out map
    """  # noqa: D301  click reads the control character
    from artbench.explain.map.request import MapRequest

    request = MapRequest(
        record=record,
        out=out,
        method=layout,  # type: ignore[arg-type]  # click has checked it
        named=named,
        pictures=pictures,
        dpi=dpi,
        seed=seed,
        sources=sources,
    )
    request.check(loaded)
    # Torch takes seconds to import.
    from artbench.cli.progress import notices
    from artbench.explain.map.workflow import explain_map

    contents = explain_map(request, registry=loaded, reporter=notices())
    if as_json:
        print_json(contents.as_json())
    else:
        _print(contents, out)


def _print(contents: "MapContents", out: Path) -> None:
    from artbench.explain.map.contents import FIGURE, PAGE

    for line in contents.caption:
        echo(line)
    echo(f"The figure is {out / FIGURE}, the page {out / PAGE}.", err=True)
