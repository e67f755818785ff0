"""What every map goes through: places for its images, then figure, page and tables."""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artbench.data.dataset import Dataset
from artbench.explain.cosine import nearest
from artbench.explain.destination import writing
from artbench.explain.figure import write_png
from artbench.explain.map.contents import FIGURE, PAGE, SUMMARY, TABLE, MapContents
from artbench.explain.map.figure import map_figure
from artbench.explain.map.layout import Layout, lay_out
from artbench.explain.map.page import map_page, sharp_side, thumbnails
from artbench.explain.map.request import Method, choose_method
from artbench.runtime.files import write_text
from artbench.runtime.progress import Reporter

# How many of an image's nearest are shown beside it.
_NEAR = 6


def placed(points: NDArray[np.float32], *, asked: Method | None, seed: int, reporter: Reporter) -> Layout:
    """Lay out unit vectors, shape (n, d), by the method asked for, or by the one that suits.

    Raises:
        UsageError: UMAP was asked for and is not installed.
    """
    method, why = choose_method(asked, len(points))
    if why:
        reporter.notice(why)
    with reporter.counting(f"laying out by {method.upper()}", total=1, unit="maps") as counter:
        layout = lay_out(points, method=method, seed=seed)
        counter.advance()
    return layout


def on_page(images: int, *, most: int, seed: int) -> NDArray[np.int64]:
    """Draw the images that the page holds, at most `most`: their indices, ascending."""
    return np.sort(np.random.default_rng(seed).permutation(images)[:most])


def write_map(
    contents: MapContents,
    points: NDArray[np.float32],
    *,
    dataset: Dataset,
    rows: NDArray[np.int64],
    folder: Path,
    dpi: int,
    reporter: Reporter,
) -> None:
    """Write figure, page and tables of a map.

    Args:
        contents: The map.
        points: Unit vectors of its images, shape (n, d).
        dataset: Dataset of its images.
        rows: Rows of its images.
        folder: Folder to write to.
        dpi: Dots per inch of the figure.
        reporter: Receives progress and notices.

    Raises:
        ArtbenchError: The folder can't be written.
    """
    small = thumbnails(
        dataset, rows[contents.on_page].tolist(), side=sharp_side(len(contents.on_page)), reporter=reporter
    )
    shown = points[contents.on_page]
    cosines = shown @ shown.T
    np.fill_diagonal(cosines, -np.inf)
    page = map_page(contents, thumbnails=small, near=nearest(cosines, min(_NEAR, len(cosines) - 1)).tolist())
    subject = contents.subject
    figure = map_figure(
        contents.layout, contents.colouring, right=contents.right, title=contents.title, caption=contents.caption
    )
    facts = {
        "Title": contents.title,
        **({} if subject.record is None else {"artbench-record": subject.record}),
        "artbench-weights": subject.weights_sha256,
        "artbench-layout": contents.layout.how,
        "artbench-seed": str(contents.seed),
    }
    with writing(f"the folder {folder}"):
        write_png(figure, folder / FIGURE, dpi=dpi, facts=facts)
        write_text(folder / PAGE, page)
        write_text(folder / SUMMARY, json.dumps(contents.as_json(), indent=1, ensure_ascii=False) + "\n")
        write_text(folder / TABLE, contents.as_csv())
