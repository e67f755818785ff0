"""What registers things without number, such as all models of timm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from artbench.specs.backbones import BackboneSpec
from artbench.specs.datasets import DatasetSpec
from artbench.specs.factories import Factory
from artbench.specs.metrics import MetricSpec
from artbench.specs.pretrainings import PretrainingSpec
from artbench.specs.protocols import ProtocolSpec
from artbench.specs.targets import TargetSpec
from artbench.specs.tasks import TaskSpec

Spec: TypeAlias = BackboneSpec | PretrainingSpec | DatasetSpec | TaskSpec | MetricSpec | TargetSpec | ProtocolSpec
SpecT = TypeVar("SpecT", bound=Spec)


@dataclass(frozen=True, kw_only=True, slots=True)
class Particulars:
    """What a search shows of a member of a family.

    Attributes:
        parameters: Number of parameters of a backbone; None if unknown.
        weights: Whether the weights published under its name are cached: `here`, `to download` or `none`; empty if
            unknown.

    Examples:
        >>> from artbench.specs import Particulars
        >>> Particulars(parameters=11_176_512, weights="here").parameters
        11176512
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
        with_text: Names of some backbones that have a text side, for messages to whoever names one that has none.
        reads_paths: Whether a name holds a path on this machine, which resolving it reads. Such a family is asked for
            names that the user gives, never for names in files from others, such as records.
        library: The package whose names these are: `timm`. `names` is then asked once in each state of its files and of
            the plugin's, and the answer is kept in the cache; only what it lists are names of the family, so that
            `resolve` need not look. Empty: `names` is always asked, and `resolve` alone says what is a name.

    Examples:
        >>> from artbench.specs import BackboneSpec, Family
        >>> def resolve(name):
        ...     known = name in ("zebra", "zebu")
        ...     return BackboneSpec(name=name, description="An animal.", factory="my.zoo:build") if known else None
        >>> zoo = Family(name="zoo", description="A zoo.", resolve=resolve, names=lambda: ["zebra", "zebu"])
        >>> zoo.resolve("zebra").name, zoo.resolve("resnet50")
        ('zebra', None)
    """

    name: str
    description: str
    resolve: Factory[[str], SpecT | None]
    names: Factory[[], Sequence[str]]
    expand: Factory[[str], Sequence[str]] | None = None
    particulars: Factory[[str], Particulars] | None = None
    with_text: Sequence[str] = ()
    reads_paths: bool = False
    library: str = ""
