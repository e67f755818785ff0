"""Maps images without labels by the features of an encoder."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artbench.data.dataset import Dataset
from artbench.explain.cosine import unit_vectors
from artbench.explain.map.colouring import uncoloured
from artbench.explain.map.contents import MapContents, Subject
from artbench.explain.map.faithfulness import FEWEST, faithfulness
from artbench.explain.map.writing import on_page, placed, write_map
from artbench.features.extract import Features
from artbench.runtime.progress import Reporter
from artbench.stats.label_free import sampled

# As for the map of a record.
_DPI, _PICTURES, _SEED = 150, 2000, 0
# Most images of a map: with more, it takes hours and shows no more.
_MOST = 10_000


def map_unlabelled(
    subject: Subject,
    features: Features,
    *,
    dataset: Dataset,
    rows: NDArray[np.int64],
    folder: Path,
    reporter: Reporter,
) -> MapContents | None:
    """Lay out images without labels by their features; write a figure, a page and tables.

    Of more than 10,000 images it shows those whose ids have the smallest SHA-256.

    Args:
        subject: The dataset and the encoder.
        features: Features of the images.
        dataset: Dataset of the images.
        rows: Rows of the images, shape (n,).
        folder: Folder to write to.
        reporter: Receives progress and notices.

    Returns:
        The map; None if there are too few images for one.

    Raises:
        ArtbenchError: The folder can't be written.
    """
    if len(rows) < FEWEST:
        return None
    ids = [dataset.ids[row] for row in rows.tolist()]
    chosen = sampled(ids, most=_MOST)
    if len(chosen) < len(rows):
        reporter.notice(f"the map shows {len(chosen):,} of the {len(rows):,} images: those of the smallest SHA-256")
    rows = rows[chosen]
    points = unit_vectors(features.take(rows))
    layout = placed(points, asked=None, seed=_SEED, reporter=reporter)
    contents = MapContents(
        subject=subject,
        images=[ids[at] for at in chosen.tolist()],
        layout=layout,
        colouring=uncoloured(len(rows)),
        known=None,
        faithfulness=faithfulness(points, layout.places, labels=None, reporter=reporter),
        seed=_SEED,
        on_page=on_page(len(rows), most=_PICTURES, seed=_SEED),
    )
    write_map(contents, points, dataset=dataset, rows=rows, folder=folder, dpi=_DPI, reporter=reporter)
    return contents
