"""What is written of each picture: a class, labels, or a year, with how sure the probe is."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from artbench.data.outputs import Leading
from artbench.errors import ArtbenchError
from artbench.probe.features import Rows
from artbench.probe.linear import outputs_of, probabilities_of
from artbench.specs import TargetKind

Table: TypeAlias = Mapping[str, Sequence[Any]]

ANSWER, UNSURE, UNREADABLE = "answer", "don't know", "unreadable"
# What labels of one picture are separated by: the first that is in none of them.
_SEPARATORS = (";", "|", "/", "\\", "~")


class Answers(ABC):
    """What a probe answers to pictures."""

    @property
    @abstractmethod
    def columns(self) -> Mapping[str, bool]:
        """Name of each column beside `image` and `status`, and whether it holds numbers."""

    @abstractmethod
    def of(self, rows: Rows) -> Table:
        """Return the status and every column for the features of some pictures; None where there is nothing."""


@dataclass(frozen=True, kw_only=True)
class ClassAnswers(Answers):
    """One class for each picture.

    Attributes:
        weight: Of the probe, divided by the temperature, float64, shape (d, classes).
        bias: Likewise, float64, shape (classes,).
        target: Kind of target.
        classes: Name of each class.
        threshold: Probability from which on the class is an answer.
    """

    weight: NDArray[np.float64]
    bias: NDArray[np.float64]
    target: TargetKind
    classes: Sequence[str]
    threshold: float = 0.0

    @property
    def columns(self) -> Mapping[str, bool]:
        """The label, and the two most probable classes."""
        names = ("label", "guess", "probability", "second_guess", "second_probability")
        return {name: name.endswith("probability") for name in names}

    def leading(self, rows: Rows) -> Leading:
        """Return the most probable classes with their calibrated probabilities."""
        found = outputs_of(rows, self.weight, self.bias, self.target)
        assert isinstance(found, Leading)
        return found

    def of(self, rows: Rows) -> Table:
        """Return guess, second guess and, where the first is sure enough, the label."""
        found = self.leading(rows)
        names = [[self.classes[number] for number in places] for places in found.classes[:, :2].tolist()]
        values = found.probabilities[:, :2].tolist()
        sure = (found.probabilities[:, 0] >= self.threshold).tolist()
        return {
            "status": [ANSWER if one else UNSURE for one in sure],
            "label": [first[0] if one else None for first, one in zip(names, sure, strict=True)],
            "guess": [first[0] for first in names],
            "probability": [round(first[0], 4) for first in values],
            # A task may have a single class.
            "second_guess": [first[1] if first[1:] else None for first in names],
            "second_probability": [round(first[1], 4) if first[1:] else None for first in values],
        }


@dataclass(frozen=True, kw_only=True)
class LabelAnswers(Answers):
    """Any number of labels for each picture: those whose probability is at or above their threshold.

    Attributes:
        weight: As of `ClassAnswers`.
        bias: As of `ClassAnswers`.
        target: Kind of target.
        classes: Name of each label.
        thresholds: Threshold of each label, infinite for one that is never given, float64, shape (classes,).
        separator: What stands between labels in a cell.
    """

    weight: NDArray[np.float64]
    bias: NDArray[np.float64]
    target: TargetKind
    classes: Sequence[str]
    thresholds: NDArray[np.float64]
    separator: str

    @property
    def columns(self) -> Mapping[str, bool]:
        """The labels, and the next one."""
        return {"labels": False, "probabilities": False, "next_label": False, "next_probability": True}

    def probabilities(self, rows: Rows) -> NDArray[np.float32]:
        """Return the calibrated probability of each label, float32, shape (n, classes)."""
        return probabilities_of(rows, self.weight, self.bias, self.target)

    def of(self, rows: Rows) -> Table:
        """Return the labels, the most probable first, and the most probable one that is not given."""
        table: dict[str, list[Any]] = {"status": [], **{name: [] for name in self.columns}}
        for values in self.probabilities(rows):
            given = values >= self.thresholds
            order = np.argsort(-values, kind="stable")
            named = [int(number) for number in order if given[number]]
            beside = next((int(number) for number in order if not given[number]), None)
            table["status"].append(ANSWER if named else UNSURE)
            table["labels"].append(self.separator.join(self.classes[number] for number in named) or None)
            table["probabilities"].append(self.separator.join(f"{values[number]:.4f}" for number in named) or None)
            table["next_label"].append(None if beside is None else self.classes[beside])
            table["next_probability"].append(None if beside is None else round(float(values[beside]), 4))
        return table


def separator_of(classes: Sequence[str]) -> str:
    """Return what can stand between labels because it is in none of them.

    Raises:
        ArtbenchError: Labels hold every such sign.
    """
    for sign in _SEPARATORS:
        if not any(sign in name for name in classes):
            return sign
    raise ArtbenchError(
        f"labels hold each of {' '.join(_SEPARATORS)}, so that none can separate them", mend="Rename a few labels"
    )


@dataclass(frozen=True, kw_only=True)
class NumberAnswers(Answers):
    """A number such as a year for each picture, with an interval.

    Attributes:
        weight: Of the probe, float64, shape (d,).
        bias: Its intercept.
        target: Kind of target, which names the column.
        margin: By how much the interval reaches below and above.
    """

    weight: NDArray[np.float64]
    bias: float
    target: TargetKind
    margin: float

    @property
    def columns(self) -> Mapping[str, bool]:
        """The number itself, and both ends."""
        return {self.target: True, "from": True, "to": True}

    def ends(self, rows: Rows) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return the number and both ends, with as many digits as the margin leaves, the ends rounded outwards."""
        blocks = [np.asarray(block @ self.weight + self.bias, np.float64) for block in rows.blocks()]
        values = np.concatenate([np.empty(0), *blocks])
        scale = 10.0 ** (1 - np.floor(np.log10(self.margin))) if 0 < self.margin < 10 else 1.0
        low, high = np.floor((values - self.margin) * scale), np.ceil((values + self.margin) * scale)
        return np.round(values * scale) / scale, low / scale, high / scale

    def of(self, rows: Rows) -> Table:
        """Return the number and its interval."""
        values, low, high = self.ends(rows)
        return {
            "status": [ANSWER] * len(values),
            self.target: values.tolist(),
            "from": low.tolist(),
            "to": high.tolist(),
        }
