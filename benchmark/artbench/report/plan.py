"""The parts of a report on some records."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path, PurePosixPath
from typing import Any

from artbench.encoders.checkpoint_path import checkpoint_file
from artbench.errors import ArtbenchError
from artbench.explain.filters.encoder_filters import EncoderFilters
from artbench.explain.filters.workflow import explain_filters
from artbench.explain.gradcam.workflow import explain_gradcam
from artbench.explain.map.workflow import explain_map
from artbench.explain.requests import FiltersRequest, GradcamRequest, MapRequest
from artbench.explain.sources import Sources, pretraining_of
from artbench.plugins.loading import Registry
from artbench.records.folder import sha256_of
from artbench.records.format import pretraining_name
from artbench.records.record import Record
from artbench.report.choice import Chosen
from artbench.report.parts import Part
from artbench.report.request import ReportRequest
from artbench.runtime.files import write_text
from artbench.runtime.progress import Reporter

FILTERS, FILTERS_TABLE = "filters.png", "filters.json"
# What a network looks like that has learnt nothing, where a figure would show one pretraining alone.
_YARDSTICK = "random"


class Wanted:
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

    def tell_unused(self, chosen: Sequence[Chosen]) -> None:
        """Name the checkpoints that are of none of the records looked into."""
        known = {one.record.encoder.checkpoint_sha256 for one in chosen}
        for digest, file in self._checkpoints.items():
            if digest not in known:
                self._reporter.notice(f"{file} (SHA-256 {digest[:12]}) is of none of the records looked into")

    def parts(self, chosen: Sequence[Chosen]) -> list[Part]:
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

    def _gradcam(self, one: Chosen) -> Part:
        request = self._request

        def make(folder: Path) -> None:
            asked = GradcamRequest(
                record=one.file,
                out=folder,
                count=request.pictures,
                dpi=request.dpi,
                sources=self._sources(one.record),
            )
            explain_gradcam(asked, registry=self._registry, reporter=self._reporter)

        inputs = {**self._inputs(one), "pictures": request.pictures}
        return Part(kind="gradcam", of=str(one), folder=one.folder / "gradcam", inputs=inputs, make=make)

    def _map(self, one: Chosen) -> Part:
        request = self._request

        def make(folder: Path) -> None:
            asked = MapRequest(record=one.file, out=folder, dpi=request.dpi, sources=self._sources(one.record))
            explain_map(asked, registry=self._registry, reporter=self._reporter)

        return Part(kind="map", of=str(one), folder=one.folder / "map", inputs=self._inputs(one), make=make)

    def _filters(self, group: Sequence[Chosen]) -> Part:
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

    def _inputs(self, one: Chosen) -> dict[str, Any]:
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
