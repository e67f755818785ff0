"""How large the figure of filters gets, in inches: known before anything is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from artbench.data.folders import DatasetPaths
from artbench.encoders.checkpoint_path import check_pretraining
from artbench.explain.destination import CAPTION, check_file, check_size
from artbench.plugins.registry import Registry

PANEL, GAP, MARGIN, LABEL, BETWEEN = 0.92, 0.06, 0.14, 1.25, 0.3
ROW, HEAD = 0.44, 0.78
_NARROWEST = 5.5
# So many layers are shown where nobody names any.
MOST_LAYERS = 6


@dataclass(frozen=True, kw_only=True)
class Ascent:
    """How pictures are climbed to.

    Attributes:
        steps: Of Adam.
        side: Of the pictures in pixels.
        rate: Adam's.
    """

    steps: int = 128
    side: int = 128
    rate: float = 0.08


@dataclass(frozen=True, kw_only=True)
class FiltersRequest:
    """What to look into: the options of `artbench explain filters`.

    Attributes:
        backbone: Its name.
        pretrainings: Names and paths of checkpoints.
        out: The figure's file.
        layers: Names of modules; none: a few depths from the first convolution to the last.
        units: How many of each layer, drawn by the seed.
        examples: Name of a dataset to look through for what units respond to most.
        paths: Where the datasets are.
        device: `auto`, `cpu`, `cuda`, `mps`.
        seed: Seed for random weights, units, starts, moves and the sample of the dataset.
        dpi: Of the figure.
        ascent: How pictures are climbed to.
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

    def check(self, registry: Registry) -> None:
        """See what is wrong with it.

        Raises:
            UsageError: A name is unknown, nothing says where the dataset lies, or `out` is no PNG.
            ArtbenchError: The figure can't be written or would be too large, or a checkpoint or the dataset is not
                where it should be.
        """
        check_file(self.out)
        check_size(
            figure_width(len(self.pretrainings), self.units, examples=self.examples is not None),
            # Above the first layer, its kernels.
            figure_height((len(self.layers) or MOST_LAYERS) + 1, caption=CAPTION),
            dpi=self.dpi,
            mend="Give a lower --dpi, or fewer --units",
        )
        for pretraining in self.pretrainings:
            check_pretraining(pretraining, registry)
        for name in self.paths.by_name:
            registry.datasets.get(name)
        if self.examples is not None:
            self.paths.given_folder(registry.datasets.get(self.examples))
        # Last, since to know the names of a family is to import its library, and torch with it.
        registry.backbones.get(self.backbone)


def unit_step(*, examples: bool) -> float:
    """From the left of one unit to the left of the next."""
    return 2 * PANEL + 3 * GAP if examples else PANEL + GAP


def block_width(units: int, *, examples: bool) -> float:
    """The units of one layer side by side."""
    return units * unit_step(examples=examples) - (GAP if examples else 0)


def figure_width(pretrainings: int, units: int, *, examples: bool) -> float:
    """Pretrainings side by side, with what each row shows at its left."""
    return max(LABEL + pretrainings * (block_width(units, examples=examples) + BETWEEN) - BETWEEN + MARGIN, _NARROWEST)


def figure_height(rows: int, *, caption: float) -> float:
    """Rows of layers, and of kernels, one under the other.

    Args:
        rows: How many.
        caption: The height of what stands under them.
    """
    return HEAD + rows * (PANEL + ROW) + caption
