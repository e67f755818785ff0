"""What the commands that explain are asked for, and what of it can be seen to be wrong before torch is imported."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from artbench.data.folders import placed_folder
from artbench.encoders.checkpoint_path import check_pretraining
from artbench.explain.destination import CAPTION, check_file, check_folder, check_size
from artbench.explain.filters.ascent import Ascent
from artbench.explain.filters.request import MOST_LAYERS
from artbench.explain.filters.request import figure_height as filters_height
from artbench.explain.filters.request import figure_width as filters_width
from artbench.explain.gradcam.request import MOST_VIEWS, sheet_height, sheet_width
from artbench.explain.map.request import Method, check_method
from artbench.explain.neighbours.request import figure_height as neighbours_height
from artbench.explain.neighbours.request import figure_width as neighbours_width
from artbench.explain.sources import Sources, check_sources
from artbench.explain.validate import check_classes, check_pictures, read_picture, refuse_years
from artbench.plugins.loading import Registry


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
        data_root: See `artbench.data.folders.dataset_folder`.
        placed: See `artbench.data.folders.dataset_folder`.
        device: `auto`, `cpu`, `cuda`, `mps`.
        seed: Of random weights, units, starts, moves and the sample of the dataset.
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
    data_root: Path | None = None
    placed: Mapping[str, Path] = field(default_factory=dict)
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
            filters_width(len(self.pretrainings), self.units, examples=self.examples is not None),
            # Above the first layer, its kernels.
            filters_height((len(self.layers) or MOST_LAYERS) + 1, caption=CAPTION),
            dpi=self.dpi,
            mend="Give a lower --dpi, or fewer --units",
        )
        for pretraining in self.pretrainings:
            check_pretraining(pretraining, registry)
        for name in self.placed:
            registry.datasets.get(name)
        if self.examples is not None:
            placed_folder(registry.datasets.get(self.examples), data_root=self.data_root, placed=self.placed)
        # Last, since to know the names of a family is to import its library, and torch with it.
        registry.backbones.get(self.backbone)


@dataclass(frozen=True, kw_only=True)
class GradcamRequest:
    """What to explain: the options of `artbench explain gradcam`.

    Attributes:
        record: File of the record.
        out: Folder for the figures.
        named: The class to explain; None: the predicted one of each picture.
        count: How many test pictures to choose.
        files: Pictures to take in their place.
        layer: Module of the encoder whose maps Grad-CAM weighs; None: the last stage.
        dpi: Of the figures.
        seed: Of the random pictures and of the checks.
        sources: Where to find what the record was made from.
    """

    record: Path
    out: Path
    named: str | None = None
    count: int = 9
    files: Sequence[Path] = ()
    layer: str | None = None
    dpi: int = 150
    seed: int = 0
    sources: Sources = field(default_factory=Sources)

    def check(self, registry: Registry) -> None:
        """See what is wrong with it.

        Raises:
            UsageError: The task asks for the year, a name is unknown, or nothing says where something lies.
            ArtbenchError: The record or a picture can't be read, the sheet would be too large, or the folder can't be
                written.
        """
        check_folder(self.out)
        check_size(
            sheet_width(MOST_VIEWS),
            sheet_height(len(self.files) or self.count, caption=CAPTION),
            dpi=self.dpi,
            mend="Give a lower --dpi, or fewer pictures",
        )
        check_sources(self.record, self.sources, registry=registry)
        refuse_years(self.record, registry=registry)
        check_classes(() if self.named is None else (self.named,), self.record, registry=registry)
        for file in self.files:
            read_picture(file)


@dataclass(frozen=True, kw_only=True)
class MapRequest:
    """What to map: the options of `artbench explain map`.

    Attributes:
        record: File of the record.
        out: Folder for figure, page and tables.
        method: How to lay out; None: UMAP where it is installed, else principal components.
        named: The classes to colour, the others staying grey; none: as many of the largest as can be told apart.
        pictures: How many the page holds at most, drawn by the seed; the figure shows all.
        dpi: Of the figure.
        seed: Of the layout and of the draw.
        sources: Where to find what the record was made from.
    """

    record: Path
    out: Path
    method: Method | None = None
    named: Sequence[str] = ()
    pictures: int = 2000
    dpi: int = 150
    seed: int = 0
    sources: Sources = field(default_factory=Sources)

    def check(self, registry: Registry) -> None:
        """See what is wrong with it.

        Raises:
            UsageError: A name is unknown, UMAP was asked for and is not installed, or nothing says where something
                lies.
            ArtbenchError: The record can't be read, no test picture has a class asked for, or the folder can't be
                written.
        """
        check_folder(self.out)
        check_method(self.method)
        check_sources(self.record, self.sources, registry=registry)
        check_classes(self.named, self.record, registry=registry, shown=True)


@dataclass(frozen=True, kw_only=True)
class NeighboursRequest:
    """What to look for: the options of `artbench explain neighbours`.

    Attributes:
        record: File of the record.
        out: Folder for the figures and the list.
        images: Ids of the dataset, or paths of any pictures.
        count: How many neighbours of each.
        dpi: Of the figures.
        sources: Where to find what the record was made from.
    """

    record: Path
    out: Path
    images: Sequence[str]
    count: int = 10
    dpi: int = 150
    sources: Sources = field(default_factory=Sources)

    def check(self, registry: Registry) -> None:
        """See what is wrong with it.

        Raises:
            UsageError: A name is unknown, or nothing says where something lies.
            ArtbenchError: The record or a picture can't be read, a figure would be too large, or the folder can't be
                written.
        """
        check_folder(self.out)
        check_size(
            neighbours_width(self.count),
            neighbours_height(self.count, caption=CAPTION),
            dpi=self.dpi,
            mend="Give a lower --dpi, or a lower --count",
        )
        check_sources(self.record, self.sources, registry=registry)
        check_pictures(self.images, self.record, self.sources, registry=registry)
