"""`artbench explain map`: where an encoder puts the pictures of a collection."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from artbench.cli.options import (
    FOLDER,
    debug_option,
    dpi_option,
    json_option,
    plugin_option,
    record_option,
    sources_options,
)
from artbench.cli.output import echo, print_json

if TYPE_CHECKING:
    from artbench.explain.map.contents import MapContents
    from artbench.explain.sources import Sources
    from artbench.plugins.registry import Registry

_MOST = 10_000


@click.command(name="map")
@record_option
@click.option("--out", required=True, type=FOLDER, help="Folder for figure, page and tables.")
@click.option(
    "--layout",
    type=click.Choice(["umap", "pca"]),
    help="How pictures are placed. Default: umap where umap-learn is installed, else principal components.",
)
@click.option(
    "--class",
    "named",
    multiple=True,
    metavar="NAME",
    help="Colour this class and leave those grey that are not named; repeatable.",
)
@click.option(
    "--pictures",
    type=click.IntRange(4, _MOST),
    default=2000,
    show_default=True,
    help="Most that the page holds; the figure shows all.",
)
@sources_options
@dpi_option
@click.option(
    "--seed",
    type=click.IntRange(0, 2**31 - 1),
    default=0,
    show_default=True,
    help="Of UMAP and of the draw.",
)
@json_option
@plugin_option
@debug_option
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
    """Lay out the test pictures of a record by their features, as a figure and as a page to explore.

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
