"""The task on which kNN judges the features during a training, how often, and what it costs."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from artbench.data.dataset import Dataset
from artbench.data.splits import held_out
from artbench.data.targets import Split, Targets
from artbench.protocol import DEFAULT_PROTOCOL
from artbench.specs import TargetKind

# What judging may cost, in percent of the training.
_PERCENT = 5
# An image of a step costs at least so many forward passes: one view forward and backward, which takes two more, and
# one view forward. Symmetric methods take eight.
_PASSES = 4


@dataclass(frozen=True, kw_only=True)
class OnlineKnn:
    """A single-label task whose training images measure the features; its test images are never read.

    If it has no validation split, a tenth of its training images serves as one.
    """

    name: str
    dataset: Dataset
    targets: Targets
    target: TargetKind

    @property
    def judged(self) -> int:
        """Number of images that a measurement takes."""
        return sum(map(len, self.splits))

    @cached_property
    def splits(self) -> tuple[Split, Split]:
        """The images with known labels, and those to classify."""
        train = self.targets.train
        if self.targets.validation is not None:
            return train, self.targets.validation
        ids = [self.dataset.ids[row] for row in train.rows.tolist()]
        labels = class_numbers(train)
        out = held_out(labels, ids, fraction=DEFAULT_PROTOCOL.probe.validation_fraction)
        rest = np.setdiff1d(np.arange(len(train)), out)
        return Split(rows=train.rows[rest], labels=labels[rest]), Split(rows=train.rows[out], labels=labels[out])


def class_numbers(split: Split) -> NDArray[np.int64]:
    """The classes of the images of a single-label split, shape (n,)."""
    return np.asarray(split.labels, np.int64)


def usual_interval(judged: int, images: int) -> int:
    """The number of epochs from one measurement to the next so that they take at most 5 % of the forward passes.

    Args:
        judged: Number of images of a measurement, one forward pass each.
        images: Number of images of an epoch.

    Examples:
        >>> from artbench.pretrain.online_knn import usual_interval
        >>> usual_interval(57_000, 57_000)
        5
    """
    return max(1, -(-100 * judged // (_PERCENT * _PASSES * images)))
