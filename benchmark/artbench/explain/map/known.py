"""What is known of each picture of a map, in words: what it is, and what the record says of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from artbench.data.targets import Labels
from artbench.explain.map.colouring import NO_LABEL

# What filled and what hollow marks stand for.
RIGHT, WRONG = "filled: the probe is right", "hollow: the probe is wrong"

# Labels told of one picture.
_MOST = 6


@dataclass(frozen=True, kw_only=True)
class Known:
    """Of each picture, in the order of the map.

    Attributes:
        true: What it is: `Cubism`, `oil paint, canvas`, `1654`.
        said: What the record's probe says: `Cubism 97.1 %`, `1650`.
        right: Whether that is right, bool, shape (n,); of several labels, whether the most probable one is among its
            own. None for years, which are never quite right.
    """

    true: Sequence[str]
    said: Sequence[str]
    right: NDArray[np.bool_] | None


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
        predicted: As `StoredPredictions.predicted`, of the same pictures.
        confidence: As `StoredPredictions.confidence`.
        classes: Names of the classes.
    """
    if labels.dtype.kind == "f":
        assert predicted is not None
        return Known(
            true=in_words(labels, classes),
            said=[f"{year:.0f}" for year in predicted.tolist()],
            right=None,
        )
    assert confidence is not None
    if labels.ndim == 1:
        assert predicted is not None
        answers = predicted.astype(np.int64)
        return Known(
            true=in_words(labels, classes),
            said=[
                f"{classes[number]} {100 * chance:.1f} %"
                for number, chance in zip(answers.tolist(), confidence.tolist(), strict=True)
            ],
            right=answers == labels,
        )
    top = confidence.argmax(axis=1)
    return Known(
        true=in_words(labels, classes),
        said=[_listed(_probable(row, classes)) for row in confidence],
        right=labels[np.arange(len(labels)), top].astype(bool),
    )


def in_words(labels: Labels, classes: Sequence[str]) -> list[str]:
    """What each picture is: its class, its labels, or its year."""
    if labels.dtype.kind == "f":
        return [f"{year:.0f}" for year in labels.tolist()]
    if labels.ndim == 1:
        return [classes[number] for number in labels.astype(np.int64).tolist()]
    return [_listed([classes[k] for k in np.flatnonzero(row).tolist()]) for row in labels]


def _probable(chances: NDArray[np.float32], classes: Sequence[str]) -> list[str]:
    """The labels from one half on, or the most probable one; the most probable first."""
    order = np.argsort(-chances, kind="stable")
    count = max(1, int((chances >= 0.5).sum()))
    return [f"{classes[k]} {100 * float(chances[k]):.1f} %" for k in order[:count].tolist()]


def _listed(names: Sequence[str]) -> str:
    if not names:
        return NO_LABEL
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(names[:_MOST]) + more
