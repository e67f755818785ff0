"""A backbone as the checks look at it: built once, with pictures and what it makes of them."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from artbench.encoders.backbone import Backbone
from artbench.encoders.build import seeded
from artbench.encoders.weights import state_digest
from artbench.specs import BackboneSpec
from artbench.testing.checks import Broken, Fault, factory_of, line

# Small where the choice is left, so that a check takes seconds; the protocol's own size is tried by `sizes`.
_PICTURES, _SIDE = 3, 96
_CHANNELS = 3


@dataclass(frozen=True, kw_only=True)
class BuiltBackbone:
    """A backbone that was built under seed 0, in eval mode.

    Attributes:
        spec: What was registered.
        factory: Builds another.
        backbone: What it returned.
        pictures: float32 noise about 0, with a deviation of 1, shape (3, 3, side, side).
        features: Of the pictures.
        touched: What of torch's own settings the factory has changed, by name: before and after.
    """

    spec: BackboneSpec
    factory: Callable[[], Any]
    backbone: Backbone
    pictures: torch.Tensor
    features: torch.Tensor
    touched: dict[str, tuple[object, object]]

    def again(self, seed: int = 0) -> Backbone:
        """Another call of the factory, under a seed."""
        return build(self.factory, seed=seed)[0]


def make_built(spec: BackboneSpec) -> BuiltBackbone:
    """Build a backbone and let it see pictures.

    Raises:
        Broken: It can't be built, or gives no tensor.
    """
    factory = factory_of(spec.factory)
    backbone, touched = build(factory, seed=0)
    side = _side(backbone)
    pictures = noise(_PICTURES, side)
    try:
        features: Any = passed(backbone.module, pictures)
    except Exception as error:
        mend = "It gets float32 of shape (n, 3, height, width); a module that takes one size only states its input_size"
        raise Broken("features", Fault(f"pictures of {side} x {side} raise {line(error)}", mend)) from error
    if not isinstance(features, torch.Tensor):
        mend = "Return one tensor: pooled features, one row a picture"
        raise Broken("features", Fault(f"forward returns a {type(features).__name__}", mend))
    return BuiltBackbone(
        spec=spec, factory=factory, backbone=backbone, pictures=pictures, features=features, touched=touched
    )


def build(factory: Callable[[], Any], *, seed: int) -> tuple[Backbone, dict[str, tuple[object, object]]]:
    """Call the factory of a backbone as artbench does; also what it has changed of torch's settings.

    Raises:
        Broken: It raises, or returns something else.
    """
    before = _settings()
    with seeded(seed):
        try:
            built = factory()
        except Exception as error:
            mend = "Build the network from what is installed; weights come from a pretraining"
            raise Broken("factory", Fault(f"the factory raises {line(error)}", mend)) from error
        after = _settings()
        after["seed of torch"] = (torch.initial_seed(), before["seed of torch"])[torch.initial_seed() == seed]
    _put_back(before)
    if not isinstance(built, Backbone):
        mend = "Return an artbench.encoders.backbone.Backbone, which holds the module and says what it wants"
        raise Broken("factory", Fault(f"the factory returns a {type(built).__name__}, not a Backbone", mend))
    module: Any = built.module
    if not isinstance(module, torch.nn.Module):
        mend = "Wrap it into a torch.nn.Module whose forward returns the features"
        raise Broken("factory", Fault(f"the module is a {type(module).__name__}", mend))
    built.module.eval()
    return built, {name: (value, after[name]) for name, value in before.items() if after[name] != value}


def noise(count: int, side: int) -> torch.Tensor:
    """Pictures that are alike on every call: shape (count, 3, side, side)."""
    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(0))


@torch.inference_mode()
def passed(module: torch.nn.Module, pictures: torch.Tensor) -> torch.Tensor:
    """A forward pass as the extraction does it; the pictures stay as they are."""
    features: torch.Tensor = module(pictures.clone())
    return features


def _side(backbone: Backbone) -> int:
    size: Any = backbone.input_size
    if size is not None and (not isinstance(size, int) or isinstance(size, bool) or not 8 <= size <= 4096):
        mend = "State the side of the pictures in pixels as a whole number, or None where any size will do"
        raise Broken("preprocessing", Fault(f"input_size is {size!r}", mend))
    return _SIDE if size is None else size


def _settings() -> dict[str, object]:
    return {
        "default dtype": torch.get_default_dtype(),
        "gradients": torch.is_grad_enabled(),
        "number of threads": torch.get_num_threads(),
        "seed of torch": torch.initial_seed(),
        "working directory": Path.cwd(),
    }


def _put_back(before: dict[str, object]) -> None:
    """Let the next check, and the next test, begin as this one did."""
    import os

    if torch.get_default_dtype() != before["default dtype"]:
        torch.set_default_dtype(before["default dtype"])  # type: ignore[arg-type]
    if torch.is_grad_enabled() != before["gradients"]:
        torch.set_grad_enabled(bool(before["gradients"]))
    if torch.get_num_threads() != before["number of threads"]:
        torch.set_num_threads(int(str(before["number of threads"])))
    if Path.cwd() != before["working directory"]:
        os.chdir(str(before["working directory"]))


def normalisation_faults(mean: object, std: object) -> Iterator[Fault]:
    """What is wrong with a mean and a standard deviation."""
    for name, values in (("mean", mean), ("std", std)):
        if not isinstance(values, Sequence) or isinstance(values, str) or len(values) != _CHANNELS:
            yield Fault(f"{name} is {values!r}", f"State {name} as three numbers, one a channel: red, green, blue")
            continue
        if not all(isinstance(value, (int, float)) and math.isfinite(value) for value in values):
            yield Fault(f"{name} is {values!r}", f"State {name} as finite numbers")
        elif max(values) > 1:
            yield Fault(f"{name} is {values!r}, of pixels from 0 to 255", f"Divide {name} by 255: RGB is in [0, 1]")
        elif min(values) < 0 or (name == "std" and min(values) <= 0):
            yield Fault(f"{name} is {values!r}", f"State {name} of RGB in [0, 1]; std is above zero")


def digest_of(module: torch.nn.Module) -> str:
    """Digest of a module's weights."""
    return state_digest({name: tensor for name, tensor in module.state_dict().items() if hasattr(tensor, "detach")})
