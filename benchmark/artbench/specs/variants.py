"""The grammar of variants: what a name chooses of a backbone, after the `@`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from artbench.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

_KEY, _VALUE = re.compile(r"[a-z][a-z_]{0,29}"), re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]{0,29}")

Pool: TypeAlias = Literal["cls", "avg", "cls+avg", "map", "max"]
POOLS = get_args(Pool)
_RANGE = re.compile(r"(?<==)([0-9]{1,9}\.\.[0-9]{1,9})(?=,|$)")
_MOST_NAMES = 1000
_MOST_LAYERS, _SMALLEST, _LARGEST = 1000, 16, 4096


@dataclass(frozen=True, slots=True)
class Variant:
    """What a name chooses of a backbone, after the `@`: `resnet50@layer=3,pool=max`.

    Every backbone whose plugin says where its features lie (`Backbone.layers`) has these keys:

    - `pool`: how a map or tokens become one vector: `cls` (the class token), `avg` (the mean over patches or the map),
      `cls+avg` (both, one after the other), `map` (the network's own attention pool), `max`;
    - `layer`: which block or stage is pooled, counted from the end: 1 is the last;
    - `size`: side in pixels of the images.

    A plugin can offer more (`BackboneSpec.variants`).

    Attributes:
        choices: Values by key, sorted by key; an integer where the value is a number.

    Examples:
        >>> from artbench.specs import Variant
        >>> variant = Variant.parse("pool=max,layer=03")
        >>> str(variant), variant.get("layer")
        ('layer=3,pool=max', 3)
    """

    choices: tuple[tuple[str, str | int], ...] = ()

    @classmethod
    def parse(cls, text: str) -> Variant:
        """Read `key=value,key=value`.

        Raises:
            UsageError: It is written otherwise, a key stands twice, or `pool`, `layer` or `size` has a value that no
                backbone offers.
        """
        choices: dict[str, str | int] = {}
        for pair in text.split(","):
            key, is_pair, value = pair.partition("=")
            if not (is_pair and _KEY.fullmatch(key) and _VALUE.fullmatch(value)):
                raise UsageError(
                    f"{pair!r} is not a choice of a variant", mend="Write NAME@key=value,key=value: resnet50@layer=2"
                )
            if key in choices:
                raise UsageError(f"a variant chooses {key} twice: {text}")
            choices[key] = int(value) if value.isdecimal() else value
        variant = cls(tuple(sorted(choices.items())))
        for key, allowed, what in (
            ("pool", POOLS, f"one of {', '.join(POOLS)}"),
            ("layer", range(1, _MOST_LAYERS + 1), "a number from 1, the last, upwards"),
            ("size", range(_SMALLEST, _LARGEST + 1), f"a side from {_SMALLEST} to {_LARGEST} pixels"),
        ):
            if key in choices and choices[key] not in allowed:
                near = did_you_mean(str(choices[key]), list(map(str, allowed))) if key == "pool" else ""
                raise UsageError(f"{key}={choices[key]} is not {what}", mend=near)
        return variant

    def get(self, key: str) -> str | int | None:
        """The value of a key; None if it is not chosen."""
        return dict(self.choices).get(key)

    def without(self, *keys: str) -> Variant:
        """This variant without some of its choices."""
        return Variant(tuple((key, value) for key, value in self.choices if key not in keys))

    def __str__(self) -> str:
        return ",".join(f"{key}={value}" for key, value in self.choices)


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Return a question with the nearest of the known words; empty if none is near."""
    from difflib import get_close_matches

    near = get_close_matches(word, known, n=1)
    return f"Did you mean {near[0]!r}?" if near else ""


WHOLE = Variant()
"""What a name without an `@` chooses: nothing."""


def spelled(name: str) -> str:
    """Return a backbone's name with the choices of its variant in order, for looking up what is on record.

    Choices that the network makes by itself stay, since only the network knows them.

    Raises:
        UsageError: What follows the `@` is no variant.

    Examples:
        >>> from artbench.specs.variants import spelled
        >>> spelled("resnet50@pool=max,layer=03"), spelled("resnet50")
        ('resnet50@layer=3,pool=max', 'resnet50')
    """
    plain, has_variant, variant = name.partition("@")
    return f"{plain}@{Variant.parse(variant)}" if has_variant else name


def sweep(name: str) -> list[str]:
    """Return the names of backbones that a name with ranges stands for, such as four for `resnet18@layer=1..4`.

    Raises:
        UsageError: A range is empty, or they are more than 1,000 names.
    """
    plain, at, variant = name.partition("@")
    names = [f"{plain}{at}"]
    for number, part in enumerate(_RANGE.split(variant)):
        first, _, last = part.partition("..")
        # Every second part is a range.
        values = range(int(first), int(last) + 1) if number % 2 else [part]
        if not values:
            raise UsageError(f"{name}: {part} counts down", mend=f"Write {last}..{first}")
        if len(names) * len(values) > _MOST_NAMES:
            raise UsageError(f"{name} stands for more than {_MOST_NAMES:,} variants", mend="Write a shorter range")
        names = [f"{before}{value}" for before in names for value in values]
    return names
