"""What registers a task, and what is published about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from artbench.specs.factories import Factory
from artbench.specs.prompts import Prompts
from artbench.specs.targets import TargetKind

if TYPE_CHECKING:
    from artbench.data.dataset import Dataset
    from artbench.data.targets import Targets


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """The size of a task as published, for `artbench data check`; None for what is not stated.

    Attributes:
        classes: Number of classes or labels.
        train: Rows of the training list.
        validation: Rows of the validation list.
        test: Rows of the test list.

    Examples:
        >>> from artbench.specs import Published
        >>> Published(classes=23, train=13346, test=5706).validation is None
        True
    """

    classes: int | None = None
    train: int | None = None
    validation: int | None = None
    test: int | None = None

    def __post_init__(self) -> None:
        for name in ("classes", "train", "validation", "test"):
            value = getattr(self, name)
            if value is not None and (type(value) is not int or value < 0):
                raise ValueError(f"{name} of a Published is {value!r}, not a number of rows or classes")


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedResult:
    """A published result, obtained under another protocol.

    Attributes:
        work: Authors, year, and title or venue.
        metric: Name of the metric in artbench, or the work's own term.
        value: Value as printed, with its unit.
        difference: How its protocol differs.

    Examples:
        >>> from artbench.specs import PublishedResult
        >>> PublishedResult(work="Doe 2020", metric="accuracy", value="81.2 %", difference="fine-tuned").metric
        'accuracy'
    """

    work: str
    metric: str
    value: str
    difference: str

    def __post_init__(self) -> None:
        for name in ("work", "metric", "value", "difference"):
            text = getattr(self, name)
            if not isinstance(text, str) or not text or "\n" in text:
                raise ValueError(f"{name} of a PublishedResult is {text!r}, not one line of text")


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskSpec:
    """A dataset, a target, a split and the metric that the field reports for them.

    Attributes:
        name: `wikiart-artist`.
        description: One line.
        dataset: Name of its dataset.
        target: Name of its kind of target: `single-label` (one class per image), `multi-label` (any number of labels
            per image), `year` (when the work was made), `retrieval` (which pictures belong together), `museum-bias`
            (whether neighbours share the class or the museum), or that of a plugin.
        primary_metric: The metric that ranks, for this kind of target: `accuracy`, `mean_average_precision`,
            `mean_absolute_error`, `retrieval_map`, `robustness_index`, or that of a plugin.
        metrics: Further metrics to compute, beside the primary one and those of its kind of target.
        factory: `(dataset) -> Targets`.
        clustered: Whether intervals come from whole groups, such as painters (`Targets.groups`), because
            the task is about unseen groups: none of the test may be fitted on, which is checked before a run.
        version: Incremented whenever labels, splits or metric change; versions never share a leaderboard.
        published: Size that its publication states.
        prompts: What it says of its classes in words, for networks that read (`zero-shot-v1`); None: nothing.
        literature: Published results of others, which leaderboards show separately.

    Examples:
        >>> from artbench.specs import TaskSpec
        >>> spec = TaskSpec(
        ...     name="etchings-school",
        ...     description="The school of an etching.",
        ...     dataset="etchings",
        ...     target="single-label",
        ...     primary_metric="accuracy",
        ...     factory="my.etchings:schools",
        ... )
        >>> spec.clustered, spec.metrics
        (False, ())
    """

    name: str
    description: str
    dataset: str
    target: TargetKind
    primary_metric: str
    metrics: tuple[str, ...] = ()
    factory: Factory[[Dataset], Targets]
    clustered: bool = False
    version: int = 1
    published: Published | None = None
    prompts: Prompts | None = None
    literature: tuple[PublishedResult, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.published, Published | None):
            raise TypeError(f"published of task {self.name} is a {type(self.published).__name__}, not a Published")
        if not isinstance(self.prompts, Prompts | None):
            raise TypeError(f"prompts of task {self.name} are a {type(self.prompts).__name__}, not Prompts")
        found: object = self.literature
        if not isinstance(found, tuple | list) or not all(isinstance(one, PublishedResult) for one in found):
            raise TypeError(f"literature of task {self.name} is not a tuple of PublishedResult")
        given: object = self.metrics
        if isinstance(given, str):
            raise TypeError(f"metrics of task {self.name} are the text {given!r}, not a tuple of names")
