"""Images without labels in a run: label-free figures, duplicates and a map, in the results folder."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artbench.audit.report import write_report
from artbench.audit.workflow import audit_datasets
from artbench.data.dataset import Dataset
from artbench.data.exclusion import NOTHING, read_exclusions
from artbench.data.opening import open_dataset
from artbench.data.unlabelled import Unlabelled
from artbench.encoders.request import Training
from artbench.evaluation.request import RunRequest
from artbench.evaluation.unlabelled import Described, encode_unlabelled, rows_without
from artbench.explain.map.contents import Subject
from artbench.explain.map.unlabelled import map_unlabelled
from artbench.plugins.registry import Registry
from artbench.records.folder import ResultsFolder
from artbench.records.unlabelled import DuplicatesState, UnlabelledResult
from artbench.runtime.distributed import current_group
from artbench.runtime.files import file_errors, write_text
from artbench.runtime.progress import Reporter

SUMMARY = "label-free.json"
# Letters of a name in the name of a folder.
_LONGEST = 80


def run_unlabelled(
    request: RunRequest,
    found: Unlabelled,
    *,
    registry: Registry,
    trainings: Callable[[str, str], Training] | None,
    failures: dict[str, str],
    reporter: Reporter,
) -> list[UnlabelledResult]:
    """Describe a dataset without labels with every encoder of a request.

    `unlabelled/DATASET.ID/duplicates/` gets the report of an audit by bytes and hashes, and
    `unlabelled/DATASET.ID/ENCODER.ID/` the figures and a map for each encoder. Features are stored and read as in any
    run; the rest is written again. Under `torchrun` every process makes the same call, and the first one writes.

    Args:
        request: The run.
        found: The dataset.
        registry: The loaded plugins.
        trainings: See `encoder_requests`.
        failures: Receives why encoders could not be run, by encoder.
        reporter: Receives progress and notices.

    Raises:
        UsageError: A name is unknown, or nothing says where the dataset is.
        ArtbenchError: The dataset is not as it should be, or the results can't be written.
    """
    group = current_group()
    group.from_first(ResultsFolder(request.results).check_writable)
    exclusions = NOTHING if request.exclude is None else read_exclusions(request.exclude)
    folder = request.paths.folder(found.spec, reporter=reporter)
    dataset = group.first_then_others(lambda: open_dataset(found.spec, folder))
    rows = rows_without(dataset, exclusions)
    reporter.notice(f"{found.why}. Its features are described, its duplicates listed, and a map is drawn")
    duplicates: DuplicatesState | None = None
    results: list[UnlabelledResult] = []
    for described in encode_unlabelled(
        request, dataset, rows, registry=registry, trainings=trainings, failures=failures, reporter=reporter
    ):

        def describe(one: Described = described) -> dict[str, object]:
            nonlocal duplicates
            state = dataset.fingerprint_of(one.features.contents)
            place = f"unlabelled/{_plain(dataset.name)}.{state[:12]}"
            if duplicates is None:
                duplicates = _audit(request, found, place, registry, reporter)
            return _describe(request, found, dataset, rows, one, state, place, duplicates, reporter).as_json()

        results.append(UnlabelledResult.model_validate(group.from_first(describe)))
    return results


def _audit(
    request: RunRequest, found: Unlabelled, place: str, registry: Registry, reporter: Reporter
) -> DuplicatesState:
    audited = audit_datasets([found.spec.name], registry=registry, paths=request.paths, reporter=reporter)
    write_report(audited, request.results / place / "duplicates")
    pairs = sum(pair.twins for pair in audited.pairs)
    return DuplicatesState(pairs=pairs, to_check=len(audited.pairs) - pairs)


def _describe(
    request: RunRequest,
    found: Unlabelled,
    dataset: Dataset,
    rows: NDArray[np.int64],
    described: Described,
    state: str,
    place: str,
    duplicates: DuplicatesState,
    reporter: Reporter,
) -> UnlabelledResult:
    encoder = described.encoder
    names = _plain(encoder.backbone), _plain(encoder.pretraining), encoder.weights_sha256[:12]
    folder = f"{place}/{'.'.join(names)}"
    subject = Subject(
        name=dataset.name,
        backbone=encoder.backbone,
        pretraining=encoder.pretraining,
        weights_sha256=encoder.weights_sha256,
    )
    contents = map_unlabelled(
        subject,
        described.features,
        dataset=dataset,
        rows=described.rows,
        folder=request.results / folder,
        reporter=reporter,
    )
    result = UnlabelledResult(
        dataset=dataset.name,
        fingerprint=state,
        images=len(rows),
        unreadable=len(rows) - len(described.rows),
        backbone=encoder.backbone,
        pretraining=encoder.pretraining,
        weights_sha256=encoder.weights_sha256,
        source=encoder.source,
        input_size=request.protocol.picture.crop_side(encoder.input_size),
        label_free=described.figures(dataset),
        duplicates=duplicates,
        folder=folder,
        duplicates_folder=f"{place}/duplicates",
        mapped=contents is not None,
        provenance=described.provenance(found.plugins),
    )
    _write(request.results / folder / SUMMARY, result)
    return result


def _write(file: Path, result: UnlabelledResult) -> None:
    with file_errors(f"{file} can't be written", mend="Name another folder with --results"):
        write_text(file, json.dumps(result.as_json(), indent=1, ensure_ascii=False) + "\n")


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_+-]+", "_", name)[:_LONGEST]
