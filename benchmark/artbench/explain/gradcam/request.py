"""Options of `artbench explain gradcam`, and the size of the sheet of all images in inches."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from artbench.explain.destination import CAPTION, check_folder, check_size
from artbench.explain.sources import CheckedRecord, Sources, check_sources
from artbench.explain.validate import check_classes, read_image, refuse_years
from artbench.plugins.registry import Registry

PANEL, LABEL, MARGIN, HEAD = 1.55, 2.3, 0.12, 0.7
# The image, Grad-CAM, guided backpropagation, Guided Grad-CAM.
MOST_VIEWS = 4


@dataclass(frozen=True, kw_only=True)
class GradcamRequest:
    """What to explain: the options of `artbench explain gradcam`.

    Attributes:
        record: File of the record.
        out: Folder for the figures.
        named: The class to explain; None: the predicted one of each image.
        count: How many test images to choose.
        files: Images to explain instead.
        layer: Module of the encoder whose maps Grad-CAM weighs; None: the last stage.
        dpi: Dots per inch of the figures.
        seed: Seed of the random images and of the checks.
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

    def check(self, registry: Registry) -> CheckedRecord:
        """Check all that needs no torch, and return the record that was read.

        Raises:
            UsageError: The task asks for the year, a name is unknown, or nothing says where something lies.
            ArtbenchError: The record or an image can't be read, the sheet would be too large, or the folder can't be
                written.
        """
        check_folder(self.out)
        height = sheet_height(len(self.files) or self.count, caption=CAPTION)
        check_size(sheet_width(MOST_VIEWS), height, dpi=self.dpi, mend="Give a lower --dpi, or fewer images")
        checked = check_sources(self.record, self.sources, registry=registry)
        refuse_years(checked, registry=registry)
        check_classes(() if self.named is None else (self.named,), checked, registry=registry)
        for file in self.files:
            read_image(file)
        return checked


def sheet_width(views: int) -> float:
    """Width of the words about an image and of its views, side by side."""
    return LABEL + views * (PANEL + MARGIN) + MARGIN


def sheet_height(images: int, *, caption: float) -> float:
    """Height of `images` rows above a caption."""
    return HEAD + images * (PANEL + MARGIN) + caption
