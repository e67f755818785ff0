"""`artbench explain gradcam`: where in its pictures an encoder with its probe finds what it says."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from artbench.cli.options import (
    FILE,
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
    from artbench.explain.gradcam.folder import Contents
    from artbench.explain.sources import Sources
    from artbench.plugins.registry import Registry

_MOST = 200


@click.command()
@record_option
@click.option("--out", required=True, type=FOLDER, help="Folder for the figures.")
@click.option(
    "--class", "named", metavar="NAME", help="Explain this class, on pictures that have it or are taken for it."
)
@click.option(
    "--images",
    "count",
    type=click.IntRange(3, _MOST),
    default=9,
    show_default=True,
    help="Test pictures: confident hits, confident misses, and random ones.",
)
@click.option("--image", "files", multiple=True, type=FILE, metavar="PATH", help="Any picture instead; repeatable.")
@click.option("--layer", metavar="NAME", help="Module of the encoder for Grad-CAM. Default: the last stage.")
@sources_options
@dpi_option
@click.option(
    "--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True, help="Of random pictures and checks."
)
@json_option
@plugin_option
@debug_option
def gradcam(
    record: Path,
    out: Path,
    named: str | None,
    count: int,
    files: tuple[Path, ...],
    layer: str | None,
    sources: "Sources",
    dpi: int,
    seed: int,
    as_json: bool,
    loaded: "Registry",
) -> None:
    """Show with Grad-CAM and Guided Grad-CAM what a record's probe looks at, and check the maps.

    \b
      artbench explain gradcam --record results/records/sample-style/NAME.json --out figures
    """  # noqa: D301  click reads the control character
    from artbench.explain.gradcam.request import GradcamRequest

    request = GradcamRequest(
        record=record,
        out=out,
        named=named,
        count=count,
        files=files,
        layer=layer,
        dpi=dpi,
        seed=seed,
        sources=sources,
    )
    request.check(loaded)
    # Torch takes seconds to import.
    from artbench.cli.progress import notices
    from artbench.explain.gradcam.workflow import explain_gradcam

    contents = explain_gradcam(request, registry=loaded, reporter=notices())
    if as_json:
        print_json(contents.as_json())
    else:
        _print(contents, out)


def _print(contents: "Contents", out: Path) -> None:
    for shown in contents.shown:
        said = ", ".join(part for part in (shown.said, shown.known, shown.mapped) if part)
        echo(f"{shown.reason:14}  {shown.image}: {said}")
    for kind, verdict in contents.verdicts.items():
        echo(f"{kind[0].upper()}{kind[1:]} {verdict}.")
    if contents.refused:
        echo(f"No other maps: {contents.refused}.")
    echo(f"Figures in {out}, {contents.shown[0].file} and others; index.md lists them.", err=True)
