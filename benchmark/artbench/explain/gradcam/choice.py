"""Which test images are shown: confident hits, confident misses and random ones, never hits alone."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from artbench.data.targets import Labels

Reason = Literal["confident hit", "confident miss", "random", "asked for"]


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What the probe predicts for each test image about the class that is explained.

    Attributes:
        explained: The class whose logit is explained, int64, shape (n,).
        correct: Whether the probe is right about it, bool, shape (n,).
        confidence: Confidence of the prediction, in [0, 1], shape (n,).
        eligible: Whether the image may be chosen, bool, shape (n,).
    """

    explained: NDArray[np.int64]
    correct: NDArray[np.bool_]
    confidence: NDArray[np.float32]
    eligible: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """An image, by its position in the test split, and why it is shown."""

    position: int
    reason: Reason


def answered(labels: Labels, outputs: NDArray[np.float32], *, named: int | None) -> Answered:
    """Read the predictions off the probabilities.

    Without a named class, the most probable one is explained. Otherwise that class is, for images that have it or are
    predicted to have it; one label among several is predicted from a probability of one half.

    Args:
        labels: As `Split.labels`, of classes.
        outputs: Probabilities, float32, shape (n, classes).
        named: Number of the class asked for.
    """
    places, top, single = np.arange(len(outputs)), outputs.argmax(axis=1), labels.ndim == 1
    confidence = outputs[places, top]
    if named is None:
        correct = top == labels if single else labels[places, top].astype(bool)
        return Answered(explained=top, correct=correct, confidence=confidence, eligible=np.ones(len(top), bool))
    if single:
        has, predicted = labels == named, top == named
    else:
        has, predicted = labels[:, named].astype(bool), outputs[:, named] >= 0.5
        confidence = np.maximum(outputs[:, named], 1 - outputs[:, named])
    explained = np.full(len(outputs), named, np.int64)
    return Answered(explained=explained, correct=has == predicted, confidence=confidence, eligible=has | predicted)


def choose(answers: Answered, rows: NDArray[np.int64], *, count: int, seed: int) -> list[Choice]:
    """Choose images: a third confident hits, a third confident misses, the rest at random from all others.

    Hits and misses are taken by confidence, first one of each explained class, then again one of each, so that one
    easy class does not fill the sheet. Where there are too few of either, random ones take their places.

    Args:
        answers: Predictions for the test images.
        rows: The row of the dataset of each image; the same row is shown once.
        count: How many images to choose.
        seed: Seed of the random ones.
    """
    once = np.zeros(len(rows), bool)
    once[np.unique(rows, return_index=True)[1]] = True
    eligible = answers.eligible & once
    hits = _by_class(answers, eligible & answers.correct)[: (count + 2) // 3]
    misses = _by_class(answers, eligible & ~answers.correct)[: (count + 1) // 3]
    rest = np.setdiff1d(np.flatnonzero(eligible), [*hits, *misses])
    drawn = np.random.default_rng(seed).permutation(rest)[: count - len(hits) - len(misses)].tolist()
    reasons: dict[Reason, Sequence[int]] = {"confident hit": hits, "confident miss": misses, "random": drawn}
    return [Choice(position=at, reason=reason) for reason, positions in reasons.items() for at in positions]


def _by_class(answers: Answered, among: NDArray[np.bool_]) -> Sequence[int]:
    """Positions by confidence, one of each explained class before the second of any."""
    positions = np.flatnonzero(among)
    positions = positions[np.argsort(-answers.confidence[positions], kind="stable")]
    taken: Counter[int] = Counter()
    turns = []
    for class_ in answers.explained[positions].tolist():
        turns.append(taken[class_])
        taken[class_] += 1
    found: list[int] = positions[np.argsort(turns, kind="stable")].tolist()
    return found
