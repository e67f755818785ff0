"""The protocols by name, and their variants."""

import re
from collections.abc import Iterable

from artbench.protocol.fitting import Probe
from artbench.protocol.protocol import Protocol
from artbench.protocol.search import Search
from artbench.protocol.uncertainty import Intervals
from artbench.protocol.zero_shot import ZeroShot

LINEAR_V1 = Protocol(name="linear-v1")
"""The first protocol: a linear probe on the features that each library gives by default. Its records stay readable."""

LINEAR_V2 = Protocol(
    name="linear-v2",
    features="the declared layer, pooled as declared, eval mode",
    probe=Probe(
        grid=tuple(float(f"{10 ** (k / 2):.6g}") for k in range(-12, 5)),
        groups="train and validation, or the images drawn from train, in folds of whole groups of which each is held "
        "out once; a validation split by other groups than train's, where there is one",
        group_folds=5,
    ),
    bootstrap=None,
    intervals=Intervals(),
)
"""A linear probe on features whose layer, pooling and input size are declared."""

RETRIEVAL_V1 = Protocol(
    name="retrieval-v1", features=LINEAR_V2.features, bootstrap=None, intervals=Intervals(), search=Search()
)
"""Exact search of an index by the cosine of features as they are, for tasks that ask for rankings."""

ROBUSTNESS_V1 = Protocol(
    name="robustness-v1",
    features=LINEAR_V2.features,
    bootstrap=None,
    intervals=Intervals(),
    search=Search(
        similarity="cosine, float64, to 12 decimals",
        ties="places that are left, shared in equal parts",
        left_out="the picture itself",
        neighbours="as many as the smallest of the compared cells has pictures",
        compared="equally many pictures of two classes from each of two origins; all such pairs, summed",
    ),
)
"""Neighbours of each picture by class and origin, such as museum, for tasks that ask which of them weighs more."""

ZERO_SHOT_V1 = Protocol(
    name="zero-shot-v1",
    features="the network's own vector of the space of its texts, eval mode",
    bootstrap=None,
    intervals=Intervals(),
    zero_shot=ZeroShot(),
)
"""Classes by the cosine of a picture with what the task says of them in words, for tasks with one class per image."""

PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        LINEAR_V2,
        LINEAR_V2.for_years(),
        LINEAR_V1,
        LINEAR_V1.for_years(),
        RETRIEVAL_V1,
        ROBUSTNESS_V1,
        ZERO_SHOT_V1,
    )
}
"""The protocols whose choices artbench itself makes, by name; shots, widths, whitening and the like are variants of
them. The plugin `artbench_targets` registers each; those with a probe of their own are known once they are loaded."""

DEFAULT_PROTOCOL = LINEAR_V2
"""The protocol of a run that asks for none. Features made for anything else are made as it makes them."""

_VARIANT = re.compile(r"(?P<whole>.+)-(?P<kind>shots|width|whitening|csls|softmax)-(?P<number>[1-9][0-9]{0,5})")


_of_plugins: dict[str, Protocol] = {}


def remember_protocols(protocols: Iterable[Protocol]) -> None:
    """Let the protocols of plugins be found by name; none takes the name of a built-in one."""
    for protocol in protocols:
        _of_plugins[protocol.name] = protocol


def protocol_named(name: str) -> Protocol | None:
    """Return the protocol of a name, such as `ridge-v1` or `linear-v2-shots-4`; None if there is none here.

    Those of plugins are found once `artbench.plugins.load_plugins` has loaded them.

    Examples:
        >>> from artbench.protocol import protocol_named
        >>> protocol_named("linear-v2-shots-4").few_shot.shots
        4
    """
    variant = _VARIANT.fullmatch(name)
    if variant is None:
        return PROTOCOLS.get(name) or _of_plugins.get(name)
    whole, kind, number = protocol_named(variant["whole"]), variant["kind"], int(variant["number"])
    if whole is None or whole.own is not None or whole.zero_shot is not None:
        return None
    if (kind in ("whitening", "csls", "softmax")) != (whole.search is not None):
        return None
    if whole.search is not None:
        return _searched(whole, whole.search, kind, number)
    if whole.few_shot is not None or (kind == "width" and whole.width is not None):
        return None
    return whole.with_shots(number) if kind == "shots" else whole.with_width(number)


def _searched(whole: Protocol, search: Search, kind: str, number: int) -> Protocol | None:
    """Return a variant of a search; whitening comes first, and one of the others after it."""
    if search.asks != "ranking" or search.csls is not None or search.confidence is not None:
        return None
    if kind == "whitening":
        return whole.with_whitening(number) if search.whitening is None else None
    return whole.with_csls(number) if kind == "csls" else whole.with_softmax(number)
