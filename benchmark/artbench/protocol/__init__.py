"""Every choice that must be equal for two numbers to be comparable, under a name and a hash."""

from artbench.protocol.fitting import FewShot, Neighbours, Probe
from artbench.protocol.names import (
    DEFAULT_PROTOCOL,
    LINEAR_V1,
    LINEAR_V2,
    PROTOCOLS,
    RETRIEVAL_V1,
    ROBUSTNESS_V1,
    ZERO_SHOT_V1,
    protocol_named,
    remember_protocols,
)
from artbench.protocol.own_probe import OwnProbe
from artbench.protocol.picture import Preprocessing
from artbench.protocol.protocol import Protocol
from artbench.protocol.search import Confidence, Search
from artbench.protocol.uncertainty import Bootstrap, Intervals
from artbench.protocol.zero_shot import ZeroShot

__all__ = [
    "DEFAULT_PROTOCOL",
    "LINEAR_V1",
    "LINEAR_V2",
    "PROTOCOLS",
    "RETRIEVAL_V1",
    "ROBUSTNESS_V1",
    "ZERO_SHOT_V1",
    "Bootstrap",
    "Confidence",
    "FewShot",
    "Intervals",
    "Neighbours",
    "OwnProbe",
    "Preprocessing",
    "Probe",
    "Protocol",
    "Search",
    "ZeroShot",
    "protocol_named",
    "remember_protocols",
]
