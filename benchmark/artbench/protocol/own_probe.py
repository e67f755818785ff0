"""A probe of its own that a protocol has, in place of the linear one."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class OwnProbe:
    """A probe that a plugin brings (`artbench.specs.ProtocolSpec`).

    Attributes:
        version: Its version, raised whenever it would answer otherwise.
        settings: Its settings, as JSON with sorted keys.
        features: What it sees of an image: `pooled`, one vector, or `tokens`, one for each place.
        answers: Forms of answer that it gives.
        seeds: Each fit is made once with each of these seeds; results are means over them.
        selection: Images that settings may be chosen on.
        refit: Images that the probe may be fitted on once they are chosen.
    """

    version: int
    settings: str
    features: str
    answers: tuple[str, ...]
    seeds: tuple[int, ...]
    selection: str = "as linear-v2 chooses its penalty"
    refit: str = "train + validation"
