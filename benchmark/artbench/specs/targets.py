"""What registers a kind of target: what a task may ask of images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from artbench.specs.factories import Factory

if TYPE_CHECKING:
    from artbench.data.targets import Targets

TargetKind: TypeAlias = str
"""Name of a kind of target (`TargetSpec`)."""
AnswerForm: TypeAlias = Literal["class", "labels", "number", "ranking", "neighbours"]
# Those for which pictures are compared with each other, and nothing is fitted.
SEARCHED: tuple[AnswerForm, ...] = ("ranking", "neighbours")


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetSpec:
    """A kind of target: what a task asks of each image.

    Attributes:
        name: `year`.
        description: One line.
        answer: The form of an answer, and with it of labels (`Split.labels`), probe and stored predictions. `class`:
            one class per image, int64, shape (n,), by softmax regression. `labels`: any number of labels, bool, shape
            (n, classes), by one sigmoid for each. `number`: a number, float64, shape (n,), by ridge regression.
            `ranking`: the pictures of an index in order of similarity, by search and with no probe. Labels say which
            pictures belong together, int64, shape (n,), -1 for one that belongs with no other; `Targets.train` is the
            index and `Targets.test` the queries, which may be the same pictures: none is compared with itself.
            `neighbours`: what the nearest neighbours of each picture share with it, its class or its origin, such as
            its museum. Labels are classes, int64, shape (n,), with `Targets.origins`; `Targets.train` and
            `Targets.test` are the same pictures.
        metrics: Names of the metrics that every task of this kind has, in the order of tables.
        baselines: Names of the two guesses without pixels that stand below a leaderboard: the same for all images, from
            the labels of train (of a `number` their median), and one for each group, such as a painter. Of a
            `ranking` and of `neighbours` the first alone: an order, or neighbours, by chance.
        check: `(targets) -> None`: raises `artbench.errors.ArtbenchError` if the labels of a task, of the right form,
            are not what this kind asks, such as a state of 7 out of 5. Called whenever a task is opened.

    Raises:
        ValueError: The form is unknown, there are no metrics, or the baselines are not as many as there should be.

    Examples:
        >>> from artbench.specs import TargetSpec
        >>> TargetSpec(name="state", description="Its state, 1 to 5.", answer="number", metrics=("state_error",)).answer
        'number'
    """

    name: str
    description: str
    answer: AnswerForm
    metrics: tuple[str, ...]
    baselines: tuple[str, ...] = ("from all labels", "from the group's labels")
    check: Factory[[Targets], None] | None = None

    def __post_init__(self) -> None:
        if self.answer not in (known := get_args(AnswerForm)):
            raise ValueError(f"the answer of target {self.name} is {self.answer!r}, not one of {', '.join(known)}")
        if not self.metrics:
            raise ValueError(f"target {self.name} has no metrics")
        if not self.baselines or (self.answer not in SEARCHED and len(self.baselines) != 2):
            needed = "one name" if self.answer in SEARCHED else "two names"
            raise ValueError(f"baselines of target {self.name} are {self.baselines!r}, not {needed}")
