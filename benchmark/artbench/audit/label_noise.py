"""Test images that several encoders agree to be mislabelled, from the predictions beside their records.

Confident learning: Northcutt, Jiang and Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", Journal
of Artificial Intelligence Research 70 (2021).
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from artbench.data.exclusion import COLUMNS
from artbench.errors import ArtbenchError
from artbench.records.folder import read_record
from artbench.records.predictions import StoredPredictions, read_predictions
from artbench.records.publishing import image_digests
from artbench.records.record import Record, encoder_name, task_name
from artbench.records.tables import tested_classes
from artbench.runtime.files import atomic_write, file_errors

_Tested: TypeAlias = tuple[str, int]
"""An image and its label: a published list may give one image several."""


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """What one record says of an image.

    Attributes:
        predicted: Number of the predicted class; of the most frequent one if several rounds tested the image.
        confidence: Probability of that class, averaged over the rounds that predict it.
        suspects: Whether most rounds are confident that this class, and not the label, is right.
    """

    predicted: int
    confidence: float
    suspects: bool


@dataclass(frozen=True, kw_only=True)
class Suspicion:
    """An image that most records suspect, and agree in the class.

    Attributes:
        image: Its id.
        label: Number of the class that it is labelled.
        suggested: Number of the class that they agree in.
        agreement: Number of records that suspect it and predict `suggested`.
        confidence: Their mean probability of `suggested`.
        opinions: What each record says, in the order of `LabelAudit.records`.
    """

    image: str
    label: int
    suggested: int
    agreement: int
    confidence: float
    opinions: tuple[Opinion, ...]


@dataclass(frozen=True, kw_only=True)
class LabelAudit:
    """The test images of one task that its records suspect to be mislabelled.

    Attributes:
        records: The records, each once.
        classes: Name of each class.
        tested: Number of test images.
        alone: Number of images that each record suspects by itself.
        suspicions: Images that more than half of the records suspect, the most agreed and most confident first.
        typical: An image of each class that all records recognise, the most confident one, for comparison.
    """

    records: tuple[Record, ...]
    classes: tuple[str, ...]
    tested: int
    alone: tuple[int, ...]
    suspicions: list[Suspicion]
    typical: Mapping[int, str]

    @property
    def networks(self) -> int:
        """Number of networks: variants of one network share its weights, and are likely to share its errors."""
        return len({record.encoder.weights_sha256 for record in self.records})

    @property
    def published(self) -> bool:
        """Whether digests stand for the ids of the images, as in published records; `--exclude` needs ids."""
        images = [suspicion.image for suspicion in self.suspicions]
        return bool(images) and image_digests(images) == images

    def as_json(self) -> dict[str, Any]:
        """Return what `artbench data audit --labels --json` prints; `predicted` is in the order of the records."""
        return {
            "task": self.records[0].task,
            "dataset": self.records[0].dataset.name,
            "from": "predictions for the test images on record",
            "tested": self.tested,
            "networks": self.networks,
            "records": [
                {"id": record.id, "encoder": encoder_name(record), "suspects": alone}
                for record, alone in zip(self.records, self.alone, strict=True)
            ],
            "images": [
                {**self._row(found), "predicted": [self.classes[one.predicted] for one in found.opinions]}
                for found in self.suspicions
            ],
        }

    def _row(self, found: Suspicion) -> dict[str, Any]:
        return {
            "image": found.image,
            "label": self.classes[found.label],
            "suggested": self.classes[found.suggested],
            "agreement": found.agreement,
            "confidence": round(found.confidence, 4),
        }

    def said(self, found: Suspicion) -> str:
        """Return the classes that the records predict for an image, the most frequent first: `cubism 2, fauvism 1`."""
        counts = Counter(self.classes[opinion.predicted] for opinion in found.opinions)
        return ", ".join(f"{name} {count}" for name, count in counts.most_common())

    def write_list(self, path: Path) -> None:
        """Write the images as CSV for a curator, who deletes lines; what is left is a list for `--exclude`.

        Raises:
            ArtbenchError: The file can't be written.
        """
        dataset = self.records[0].dataset.name
        with (
            file_errors(f"{path} can't be written", mend="Name another folder with --out"),
            atomic_write(path) as temporary,
            temporary.open("w", encoding="utf-8", newline="") as file,
        ):
            columns = [*COLUMNS, "label", "suggested", "agreement", "confidence"]
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows({"dataset": dataset, "split": "test", **self._row(found)} for found in self.suspicions)


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
    opinions: list[dict[_Tested, Opinion]] = []
    for file, record in found.values():
        opinions.append(_opinions(_predictions(file, record), classes=first.dataset.classes))
        if opinions[-1].keys() != opinions[0].keys():
            why = "other test images or labels; published records hold digests in place of ids"
            _raise_unlike(first_file, file, why)
    suspicions = [
        suspicion
        for image, label in opinions[0]
        if (suspicion := _agreed(image, label, [one[image, label] for one in opinions])) is not None
    ]
    known = tested_classes(first_file, first)
    names = [f"class {number}" for number in range(first.dataset.classes)] if known is None else known.names
    return LabelAudit(
        records=tuple(record for _, record in found.values()),
        classes=tuple(names),
        tested=len(opinions[0]),
        alone=tuple(sum(opinion.suspects for opinion in one.values()) for one in opinions),
        suspicions=sorted(suspicions, key=lambda found: (-found.agreement, -found.confidence, found.image)),
        typical=_typical(opinions),
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
    if stored.target != "single-label":
        what = "asks for the year" if stored.target == "year" else "gives an image several labels"
        raise ArtbenchError(
            f"{file}: {record.task} {what}", mend="Wrong labels are looked for in tasks with one label an image"
        )
    return stored


def _opinions(stored: StoredPredictions, *, classes: int) -> dict[_Tested, Opinion]:
    """Return what a record says of each image, over all its rounds."""
    assert stored.predicted is not None
    assert stored.confidence is not None
    labels, predicted = stored.labels.astype(np.int64), stored.predicted.astype(np.int64)
    suspects = np.zeros(len(labels), bool)
    for number in np.unique(stored.rounds):
        rows = stored.rounds == number
        suspects[rows] = suspected(labels[rows], predicted[rows], stored.confidence[rows], classes=classes)
    said: dict[_Tested, list[tuple[int, float, bool]]] = defaultdict(list)
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


def _agreed(image: str, label: int, opinions: Sequence[Opinion]) -> Suspicion | None:
    """Return the suspicion that more than half of the records share; None if there is none."""
    votes = Counter(opinion.predicted for opinion in opinions if opinion.suspects).most_common(1)
    if not votes or 2 * votes[0][1] <= len(opinions):
        return None
    suggested, agreement = votes[0]
    sure = [one.confidence for one in opinions if one.suspects and one.predicted == suggested]
    return Suspicion(
        image=image,
        label=label,
        suggested=suggested,
        agreement=agreement,
        confidence=sum(sure) / len(sure),
        opinions=tuple(opinions),
    )


def _typical(opinions: Sequence[Mapping[_Tested, Opinion]]) -> dict[int, str]:
    """Return an image of each class that all records recognise: the one whose least probability is the largest."""
    best: dict[int, tuple[float, str]] = {}
    for image, label in opinions[0]:
        said = [one[image, label] for one in opinions]
        least = min(opinion.confidence for opinion in said)
        if all(opinion.predicted == label for opinion in said) and least > best.get(label, (0.0, ""))[0]:
            best[label] = least, image
    return {label: image for label, (_, image) in best.items()}
