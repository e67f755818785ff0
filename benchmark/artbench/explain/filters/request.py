"""Options of `artbench explain filters`, and the size of its figure in inches."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from artbench.data.folders import DatasetPaths
from artbench.explain.destination import CAPTION, check_file, check_size

PANEL, GAP, MARGIN, LABEL, BETWEEN = 0.92, 0.06, 0.14, 1.25, 0.3
ROW, HEAD = 0.44, 0.78
_NARROWEST = 5.5
# Layers shown if the user names none.
MOST_LAYERS = 6


@dataclass(frozen=True, kw_only=True)
class Ascent:
    """Options of the gradient ascent to filter pictures.

    Attributes:
        steps: Steps of Adam.
        side: Side of the pictures in pixels.
        rate: Learning rate of Adam.
    """

    steps: int = 128
    side: int = 128
    rate: float = 0.08


@dataclass(frozen=True, kw_only=True)
class FiltersRequest:
    """Options of `artbench explain filters`.

    Attributes:
        backbone: Name of the backbone.
        pretrainings: Names of pretrainings and paths of checkpoints.
        out: File of the figure.
        layers: Names of modules; none: a few depths from the first convolution to the last.
        units: Number of units of each layer, drawn by the seed.
        examples: Name of a dataset to search for the images that units respond to most.
        paths: Folders of the datasets.
        device: `auto`, `cpu`, `cuda`, `mps`.
        seed: Seed for random weights, units, starts, moves and the sample of the dataset.
        dpi: Dots per inch of the figure.
        ascent: Options of the ascent.
        records: Ids of the records whose encoders these are, for the figure's metadata.
    """

    backbone: str
    pretrainings: Sequence[str]
    out: Path
    layers: Sequence[str] = ()
    units: int = 6
    examples: str | None = None
    paths: DatasetPaths = field(default_factory=DatasetPaths)
    device: str = "auto"
    seed: int = 0
    dpi: int = 150
    ascent: Ascent = field(default_factory=Ascent)
    records: Sequence[str] = ()

    def check(self) -> None:
        """Check what is no name, and needs no torch.

        Raises:
            UsageError: `out` is no PNG.
            ArtbenchError: The figure can't be written or would be too large.
        """
        check_file(self.out)
        width = figure_width(len(self.pretrainings), self.units, examples=self.examples is not None)
        # One row more for the kernels of the first convolution.
        height = figure_height((len(self.layers) or MOST_LAYERS) + 1, caption=CAPTION)
        check_size(width, height, dpi=self.dpi, mend="Give a lower --dpi, or fewer --units")


def unit_step(*, examples: bool) -> float:
    """Distance from the left of one unit to the left of the next."""
    return 2 * PANEL + 3 * GAP if examples else PANEL + GAP


def block_width(units: int, *, examples: bool) -> float:
    """Width of the units of a layer."""
    return units * unit_step(examples=examples) - (GAP if examples else 0)


def figure_width(pretrainings: int, units: int, *, examples: bool) -> float:
    """Width of pretrainings side by side, with labels of the rows at the left."""
    return max(LABEL + pretrainings * (block_width(units, examples=examples) + BETWEEN) - BETWEEN + MARGIN, _NARROWEST)


def figure_height(rows: int, *, caption: float) -> float:
    """Height of rows of layers and kernels above a caption."""
    return HEAD + rows * (PANEL + ROW) + caption
