"""A plugin for tests: the smallest backbone there is, so that many tasks can be run in a test."""

from collections.abc import Callable
from typing import Any

from artbench import hookimpl
from artbench.specs import BackboneSpec


@hookimpl
def register_backbones(register: Callable[[BackboneSpec], None]) -> None:
    register(BackboneSpec(name="small-colour", description="The mean colour.", factory=build))


def build() -> Any:
    import torch

    from artbench.encoders.backbone import Backbone

    module = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.BatchNorm1d(3))
    return Backbone(
        name="small-colour", module=module, feature_dim=3, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5), input_size=32
    )
