"""Options of `artbench explain map`, and the choice between UMAP and principal components."""

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from artbench.errors import UsageError
from artbench.explain.destination import check_folder
from artbench.explain.sources import CheckedRecord, Sources, check_sources
from artbench.explain.validate import check_classes
from artbench.plugins.registry import Registry

Method: TypeAlias = Literal["umap", "pca"]
# Neighbours of each image in UMAP.
NEIGHBOURS = 15
# With fewer images, so many neighbours would be most of the collection.
FEWEST = 2 * NEIGHBOURS


@dataclass(frozen=True, kw_only=True)
class MapRequest:
    """What to map: the options of `artbench explain map`.

    Attributes:
        record: File of the record.
        out: Folder for figure, page and tables.
        method: Method of the layout; None: UMAP where it is installed, else principal components.
        named: The classes to colour, the others staying grey; none: as many of the largest as can be told apart.
        pictures: Most images that the page holds, drawn by the seed; the figure shows all.
        dpi: Dots per inch of the figure.
        seed: Seed of the layout and of the draw.
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

    def check(self, registry: Registry) -> CheckedRecord:
        """Check all that needs no torch, and return the record that was read.

        Raises:
            UsageError: A name is unknown, UMAP was asked for and is not installed, or nothing says where something
                lies.
            ArtbenchError: The record can't be read, no test image has a class asked for, or the folder can't be
                written.
        """
        check_folder(self.out)
        check_method(self.method)
        checked = check_sources(self.record, self.sources, registry=registry)
        check_classes(self.named, checked, registry=registry, shown=True)
        return checked


def choose_method(asked: Method | None, images: int) -> tuple[Method, str]:
    """Choose a method, and say why it is not UMAP if the user named none.

    Raises:
        UsageError: UMAP was asked for and is not installed.
    """
    check_method(asked)
    if asked is not None:
        return asked, ""
    if not _is_installed():
        return "pca", (
            "umap-learn is not installed, so the map shows the first two principal components; "
            'pip install "artbench[map]" for UMAP'
        )
    if images < FEWEST:
        return "pca", f"{images} images are too few for UMAP: the map shows the first two principal components"
    return "umap", ""


def check_method(asked: str | None) -> None:
    """Raise a `UsageError` unless the method is installed."""
    if asked == "umap" and not _is_installed():
        raise UsageError("umap-learn is not installed", mend='pip install "artbench[map]", or say --layout pca')


def _is_installed() -> bool:
    return importlib.util.find_spec("umap") is not None
