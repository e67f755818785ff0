"""Specs that plugins register: small frozen descriptions, whose factories are imported only when used.

A factory is a callable or, better, the text `package.module:function`, which keeps the plugin's own import light.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, ParamSpec, TypeAlias, TypeVar, cast

from artbench.errors import UsageError
from artbench.variants import POOLS as POOLS
from artbench.variants import WHOLE, did_you_mean
from artbench.variants import Pool as Pool
from artbench.variants import Variant as Variant

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
    """Return the callable behind a factory; imports its module if it is given as `package.module:function`.

    Raises:
        ImportError, AttributeError, TypeError, ValueError: The text does not name a callable.

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


# In a record, the source of untrained weights; such rows are there for comparison.
INITIALISATION = "initialisation"


def _known(word: str, known: Sequence[str]) -> str:
    return " ".join(filter(None, (did_you_mean(word, known), f"It has: {', '.join(known)}")))


@dataclass(frozen=True, kw_only=True, slots=True)
class BackboneSpec:
    """An architecture with its preprocessing.

    Attributes:
        name: `resnet50`.
        description: One line.
        factory: `() -> Backbone`. artbench seeds torch before the call; the pretraining `random` keeps the network's
            own initialisation.
        variants: Keys of variants that the factory takes as keyword arguments, each with the values it offers, the
            default first (none: any value, which the factory checks). With `{"bins": (8, 4)}`, `NAME@bins=4` calls
            `factory(bins=4)`. With `size` among them the factory builds the network for images of that side; without,
            `@size` is there for backbones that take any size. `pool` and `layer` need nothing here (see
            `Backbone.layers`).
        variant: What the name chose; set by artbench, not by plugins.
    """

    name: str
    description: str
    factory: Factory[..., Backbone]
    variants: Mapping[str, Sequence[str | int]] = field(default_factory=dict)
    variant: Variant = WHOLE

    def choose(self, text: str) -> BackboneSpec:
        """The variant `text` of this backbone: `layer=2`.

        Raises:
            UsageError: It has no such variant; the message says what it has.
        """
        variant = Variant.parse(text)
        keys = sorted({"layer", "pool", "size", *self.variants})
        for key, value in variant.choices:
            if key not in keys:
                raise UsageError(f"{self.name} has no variants by {key!r}", mend=_known(key, keys))
            if (offered := self.variants.get(key)) and value not in offered:
                raise UsageError(f"{self.name} has no {key}={value}", mend=_known(str(value), list(map(str, offered))))
        defaults = [key for key, offered in self.variants.items() if variant.get(key) in offered[:1]]
        return self._with(variant.without(*defaults))

    def without(self, *keys: str) -> BackboneSpec:
        """This backbone without some of its variant's choices."""
        return self._with(self.variant.without(*keys))

    @property
    def network(self) -> str:
        """Name of the network whose layers and pools are variants: the name without these choices."""
        return self.without("layer", "pool").name

    def _with(self, variant: Variant) -> BackboneSpec:
        plain = self.name.partition("@")[0]
        return replace(self, name=f"{plain}@{variant}" if variant.choices else plain, variant=variant)


@dataclass(frozen=True, kw_only=True, slots=True)
class PretrainingSpec:
    """A source of weights for backbones: published weights, or a method that trains them.

    Attributes:
        name: `imagenet`.
        description: One line.
        weights: `(backbone) -> Weights`: the weights for this backbone, which holds its initialisation. Raises
            `artbench.errors.ArtbenchError` if there are none.
        method: `() -> Method`, instead of `weights`: how they are trained.
        seeded: Whether the weights depend on the run's seed (as `random` does).

    Raises:
        ValueError: Neither `weights` nor `method` is given, or both are.
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
    """The size of a task as published, for `artbench data check`; None for what is not stated.

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
    """A published result, obtained under another protocol.

    Attributes:
        work: Authors, year, and title or venue.
        metric: Name of the metric in artbench, or the work's own term.
        value: Value as printed, with its unit.
        difference: How its protocol differs.
    """

    work: str
    metric: str
    value: str
    difference: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DatasetSpec:
    """Images on disk and what is known about each.

    Attributes:
        name: `wikiart`; also the name of its folder under `--data-root`.
        description: One line.
        factory: `(root) -> Dataset`: reads the lists under `root` without opening images. Raises
            `artbench.errors.ArtbenchError` if files are missing or wrong.
        source: Where the dataset comes from: a URL or a citation.
        layout: What the folder should contain, in one line.
        folder: The dataset's folder, if its name determines it.
        prepare: `(root) -> None`: makes the dataset in the empty folder `root`, for one that is made by code. The
            result is cached.
        version: Version of the images that `prepare` makes; a new version is made again.
        pictures: Number of images of the whole release; None if unknown.
        download: `(root) -> None`: downloads the dataset into `root`, if its terms allow a program to; resumes where
            it stopped.
        terms: Terms of use, in a few lines; shown before a download.
        training: `(dataset) -> rows`: rows to pretrain on, for a dataset without labels. None: its tasks determine
            them.
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
        dataset: Name of its dataset.
        target: `single-label` (one class per image), `multi-label` (any number of labels per image) or `year` (when
            the work was made).
        primary_metric: A metric of `artbench.stats.metrics`: `accuracy`, `mean_average_precision`,
            `mean_absolute_error`, …
        factory: `(dataset) -> Targets`.
        clustered: Whether intervals come from whole groups, such as painters (`Targets.groups`), because
            the task is about unseen groups.
        version: Incremented whenever labels, splits or metric change; versions never share a leaderboard.
        published: Size that its publication states.
        literature: Published results of others, which leaderboards show separately.
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
    """What a search shows of a member of a family.

    Attributes:
        parameters: Number of parameters of a backbone; None if unknown.
        weights: Whether the weights published under its name are cached: `here`, `to download` or `none`; empty if
            unknown.
    """

    parameters: int | None = None
    weights: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Family(Generic[SpecT]):
    """Many specs of one kind, such as every model of a library, resolved by name instead of listed.

    Attributes:
        name: Name of the family in lists: `timm`.
        description: One line.
        resolve: `(name) -> spec or None`; None if the family does not know the name.
        names: `() -> names`: all names, for searches and for the nearest names; may import heavy libraries.
        expand: `(name) -> names`: the names that a name stands for, if it stands for several; else none.
        particulars: `(name) -> Particulars`: what a search shows beside a name; loads and downloads no weights.
        reads_paths: Whether a name holds a path on this machine, which resolving it reads. Such a family is asked for
            names that the user gives, never for names in files from others, such as records.
    """

    name: str
    description: str
    resolve: Factory[[str], SpecT | None]
    names: Factory[[], Sequence[str]]
    expand: Factory[[str], Sequence[str]] | None = None
    particulars: Factory[[str], Particulars] | None = None
    reads_paths: bool = False
