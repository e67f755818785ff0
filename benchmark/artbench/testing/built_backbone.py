"""A backbone as the checks see it: built once, with some images and their features."""

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from artbench.encoders.backbone import Backbone
from artbench.encoders.build import seeded
from artbench.encoders.weights import state_digest
from artbench.specs import BackboneSpec
from artbench.testing.checks import Broken, Fault, call_factory, factory_of, line

# A small side, so that a check takes seconds; the protocol's own size is tried by `sizes`.
_IMAGES, _SIDE = 3, 96


@dataclass(frozen=True, kw_only=True)
class BuiltBackbone:
    """A backbone that was built under seed 0, in eval mode.

    `images` are float32 noise of shape (3, 3, side, side), and `features` what the backbone computes from them.
    `changed` holds the torch settings that the factory changed, by name: before and after.
    """

    spec: BackboneSpec
    backbone: Backbone
    images: torch.Tensor
    features: torch.Tensor
    changed: dict[str, tuple[object, object]]

    def again(self, seed: int = 0) -> Backbone:
        """Call the factory again, under a seed."""
        return _build(self.spec, seed=seed)[0]


def build_and_run(spec: BackboneSpec) -> BuiltBackbone:
    """Build a backbone and compute features with it; raise `Broken` if it can't be built, or returns no tensor."""
    backbone, changed = _build(spec, seed=0)
    size: Any = backbone.input_size
    if size is not None and (not isinstance(size, int) or isinstance(size, bool) or not 8 <= size <= 4096):
        mend = "State the side of the images in pixels as a whole number, or None where it takes any size"
        raise Broken("preprocessing", f"input_size is {size!r}", mend)
    side = _SIDE if size is None else size
    images = noise(_IMAGES, side)
    try:
        features: Any = forward(backbone.module, images)
    except Exception as error:
        mend = "Accept float32 of shape (n, 3, height, width); a module that takes one size only states its input_size"
        raise Broken("features", f"images of {side} x {side} raise {line(error)}", mend) from error
    if not isinstance(features, torch.Tensor):
        mend = "Return one tensor: pooled features, one row per image"
        raise Broken("features", f"forward returns {type(features).__name__}", mend)
    return BuiltBackbone(spec=spec, backbone=backbone, images=images, features=features, changed=changed)


def _build(spec: BackboneSpec, *, seed: int) -> tuple[Backbone, dict[str, tuple[object, object]]]:
    """Call the factory as artbench does; also return what it changes of torch's settings, and restore them."""
    factory, before = factory_of(spec.factory), _settings()
    with seeded(seed):
        try:
            mend = "Build the network from what is installed; weights come from a pretraining"
            built = call_factory(factory, returns=Backbone, mend=mend)
        finally:
            after = _settings()
            after["seed of torch"] = (torch.initial_seed(), before["seed of torch"])[torch.initial_seed() == seed]
            # The next check, and the next test, begin as this one did.
            torch.set_default_dtype(before["default dtype"])
            torch.set_grad_enabled(before["gradients"])
            if after["number of threads"] != before["number of threads"]:
                torch.set_num_threads(before["number of threads"])
            os.chdir(before["working directory"])
    module: Any = built.module
    if not isinstance(module, torch.nn.Module):
        mend = "Wrap it into a torch.nn.Module whose forward returns the features"
        raise Broken("factory", f"the module is {type(module).__name__}", mend)
    module.eval()
    return built, {name: (value, after[name]) for name, value in before.items() if after[name] != value}


def _settings() -> dict[str, Any]:
    return {
        "default dtype": torch.get_default_dtype(),
        "gradients": torch.is_grad_enabled(),
        "number of threads": torch.get_num_threads(),
        "seed of torch": torch.initial_seed(),
        "working directory": Path.cwd(),
    }


def noise(count: int, side: int) -> torch.Tensor:
    """Return images of noise, shape (count, 3, side, side), the same on every call."""
    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(0))


@torch.inference_mode()
def forward(module: torch.nn.Module, images: torch.Tensor) -> torch.Tensor:
    """Run a forward pass as feature extraction does; the images stay unchanged."""
    features: torch.Tensor = module(images.clone())
    return features


def check_mean_and_std(mean: object, std: object) -> Iterator[Fault]:
    """Yield what is wrong with a mean and a standard deviation."""
    for name, values in (("mean", mean), ("std", std)):
        if not isinstance(values, Sequence) or isinstance(values, str) or len(values) != 3:
            yield Fault(f"{name} is {values!r}", f"State {name} as three numbers, one per channel: red, green, blue")
        elif not all(isinstance(value, (int, float)) and math.isfinite(value) for value in values):
            yield Fault(f"{name} is {values!r}", f"State {name} as finite numbers")
        elif max(values) > 1:
            yield Fault(f"{name} is {values!r}, of pixels from 0 to 255", f"Divide {name} by 255: RGB is in [0, 1]")
        elif min(values) < 0 or (name == "std" and min(values) <= 0):
            yield Fault(f"{name} is {values!r}", f"State {name} of RGB in [0, 1]; std is above zero")


def digest_of(state: Mapping[str, Any]) -> str:
    """Return the digest of the tensors in a state dict."""
    return state_digest({name: tensor for name, tensor in state.items() if isinstance(tensor, torch.Tensor)})
