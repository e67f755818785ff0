"""Contents of a map, and their JSON and CSV."""

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from artbench.data.targets import Labels
from artbench.explain.map.colouring import NO_LABEL, Colouring
from artbench.explain.map.faithfulness import Faithfulness
from artbench.explain.map.layout import Layout
from artbench.records.record import Record
from artbench.runtime.text import spreadsheet_text

FIGURE, PAGE, SUMMARY, TABLE = "map.png", "map.html", "map.json", "map.csv"
# Meaning of filled and hollow marks.
RIGHT, WRONG = "filled: the probe is right", "hollow: the probe is wrong"
# Most labels that are listed of one image.
_MOST = 6


@dataclass(frozen=True, kw_only=True)
class Known:
    """Truth and prediction for each image, in the order of the map.

    Attributes:
        true: Its class, labels or year: `Cubism`, `oil paint, canvas`, `1654`.
        said: The prediction of the record's probe: `Cubism 97.1 %`, `1650`.
        right: Whether the prediction is right, bool, shape (n,); of several labels, whether the most probable one is
            among its own. None for years, which are never quite right.
    """

    true: Sequence[str]
    said: Sequence[str]
    right: NDArray[np.bool_] | None


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a map is of.

    Attributes:
        name: Name of the task, or of a dataset without labels.
        backbone: Backbone of the encoder.
        pretraining: Its pretraining.
        weights_sha256: Digest of its weights.
        record: Id of the record; None for images without labels, of which there is none.
    """

    name: str
    backbone: str
    pretraining: str
    weights_sha256: str
    record: str | None = None

    @classmethod
    def of(cls, record: Record) -> "Subject":
        """Return the subject of a record."""
        return cls(
            name=record.task,
            backbone=record.backbone,
            pretraining=record.pretraining,
            weights_sha256=record.encoder.weights_sha256,
            record=record.id,
        )


@dataclass(frozen=True, kw_only=True)
class MapContents:
    """A map of the images that a record was tested on, or of images without labels.

    Attributes:
        subject: Task or dataset, and encoder.
        images: Ids of the images.
        layout: Their places on the map.
        colouring: Their colours and markers.
        known: Truth and prediction for each; None without labels.
        faithfulness: How much of the space the map keeps.
        seed: Seed of the layout, and of the draw of images for the page.
        on_page: Indices into `images` of those on the page, ascending.
    """

    subject: Subject
    images: Sequence[str]
    layout: Layout
    colouring: Colouring
    known: Known | None
    faithfulness: Faithfulness
    seed: int
    on_page: NDArray[np.int64]

    @property
    def title(self) -> str:
        """Title of figure and page."""
        return f"Map of {self.subject.name}: {self.subject.backbone}, {self.subject.pretraining}"

    @property
    def right(self) -> NDArray[np.bool_] | None:
        """Whether each prediction is right; None where nothing can be right or wrong."""
        return None if self.known is None else self.known.right

    @property
    def caption(self) -> list[str]:
        """Sentences that say what the figure shows and how far to trust it."""
        hollow = "" if self.right is None else "; hollow: the record's probe predicts something else"
        what, record = "images", ""
        if self.subject.record is not None:
            what, record = "test images", f" Record {self.subject.record}."
        return [
            f"{len(self.images):,} {what}; those with similar features (by cosine) should lie near each other. "
            f"{self.layout.how}, seed {self.seed}. {self.colouring.how}{hollow}.{record}",
            *(f"{sentence}." for sentence in self.faithfulness.sentences),
        ]

    def as_json(self) -> dict[str, Any]:
        """All but the rows of the table."""
        subject, layout, right = self.subject, self.layout, self.right
        return {
            "record": subject.record,
            "task": subject.name,
            "backbone": subject.backbone,
            "pretraining": subject.pretraining,
            "caption": self.caption,
            "pictures": len(self.images),
            "wrong": None if right is None else int((~right).sum()),
            "on_page": len(self.on_page),
            "layout": {"method": layout.method, "how": layout.how, "variance_kept": layout.kept, "seed": self.seed},
            "faithfulness": asdict(self.faithfulness),
            "colouring": self.colouring.how,
            "groups": [{"name": group.name, "pictures": group.count} for group in self.colouring.groups],
            "files": [FIGURE, PAGE, SUMMARY, TABLE],
        }

    def as_csv(self) -> str:
        """One row for each image: its id and position, and its labels and prediction where there are labels."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        known = self.known
        writer.writerow(["image", "x", "y", *([] if known is None else ["true", "predicted", "correct"])])
        for at, (image, (x, y)) in enumerate(zip(self.images, self.layout.places.tolist(), strict=True)):
            judged = []
            if known is not None:
                right = "" if known.right is None else str(bool(known.right[at])).lower()
                judged = [spreadsheet_text(known.true[at]), spreadsheet_text(known.said[at]), right]
            writer.writerow([spreadsheet_text(image), f"{x:.5f}", f"{y:.5f}", *judged])
        return out.getvalue()


def known(
    labels: Labels,
    predicted: NDArray[np.int64] | NDArray[np.float32] | None,
    *,
    confidence: NDArray[np.float32] | None,
    classes: Sequence[str],
) -> Known:
    """Put into words what is true and what was predicted.

    Args:
        labels: As `Split.labels`.
        predicted: As `StoredPredictions.predicted`, for the same images.
        confidence: As `StoredPredictions.confidence`, for the same images.
        classes: Names of the classes.
    """
    true = in_words(labels, classes)
    if labels.dtype.kind == "f":
        assert predicted is not None
        return Known(true=true, said=in_words(predicted, classes), right=None)
    assert confidence is not None
    if labels.ndim == 2:
        right = labels[np.arange(len(labels)), confidence.argmax(axis=1)].astype(bool)
        return Known(true=true, said=[_probable(row, classes) for row in confidence], right=right)
    assert predicted is not None
    pairs = zip(in_words(predicted, classes), confidence.tolist(), strict=True)
    return Known(true=true, said=[f"{name} {100 * chance:.1f} %" for name, chance in pairs], right=predicted == labels)


def in_words(labels: Labels | NDArray[np.float32], classes: Sequence[str]) -> list[str]:
    """Describe each image by its class, its labels or its year."""
    if labels.dtype.kind == "f":
        return [f"{year:.0f}" for year in labels.tolist()]
    if labels.ndim == 1:
        return [classes[number] for number in labels.astype(np.int64).tolist()]
    return [_listed([classes[k] for k in np.flatnonzero(row).tolist()]) for row in labels]


def _probable(chances: NDArray[np.float32], classes: Sequence[str]) -> str:
    """The labels from one half on, or the most probable one; the most probable first."""
    order = np.argsort(-chances, kind="stable")
    count = max(1, int((chances >= 0.5).sum()))
    return _listed([f"{classes[k]} {100 * float(chances[k]):.1f} %" for k in order[:count].tolist()])


def _listed(names: Sequence[str]) -> str:
    if not names:
        return NO_LABEL
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(names[:_MOST]) + more
