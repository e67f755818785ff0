"""Builds the page for exploring a map."""

import base64
import io
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from typing import Any

from PIL import Image
from plotly.offline import get_plotlyjs

from artbench.data.dataset import Dataset
from artbench.data.decode import UnreadableImage, decode_whole
from artbench.explain.map.contents import FIGURE, RIGHT, TABLE, WRONG, MapContents
from artbench.runtime.pages.page import html, part
from artbench.runtime.progress import Reporter
from artbench.runtime.threads import in_threads, usable_cores

_HERE = "artbench.explain.map"
# A transparent pixel, which stands for an image that can't be read any more.
_NOTHING = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
# The long side is at most this many times the short one; the rest is cut off.
_LONGEST = 2.0
_QUALITY = 55
# Short side of an image in pixels, and all pixels of all images, for a page of some 20 MB.
_SHORTEST, _SHARPEST, _PIXELS = 96, 320, 64_000_000


def map_page(contents: MapContents, *, thumbnails: Sequence[str], near: Sequence[Sequence[int]]) -> str:
    """Build a self-contained page; the same map gives the same bytes.

    Args:
        contents: The map.
        thumbnails: The images on the page, as data URIs.
        near: For each of these, the nearest among them in the space, by their index.
    """
    shown, of = len(contents.on_page), len(contents.images)
    return html(
        _HERE,
        "map.html.jinja",
        style="map.css",
        scripts=[get_plotlyjs(), part(_HERE, "map.js")],
        data=_data(contents, thumbnails=thumbnails, near=near),
        title=contents.title,
        caption=contents.caption,
        shown=f"{shown:,}",
        of=f"{of:,}",
        sampled=shown < of,
        seed=contents.seed,
        judged=contents.right is not None,
        labelled=contents.known is not None,
        marks=(RIGHT, WRONG),
        figure=FIGURE,
        table=TABLE,
    )


def _data(contents: MapContents, *, thumbnails: Sequence[str], near: Sequence[Sequence[int]]) -> dict[str, Any]:
    here, colouring, known = contents.on_page.tolist(), contents.colouring, contents.known
    places = contents.layout.places[contents.on_page].round(4)
    return {
        "x": places[:, 0].tolist(),
        "y": places[:, 1].tolist(),
        "group": colouring.of[contents.on_page].tolist(),
        "colour": [colouring.colours[at] for at in here],
        "wrong": None if contents.right is None else [int(not contents.right[at]) for at in here],
        "image": [contents.images[at] for at in here],
        "true": None if known is None else [known.true[at] for at in here],
        "said": None if known is None else [known.said[at] for at in here],
        "picture": list(thumbnails),
        "near": [list(row) for row in near],
        "height": round(contents.layout.height, 3),
        "groups": [
            {"name": g.name, "colour": g.colour, "symbol": g.marker.plotly, "scale": g.marker.scale, "rest": g.rest}
            for g in colouring.groups
        ],
        "years": colouring.years is not None,
    }


def sharp_side(count: int) -> int:
    """Return the short side in pixels at which so many images fit on a page: the fewer they are, the sharper.

    Examples:
        >>> sharp_side(100), sharp_side(2000), sharp_side(10_000)
        (320, 178, 96)
    """
    return int(min(_SHARPEST, max(_SHORTEST, (_PIXELS / max(count, 1)) ** 0.5)))


def thumbnails(dataset: Dataset, rows: Sequence[int], *, side: int, reporter: Reporter) -> list[str]:
    """Encode images of a dataset as data URIs: uncropped, in sRGB, a few kilobytes each.

    Args:
        dataset: The dataset.
        rows: Rows of the images.
        side: Length in pixels of the short side.
        reporter: Receives progress and notices.
    """
    found = []
    work = partial(_thumbnail, dataset, side=side)
    with (
        reporter.counting("thumbnails", total=len(rows), unit="images") as counter,
        closing(in_threads(work, rows, threads=usable_cores())) as made,
    ):
        for uri in made:
            found.append(uri)
            counter.advance()
    return found


def _thumbnail(dataset: Dataset, row: int, *, side: int) -> str:
    try:
        pixels = decode_whole(dataset.read(row), short_side=side, longest=_LONGEST)
    except (UnreadableImage, OSError):
        return _NOTHING
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "WEBP", quality=_QUALITY, method=4)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"
