"""What is asked for a catalogue, checked before torch is imported."""

from dataclasses import dataclass, field
from pathlib import Path

from artbench.catalogue.pictures import check_pictures
from artbench.catalogue.table_file import check_table_file
from artbench.data.folders import DatasetPaths
from artbench.errors import UsageError
from artbench.explain.sources import CheckedRecord, Sources, check_probe, check_sources, task_of
from artbench.plugins.known import form_of
from artbench.plugins.registry import Registry

COVERAGE = 0.9


def about_file(out: Path) -> Path:
    """Return the file beside a table that says how it was made: `labels.about.json` for `labels.csv`."""
    return out.with_suffix(".about.json")


@dataclass(frozen=True, kw_only=True)
class PredictRequest:
    """Pictures, and the record whose encoder and probe say what they are.

    Attributes:
        record: File of the record.
        images: A folder of pictures, or the name of a dataset.
        out: File for the answers, `.csv` or `.parquet`.
        precision: Share of the answers that must be right, in (0, 1); None: every picture gets an answer.
        coverage: Share of pictures whose year should lie in its interval, in (0, 1); None: 0.9.
        sources: Where to find what the record was made from.
        batch_size: Images per forward pass; None: the device's default.
        workers: Images decoded at once; None: one per core.
    """

    record: Path
    images: str
    out: Path
    precision: float | None = None
    coverage: float | None = None
    sources: Sources = field(default_factory=Sources)
    batch_size: int | None = None
    workers: int | None = None

    def check(self, registry: Registry) -> CheckedRecord:
        """Check all that needs no torch, and return the record that was read.

        Raises:
            UsageError: A name is unknown, a file is in the way, an option does not fit the task, or nothing says where
                something is.
            ArtbenchError: The record can't be read.
        """
        for name, value in (("precision", self.precision), ("coverage", self.coverage)):
            if value is not None and not 0 < value < 1:
                raise UsageError(f"--{name} {value:g} is not between 0 and 1", mend=f"Give, say, --{name} 0.95")
        check_table_file(self.out)
        check_pictures(self.images, registry=registry, paths=self.sources.paths)
        checked = check_sources(self.record, self.sources, registry=registry)
        record = checked.record
        if record.few_shot is not None:
            raise UsageError(
                f"{self.record} was fitted on {record.few_shot.shots} images of each class, which are too few to "
                "calibrate it on",
                mend="Take a record of all training images",
            )
        check_probe(checked)
        years = form_of(task_of(record, checked.sources, registry=registry).target) == "number"
        if years and self.precision is not None:
            raise UsageError(f"{record.task} asks for a number, which has no precision", mend="Leave it out")
        if not years and self.coverage is not None:
            raise UsageError(f"{record.task} has no intervals to cover anything", mend="Leave it out")
        return checked


@dataclass(frozen=True, kw_only=True)
class NeighboursRequest:
    """Pictures, and the encoder by whose features each one's neighbours are found.

    Attributes:
        images: A folder of pictures, or the name of a dataset.
        backbone: Name of the backbone.
        pretraining: Name of the pretraining, or path of a checkpoint.
        out: File for the neighbours, `.csv` or `.parquet`; None: none is written.
        count: Neighbours of each picture.
        corrected: Whether hubs are corrected for (CSLS).
        paths: Where datasets are.
        device: `auto`, `cpu`, `cuda` or `mps`.
        batch_size: Images per forward pass; None: the device's default.
        workers: Images decoded at once; None: one per core.
        seed: Seed for random weights.
    """

    images: str
    backbone: str
    pretraining: str = "imagenet"
    out: Path | None = None
    count: int = 10
    corrected: bool = True
    paths: DatasetPaths = field(default_factory=DatasetPaths)
    device: str = "auto"
    batch_size: int | None = None
    workers: int | None = None
    seed: int = 0

    def check(self, registry: Registry) -> None:
        """Check all that needs no torch.

        Raises:
            UsageError: A name is unknown, a file is in the way, or nothing says where the dataset is.
        """
        if self.count < 1:
            raise UsageError(f"{self.count} neighbours of each picture are none", mend="Ask for one or more")
        if self.out is not None:
            check_table_file(self.out)
        check_pictures(self.images, registry=registry, paths=self.paths)
