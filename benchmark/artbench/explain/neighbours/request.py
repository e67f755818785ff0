"""Options of `artbench explain neighbours`, and the size of its figures in inches."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from artbench.explain.destination import CAPTION, check_folder, check_size
from artbench.explain.sources import CheckedRecord, Sources, check_sources
from artbench.explain.validate import check_images
from artbench.plugins.registry import Registry

QUERY, PICTURE, MARGIN, HEAD, WORDS = 2.6, 1.5, 0.14, 0.5, 0.62
COLUMNS = 5


@dataclass(frozen=True, kw_only=True)
class NeighboursRequest:
    """Options of `artbench explain neighbours`.

    Attributes:
        record: File of the record.
        out: Folder for the figures and the list.
        images: Ids of the dataset, or paths of any images.
        count: Number of neighbours of each.
        dpi: Dots per inch of the figures.
        sources: Where to find what the record was made from.
    """

    record: Path
    out: Path
    images: Sequence[str]
    count: int = 10
    dpi: int = 150
    sources: Sources = field(default_factory=Sources)

    def check(self, registry: Registry) -> CheckedRecord:
        """Check all that needs no torch, and return the record that was read.

        Raises:
            UsageError: A name is unknown, or nothing says where something is.
            ArtbenchError: The record or an image can't be read, a figure would be too large, or the folder can't be
                written.
        """
        check_folder(self.out)
        width, height = figure_width(self.count), figure_height(self.count, caption=CAPTION)
        check_size(width, height, dpi=self.dpi, mend="Give a lower --dpi, or a lower --count")
        checked = check_sources(self.record, self.sources, registry=registry)
        check_images(self.images, checked, registry=registry)
        return checked


def figure_width(nearest: int) -> float:
    """Width of the query and a row of its neighbours."""
    return QUERY + max(1, min(COLUMNS, nearest)) * (PICTURE + MARGIN) + 3 * MARGIN


def figure_height(nearest: int, *, caption: float) -> float:
    """Height of the rows of `nearest` neighbours above a caption."""
    rows = max(1, -(-nearest // COLUMNS))
    return HEAD + max(QUERY + WORDS, rows * (PICTURE + WORDS)) + caption
