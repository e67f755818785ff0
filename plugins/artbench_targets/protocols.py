"""The built-in protocols: a linear probe, ridge regression for numbers, the search of an index, and texts."""

from artbench.protocol import LINEAR_V1, LINEAR_V2, RETRIEVAL_V1, ROBUSTNESS_V1, ZERO_SHOT_V1
from artbench.specs import ProtocolSpec

PROTOCOLS = (
    ProtocolSpec(
        name=LINEAR_V2.name,
        description="a linear probe, solved to convergence, on features whose layer, pooling and size are declared",
        answers=("class", "labels"),
        choices=LINEAR_V2,
    ),
    ProtocolSpec(
        name=LINEAR_V2.for_years().name,
        description="ridge regression on the same features: what linear-v2 is where a number is asked for",
        answers=("number",),
        choices=LINEAR_V2.for_years(),
    ),
    ProtocolSpec(
        name=LINEAR_V1.name,
        description="the first protocol, a linear probe on what each library gives by default",
        answers=("class", "labels"),
        choices=LINEAR_V1,
    ),
    ProtocolSpec(
        name=LINEAR_V1.for_years().name,
        description="ridge regression on the same features: what linear-v1 is where a number is asked for",
        answers=("number",),
        choices=LINEAR_V1.for_years(),
    ),
    ProtocolSpec(
        name=RETRIEVAL_V1.name,
        description="exact search of an index by the cosine of features as they are, where rankings are asked for",
        answers=("ranking",),
        choices=RETRIEVAL_V1,
    ),
    ProtocolSpec(
        name=ROBUSTNESS_V1.name,
        description="what the nearest neighbours of each picture share with it, its class or its origin",
        answers=("neighbours",),
        choices=ROBUSTNESS_V1,
    ),
    ProtocolSpec(
        name=ZERO_SHOT_V1.name,
        description="what the task says of its classes in words, and nothing fitted, for backbones that read texts",
        choices=ZERO_SHOT_V1,
    ),
)
