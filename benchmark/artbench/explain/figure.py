"""Figures laid out in inches, and written as PNG at print size with what is needed to make them again."""

import platform
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from artbench.explain.destination import check_size, writing
from artbench.runtime.files import atomic_write
from artbench.runtime.text import printable

CAPTION_POINTS = 7.5
LINE_INCHES = 0.17  # from line to line of a caption
GREY = "#555555"

# Characters of a caption to an inch, in matplotlib's own font.
_TO_AN_INCH = 17.5


def write_png(figure: Figure, path: Path, *, dpi: int, facts: Mapping[str, str]) -> None:
    """Draw a figure and write it atomically as an sRGB PNG of the figure's size in print.

    The same figure gives the same bytes: the file holds no date.

    Args:
        figure: Figure on white.
        path: File to write.
        dpi: Dots per inch.
        facts: Text for the file's metadata by keyword (at most 79 characters), such as a record's id, seeds and
            digests of weights. The versions of artbench, torch and Python are added.

    Raises:
        ArtbenchError: The file can't be written, or the figure is too large at that resolution.
    """
    width, height = figure.get_size_inches()
    check_size(width, height, dpi=dpi)
    figure.set_dpi(dpi)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    chunks = PngInfo()
    chunks.add(b"sRGB", b"\0")  # perceptual, the intent for photographs
    for keyword, text in {**versions(), **facts}.items():
        chunks.add_text(keyword, text)
    with writing(f"the figure {path}"), atomic_write(path) as temporary:
        image = Image.fromarray(np.ascontiguousarray(pixels))
        image.save(temporary, format="PNG", dpi=(dpi, dpi), pnginfo=chunks, optimize=True)


def versions() -> dict[str, str]:
    """Return the versions of artbench, torch and Python by keyword."""
    return {
        "Software": f"artbench {metadata.version('artbench')}",
        "torch": str(torch.__version__),
        "python": platform.python_version(),
    }


def text_line(
    figure: Figure, left: float, base: float, text: str, *, size: float, colour: str = "black", weight: str = "normal"
) -> None:
    """Write a line of text, inches from the lower left; nothing in it is taken for mathematics."""
    width, height = figure.get_size_inches()
    figure.text(
        left / width, base / height, printable(text), fontsize=size, color=colour, fontweight=weight, parse_math=False
    )


def square(figure: Figure, left: float, bottom: float, side: float) -> Axes:
    """Add a square without axes for an image, inches from the lower left."""
    width, height = figure.get_size_inches()
    axes: Axes = figure.add_axes((left / width, bottom / height, side / width, side / height))
    axes.set_axis_off()
    return axes


def wrapped(caption: Sequence[str], width: float) -> list[str]:
    """Break the lines of a caption to fit a width in inches at `CAPTION_POINTS`."""
    return [
        part for line in caption for part in fill(line, int(_TO_AN_INCH * width), break_on_hyphens=False).splitlines()
    ]


def put_caption(figure: Figure, lines: Sequence[str], *, left: float, top: float) -> None:
    """Write lines that fit one under the other, the first just below `top`; inches from the lower left."""
    for number, line in enumerate(lines):
        text_line(figure, left, top - LINE_INCHES * (number + 1) + 0.02, line, size=CAPTION_POINTS, colour=GREY)
