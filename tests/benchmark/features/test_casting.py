"""Weights that are cast once give what autocast gives by itself."""

import copy

import pytest
import timm
import torch

from artbench.features.forward import keep_casts


class Mixed(torch.nn.Module):
    """Reads a weight outside of its layer, and computes a part in float32."""

    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Linear(8, 8)
        self.second = torch.nn.Linear(8, 8, bias=False)
        self.normed = torch.nn.utils.weight_norm(torch.nn.Linear(8, 8))

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        made = self.normed(self.first(batch)).float()
        with torch.autocast("cpu", enabled=False):
            made = self.second(made)
        scaled: torch.Tensor = made * self.first.weight.norm()
        return scaled


def under_autocast(module: torch.nn.Module, batch: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        features: torch.Tensor = module(batch)
    return features


@pytest.mark.integration
@pytest.mark.parametrize("name", ["resnet18", "vit_tiny_patch16_224", "swinv2_cr_tiny_224", "mixed"])
def test_the_features_are_the_same_to_the_last_bit(name: str) -> None:
    torch.manual_seed(0)
    module = Mixed() if name == "mixed" else timm.create_model(name, num_classes=0)
    batch = torch.rand(2, 8) if name == "mixed" else torch.rand(2, 3, 224, 224)
    module.eval().requires_grad_(False)
    expected = under_autocast(module, batch)
    keep_casts(module, torch.bfloat16)
    assert torch.equal(under_autocast(module, batch), expected)


def test_the_weights_and_what_it_gives_without_autocast_stay_as_they_were() -> None:
    module = Mixed().eval().requires_grad_(False)
    before = copy.deepcopy(module.state_dict())
    weight, batch = module.first.weight, torch.rand(2, 8)
    expected = module(batch)
    keep_casts(module, torch.bfloat16)
    assert module.first.weight is weight
    assert module.state_dict().keys() == before.keys()
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())
    assert torch.equal(module(batch), expected)
