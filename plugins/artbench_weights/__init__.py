"""Pretrainings without training: random weights, and those published with a backbone."""

from collections.abc import Callable

from artbench import hookimpl
from artbench.specs import Family, PretrainingSpec


@hookimpl
def register_pretrainings(register: Callable[[PretrainingSpec | Family[PretrainingSpec]], None]) -> None:
    """Register `random`, `none`, `imagenet` and `published`."""
    register(
        PretrainingSpec(
            name="random",
            description="no training: the network's own initialisation, from the run's seed",
            weights="artbench_weights.weights:random",
            seeded=True,
        )
    )
    register(
        PretrainingSpec(
            name="none",
            description="for backbones without weights, such as colour-histogram",
            weights="artbench_weights.weights:none",
        )
    )
    register(
        PretrainingSpec(
            name="imagenet",
            description="supervised training on ImageNet, as published with the backbone",
            weights="artbench_weights.weights:imagenet",
        )
    )
    register(
        PretrainingSpec(
            name="published",
            description="the weights published under the backbone's own name, whatever they were trained on",
            weights="artbench_weights.weights:published",
        )
    )
