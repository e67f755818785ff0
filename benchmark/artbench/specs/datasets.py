"""What registers a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from artbench.specs.factories import Factory

if TYPE_CHECKING:
    from artbench.data.dataset import Dataset


@dataclass(frozen=True, kw_only=True, slots=True)
class DatasetSpec:
    """Images on disk and what is known about each.

    Attributes:
        name: `wikiart`; also the name of its folder under `--data-root`.
        description: One line.
        factory: `(root) -> Dataset`: reads the lists under `root` without opening images. Raises
            `artbench.errors.ArtbenchError` if files are missing or wrong.
        source: Where the dataset comes from: a URL or a citation.
        layout: What the folder should contain, in one line.
        folder: The dataset's folder, if its name determines it.
        prepare: `(root) -> None`: makes the dataset in the empty folder `root`, for one that is made by code. The
            result is cached.
        version: Version of the images that `prepare` makes; a new version is made again.
        pictures: Number of images of the whole release; None if unknown.
        download: `(root) -> None`: downloads the dataset into `root`, if its terms allow a program to; resumes where
            it stopped.
        terms: Terms of use, in a few lines; shown before a download.
        training: `(dataset) -> rows`: rows to pretrain on, for a dataset without labels. None: its tasks determine
            them.
        of: The dataset whose folder it reads, for one that is made from the images of another.
        remarks: What its owner should know before anything is measured, such as how a column was understood; a sentence
            each, without a full stop. Told where it is opened.

    Examples:
        >>> from artbench.specs import DatasetSpec
        >>> spec = DatasetSpec(
        ...     name="etchings", description="Etchings.", factory="my.etchings:read", source="a drawer", layout="*.jpg"
        ... )
        >>> spec.version
        1
    """

    name: str
    description: str
    factory: Factory[[Path], Dataset]
    source: str
    layout: str
    folder: Path | None = None
    prepare: Factory[[Path], None] | None = None
    version: int = 1
    pictures: int | None = None
    download: Factory[[Path], None] | None = None
    terms: str = ""
    training: Factory[[Dataset], Sequence[int]] | None = None
    of: DatasetSpec | None = None
    remarks: Sequence[str] = ()
