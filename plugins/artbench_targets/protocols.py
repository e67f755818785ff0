"""The built-in protocols in words: a linear probe, ridge regression for numbers, the search of an index, and texts."""

from collections.abc import Iterator, Mapping

from artbench.protocol import PROTOCOLS
from artbench.specs import AnswerForm, ProtocolSpec

# Of each what is done, and the forms of answer that it gives.
_WORDS: Mapping[str, tuple[str, tuple[AnswerForm, ...]]] = {
    "linear-v2": (
        "a linear probe, solved to convergence, on features whose layer, pooling and size are declared",
        ("class", "labels"),
    ),
    "ridge-v2": (
        "ridge regression on the same features: what linear-v2 is where a number is asked for",
        ("number",),
    ),
    "linear-v1": (
        "the first protocol, a linear probe on what each library gives by default",
        ("class", "labels"),
    ),
    "ridge-v1": (
        "ridge regression on the same features: what linear-v1 is where a number is asked for",
        ("number",),
    ),
    "retrieval-v1": (
        "exact search of an index by the cosine of features as they are, where rankings are asked for",
        ("ranking",),
    ),
    "robustness-v1": (
        "what the nearest neighbours of each picture share with it, its class or its origin",
        ("neighbours",),
    ),
    "zero-shot-v1": (
        "what the task says of its classes in words, and nothing fitted, for backbones that read texts",
        ("class",),
    ),
}


def built_in_protocols() -> Iterator[ProtocolSpec]:
    """Yield every protocol whose choices artbench itself makes, in the order of lists."""
    for name, protocol in PROTOCOLS.items():
        description, answers = _WORDS[name]
        yield ProtocolSpec(name=name, description=description, answers=answers, choices=protocol)
