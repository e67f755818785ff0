"""`artbench explain gradcam`: which parts of an image a prediction rests on."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from artbench.cli.explain import record_command
from artbench.cli.options import FILE, Number
from artbench.cli.output import echo

if TYPE_CHECKING:
    from artbench.explain.gradcam.folder import Contents


def _print(contents: "Contents", out: Path) -> None:
    for shown in contents.shown:
        said = ", ".join(part for part in (shown.said, shown.known, shown.mapped) if part)
        echo(f"{shown.reason:14}  {shown.image}: {said}")
    for kind, verdict in contents.verdicts.items():
        echo(f"{kind[0].upper()}{kind[1:]} {verdict}.")
    if contents.refused:
        echo(f"No other maps: {contents.refused}.")
    echo(f"Figures in {out}, {contents.shown[0].file} and others; index.md lists them.", err=True)


gradcam = record_command(
    "gradcam",
    click.option("--class", "named", metavar="NAME", help="Explain this class, on images that have it or get it."),
    click.option(
        "--images",
        "count",
        type=Number(3, 200),
        default=9,
        show_default=True,
        help="Test images: confident hits, confident misses, and random ones.",
    ),
    click.option("--image", "files", multiple=True, type=FILE, metavar="PATH", help="Any image instead; repeatable."),
    click.option("--layer", metavar="NAME", help="Module of the encoder for Grad-CAM. Default: the last stage."),
    out="Folder for the figures.",
    seed="Seed of random images and checks.",
    about="Show with Grad-CAM and Guided Grad-CAM what a record's probe looks at, and check the maps."
    "\n\n\b\n  artbench explain gradcam --out figures \\\n    --record results/records/sample-style/NAME.json",
    request="artbench.explain.gradcam.request:GradcamRequest",
    workflow="artbench.explain.gradcam.workflow:explain_gradcam",
    show=_print,
)
