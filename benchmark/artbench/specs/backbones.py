"""What registers an architecture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from artbench.errors import UsageError
from artbench.specs.factories import Factory
from artbench.specs.variants import WHOLE, Variant, did_you_mean

if TYPE_CHECKING:
    import torch

    from artbench.encoders.backbone import Backbone
    from artbench.encoders.text import TextSide


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
        text: `(module) -> artbench.encoders.TextSide`: what turns texts into vectors of the space of its features, with
            the weights in `module`, that of the backbone. None: it sees pictures alone.
        version: Incremented whenever its code gives other features with the same weights. Features and records of
            another version are not used.
        variant: What the name chose; set by artbench, not by plugins.

    Raises:
        ValueError: The version is not a whole number from 1 up.

    Examples:
        >>> from artbench.specs import BackboneSpec
        >>> spec = BackboneSpec(name="hog", description="Gradients.", factory="my.hog:build", variants={"bins": (8, 4)})
        >>> spec.choose("bins=4").name, spec.choose("bins=8").name
        ('hog@bins=4', 'hog')
    """

    name: str
    description: str
    factory: Factory[..., Backbone]
    variants: Mapping[str, Sequence[str | int]] = field(default_factory=dict)
    text: Factory[[torch.nn.Module], TextSide] | None = None
    version: int = 1
    variant: Variant = WHOLE

    def __post_init__(self) -> None:
        if type(self.version) is not int or self.version < 1:
            raise ValueError(f"the version of backbone {self.name} is {self.version!r}, not a whole number from 1 up")

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
