"""Pictures of which a classifier that was not fitted on them says something else than the catalogue."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artbench.audit.label_noise import suspected
from artbench.explore.columns import is_numeric, repeats
from artbench.explore.twins import TwinGroup
from artbench.plugins.known import plain_target
from artbench.probe.features import LabelledFeatures, Rows
from artbench.probe.out_of_fold import out_of_fold
from artbench.protocol import DEFAULT_PROTOCOL
from artbench.runtime.progress import Reporter

# Fewest pictures of a value for it to be learnt from four fifths of them; most values, for time.
FEWEST = 10
_MOST_VALUES = 200
# Principal components that the classifier sees, at most and per picture, and its penalty: an exploration must not take
# as long as the features, and components as many as pictures would tell any labels apart.
WIDTH, _PER_PICTURE, _PENALTY = 128, 0.1, 0.01
# Most pictures that are listed of a column.
_LISTED = 300


@dataclass(frozen=True, kw_only=True)
class Disagreement:
    """A picture of which the classifier says something else.

    Attributes:
        picture: Its position.
        said: What the catalogue says.
        predicted: What the classifier says.
        confidence: The probability that it gives that.
    """

    picture: int
    said: str
    predicted: str
    confidence: float


@dataclass(frozen=True, kw_only=True)
class JudgedColumn:
    """A column that was learnt from the pictures and compared with what they say.

    Attributes:
        name: Its name.
        pictures: Number of pictures that were judged, of values with at least `FEWEST` pictures.
        values: Number of these values.
        agreement: Share of the pictures of which the classifier says what the catalogue says.
        guess: Share of the commonest value.
        suspected: Number of pictures that it is confident to be mislabelled (`audit.label_noise.suspected`).
        listed: These, the most confident first; at most 300. Empty if it agrees no more often than the commonest value
            would.
    """

    name: str
    pictures: int
    values: int
    agreement: float
    guess: float
    suspected: int
    listed: Sequence[Disagreement]


def find_disagreements(
    components: NDArray[np.float64],
    columns: Mapping[str, Sequence[str]],
    twins: Sequence[TwinGroup],
    *,
    device: str,
    reporter: Reporter,
) -> list[JudgedColumn]:
    """Judge every column whose values are classes with enough pictures.

    A softmax is fitted on four of five folds at a time, and says of the fifth what it is. Pictures that are alike are
    in one fold, since a copy would tell the label.

    Args:
        components: The first `WIDTH` principal components of the directions, or as many as there are, shape (n, any).
        columns: What is said of each picture, by column; empty texts are no values.
        twins: Pictures that are alike.
        device: `cpu`, `cuda` or `mps`.
        reporter: Receives progress.
    """
    classes = {name: chosen for name, values in columns.items() if (chosen := _classes(values))}
    if not classes:
        return []
    n = len(components)
    seen = components[:, : max(2, round(_PER_PICTURE * n))].astype(np.float32)
    group = np.arange(n)
    for twin in twins:
        group[twin.members] = twin.members[0]
    judged = []
    with reporter.counting("comparing with the catalogue", total=len(classes), unit="columns") as counter:
        for name, chosen in classes.items():
            judged.append(_judge(name, columns[name], chosen, seen, group, device=device))
            counter.advance()
    return judged


def _classes(values: Sequence[str]) -> list[str]:
    """Return the values that can be learnt, if the column is one of classes; else none."""
    if is_numeric(values) or not repeats(values):
        return []
    chosen = sorted(value for value, count in Counter(filter(None, values)).items() if count >= FEWEST)
    return chosen if 2 <= len(chosen) <= _MOST_VALUES else []


def _judge(
    name: str,
    values: Sequence[str],
    classes: Sequence[str],
    seen: NDArray[np.float32],
    group: NDArray[np.int64],
    *,
    device: str,
) -> JudgedColumn:
    number = {value: at for at, value in enumerate(classes)}
    rows = np.array([at for at, value in enumerate(values) if value in number], np.int64)
    labels = np.array([number[values[at]] for at in rows.tolist()], np.int64)
    together = [str(one) for one in group[rows].tolist()]
    found = out_of_fold(
        LabelledFeatures(rows=Rows(seen, rows), labels=labels, ids=[str(row) for row in rows.tolist()]),
        together=together,
        classes=len(classes),
        target=plain_target("class"),
        l2=_PENALTY,
        protocol=DEFAULT_PROTOCOL,
        device=device,
    )
    there = found.judged
    right = found.predicted == labels
    agreement, guess = float(right[there].mean()), float(np.bincount(labels).max() / len(labels))
    doubted = np.zeros(len(rows), bool)
    if agreement > guess:
        doubted[there] = suspected(labels[there], found.predicted[there], found.confidence[there], classes=len(classes))
    order = np.flatnonzero(doubted)
    order = order[np.argsort(-found.confidence[order], kind="stable")]
    return JudgedColumn(
        name=name,
        pictures=int(there.sum()),
        values=len(classes),
        agreement=agreement,
        guess=guess,
        suspected=len(order),
        listed=[
            Disagreement(
                picture=int(rows[at]),
                said=classes[labels[at]],
                predicted=classes[found.predicted[at]],
                confidence=float(found.confidence[at]),
            )
            for at in order[:_LISTED].tolist()
        ],
    )
