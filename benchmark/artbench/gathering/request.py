"""What a report is to hold."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from artbench.explaining.sources import Sources
from artbench.gathering.parts import Kind


@dataclass(frozen=True, kw_only=True)
class ReportRequest:
    """The options of `artbench report`.

    Attributes:
        results: Folder of the records.
        out: Folder of the report.
        records: Files of the records to look into; none: the one with the best value of each task.
        without: Parts to leave out.
        pictures: How many test pictures Grad-CAM explains.
        units: How many units of a layer are shown.
        dpi: Of the figures.
        checkpoints: Checkpoints of records whose pretraining is one.
        sources: Where to find what the records were made from.
    """

    results: Path
    out: Path
    records: Sequence[Path] = ()
    without: frozenset[Kind] = frozenset()
    pictures: int = 9
    units: int = 6
    dpi: int = 150
    checkpoints: Sequence[Path] = ()
    sources: Sources = field(default_factory=Sources)
