"""Attentive probes: attention over the tokens of an image is learnt with the linear layer."""

from collections.abc import Callable
from typing import Any

from artbench import hookimpl
from artbench.specs import ProtocolSpec

_TRAINING: dict[str, Any] = {
    "optimiser": "AdamW",
    "rates": [0.0001, 0.0003, 0.001, 0.003],
    "decays": [0.01, 1.0],
    "epochs": [10, 40],
    "batch": 64,
    "warm_up": 0.1,
    "chosen_by": "mean loss on held-out images",
}


@hookimpl
def register_protocols(register: Callable[[ProtocolSpec], None]) -> None:
    """Register `attentive-v1`, and `attentive-aim-v1` with the pooling of AIM."""
    register(
        ProtocolSpec(
            name="attentive-v1",
            description="attention pooling by learnt queries and a linear layer, on the tokens of a frozen network",
            probe="artbench_attentive.probe:fit",
            check="artbench_attentive.summary:check",
            answers=("class", "labels", "number"),
            features="tokens",
            settings={**_TRAINING, "pooling": "efficient", "queries": 32},
            seeds=(0, 1, 2),
            reference="efficient probing, Psomas et al. 2025 (arXiv 2506.10178)",
        )
    )
    register(
        ProtocolSpec(
            name="attentive-aim-v1",
            description="the attentive probe of AIM: one learnt query with keys and values, on the same tokens",
            probe="artbench_attentive.probe:fit",
            check="artbench_attentive.summary:check",
            answers=("class", "labels", "number"),
            features="tokens",
            settings={**_TRAINING, "pooling": "aim", "queries": 12},
            seeds=(0, 1, 2),
            reference="El-Nouby et al. 2024 (arXiv 2401.08541)",
        )
    )
