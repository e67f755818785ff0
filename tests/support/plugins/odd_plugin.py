"""A plugin whose networks state layers and pools that they don't have, or overflow in one layer."""

from functools import partial
from typing import Any

from artbench import hookimpl
from artbench.specs import BackboneSpec


def network(name: str, *, overflows: bool = False, **stated: Any) -> Any:
    import torch

    from artbench.encoders.backbone import Backbone, Layers

    class Overflow(torch.nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            # Not on the black images on which every backbone is tried.
            return images * float("nan") if overflows and bool(images.abs().sum() > 0) else images

    module = torch.nn.Sequential(
        torch.nn.AvgPool2d(8), Overflow(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.BatchNorm1d(3)
    )
    what: dict[str, Any] = {"pool": "avg", "layers": lambda: Layers(names=("0", "1"))} | stated
    return Backbone(name=name, module=module, feature_dim=3, mean=(0.5,) * 3, std=(0.5,) * 3, **what)


def layers(**stated: Any) -> Any:
    from artbench.encoders.backbone import Layers

    return Layers(**stated)


def fail() -> Any:
    raise RuntimeError("out of\npaint")


NETWORKS: dict[str, dict[str, Any]] = {
    "odd-overflow": {"overflows": True},
    "odd-pool": {"pool": "median"},
    "odd-name": {"layers": partial(layers, names=("0", "nowhere"))},
    "odd-norm": {"layers": partial(layers, names=("0", "1"), norm="nowhere")},
    "odd-list": {"layers": lambda: ["0", "1"]},
    "odd-failing": {"layers": fail},
    "odd-flat": {"layers": partial(layers, names=("4", "3"))},
}


@hookimpl
def register_backbones(register: Any) -> None:
    for name, stated in NETWORKS.items():
        factory = partial(network, name, **stated)
        register(BackboneSpec(name=name, description="A network that is not as it says.", factory=factory))
