"""From a record and pictures to a table of labels, for `artbench predict` and `artbench.predict`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artbench.catalogue.answers import ANSWER, UNREADABLE, Answers
from artbench.catalogue.calibrated import calibrated
from artbench.catalogue.likeness import unlike
from artbench.catalogue.pictures import open_pictures
from artbench.catalogue.request import COVERAGE, PredictRequest, about_file
from artbench.catalogue.table_file import TableFile, table_file
from artbench.data.dataset import Dataset
from artbench.errors import ArtbenchError
from artbench.evaluation.splits import readable
from artbench.explain.refit import RefittedTask, refit
from artbench.explain.sources import CheckedRecord
from artbench.features.extract import Features, extract
from artbench.plugins.registry import Registry
from artbench.probe.features import Rows
from artbench.runtime.files import cache_folder, file_errors, write_text
from artbench.runtime.progress import Reporter

# Pictures whose answers are in memory at a time.
_AT_ONCE = 4096
# Share of pictures unlike training from which on it is said; of pictures like the test it is 0.05.
_STRANGE = 0.15


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What `artbench.predict` did.

    Attributes:
        file: The table of answers.
        pictures: Number of pictures.
        answered: Number of pictures with an answer.
        unreadable: Why pictures could not be read, by their ids.
        facts: What is known of the answers: how they were calibrated, and what the test says of them.
    """

    file: Path
    pictures: int
    answered: int
    unreadable: Mapping[str, str]
    facts: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return what is written beside the table, and printed with `--json`."""
        return {
            **self.facts,
            "pictures": self.pictures,
            "answered": self.answered,
            "not_answered": self.pictures - self.answered - len(self.unreadable),
            "unreadable": [{"image": image, "reason": reason} for image, reason in self.unreadable.items()],
        }


def predict_pictures(
    request: PredictRequest, checked: CheckedRecord, *, registry: Registry, reporter: Reporter
) -> Prediction:
    """Write what the probe of a record says of every picture, and beside it how far it can be trusted.

    Features of the pictures go through the feature store, so a call that was stopped goes on where it was, and memory
    grows by the pictures' names alone.

    Raises:
        UsageError: A name on record is unknown here, or nothing says where something is.
        ArtbenchError: There are no pictures, or none can be read; the task, the data or the weights differ from those
            on record; there are too few images for the precision; or the disk is full.
    """
    dataset = open_pictures(request.images, registry=registry, paths=request.sources.paths, reporter=reporter)
    refitted = refit(checked, registry=registry, reporter=reporter)
    coverage = COVERAGE if request.coverage is None else request.coverage
    known = calibrated(refitted, precision=request.precision, coverage=coverage)
    (features,) = extract(
        [refitted.encoder],
        dataset,
        np.arange(len(dataset)),
        picture=refitted.protocol.picture,
        cache=cache_folder(to_read=True) / "features",
        device=refitted.device,
        batch_size=request.batch_size,
        workers=request.workers,
        # As the images that the probe was fitted on.
        dtype=refitted.dtype,
        reporter=reporter,
    )
    if not len(features.rows):
        first, reason = min(features.unreadable.items())
        raise ArtbenchError(
            f"none of the {len(dataset):,} pictures can be read, the first of them {dataset.ids[first]}: {reason}"
        )
    fitted = _fitted_on(refitted, features)
    if fitted:
        reporter.notice(
            f"{fitted:,} of the {len(dataset):,} pictures are among those that the probe was fitted on: it is surer of "
            "them than it should be"
        )
    strange = _unlike(refitted, features)
    if strange > _STRANGE:
        reporter.notice(
            f"{strange:.0%} of the pictures are less like any training image than 95 of 100 test images are: what the "
            "test says does not hold for such pictures, so look at some answers before you take them over"
        )
    record = refitted.record
    facts = {
        "artbench": metadata.version("artbench"),
        "record": record.id,
        "task": record.task,
        "backbone": record.backbone,
        "pretraining": record.pretraining,
        "weights_sha256": record.encoder.weights_sha256,
        "images": dataset.name,
        "fitted_on": fitted,
        "unlike_training": strange,
        **known.facts,
    }
    columns = {"image": False, "status": False, **known.answers.columns}
    with table_file(request.out, columns) as file:
        answered = write_answers(file, known.answers, dataset, features, reporter=reporter)
        done = Prediction(
            file=request.out,
            pictures=len(dataset),
            answered=answered,
            unreadable={dataset.ids[row]: reason for row, reason in sorted(features.unreadable.items())},
            facts=facts,
        )
        about = about_file(request.out)
        with file_errors(f"{about} can't be written", mend="Name another folder with --out"):
            write_text(about, json.dumps(done.as_json(), indent=1, ensure_ascii=False) + "\n")
    return done


def _fitted_on(refitted: RefittedTask, features: Features) -> int:
    """Return how many of the pictures are, byte for byte, among those that the probe was fitted on."""
    splits = readable(refitted.task, refitted.features)[0].splits
    rows = np.concatenate([split.rows for name, split in splits if name != "test"])
    # Half of a digest tells pictures apart.
    return int(np.isin(features.contents[features.rows, 0], refitted.features.contents[rows, 0]).sum())


def _unlike(refitted: RefittedTask, features: Features) -> float:
    """Return the share of the pictures that are unlike what the probe was fitted on (`likeness.unlike`)."""
    splits = readable(refitted.task, refitted.features)[0].splits
    train = np.concatenate([split.rows for name, split in splits if name != "test"])
    of_task = refitted.features.matrix
    return unlike(Rows(of_task, train), Rows(of_task, refitted.test.rows), Rows(features.matrix, features.rows))


def write_answers(
    file: TableFile, answers: Answers, dataset: Dataset, features: Features, *, reporter: Reporter
) -> int:
    """Write the answers for all pictures of a dataset, a few thousand at a time, and return how many there are."""
    answered = 0
    with reporter.counting(f"answers for {dataset.name}", total=len(dataset), unit="images") as counter:
        for start in range(0, len(dataset), _AT_ONCE):
            rows = np.arange(start, min(start + _AT_ONCE, len(dataset)))
            answered += _write(file, answers, rows, dataset, features)
            counter.advance(len(rows))
    return answered


def _write(file: TableFile, answers: Answers, rows: NDArray[np.int64], dataset: Dataset, features: Features) -> int:
    """Write the answers for some rows of the dataset, and return how many there are."""
    there = [row for row in rows.tolist() if row not in features.unreadable]
    found = answers.of(Rows(features.matrix, np.array(there, np.int64)))
    places = {row: place for place, row in enumerate(there)}
    table: dict[str, list[Any]] = {"image": [dataset.ids[row] for row in rows.tolist()]}
    for name in ("status", *answers.columns):
        missing = UNREADABLE if name == "status" else None
        table[name] = [found[name][places[row]] if row in places else missing for row in rows.tolist()]
    file.write(table)
    return sum(one == ANSWER for one in table["status"])
