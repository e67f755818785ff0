"""What an audit of labels found: images that several encoders agree to be mislabelled, and the forms it is shown in."""

import csv
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from artbench.data.exclusion import COLUMNS, Side
from artbench.records.publishing import image_digests
from artbench.records.record import Record, encoder_name
from artbench.runtime.files import atomic_write, file_errors


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
        side: Whether it is fitted on (train or validation) or tested.
        label: Number of the class that it is labelled.
        suggested: Number of the class that they agree in.
        agreement: Number of records that suspect it and predict `suggested`.
        confidence: Their mean probability of `suggested`.
        opinions: What each record says, in the order of `LabelAudit.records`.
    """

    image: str
    side: Side
    label: int
    suggested: int
    agreement: int
    confidence: float
    opinions: tuple[Opinion, ...]


@dataclass(frozen=True, kw_only=True)
class LabelAudit:
    """The images of one task that its records suspect to be mislabelled.

    Attributes:
        files: Files of the records.
        records: The records, each once.
        classes: Name of each class.
        tested: Number of test images.
        trained: Number of training images that were judged, those of validation included; None if none were looked at.
        unjudged: Number of training images that could not be judged: no other fold has their class.
        alone: Number of images that each record suspects by itself.
        suspicions: Images that more than half of the records suspect, the most agreed and most confident first.
        typical: An image of each class that all records recognise, the most confident one, for comparison.
    """

    files: tuple[Path, ...]
    records: tuple[Record, ...]
    classes: tuple[str, ...]
    tested: int
    trained: int | None = None
    unjudged: int = 0
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
            "from": "predictions for the test images on record"
            + ("" if self.trained is None else ", out-of-fold predictions for training images"),
            "tested": self.tested,
            "trained": self.trained,
            "unjudged": self.unjudged,
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
            "split": found.side,
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
            writer.writerows({"dataset": dataset, **self._row(found)} for found in self.suspicions)
