"""`artbench explain gradcam`: which parts of an image a prediction rests on."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from artbench.cli.explain import record_command
from artbench.cli.options import FILE
from artbench.cli.output import echo, print_json

if TYPE_CHECKING:
    from artbench.explain.gradcam.folder import Contents
    from artbench.explain.sources import Sources
    from artbench.plugins.registry import Registry


@record_command(
    "gradcam",
    click.option("--class", "named", metavar="NAME", help="Explain this class, on images that have it or get it."),
    click.option(
        "--images",
        "count",
        type=click.IntRange(3, 200),
        default=9,
        show_default=True,
        help="Test images: confident hits, confident misses, and random ones.",
    ),
    click.option("--image", "files", multiple=True, type=FILE, metavar="PATH", help="Any image instead; repeatable."),
    click.option("--layer", metavar="NAME", help="Module of the encoder for Grad-CAM. Default: the last stage."),
    out="Folder for the figures.",
    seed="Seed of random images and checks.",
)
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
        record=record, out=out, named=named, count=count, files=files, layer=layer, dpi=dpi, seed=seed, sources=sources
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
