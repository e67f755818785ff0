"""What registers a protocol: how features are judged."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from artbench.protocol import LINEAR_V2, Intervals, OwnProbe, Preprocessing, Protocol
from artbench.specs.factories import Factory
from artbench.specs.fields import shortened
from artbench.specs.targets import SEARCHED, AnswerForm

if TYPE_CHECKING:
    from artbench.data.fitting import Fitted, Fitting

FeatureForm: TypeAlias = Literal["pooled", "tokens"]

_FEATURES: Mapping[FeatureForm, str] = {
    "pooled": LINEAR_V2.features,
    "tokens": "the vector of each place of the declared layer, without class token and registers, eval mode",
}
# What artbench gives a meaning in names, as in `linear-v2-shots-4`.
_VARIANT = re.compile(r".+(-(?:shots|width|whitening|csls|softmax)-\d+).*")


@dataclass(frozen=True, kw_only=True, slots=True)
class ProtocolSpec:
    """A protocol with a probe of its own, whose results have leaderboards of their own.

    Name, version, settings, seeds, features and picture are in the protocol's hash: with any other it is another
    protocol, and no table of others changes. It never changes under its name and version.

    Attributes:
        name: `mlp-v1`.
        description: One line.
        probe: `(artbench.data.Fitting) -> artbench.data.Fitted`: fits the probe and answers to the test, whose labels
            it is not given. None for built-in protocols, which have `choices`.
        answers: Forms of answer (`TargetSpec.answer`) that it gives: `class`, `labels`, `number`.
        features: What the probe sees of an image: `pooled`, one vector, float32, shape (d,), or `tokens`, the vectors
            of all places of the declared layer, shape (t, d).
        settings: Its settings, such as the width of a hidden layer, as JSON can hold them.
        seeds: The probe is fitted once with each of these seeds. Results are means over them, and the result of each
            is on record.
        version: Raised whenever the probe would answer otherwise.
        picture: How pictures are prepared; as in `linear-v2` by default.
        tolerance: By how much a probability (for numbers, an answer as a share of their standard deviation) may differ
            when the same probe is fitted again with the same seed on another machine; None: it can't be fitted again
            to the same answers, and `artbench leaderboard verify` goes by what its seeds differ by.
        reference: Who described it where, in one line.
        choices: All choices of a built-in protocol, in place of a probe; what may be chosen is not promised.
        check: `(summary, settings) -> None`: raises a ValueError that says why a probe of these settings can't have
            this summary, for `artbench leaderboard check`; a summary is what a stranger wrote. None: any may be true.

    Raises:
        TypeError: Answers are one text.
        ValueError: An answer, feature, seed, version or setting is impossible, or the name says a variant.

    Examples:
        >>> from artbench.specs import ProtocolSpec
        >>> spec = ProtocolSpec(
        ...     name="mlp-v1",
        ...     description="A perceptron with one hidden layer.",
        ...     probe="my.probes:perceptron",
        ...     settings={"hidden": 64},
        ... )
        >>> wider = ProtocolSpec(name="mlp-v1", description="Wider.", probe=spec.probe, settings={"hidden": 128})
        >>> spec.protocol.hash == wider.protocol.hash
        False
    """

    name: str
    description: str
    probe: Factory[[Fitting], Fitted] | None = None
    answers: tuple[AnswerForm, ...] = ("class",)
    features: FeatureForm = "pooled"
    settings: Mapping[str, Any] = field(default_factory=dict)
    seeds: tuple[int, ...] = (0,)
    version: int = 1
    picture: Preprocessing = Preprocessing()
    tolerance: float | None = None
    reference: str = ""
    choices: Protocol | None = None
    check: Factory[[dict[str, Any], dict[str, Any]], None] | None = None

    def __post_init__(self) -> None:
        if (self.probe is None) == (self.choices is None):
            raise ValueError(f"protocol {self.name} has no probe")
        if self.choices is not None:
            return
        given: object = self.answers
        known = [form for form in get_args(AnswerForm) if form not in SEARCHED]
        if isinstance(given, str):
            raise TypeError(f"answers of protocol {self.name} are the text {shortened(given)}, not a tuple of texts")
        if not isinstance(given, tuple | list) or not given or not all(one in known for one in given):
            raise ValueError(f"answers of protocol {self.name} are {shortened(given)}, not some of {', '.join(known)}")
        if self.features not in _FEATURES:
            raise ValueError(f"features of protocol {self.name} are {shortened(self.features)}, not pooled or tokens")
        if type(self.version) is not int or self.version < 1:
            raise ValueError(
                f"the version of protocol {self.name} is {shortened(self.version)}, not a whole number from 1"
            )
        several: object = self.seeds
        if not isinstance(several, tuple | list | range) or not several:
            raise ValueError(f"seeds of protocol {self.name} are {shortened(several)}, not some whole numbers")
        if len(set(self.seeds)) < len(self.seeds) or not all(map(_is_seed, self.seeds)):
            raise ValueError(
                f"seeds of protocol {self.name} are {shortened(self.seeds)}, not different whole numbers from 0"
            )
        stated: object = self.tolerance
        if stated is not None and not (isinstance(stated, int | float) and 0 <= stated < 1):
            raise ValueError(f"the tolerance of protocol {self.name} is {shortened(stated)}, not from 0 to below 1")
        check_no_variant(self.name)
        self._settings()

    @property
    def protocol(self) -> Protocol:
        """All choices of the protocol, with their hash."""
        if self.choices is not None:
            return self.choices
        return Protocol(
            name=self.name,
            picture=self.picture,
            features=_FEATURES[self.features],
            # Of which the images count that are held out.
            probe=LINEAR_V2.probe,
            own=OwnProbe(
                version=self.version,
                settings=self._settings(),
                features=self.features,
                answers=tuple(sorted(self.answers)),
                seeds=self.seeds,
            ),
            bootstrap=None,
            intervals=Intervals(),
        )

    def _settings(self) -> str:
        if not isinstance(self.settings, Mapping) or not all(isinstance(key, str) for key in self.settings):
            raise ValueError(f"settings of protocol {self.name} are {shortened(self.settings)}, not values by name")
        try:
            return json.dumps(dict(self.settings), sort_keys=True, separators=(",", ":"), allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise ValueError(f"settings of protocol {self.name} are not what JSON holds: {error}") from error


def check_no_variant(name: str) -> None:
    """Raise ValueError if a protocol of this name would be read as a variant of another.

    Examples:
        >>> from artbench.specs.protocols import check_no_variant
        >>> check_no_variant("few-shots")
    """
    if found := _VARIANT.fullmatch(name):
        raise ValueError(f"protocol {name} can't have {found[1]} in its name, which says a variant of another protocol")


def _is_seed(seed: object) -> bool:
    return type(seed) is int and 0 <= seed < 2**31
