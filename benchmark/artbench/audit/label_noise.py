"""Images that several encoders agree to be mislabelled, from predictions that were not fitted on them.

Those for test images are beside the records; `artbench.explain.training_labels` makes those for training images.

Confident learning: Northcutt, Jiang and Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", Journal
of Artificial Intelligence Research 70 (2021).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from artbench.audit.label_audit import LabelAudit, Opinion, Suspicion
from artbench.data.exclusion import Side
from artbench.errors import ArtbenchError
from artbench.records.folder import read_record
from artbench.records.predictions import StoredPredictions, read_predictions
from artbench.records.publishing import image_digests
from artbench.records.record import Record, task_name
from artbench.records.tables import tested_classes

_Judged: TypeAlias = tuple[str, int]
"""An image and its label: a published list may give one image several."""


def audit_labels(files: Iterable[Path]) -> LabelAudit:
    """Find the test images of one task that most records suspect to be mislabelled.

    Args:
        files: Files of records, with their predictions beside them; a measurement that is named twice counts once.

    Raises:
        ArtbenchError: A file is no record, its predictions are missing or damaged, or they are not of one label an
            image; or the records are not of one task on one state of the data.
    """
    # By measurement.
    found: dict[str, tuple[Path, Record]] = {}
    for file in files:
        record = read_record(file)
        found.setdefault(record.id, (file, record))
    first_file, first = next(iter(found.values()))
    for file, record in found.values():
        if record.task != first.task:
            _raise_unlike(first_file, file, f"different tasks, {task_name(first)} and {task_name(record)}")
        if record.dataset.fingerprint != first.dataset.fingerprint or record.task_version != first.task_version:
            _raise_unlike(first_file, file, f"different states of the data of {first.task}")
    opinions: list[dict[_Judged, Opinion]] = []
    for file, record in found.values():
        opinions.append(_opinions(_predictions(file, record), classes=first.dataset.classes))
        if opinions[-1].keys() != opinions[0].keys():
            why = "other test images or labels; published records hold digests in place of ids"
            _raise_unlike(first_file, file, why)
    known = tested_classes(first_file, first)
    names = [f"class {number}" for number in range(first.dataset.classes)] if known is None else known.names
    return LabelAudit(
        files=tuple(file for file, _ in found.values()),
        records=tuple(record for _, record in found.values()),
        classes=tuple(names),
        tested=len(opinions[0]),
        alone=_alone(opinions),
        suspicions=_suspicions(opinions, side="test"),
        typical=_typical(opinions),
    )


def with_training(
    audit: LabelAudit, answers: Sequence[StoredPredictions], *, unjudged: int, ids: Iterable[str]
) -> LabelAudit:
    """Add training images to the audit of test images.

    Args:
        audit: The audit of test images.
        answers: For each of its records, predictions for the same training images that were not fitted on them.
        unjudged: Number of training images without such predictions.
        ids: Ids of the images of the dataset, which take the place of digests in published records.
    """
    opinions = [_opinions(one, classes=audit.records[0].dataset.classes) for one in answers]
    # An image that could be read for one record may have been broken for another.
    both = [key for key in opinions[0] if all(key in one for one in opinions)]
    opinions = [{key: one[key] for key in both} for one in opinions]
    named = dict(zip(image_digests(ids := list(ids)), ids, strict=True)) if audit.published else {}
    tested = [replace(one, image=named.get(one.image, one.image)) for one in audit.suspicions]
    return replace(
        audit,
        trained=len(both),
        unjudged=unjudged,
        alone=tuple(map(sum, zip(audit.alone, _alone(opinions), strict=True))),
        suspicions=sorted([*tested, *_suspicions(opinions, side="train")], key=_rank),
        typical={label: named.get(image, image) for label, image in audit.typical.items()},
    )


def suspected(
    labels: NDArray[np.int64], predicted: NDArray[np.int64], confidence: NDArray[np.floating], *, classes: int
) -> NDArray[np.bool_]:
    """Tell which images a classifier that was not fitted on them is confident to be mislabelled.

    As confident learning has it: an image is off the diagonal of the confident joint if it is predicted to be of
    another class with at least the mean probability which that class has on the images labelled so. Only the
    probability of the predicted class is known; where that is not the label, the label's is taken as high as it can
    be. Thresholds are then never too low, and with all probabilities each of these images would be suspected too.

    Args:
        labels: Class of each image, shape (n,).
        predicted: Most probable class, shape (n,).
        confidence: Its probability, shape (n,).
        classes: Number of classes.

    Returns:
        Whether each is suspected, shape (n,).
    """
    right = predicted == labels
    highest = np.where(right, confidence, np.minimum(confidence, 1 - confidence)).astype(np.float64)
    counts = np.bincount(labels, minlength=classes)
    thresholds = np.bincount(labels, weights=highest, minlength=classes) / np.maximum(counts, 1)
    # A class that no image is labelled as has no threshold.
    thresholds[counts == 0] = np.inf
    found: NDArray[np.bool_] = ~right & (confidence >= thresholds[predicted])
    return found


def _raise_unlike(first: Path, other: Path, why: str) -> None:
    raise ArtbenchError(
        f"{first} and {other} are of {why}", mend="Name records of one task, made on one copy of its dataset"
    )


def _predictions(file: Path, record: Record) -> StoredPredictions:
    beside = file.with_suffix(".parquet")
    try:
        stored = read_predictions(beside, record)
    except ArtbenchError as error:
        mend = f"Keep {beside.name} beside the record as it was written, or run it again"
        raise ArtbenchError(f"{file}: {error.message}", mend=mend) from error
    if stored.form != "class":
        what = {
            "number": "asks for the year",
            "ranking": "asks for pictures of an index",
            "neighbours": "counts neighbours",
        }.get(stored.form, "gives an image several labels")
        raise ArtbenchError(
            f"{file}: {record.task} {what}", mend="Wrong labels are looked for in tasks with one label an image"
        )
    return stored


def _opinions(stored: StoredPredictions, *, classes: int) -> dict[_Judged, Opinion]:
    """Return what a record says of each image, over all its rounds."""
    assert stored.predicted is not None
    assert stored.confidence is not None
    labels, predicted = stored.labels.astype(np.int64), stored.predicted.astype(np.int64)
    suspects = np.zeros(len(labels), bool)
    for number in np.unique(stored.rounds):
        rows = stored.rounds == number
        suspects[rows] = suspected(labels[rows], predicted[rows], stored.confidence[rows], classes=classes)
    said: dict[_Judged, list[tuple[int, float, bool]]] = defaultdict(list)
    columns = labels.tolist(), predicted.tolist(), stored.confidence.tolist(), suspects.tolist()
    for image, label, *one in zip(stored.images.tolist(), *columns, strict=True):
        said[image, label].append((one[0], one[1], one[2]))
    return {tested: _opinion(rounds) for tested, rounds in said.items()}


def _opinion(rounds: Sequence[tuple[int, float, bool]]) -> Opinion:
    best = Counter(predicted for predicted, _, _ in rounds).most_common(1)[0][0]
    mine = [(confidence, suspects) for predicted, confidence, suspects in rounds if predicted == best]
    return Opinion(
        predicted=best,
        confidence=sum(confidence for confidence, _ in mine) / len(mine),
        suspects=2 * sum(suspects for _, suspects in mine) > len(rounds),
    )


def _alone(opinions: Sequence[Mapping[_Judged, Opinion]]) -> tuple[int, ...]:
    return tuple(sum(opinion.suspects for opinion in one.values()) for one in opinions)


def _suspicions(opinions: Sequence[Mapping[_Judged, Opinion]], *, side: Side) -> list[Suspicion]:
    agreed = (_agreed(image, label, [one[image, label] for one in opinions], side=side) for image, label in opinions[0])
    return sorted((one for one in agreed if one is not None), key=_rank)


def _rank(found: Suspicion) -> tuple[int, float, str]:
    return -found.agreement, -found.confidence, found.image


def _agreed(image: str, label: int, opinions: Sequence[Opinion], *, side: Side) -> Suspicion | None:
    """Return the suspicion that more than half of the records share; None if there is none."""
    votes = Counter(opinion.predicted for opinion in opinions if opinion.suspects).most_common(1)
    if not votes or 2 * votes[0][1] <= len(opinions):
        return None
    suggested, agreement = votes[0]
    sure = [one.confidence for one in opinions if one.suspects and one.predicted == suggested]
    return Suspicion(
        image=image,
        side=side,
        label=label,
        suggested=suggested,
        agreement=agreement,
        confidence=sum(sure) / len(sure),
        opinions=tuple(opinions),
    )


def _typical(opinions: Sequence[Mapping[_Judged, Opinion]]) -> dict[int, str]:
    """Return an image of each class that all records recognise: the one whose least probability is the largest."""
    best: dict[int, tuple[float, str]] = {}
    for image, label in opinions[0]:
        said = [one[image, label] for one in opinions]
        least = min(opinion.confidence for opinion in said)
        if all(opinion.predicted == label for opinion in said) and least > best.get(label, (0.0, ""))[0]:
            best[label] = least, image
    return {label: image for label, (_, image) in best.items()}
