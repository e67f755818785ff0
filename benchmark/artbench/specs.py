"""What a plugin registers: small frozen descriptions, whose factories are imported only when used.

A factory is a callable or, better, the text `package.module:function`, which keeps the plugin's own import light.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, ParamSpec, TypeAlias, TypeVar, cast

if TYPE_CHECKING:
    from artbench.data.dataset import Dataset
    from artbench.data.targets import Targets
    from artbench.encoders.backbone import Backbone
    from artbench.encoders.weights import Weights
    from artbench.pretrain.method import Method

P = ParamSpec("P")
T = TypeVar("T")

TargetKind: TypeAlias = Literal["single-label", "multi-label", "year"]
Factory: TypeAlias = Callable[P, T] | str


def load_factory(factory: Factory[P, T]) -> Callable[P, T]:
    """The callable behind a factory; imports its module if it is given as `package.module:function`.

    Raises:
        ImportError, AttributeError, TypeError, ValueError: The text names nothing that can be called.

    Examples:
        >>> from artbench.specs import load_factory
        >>> load_factory("statistics:mean")([1, 2])
        1.5
    """
    if not isinstance(factory, str):
        return factory
    module, _, attribute = factory.partition(":")
    if not module or not attribute:
        raise ValueError(f"a factory is a callable or 'package.module:function', not {factory!r}")
    loaded: Any = getattr(import_module(module), attribute)
    if not callable(loaded):
        raise TypeError(f"{factory!r} is a {type(loaded).__name__}, and can't be called")
    return cast("Callable[P, T]", loaded)


# The source of weights that nothing has trained, in a record: such rows are there for comparison.
INITIALISATION = "initialisation"


@dataclass(frozen=True, kw_only=True, slots=True)
class BackboneSpec:
    """An architecture with its preprocessing.

    Attributes:
        name: `resnet50`.
        description: One line.
        factory: `() -> Backbone`. artbench seeds torch before it calls it, so that a network's own
            initialisation is what the pretraining `random` means.
    """

    name: str
    description: str
    factory: Factory[[], Backbone]


@dataclass(frozen=True, kw_only=True, slots=True)
class PretrainingSpec:
    """A way in which a backbone gets its weights: they are there already, or a method trains them.

    Attributes:
        name: `imagenet`.
        description: One line.
        weights: `(backbone) -> Weights`: the weights for this backbone, which holds its initialisation when
            it is handed over. Raises `artbench.errors.ArtbenchError` where there are none.
        method: `() -> Method`, in the place of `weights`: how they are trained.
        seeded: Whether the weights depend on the run's seed (as `random` does).

    Raises:
        ValueError: There is neither `weights` nor `method`, or both.
    """

    name: str
    description: str
    weights: Factory[[Backbone], Weights] | None = None
    method: Factory[[], Method] | None = None
    seeded: bool = False

    def __post_init__(self) -> None:
        if (self.weights is None) == (self.method is None):
            raise ValueError(f"pretraining {self.name} needs either weights or a method")


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """What the publication says of a task's size, for `artbench data check`; None where it says nothing.

    Attributes:
        classes: Number of classes or labels.
        train: Rows of the training list.
        validation: Rows of the validation list.
        test: Rows of the test list.
    """

    classes: int | None = None
    train: int | None = None
    validation: int | None = None
    test: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedResult:
    """A figure that somebody has published, under a protocol of its own.

    Attributes:
        work: Who, when, and in what.
        metric: As artbench calls it, or the work's own word.
        value: As printed there, with its unit.
        difference: How its protocol differs.
    """

    work: str
    metric: str
    value: str
    difference: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DatasetSpec:
    """Images on disk and what is known of each.

    Attributes:
        name: `wikiart`; also the name of its folder under `--data-root`.
        description: One line.
        factory: `(root) -> Dataset`: reads the lists under `root`; opens no picture. Raises
            `artbench.errors.ArtbenchError` where `root` does not hold what it should.
        source: Where the dataset comes from: an address or a citation.
        layout: What should lie in the folder, in one line.
        folder: Where it lies, for a dataset whose very name says so.
        prepare: `(root) -> None`: makes the dataset in the empty folder `root`, for one that is made by code;
            it is kept in the cache.
        version: Of the pictures that `prepare` makes: another version is made anew.
        pictures: How many pictures the whole release has, None if nobody has counted.
        download: `(root) -> None`: fetches the dataset into the folder `root`, where its terms let a program do
            so; goes on where it stopped.
        terms: Under which the dataset is given, in a line or a few; shown before anything is downloaded.
        training: `(dataset) -> rows`: which pictures to pretrain on, for a dataset without labels; None: its tasks say.
    """

    name: str
    description: str
    factory: Factory[[Path], Dataset]
    source: str
    layout: str
    folder: Path | None = None
    prepare: Factory[[Path], None] | None = None
    version: int = 1
    pictures: int | None = None
    download: Factory[[Path], None] | None = None
    terms: str = ""
    training: Factory[[Dataset], Sequence[int]] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskSpec:
    """A dataset, a target, a split and the metric that the field reports for them.

    Attributes:
        name: `wikiart-artist`.
        description: One line.
        dataset: The name of its dataset.
        target: `single-label` (one class a picture), `multi-label` (any number of labels a picture) or `year` (when
            it was made).
        primary_metric: A metric of `artbench.stats.metrics`: `accuracy`, `mean_average_precision`,
            `mean_absolute_error`, …
        factory: `(dataset) -> Targets`.
        clustered: Whether intervals come from resampling whole groups, such as painters (`Targets.groups`), because
            the question is how it goes with groups that nobody has seen.
        version: Raised whenever labels, splits or metric change; versions never share a leaderboard.
        published: The size that its publication states.
        literature: Results that others have published on it, which leaderboards show apart.
    """

    name: str
    description: str
    dataset: str
    target: TargetKind
    primary_metric: str
    factory: Factory[[Dataset], Targets]
    clustered: bool = False
    version: int = 1
    published: Published | None = None
    literature: tuple[PublishedResult, ...] = ()


Spec: TypeAlias = BackboneSpec | PretrainingSpec | DatasetSpec | TaskSpec
SpecT = TypeVar("SpecT", bound=Spec)


@dataclass(frozen=True, kw_only=True, slots=True)
class Particulars:
    """What a search shows of one of a family's things.

    Attributes:
        parameters: How many a backbone has, None if that is not known.
        weights: Whether the weights that are published under its name are at hand: `here`, `to download` or `none`;
            empty if that is not known.
    """

    parameters: int | None = None
    weights: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Family(Generic[SpecT]):
    """Many things of one kind under one rule, such as every model of a library: resolved by name, not listed.

    Attributes:
        name: What the family is called in lists: `timm`.
        description: One line.
        resolve: `(name) -> spec or None`, None where the family does not know the name.
        names: `() -> names`: all it knows, for searches and for the nearest names; may import what it likes.
        expand: `(name) -> names`: the things that a name stands for, where it stands for several; else none.
        particulars: `(name) -> Particulars`: what a search shows beside a name; loads and downloads no weights.
    """

    name: str
    description: str
    resolve: Factory[[str], SpecT | None]
    names: Factory[[], Sequence[str]]
    expand: Factory[[str], Sequence[str]] | None = None
    particulars: Factory[[str], Particulars] | None = None
