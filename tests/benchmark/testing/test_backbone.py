"""Every check of a backbone, with a backbone that fails it."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from artbench.encoders.backbone import Backbone, Layers
from artbench.specs import BackboneSpec
from artbench.testing import ContractError, check_backbone, examine_backbone
from artbench.testing.tiny import network


class Forward(nn.Module):
    """A network with a function in the place of its forward."""

    def __init__(self, forward: Callable[[Any, torch.Tensor], Any], **parts: Any) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.randn(3))
        for name, part in parts.items():
            setattr(self, name, part)
        self._function = forward

    def forward(self, images: torch.Tensor) -> Any:
        return self._function(self, images)


def pooled(images: torch.Tensor) -> torch.Tensor:
    return images.mean(dim=(2, 3)) + images.std(dim=(2, 3))


def built(module: nn.Module, **other: Any) -> Backbone:
    stated: dict[str, Any] = {"name": "mine", "feature_dim": 3, "mean": (0.5,) * 3, "std": (0.2,) * 3, **other}
    return Backbone(module=module, **stated)


def forward(function: Callable[[Any, torch.Tensor], Any], **parts: Any) -> Callable[[], Backbone]:
    return lambda: built(Forward(function, **parts))


def sound(module: Any, images: torch.Tensor) -> torch.Tensor:
    scaled: torch.Tensor = pooled(images) * module.scale
    return scaled


def stating(**other: Any) -> Callable[[], Backbone]:
    return lambda: built(Forward(sound), **other)


def seeding() -> Backbone:
    torch.manual_seed(42)
    return built(Forward(sound))


def defaulting() -> Backbone:
    torch.set_grad_enabled(False)
    return built(Forward(sound))


def raising() -> Backbone:
    raise FileNotFoundError("weights.pth")


_KEPT = Forward(sound)
_SOURCE = torch.Generator()
_SEEN: dict[str, torch.Tensor] = {}


def unseeded() -> Backbone:
    module = Forward(sound)
    _SOURCE.seed()
    module.scale.data = torch.randn(3, generator=_SOURCE)
    return built(module)


def hidden() -> Backbone:
    layer = [nn.Linear(3, 3)]
    return built(Forward(lambda module, images: layer[0](pooled(images)) * 1.0))


def hooked() -> Backbone:
    module: Any = Forward(lambda own, images: (own.inner(images), _SEEN["features"])[1], inner=nn.Identity())
    module.inner.register_forward_hook(lambda _, __, output: _SEEN.update(features=pooled(output)))
    return built(module)


class Counting(nn.Module):
    """Updates a buffer in eval mode."""

    def __init__(self) -> None:
        super().__init__()
        self.running: torch.Tensor
        self.register_buffer("running", torch.zeros(3))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.running += 1
        return pooled(images)


def locked() -> Backbone:
    return built(Forward(sound, lock=threading.Lock()))


VIOLATORS: dict[str, tuple[Callable[[], Any] | str, str, str]] = {
    "not importable": ("no.such.module:build", "factory", "can't be loaded"),
    "no factory": ("json", "factory", "'package.module:function'"),
    "raises": (raising, "factory", "FileNotFoundError"),
    "no backbone": (lambda: Forward(sound), "factory", "not Backbone"),
    "no module": (lambda: built(sound), "factory", "torch.nn.Module"),  # type: ignore[arg-type]
    "other name": (stating(name="theirs"), "name", "Backbone(name='mine'"),
    "255": (stating(mean=(123.7, 116.3, 103.5)), "preprocessing", "Divide mean by 255"),
    "one channel": (stating(mean=(0.5,)), "preprocessing", "three numbers"),
    "zero std": (stating(std=(0.0, 0.2, 0.2)), "preprocessing", "above zero"),
    "nan mean": (stating(mean=(float("nan"), 0, 0)), "preprocessing", "finite"),
    "size as text": (stating(input_size="224"), "preprocessing", "whole number"),
    "size as pair": (stating(input_size=(224, 224)), "preprocessing", "whole number"),
    "rank 4": (forward(lambda module, images: images * 2), "shape", "Pool over space"),
    "other length": (stating(feature_dim=512), "shape", "State feature_dim=3"),
    "a tuple": (forward(lambda module, images: (pooled(images),)), "features", "Return one tensor"),
    "float64": (forward(lambda module, images: pooled(images).double()), "dtype", "Compute in float32"),
    "nan": (forward(lambda module, images: pooled(images) / 0), "finite", "Guard divisions"),
    "nan where even": (
        forward(lambda module, images: pooled(images) / images.std(dim=(2, 3))),
        "finite",
        "an image of one colour",
    ),
    "constant": (forward(lambda module, images: torch.ones(len(images), 3)), "different", "depend on the image"),
    "dropout": (
        forward(lambda module, images: nn.functional.dropout(pooled(images))),
        "determinism",
        "self.training",
    ),
    "batch statistics": (
        forward(lambda module, images: pooled(images) - pooled(images).mean(dim=0)),
        "batch size",
        "running statistics",
    ),
    "squeezed": (forward(lambda module, images: pooled(images).squeeze()), "batch size", "squeezed"),
    "one size only": (
        lambda: built(nn.Sequential(nn.Flatten(), nn.Linear(3 * 96 * 96, 3))),
        "sizes",
        "State input_size",
    ),
    "absent layer": (
        stating(layers=lambda: Layers(names=("layer4",))),
        "variants",
        "name submodules",
    ),
    "a layer of numbers": (
        lambda: built(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), layers=lambda: Layers(names=("1",))),
        "variants",
        "give maps",
    ),
    "in place": (forward(lambda module, images: pooled(images.mul_(2))), "input kept", "in place"),
    "no bfloat16": (
        forward(
            lambda module, images: pooled(images) @ (module.layer(pooled(images)).T @ torch.ones(3, 3)),
            layer=nn.Linear(3, 3),
        ),
        "bfloat16",
        "autocast",
    ),
    "unseeded": (unseeded, "digest", "global generator"),
    "hidden weights": (hidden, "digest", "does not name"),
    "state": (lambda: built(Counting()), "state", "self.training"),
    "kept module": (lambda: built(_KEPT), "own tensors", "anew|share|inside the factory"),
    "lock": (locked, "copies", "locks, sessions"),
    "hook": (hooked, "copies", "mix up their images"),
    "seeds": (seeding, "settings", "Leave out torch.manual_seed"),
    "gradients off": (defaulting, "settings", "changes the gradients"),
    "published": (stating(published={"imagenet": "https://example.org"}), "published", "function without arguments"),
    "prints": (forward(lambda module, images: (print("hello"), pooled(images))[1]), "stdout", "logging"),
}


@pytest.mark.parametrize("name", VIOLATORS)
def test_a_backbone_that_breaks_the_contract_is_told_what_to_change(name: str) -> None:
    factory, check, words = VIOLATORS[name]
    spec = BackboneSpec(name="mine", description="Breaks the contract.", factory=factory)
    with pytest.raises(ContractError, match="backbone mine breaks the contract") as raised:
        check_backbone(spec)
    failed = [str(finding) for finding in raised.value.findings if finding.name == check]
    assert any(word in text for text in failed for word in words.split("|")), str(raised.value)
    assert all(finding.mend for finding in raised.value.findings)


def test_values_that_are_offered_must_be_taken() -> None:
    spec = BackboneSpec(name="mine", description="Offers too much.", factory=stating(), variants={"bins": (4, 8)})
    with pytest.raises(ContractError, match=r"@bins=4 is offered, and the factory raises") as raised:
        check_backbone(spec)
    assert {finding.name for finding in raised.value.findings if finding.status == "FAIL"} == {"variants"}


def test_every_check_has_a_violator() -> None:
    spec = BackboneSpec(name="tiny", description="Sound.", factory=network)
    found = examine_backbone(spec)
    assert {finding.status for finding in found} == {"PASS"}
    # The violators of texts are in test_embedding.py.
    assert {finding.name for finding in found} <= {"texts", *(check for _, check, _ in VIOLATORS.values())}
    assert all(finding.message and not finding.message.endswith(".") for finding in found)


def test_coarse_bfloat16_is_remarked_on() -> None:
    def coarse(module: Any, images: torch.Tensor) -> torch.Tensor:
        apart: torch.Tensor = module.layer(pooled(images) * 1e-3 + 1) - module.layer(torch.ones(1, 3))
        return apart * 1e3

    spec = BackboneSpec(name="mine", description="Coarse.", factory=forward(coarse, layer=nn.Linear(3, 3)))
    (finding,) = [finding for finding in examine_backbone(spec) if finding.name == "bfloat16"]
    assert finding.status == "WARN"
    assert "cosine" in finding.message


def test_a_name_is_looked_up_among_the_plugins() -> None:
    check_backbone("colour-histogram")
