"""The parts of a report on some records."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from artbench.encoders.checkpoint_path import checkpoint_file
from artbench.errors import ArtbenchError, UsageError
from artbench.explain.filters.encoder_filters import EncoderFilters
from artbench.explain.filters.request import FiltersRequest
from artbench.explain.filters.workflow import explain_filters
from artbench.explain.gradcam.request import GradcamRequest
from artbench.explain.gradcam.workflow import explain_gradcam
from artbench.explain.map.request import MapRequest
from artbench.explain.map.workflow import explain_map
from artbench.explain.sources import Sources, pretraining_of
from artbench.leaderboard.board import Board
from artbench.leaderboard.overall import chosen as counted
from artbench.plugins.registry import Registry
from artbench.records.folder import ResultsFolder, read_record
from artbench.records.record import Record, encoder_name, pretraining_name, task_name
from artbench.report.parts import Part
from artbench.report.request import ReportRequest
from artbench.runtime.files import sha256_of, write_text
from artbench.runtime.progress import Reporter

FILTERS, FILTERS_TABLE = "filters.png", "filters.json"
# What a network looks like that has learnt nothing, where a figure would show one pretraining alone.
_YARDSTICK = "random"


@dataclass(frozen=True, kw_only=True)
class ChosenRecord:
    """A record to look into.

    Attributes:
        record: The record.
        file: Where it is kept.
        folder: For its figures, below the report's folder.
    """

    record: Record
    file: Path
    folder: PurePosixPath

    def __str__(self) -> str:
        return f"{task_name(self.record)}: {encoder_name(self.record)}"


class ReportPlan:
    """Says which parts a report has, and how each is made.

    Args:
        request: What was asked for.
        registry: What there is.
        reporter: Told how far it is.

    Raises:
        ArtbenchError: A checkpoint is not there.
    """

    def __init__(self, request: ReportRequest, *, registry: Registry, reporter: Reporter) -> None:
        self._request, self._registry, self._reporter = request, registry, reporter
        files = [checkpoint_file(path.expanduser().absolute()) for path in request.checkpoints]
        self._checkpoints = {sha256_of(file): file for file in files}

    def tell_unused(self, chosen: Sequence[ChosenRecord]) -> None:
        """Name the checkpoints that are of none of the records looked into."""
        known = {one.record.encoder.checkpoint_sha256 for one in chosen}
        for digest, file in self._checkpoints.items():
            if digest not in known:
                self._reporter.notice(f"{file} (SHA-256 {digest[:12]}) is of none of the records looked into")

    def parts(self, chosen: Sequence[ChosenRecord]) -> list[Part]:
        """Those of each record, then the filters of each backbone."""
        without = self._request.without
        found = []
        for one in chosen:
            if "gradcam" not in without:
                found.append(self._gradcam(one))
            if "map" not in without:
                found.append(self._map(one))
        if "filters" not in without:
            backbones = dict.fromkeys(one.record.backbone for one in chosen)
            found += [self._filters([one for one in chosen if one.record.backbone == name]) for name in backbones]
        return found

    def _gradcam(self, one: ChosenRecord) -> Part:
        request = self._request

        def make(folder: Path) -> None:
            asked = GradcamRequest(
                record=one.file,
                out=folder,
                count=request.pictures,
                dpi=request.dpi,
                sources=self._sources(one.record),
            )
            explain_gradcam(asked, asked.check(self._registry), registry=self._registry, reporter=self._reporter)

        inputs = {**self._inputs(one), "pictures": request.pictures}
        return Part(kind="gradcam", of=str(one), folder=one.folder / "gradcam", inputs=inputs, make=make)

    def _map(self, one: ChosenRecord) -> Part:
        request = self._request

        def make(folder: Path) -> None:
            asked = MapRequest(record=one.file, out=folder, dpi=request.dpi, sources=self._sources(one.record))
            explain_map(asked, asked.check(self._registry), registry=self._registry, reporter=self._reporter)

        return Part(kind="map", of=str(one), folder=one.folder / "map", inputs=self._inputs(one), make=make)

    def _filters(self, group: Sequence[ChosenRecord]) -> Part:
        request, backbone = self._request, group[0].record.backbone
        encoders = {one.record.encoder.weights_sha256: one.record for one in group}

        def make(folder: Path) -> None:
            pretrainings = [
                pretraining_of(record, self._sources(record), registry=self._registry) for record in encoders.values()
            ]
            if len(pretrainings) == 1 and pretrainings[0] != _YARDSTICK:
                pretrainings.insert(0, self._registry.pretrainings.get(_YARDSTICK).name)
            asked = FiltersRequest(
                backbone=backbone,
                pretrainings=pretrainings,
                out=folder / FILTERS,
                units=request.units,
                dpi=request.dpi,
                device=request.sources.device,
                records=[one.record.id for one in group],
            )
            found = explain_filters(asked, registry=self._registry, reporter=self._reporter)
            _check_weights(found, list(encoders.values()))
            write_text(folder / FILTERS_TABLE, json.dumps([one.as_json() for one in found], indent=1) + "\n")

        inputs = {
            "backbone": backbone,
            "records": [one.record.id for one in group],
            "weights": list(encoders),
            "units": request.units,
            "dpi": request.dpi,
            "ascent": asdict(FiltersRequest(backbone="", pretrainings=(), out=Path()).ascent),
        }
        names = ", ".join(pretraining_name(record) for record in encoders.values())
        # Behind the name, lest two backbones share a folder on a disk that takes capitals for small letters.
        place = group[0].folder.name.removesuffix(f".{group[0].record.id}")
        folder = PurePosixPath("figures", "filters", f"{place}.{next(iter(encoders))[:12]}")
        return Part(kind="filters", of=f"{backbone}, {names}", folder=folder, inputs=inputs, make=make)

    def _sources(self, record: Record) -> Sources:
        """Where to find what one record was made from."""
        given = self._request.sources
        return replace(
            given,
            checkpoint=self._checkpoints.get(record.encoder.checkpoint_sha256 or ""),
            exclude=given.exclude if record.dataset.exclusion is not None else None,
        )

    def _inputs(self, one: ChosenRecord) -> dict[str, Any]:
        predictions = one.record.predictions
        return {
            "record": sha256_of(one.file),
            "predictions": None if predictions is None else predictions.sha256,
            "dpi": self._request.dpi,
        }


def _check_weights(found: Sequence[EncoderFilters], records: Sequence[Record]) -> None:
    """See that the encoders are those on record.

    Raises:
        ArtbenchError: One is not.
    """
    here = {one.encoder.weights_sha256 for one in found}
    for record in records:
        if record.encoder.weights_sha256 not in here:
            raise ArtbenchError(
                f"{record.backbone}, {record.pretraining} has other weights here than on record "
                f"({record.encoder.weights_sha256[:12]}), which was made with torch {record.provenance.torch} and timm "
                f"{record.provenance.timm}",
                mend="Take these versions, or run it again here",
            )


def choose_records(boards: Sequence[Board], files: Iterable[Path], *, results: ResultsFolder) -> list[ChosenRecord]:
    """The records in these files or, without any, the one with the best value of each task.

    Args:
        boards: All leaderboards.
        files: Of records that are on one of them.
        results: Where their records are kept.

    Raises:
        UsageError: A record is on none of the leaderboards.
        ArtbenchError: A file is no record.
    """
    known = {row.record.id: row.record for board in boards for row in board.rows}
    asked = {}
    for file in files:
        record = read_record(file)
        if record.id not in known:
            raise UsageError(
                f"{file} is no record of {results.path}", mend="Name a file below its folder records, or give --results"
            )
        asked[record.id] = file
    best = {board.first.id: results.file_of(board.first) for board in counted(boards)}
    return [
        ChosenRecord(record=known[name], file=file, folder=figures_of(known[name], results))
        for name, file in (asked or best).items()
    ]


def figures_of(record: Record, results: ResultsFolder) -> PurePosixPath:
    """Where a record's figures are to be, below the report's folder: no two share a place."""
    file = results.file_of(record)
    return PurePosixPath("figures", file.parent.name, file.stem)
