"""Which test pictures are shown: confident hits, confident misses and random ones, never hits alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from artbench.data.targets import Labels

Reason = Literal["confident hit", "confident miss", "random", "asked for"]


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What the probe says of each test picture, in terms of the one class that is explained.

    Attributes:
        explained: The class whose logit is explained, int64, shape (n,).
        correct: Whether the probe is right about it, bool, shape (n,).
        confidence: Of what the probe says, in [0, 1], shape (n,).
        eligible: Whether the picture may be chosen, bool, shape (n,).
    """

    explained: NDArray[np.int64]
    correct: NDArray[np.bool_]
    confidence: NDArray[np.float32]
    eligible: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One picture, by its place in the test split, and why it is shown."""

    position: int
    reason: Reason


def answered(labels: Labels, outputs: NDArray[np.float32], *, named: int | None) -> Answered:
    """Read off the probabilities what there is to choose from.

    Without a named class, what is explained is the most probable one. With it, it is that class, for pictures that
    have it or are taken for it; of a label among several, that is from a probability of one half.

    Args:
        labels: As `Split.labels`, of classes.
        outputs: Probabilities, float32, shape (n, classes).
        named: Number of the class asked for.
    """
    places = np.arange(len(outputs))
    top = outputs.argmax(axis=1)
    single = labels.ndim == 1
    if named is None:
        correct = top == labels if single else labels[places, top].astype(bool)
        return Answered(
            explained=top, correct=correct, confidence=outputs[places, top], eligible=np.ones(len(outputs), bool)
        )
    explained = np.full(len(outputs), named, np.int64)
    if single:
        has, said, confidence = labels == named, top == named, outputs[places, top]
    else:
        has, said = labels[:, named].astype(bool), outputs[:, named] >= 0.5
        confidence = np.maximum(outputs[:, named], 1 - outputs[:, named])
    return Answered(explained=explained, correct=has == said, confidence=confidence, eligible=has | said)


def choose(answers: Answered, rows: NDArray[np.int64], *, count: int, seed: int) -> list[Choice]:
    """Choose pictures: a third confident hits, a third confident misses, the rest at random from all others.

    Hits and misses are taken by confidence, first one of each explained class, then again one of each, so that one
    easy class does not fill the sheet. Where there are too few of either, random ones take their places.

    Args:
        answers: What there is.
        rows: The row of the dataset of each picture; the same picture is shown once.
        count: How many.
        seed: Of the random ones.
    """
    once = np.zeros(len(rows), bool)
    once[np.unique(rows, return_index=True)[1]] = True
    eligible = answers.eligible & once
    hits = _by_class(answers, eligible & answers.correct)[: (count + 2) // 3]
    misses = _by_class(answers, eligible & ~answers.correct)[: (count + 1) // 3]
    chosen = [Choice(position=at, reason="confident hit") for at in hits]
    chosen += [Choice(position=at, reason="confident miss") for at in misses]
    rest = np.setdiff1d(np.flatnonzero(eligible), [*hits, *misses])
    drawn = np.random.default_rng(seed).permutation(rest)[: count - len(chosen)]
    return chosen + [Choice(position=int(at), reason="random") for at in drawn]


def _by_class(answers: Answered, among: NDArray[np.bool_]) -> Sequence[int]:
    """Positions by confidence, one of each explained class before the second of any."""
    positions = np.flatnonzero(among)
    positions = positions[np.argsort(-answers.confidence[positions], kind="stable")]
    taken: dict[int, int] = {}
    turns = []
    for class_ in answers.explained[positions].tolist():
        turns.append(taken.get(class_, 0))
        taken[class_] = turns[-1] + 1
    found: list[int] = positions[np.argsort(turns, kind="stable")].tolist()
    return found
