"""Pretrainings without training: random weights, and those published with a backbone."""

from collections.abc import Callable

from artbench import hookimpl
from artbench.specs import Family, PretrainingSpec


@hookimpl
def register_pretrainings(register: Callable[[PretrainingSpec | Family[PretrainingSpec]], None]) -> None:
    """Register `random`, `none`, `imagenet` and `published`."""
    for name, description in (
        ("random", "no training: the network's own initialisation, from the run's seed"),
        ("none", "for backbones without weights, such as colour-histogram"),
        ("imagenet", "supervised training on ImageNet, as published with the backbone"),
        ("published", "the weights published under the backbone's own name, whatever they were trained on"),
    ):
        weights = f"artbench_weights.weights:{name}"
        register(PretrainingSpec(name=name, description=description, weights=weights, seeded=name == "random"))
