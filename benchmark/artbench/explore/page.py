"""Builds the page of an exploration: one file, or what a server sends first."""

import base64
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artbench.explain.destination import writing
from artbench.explain.map.colouring import REST_COLOUR, colour_of, style
from artbench.explore.clusters import Cluster
from artbench.explore.columns import coded, is_numeric, repeats
from artbench.explore.contents import Exploration
from artbench.runtime.files import write_text
from artbench.runtime.pages.page import html, part
from artbench.runtime.text import counted

_HERE = "artbench.explore"
_SCRIPTS = ("data.js", "plot.js", "lists.js", "explore.js")
# Bytes of the small pictures in a page: with the rest, and in the letters that a page is made of, some 40 MB.
FILE_BUDGET = 28_000_000
# Classes with a look of their own, and steps of the scale of numbers.
_STYLES, _STEPS = 44, 10


def write_page(found: Exploration, file: Path) -> None:
    """Write the page.

    Raises:
        ArtbenchError: The file can't be written.
    """
    with writing(f"the page {file}"):
        write_text(file, explore_page(found, served=False))


def explore_page(found: Exploration, *, served: bool) -> str:
    """Build the page; the same exploration gives the same bytes.

    Args:
        found: The exploration.
        served: Whether a server sends pictures and searches by picture (`artbench.explore.server`). Otherwise the
            page holds its pictures and makes no request.
    """
    without = 0 if served else sum(not data for data in found.pictures.encoded)
    return html(
        _HERE,
        "explore.html.jinja",
        style="explore.css",
        scripts=[part(_HERE, name) for name in _SCRIPTS],
        data=_data(found, served=served),
        connects=served,
        title=found.title,
        caption=found.caption,
        served=served,
        by_words=found.texts is not None,
        without=f"{without:,}" if without else "",
        columns=[{"key": f"c{at}", "name": name} for at, name in enumerate(found.columns)],
        duplicates=_duplicates(found),
        judged=[
            {
                "name": one.name,
                "about": f"{one.pictures:,} pictures of {one.values:,} values: the pictures tell the value in "
                f"{100 * one.agreement:.1f} % of cases, the commonest value alone in {100 * one.guess:.1f} %. "
                + _suspected(one.suspected, len(one.listed)),
            }
            for one in found.judged
        ],
    )


def _suspected(count: int, listed: int) -> str:
    if not count:
        return "The model is sure of no other value."
    shown = "" if listed == count else f", of which the {listed} surest are listed"
    return f"It is sure of another value for {counted(count, 'picture')}{shown}."


def _duplicates(found: Exploration) -> str:
    kinds = [group.kind for group in found.twins]
    if not kinds:
        return "No two pictures are alike."
    files, twins, alike = (kinds.count(kind) for kind in ("file", "twins", "alike"))
    return (
        f"{counted(files, 'group')} of equal files, {twins:,} of pictures that count as one, and {alike:,} to look "
        "at. Pictures near in the features were compared by their greys, under the best crop."
    )


def _data(found: Exploration, *, served: bool) -> dict[str, Any]:
    return {
        "ids": found.ids,
        "x": _packed(found.layout.places[:, 0], "<f4"),
        "y": _packed(found.layout.places[:, 1], "<f4"),
        "height": round(found.layout.height, 3),
        "beside": found.near.places.shape[1],
        "near": _packed(found.near.places, "<u4"),
        "cosines": _packed(np.clip(np.rint(100 * found.near.scores), 0, 100), "u1"),
        "columns": [
            {
                "name": name,
                "values": values,
                "codes": _packed(codes, "<i4"),
                "numeric": is_numeric(found.columns[name]),
                "classes": repeats(found.columns[name]),
            }
            for name, (values, codes) in coded(found.columns).items()
        ],
        "cluster": _packed(found.clusters.of, "<u2"),
        "clusters": [_cluster(one) for one in found.clusters.found],
        "twins": [
            {"members": list(group.members), "kind": group.kind, "correlation": round(group.correlation, 3)}
            for group in found.twins
        ],
        "judged": [
            {
                "name": one.name,
                "listed": [[each.picture, each.said, each.predicted, round(each.confidence, 4)] for each in one.listed],
            }
            for one in found.judged
        ],
        "pictures": None if served else [base64.b64encode(data).decode() for data in found.pictures.encoded],
        "styles": [[colour, marker.plotly] for colour, marker in map(style, range(_STYLES))],
        "rest": REST_COLOUR,
        "scale": [colour_of(step / (_STEPS - 1)) for step in range(_STEPS)],
    }


def _cluster(cluster: Cluster) -> dict[str, Any]:
    return {
        "size": cluster.size,
        "typical": list(cluster.typical),
        "values": [
            [name, [[one.value, round(one.share, 3), round(one.overall, 3)] for one in values]]
            for name, values in cluster.values.items()
            if values
        ],
    }


def _packed(numbers: NDArray[Any], dtype: str) -> str:
    return base64.b64encode(np.ascontiguousarray(numbers, dtype).tobytes()).decode()
