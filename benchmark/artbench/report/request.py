"""Options of a report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from artbench.data.exclusion import read_exclusions
from artbench.encoders.checkpoint_path import checkpoint_file
from artbench.errors import ArtbenchError, UsageError
from artbench.explain.destination import CAPTION, check_folder, check_size
from artbench.explain.filters.request import MOST_LAYERS, figure_height, figure_width
from artbench.explain.gradcam.request import MOST_VIEWS, sheet_height, sheet_width
from artbench.explain.sources import Sources, named_tasks
from artbench.plugins.registry import Registry
from artbench.records.folder import read_record

# The parts that take long.
Kind: TypeAlias = Literal["gradcam", "map", "filters", "labels"]
KINDS: Mapping[Kind, str] = {
    "gradcam": "Grad-CAM",
    "map": "map",
    "filters": "filter pictures",
    "labels": "labels to look at",
}


@dataclass(frozen=True, kw_only=True)
class ReportRequest:
    """Options of `artbench report`.

    Attributes:
        results: Folder of the records.
        out: Folder of the report.
        records: Files of the records to look into; if empty, the one with the best value of each task.
        without: Parts to leave out.
        images: Number of test images that Grad-CAM explains.
        units: Number of units shown of each layer.
        dpi: Resolution of the figures in dots per inch.
        checkpoints: Checkpoints of records whose pretraining is one.
        sources: Where to find what the records were made from.
        title: Title of the first page.
    """

    results: Path
    out: Path
    records: Sequence[Path] = ()
    without: frozenset[Kind] = frozenset()
    images: int = 9
    units: int = 6
    dpi: int = 150
    checkpoints: Sequence[Path] = ()
    sources: Sources = field(default_factory=Sources)
    title: str = "Which visual representation understands art?"

    def check(self, registry: Registry) -> None:
        """Raise an error for options that can't be met, before torch is imported.

        Raises:
            UsageError: A dataset's or task's name is unknown, or the report's folder is the one of the results.
            ArtbenchError: There are no records, one of `records` can't be read, a checkpoint or the exclusion list does
                not exist, figures would be too large, or the folder can't be written.
        """
        if self.out.resolve() == self.results.resolve():
            raise UsageError(f"{self.out} is the folder of the results", mend="Name another folder with --out")
        check_folder(self.out)
        for name in self.sources.paths.by_name:
            registry.datasets.get(name)
        named_tasks(self.sources.tasks, registry=registry)
        if not any(self.results.glob("records/*/*.json")):
            raise no_records(self.results)
        for file in self.records:
            read_record(file)
        for path in self.checkpoints:
            checkpoint_file(path.expanduser().absolute())
        if self.sources.exclude is not None:
            read_exclusions(self.sources.exclude)
        if "gradcam" not in self.without:
            across, down = sheet_width(MOST_VIEWS), sheet_height(self.images, caption=CAPTION)
            check_size(across, down, dpi=self.dpi, mend="Give a lower --dpi, or fewer --images")
        if "filters" not in self.without:
            # Two pretrainings at least: one alone stands beside random weights.
            across, down = figure_width(2, self.units, examples=False), figure_height(MOST_LAYERS + 1, caption=CAPTION)
            check_size(across, down, dpi=self.dpi, mend="Give a lower --dpi, or fewer --units")


def no_records(results: Path) -> ArtbenchError:
    """Return the error for a results folder without records."""
    return ArtbenchError(f"no records in {results / 'records'}", mend="`artbench run` writes them")
