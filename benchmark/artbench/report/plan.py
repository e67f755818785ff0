"""The parts of a report on some records."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath

from artbench.encoders.checkpoint_path import checkpoint_file
from artbench.errors import ArtbenchError, UsageError
from artbench.explain.filters.encoder_filters import EncoderFilters
from artbench.explain.filters.request import FiltersRequest
from artbench.explain.filters.workflow import explain_filters
from artbench.explain.gradcam.request import GradcamRequest
from artbench.explain.gradcam.workflow import explain_gradcam
from artbench.explain.map.request import MapRequest
from artbench.explain.map.workflow import explain_map
from artbench.explain.sources import Sources, named_tasks, pretraining_of
from artbench.leaderboard.board import Board
from artbench.leaderboard.overall import chosen as counted
from artbench.plugins.known import form_of
from artbench.plugins.registry import Registry
from artbench.records.folder import ResultsFolder, read_record
from artbench.records.record import Record, encoder_name, pretraining_name, task_name
from artbench.report.label_noise import asked, write_label_cards
from artbench.report.parts import Part
from artbench.report.request import ReportRequest
from artbench.runtime.files import sha256_of, write_text
from artbench.runtime.progress import Reporter
from artbench.stats.metrics import METRICS

FILTERS, FILTERS_TABLE = "filters.png", "filters.json"
# Shown beside a pretraining that a figure would show alone: a network that has learnt nothing.
_YARDSTICK = "random"


@dataclass(frozen=True, kw_only=True)
class ChosenRecord:
    """A record to look into.

    Attributes:
        record: The record.
        file: Its file.
        folder: Folder of its figures, below the report's folder.
    """

    record: Record
    file: Path
    folder: PurePosixPath

    def __str__(self) -> str:
        return f"{task_name(self.record)}: {encoder_name(self.record)}"


class ReportPlan:
    """Which parts a report has, and how each is made.

    Args:
        request: Options of the report.
        registry: The registered datasets, tasks, backbones and pretrainings.
        reporter: Receives progress and notices.

    Raises:
        ArtbenchError: A checkpoint does not exist.
    """

    def __init__(self, request: ReportRequest, *, registry: Registry, reporter: Reporter) -> None:
        self._request, self._registry, self._reporter = request, registry, reporter
        files = [checkpoint_file(path.expanduser().absolute()) for path in request.checkpoints]
        self._checkpoints = {sha256_of(file): file for file in files}
        self._tasks = named_tasks(request.sources.tasks, registry=registry)

    def report_unused(self, chosen: Sequence[ChosenRecord], boards: Sequence[Board]) -> None:
        """Give a notice of each checkpoint that belongs to no record looked into, and each task without records."""
        measured = {board.first.task for board in boards}
        for given in self._request.sources.tasks:
            if measured.isdisjoint(named_tasks([given], registry=self._registry)):
                self._reporter.notice(f"no record is of {given}")
        known = {one.record.encoder.checkpoint_sha256 for one in chosen}
        for digest, file in self._checkpoints.items():
            if digest not in known:
                self._reporter.notice(f"{file} (SHA-256 {digest[:12]}) belongs to none of the records looked into")

    def parts(self, chosen: Sequence[ChosenRecord], boards: Sequence[Board]) -> list[Part]:
        """Return the parts of each record, the filter pictures of each backbone, and the labels of each leaderboard."""
        request, found = self._request, []
        for one in chosen:
            predictions = one.record.predictions
            inputs = {
                "record": sha256_of(one.file),
                "predictions": None if predictions is None else predictions.sha256,
                "dpi": request.dpi,
            }
            part = partial(Part, of=str(one))
            if "gradcam" not in request.without:
                more, make = {**inputs, "pictures": request.images}, partial(self._make_gradcam, one)
                found.append(part(kind="gradcam", folder=one.folder / "gradcam", inputs=more, make=make))
            if "map" not in request.without:
                make = partial(self._make_map, one)
                found.append(part(kind="map", folder=one.folder / "map", inputs=inputs, make=make))
        if "filters" not in request.without:
            backbones = dict.fromkeys(one.record.backbone for one in chosen)
            found += [self._filters([one for one in chosen if one.record.backbone == name]) for name in backbones]
        if "labels" not in request.without:
            found += [self._labels(board) for board in boards if _has_doubtful_labels(board)]
        return found

    def _make_gradcam(self, one: ChosenRecord, folder: Path) -> None:
        given, sources = self._request, self._sources(one.record)
        request = GradcamRequest(record=one.file, out=folder, count=given.images, dpi=given.dpi, sources=sources)
        explain_gradcam(request, request.check(self._registry), registry=self._registry, reporter=self._reporter)

    def _make_map(self, one: ChosenRecord, folder: Path) -> None:
        request = MapRequest(record=one.file, out=folder, dpi=self._request.dpi, sources=self._sources(one.record))
        explain_map(request, request.check(self._registry), registry=self._registry, reporter=self._reporter)

    def _filters(self, group: Sequence[ChosenRecord]) -> Part:
        """Return the part that shows the filters of one backbone, with all pretrainings looked into."""
        request, backbone, ids = self._request, group[0].record.backbone, [one.record.id for one in group]
        encoders = {one.record.encoder.weights_sha256: one.record for one in group}

        def make(folder: Path) -> None:
            pretrainings = [
                pretraining_of(record, self._sources(record), registry=self._registry) for record in encoders.values()
            ]
            if len(pretrainings) == 1 and pretrainings[0] != _YARDSTICK:
                pretrainings.insert(0, self._registry.pretrainings.get(_YARDSTICK).name)
            filters = FiltersRequest(
                backbone=backbone,
                pretrainings=pretrainings,
                out=folder / FILTERS,
                units=request.units,
                dpi=request.dpi,
                device=request.sources.device,
                records=ids,
            )
            found = explain_filters(filters, registry=self._registry, reporter=self._reporter)
            _check_weights(found, encoders)
            write_text(folder / FILTERS_TABLE, json.dumps([one.as_json() for one in found], indent=1) + "\n")

        inputs = {
            "backbone": backbone,
            "records": ids,
            "weights": list(encoders),
            "units": request.units,
            "dpi": request.dpi,
            "ascent": asdict(FiltersRequest(backbone="", pretrainings=(), out=Path()).ascent),
        }
        names = ", ".join(pretraining_name(record) for record in encoders.values())
        # With the digest, two backbones share no folder on a disk that ignores case.
        place = group[0].folder.name.removesuffix(f".{ids[0]}")
        folder = PurePosixPath("figures", "filters", f"{place}.{next(iter(encoders))[:12]}")
        return Part(kind="filters", of=f"{backbone}, {names}", folder=folder, inputs=inputs, make=make)

    def _labels(self, board: Board) -> Part:
        """Return the part that shows the images of a leaderboard that its best rows agree to be mislabelled."""
        records, results = [board.rows[number].record for number in asked(board)], ResultsFolder(self._request.results)

        def make(folder: Path) -> None:
            write_label_cards(
                [results.file_of(record) for record in records],
                folder,
                sources=self._sources(records[0]),
                registry=self._registry,
                reporter=self._reporter,
            )

        inputs = {
            "records": [sha256_of(results.file_of(record)) for record in records],
            "predictions": [record.predictions and record.predictions.sha256 for record in records],
        }
        return Part(
            kind="labels", of=task_name(records[0]), folder=labels_of_board(board, results), inputs=inputs, make=make
        )

    def _sources(self, record: Record) -> Sources:
        """Return where to find what one record was made from."""
        given = self._request.sources
        task = self._tasks.get(record.task)
        return replace(
            given,
            tasks=() if task is None else (task,),
            checkpoint=self._checkpoints.get(record.encoder.checkpoint_sha256 or ""),
            exclude=given.exclude if record.dataset.exclusion is not None else None,
        )


def _check_weights(found: Sequence[EncoderFilters], records: Mapping[str, Record]) -> None:
    """Raise unless each record's encoder, by digest of its weights, is among those found."""
    here = {one.encoder.weights_sha256 for one in found}
    for digest, record in records.items():
        if digest not in here:
            raise ArtbenchError(
                f"{record.backbone}, {record.pretraining} has other weights here than on record ({digest[:12]}), which "
                f"was made with torch {record.provenance.torch} and timm {record.provenance.timm}",
                mend="Take these versions, or run it again here",
            )


def choose_records(boards: Sequence[Board], files: Iterable[Path], *, results: ResultsFolder) -> list[ChosenRecord]:
    """Return the records in these files or, if there are none, the one with the best value of each task.

    Args:
        boards: All leaderboards.
        files: Files of records that are on one of them.
        results: Folder of the records.

    Raises:
        UsageError: A record is on none of the leaderboards.
        ArtbenchError: A file is not a record of the results.
    """
    known = {row.record.id: row.record for board in boards for row in board.rows}
    named = {}
    for file in files:
        record = read_record(file)
        if record.id not in known:
            raise UsageError(
                f"{file} is not a record of {results.path}",
                mend="Name one below its folder records, or give --results",
            )
        named[record.id] = file
    best = {board.first.id: results.file_of(board.first) for board in counted(boards)}
    return [
        ChosenRecord(record=known[name], file=file, folder=figures_of(known[name], results))
        for name, file in (named or best).items()
    ]


def _has_doubtful_labels(board: Board) -> bool:
    """Tell whether wrong labels can be looked for: one label an image, and at least two networks."""
    metric = METRICS.get(board.first.primary_metric)
    return metric is not None and form_of(metric.target) == "class" and len(asked(board)) > 1


def labels_of_board(board: Board, results: ResultsFolder) -> PurePosixPath:
    """Return the folder of the images of a leaderboard that look mislabelled; no two leaderboards share one."""
    digest = hashlib.sha256("\0".join(map(str, board.first.board)).encode()).hexdigest()[:12]
    return figures_of(board.first, results).parent / f"labels.{digest}"


def figures_of(record: Record, results: ResultsFolder) -> PurePosixPath:
    """Return the folder of a record's figures below the report's folder; no two records share one."""
    file = results.file_of(record)
    return PurePosixPath("figures", file.parent.name, file.stem)
