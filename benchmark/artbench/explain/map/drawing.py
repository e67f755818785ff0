"""A folder with a map: the figure, the page, and the tables."""

import json
from collections.abc import Sequence
from pathlib import Path

from artbench.explain.figure import write_png
from artbench.explain.map.contents import FIGURE, PAGE, SUMMARY, TABLE, MapContents
from artbench.explain.map.figure import map_figure
from artbench.explain.map.page import map_page
from artbench.runtime.files import write_text


def draw(
    contents: MapContents, folder: Path, *, thumbnails: Sequence[str], near: Sequence[Sequence[int]], dpi: int
) -> None:
    """Write all of a map.

    Args:
        contents: What it shows.
        folder: Made where it is not there.
        thumbnails: Of the pictures on the page, as data URIs.
        near: Of each of these, the nearest in the space among them, by their places among them.
        dpi: Of the figure.

    Raises:
        OSError: The folder can't be written.
    """
    record = contents.record
    figure = map_figure(
        contents.layout,
        contents.colouring,
        right=contents.known.right,
        title=contents.title,
        caption=contents.caption,
    )
    facts = {
        "Title": contents.title,
        "artbench-record": record.id,
        "artbench-weights": record.encoder.weights_sha256,
        "artbench-layout": contents.layout.how,
        "artbench-seed": str(contents.seed),
    }
    write_png(figure, folder / FIGURE, dpi=dpi, facts=facts)
    write_text(folder / PAGE, map_page(contents, thumbnails=thumbnails, near=near))
    write_text(folder / SUMMARY, json.dumps(contents.as_json(), indent=1, ensure_ascii=False) + "\n")
    write_text(folder / TABLE, contents.as_csv())
