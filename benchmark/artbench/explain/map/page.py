"""From a map to a page to explore."""

from collections.abc import Sequence
from typing import Any

from plotly.offline import get_plotlyjs

from artbench.explain.map.contents import FIGURE, TABLE, MapContents
from artbench.explain.map.known import RIGHT, WRONG
from artbench.runtime.pages.page import html, part

_HERE = "artbench.explain.map"


def map_page(contents: MapContents, *, thumbnails: Sequence[str], near: Sequence[Sequence[int]]) -> str:
    """A self-contained page; the same bytes for the same map.

    Args:
        contents: What it shows.
        thumbnails: Of the pictures on the page, as data URIs.
        near: Of each of these, the nearest in the space among them, by their places among them.
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
        judged=contents.known.right is not None,
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
        "wrong": None if known.right is None else [int(not known.right[at]) for at in here],
        "image": [contents.images[at] for at in here],
        "true": [known.true[at] for at in here],
        "said": [known.said[at] for at in here],
        "picture": list(thumbnails),
        "near": [list(row) for row in near],
        "height": round(contents.layout.height, 3),
        "groups": [
            {
                "name": group.name,
                "colour": group.colour,
                "symbol": group.marker.plotly,
                "scale": group.marker.scale,
                "rest": group.rest,
            }
            for group in colouring.groups
        ],
        "years": contents.colouring.years is not None,
    }
